import { createPrivateKey, type KeyObject } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { PkiError } from '../base/errors.ts'
import { option, ours, sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { PUBLIC_MODE, readIfThere } from '../base/files.ts'
import { openCertificate, publicKeyOf, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { publicHalf } from '../identity/public-key.ts'
import type { Authority } from '../pki/ca.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { keepBeside, putFiles, type NewFile } from '../base/replace-files.ts'
import { caCopy } from './ensure-leaf.ts'
import { holdsCa } from './leaf.ts'
import { caPaths, clientPaths, type LeafPaths } from './layout.ts'
import { settleFolder } from './leftovers.ts'
import { clientNames } from './list.ts'
import { cutNotes, lastDay } from './notes.ts'
import { settleSwap, swapFiles } from './swap.ts'
import { refuseTakenName } from './taken-name.ts'
import { keyFingerprint } from '../pki/key-type.ts'
import { appendToLedger } from './ledger.ts'
import { ledgerEntry } from './ledger-line.ts'
import { checkLedger } from './ledger-check.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'
import { clientRevoked, revocationOf, watchRevocations } from './revoked.ts'
import { refuseRevokedKey } from './revoked-key.ts'
import { DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS, parseDays } from '../pki/lifetime.ts'
import { openCertificates } from '../pki/load-ca.ts'
import { readRequest, type RequestFacts } from '../pki/read-request.ts'
import { signRead, type SignOptions } from '../pki/sign-request.ts'

/** Options of {@link PkiFolder.signClient}. */
export interface FolderSignOptions extends SignOptions {
  /**
   * Signs another key for an existing client, or for a client that was revoked. The old files are kept under other names. A
   * revoked key is never signed again.
   *
   * @defaultValue false
   */
  readonly force?: boolean
  /** Decrypts the CA key, if it is encrypted. */
  readonly passphrase?: Passphrase
}

/** A signed request, and the client's files. */
export interface FolderSignResult {
  /** `created`: there was no such client. `replaced`: the old files were kept under other names. */
  readonly action: 'created' | 'replaced'
  /** The client's files, without its key. */
  readonly paths: Omit<LeafPaths, 'key'>
  /** Facts of the certificate. */
  readonly facts: CertificateFacts
  /** Facts of the request. */
  readonly request: RequestFacts
  /** The file for the client's machine, as PEM: the certificate, then the CA certificate. Nothing in it is secret. */
  readonly answer: string
  /** The new paths of replaced files. */
  readonly keptAside: readonly string[]
  /** Remarks for the user: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** The files in the client's folder, and the keys that they are for. */
interface Present {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Fingerprints of the public keys; `unreadable` if a file can't be parsed. */
  readonly ofCert: string | undefined
  readonly ofKey: string | undefined
}

/** Signs a request and keeps the certificate in the folder. All checks come before the CA key is opened. */
export async function signClient(
  root: string,
  pem: string | Uint8Array,
  { days = DEFAULT_LEAF_DAYS, force = false, name, file }: Omit<FolderSignOptions, 'passphrase'>,
  open: () => Promise<Authority>,
): Promise<FolderSignResult> {
  const life = parseDays(days, MAX_LEAF_DAYS)
  const request = readRequest(pem, { ...(name !== undefined && { name }), ...(file !== undefined && { file }) })
  const paths = clientPaths(root, request.name)
  await refuseTakenName(root, 'client', request.name)
  await checkLedger(root)
  const revokedSince = await watchRevocations(root, 'client', request.name)
  const refuse = (found: LedgerRevocation | undefined): void => refuseRevoked(root, request.name, found, file)
  const keptAside = await settleSwap(paths)
  await settleFolder(root)
  await refuseRevokedKey(root, request)
  if (!force) refuse(await revocationOf(root, request.name))
  const present = await readPresent(paths)
  if (!force) refuseOtherKey(paths, present, request)
  const twins = await namesOfKey(root, request)
  const authority = await open()
  const signed = await signRead(authority, request, life)
  const keyStays = present.ofKey === request.keyFingerprint256
  const entry = ledgerEntry('client', signed.facts)
  const line = keyStays ? entry : ({ ...entry, keyHeld: 'client' } as const)
  await appendToLedger(caPaths(root).ledger, line, async () => {
    await refuseRevokedKey(root, request)
    refuse(await revokedSince())
  })
  const certificates = openCertificates(authority.certificate)
  const keepsCa = present.ca !== undefined && holdsCa(present.ca, certificates)
  const copy = caCopy(paths, certificates)
  const cert = { path: paths.cert, data: signed.cert, mode: PUBLIC_MODE }
  keptAside.push(...(await put(paths, present, keepsCa ? [cert] : [copy, cert], keyStays)))
  const { folder, ca } = paths
  return {
    action: keptAside.length === 0 ? 'created' : 'replaced',
    paths: { folder, ca, cert: paths.cert },
    facts: signed.facts,
    request,
    answer: `${signed.cert}${keepsCa ? present.ca : copy.data}`,
    keptAside,
    notes: [...notesOf(present, request), ...twinNotes(twins), ...cutNotes(signed.facts, signed.cutToAuthority)],
  }
}

function refuseRevoked(root: string, name: string, revocation: LedgerRevocation | undefined, file = 'NAME.csr'): void {
  if (revocation === undefined) return
  const anyway = ours('cert', 'sign', file, '--dir', root, '--force')
  const may = 'make sure that the key of the request is a new one, and sign it'
  throw clientRevoked(`signing a request of the client ${name}`, revocation, anyway, may)
}

/** Other clients with a certificate for the same key. */
async function namesOfKey(root: string, { name, keyFingerprint256 }: RequestFacts): Promise<string[]> {
  const others = (await clientNames(root)).filter((other) => other !== name)
  const keys = await Promise.all(
    others.map(async (other) => keyOfCertificate(await readIfThere(clientPaths(root, other).cert))),
  )
  return others.filter((_, index) => keys[index] === keyFingerprint256)
}

function twinNotes(names: readonly string[]): string[] {
  if (names.length === 0) return []
  return [`The same key already has a certificate as ${enumerate(names)}, so its holder can connect under each name`]
}

async function readPresent(paths: LeafPaths): Promise<Present> {
  const [ca, cert, key] = [await readIfThere(paths.ca), await readIfThere(paths.cert), await readIfThere(paths.key)]
  return {
    ca,
    cert,
    key,
    ofCert: keyOfCertificate(cert),
    ofKey: key === undefined ? undefined : fingerprintOf(() => publicHalf(createPrivateKey(key))),
  }
}

function keyOfCertificate(cert: string | undefined): string | undefined {
  return cert === undefined ? undefined : fingerprintOf(() => publicKeyOf(openCertificate(cert)))
}

function fingerprintOf(open: () => KeyObject): string {
  try {
    return keyFingerprint(open())
  } catch {
    return UNREADABLE
  }
}

const UNREADABLE = 'unreadable'

/**
 * dockerd and its authorization plugins identify a client by its name, so a second key gets that name only with `force`.
 * The first key keeps its access in any case.
 */
function refuseOtherKey({ folder }: LeafPaths, { cert, ofCert, ofKey }: Present, request: RequestFacts): void {
  const other = [ofCert, ofKey].find((key) => key !== undefined && key !== request.keyFingerprint256)
  if (other === undefined) return
  throw new PkiError('ERR_REQUEST_REFUSED', {
    tried: `signing the key ${request.keyFingerprint256} for the client ${request.name}`,
    got:
      other === UNREADABLE
        ? `the client exists, and its files in ${folder} cannot be read`
        : `the client exists in ${folder} with another key, ${other}`,
    todo: sentence`For another person or program, use ${option('name', "'OTHER'")}. For the same one with a new key, use ${option('force', 'true')}${oldAccess(cert)}.`,
  })
}

function oldAccess(cert: string | undefined): string {
  const end = cert === undefined ? undefined : endOf(cert)
  return end === undefined
    ? ''
    : `; the old certificate still works until ${end}, since dockerd does not check revocation`
}

function endOf(cert: string): string | undefined {
  try {
    return lastDay(readCertificate(cert))
  } catch {
    return undefined
  }
}

async function put(
  paths: LeafPaths,
  { ca, cert, key }: Present,
  files: readonly NewFile[],
  keyStays: boolean,
): Promise<string[]> {
  if (ca === undefined && cert === undefined && key === undefined) return putFiles(paths.folder, files, [])
  const keptAside = await swapFiles(paths, files)
  if (key === undefined || keyStays) return keptAside
  // The key goes last: without a certificate, it would be taken for an incomplete pair and completed.
  const aside = await keepBeside(paths.key)
  await fs.rm(paths.key, { force: true })
  return aside === undefined ? keptAside : [...keptAside, aside]
}

function notesOf({ cert, ofCert }: Present, { keyFingerprint256, leftOut, name }: RequestFacts): string[] {
  const end = cert === undefined || ofCert === keyFingerprint256 ? undefined : endOf(cert)
  return [
    ...(leftOut.length === 0 ? [] : [`Left out of the request: ${leftOut.join(', ')}`]),
    ...(end === undefined
      ? []
      : [`The old certificate of ${name} still works until ${end}: dockerd does not check revocation`]),
  ]
}
