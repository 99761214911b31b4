import { PkiError } from '../base/errors.ts'
import { sentence, type CommandPart } from '../base/sentence.ts'
import { noteListed } from './crl/note.ts'
import { caPaths } from './layout.ts'
import { readRecords, readRevocations } from './ledger.ts'
import { firstLines, type LedgerRevocation } from './ledger-revocation.ts'

/**
 * Was the client revoked, and has it got no certificate since? The revocation of an older certificate than its newest doesn't count: it
 * may have a later line, since the ledger gets it back from a list.
 *
 * @returns its revocation
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function revocationOf(root: string, client: string): Promise<LedgerRevocation | undefined> {
  const records = await readRecords(caPaths(root).ledger)
  const own = records.filter(({ entry, revocation }) => isOf(client, entry ?? revocation))
  const lastIndex = own.findLastIndex(({ revocation }) => revocation !== undefined)
  const last = own[lastIndex]?.revocation
  if (last === undefined) return undefined
  const revoked = firstLines(
    own.flatMap(({ revocation }) => revocation ?? []),
    fingerprintOf,
  )
  const listed = new Set(own.map(({ entry }) => entry?.fingerprint256))
  const newest = own.findLast(({ entry, revocation }, index) => {
    // A revoked certificate without an entry was installed then.
    if (entry === undefined) return !listed.has(revocation?.fingerprint256)
    // One that had expired was left out when the others were revoked.
    const isLeftOut = index < lastIndex && Date.parse(entry.notAfter) <= Date.parse(last.revokedAt)
    return revoked.has(entry.fingerprint256) || !isLeftOut
  })
  return revoked.get((newest?.entry ?? newest?.revocation)?.fingerprint256 ?? '')
}

function isOf(client: string, one: { readonly kind: string; readonly name: string } | undefined): boolean {
  return one?.kind === 'client' && one.name === client
}

/**
 * Begins to issue a certificate: the ledger first gets back what only a list says is revoked, and it remembers what has been
 * revoked under a name. Opening the CA key takes time, and whoever issues a certificate, even with `force`, has decided without
 * knowing a revocation that came meanwhile.
 *
 * @returns finds the newest revocation since; undefined if there is none
 * @throws {@link PkiError} ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function watchRevocations(
  root: string,
  kind: LedgerRevocation['kind'],
  name: string,
): Promise<() => Promise<LedgerRevocation | undefined>> {
  const read = async (): Promise<LedgerRevocation[]> =>
    (await readRevocations(caPaths(root).ledger)).filter((one) => one.kind === kind && one.name === name)
  await noteListed(root)
  const { length } = await read()
  return async () => (await read()).slice(length).at(-1)
}

/** The revocation of each certificate, by its SHA-256. */
export async function revocationsByFingerprint(root: string): Promise<ReadonlyMap<string, LedgerRevocation>> {
  const all = await readRevocations(caPaths(root).ledger)
  return firstLines(all, fingerprintOf)
}

const fingerprintOf = ({ fingerprint256 }: LedgerRevocation): string => fingerprint256

/** The error for a new certificate of a revoked client. `anyway` is the command that issues it, and `may` what it does. */
export function clientRevoked(
  tried: string,
  revocation: LedgerRevocation,
  anyway: CommandPart,
  may: string = 'issue a new certificate',
): PkiError {
  return new PkiError('ERR_CLIENT_REVOKED', {
    tried,
    got: revokedText(revocation),
    todo: sentence`Use another name. If this client may come back under its name, ${may}:  ${anyway}`,
  })
}

/** Who was revoked, when and why: a sentence without a full stop. */
export function revokedText({ name, revokedAt, reason }: LedgerRevocation): string {
  const why = reason === undefined ? '' : ` (${reason})`
  return `${name} was revoked on ${revokedAt.slice(0, 10)}${why}`
}
