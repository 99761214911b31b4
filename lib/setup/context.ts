import { join, resolve } from 'node:path'
import { certificatesIn } from '../apply/certificates-in.ts'
import { parseContextName } from '../contexts/name.ts'
import { readCredentials, type Credentials } from '../contexts/credentials.ts'
import { writeContext } from '../contexts/store.ts'
import { contextPaths, TLS_FILES } from '../endpoint/context-layout.ts'
import { parseContextMeta, type ContextMeta } from '../endpoint/context-meta.ts'
import { EndpointError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { clientFilesIn } from '../keystore/layout.ts'
import { OWN_NAMES } from '../pki/server-name.ts'
import { printable } from '../base/text.ts'
import { readIfThere } from '../base/files.ts'

/** The description of the contexts that setup creates. */
export const SETUP_DESCRIPTION = 'set up by docker-mtls'

/** A context to create for a host. */
export interface RequestedContext {
  /** DOCKER_CONFIG. */
  readonly config: string
  readonly name: string
  /** `tcp://HOST:PORT` */
  readonly url: string
  /** All names of the host. A context that points to one of them belongs to this host. */
  readonly names: readonly string[]
  /** The client whose certificate the context gets. */
  readonly client: string
  /** Whether to replace a context that points elsewhere, or connects as another client. */
  readonly force: boolean
}

/** The context, and whether it was changed. */
export interface SetupContextResult {
  readonly name: string
  readonly action: 'created' | 'kept' | 'replaced'
}

/**
 * Returns the name of a host's context: the requested name, else the name of the host's folder.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_INVALID
 */
export function contextNameFor(folder: string, requested: string | undefined): string {
  if (requested !== undefined) return parseContextName(requested)
  try {
    return parseContextName(folder)
  } catch (cause) {
    const tried = `naming the docker context after the host, ${printable(folder)}`
    const got = folder.length < 2 ? 'the name of a context needs at least two characters' : (cause as EndpointError).got
    const todo = sentence`Choose another name:  ${command('--context', 'NAME')}`
    throw new EndpointError('ERR_CONTEXT_INVALID', { tried, got, todo, cause })
  }
}

/**
 * Refuses to replace a context that points to another host, or that connects as another client. Any other context that points to
 * this host may be replaced: an earlier run created it, or it serves the same purpose.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 */
export async function refuseForeignContext(requested: RequestedContext): Promise<void> {
  const { config, name, url, force } = requested
  if (force) return
  const meta = await readMeta(config, name)
  if (meta === undefined) return
  if (typeof meta !== 'string' && pointsToHost(meta, requested)) return refuseOtherClient(requested)
  const got = typeof meta === 'string' ? `it is damaged: ${meta}` : `it points to ${meta.host}`
  throw new EndpointError('ERR_CONTEXT_EXISTS', {
    tried: `creating the docker context ${name} for ${url}`,
    got: `a context of that name exists, and ${got}`,
    todo: sentence`Choose another name:  ${command('--context', 'NAME')}  . To replace the existing context:  ${command('--force')}`,
  })
}

/** Its user would connect with other rights from then on, and might have no other copy of the key. */
async function refuseOtherClient({ config, name, url, client }: RequestedContext): Promise<void> {
  const [existing] = certificatesIn(await readIfThere(clientFilesIn(contextPaths(config, name).credentials).cert))
  const other = existing?.commonName
  if (other === undefined || other === client) return
  throw new EndpointError('ERR_CONTEXT_EXISTS', {
    tried: `creating the docker context ${name} for ${url} and the client ${client}`,
    got: `a context of that name exists, and it connects as the client ${printable(other)}`,
    todo: sentence`To connect as that client:  ${command('--client', other)}  . To replace the existing context:  ${command('--force')}`,
  })
}

/** Whether a context points to this host, by any of its names and with any port. Names that every machine has don't count. */
export function pointsToHost(
  { host }: Pick<ContextMeta, 'host'>,
  { url, names }: Pick<RequestedContext, 'url' | 'names'>,
): boolean {
  const known = names.filter((name) => !OWN_NAMES.includes(name))
  return [hostOf(url), ...known].includes(hostOf(host))
}

function hostOf(url: string): string {
  const host = /^tcp:\/\/(.*?)(?::\d+)?$/.exec(url)?.[1] ?? url
  return host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
}

/**
 * Creates the context, or keeps a valid one. Other metadata of an existing context for this host stays.
 *
 * @param certPath - the folder of the client certificate
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 * @throws {@link IdentityError} for files that no daemon would accept
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function ensureContext(requested: RequestedContext, certPath: string): Promise<SetupContextResult> {
  const { config, name, url } = requested
  await refuseForeignContext(requested)
  const { credentials } = await readCredentials(resolve(certPath))
  const meta = await readMeta(config, name)
  const existing = typeof meta === 'string' ? undefined : meta
  const isSame = existing?.host === url && !existing.skipTlsVerify && (await hasCredentials(config, name, credentials))
  if (isSame) return { name, action: 'kept' }
  const isOurs = existing !== undefined && pointsToHost(existing, requested)
  const content = isOurs ? existing.content : { Metadata: { Description: SETUP_DESCRIPTION } }
  const docker = { Host: url, SkipTLSVerify: false }
  const { replaced } = await writeContext(config, {
    name,
    meta: { ...content, Name: name, Endpoints: { docker } },
    credentials,
    replace: meta !== undefined,
  })
  return { name, action: replaced ? 'replaced' : 'created' }
}

async function readMeta(config: string, name: string): Promise<ContextMeta | string | undefined> {
  const text = await readIfThere(contextPaths(config, name).meta)
  return text === undefined ? undefined : parseContextMeta(text)
}

async function hasCredentials(config: string, name: string, { ca, cert, key }: Credentials): Promise<boolean> {
  const folder = contextPaths(config, name).credentials
  const existing = await Promise.all(TLS_FILES.map((file) => readIfThere(join(folder, file))))
  return [ca, cert, key].every((bytes, index) => Buffer.from(bytes).toString('utf8') === existing[index])
}
