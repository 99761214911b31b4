import { compareVersions } from '../../base/api-version.ts'
import type { ReadRequest } from '../request.ts'
import type { Judged } from './finding.ts'

/**
 * Before API 1.44, dockerd mounts what is below a read-only bind with write access (moby, server/router/container). A request without a
 * version has the daemon's own; a rule with such a folder is documented to need Docker 25, whose own is 1.44.
 */
export function* inVersion(version: ReadRequest['version'], judged: Iterable<Judged>): Iterable<Judged> {
  const isWritableBelow = version !== undefined && compareVersions(version, '1.44') < 0
  for (const one of judged) {
    if (isWritableBelow && one.kind === 'finding' && one.exception?.kind === 'hostPath' && one.exception.readOnly) {
      const got = `${one.got}, but before API 1.44 file systems below it can be written`
      yield { ...one, got, exception: { ...one.exception, readOnly: false } }
    } else yield one
  }
}
