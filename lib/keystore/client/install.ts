import { promises as fs } from 'node:fs'
import { resolve } from 'node:path'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { warningTexts } from '../../base/warning.ts'
import { renderClientEnv } from '../../endpoint/client-env.ts'
import { IdentityError, sentencesOf } from '../../base/errors.ts'
import { enumerate } from '../../base/text.ts'
import { KEY_MODE, PUBLIC_MODE, readIfThere } from '../../base/files.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import { readSet } from '../../identity/read-set.ts'
import { suggestClientName } from '../../pki/client-name.ts'
import type { NewFile } from '../../base/replace-files.ts'
import { removeClientLeftovers } from '../leftovers.ts'
import { settleSwap, swapFiles } from '../swap.ts'
import { planFile, putFile, type FileResult } from '../../base/rendered-file.ts'
import { readAnswer, type Answer } from './answer.ts'
import { clientFolder, defaultFolder, presentKeys, type ClientFolder, type PresentKey } from './folder.ts'
import { describeCa, compareTrust, type TrustChange, type TrustedAuthority } from './trust.ts'
import { checkBytes, checkOptions } from '../../base/options.ts'

export type { TrustedAuthority } from './trust.ts'

/** Options of {@link installClient}. */
export interface InstallOptions {
  /** The answer written by `cert sign`, as PEM: the certificate and the CA certificates. */
  readonly answer: string | Uint8Array
  /** How errors name the answer. @defaultValue `the answer` */
  readonly file?: string | undefined
  /** The folder with the key. @defaultValue `docker-mtls-NAME`, with the name in the certificate */
  readonly folder?: string | undefined
  /** The daemon for DOCKER_HOST; if set, a `.env` file is written as well. */
  readonly host?: string | undefined
  /** Accepts a CA other than the trusted one. @defaultValue false */
  readonly force?: boolean | undefined
}

/** The installed files. */
export interface InstallReport {
  /** `kept`: it existed. `created`: there was none. `replaced`: the old files were kept under other names. */
  readonly action: 'created' | 'kept' | 'replaced'
  /** The client's folder. */
  readonly folder: string
  /** Facts of the client certificate. */
  readonly client: CertificateFacts
  /** SHA-256 of the client's public key. */
  readonly keyFingerprint256: string
  /** The trusted CAs. */
  readonly authorities: readonly TrustedAuthority[]
  /** The new paths of replaced files. */
  readonly keptAside: readonly string[]
  /** The `.env` file, if `host` was set. */
  readonly env: FileResult | undefined
  /** Remarks: sentences without a full stop. */
  readonly notes: readonly string[]
  /** Warnings: sentences. */
  readonly warnings: readonly string[]
}

/**
 * Installs the answer to a request in the folder of the client's key. Everything is checked before anything is written.
 *
 * @param options - the answer, and the folder of the key
 * @returns the installed files
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID if it isn't an answer; ERR_CA_EXISTS if it contains another CA than the
 *   trusted one
 * @throws {@link IdentityError} if certificate, key and CA don't match, or a daemon would reject them
 * @throws {@link DaemonError} ERR_SHELL_UNQUOTABLE
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * await installClient({ answer: await readFile('alice.pem'), folder: 'docker-mtls-alice' })
 * ```
 */
export async function installClient(options: InstallOptions): Promise<InstallReport> {
  checkOptions(options, ['answer', 'file', 'folder', 'host', 'force'], 'installClient')
  checkBytes(options.answer, 'the answer')
  const { file = 'the answer', host, force = false } = options
  const answer = readAnswer(options.answer, file)
  const paths = clientFolder(
    options.folder ?? defaultFolder(suggestClientName(answer.facts.commonName ?? '') ?? 'NAME'),
  )
  await removeClientLeftovers(paths.folder)
  const keptAside = await settleSwap(paths)
  const key = await keyOf(answer, file, paths)
  const warnings = check(answer, file, key)
  const [ca, cert] = [await readIfThere(paths.ca), await readIfThere(paths.cert)]
  const trust = compareTrust({ path: paths.ca, was: ca, now: answer.ca }, force)
  const env = host === undefined ? undefined : await planEnv(host, paths)
  const isFirst = cert === undefined && ca === undefined
  keptAside.push(...(await put(paths, filesOf(paths, { ca, cert }, answer, key), answer)))
  const written = env && (await putFile(env, true))
  return {
    action: keptAside.length > 0 ? 'replaced' : isFirst ? 'created' : 'kept',
    folder: paths.folder,
    client: answer.facts,
    keyFingerprint256: answer.keyFingerprint256,
    authorities: trust.authorities,
    keptAside,
    env: written,
    notes: notesOf(trust),
    warnings,
  }
}

