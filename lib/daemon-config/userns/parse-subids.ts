import { quoted } from '../../base/text.ts'

/** A range of ids: `count` of them, from `start` on. */
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
  /** The user the line is for. */
  readonly owner: string
  /** What is wrong with it, without a full stop. */
  readonly got: string
  /**
   * Whether the line stops dockerd for every user. 26.1.5 fails with `Format not correct for /etc/subuid file`. An invalid
   * number stops dockerd only for the user of that line (executed).
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
/** (uid_t) -1 is no valid id, and the kernel refuses a map with it (executed: a container runs up to 4294967294). */
const HIGHEST = 2 ** 32 - 2

/**
 * Reads /etc/subuid or /etc/subgid (subuid(5)) by dockerd's rules: it ignores blanks around a line, empty lines and comment
 * lines; each other line has three fields, two of them whole numbers. Invalid lines are reported, and the rest is read.
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
  // With a count of 0 dockerd looks for a folder "-1.-1"; the kernel takes no map with such a line (executed).
  if (Number(count) === 0) return `${quoted(words)} is an empty range`
  if (Number(start) + Number(count) - 1 > HIGHEST) return `${quoted(words)} goes beyond ${HIGHEST}, the highest id`
  return undefined
}

/** Whether two ranges share an id. */
export function overlap(one: IdRange, other: IdRange): boolean {
  return one.start < other.start + other.count && other.start < one.start + one.count
}

/** `100000-165535`, as usermod(8) writes ranges. */
export function rangeWords({ start, count }: IdRange): string {
  return `${start}-${start + count - 1}`
}

/**
 * Adds a line to the text of a file, whether or not that ends with a newline.
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
