import { FileError, isDockerMtlsError, PkiError } from '../base/errors.ts'
import { KEY_MODE, noFollowReason, readIfThere } from '../base/files.ts'
import type { NewFile } from '../base/replace-files.ts'
import { isLockHeld, withLock } from '../base/lock.ts'
import { appendFlushed, endsWithLine } from './append.ts'
import { ledgerLock } from './layout.ts'
import {
  faultsOf,
  isSound,
  nextLink,
  readChain,
  type GrowingChain,
  type LedgerChain,
  type LedgerFault,
  type ReadHead,
} from './ledger-chain.ts'
import { appendHead, headsPath, readHead, renderHead } from './ledger-heads.ts'
import {
  CUT_OFF,
  emptyState,
  nextState,
  parseLine,
  renderAcceptance,
  renderEntry,
  renderRevocation,
  type LedgerEntry,
  type Link,
  type ParsedLine,
} from './ledger-line.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'

/** The files of the first ledger of a folder, which lists its CA. */
export function newLedger(path: string, entry: LedgerEntry): NewFile[] {
  const line = renderEntry(entry, { version: 1, entry: 1, previous: emptyState() })
  const head = renderHead({ entries: 1, state: nextState(emptyState(), Buffer.from(line)) })
  return [
    { path, data: `${line}\n`, mode: KEY_MODE },
    { path: headsPath(path), data: head, mode: KEY_MODE },
  ]
}

type Check = () => Promise<boolean | void>

/** Renders the next line, or several. */
type Render = (chain: LedgerChain, head: ReadHead) => string

/**
 * Appends an entry and flushes it to the disk. Mode 0600: it contains no secret, but it names everyone who is root on the
 * host.
 *
 * @param check - run just before, while no other run can write to the ledger: if it throws or returns false, nothing is appended
 * @returns whether it was appended
 * @throws {@link FileError} ERR_FILE_WRITE
 * @throws {@link PkiError} that of `check`
 */
export function appendToLedger(path: string, entry: LedgerEntry, check?: Check): Promise<boolean> {
  return append(path, (chain, head) => renderEntry(entry, nextLink(chain, head)), { check })
}

/**
 * Notes that certificates were revoked, all at once, as {@link appendToLedger} adds entries.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function appendRevocations(path: string, revocations: readonly LedgerRevocation[]): Promise<void> {
  if (revocations.length === 0) return
  const render: Render = (chain, head) => {
    const { entry, ...link } = nextLink(chain, head)
    let { previous } = link
    const texts = revocations.map((one) => {
      // It adds no entry.
      const text = renderRevocation(one, { ...link, entry: entry - 1, previous })
      previous = text.split('\n').reduce((state, line) => nextState(state, Buffer.from(line)), previous)
      return text
    })
    return texts.join('\n')
  }
  await append(path, render, { nothing: 'Not all certificates were revoked.' })
}

/**
 * Accepts a ledger as it is, although lines were changed or removed: a line says so and when. From then on, only later changes
 * are faults.
 *
 * @returns the accepted faults
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function acceptLedger(path: string): Promise<readonly LedgerFault[]> {
  const { faults } = await verifyLedger(path)
  if (faults.length === 0) return faults
  await append(
    path,
    ({ entries, state }) => {
      const link: Link = { version: 1, entry: entries, previous: state }
      return renderAcceptance(link, new Date().toISOString())
    },
    { isNewHead: true },
  )
  return faults
}

interface AppendOptions {
  readonly isNewHead?: boolean
  readonly nothing?: string
  readonly check?: Check | undefined
}

/**
 * Adds to the end, one process after the other: a line contains the hash of everything before it.
 *
 * @param isNewHead - write the head even if the old one is missing or unreadable
 * @param nothing - what a failure means
 * @param check - may refuse it with a PkiError or false
 * @returns whether it was added
 */
async function append(
  path: string,
  render: Render,
  { isNewHead = false, nothing = 'Nothing was issued.', check }: AppendOptions = {},
): Promise<boolean> {
  const work = async (): Promise<boolean> => {
    if ((await check?.()) === false) return false
    await appendLocked(path, render, isNewHead)
    return true
  }
  try {
    return await withLock(ledgerLock(path), work, 'the ledger')
  } catch (cause) {
    if (cause instanceof PkiError) throw cause
    throw new FileError('ERR_FILE_WRITE', {
      tried: `writing the ledger ${path}`,
      got: isDockerMtlsError(cause) ? cause.got : noFollowReason(cause),
      todo: `${nothing} ${isLockHeld(cause) ? cause.todo : WRITABLE}`,
      cause,
    })
  }
}

