import { quoted } from '../../base/text.ts'

/** A range of IDs: `count` IDs, beginning with `start`. */
export interface IdRange {
  /** The first id. */
  readonly start: number
  /** The number of ids. */
  readonly count: number
}

/** A line of /etc/subuid or /etc/subgid. */
export interface SubidRange extends IdRange {
  /** A user name or uid as in the line, also in /etc/subgid. */
  readonly owner: string
  /** The line number, from 1. */
  readonly line: number
}

/** A line that isn't a valid range. */
export interface SubidFault {
  /** The number of the line, from 1. */
  readonly line: number
  /** The user name or uid in the line. */
  readonly owner: string
  /** What is wrong with it, without a full stop. */
  readonly got: string
  /**
   * Whether the line stops dockerd for every user. 26.1.5 fails with `Format not correct for /etc/subuid file`; 28.5.2 ignores
   * the line. An invalid number stops dockerd only for the user of that line (executed).
   */
  readonly stopsAll: boolean
}

/** The contents of /etc/subuid or /etc/subgid. */
export interface ParsedSubids {
  /** In the order of the file, which is the order of the mapping. */
  readonly ranges: readonly SubidRange[]
  /** The invalid lines. */
  readonly faults: readonly SubidFault[]
}

const DIGITS = /^\d{1,15}$/
/** (uid_t) -1 isn't a valid ID, and the kernel refuses a map with it (executed: containers run with IDs up to 4294967294). */
const HIGHEST = 2 ** 32 - 2

/**
 * Parses /etc/subuid or /etc/subgid (subuid(5)) by dockerd's rules. dockerd ignores blanks around a line, empty lines and
 * comment lines. Each other line must have three fields, the last two of them whole numbers. Invalid lines are returned as
 * faults, and don't affect the others.
 *
 * @param text - the file
 * @returns the ranges and the invalid lines
 * @example
 * ```ts
 * parseSubids('dockremap:100000:65536\n').ranges // [{ owner: 'dockremap', start: 100000, count: 65536, line: 1 }]
 * ```
 */
export function parseSubids(text: string): ParsedSubids {
  const ranges: SubidRange[] = []
  const faults: SubidFault[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw.trim()
    if (words === '' || words.startsWith('#')) continue
    const line = index + 1
    const [owner = '', start = '', count = '', ...more] = words.split(':')
    const got = faultOf(words, start, count)
    if (got === undefined) ranges.push({ owner, start: Number(start), count: Number(count), line })
    else faults.push({ line, owner, got, stopsAll: words.split(':').length !== 3 || more.length > 0 })
  }
  return { ranges, faults }
}

function faultOf(words: string, start: string, count: string): string | undefined {
  if (words.split(':').length !== 3) return `${quoted(words)} does not have the three fields NAME:START:COUNT`
  const wrong = [start, count].find((field) => !DIGITS.test(field))
  if (wrong !== undefined) return `${quoted(wrong)} in ${quoted(words)} is not a number`
  // With a count of 0, dockerd looks for a folder "-1.-1", and the kernel refuses a map with such a line (executed).
  if (Number(count) === 0) return `${quoted(words)} is an empty range`
  if (Number(start) + Number(count) - 1 > HIGHEST) return `${quoted(words)} goes beyond ${HIGHEST}, the highest id`
  return undefined
}

/** Whether two ranges share an id. */
export function overlap(one: IdRange, other: IdRange): boolean {
  return one.start < other.start + other.count && other.start < one.start + one.count
}

/** Formats a range as usermod(8) does: `100000-165535`. */
export function formatRange({ start, count }: IdRange): string {
  return `${start}-${start + count - 1}`
}

/**
 * Adds a line to the text of a file, which may end without a newline.
 *
 * @param text - the file; undefined if there is none
 * @param line - the line, such as `dockremap:100000:65536`
 * @example
 * ```ts
 * withLine('ann:100000:65536', 'dockremap:165536:65536') // 'ann:100000:65536\ndockremap:165536:65536\n'
 * ```
 */
export function withLine(text: string | undefined, line: string): string {
  const before = text === undefined || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`
  return `${before}${line}\n`
}

/**
 * The size of a new range. Images may need IDs up to 65534, the ID of nobody (moby, defaultRangeLen; LSB, "User & Group
 * Names").
 */
export const RANGE_SIZE = 65_536

/** The limits of new ranges: SUB_UID_MIN and SUB_UID_MAX in login.defs(5), or SUB_GID_MIN and SUB_GID_MAX. */
export interface IdLimits {
  readonly min: number
  readonly max: number
}

/** The defaults of shadow-utils (login.defs(5)). */
const DEFAULTS: IdLimits = { min: 100_000, max: 600_100_000 }

/** Reads the limits for uids or gids from login.defs. */
export function limitsOf(loginDefs: string | undefined, kind: 'UID' | 'GID'): IdLimits {
  const read = (name: string): number | undefined => {
    const found = new RegExp(`^[ \\t]*SUB_${kind}_${name}[ \\t]+(\\d{1,10})[ \\t]*$`, 'm').exec(loginDefs ?? '')?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return { min: read('MIN') ?? DEFAULTS.min, max: read('MAX') ?? DEFAULTS.max }
}

/**
 * Chooses the lowest free range, as useradd(8) does. dockerd's own choice isn't imitated, because it may overlap with other
 * ranges: 26.1.5 overlooks a shorter range inside the chosen one (executed), and 29 considers only root's ranges (moby,
 * daemon/internal/usergroup/add_linux.go).
 *
 * @param taken - the ranges of other users and the IDs of accounts, in any order
 * @returns the start of the range; undefined if no range is free
 */
export function freeStart(taken: readonly IdRange[], { min, max }: IdLimits): number | undefined {
  let start = Math.max(min, 1)
  for (const range of taken.toSorted((one, other) => one.start - other.start)) {
    if (range.start >= start + RANGE_SIZE) break
    start = Math.max(start, range.start + range.count)
  }
  return start + RANGE_SIZE - 1 <= max ? start : undefined
}
