import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { PkiError } from '../base/errors.ts'
import { PUBLIC_MODE, readIfThere } from '../base/files.ts'
import { openCertificate, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import type { Authority } from '../pki/ca.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import { keepBeside, putFiles, type NewFile } from '../base/replace-files.ts'
import { caCopy } from './ensure-leaf.ts'
import { holdsCa } from './leaf.ts'
import { caPaths, clientPaths, type LeafPaths } from './layout.ts'
import { clientNames } from './list.ts'
import { settleSwap, swapFiles } from './swap.ts'
import { keyFingerprint } from '../pki/key-type.ts'
import { appendToLedger, ledgerEntry } from './ledger.ts'
import { checkLedger } from './ledger-check.ts'
import { DEFAULT_LEAF_DAYS, MAX_LEAF_DAYS, parseDays } from '../pki/lifetime.ts'
import { openCertificates } from '../pki/load-ca.ts'
import { readRequest, type RequestFacts } from '../pki/read-request.ts'
import { signRead, type SignOptions } from '../pki/sign-request.ts'

/** For {@link PkiFolder.signClient}. */
export interface FolderSignOptions extends SignOptions {
  /**
   * Signs for a client that is there with another key. What is there is kept beside the new certificate.
   *
   * @defaultValue false
   */
  readonly force?: boolean
  /** Opens the authority's key, where it is encrypted. */
  readonly passphrase?: Passphrase
}

/** What became of a request. */
export interface FolderSignResult {
  /** `created`: there was no such client. `replaced`: what was there is kept beside the new one. */
  readonly action: 'created' | 'replaced'
  /** The client's files; its key is not among them. */
  readonly paths: Omit<LeafPaths, 'key'>
  /** What the certificate says. */
  readonly facts: CertificateFacts
  /** What the request said. */
  readonly request: RequestFacts
  /** What the client's machine needs, as one PEM: the certificate, then the authority. Nothing in it is secret. */
  readonly answer: string
  /** Where the old files are now. */
  readonly keptAside: readonly string[]
  /** What a person should know: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** What is in the client's folder, and whose key each file is about. */
interface Present {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** The fingerprints of their public keys; `unreadable` for what is none. */
  readonly ofCert: string | undefined
  readonly ofKey: string | undefined
}

/** Signs a request into the folder. All that can be refused is refused before the authority's key is asked for. */
export async function signClient(
  root: string,
  pem: string | Uint8Array,
  { days = DEFAULT_LEAF_DAYS, force = false, name, file }: Omit<FolderSignOptions, 'passphrase'>,
  open: () => Promise<Authority>,
): Promise<FolderSignResult> {
  const life = parseDays(days, MAX_LEAF_DAYS)
  const request = readRequest(pem, { ...(name !== undefined && { name }), ...(file !== undefined && { file }) })
  const paths = clientPaths(root, request.name)
  await checkLedger(root)
  const keptAside = await settleSwap(paths)
  const present = await readPresent(paths)
  if (!force) refuseOtherKey(paths, present, request)
  const twins = await namesOfKey(root, request)
  const authority = await open()
  const signed = signRead(authority, request, life)
  const keyStays = present.ofKey === request.keyFingerprint256
  const entry = ledgerEntry('client', signed.facts)
  await appendToLedger(caPaths(root).ledger, keyStays ? entry : { ...entry, keyHeld: 'client' })
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
    notes: [
      ...notesOf(present, request),
      ...twinNotes(twins),
      ...(signed.cutToAuthority ? [cutNote(signed.facts)] : []),
    ],
  }
}

/** Other clients whose certificates are for the same key. */
async function namesOfKey(root: string, { name, keyFingerprint256 }: RequestFacts): Promise<string[]> {
  const others = (await clientNames(root)).filter((other) => other !== name)
  const keys = await Promise.all(
    others.map(async (other) => keyOfCertificate(await readIfThere(clientPaths(root, other).cert))),
  )
  return others.filter((_, index) => keys[index] === keyFingerprint256)
}

function twinNotes(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const line = `The same key has a certificate as ${names.join(' and ')} already: who holds it gets in by each name, and a stolen key by all`
  return [line]
}

async function readPresent(paths: LeafPaths): Promise<Present> {
  const [ca, cert, key] = [await readIfThere(paths.ca), await readIfThere(paths.cert), await readIfThere(paths.key)]
  return {
    ca,
    cert,
    key,
    ofCert: keyOfCertificate(cert),
    ofKey: key === undefined ? undefined : fingerprintOf(() => createPublicKey(createPrivateKey(key))),
  }
}

function keyOfCertificate(cert: string | undefined): string | undefined {
  return cert === undefined ? undefined : fingerprintOf(() => openCertificate(cert).publicKey)
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
 * A name is who somebody is to dockerd and to its authorization plugins: it isn't given to a second key in passing. The
 * first key keeps its access whatever is done here.
 */
function refuseOtherKey({ folder }: LeafPaths, { cert, ofCert, ofKey }: Present, request: RequestFacts): void {
  const other = [ofCert, ofKey].find((key) => key !== undefined && key !== request.keyFingerprint256)
  if (other === undefined) return
  const whose = other === UNREADABLE ? 'and what is there can not be read' : `with another key, ${other}`
  throw new PkiError('ERR_REQUEST_REFUSED', {
    tried: `signing for the client ${request.name} the key ${request.keyFingerprint256}`,
    got: `${folder} is there already, ${whose}`,
    todo: `Another person or program gets another name:  --name OTHER ; if it is the same one with a new key, --force signs it${oldAccess(cert)}.`,
  })
}

function oldAccess(cert: string | undefined): string {
  const end = cert === undefined ? undefined : endOf(cert)
  return end === undefined ? '' : ` (the old certificate works until ${end} all the same: dockerd knows no revocation)`
}

function endOf(cert: string): string | undefined {
  try {
    return day(readCertificate(cert))
  } catch {
    return undefined
  }
}

function day({ validTo }: CertificateFacts): string {
  return validTo.toISOString().slice(0, 10)
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
  // Last: a key without its certificate would be taken for half a pair, and completed.
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
      : [`The old certificate of ${name} works until ${end} all the same: dockerd knows no revocation`]),
  ]
}

function cutNote(facts: CertificateFacts): string {
  return `It ends with its authority, on ${day(facts)}`
}
