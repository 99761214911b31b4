import { ours, plainTexts, sentence, type CommandPart, type Sentence } from '../../base/sentence.ts'
import { FileError, isDockerMtlsError, PkiError } from '../../base/errors.ts'
import { KEY_MODE, PUBLIC_MODE, writeFileAtomically, isFolder, readIfThere } from '../../base/files.ts'
import { createRequest, type CertificateRequest } from '../../pki/request.ts'
import { holdsRequest } from '../../pki/request-pem.ts'
import { parseClientName } from '../../pki/client-name.ts'
import { parseKeyType, type KeyType } from '../../pki/key-type.ts'
import { keepBeside, publishFolder, type NewFile } from '../../base/replace-files.ts'
import { gitIgnore, makeKeyFolder } from '../git-ignore.ts'
import { openKeyNotes } from '../notes.ts'
import { removeClientLeftovers } from '../leftovers.ts'
import { settleSwap } from '../swap.ts'
import { clientFolder, commonNameIn, defaultFolder, requestPath, type ClientFolder } from './folder.ts'
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
  const requestedType = options.keyType === undefined ? undefined : parseKeyType(options.keyType)
  const { folder = defaultFolder(name), force = false } = options
  const paths = clientFolder(folder)
  const isThere = await isFolder(folder)
  if (isThere) {
    await removeClientLeftovers(folder)
    await settleSwap(paths)
  }
  await refuseOtherClient(paths, name)
  await refuseOtherFile(requestPath(folder, name))
  const inUse = await readIfThere(paths.key)
  const next = await readIfThere(paths.nextKey)
  const kept = force ? undefined : (next ?? inUse)
  const made = await make(paths, name, kept, requestedType)
  const key = next !== undefined || (force && inUse !== undefined) ? paths.nextKey : paths.key
  const keptAside = await write({ isThere, folder, key, made, isNew: kept === undefined })
  const waits = inUse !== undefined && key === paths.nextKey
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
    notes: plainTexts([
      ...keyTypeNotes(made, folder, kept === undefined ? undefined : requestedType),
      ...(waits ? ['The current key stays in use until the answer is installed'] : []),
      ...(await openKeyNotes(key)),
    ]),
  }
}

/** Creates the request. For a key that can't be used, the remedy names this folder. */
async function make(
  { folder }: ClientFolder,
  name: string,
  key: string | undefined,
  keyType: KeyType | undefined,
): Promise<CertificateRequest> {
  if (key === undefined) return createRequest({ name, ...(keyType !== undefined && { keyType }) })
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
  const owner = commonNameIn(await readIfThere(cert))
  if (owner === undefined || owner === name) return
  const other = folder === defaultFolder(name) ? 'DIR' : defaultFolder(name)
  throw new FileError('ERR_FILE_EXISTS', {
    tried: `creating a request for ${name} in ${folder}`,
    got: `the folder belongs to ${owner}, as its cert.pem shows`,
    todo: sentence`Use another folder:  ${ours('client', 'request', name, '--out', other)}`,
  })
}

async function refuseOtherFile(path: string): Promise<void> {
  const text = await readIfThere(path)
  if (text === undefined || holdsRequest(text)) return
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
    await publishFolder(folder, [gitIgnore(folder), ...files])
    return []
  }
  await makeKeyFolder(folder)
  // If two runs race, the key of the first one stays: its request may have been sent already.
  const aside = isNew ? await keepBeside(key) : undefined
  for (const { path, data, mode } of files) {
    await writeFileAtomically(path, data, { mode, replace: path !== key || aside !== undefined })
  }
  return aside === undefined ? [] : [aside]
}

/** The remark that a kept key has another type than the requested one. */
function keyTypeNotes(
  { name, keyType }: CertificateRequest,
  folder: string,
  requested: KeyType | undefined,
): Sentence[] {
  if (requested === undefined || requested === keyType) return []
  const again = requestCommand(name, folder, '--force', '--key-type', requested)
  return [sentence`Its key stays ${keyType}; to create another:  ${again}`]
}
