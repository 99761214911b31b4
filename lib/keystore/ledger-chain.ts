import { emptyState, nextState, parseLine, type Link, type ParsedLine } from './ledger-line.ts'

// Every line has a hash of everything before it. So a line that was changed, removed or added contradicts the next line, and
// the last one contradicts the head, which is in a file of its own. Whoever can write to the folder can calculate all of this
// again: that is noticed only by somebody who has kept an earlier state elsewhere.

/** The state and the number of entries after the last line that this release has written. */
export interface LedgerHead {
  readonly entries: number
  readonly state: string
}

/** A contradiction in the ledger: lines that were changed, removed or added since they were written. */
export interface LedgerFault {
  readonly kind: 'changed' | 'removed' | 'added' | 'head'
  /** The first line that may be concerned, from 1; for removed lines, the one that follows them now. */
  readonly line: number
  /** What was found: a sentence without a full stop. */
  readonly got: string
}

/** A ledger, read as a chain. */
export interface LedgerChain {
  /** The number of certificates that it lists. */
  readonly entries: number
  /** How many lines have a link. */
  readonly linked: number
  /** The state after the last complete line. */
  readonly state: string
  /** Each state on the way. */
  readonly states: ReadonlySet<string>
  readonly faults: readonly LedgerFault[]
  /** When faults were accepted. */
  readonly accepted: readonly string[]
}

/**
 * Reads the complete lines of a ledger. The last one may be incomplete: a run is writing it, or was killed.
 *
 * @param parsed - the first lines, if they were parsed already
 */
export function readChain(bytes: Buffer, parsed: readonly ParsedLine[] = []): GrowingChain {
  return new Walk(parsed).grow(bytes)
}

/** A chain that changes as its ledger grows. */
export interface GrowingChain extends LedgerChain {
  readonly grow: (bytes: Buffer) => GrowingChain
}

class Walk implements GrowingChain {
  entries = 0
  linked = 0
  state: string = emptyState()
  readonly states = new Set<string>([emptyState()])
  faults: LedgerFault[] = []
  readonly accepted: string[] = []
  /** The last line with a link: what is between it and the next one is covered by that one. */
  #lastLinked = 1
  #line = 0
  #incomplete: Buffer = Buffer.alloc(0)
  readonly #parsed: readonly ParsedLine[]

  constructor(parsed: readonly ParsedLine[]) {
    this.#parsed = parsed
  }

  grow(bytes: Buffer): this {
    const all = this.#incomplete.length === 0 ? bytes : Buffer.concat([this.#incomplete, bytes])
    let from = 0
    for (let to = all.indexOf(0x0a); to !== -1; to = all.indexOf(0x0a, from)) {
      this.#add(all.subarray(from, to), ++this.#line)
      from = to + 1
    }
    this.#incomplete = all.subarray(from)
    return this
  }

  #add(bytes: Buffer, line: number): void {
    const { entry, acceptedAt, link } = this.#parsed[line - 1] ?? parseLine(bytes.toString('utf8'))
    const expected = this.entries + (entry === undefined ? 0 : 1)
    if (link === 'unreadable') this.#fault('changed', line, `the chain in line ${line} cannot be read`)
    const isLinked = link !== undefined && link !== 'unreadable'
    const isWhole = isLinked && link.previous === this.state && link.entry === expected
    if (isLinked && !isWhole) this.#contradiction(link, expected, line)
    if (isWhole && acceptedAt !== undefined) {
      this.faults = []
      this.accepted.push(acceptedAt)
    }
    // After a contradiction, the line itself is believed: so each later one is judged on its own.
    this.entries = isLinked ? link.entry : expected
    this.state = nextState(isLinked ? link.previous : this.state, bytes)
    this.states.add(this.state)
    if (!isLinked) return
    this.linked++
    this.#lastLinked = line
  }

  #contradiction(link: Link, expected: number, line: number): void {
    const missing = link.entry - expected
    if (missing > 0)
      this.#fault('removed', line, `${countLines(missing)} before line ${line} ${wereOr(missing)} removed`)
    else if (missing < 0)
      this.#fault('added', line, `${countLines(-missing)} before line ${line} ${wereOr(-missing)} added`)
    else this.#fault('changed', this.#lastLinked, changedBetween(this.#lastLinked, line === 1 ? 1 : line - 1))
  }

  #fault(kind: LedgerFault['kind'], line: number, got: string): void {
    this.faults.push({ kind, line, got })
  }
}

function countLines(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`
}

function wereOr(count: number): string {
  return count === 1 ? 'was' : 'were'
}

function changedBetween(first: number, last: number): string {
  return first === last ? `line ${first} was changed` : `one of the lines ${first} to ${last} was changed`
}

/** A head that was read: absent, or with contents that this release doesn't know. */
export type ReadHead = LedgerHead | 'unreadable' | undefined

/** The faults of a ledger, its end included. */
export function faultsOf(chain: LedgerChain, head: ReadHead, lastLine: number): readonly LedgerFault[] {
  return [...chain.faults, ...headFaults(chain, head, lastLine)]
}

function headFaults(chain: LedgerChain, head: ReadHead, lastLine: number): LedgerFault[] {
  if (isSound(chain, head)) {
    if (head === undefined || chain.states.has(head.state)) return []
    const missing = head.entries - chain.entries
    const line = lastLine + 1
    if (missing > 0)
      return [{ kind: 'removed', line, got: `${countLines(missing)} at the end ${wereOr(missing)} removed` }]
    return [{ kind: 'changed', line: lastLine, got: 'the last line was changed, or one before it' }]
  }
  const what = head === undefined ? 'is missing' : 'cannot be read'
  return [
    {
      kind: 'head',
      line: lastLine,
      got: `ledger-heads.jsonl ${what}: lines that were removed at the end go unnoticed`,
    },
  ]
}

/** A run may have been killed between the first line with a link and the head; never later. */
export function isSound(chain: LedgerChain, head: ReadHead): head is LedgerHead | undefined {
  return head === undefined ? chain.linked < 2 : head !== 'unreadable'
}

/**
 * The link of the next line. If the ledger doesn't contain the state in the head, the line continues from there, so that what
 * was removed from the end or changed in the last line stays noticeable.
 */
export function nextLink(chain: LedgerChain, head: ReadHead): Link {
  const isKnown = head === undefined || head === 'unreadable' || chain.states.has(head.state)
  const previous = isKnown ? chain.state : head.state
  const entries = isKnown ? chain.entries : Math.max(chain.entries, head.entries)
  return { version: 1, entry: entries + 1, previous }
}
