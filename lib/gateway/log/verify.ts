import { promises as fs } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { checkOptions } from '../../base/options.ts'
import { isBefore, readHead, readLine, START, type Link, type ReadLine } from './chain.ts'
import { linesOf } from './lines.ts'
import { headOf } from './place.ts'
import { Walk, type LogFault } from './walk.ts'

/** A line that {@link verifyAuditLog} has read. */
export interface VerifiedLine {
  /** Its number. */
  readonly n: number
  /** When it was noted, in ISO 8601. */
  readonly time: string
}

/** What {@link verifyAuditLog} found. */
export interface LogVerification {
  /** How many lines there are. */
  readonly lines: number
  /** The first line. Omitted: there is none that can be read. */
  readonly first?: VerifiedLine
  /** The last line that can be read. */
  readonly last?: VerifiedLine
  /** SHA-256 of the last line. Keep it elsewhere: later verifications can then tell whether this line is still there. */
  readonly hash: string
  /** How many lines a crash has cut. The gateway has marked each. */
  readonly torn: number
  /** How many events the gateway could not write, and has counted. */
  readonly lost: number
  /** Whether a head was there: without one, lines can be missing at the end. */
  readonly hasHead: boolean
  /** Lines of starts at which the gateway found no head: before them, lines can be missing. At most 20. */
  readonly headless: readonly VerifiedLine[]
  /** What contradicts the chain. Empty: nothing. */
  readonly faults: readonly LogFault[]
}

/** Faults beyond these say nothing new. */
const MOST_FAULTS = 20
/** A line is written in less, in milliseconds. */
const TORN_MS = 100

/**
 * Verifies the chain of an audit log. It finds lines that were changed, taken out, inserted or moved. Lines at the end, it finds by the
 * head, a file beside the log, and by `hash`. It can't notice that somebody has written the log and its head anew: keep
 * the hash of the last line elsewhere, and pass it next time.
 *
 * @param files - one log: its earlier files, if any, and the last. In any order; heads and locks are ignored
 * @param options - the hash of a line that must be there
 * @throws {@link FileError} ERR_FILE_READ
 * @example
 * ```ts
 * const { faults } = await verifyAuditLog(['/var/log/docker-mtls/audit.log'])
 * if (faults.length > 0) console.error(faults)
 * ```
 */
export async function verifyAuditLog(
  files: readonly string[],
  options: { readonly hash?: string } = {},
): Promise<LogVerification> {
  checkOptions(options, ['hash'], 'verifyAuditLog()')
  const found = await verifyOnce(files, options.hash?.toLowerCase())
  if (found.faults[0]?.kind !== 'torn') return found
  // A gateway may just be writing that line.
  await delay(TORN_MS)
  return verifyOnce(files, options.hash?.toLowerCase())
}

async function verifyOnce(files: readonly string[], hash: string | undefined): Promise<LogVerification> {
  const named = files.filter((file) => !/\.(?:head|lock)$/.test(file))
  const logs = named.length > 0 ? named : files
  const found = (await Promise.all(logs.map(readHeadOf))).filter((head) => head !== undefined)
  const heads = found.filter((head) => 'hash' in head)
  const kept = hash === undefined ? [] : [{ n: 0, hash }]
  const seen = new Set<string>()
  const walk = new Walk()
  for (const file of await inOrder(logs)) {
    for await (const { bytes, line, isWhole } of linesOf(file)) {
      walk.add(bytes, { file, line }, isWhole)
      for (const head of [...heads, ...kept]) {
        if (walk.link.hash === head.hash) seen.add(head.hash)
      }
    }
  }
  const first = walk.first ?? { n: 1, previous: START.hash }
  walk.end(heads.map((head) => ({ head, isSeen: seen.has(head.hash) || isBefore(head, first) })))
  return resultOf(walk, found.length > 0, [
    ...walk.faults,
    ...walk.headFaults,
    ...found.filter((head) => 'kind' in head),
    ...(hash === undefined || seen.has(hash) ? [] : [notKept(logs)]),
    ...(walk.lines > 0 || found.length > 0 ? [] : [nothing(logs)]),
  ])
}

function resultOf(walk: Walk, hasHead: boolean, faults: readonly LogFault[]): LogVerification {
  const { lines, first, last, torn, lost, link, headless } = walk
  return {
    lines,
    ...(first && { first: verified(first) }),
    ...(last && { last: verified(last) }),
    hash: link.hash,
    torn,
    lost,
    hasHead,
    headless: headless.slice(0, MOST_FAULTS).map(verified),
    faults: faults.slice(0, MOST_FAULTS),
  }
}

function verified({ n, time }: ReadLine): VerifiedLine {
  return { n, time }
}

function notKept(files: readonly string[]): LogFault {
  return { kind: 'missing', file: files.at(-1) ?? '', line: 0, got: 'no line has the hash that was passed' }
}

/** Whoever empties a log and removes its head must not get an ok. */
function nothing(files: readonly string[]): LogFault {
  return { kind: 'empty', file: files.at(-1) ?? '', line: 1, got: 'no head says that there are no lines yet' }
}

async function readHeadOf(file: string): Promise<Link | LogFault | undefined> {
  const bytes = await fs.readFile(headOf(file)).catch(() => undefined)
  const head = readHead(bytes)
  if (head === 'missing') return undefined
  return head === 'unreadable' ? { kind: 'changed', file: headOf(file), line: 1, got: 'the head cannot be read' } : head
}

/** By the numbers of their first lines that can be read. */
async function inOrder(files: readonly string[]): Promise<string[]> {
  const numbered = await Promise.all(files.map(async (file) => ({ file, n: await firstNumber(file) })))
  return numbered.toSorted((one, other) => one.n - other.n).map(({ file }) => file)
}

async function firstNumber(file: string): Promise<number> {
  for await (const { bytes } of linesOf(file)) {
    const line = readLine(bytes)
    if (line !== undefined) return line.n
  }
  // The log has just begun a new file, and may have been cut in its first line.
  return Infinity
}
