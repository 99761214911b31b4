import { isReason, type RevocationReason } from '../pki/revocation-reasons.ts'

/** A line of the ledger about a certificate that was revoked. */
export interface LedgerRevocation {
  /** When, in ISO 8601. */
  readonly revokedAt: string
  /** Why; left out if nobody said. */
  readonly reason?: RevocationReason
  readonly kind: 'client' | 'issuer' | 'server'
  /** The client, the issuer or the server. */
  readonly name: string
  /** The serial number of the certificate, in hexadecimal. */
  readonly serial: string
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string
  /** The end of its validity, in ISO 8601: until then, it is in the revocation lists. */
  readonly notAfter: string
  /** SHA-256 of its public key, in hexadecimal with colons. Absent: the certificate wasn't in the folder any more. */
  readonly key?: string
}

/** The first line about each certificate says when it was revoked: revoking it once more repeats the line with a later date. */
export function firstLines(
  revocations: readonly LedgerRevocation[],
  keyOf: (one: LedgerRevocation) => string,
): Map<string, LedgerRevocation> {
  const first = new Map<string, LedgerRevocation>()
  for (const one of revocations) if (!first.has(keyOf(one))) first.set(keyOf(one), one)
  return first
}

const TEXTS = ['revokedAt', 'name', 'serial', 'fingerprint256', 'notAfter'] as const

const KINDS: ReadonlySet<unknown> = new Set(['client', 'issuer', 'server'])

const KEYS: ReadonlySet<string> = new Set(['string', 'undefined'])

/**
 * Reads the fields of such a line. A line that can't be read is no line that was cut off: otherwise a revocation would be
 * dropped without a word.
 */
export function parseRevocation(
  record: Readonly<Record<string, unknown>>,
): { readonly revocation: LedgerRevocation } | { readonly fault: string; readonly isWhole: true } {
  const fault = revocationFault(record)
  if (fault !== undefined) return { fault, isWhole: true }
  const { reason, ...rest } = record
  // Another release may know more reasons.
  return { revocation: { ...rest, ...(isReason(reason) && { reason }) } as unknown as LedgerRevocation }
}

function revocationFault(record: Readonly<Record<string, unknown>>): string | undefined {
  const missing = TEXTS.find((key) => typeof record[key] !== 'string')
  if (missing !== undefined) return `its "${missing}" is not a string`
  if (!KEYS.has(typeof record['key'])) return 'its "key" is not a string'
  const undated = (['revokedAt', 'notAfter'] as const).find((key) => Number.isNaN(Date.parse(record[key] as string)))
  if (undated !== undefined) return `its "${undated}" is not a date`
  if (!KINDS.has(record['kind'])) return `its "kind" is ${JSON.stringify(record['kind'])}`
  return /^-?[0-9A-F]{1,40}$/i.test(record['serial'] as string) ? undefined : 'its "serial" is not hexadecimal'
}
