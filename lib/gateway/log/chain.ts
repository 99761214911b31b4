import { createHash } from 'node:crypto'

// Every line has its number and the hash of the line before it. So a line that was changed, taken out, inserted or moved contradicts the
// line after it. The last line is in a file of its own, the head. Whoever can write to both can calculate all of this again: that is
// noticed only by somebody who has kept a hash elsewhere.

/** A line of the log, as the next one names it. */
export interface Link {
  /** The number of the line, from 1. */
  readonly n: number
  /** SHA-256 of its bytes, without the line feed. */
  readonly hash: string
}

/** Before the first line. */
export const START: Link = { n: 0, hash: '0'.repeat(64) }

/** What a line of the log says about its place in the chain. */
export interface ReadLine {
  readonly n: number
  readonly previous: string
  readonly event: string
  readonly time: string
  /** How many events a line of the kind `lost` stands for. */
  readonly count: number
  /** In a line of the kind `open`: what was wrong with the head. */
  readonly head?: HeadFault
}

/**
 * What a gateway finds at its start instead of the head that belongs to the lines: none, one that can't be read, or one that names a line
 * that isn't there. Its next head covers that up, so the line `open` says it.
 */
export type HeadFault = (typeof HEAD_FAULTS)[number]

const HEAD_FAULTS = ['missing', 'unreadable', 'other'] as const

export function hashOf(line: string | Uint8Array): string {
  return createHash('sha256').update(line).digest('hex')
}

/**
 * Writes the line after another one.
 *
 * @param entry - an object with fields, as JSON
 * @returns the line without its line feed
 */
export function chain(entry: string, { n, hash }: Link): { readonly line: string; readonly link: Link } {
  const line = `{"n":${n + 1},${entry.slice(1, -1)},"previous":"${hash}"}`
  return { line, link: { n: n + 1, hash: hashOf(line) } }
}

/** Undefined: it isn't a line of an audit log. */
export function readLine(bytes: Buffer): ReadLine | undefined {
  const { n, previous, event, time, count = 0, head } = parse(bytes)
  const isLine =
    Number.isSafeInteger(n) &&
    typeof previous === 'string' &&
    typeof event === 'string' &&
    typeof time === 'string' &&
    typeof count === 'number'
  if (!isLine) return undefined
  const fault = event === 'open' ? HEAD_FAULTS.find((one) => one === head) : undefined
  return { n: n as number, previous, event, time, count, ...(fault && { head: fault }) }
}

/** Whether a head names the line before this one, which may be in an earlier file. */
export function isBefore(head: Link, { n, previous }: Pick<ReadLine, 'n' | 'previous'>): boolean {
  return head.n === n - 1 && head.hash === previous
}

/** @param bytes - undefined: there is no head. A crash, or a disk that was full, can leave one without contents: it counts as none */
export function readHead(bytes: Buffer | undefined): Link | 'missing' | 'unreadable' {
  if (bytes === undefined || bytes.every((byte) => byte === 0)) return 'missing'
  const { n, hash } = parse(bytes)
  return Number.isSafeInteger(n) && typeof hash === 'string' ? { n: n as number, hash } : 'unreadable'
}

/** Always the same number of bytes, so that a head is overwritten in its place, even if the disk is full. */
export function renderHead({ n, hash }: Link): string {
  return `${JSON.stringify({ n, hash }).padEnd(HEAD_BYTES - 1)}\n`
}

/** `{"n":9007199254740991,"hash":"..."}` has 98 bytes. */
const HEAD_BYTES = 100

function parse(bytes: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(bytes.toString('utf8'))) as Record<string, unknown>
  } catch {
    return {}
  }
}
