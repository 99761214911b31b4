import { posix } from 'node:path'
import { fromBaseline, type Finding } from './finding.ts'

/** A folder or file of the host that a container gets. */
export function hostPath(given: string, where: string, readOnly: boolean, what = 'it binds'): Finding {
  const path = posix.normalize(given).replace(/(?<=.)\/$/, '')
  return fromBaseline('HOST_PATH', where, `${what} ${path} of the host${readOnly ? ', to read it' : ''}`, {
    kind: 'hostPath',
    path,
    readOnly,
  })
}
