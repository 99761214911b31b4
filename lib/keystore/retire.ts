import type { Passphrase } from '../pki/encrypted-key.ts'
import { keysInFolder } from './certificate-keys.ts'
import { writeLists } from './crl/write.ts'
import type { CrlState } from './crl/state.ts'
import { caPaths } from './layout.ts'
import { appendRevocations } from './ledger.ts'
import { planServerRemoval, removeServer, type ServerRemoval } from './remove-server.ts'
import type { KnownCertificate } from './renew/known.ts'
import { findRevocation } from './revocation.ts'
import { settleFolder } from './leftovers.ts'

/** A server that no longer exists. */
export interface Retirement {
  /** The common name in its certificate. */
  readonly name: string
  /** All names in its certificate. */
  readonly sans: readonly string[]
  /** Its certificates that haven't expired and aren't revoked. */
  readonly certificates: readonly KnownCertificate[]
  /** Its files in the folder. */
  readonly removal: ServerRemoval
}

/**
 * Determines what it means to retire a server. Changes nothing.
 *
 * @param called - its folder (`server`, `hosts/HOST`, `HOST`), or one of its names
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CA_MISSING, ERR_LEDGER_INVALID, ERR_LEDGER_MISMATCH
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function planRetirement(root: string, called: string): Promise<Retirement> {
  const { name, host, revocable } = await findRevocation(root, { kind: 'server', called })
  const removal = await planServerRemoval(root, host)
  if (removal === undefined) throw new TypeError(`another run has removed ${called}`)
  const sans = revocable.find(({ path }) => path === removal.paths.cert)?.sans ?? []
  return { name, sans, certificates: revocable.filter(isValid), removal }
}

function isValid({ revoked, notAfter }: KnownCertificate): boolean {
  return revoked === undefined && Date.parse(notAfter) > Date.now()
}

/**
 * Revokes the certificates of a server that no longer exists, and removes its files: from then on, it is no part of renewals,
 * rotations and warnings. If it is killed in between, the next call does the rest.
 *
 * @throws {@link PkiError} ERR_CA_PASSPHRASE and others of the CA, before anything is changed
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function retireServer(
  root: string,
  { certificates, removal }: Retirement,
  passphrase: Passphrase | undefined,
): Promise<CrlState> {
  await settleFolder(root)
  const keys = await keysInFolder(root)
  const revokedAt = new Date().toISOString()
  const lines = certificates.map(({ name, serial, fingerprint256, notAfter }) => {
    const key = keys.get(fingerprint256)
    const reason = 'cessationOfOperation' as const
    return { revokedAt, reason, kind: 'server' as const, name, serial, fingerprint256, notAfter, ...(key && { key }) }
  })
  const note = (): Promise<void> => appendRevocations(caPaths(root).ledger, lines)
  const crl = await writeLists(root, { passphrase, before: note })
  await removeServer(removal)
  return crl
}
