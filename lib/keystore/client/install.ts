import { promises as fs } from 'node:fs'
import { resolve } from 'node:path'
import { renderClientEnv } from '../../endpoint/client-env.ts'
import { IdentityError, isDockerMtlsError } from '../../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, readIfThere } from '../../base/files.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import { loadIdentity } from '../../identity/identity.ts'
import { suggestClientName } from '../../pki/client-name.ts'
import { type NewFile } from '../../base/replace-files.ts'
import { settleSwap, swapFiles } from '../swap.ts'
import { planFile, putFile, type FileResult } from '../../base/rendered-file.ts'
import { readAnswer, type Answer } from './answer.ts'
import { clientFolder, defaultFolder, presentKeys, type ClientFolder, type PresentKey } from './folder.ts'
import { describeCa, compareTrust, type TrustChange, type TrustedAuthority } from './trust.ts'
import { checkBytes, checkOptions } from '../../base/options.ts'

export type { TrustedAuthority } from './trust.ts'

/** What {@link installClient} is told. */
export interface InstallOptions {
  /** What `cert sign` answered, as PEM: the certificate, and the authority's. */
  readonly answer: string | Uint8Array
  /** What the answer is called in an error's message. @defaultValue `the answer` */
  readonly file?: string | undefined
  /** Where the key is. @defaultValue `docker-mtls-NAME`, by the certificate's name */
  readonly folder?: string | undefined
  /** The daemon, as DOCKER_HOST is to be: a `.env` is written too. */
  readonly host?: string | undefined
  /** Takes an authority that shares nothing with the one that is trusted now. @defaultValue false */
  readonly force?: boolean | undefined
}

/** What is in place now. */
export interface InstallReport {
  /** `kept`: it was there. `created`: there was none. `replaced`: the old files are kept beside the new ones. */
  readonly action: 'created' | 'kept' | 'replaced'
  readonly folder: string
  readonly client: CertificateFacts
  readonly keyFingerprint256: string
  readonly authorities: readonly TrustedAuthority[]
  readonly keptAside: readonly string[]
  readonly env: FileResult | undefined
  /** Sentences without a full stop. */
  readonly notes: readonly string[]
  /** Sentences. */
  readonly warnings: readonly string[]
}

/**
 * Puts the answer to a request in place, beside the key that never left: checked as a whole before anything is written.
 *
 * @throws {@link PkiError} ERR_CERTIFICATE_INVALID for what is no answer; ERR_CA_EXISTS where it brings another authority
 *   than the one that is trusted
 * @throws {@link IdentityError} where certificate, key and authority don't go together, or no daemon would take them
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
  const keptAside = await settleSwap(paths)
  const key = await keyOf(answer, file, paths)
  const warnings = await check(answer, file, key)
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
  // One that can't be opened is told by the check that follows.
  const chosen = own ?? keys.find(({ fingerprint256 }) => fingerprint256 === undefined)
  if (chosen !== undefined) return chosen
  const others = keys.map(({ path, fingerprint256 = '' }) => `${path} is ${fingerprint256}`)
  throw new IdentityError(keys.length === 0 ? 'ERR_IDENTITY_FILE_MISSING' : 'ERR_IDENTITY_KEY_MISMATCH', {
    tried: `installing ${file} in ${paths.folder}`,
    got:
      keys.length === 0
        ? 'there is no key.pem in it'
        : `it is for the key ${keyFingerprint256}, and ${others.join(', ')}`,
    todo: 'Name the folder where its request was made with  --dir DIR ; or make a request, and have that one signed:  docker-mtls client request NAME',
  })
}

/** All that is checked before a connection. In its words the parts are options; here they have names. */
async function check({ ca, cert }: Answer, file: string, { pem, path }: PresentKey): Promise<readonly string[]> {
  const named = (text: string): string =>
    text
      .replaceAll('the option cert', `the certificate in ${file}`)
      .replaceAll('the option ca', `the authority in ${file}`)
      .replaceAll('the option key', path)
  try {
    return (await loadIdentity({ ca, cert, key: pem })).warnings.map(named)
  } catch (cause) {
    if (!isDockerMtlsError(cause) || !(cause instanceof IdentityError)) throw cause
    const { code, tried, got, todo } = cause
    throw new IdentityError(code, { tried: named(tried), got: named(got), todo: REMEDIES[code] ?? named(todo), cause })
  }
}

/** What can't be done on this machine: here there is no authority. */
const SIGN_AGAIN = 'Have the request signed again, where the authority is:  docker-mtls cert sign NAME.csr'
const REMEDIES: Readonly<Partial<Record<string, string>>> = {
  ERR_IDENTITY_EXPIRED: SIGN_AGAIN,
  ERR_IDENTITY_PURPOSE: SIGN_AGAIN,
  ERR_IDENTITY_SIGNATURE: SIGN_AGAIN,
  ERR_IDENTITY_ISSUER: SIGN_AGAIN,
  ERR_IDENTITY_CERT_INVALID: SIGN_AGAIN,
  ERR_IDENTITY_KEY_ENCRYPTED:
    'Decrypt it, since the Docker CLI reads no other:  openssl pkey -in key.pem -out key.pem.new',
  ERR_IDENTITY_KEY_INVALID: 'Have another key made, and its request signed:  docker-mtls client request NAME --force',
}

interface Present {
  readonly ca: string | undefined
  readonly cert: string | undefined
}

/** Only what differs: what is there and the same is not touched. */
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
  // It has become the key in use, be it in an earlier run that was killed.
  if (next?.fingerprint256 === keyFingerprint256) await fs.rm(paths.nextKey, { force: true })
  return keptAside
}

function planEnv(host: string, { folder, env }: ClientFolder): ReturnType<typeof planFile> {
  return planFile(env, renderClientEnv({ host, certPath: resolve(folder) }, 'dotenv'), KEY_MODE)
}

function notesOf({ added, gone }: TrustChange): string[] {
  return [
    ...added.map((authority) => `New in ca.pem: ${describeCa(authority)}`),
    ...gone.map((authority) => `No longer in ca.pem: ${describeCa(authority)}`),
  ]
}
