import type { X509Certificate } from 'node:crypto'
import { PkiError } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, readIfThere } from '../base/files.ts'
import { checkOptions } from '../base/options.ts'
import { putFiles, replaceFiles, type NewFile } from '../base/replace-files.ts'
import { ours, sentence } from '../base/sentence.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { parseClientName } from '../pki/client-name.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { createIssuer, DEFAULT_ISSUER_DAYS, loadIssuer, recertifyIssuer } from '../pki/issuer.ts'
import type { KeyType } from '../pki/key-type.ts'
import { MAX_LEAF_DAYS, parseDays } from '../pki/lifetime.ts'
import { PkiFolder } from './folder.ts'
import { caPaths, issuerPaths, type LeafPaths } from './layout.ts'
import { appendToLedger } from './ledger.ts'
import { checkLedger } from './ledger-check.ts'
import { ledgerEntry } from './ledger-line.ts'
import { settleFolder } from './leftovers.ts'
import { listCertificates } from './installed.ts'
import { cutNotes } from './notes.ts'
import { renewAfter } from './renew/due.ts'
import { isFromCurrentCa } from './rotate/cas.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'
import { revokedText, watchRevocations } from './revoked.ts'
import { notedRevocation, revocationFinder } from './revoked-key.ts'
import { settleSwap, swapFiles } from './swap.ts'
import { refuseTakenName } from './taken-name.ts'

/** Options of {@link ensureIssuer}. */
export interface IssuerFolderOptions {
  /** The folder that `init` created. */
  readonly folder: string
  /** Its name, which becomes a folder in `issuers/`. One for each gateway. */
  readonly name: string
  /** The lifetime in days. @defaultValue 90, or that of the old one */
  readonly days?: number
  /** @defaultValue `'p256'` */
  readonly keyType?: KeyType
  /** Issues a new certificate for the key, also if the old one isn't due. @defaultValue false */
  readonly renew?: boolean
  /** Creates a new key, which ends everything that the old one has signed. @defaultValue false */
  readonly force?: boolean
  /** Decrypts the CA key, if it is encrypted. */
  readonly passphrase?: Passphrase
}

/** The files of an issuer, and what was done about them. */
export interface IssuerResult {
  /** `kept`: it isn't due. `renewed`: the key stays, with a new certificate. `replaced`: a new key, too. */
  readonly action: 'created' | 'kept' | 'renewed' | 'replaced'
  /** The files. */
  readonly paths: Pick<LeafPaths, 'folder' | 'cert' | 'key'>
  /** Facts of the certificate. */
  readonly facts: CertificateFacts
  /** The new paths of replaced files. */
  readonly keptAside: readonly string[]
  /** Remarks: sentences without a full stop. */
  readonly notes: readonly string[]
}

/**
 * Keeps the issuer of a gateway, or creates one. If it has used two thirds of its life, it gets a new certificate for the same key.
 *
 * @throws {@link PkiError} ERR_ISSUER_INVALID, ERR_CLIENT_REVOKED, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID,
 *   ERR_LEDGER_MISMATCH, and those of {@link PkiFolder.openAuthority}
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS
 * @example
 * ```ts
 * const { paths } = await ensureIssuer({ folder: 'docker-mtls', name: 'renewals' })
 * ```
 */
export async function ensureIssuer(options: IssuerFolderOptions): Promise<IssuerResult> {
  checkOptions(options, ['folder', 'name', 'days', 'keyType', 'renew', 'force', 'passphrase'], 'ensureIssuer')
  const { folder: root, renew = false, force = false } = options
  const name = parseClientName(options.name)
  if (options.days !== undefined) parseDays(options.days, MAX_LEAF_DAYS)
  // Throws if there is no CA, before a lock file is created beside it.
  await listCertificates(root)
  await settleFolder(root)
  await checkLedger(root)
  const paths = issuerPaths(root, name)
  const revokedSince = await watchRevocations(root, 'issuer', name)
  const check = async (): Promise<void> => refuseRevoked(root, name, await revokedSince())
  await settleSwap(paths)
  await refuseTakenName(root, 'issuer', name)
  const present = await readPresent(paths)
  if (present === undefined || force) return issue(options, paths, present, check)
  refuseRevoked(root, name, (await revocationFinder(root))(present.x509))
  const isCurrent = await isFromCurrentCa(root, present.x509.toString())
  const isDue = renewAfter(ledgerEntry('issuer', present.facts)).getTime() <= Date.now()
  if (isCurrent && !isDue && !renew) return { action: 'kept', paths, facts: present.facts, keptAside: [], notes: [] }
  return recertify(options, paths, present.x509, async () => {
    await check()
    refuseRevoked(root, name, await notedRevocation(root, present.x509))
  })
}

interface Present {
  readonly x509: X509Certificate
  readonly facts: CertificateFacts
}

/** @throws {@link PkiError} ERR_ISSUER_INVALID */
async function readPresent({ cert, key }: LeafPaths): Promise<Present | undefined> {
  const [pem, keyPem] = [await readIfThere(cert), await readIfThere(key)]
  if (pem === undefined && keyPem === undefined) return undefined
  loadIssuer({ cert: pem ?? '', key: keyPem ?? '' })
  const x509 = openCertificate(pem ?? '', cert)
  return { x509, facts: readCertificate(x509, cert) }
}

function refuseRevoked(root: string, name: string, revocation: LedgerRevocation | undefined): void {
  if (revocation === undefined) return
  const isOwn = revocation.kind === 'issuer' && revocation.name === name
  throw new PkiError('ERR_CLIENT_REVOKED', {
    tried: `renewing the issuer ${name}`,
    got: `${isOwn ? '' : 'a certificate with its key was revoked: '}${revokedText(revocation)}`,
    todo: sentence`Create a new key. Clients whose certificates it has renewed need new ones:  ${ours('cert', 'issuer', name, '--force', '--dir', root)}`,
  })
}

async function issue(
  { folder: root, name, days, keyType, passphrase }: IssuerFolderOptions,
  paths: LeafPaths,
  present: Present | undefined,
  check: () => Promise<void>,
): Promise<IssuerResult> {
  const authority = await new PkiFolder(root).openAuthority(passphrase)
  const options = { name, ...(days !== undefined && { days }), ...(keyType !== undefined && { keyType }) }
  const { cert, key, facts, cutToAuthority } = await createIssuer(authority, options)
  await appendToLedger(caPaths(root).ledger, ledgerEntry('issuer', facts), check)
  const files: NewFile[] = [
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: cert, mode: PUBLIC_MODE },
  ]
  const keptAside = present ? await swapFiles(paths, files) : await putFiles(paths.folder, files, [])
  return { action: present ? 'replaced' : 'created', paths, facts, keptAside, notes: cutNotes(facts, cutToAuthority) }
}

async function recertify(
  { folder: root, days, passphrase }: IssuerFolderOptions,
  paths: LeafPaths,
  old: X509Certificate,
  check: () => Promise<void>,
): Promise<IssuerResult> {
  const authority = await new PkiFolder(root).openAuthority(passphrase)
  const { cert, ...facts } = recertifyIssuer(authority, old, days ?? DEFAULT_ISSUER_DAYS)
  await appendToLedger(caPaths(root).ledger, ledgerEntry('issuer', facts), check)
  const keptAside = await replaceFiles([{ path: paths.cert, data: cert, mode: PUBLIC_MODE }], [paths.cert])
  return { action: 'renewed', paths, facts, keptAside, notes: [] }
}
