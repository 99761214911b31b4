import type { X509Certificate } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ours, plainTexts, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { isDockerMtlsError, PkiError, sentencesOf, type PkiErrorCode } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, isFolder, readIfThere } from '../base/files.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { checkCaOptions, createAuthority, type Authority, type AuthorityOptions } from '../pki/ca.ts'
import { checkPassphrase, type Passphrase } from '../pki/encrypted-key.ts'
import { putFiles, type NewFile } from '../base/replace-files.ts'
import { makeKeyFolder } from './git-ignore.ts'
import { caPaths, type AuthorityPaths } from './layout.ts'
import { keyTypeOf } from '../pki/key-type.ts'
import { appendToLedger, newLedger } from './ledger.ts'
import { ledgerEntry } from './ledger-line.ts'
import { checkCa, isEncryptedKey, loadCa, openCertificates } from '../pki/load-ca.ts'
import { openKeyNotes } from './notes.ts'
import { readRotation } from './rotate/state.ts'
import { SETTLE_MS } from './swap.ts'

/** Options for the CA of a {@link PkiFolder}. */
export interface FolderAuthorityOptions extends AuthorityOptions {
  /** Encrypts the key of a new CA, and decrypts the key of an existing one. */
  readonly passphrase?: Passphrase
}

/** The CA of a folder, and what was done about it. */
export interface FolderAuthorityResult {
  /** `kept`: it existed, and nothing was written. `replaced`: the old files were kept under other names. */
  readonly action: 'kept' | 'created' | 'replaced'
  /** The files of the CA. */
  readonly paths: AuthorityPaths
  /** Facts of the CA certificate. */
  readonly facts: CertificateFacts
  /** The new paths of replaced files. */
  readonly keptAside: readonly string[]
  /** Remarks for the user: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** The two files of a CA, as PEM. */
export interface CaPair {
  readonly certificate: string
  readonly key: string
}

/** An open CA and the files that it was read from. */
export interface OpenedCa extends CaPair {
  readonly authority: Authority
}

/** The public result, and the CA for signing. */
interface Outcome {
  readonly result: FolderAuthorityResult
  /** Absent if the key is encrypted and no passphrase was given. */
  readonly opened?: OpenedCa
}

/** Keeps the existing CA or creates one. Half a CA, or one that can't sign, is an error. */
export async function ensureCa(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const { passphrase, ...wanted } = options
  checkCaOptions(wanted)
  if (passphrase !== undefined) checkPassphrase(passphrase)
  const pair = await readCaPair(root)
  if (pair !== undefined) return keep(root, pair, options)
  try {
    return await create(root, options)
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) throw error
    // Another run was first: its CA is used, and ours was never in the folder.
    await wait(SETTLE_MS)
    const theirs = await readCaPair(root)
    if (theirs === undefined) throw error
    return keep(root, theirs, options)
  }
}

/** Creates a new CA and keeps the files of the old one under other names. */
export async function replaceCa(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const paths = caPaths(root)
  const old = { certificate: await readIfThere(paths.cert), key: await readIfThere(paths.key) }
  const files = await newCa(paths, options)
  refuseSameName(root, files.facts, old.certificate)
  const inTheWay = [
    ...(old.certificate === undefined ? [] : [paths.cert]),
    ...(old.key === undefined ? [] : [paths.key]),
  ]
  const keptAside = await putCa(paths, files, inTheWay)
  const openNow = old.key !== undefined && isEncryptedKey(old.key) && options.passphrase === undefined
  return {
    result: {
      action: keptAside.length === 0 ? 'created' : 'replaced',
      paths,
      facts: files.facts,
      keptAside,
      notes: openNow ? ['The old CA key was encrypted; the new one is not'] : [],
    },
    opened: files.opened,
  }
}

/**
 * Reads the pair, or returns undefined if both files are missing. One without the other is an error, since the missing file
 * may be lost.
 */
export async function readCaPair(root: string): Promise<CaPair | undefined> {
  const paths = caPaths(root)
  for (let attempt = 1; ; attempt++) {
    const certificate = await readIfThere(paths.cert)
    const key = await readIfThere(paths.key)
    if (certificate !== undefined && key !== undefined) return { certificate, key }
    if (certificate === undefined && key === undefined) return undefined
    const [there, missing] = key === undefined ? ['ca.pem', 'ca-key.pem'] : ['ca-key.pem', 'ca.pem']
    if (attempt > 1) {
      const todo = sentence`Restore ${missing} from a backup. Only if there is none, create a new CA (the old files are kept):  ${replaceCommand(root)}`
      throw failure(root, 'ERR_CA_INVALID', `${there} exists, but ${missing} is missing`, todo)
    }
    await wait(SETTLE_MS)
  }
}

/** Opens the CA for signing. */
export async function openFolderCa(
  root: string,
  pair: CaPair | undefined,
  passphrase: Passphrase | undefined,
): Promise<Authority> {
  if (pair === undefined) {
    throw failure(root, 'ERR_CA_MISSING', `there is no CA in ${resolve(root)}`, createCaRemedy(root))
  }
  try {
    return loadCa({ ...pair, ...(passphrase !== undefined && { passphrase }) }, replaceCommand(root))
  } catch (cause) {
    // During a rotation the CA can't be replaced.
    const isRotating = isDockerMtlsError(cause, 'ERR_CA_EXPIRED') && (await readRotation(root)) !== undefined
    throw isRotating ? failure(root, cause.code, cause.got, continueRotation(root), cause) : withFolder(root, cause)
  }
}

