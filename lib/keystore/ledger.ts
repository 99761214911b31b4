import { constants, promises as fs } from 'node:fs'
import { FileError, PkiError } from '../base/errors.ts'
import { fileReason, KEY_MODE, readIfThere } from '../base/files.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { keyTypeOf } from '../pki/key-type.ts'

/** One issued certificate. */
export interface LedgerEntry {
  /** The serial number, in hexadecimal. */
  readonly serial: string
  /** The kind of certificate. */
  readonly kind: 'ca' | 'server' | 'client'
  /** The common name. */
  readonly name: string
  /** The DNS names and addresses of a server. */
  readonly sans: readonly string[]
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string
  /** The start of its validity, in ISO 8601. */
  readonly notBefore: string
  /** The end of its validity, in ISO 8601. */
  readonly notAfter: string
  /** The time of issue, in ISO 8601. */
  readonly issuedAt: string
  /** A {@link KeyType}, or a description of another type. */
  readonly keyType: string
  /**
   * `client` if a request was signed and the private key was never here. Only another request can renew it.
   */
  readonly keyHeld?: 'client'
}

/**
 * Marks the line before it as cut off by a crash or a full disk. A ledger is only ever appended to, so concurrent writers
 * lose nothing.
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

/** The line of an entry in the file. */
export function ledgerLine(entry: LedgerEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/**
 * Appends an entry and flushes it to the disk. Mode 0600: it contains no secret, but it names everyone who is root on the
 * host.
 *
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function appendToLedger(path: string, entry: LedgerEntry): Promise<void> {
  try {
    const file = await fs.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, KEY_MODE)
    try {
      const mark = (await endsWithLine(file)) ? '' : `\n${CUT_OFF}\n`
      await file.writeFile(`${mark}${ledgerLine(entry)}`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new FileError('ERR_FILE_WRITE', {
      tried: `writing the ledger ${path}`,
      got: fileReason(cause),
      todo: 'Nothing was issued. Make the file writable and check that its disk has free space.',
      cause,
    })
  }
}

/**
 * Reads a ledger, and ignores lines that a crash cut off.
 *
 * @returns its entries, the oldest first; none if the file doesn't exist
 * @throws {@link PkiError} ERR_LEDGER_INVALID, naming the line
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readLedger(path: string): Promise<LedgerEntry[]> {
  const lines = ((await readIfThere(path)) ?? '').split('\n')
  const entries: LedgerEntry[] = []
  for (const [index, line] of lines.entries()) {
    if (line === '' || line === CUT_OFF) continue
    const entry = parseEntry(line)
    if (typeof entry !== 'string') entries.push(entry)
    // A last line without a line feed was never finished, or is being written now.
    else if (index < lines.length - 1 && lines[index + 1] !== CUT_OFF) throw invalid(path, index + 1, entry)
  }
  return entries
}

async function endsWithLine(file: fs.FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer[0] === 0x0a
}

const TEXTS = ['serial', 'kind', 'name', 'fingerprint256', 'notBefore', 'notAfter', 'issuedAt', 'keyType'] as const
const DATES = ['notBefore', 'notAfter', 'issuedAt'] as const
const KINDS: ReadonlySet<unknown> = new Set(['ca', 'server', 'client'])
const KEY_HOLDERS: ReadonlySet<unknown> = new Set([undefined, 'client'])

/** The entry, or what is wrong with its line. */
function parseEntry(line: string): LedgerEntry | string {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return 'it is not JSON'
  }
  if (typeof entry !== 'object' || entry === null) return 'it is not an object'
  const record = entry as Record<string, unknown>
  const missing = TEXTS.find((key) => typeof record[key] !== 'string')
  if (missing !== undefined) return `its "${missing}" is not a string`
  const undated = DATES.find((key) => Number.isNaN(Date.parse(record[key] as string)))
  if (undated !== undefined) return `its "${undated}" is not a date`
  if (!KINDS.has(record['kind'])) return `its "kind" is ${JSON.stringify(record['kind'])}`
  const { sans } = record
  if (!KEY_HOLDERS.has(record['keyHeld'])) return `its "keyHeld" is ${JSON.stringify(record['keyHeld'])}`
  if (!Array.isArray(sans) || !sans.every((san) => typeof san === 'string'))
    return 'its "sans" is not a list of strings'
  return record as unknown as LedgerEntry
}

function invalid(path: string, line: number, got: string): PkiError {
  return new PkiError('ERR_LEDGER_INVALID', {
    tried: `reading line ${line} of ${path}`,
    got,
    todo: 'Restore the ledger from a backup, or correct that line.',
  })
}
