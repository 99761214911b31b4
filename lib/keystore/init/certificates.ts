import { resolve } from 'node:path'
import { option, ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import type { FolderAuthorityResult } from '../ca.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import { caPaths, clientPaths, serverPaths, type LeafPaths } from '../layout.ts'
import type { InitPlan } from './plan.ts'
import type { InitRequest } from './options.ts'
import type { Passphrase } from '../../pki/encrypted-key.ts'
import { readIfThere } from '../../base/files.ts'
import { refuseTakenName } from '../taken-name.ts'

/** A requested certificate of the server or a client. */
interface RequestedPair {
  /** Absent: the server. */
  readonly client?: string
  readonly paths: LeafPaths
  readonly exists: boolean
}

/** The certificates, and whether each was created, kept or replaced. */
export interface Certificates {
  readonly authority: FolderAuthorityResult
  readonly server: FolderLeafResult
  readonly clients: readonly { readonly name: string; readonly result: FolderLeafResult }[]
}

/** Existing pairs come first: if one of them can't stay, that is an error before anything new is written. */
export async function makeCertificates(
  { request, clients }: InitPlan,
  passphrase: Passphrase | undefined,
): Promise<Certificates> {
  const names = clients.filter(({ isRequested }) => isRequested).map(({ name }) => name)
  const root = request.folder.path
  for (const name of names) await refuseTakenName(root, 'client', name)
  const requested = await Promise.all([
    findPair(serverPaths(root)),
    ...names.map((name) => findPair(clientPaths(root, name), name)),
  ])
  const existing = requested.filter(({ exists }) => exists)
  const authority = await makeCa(request, existing, passphrase)
  const done = new Map<string | undefined, FolderLeafResult>()
  for (const pair of [...existing, ...requested.filter(({ exists }) => !exists)]) {
    request.signal?.throwIfAborted()
    if (!pair.exists) request.onStep(pair.client === undefined ? "the server's key" : `the key of ${pair.client}`)
    done.set(pair.client, await makeLeaf(request, pair, passphrase))
  }
  return {
    authority,
    server: resultOf(done, undefined),
    clients: names.map((name) => ({ name, result: resultOf(done, name) })),
  }
}

function resultOf(done: ReadonlyMap<string | undefined, FolderLeafResult>, client?: string): FolderLeafResult {
  const result = done.get(client)
  if (result === undefined) throw new TypeError(`no certificate was created for ${client ?? 'the server'}`)
  return result
}

async function findPair(paths: LeafPaths, client?: string): Promise<RequestedPair> {
  const exists = (await readIfThere(paths.cert)) !== undefined && (await readIfThere(paths.key)) !== undefined
  return { ...(client !== undefined && { client }), paths, exists }
}

async function makeCa(
  { folder, keyType, force, onStep }: InitRequest,
  [orphan]: readonly RequestedPair[],
  passphrase: Passphrase | undefined,
): Promise<FolderAuthorityResult> {
  const { folder: path, cert, key } = caPaths(folder.path)
  const isMissing = (await readIfThere(cert)) === undefined && (await readIfThere(key)) === undefined
  if (isMissing && orphan !== undefined && !force) {
    throw new PkiError('ERR_CA_MISSING', {
      tried: `using the CA in ${resolve(path)}`,
      got: `there is no CA, but ${orphan.paths.folder} contains a certificate that it issued`,
      todo: sentence`Check that this is the right folder, and restore ${path} from a backup. Only if the CA is lost, start again with ${option('force', 'true')} (the old files are kept).`,
    })
  }
  if (isMissing) onStep("the CA's key")
  return folder.ensureAuthority({ ...keyType, ...(passphrase !== undefined && { passphrase }) })
}

async function makeLeaf(
  { folder, names, force, keyType }: InitRequest,
  { client }: RequestedPair,
  passphrase: Passphrase | undefined,
): Promise<FolderLeafResult> {
  const options = { force, ...keyType, ...(passphrase !== undefined && { passphrase }) }
  try {
    return await (client === undefined ? folder.ensureServer(names, options) : folder.ensureClient(client, options))
  } catch (cause) {
    throw withForce(folder.path, cause)
  }
}

/** `cert server ... --force` would leave the old name in the `.env` files; `init` with force updates them. */
function withForce(root: string, cause: unknown): unknown {
  if (!(cause instanceof PkiError)) return cause
  const { code, tried, got } = cause
  if (code !== 'ERR_SERVER_NAMES_CHANGED' && code !== 'ERR_PKI_FILE_INVALID') return cause
  const again = sentence`To issue it again, set ${option('force', 'true')} (the old files are kept).`
  const other = sentence`To add another server with the same CA:  ${ours('cert', 'server', 'NAME', '--host', 'NAME', '--dir', root)}`
  const todo = code === 'ERR_SERVER_NAMES_CHANGED' ? sentence`${again} ${other}` : again
  return new PkiError(code, { tried, got, todo, cause })
}