/** Reads the CA certificate, and checks it as far as possible without the key. */
export function readCaCertificate(root: string, pair: CaPair): X509Certificate {
  try {
    const [first] = openCertificates(pair.certificate, replaceCommand(root))
    checkCa(first, replaceCommand(root))
    return first
  } catch (cause) {
    throw withFolder(root, cause)
  }
}

async function keep(
  root: string,
  pair: CaPair,
  { passphrase, keyType, commonName }: FolderAuthorityOptions,
): Promise<Outcome> {
  const paths = caPaths(root)
  // Without the passphrase only the certificate can be checked.
  const locked = isEncryptedKey(pair.key) && passphrase === undefined
  const authority = locked ? undefined : await openFolderCa(root, pair, passphrase)
  const facts = authority?.facts ?? readCertificate(readCaCertificate(root, pair))
  const type = keyTypeOf(facts.key)
  const notes: Sentence[] = [
    ...(keyType === undefined || keyType === type ? [] : [`The key type of the CA stays ${type}`]),
    ...(commonName === undefined || commonName === facts.commonName
      ? []
      : [`The name of the CA stays ${facts.subject}`]),
    ...(passphrase === undefined || isEncryptedKey(pair.key) ? [] : [`${paths.key} is not encrypted`]),
    ...(await openKeyNotes(paths.key)),
  ]
  const result = { action: 'kept', paths, facts, keptAside: [], notes: plainTexts(notes) } as const
  return authority === undefined ? { result } : { result, opened: { ...pair, authority } }
}

interface NewCa {
  readonly opened: OpenedCa
  readonly facts: CertificateFacts
  readonly pair: readonly NewFile[]
  /** With the ledger's first line. */
  readonly all: readonly NewFile[]
}

async function newCa(paths: AuthorityPaths, options: FolderAuthorityOptions): Promise<NewCa> {
  const { passphrase, ...wanted } = options
  const authority = await createAuthority(wanted)
  const { facts, certificate } = authority
  const key = await authority.exportKey(passphrase === undefined ? {} : { passphrase })
  const pair = [
    { path: paths.key, data: key, mode: KEY_MODE },
    { path: paths.cert, data: certificate, mode: PUBLIC_MODE },
  ]
  return {
    opened: { authority, certificate, key },
    facts,
    pair,
    all: [...pair, ...newLedger(paths.ledger, ledgerEntry('ca', facts))],
  }
}

async function create(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const paths = caPaths(root)
  const files = await newCa(paths, options)
  await putCa(paths, files, [])
  const { facts, opened } = files
  return { result: { action: 'created', paths, facts, keptAside: [], notes: [] }, opened }
}

/**
 * Writes a new CA. A new folder appears with all its files in one step; an existing one gets the pair.
 *
 * @param old - existing files in the way of the pair
 * @returns the new paths of the old files
 */
async function putCa(
  { folder, ledger }: AuthorityPaths,
  { all, pair, facts }: NewCa,
  old: readonly string[],
): Promise<string[]> {
  await makeKeyFolder(dirname(folder))
  const inFolder = await isFolder(folder)
  if (inFolder) await appendToLedger(ledger, ledgerEntry('ca', facts))
  return putFiles(folder, inFolder ? pair : all, old)
}

/** With a new CA of the same name, both sides would report a bad signature instead of an unknown CA. */
function refuseSameName(root: string, { subject }: CertificateFacts, oldPem: string | undefined): void {
  let taken = false
  try {
    taken = openCertificates(oldPem ?? '').some((old) => readCertificate(old).subject === subject)
  } catch {
    // An unreadable file is what the replacement is for.
  }
  if (!taken) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `replacing the CA in ${caPaths(root).folder}`,
    got: `the old CA has the same name, ${subject}`,
    todo: 'Choose another common name, or leave it out to name the new CA after its key.',
  })
}

/** What to do about a folder without a CA. A second CA would be wrong if only the folder is. */
export function createCaRemedy(root: string): Sentence {
  return sentence`Check that this is the folder that init created. If you have no CA yet, create one:  ${ours('cert', 'ca', '--dir', root)}`
}

function replaceCommand(root: string): CommandPart {
  return ours('cert', 'ca', '--replace-ca', '--dir', root)
}

function continueRotation(root: string): Sentence {
  return sentence`A rotation to a new CA is in progress. Continue it:  ${ours('cert', 'rotate-ca', '--dir', root)}`
}

/** The same failure, which names the folder. */
function withFolder(root: string, cause: unknown): unknown {
  if (!(cause instanceof PkiError)) return cause
  const { got, todo } = sentencesOf(cause)
  return failure(root, cause.code, got, todo, cause)
}

function failure(root: string, code: PkiErrorCode, got: Sentence, todo: Sentence, cause?: unknown): PkiError {
  return new PkiError(code, { tried: `using the CA in ${caPaths(root).folder}`, got, todo, cause })
}
