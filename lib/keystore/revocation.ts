import { PkiError } from '../base/errors.ts'
import { readIfThere } from '../base/files.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { keysInFolder } from './certificate-keys.ts'
import { caPaths, nextCaPaths } from './layout.ts'
import { listValidGranted } from './granted.ts'
import { readLedger } from './ledger.ts'
import { isInPlace, listKnown, type KnownCertificate } from './renew/known.ts'
import { serverCalled, serversCalled } from './renew/server-called.ts'
import { readRotation, type RotationPhase } from './rotate/state.ts'

/** The certificates of a folder that have not expired, and its CAs. */
export interface ValidCertificates {
  /** All that the ledger lists, and those that are installed without it. */
  readonly known: readonly KnownCertificate[]
  /** The CA; during a rotation, the next one as well. */
  readonly authorities: readonly KnownCertificate[]
  /**
   * The unexpired certificates that a daemon with these CAs accepts (none of an issuer), replaced and removed ones included. The ledger doesn't say
   * which CA issued a certificate, but a CA's line comes before those of its certificates.
   */
  readonly valid: readonly KnownCertificate[]
}

/**
 * Finds the certificates that daemons may still accept. It never misses one; after a rotation, it may list one of the old CA.
 *
 * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findValid(root: string, now: number = Date.now()): Promise<ValidCertificates> {
  const known = await listKnown(root, now)
  const places = new Set([caPaths(root).cert, nextCaPaths(root).cert])
  const isAuthority = ({ kind, path }: KnownCertificate): boolean => kind === 'ca' && places.has(path ?? '')
  const line = known.findIndex(isAuthority)
  // Certificates without a line come after the ledger's, and such a CA may have issued any of them.
  const first = line < (await readLedger(caPaths(root).ledger)).length ? line : 0
  const isValid = ({ kind, notAfter, state }: KnownCertificate): boolean =>
    kind !== 'ca' && kind !== 'issuer' && Date.parse(notAfter) > now && state !== 'of a replaced CA'
  return { known, authorities: known.filter(isAuthority), valid: known.slice(Math.max(0, first)).filter(isValid) }
}

/** A client or a server, by its name or one of the names of its server. */
export type Revoked =
  | { readonly kind: 'client'; readonly name: string }
  | { readonly kind: 'server'; readonly called: string }

/** The certificates of a client or a server, who accepts them, and what can end that: dockerd knows no revocation. */
export interface Revocation {
  /** Whose certificates they are. */
  readonly kind: 'client' | 'server'
  /** The name of the client, or the common name of the server. */
  readonly name: string
  /** Of one of several servers: its folder. */
  readonly host?: string
  /** Does the client still have a folder? A server has one in any case. */
  readonly isInPlace: boolean
  /** Its certificates that daemons with the folder's CAs, or clients of such a server, still accept. */
  readonly certificates: readonly KnownCertificate[]
  /** All of its certificates that haven't expired or are installed, also those of earlier CAs. */
  readonly revocable: readonly KnownCertificate[]
  /** The CAs that accept them. */
  readonly authorities: readonly KnownCertificate[]
  /** The servers in the folder. */
  readonly servers: readonly KnownCertificate[]
  /** The other clients in the folder. */
  readonly others: readonly KnownCertificate[]
  /** Is the CA key here? Without it, the CA can only be replaced at once. */
  readonly hasCaKey: boolean
  /** The rotation in progress. */
  readonly phase?: RotationPhase
}

/**
 * Finds what a revocation concerns. It changes nothing.
 *
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CA_MISSING, ERR_LEDGER_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findRevocation(root: string, revoked: Revoked): Promise<Revocation> {
  const { known, authorities, valid } = await findValid(root)
  const whose =
    revoked.kind === 'client' ? await ofClient(root, revoked.name, known) : ofServer(root, revoked.called, known)
  const { isSame, ...about } = whose
  const placed = known.filter(isInPlace)
  const state = await readRotation(root)
  return {
    ...about,
    kind: revoked.kind,
    isInPlace: placed.some(isSame),
    certificates: valid.filter(isSame),
    revocable: known.filter((one) => isSame(one) && isRevocable(one)),
    authorities,
    servers: placed.filter(({ kind }) => kind === 'server'),
    others: placed.filter((one) => one.kind === 'client' && !isSame(one)),
    hasCaKey: (await readIfThere(caPaths(root).key)) !== undefined,
    ...(state && { phase: state.phase }),
  }
}

/** The other clients that have a valid certificate for one of its keys: whoever has that key can connect under their names, too. */
export async function clientsWithSameKey(root: string, { revocable, others }: Revocation): Promise<string[]> {
  const valid = others.filter(({ revoked, notAfter }) => revoked === undefined && Date.parse(notAfter) > Date.now())
  const keys = await keysInFolder(root, new Set([...revocable, ...valid].map(({ fingerprint256 }) => fingerprint256)))
  const own = new Set(revocable.map(({ fingerprint256 }) => keys.get(fingerprint256)))
  own.delete(undefined)
  return valid.filter(({ fingerprint256 }) => own.has(keys.get(fingerprint256))).map(({ name }) => name)
}

/** Is it a certificate of the client, or of an issuer of that name? */
export function isOfClient(called: string): (one: Pick<KnownCertificate, 'kind' | 'name'>) => boolean {
  return ({ kind, name }) => (kind === 'client' || kind === 'issuer') && name === called
}

/** Could somebody still use it? */
export function isRevocable(one: KnownCertificate): boolean {
  return isInPlace(one) || Date.parse(one.notAfter) > Date.now()
}

interface Whose {
  readonly name: string
  readonly host?: string
  readonly isSame: (one: KnownCertificate) => boolean
}

async function ofClient(root: string, called: string, known: readonly KnownCertificate[]): Promise<Whose> {
  const isSame = isOfClient(called)
  if (known.some(isSame)) return { name: called, isSame }
  const [got, todo] = await whyNotFound(root, called, known)
  throw new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `revoking the certificate of the client ${called} in ${root}`,
    got,
    todo,
  })
}

async function whyNotFound(
  root: string,
  called: string,
  known: readonly KnownCertificate[],
): Promise<[got: string, todo: Sentence]> {
  if (serversCalled(called, known).length > 0)
    return [
      `${called} is a server`,
      sentence`Name it as a server:  ${ours('cert', 'revoke', '--host', called, '--dir', root)}`,
    ]
  const grants = await listValidGranted(root, called)
  if (grants.length > 0)
    return [
      `${called} has only a grant, with the certificate ${enumerate(grants.map(({ commonName }) => commonName))}`,
      sentence`End the grant:  ${ours('grant', 'end', called, '--dir', root)}`,
    ]
  return [
    'none was ever issued here',
    sentence`Check the name and the folder. To list all certificates:  ${ours('cert', 'list', '--dir', root)}`,
  ]
}

/** Earlier certificates of a server have its name as well. */
function ofServer(root: string, called: string, known: readonly KnownCertificate[]): Whose {
  const { name, host } = serverCalled(root, called, known, 'revoking the certificate of')
  const isSame = (one: KnownCertificate): boolean =>
    one.kind === 'server' && one.name === name && (one.path === undefined || one.host === host)
  return { name, ...(host !== undefined && { host }), isSame }
}
