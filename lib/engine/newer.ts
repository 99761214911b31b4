import { ArgumentError } from '../base/errors.ts'
import type { Since } from './operation.ts'
import { compareVersions } from '../base/api-version.ts'
import { REMOVE_PIN } from './version.ts'

/** The version of a connection. */
export interface VersionInUse {
  readonly version: string
  /** What would be negotiated, if the version is pinned. */
  readonly unpinned: string | undefined
}

/** Whether a daemon supports something that came with the version `since`. */
export function serves(version: string, since: Since | undefined): boolean {
  return since === undefined || compareVersions(version, since) >= 0
}

/** A daemon silently ignores unknown fields: a container would run without the requested limit. */
export function tooNew(what: string, since: Since, { version, unpinned }: VersionInUse): ArgumentError {
  const pinnedTooLow = unpinned !== undefined && serves(unpinned, since)
  return new ArgumentError('ERR_API_FIELD_TOO_NEW', {
    tried: `using ${what}`,
    got: `it needs Engine API ${since}, and this connection uses ${version}${pinnedTooLow ? ', which was set' : ''}`,
    todo: pinnedTooLow ? REMOVE_PIN : 'Omit it, or update Docker Engine on that host.',
  })
}

/** Whether there is a value at a dotted path. `*` stands for every key of an object and every element of a list. */
function has(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined && value !== null
  if (typeof value !== 'object' || value === null) return false
  if (key === '*') return Object.values(value).some((one) => has(one, rest))
  return has((value as Record<string, unknown>)[key], rest)
}

/** Refuses a body, or filters, with something that the version in use doesn't support. */
export function refuseNewer(
  given: unknown,
  newer: Readonly<Record<string, Since>>,
  where: string,
  inUse: VersionInUse,
): void {
  for (const [path, since] of Object.entries(newer)) {
    if (!serves(inUse.version, since) && has(given, path.split('.'))) throw tooNew(`${path} in ${where}`, since, inUse)
  }
}
