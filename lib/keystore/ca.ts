import type { X509Certificate } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isDockerMtlsError, PkiError, type PkiErrorCode } from '../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, isFolder, readIfThere } from '../base/files.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { checkCaOptions, createAuthority, type Authority, type AuthorityOptions } from '../pki/ca.ts'
import { checkPassphrase, type Passphrase } from '../pki/encrypted-key.ts'
import { isOpenToOthers, putFiles, type NewFile } from '../base/replace-files.ts'
import { caPaths, commandLine, type AuthorityPaths } from './layout.ts'
import { keyTypeOf } from '../pki/key-type.ts'
import { appendToLedger, ledgerEntry, ledgerLine } from './ledger.ts'
import { checkCa, isEncryptedKey, loadAuthority, openCertificates } from '../pki/load-ca.ts'
import { readRotation } from './rotate/state.ts'

/** For the authority of a {@link PkiFolder}. */
export interface FolderAuthorityOptions extends AuthorityOptions {
  /** Encrypts the key of a new authority, and opens the key of one that is there. */
  readonly passphrase?: Passphrase
}

/** What became of an authority. */
export interface FolderAuthorityResult {
  /** `kept`: it was there, and nothing was written. `replaced`: the old one is kept beside it. */
  readonly action: 'kept' | 'created' | 'replaced'
  readonly paths: AuthorityPaths
  readonly facts: CertificateFacts
  /** Where the old files are now. */
  readonly keptAside: readonly string[]
  /** What a person should know: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** The two files of an authority, both there. */
export interface CaPair {
  readonly certificate: string
  readonly key: string
}

/** An authority that was opened, and the files that it came from. */
export interface OpenedCa extends CaPair {
  readonly authority: Authority
}

/** What is told, and what is kept for signing. */
interface Outcome {
  readonly result: FolderAuthorityResult
  /** Absent where the key is locked. */
  readonly opened?: OpenedCa
}

/** How long another run may take between the first and the last file of a pair: some milliseconds. */
const SETTLE_MS = 100

/** Keeps the authority that is there, or makes one. Half an authority, or one that can't sign, is an error. */
export async function ensureAuthority(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const { passphrase, ...wanted } = options
  checkCaOptions(wanted)
  if (passphrase !== undefined) checkPassphrase(passphrase)
  const pair = await readCaPair(root)
  if (pair !== undefined) return keep(root, pair, options)
  try {
    return await create(root, options)
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) throw error
    // Another run was first: theirs is the authority, and ours was never seen.
    await wait(SETTLE_MS)
    const theirs = await readCaPair(root)
    if (theirs === undefined) throw error
    return keep(root, theirs, options)
  }
}

/** Makes a new authority whatever is there, and keeps that beside it. */
export async function replaceAuthority(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const paths = caPaths(root)
  const old = { certificate: await readIfThere(paths.cert), key: await readIfThere(paths.key) }
  const files = await newAuthority(paths, options)
  refuseSameName(root, files.facts, old.certificate)
  const inFolder = await isFolder(paths.folder)
  if (inFolder) await appendToLedger(paths.ledger, ledgerEntry('ca', files.facts))
  const inTheWay = [
    ...(old.certificate === undefined ? [] : [paths.cert]),
    ...(old.key === undefined ? [] : [paths.key]),
  ]
  const keptAside = await putFiles(paths.folder, inFolder ? files.pair : files.all, inTheWay)
  const openNow = old.key !== undefined && isEncryptedKey(old.key) && options.passphrase === undefined
  return {
    result: {
      action: keptAside.length === 0 ? 'created' : 'replaced',
      paths,
      facts: files.facts,
      keptAside,
      notes: openNow ? ['The old key was encrypted, and the new one is not'] : [],
    },
    opened: files.opened,
  }
}

/**
 * The pair that is there, or undefined where there is neither. One without the other is an error: it can't be known
 * whether the other half is lost.
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
      const todo = `Put ${missing} back from a backup, or make a new authority (what is there is kept beside it):  `
      const got = `${there} is there, and ${missing} is not`
      throw failure(root, 'ERR_CA_INVALID', got, todo + replaceCommand(root))
    }
    await wait(SETTLE_MS)
  }
}

/** Loads the authority for signing. */
export async function openFolderCa(
  root: string,
  pair: CaPair | undefined,
  passphrase: Passphrase | undefined,
): Promise<Authority> {
  if (pair === undefined) {
    throw failure(root, 'ERR_CA_MISSING', 'there is none', `Make one:  ${commandLine('cert', 'ca', '--dir', root)}`)
  }
  try {
    return await loadAuthority({ ...pair, ...(passphrase !== undefined && { passphrase }) })
  } catch (cause) {
    const failed = named(root, cause)
    const isLate =
      failed instanceof PkiError && failed.code === 'ERR_CA_EXPIRED' && (await readRotation(root)) !== undefined
    // While it is rotated it can't be replaced.
    throw isLate ? failure(root, failed.code, failed.got, goOn(root), cause) : failed
  }
}

