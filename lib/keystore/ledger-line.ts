import { createHash } from 'node:crypto'
import { parseJsonDocument } from '../base/json.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import { keyTypeOf } from '../pki/key-type.ts'
import { parseRevocation, type LedgerRevocation } from './ledger-revocation.ts'

/** One issued certificate. */
export interface LedgerEntry {
  /** The serial number, in hexadecimal. */
  readonly serial: string
  /** The kind of certificate. */
  readonly kind: 'ca' | 'server' | 'client' | 'issuer'
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
 * Ties a line to everything before it. Earlier releases ignore it, and write lines without it; the next line with a link
 * covers those.
 */
export interface Link {
  readonly version: 1
  /** How many certificates the ledger lists up to this line. */
  readonly entry: number
  /** {@link nextState} of all lines before this one, in hexadecimal. */
  readonly previous: string
}

/**
 * Marks the line before it as no entry: cut off by a crash or a full disk, an acceptance, or a revocation. A ledger is only
 * ever appended to.
 */
export const CUT_OFF = '{"cutOff":true}'

/** The state of an empty ledger. */
export function emptyState(): string {
  return createHash('sha256').update('docker-mtls ledger 1').digest('hex')
}

/** The state after a line: SHA-256 of the state before it and the line's bytes as they are in the file, without the line feed. */
export function nextState(state: string, line: Uint8Array): string {
  return createHash('sha256').update(Buffer.from(state, 'hex')).update(line).digest('hex')
}

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

/** The line of an entry in the file, without the line feed. */
export function renderEntry(entry: LedgerEntry, link: Link): string {
  return JSON.stringify({ ...entry, chain: link })
}

/** The line that accepts the ledger as it is. Earlier releases take it for a line that was cut off. */
export function renderAcceptance(link: Link, acceptedAt: string): string {
  return `${JSON.stringify({ acceptedAt, chain: link })}\n${CUT_OFF}`
}

/** The line of a revocation. Earlier releases take it for a line that was cut off. */
export function renderRevocation(revocation: LedgerRevocation, link: Link): string {
  return `${JSON.stringify({ ...revocation, chain: link })}\n${CUT_OFF}`
}

/** A line of the ledger. */
export interface ParsedLine {
  /** Absent: it is no entry. */
  readonly entry?: LedgerEntry
  /** The certificate of an earlier line was revoked. */
  readonly revocation?: LedgerRevocation
  /** When the ledger was accepted as it was, although lines had been changed or removed. */
  readonly acceptedAt?: string
  /** `unreadable`: it has one, but not one that this release knows. */
  readonly link?: Link | 'unreadable'
  /** Why it is neither an entry nor another known line. */
  readonly fault?: string
  /** Is the line whole in spite of the fault? Then it was not cut off. */
  readonly isWhole?: boolean
}

export function parseLine(line: string): ParsedLine {
  if (line === '' || line === CUT_OFF) return {}
  let value: unknown
  try {
    value = parseJsonDocument(line)
  } catch {
    return { fault: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null) return { fault: 'it is not an object' }
  const { chain, ...record } = value as Record<string, unknown>
  const link = chain === undefined ? {} : { link: parseLink(chain) }
  const { acceptedAt } = record
  if (typeof acceptedAt === 'string' && record['serial'] === undefined) return { acceptedAt, ...link }
  if (record['revokedAt'] !== undefined) return { ...parseRevocation(record), ...link }
  const fault = entryFault(record)
  return fault === undefined ? { entry: record as unknown as LedgerEntry, ...link } : { fault }
}

function parseLink(chain: unknown): Link | 'unreadable' {
  if (typeof chain !== 'object' || chain === null) return 'unreadable'
  const { version, entry, previous } = chain as Record<string, unknown>
  const isKnown = version === 1 && Number.isSafeInteger(entry) && isState(previous)
  return isKnown ? (chain as Link) : 'unreadable'
}

/** Is it a hash in hexadecimal, as {@link nextState} returns it? */
export function isState(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

const TEXTS = ['serial', 'kind', 'name', 'fingerprint256', 'notBefore', 'notAfter', 'issuedAt', 'keyType'] as const
const DATES = ['notBefore', 'notAfter', 'issuedAt'] as const
const KINDS: ReadonlySet<unknown> = new Set(['ca', 'server', 'client', 'issuer'])
const KEY_HOLDERS: ReadonlySet<unknown> = new Set([undefined, 'client'])

function entryFault(record: Readonly<Record<string, unknown>>): string | undefined {
  const missing = TEXTS.find((key) => typeof record[key] !== 'string')
  if (missing !== undefined) return `its "${missing}" is not a string`
  const undated = DATES.find((key) => Number.isNaN(Date.parse(record[key] as string)))
  if (undated !== undefined) return `its "${undated}" is not a date`
  if (!KINDS.has(record['kind'])) return `its "kind" is ${JSON.stringify(record['kind'])}`
  const { sans } = record
  if (!KEY_HOLDERS.has(record['keyHeld'])) return `its "keyHeld" is ${JSON.stringify(record['keyHeld'])}`
  if (!Array.isArray(sans) || !sans.every((san) => typeof san === 'string'))
    return 'its "sans" is not a list of strings'
  return undefined
}
