import { compareVersions } from '../../base/api-version.ts'
import { Unreadable } from './unreadable.ts'

/** dockerd 26 to 28 refuse older ones; so does docker-mtls. */
const OLDEST = '1.24'

/** A path segment that dockerd takes for a version (moby, api/server: versionMatcher). */
const VERSION = /^v[0-9.]+$/
/** dockerd reads `v01.45` and `v1.045` as 1.45, and would take `v1.45.0` for a version, too. */
const PLAIN_VERSION = /^v1\.[1-9][0-9]$/

/** Takes the version off the segments of a path. */
export function splitVersion(segments: readonly string[]): {
  readonly version?: string
  readonly rest: readonly string[]
} {
  const [first = '', ...rest] = segments
  if (!VERSION.test(first)) return { rest: segments }
  const version = first.slice(1)
  // A newer one than the tables know is judged by the newest ones: what came with it is unknown, and refused by its name.
  if (!PLAIN_VERSION.test(first) || compareVersions(version, OLDEST) < 0)
    throw new Unreadable('VERSION_UNKNOWN', 'the version', `${first.slice(0, 20)} isn't v${OLDEST} or newer`)
  return { version, rest }
}
