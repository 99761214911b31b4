import { option, ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import { PkiFolder, type FolderLeafOptions } from '../folder.ts'
import type { FolderAuthorityResult } from '../ca.ts'
import type { FolderLeafResult } from '../ensure-leaf.ts'
import { caPaths, clientPaths, serverPaths, type LeafPaths } from '../layout.ts'
import type { InitPlan } from './plan.ts'
import type { InitOptions } from './options.ts'
import { readIfThere } from '../../base/files.ts'

/** A server's or a client's certificate that shall be there. */
interface Wanted {
  /** Absent: the server. */
  readonly client?: string
  readonly paths: LeafPaths
  readonly isThere: boolean
}

/** What became of the certificates. */
export interface Certificates {
  readonly authority: FolderAuthorityResult
  readonly server: FolderLeafResult
  readonly clients: readonly { readonly name: string; readonly result: FolderLeafResult }[]
}

/** What is there comes first: where it can't stay, that is said before anything new is written. */
export async function makeCertificates({ options, read, clients }: InitPlan): Promise<Certificates> {
  const { folder: root, signal, onStep = () => undefined } = options
  const asked = clients.filter((client) => client.asked).map(({ name }) => name)
  const wanted = await Promise.all([
    wish(serverPaths(root)),
    ...asked.map((name) => wish(clientPaths(root, name), name)),
  ])
  const there = wanted.filter(({ isThere }) => isThere)
  const folder = new PkiFolder(root)
  const authority = await makeAuthority(folder, options, read, there)
  const done = new Map<string | undefined, FolderLeafResult>()
  for (const leaf of [...there, ...wanted.filter(({ isThere }) => !isThere)]) {
    signal?.throwIfAborted()
    if (!leaf.isThere) onStep(leaf.client === undefined ? "the server's key" : `the key of ${leaf.client}`)
    done.set(leaf.client, await makeLeaf(folder, leaf, options, read))
  }
  return {
    authority,
    server: resultOf(done, undefined),
    clients: asked.map((name) => ({ name, result: resultOf(done, name) })),
  }
}

function resultOf(done: ReadonlyMap<string | undefined, FolderLeafResult>, client?: string): FolderLeafResult {
  const result = done.get(client)
  if (result === undefined) throw new TypeError(`nothing was made for ${client ?? 'the server'}`)
  return result
}

async function wish(paths: LeafPaths, client?: string): Promise<Wanted> {
  const isThere = (await readIfThere(paths.cert)) !== undefined && (await readIfThere(paths.key)) !== undefined
  return { ...(client !== undefined && { client }), paths, isThere }
}

async function makeAuthority(
  folder: PkiFolder,
  { passphrase, force = false, onStep = () => undefined }: InitOptions,
  { keyType }: InitPlan['read'],
  [orphan]: readonly Wanted[],
): Promise<FolderAuthorityResult> {
  const { folder: path, cert, key } = caPaths(folder.path)
  const isMissing = (await readIfThere(cert)) === undefined && (await readIfThere(key)) === undefined
  if (isMissing && orphan !== undefined && !force) {
    throw new PkiError('ERR_CA_MISSING', {
      tried: `using the CA in ${path}`,
      got: `there is no CA, but ${orphan.paths.folder} contains a certificate that it issued`,
      todo: sentence`Check that this is the right folder, and restore ${path} from a backup. Only if the CA is lost, start again with ${option('force', 'true')} (the old files are kept).`,
    })
  }
  if (isMissing) onStep("the authority's key")
  return folder.ensureAuthority({
    ...(keyType !== undefined && { keyType }),
    ...(passphrase !== undefined && { passphrase }),
  })
}

async function makeLeaf(
  folder: PkiFolder,
  { client }: Wanted,
  { force = false, passphrase, names }: InitOptions,
  { keyType }: InitPlan['read'],
): Promise<FolderLeafResult> {
  const options: FolderLeafOptions = {
    force,
    ...(keyType !== undefined && { keyType }),
    ...(passphrase !== undefined && { passphrase }),
  }
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
