import { createReadStream, promises as fs } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { checkOptions } from '../../base/options.ts'
import { readHead, readLine, type Link } from './chain.ts'
import { headOf } from './file.ts'
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
  /** What contradicts the chain. Empty: nothing. */
  readonly faults: readonly LogFault[]
}

/** Longer than any line of a log. */
const LONGEST_LINE = 4 * 1024 * 1024
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
  walk.end(heads.map((head) => ({ head, isSeen: seen.has(head.hash) })))
  return resultOf(walk, found.length > 0, [
    ...walk.faults,
    ...found.filter((head) => 'kind' in head),
    ...(hash === undefined || seen.has(hash) ? [] : [notKept(logs)]),
  ])
}

function resultOf(walk: Walk, hasHead: boolean, faults: readonly LogFault[]): LogVerification {
  const { lines, first, last, torn, lost, link } = walk
  return {
    lines,
    ...(first && { first: { n: first.n, time: first.time } }),
    ...(last && { last: { n: last.n, time: last.time } }),
    hash: link.hash,
    torn,
    lost,
    hasHead,
    faults: faults.slice(0, MOST_FAULTS),
  }
}

function notKept(files: readonly string[]): LogFault {
  return { kind: 'missing', file: files.at(-1) ?? '', line: 0, got: 'no line has the hash that was passed' }
}

async function readHeadOf(file: string): Promise<Link | LogFault | undefined> {
  const bytes = await fs.readFile(headOf(file)).catch(() => undefined)
  if (bytes === undefined) return undefined
  return readHead(bytes) ?? { kind: 'changed', file: headOf(file), line: 1, got: 'the head cannot be read' }
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

interface Line {
  readonly bytes: Buffer
  readonly line: number
  readonly isWhole: boolean
}

async function* linesOf(file: string): AsyncGenerator<Line, void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 0
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      const bytes = Buffer.concat([rest, chunk])
      let from = 0
      for (let to = bytes.indexOf(0x0a); to !== -1; to = bytes.indexOf(0x0a, from)) {
        yield { bytes: bytes.subarray(from, to), line: ++line, isWhole: true }
        from = to + 1
      }
      rest = bytes.subarray(from)
      if (rest.length > LONGEST_LINE) throw new RangeError('it has a line of more than 4 MiB')
    }
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading the audit log ${file}`,
      got: readFault(cause),
      todo: 'Name the files of an audit log that you can read.',
      cause,
    })
  }
  if (rest.length > 0) yield { bytes: rest, line: ++line, isWhole: false }
}
