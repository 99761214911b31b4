import type { ReadRequest } from '../request.ts'
import type { Judged } from './finding.ts'

/** Whether dockerd handles a request of a version, such as `1.43`, as older than another. */
export const isOlder = (version: string, than: string): boolean => minorOf(version) < minorOf(than)
const minorOf = (version: string): number => Number(version.split('.')[1])

/**
 * Before API 1.44, dockerd mounts what is below a read-only bind with write access (moby, server/router/container). A request without a
 * version has the daemon's own; a rule with such a folder is documented to need Docker 25, whose own is 1.44.
 */
export function* inVersion(version: ReadRequest['version'], judged: Iterable<Judged>): Iterable<Judged> {
  const isWritableBelow = version !== undefined && isOlder(version, '1.44')
  for (const one of judged) {
    if (isWritableBelow && one.kind === 'finding' && one.exception?.kind === 'hostPath' && one.exception.readOnly) {
      const got = `${one.got}, but before API 1.44 file systems below it can be written`
      yield { ...one, got, exception: { ...one.exception, readOnly: false } }
    } else yield one
  }
}
