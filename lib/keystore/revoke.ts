import { checkOptions } from '../base/options.ts'
import { ArgumentError } from '../base/errors.ts'
import { parseClientName } from '../pki/client-name.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { MAX_LEAF_DAYS, parseDays } from '../pki/lifetime.ts'
import { isReason, REASON_NUMBERS, type RevocationReason } from '../pki/revocation-reasons.ts'
import { keysInFolder } from './certificate-keys.ts'
import { isDue, readCrl, type CrlState } from './crl/state.ts'
import { writeLists } from './crl/write.ts'
import { caPaths } from './layout.ts'
import { appendRevocations, readRevocations } from './ledger.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'
import { settleFolder } from './leftovers.ts'
import { listCertificates } from './installed.ts'
import { listWanted, type KnownCertificate } from './renew/known.ts'
import { findRevocation, isOfClient, isRevocable, type Revocation } from './revocation.ts'

export type { Revocation } from './revocation.ts'
export { renewLists } from './crl/write.ts'

/** Options of {@link writeCrl}. */
export interface CrlFolderOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /**
   * For how many days the list is valid, 1 to 3,650. Once it has expired, gateways refuse every client of its CA, so choose it only if
   * something delivers the next one in time.
   *
   * @defaultValue until the CA expires; {@link revokeClient} keeps what was chosen for the list before
   */
  readonly crlDays?: number
  /** Decrypts the CA key, if it is encrypted. */
  readonly passphrase?: Passphrase
}

/** Options of {@link revokeClient}. */
export interface RevokeOptions extends CrlFolderOptions {
  /** The client. */
  readonly name: string
  /** Why. The ledger and the list say it. @defaultValue nobody says why */
  readonly reason?: RevocationReason
}

/** What was revoked, and the list that says so. */
export interface RevokeReport extends Revocation {
  /** The certificates that this call has revoked; none if all were revoked before. */
  readonly revokedNow: readonly KnownCertificate[]
  /** Was a new list written? It is also if a run before was killed before it could. */
  readonly isListWritten: boolean
  /** Absent: none of the client's certificates is valid any more. */
  readonly crl?: CrlState
}

/**
 * Revokes all certificates of a client that haven't expired, also replaced ones: notes it in the ledger, then writes the
 * revocation list of each CA in force to `ca/crl.pem`. A gateway that reads this file refuses the client from its next request
 * on. dockerd doesn't read it, so without a gateway the certificates work until they expire.
 *
 * If it is killed between the two, the next call writes the list. Revoking once more only repeats a line of the ledger, for a run that
 * issues a certificate at this moment.
 *
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_NAME_INVALID, ERR_DAYS_INVALID, ERR_CA_MISSING, ERR_CA_INVALID,
 *   ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { crl } = await revokeClient({ folder: 'docker-mtls', name: 'alice', reason: 'keyCompromise' })
 * ```
 */
export async function revokeClient(options: RevokeOptions): Promise<RevokeReport> {
  checkOptions(options, ['folder', 'name', 'reason', 'crlDays', 'passphrase'], 'revokeClient')
  const { folder: root, name, reason, passphrase } = options
  const days = checkedDays(options)
  if (reason !== undefined && !isReason(reason)) throw notAReason()
  const found = await findRevocation(root, { kind: 'client', name: parseClientName(name) })
  const isNew = found.revocable.some(({ revoked }) => revoked === undefined)
  const before = await readCrl(root)
  if (!isNew && (before === undefined || !isDue(before)) && (await repeat(root, name))) {
    return { ...found, revokedNow: [], isListWritten: false, ...(before && { crl: before }) }
  }
  await settleFolder(root)
  let revokedNow: KnownCertificate[] = []
  const note = async (): Promise<void> => {
    // Another run may have been first. One that issues may be in between: from the first line on, it refuses to go on.
    for (;;) {
      const left = await leftOf(root, name)
      if (left.length === 0 && (revokedNow.length > 0 || (await repeat(root, name)))) return
      const keys = await keysInFolder(root, new Set(left.map(({ fingerprint256 }) => fingerprint256)))
      const lines = left.map((one) => lineOf(one, reason, keys.get(one.fingerprint256)))
      await appendRevocations(caPaths(root).ledger, lines)
      revokedNow = [...revokedNow, ...left]
    }
  }
  const crl = await writeLists(root, { passphrase, life: days, before: note })
  const after = await findRevocation(root, { kind: 'client', name })
  return { ...after, revokedNow, isListWritten: true, crl }
}

/** The certificates that have to be revoked. */
async function leftOf(root: string, name: string): Promise<KnownCertificate[]> {
  const own = await listWanted(root, { isWanted: isOfClient(name) })
  return own.filter((one) => one.revoked === undefined && isRevocable(one))
}

/**
 * Repeats the last line about each kind of certificate of this name, with the date of now. So a run that issues one at this moment sees
 * that somebody has revoked the name once more, and a certificate that has expired since the first revocation doesn't count as a return.
 *
 * @returns whether there is still nothing to revoke; a run that issues may have been faster
 */
async function repeat(root: string, name: string): Promise<boolean> {
  const { ledger } = caPaths(root)
  const own = (await readRevocations(ledger)).filter((one) => one.name === name)
  const last = new Map(own.map((one) => [one.kind, one]))
  const revokedAt = new Date().toISOString()
  await appendRevocations(
    ledger,
    [...last.values()].map((one) => ({ ...one, revokedAt })),
  )
  return (await leftOf(root, name)).length === 0
}

function lineOf(
  { kind, name, serial, fingerprint256, notAfter }: KnownCertificate,
  reason: RevocationReason | undefined,
  key: string | undefined,
): LedgerRevocation {
  const revokedAt = new Date().toISOString()
  const whose = kind === 'issuer' ? kind : 'client'
  return {
    revokedAt,
    ...(reason && { reason }),
    kind: whose,
    name,
    serial,
    fingerprint256,
    notAfter,
    ...(key && { key }),
  }
}

/**
 * Writes the revocation list of each CA in force to `ca/crl.pem`, also if nothing was revoked: a gateway that requires a list
 * refuses everybody without one, and once it has expired.
 *
 * @throws {@link PkiError} ERR_DAYS_INVALID, ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE,
 *   ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * const { path, nextUpdate } = await writeCrl({ folder: 'docker-mtls', crlDays: 7 })
 * ```
 */
export async function writeCrl(options: CrlFolderOptions): Promise<CrlState> {
  checkOptions(options, ['folder', 'crlDays', 'passphrase'], 'writeCrl')
  const { folder: root, passphrase } = options
  const days = checkedDays(options)
  // Throws if there is no CA, before a lock file is created beside it.
  await listCertificates(root)
  await settleFolder(root)
  return writeLists(root, { passphrase, life: days ?? 'of-ca' })
}

function checkedDays({ crlDays }: CrlFolderOptions): number | undefined {
  return crlDays === undefined ? undefined : parseDays(crlDays, MAX_LEAF_DAYS, 'crlDays')
}

function notAReason(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'revoking a client',
    got: 'the reason is not one that a revocation list can have',
    todo: `Pass one of ${Object.keys(REASON_NUMBERS).join(', ')}, or leave it out.`,
  })
}
