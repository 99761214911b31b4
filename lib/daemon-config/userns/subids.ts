import { quoted } from '../../base/text.ts'

/** Numbers that belong to somebody: `count` of them, from `start` on. */
export interface IdRange {
  /** The first id. */
  readonly start: number
  /** The number of ids. */
  readonly count: number
}

/** A line of /etc/subuid or /etc/subgid. */
export interface SubidRange extends IdRange {
  /** A user's name or uid, as the line has it; in /etc/subgid, too. */
  readonly owner: string
  /** Its number, from 1. */
  readonly line: number
}

/** A line that holds no range. */
export interface SubidFault {
  /** The number of the line, from 1. */
  readonly line: number
  /** The user the line is for. */
  readonly owner: string
  /** What is wrong with it, without a full stop. */
  readonly got: string
  /**
   * Does dockerd fail by it whoever is remapped? 26.1.5 does, with `Format not correct for /etc/subuid file`. A number
   * that is none stops only the one whose line it is (executed).
   */
  readonly stopsAll: boolean
}

/** What a file of subordinate ids holds. */
export interface ParsedSubids {
  /** In the file's order, which is the order of the mapping. */
  readonly ranges: readonly SubidRange[]
  /** Lines that can't be used. */
  readonly faults: readonly SubidFault[]
}

const DIGITS = /^\d{1,15}$/
/** (uid_t) -1 is nobody's number, and the kernel maps none with it (executed: up to 4294967294 a container runs). */
const HIGHEST = 2 ** 32 - 2

/**
 * Reads a subuid(5) or subgid(5), by the rules of dockerd: blanks around a line, empty lines and whole-line comments are
 * nothing; three fields; whole numbers. What breaks them is reported, and the rest is read.
 *
 * @param text - the file
 * @returns its ranges, and its lines that are none
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
  if (words.split(':').length !== 3) return `${quoted(words)} has not the three fields NAME:START:COUNT`
  const wrong = [start, count].find((field) => !DIGITS.test(field))
  if (wrong !== undefined) return `${quoted(wrong)} in ${quoted(words)} is no number`
  // With a count of 0 dockerd looks for a folder "-1.-1"; the kernel takes no map with such a line (executed).
  if (Number(count) === 0) return `${quoted(words)} is a range of nothing`
  if (Number(start) + Number(count) - 1 > HIGHEST)
    return `${quoted(words)} goes beyond ${HIGHEST}, the last id there is`
  return undefined
}

/** Do they share a number? */
export function overlap(one: IdRange, other: IdRange): boolean {
  return one.start < other.start + other.count && other.start < one.start + one.count
}

/** `100000-165535`, as usermod(8) writes ranges. */
export function rangeWords({ start, count }: IdRange): string {
  return `${start}-${start + count - 1}`
}

/**
 * Adds a line to the text of a file of lines, whatever that ends with.
 *
 * @param text - the file as it is; undefined where there is none
 * @param line - such as `dockremap:100000:65536`
 * @example
 * ```ts
 * withLine('ann:100000:65536', 'dockremap:165536:65536') // 'ann:100000:65536\ndockremap:165536:65536\n'
 * ```
 */
export function withLine(text: string | undefined, line: string): string {
  const before = text === undefined || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`
  return `${before}${line}\n`
}