/** The authority's certificate, checked as far as that goes without its key. */
export function readCaCertificate(root: string, pair: CaPair): X509Certificate {
  try {
    const [first] = openCertificates(pair.certificate)
    checkCa(first)
    return first
  } catch (cause) {
    throw named(root, cause)
  }
}

async function keep(
  root: string,
  pair: CaPair,
  { passphrase, keyType, commonName }: FolderAuthorityOptions,
): Promise<Outcome> {
  const paths = caPaths(root)
  // Of a locked authority the certificate alone is looked at.
  const locked = isEncryptedKey(pair.key) && passphrase === undefined
  const authority = locked ? undefined : await openFolderCa(root, pair, passphrase)
  const facts = authority?.facts ?? readCertificate(readCaCertificate(root, pair))
  const type = keyTypeOf(facts.key)
  const notes = [
    ...(keyType === undefined || keyType === type ? [] : [`The authority's key stays ${type}`]),
    ...(commonName === undefined || commonName === facts.commonName ? [] : [`The authority stays ${facts.subject}`]),
    ...(passphrase === undefined || isEncryptedKey(pair.key) ? [] : [`${paths.key} is not encrypted`]),
    ...((await isOpenToOthers(paths.key)) ? [`Others can read ${paths.key}: chmod 600 it`] : []),
  ]
  const result = { action: 'kept', paths, facts, keptAside: [], notes } as const
  return authority === undefined ? { result } : { result, opened: { ...pair, authority } }
}

interface NewAuthority {
  readonly opened: OpenedCa
  readonly facts: CertificateFacts
  readonly pair: readonly NewFile[]
  /** With the ledger's first line. */
  readonly all: readonly NewFile[]
}

async function newAuthority(paths: AuthorityPaths, options: FolderAuthorityOptions): Promise<NewAuthority> {
  const { passphrase, ...wanted } = options
  if (passphrase !== undefined) checkPassphrase(passphrase)
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
    all: [...pair, { path: paths.ledger, data: ledgerLine(ledgerEntry('ca', facts)), mode: KEY_MODE }],
  }
}

/** A folder that isn't there yet comes with all its files in one step; into one that is there go two. */
async function create(root: string, options: FolderAuthorityOptions): Promise<Outcome> {
  const paths = caPaths(root)
  const { all, pair, facts, opened } = await newAuthority(paths, options)
  const inFolder = await isFolder(paths.folder)
  if (inFolder) await appendToLedger(paths.ledger, ledgerEntry('ca', facts))
  await putFiles(paths.folder, inFolder ? pair : all, [])
  return { result: { action: 'created', paths, facts, keptAside: [], notes: [] }, opened }
}

/** A new authority under the old one's name makes both sides report a bad signature instead of an unknown authority. */
function refuseSameName(root: string, { subject }: CertificateFacts, oldPem: string | undefined): void {
  let taken = false
  try {
    taken = openCertificates(oldPem ?? '').some((old) => readCertificate(old).subject === subject)
  } catch {
    // What can't be read is about to be replaced for just that reason.
  }
  if (!taken) return
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `replacing the authority in ${caPaths(root).folder}`,
    got: `the old one has the same name, ${subject}`,
    todo: 'Give the new one another name, or none: then it is named after its key.',
  })
}

function replaceCommand(root: string): string {
  return commandLine('cert', 'ca', '--replace-ca', '--dir', root)
}

function goOn(root: string): string {
  return `Another one is about to take its place; go on with that:  ${commandLine('cert', 'rotate-ca', '--dir', root)}`
}

/** The same failure, with the folder in it. */
function named(root: string, cause: unknown): unknown {
  if (!(cause instanceof PkiError)) return cause
  return failure(
    root,
    cause.code,
    cause.got,
    cause.todo.replace(/docker-mtls cert ca --replace-ca$/, () => replaceCommand(root)),
    cause,
  )
}

function failure(root: string, code: PkiErrorCode, got: string, todo: string, cause?: unknown): PkiError {
  return new PkiError(code, { tried: `using the authority in ${caPaths(root).folder}`, got, todo, cause })
}
