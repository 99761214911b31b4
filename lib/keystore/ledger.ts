import { constants, promises as fs } from 'node:fs'
import { FileError, PkiError } from '../base/errors.ts'
import { fileReason, KEY_MODE } from '../base/files.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { keyTypeOf } from '../pki/key-type.ts'

/** One certificate that an authority signed. */
export interface LedgerEntry {
  /** In hexadecimal. */
  readonly serial: string
  readonly kind: 'ca' | 'server' | 'client'
  /** Its common name. */
  readonly name: string
  /** The names and addresses that a server is reached by. */
  readonly sans: readonly string[]
  readonly fingerprint256: string
  /** ISO 8601, as all dates here. */
  readonly notBefore: string
  readonly notAfter: string
  readonly issuedAt: string
  /** A {@link KeyType}, or what else it is. */
  readonly keyType: string
  /**
   * Where its private key is, if that was never here: `client`, a request for it was signed. It can be renewed by signing
   * a request again, and by nothing else.
   */
  readonly keyHeld?: 'client'
}

/**
 * Follows a line that a crash or a full disk cut off, so that a reader knows it for that: nothing but appending ever
 * happens to a ledger, and so two that write at once lose nothing.
 */
const CUT_OFF = '{"cutOff":true}'

export function ledgerEntry(kind: LedgerEntry['kind'], facts: CertificateFacts): LedgerEntry {
  return {
    serial: facts.serialNumber,
    kind,
    name: facts.commonName ?? '',
    sans: [...facts.names.dns, ...facts.names.ip],
    fingerprint256: facts.fingerprint256,
    notBefore: facts.validFrom.toISOString(),
    notAfter: facts.validTo.toISOString(),
    issuedAt: new Date().toISOString(),
    keyType: keyTypeOf(facts.key),
  }
}

/** An entry as the line that it is in the file. */
export function ledgerLine(entry: LedgerEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/**
 * Writes one entry behind the others and flushes it to the disk. 0600: it holds no secret, but it names everyone who is
 * root on the host.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function appendToLedger(path: string, entry: LedgerEntry): Promise<void> {
  try {
    const file = await fs.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, KEY_MODE)
    try {
      const mend = (await endsWhole(file)) ? '' : `\n${CUT_OFF}\n`
      await file.writeFile(`${mend}${ledgerLine(entry)}`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `writing the ledger ${path}`,
      got: fileReason(cause),
      todo: 'Make the file writable, or make room on its disk; nothing was issued.',
      cause,
    })
  }
}

/**
 * Reads a ledger. What a crash cut off is passed over.
 *
 * @returns its entries, the oldest first; none where there is no such file
 * @throws {@link PkiError} ERR_LEDGER_INVALID, naming the line
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readLedger(path: string): Promise<LedgerEntry[]> {
  const lines = (await readText(path)).split('\n')
  const entries: LedgerEntry[] = []
  for (const [index, line] of lines.entries()) {
    if (line === '' || line === CUT_OFF) continue
    const entry = parseEntry(line)
    if (typeof entry !== 'string') entries.push(entry)
    // The last line without its line feed is one that was never finished, or is being written now.
    else if (index < lines.length - 1 && lines[index + 1] !== CUT_OFF) throw invalid(path, index + 1, entry)
  }
  return entries
}

async function readText(path: string): Promise<string> {
  try {
    return await fs.readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new FileError('ERR_FILE_READ', {
      tried: `reading the ledger ${path}`,
      got: fileReason(cause),
      todo: 'Make it a file that you may read.',
      cause,
    })
  }
}

async function endsWhole(file: fs.FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer[0] === 0x0a
}

const TEXTS = ['serial', 'kind', 'name', 'fingerprint256', 'notBefore', 'notAfter', 'issuedAt', 'keyType'] as const
const KINDS: ReadonlySet<unknown> = new Set(['ca', 'server', 'client'])
const KEY_HOLDERS: ReadonlySet<unknown> = new Set([undefined, 'client'])

/** The entry, or what is wrong with its line. */
function parseEntry(line: string): LedgerEntry | string {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return 'it is no JSON'
  }
  if (typeof entry !== 'object' || entry === null) return 'it is no object'
  const record = entry as Record<string, unknown>
  const missing = TEXTS.find((key) => typeof record[key] !== 'string')
  if (missing !== undefined) return `its "${missing}" is no text`
  if (!KINDS.has(record['kind'])) return `its "kind" is ${JSON.stringify(record['kind'])}`
  const { sans } = record
  if (!KEY_HOLDERS.has(record['keyHeld'])) return `its "keyHeld" is ${JSON.stringify(record['keyHeld'])}`
  if (!Array.isArray(sans) || !sans.every((san) => typeof san === 'string')) return 'its "sans" is no list of texts'
  return record as unknown as LedgerEntry
}

function invalid(path: string, line: number, got: string): PkiError {
  return new PkiError('ERR_LEDGER_INVALID', {
    tried: `reading line ${line} of ${path}`,
    got,
    todo: 'Put the line right, or remove it; the other lines are good as they are.',
  })
}