/** The key of the certificate: the one in use, or the next one. */
async function keyOf({ keyFingerprint256 }: Answer, file: string, paths: ClientFolder): Promise<PresentKey> {
  const keys = await presentKeys(paths)
  const own = keys.find(({ fingerprint256 }) => fingerprint256 === keyFingerprint256)
  // The check that follows reports a key that can't be opened.
  const chosen = own ?? keys.find(({ fingerprint256 }) => fingerprint256 === undefined)
  if (chosen !== undefined) return chosen
  const others = keys.map(({ path, fingerprint256 = '' }) => `${path} is ${fingerprint256}`)
  throw new IdentityError(keys.length === 0 ? 'ERR_IDENTITY_FILE_MISSING' : 'ERR_IDENTITY_KEY_MISMATCH', {
    tried: `installing ${file} in ${paths.folder}`,
    got:
      keys.length === 0
        ? 'it contains no key.pem'
        : `the certificate is for the key ${keyFingerprint256}, and ${enumerate(others)}`,
    todo: sentence`Use the folder in which the request was created:  ${ours('client', 'install', 'FILE', '--dir', 'DIR')}`,
  })
}

/** Checks certificate, key and CA as before a connection; errors name the files that they are in. */
function check({ ca, cert }: Answer, file: string, { pem, path }: PresentKey): readonly string[] {
  const credentials = {
    ca: { name: `the CA in ${file}`, text: ca },
    cert: { name: `the certificate in ${file}`, text: cert },
    key: { name: path, text: pem },
  }
  const now = Date.now()
  try {
    return warningTexts(readSet(credentials, { foreignClientCa: false }, { now }).warnings(now))
  } catch (cause) {
    if (!(cause instanceof IdentityError)) throw cause
    const { tried, got, todo } = sentencesOf(cause)
    throw new IdentityError(cause.code, { tried, got, todo: REMEDIES[cause.code] ?? todo, cause })
  }
}

/** Remedies for this machine, which has no CA. */
const SIGN_AGAIN = sentence`Have the request signed again on the machine with the CA:  ${ours('cert', 'sign', 'NAME.csr')}`
const REMEDIES: Readonly<Partial<Record<string, Sentence>>> = {
  ERR_IDENTITY_EXPIRED: SIGN_AGAIN,
  ERR_IDENTITY_PURPOSE: SIGN_AGAIN,
  ERR_IDENTITY_SIGNATURE: SIGN_AGAIN,
  ERR_IDENTITY_ISSUER: SIGN_AGAIN,
  ERR_IDENTITY_CERT_INVALID: SIGN_AGAIN,
  ERR_IDENTITY_KEY_ENCRYPTED: sentence`Decrypt it, because the Docker CLI can't read encrypted keys:  ${command('openssl', 'pkey', '-in', 'key.pem', '-out', 'key.pem.new')}`,
  ERR_IDENTITY_KEY_INVALID: sentence`Create another key and have its request signed:  ${ours('client', 'request', 'NAME', '--force')}`,
}

interface Present {
  readonly ca: string | undefined
  readonly cert: string | undefined
}

/** Only files that differ; equal ones are not touched. */
function filesOf(paths: ClientFolder, present: Present, answer: Answer, key: PresentKey): NewFile[] {
  const isNext = key.path === paths.nextKey
  return [
    ...(present.ca === answer.ca ? [] : [{ path: paths.ca, data: answer.ca, mode: PUBLIC_MODE }]),
    ...(isNext ? [{ path: paths.key, data: key.pem, mode: KEY_MODE }] : []),
    ...(present.cert === answer.cert && !isNext ? [] : [{ path: paths.cert, data: answer.cert, mode: PUBLIC_MODE }]),
  ]
}

async function put(paths: ClientFolder, files: readonly NewFile[], { keyFingerprint256 }: Answer): Promise<string[]> {
  const keptAside = files.length === 0 ? [] : await swapFiles(paths, files)
  const next = (await presentKeys(paths)).find(({ path }) => path === paths.nextKey)
  // It is the key in use now, perhaps since an earlier run that was killed.
  if (next?.fingerprint256 === keyFingerprint256) await fs.rm(paths.nextKey, { force: true })
  return keptAside
}

function planEnv(host: string, { folder, env }: ClientFolder): ReturnType<typeof planFile> {
  return planFile(env, renderClientEnv({ host, certPath: resolve(folder) }, 'dotenv'), KEY_MODE)
}

function notesOf({ added, gone }: TrustChange): string[] {
  return [
    ...added.map((ca) => `New in ca.pem: ${describeCa(ca)}`),
    ...gone.map((ca) => `No longer in ca.pem: ${describeCa(ca)}`),
  ]
}
