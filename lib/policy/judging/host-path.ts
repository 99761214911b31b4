import { posix } from 'node:path'
import { fromBaseline, type Finding, type Reference } from './finding.ts'

interface HostPath {
  readonly where: string
  readonly readOnly: boolean
  /** The containers on which it depends whether it is read-only. */
  readonly sources?: readonly Reference[]
  readonly what?: string
}

/** A folder or file of the host that a container gets. */
export function hostPath(given: string, { where, readOnly, sources, what = 'it binds' }: HostPath): Finding {
  const path = posix.normalize(given).replace(/(?<=.)\/$/, '')
  const got = `${what} ${path} of the host${readOnly ? ', to read it' : ''}`
  // The kernel follows a link before it goes up, so `/srv/app/link/..` may be anything: no rule can mean it.
  const isPlain = !given.split('/').includes('..')
  return fromBaseline(
    'HOST_PATH',
    where,
    got,
    isPlain ? { kind: 'hostPath', path, readOnly, ...(sources && { sources }) } : undefined,
  )
}
