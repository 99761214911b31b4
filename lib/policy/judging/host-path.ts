import { posix } from 'node:path'
import { fromBaseline, type Finding } from './finding.ts'

/** A folder or file of the host that a container gets. */
export function hostPath(given: string, where: string, readOnly: boolean, what = 'it binds'): Finding {
  const path = posix.normalize(given).replace(/(?<=.)\/$/, '')
  const got = `${what} ${path} of the host${readOnly ? ', to read it' : ''}`
  // The kernel follows a link before it goes up, so `/srv/app/link/..` may be anything: no rule can mean it.
  const isPlain = !given.split('/').includes('..')
  return fromBaseline('HOST_PATH', where, got, isPlain ? { kind: 'hostPath', path, readOnly } : undefined)
}
