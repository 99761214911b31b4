import { PkiError } from '../base/errors.ts'
import { sentence, type CommandPart } from '../base/sentence.ts'
import { caPaths } from './layout.ts'
import { readRecords, readRevocations } from './ledger.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'

/**
 * Was the client revoked, and has it got no certificate since?
 *
 * @returns its last revocation
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function revocationOf(root: string, client: string): Promise<LedgerRevocation | undefined> {
  const records = await readRecords(caPaths(root).ledger)
  const isOwn = (one: { readonly kind: string; readonly name: string } | undefined): boolean =>
    one?.kind === 'client' && one.name === client
  const own = records.filter(({ entry, revocation }) => isOwn(entry) || isOwn(revocation))
  const last = own.at(-1)
  // A certificate that was adopted after its revocation has the later line.
  return (
    last?.revocation ??
    own.find(({ revocation }) => revocation?.fingerprint256 === last?.entry?.fingerprint256)?.revocation
  )
}

/**
 * Remembers what has been revoked under a name. Opening the CA key takes time, and whoever issues a certificate, even with
 * `force`, has decided without knowing a revocation that came meanwhile.
 *
 * @returns finds the newest revocation since; undefined if there is none
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function watchRevocations(
  root: string,
  kind: LedgerRevocation['kind'],
  name: string,
): Promise<() => Promise<LedgerRevocation | undefined>> {
  const read = async (): Promise<LedgerRevocation[]> =>
    (await readRevocations(caPaths(root).ledger)).filter((one) => one.kind === kind && one.name === name)
  const { length } = await read()
  return async () => (await read()).slice(length).at(-1)
}

/** The revocation of each certificate, by its SHA-256. */
export async function revocationsByFingerprint(root: string): Promise<ReadonlyMap<string, LedgerRevocation>> {
  const all = await readRevocations(caPaths(root).ledger)
  return new Map(all.map((one) => [one.fingerprint256, one]))
}

/** The error for a new certificate of a revoked client. `anyway` is the command that issues it. */
export function clientRevoked(
  tried: string,
  { name, revokedAt, reason }: LedgerRevocation,
  anyway: CommandPart,
): PkiError {
  const why = reason === undefined ? '' : ` (${reason})`
  return new PkiError('ERR_CLIENT_REVOKED', {
    tried,
    got: `${name} was revoked on ${revokedAt.slice(0, 10)}${why}`,
    todo: sentence`Use another name. If this client may come back under its name, issue a new certificate:  ${anyway}`,
  })
}