const WRITABLE = 'Make it a file that you can write, check that its disk has free space, and run the command again.'

async function appendLocked(path: string, render: Render, isNewHead: boolean): Promise<void> {
  const head = await readHead(path)
  let isKept = false
  let chain: GrowingChain | undefined
  await appendFlushed(path, (bytes) => {
    chain = readChain(bytes, parseLines(path, bytes.toString('utf8')))
    isKept = isSound(chain, head)
    const mark = endsWithLine(bytes) ? '' : `\n${CUT_OFF}\n`
    const added = `${render(chain.grow(Buffer.from(mark)), head)}\n`
    chain.grow(Buffer.from(added))
    return `${mark}${added}`
  })
  // A head that is missing or damaged stays so: otherwise nobody would notice.
  if (chain && (isNewHead || isKept)) await appendHead(path, chain)
}

/** The complete lines of the ledger that was read last: most runs read it several times, and it only grows. */
let recent: { readonly path: string; readonly text: string; readonly lines: readonly ParsedLine[] } | undefined

/** Parses the complete lines of a ledger. */
function parseLines(path: string, text: string): readonly ParsedLine[] {
  const known = recent?.path === path && text.startsWith(recent.text) ? recent : { text: '', lines: [] }
  const end = text.lastIndexOf('\n') + 1
  const added = text.slice(known.text.length, end)
  if (added === '') return known.lines
  const lines = [...known.lines, ...added.slice(0, -1).split('\n').map(parseLine)]
  recent = { path, text: text.slice(0, end), lines }
  return lines
}

/**
 * Reads a ledger, and ignores lines that a crash cut off.
 *
 * @returns its entries, the oldest first; none if the file doesn't exist
 * @throws {@link PkiError} ERR_LEDGER_INVALID, naming the line
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readLedger(path: string): Promise<LedgerEntry[]> {
  return (await readRecords(path)).flatMap(({ entry }) => entry ?? [])
}

/**
 * Reads the revocations in a ledger, the oldest first.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readRevocations(path: string): Promise<LedgerRevocation[]> {
  return (await readRecords(path)).flatMap(({ revocation }) => revocation ?? [])
}

/** An entry or a revocation. */
type LedgerRecord = Pick<ParsedLine, 'entry' | 'revocation'>

/**
 * Reads the entries and revocations of a ledger in their order.
 *
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readRecords(path: string): Promise<LedgerRecord[]> {
  const text = (await readIfThere(path)) ?? ''
  const lines = [...parseLines(path, text), parseLine(text.slice(text.lastIndexOf('\n') + 1))]
  let texts: string[] | undefined
  // A last line without a line feed was never finished, or is being written now.
  return lines.flatMap((line, index): LedgerRecord[] => {
    const { entry, revocation, fault, isWhole = false } = line
    if (fault !== undefined) texts ??= text.split('\n')
    const isCut = !isWhole && (index === lines.length - 1 || texts?.[index + 1] === CUT_OFF)
    if (fault !== undefined && !isCut) throw invalid(path, index + 1, fault)
    if (entry !== undefined) return [{ entry }]
    return revocation === undefined ? [] : [{ revocation }]
  })
}

/** What the chain of a ledger says about it. */
export interface LedgerVerification {
  /** The number of certificates that it lists. */
  readonly entries: number
  /** The hash of all its lines, in hexadecimal: whoever keeps it elsewhere can tell a ledger that was written again. */
  readonly state: string
  /** How many lines are chained. Earlier releases wrote lines that aren't; they are covered by the next chained one. */
  readonly chained: number
  /** Lines that were changed, removed or added. */
  readonly faults: readonly LedgerFault[]
  /** When such faults were accepted, in ISO 8601. */
  readonly accepted: readonly string[]
}

/**
 * Checks whether lines of a ledger were changed, removed or added since they were written.
 *
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function verifyLedger(path: string): Promise<LedgerVerification> {
  // The head first: another run may append a line meanwhile, and a ledger may be longer than its head says.
  const head = await readHead(path)
  const bytes = Buffer.from((await readIfThere(path, 'latin1')) ?? '', 'latin1')
  const chain = readChain(bytes)
  const { entries, state, linked, accepted } = chain
  return { entries, state, chained: linked, faults: faultsOf(chain, head, linesIn(bytes)), accepted }
}

function linesIn(bytes: Buffer): number {
  return bytes.reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 0)
}

function invalid(path: string, line: number, got: string): PkiError {
  return new PkiError('ERR_LEDGER_INVALID', {
    tried: `reading line ${line} of ${path}`,
    got,
    todo: 'Restore the ledger from a backup, or correct that line.',
  })
}
