import { command, ours, plainTexts, sentence, type CommandPart } from '../../base/sentence.ts'
import { FileError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, writeFileAtomically, isFolder, readIfThere } from '../../base/files.ts'
import { openCertificate, readCertificate } from '../../identity/certificate.ts'
import { createRequest, type CertificateRequest } from '../../pki/request.ts'
import { parseClientName } from '../../pki/client-name.ts'
import { parseKeyType } from '../../pki/key-type.ts'
import { isOpenToOthers, keepBeside, publishFolder, type NewFile } from '../../base/replace-files.ts'
import { settleSwap } from '../swap.ts'
import { clientFolder, defaultFolder, requestPath, type ClientFolder } from './folder.ts'
import { checkOptions } from '../../base/options.ts'

/** Options of {@link requestClient}. */
export interface ClientRequestOptions {
  /** The client's name, which becomes the common name. */
  readonly name: string
  /** The folder of the key. @defaultValue `docker-mtls-NAME` */
  readonly folder?: string | undefined
  /** The type of a new key. @defaultValue `'p256'` */
  readonly keyType?: string | undefined
  /** Creates a new key. The existing one stays in use until the answer is installed. @defaultValue false */
  readonly force?: boolean | undefined
}

/** The written request. */
export interface ClientRequestReport {
  /** Whether the key was created; an existing one is kept. */
  readonly action: 'created' | 'kept'
  /** The client's name. */
  readonly name: string
  /** The folder with key and request. */
  readonly folder: string
  /** The path of the key, which stays on this machine. */
  readonly key: string
  /** The path of the request, which you send. */
  readonly request: string
  /** The request itself, as PEM. */
  readonly pem: string
  /** The type of the key. */
  readonly keyType: string
  /** SHA-256 of the public key, to compare with `cert sign`. */
  readonly keyFingerprint256: string
  /** Does the client have a certificate already? */
  readonly renewal: boolean
  /** The new path of an old key. */
  readonly keptAside: readonly string[]
  /** Remarks for the user: sentences without a full stop. */
  readonly notes: readonly string[]
}

/**
 * Creates a client's key and a request for its certificate, on the client's own machine. An existing key is kept and gets
 * a new request, to renew its certificate.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_PKI_FILE_INVALID
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_READ, ERR_FILE_WRITE
 * @throws {@link ArgumentError} ERR_OPTION_UNKNOWN, ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * const { request, keyFingerprint256 } = await requestClient({ name: 'alice' })
 * ```
 */
export async function requestClient(options: ClientRequestOptions): Promise<ClientRequestReport> {
  checkOptions(options, ['name', 'folder', 'keyType', 'force'], 'requestClient')
  const name = parseClientName(options.name)
  if (options.keyType !== undefined) parseKeyType(options.keyType)
  const { folder = defaultFolder(name), force = false } = options
  const paths = clientFolder(folder)
  const isThere = await isFolder(folder)
  if (isThere) await settleSwap(paths)
  await refuseOtherClient(paths, name)
  await refuseOtherFile(requestPath(folder, name))
  const inUse = await readIfThere(paths.key)
  const next = await readIfThere(paths.nextKey)
  const kept = force ? undefined : (next ?? inUse)
  const made = await make(paths, name, kept, options)
  const key = inUse !== undefined && (force || next !== undefined) ? paths.nextKey : paths.key
  const keptAside = await write({ isThere, folder, key, made, isNew: kept === undefined })
  const { request: pem, keyType, keyFingerprint256 } = made
  const renewal = (await readIfThere(paths.cert)) !== undefined
  return {
    action: kept === undefined ? 'created' : 'kept',
    name,
    folder,
    key,
    request: requestPath(folder, name),
    pem,
    keyType,
    keyFingerprint256,
    renewal,
    keptAside,
    notes: await notesOf(options, { key, keyType, kept: kept !== undefined, waits: key === paths.nextKey }),
  }
}

/** Creates the request. For a key that can't be used, the remedy names this folder. */
async function make(
  { folder }: ClientFolder,
  name: string,
  key: string | undefined,
  { keyType }: ClientRequestOptions,
): Promise<CertificateRequest> {
  if (key === undefined)
    return createRequest({ name, ...(keyType !== undefined && { keyType: parseKeyType(keyType) }) })
  try {
    return await createRequest({ name, key })
  } catch (cause) {
    if (!isDockerMtlsError(cause, 'ERR_PKI_FILE_INVALID')) throw cause
    throw new PkiError('ERR_PKI_FILE_INVALID', {
      tried: `creating a request with the key in ${folder}`,
      got: cause.got,
      todo: sentence`Create a new key (the old one is kept):  ${requestCommand(name, folder, '--force')}`,
      cause,
    })
  }
}

/** The command that creates the request again. */
export function requestCommand(name: string, folder: string, ...flags: readonly string[]): CommandPart {
  return ours('client', 'request', name, ...(folder === defaultFolder(name) ? [] : ['--out', folder]), ...flags)
}

/** Two clients in one folder would use each other's key. */
async function refuseOtherClient({ folder, cert }: ClientFolder, name: string): Promise<void> {
  const owner = nameIn(await readIfThere(cert))
  if (owner === undefined || owner === name) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `creating a request for ${name} in ${folder}`,
    got: `the folder belongs to ${owner}, as its cert.pem shows`,
    todo: sentence`Use another folder:  ${ours('client', 'request', name, '--out', defaultFolder(name))}`,
  })
}

function nameIn(pem: string | undefined): string | undefined {
  try {
    return pem === undefined ? undefined : readCertificate(openCertificate(pem)).commonName
  } catch {
    return undefined
  }
}

async function refuseOtherFile(path: string): Promise<void> {
  const text = await readIfThere(path)
  if (text === undefined || /-BEGIN (?:NEW )?CERTIFICATE REQUEST-/.test(text)) return
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `writing ${path}`,
    got: 'the file exists and is not a request',
    todo: 'Move that file away, or choose another folder.',
  })
}

interface Writing {
  readonly isThere: boolean
  readonly folder: string
  readonly key: string
  readonly made: CertificateRequest
  readonly isNew: boolean
}

async function write({ isThere, folder, key, made, isNew }: Writing): Promise<string[]> {
  const files: NewFile[] = [
    ...(isNew ? [{ path: key, data: made.key, mode: KEY_MODE }] : []),
    { path: requestPath(folder, made.name), data: made.request, mode: PUBLIC_MODE },
  ]
  if (!isThere) {
    await publishFolder(folder, files)
    return []
  }
  // If two runs race, the key of the first one stays: its request may have been sent already.
  const aside = isNew ? await keepBeside(key) : undefined
  for (const { path, data, mode } of files) {
    await writeFileAtomically(path, data, { mode, replace: path !== key || aside !== undefined })
  }
  return aside === undefined ? [] : [aside]
}

async function notesOf(
  { keyType: asked, name, folder = defaultFolder(name) }: ClientRequestOptions,
  { key, keyType, kept, waits }: { key: string; keyType: string; kept: boolean; waits: boolean },
): Promise<string[]> {
  const stays = asked !== undefined && kept && asked !== keyType
  return plainTexts([
    ...(stays
      ? [
          sentence`Its key stays ${keyType}; to create another:  ${requestCommand(name, folder, '--force', '--key-type', asked)}`,
        ]
      : []),
    ...(waits ? ['The current key stays in use until the answer is installed'] : []),
    ...((await isOpenToOthers(key))
      ? [sentence`Other users can read ${key}. Restrict it:  ${command('chmod', '600', key)}`]
      : []),
  ])
}
