import type { IdRange } from './subids.ts'

/** What an image may need: ids up to 65534, nobody's (moby, defaultRangeLen; LSB, "User & Group Names"). */
export const WANTED_COUNT = 65_536

/** Where new ranges may lie: SUB_UID_MIN and SUB_UID_MAX of login.defs(5), or those for gids. */
export interface IdLimits {
  readonly min: number
  readonly max: number
}

/** What shadow does without login.defs (login.defs(5)). */
const DEFAULTS: IdLimits = { min: 100_000, max: 600_100_000 }

/** Reads the limits out of a login.defs; `kind` says whose. */
export function limitsOf(loginDefs: string | undefined, kind: 'UID' | 'GID'): IdLimits {
  const read = (name: string): number | undefined => {
    const found = new RegExp(`^[ \\t]*SUB_${kind}_${name}[ \\t]+(\\d{1,10})[ \\t]*$`, 'm').exec(loginDefs ?? '')?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return { min: read('MIN') ?? DEFAULTS.min, max: read('MAX') ?? DEFAULTS.max }
}

/**
 * Chooses the lowest range that nobody has, as useradd(8) does. dockerd's own choice isn't to be had: 26.1.5 doesn't see a
 * shorter range within the one that it takes (executed), and 29 looks for root's ranges alone (moby,
 * daemon/internal/usergroup/add_linux.go).
 *
 * @param taken - ranges of others, and ids of accounts, in any order
 * @returns its start; undefined where there is none
 */
export function freeStart(taken: readonly IdRange[], { min, max }: IdLimits): number | undefined {
  let start = Math.max(min, 1)
  for (const range of taken.toSorted((one, other) => one.start - other.start)) {
    if (range.start >= start + WANTED_COUNT) break
    start = Math.max(start, range.start + range.count)
  }
  return start + WANTED_COUNT - 1 <= max ? start : undefined
}
