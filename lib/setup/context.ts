import { join, resolve } from 'node:path'
import { parseContextName } from '../contexts/name.ts'
import { readCredentials, type Credentials } from '../contexts/credentials.ts'
import { writeContext } from '../contexts/store.ts'
import { contextPaths, TLS_FILES } from '../endpoint/context-layout.ts'
import { parseContextMeta, type ContextMeta } from '../endpoint/context-meta.ts'
import { EndpointError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { OWN_NAMES } from '../pki/server-name.ts'
import { readIfThere } from '../base/files.ts'

/** A context to create for a host. */
export interface WantedContext {
  /** DOCKER_CONFIG. */
  readonly config: string
  readonly name: string
  /** `tcp://HOST:PORT` */
  readonly url: string
  /** All names of the host. A context that points to one of them belongs to this host. */
  readonly names: readonly string[]
  /** Whether to replace a context that points elsewhere. */
  readonly force: boolean
}

/** The context, and whether it was changed. */
export interface ContextResult {
  readonly name: string
  readonly action: 'created' | 'kept' | 'replaced'
}

/**
 * The name of a host's context.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_INVALID
 */
export function contextNameFor(folder: string, named: string | undefined): string {
  if (named !== undefined) return parseContextName(named)
  try {
    return parseContextName(folder)
  } catch (cause) {
    const { tried, got } = cause as EndpointError
    const todo = sentence`Choose another name:  ${command('--context', 'NAME')}`
    throw new EndpointError('ERR_CONTEXT_INVALID', { tried, got, todo, cause })
  }
}

/**
 * Refuses to replace a context that points elsewhere. One that points to the same host was created by an earlier run, or is as
 * good as that.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 */
export async function refuseForeignContext(wanted: WantedContext): Promise<void> {
  const { config, name, url, force } = wanted
  if (force) return
  const meta = await readMeta(config, name)
  if (meta === undefined || (typeof meta !== 'string' && pointsThere(meta, wanted))) return
  const got = typeof meta === 'string' ? `it is damaged: ${meta}` : `it points to ${meta.host}`
  throw new EndpointError('ERR_CONTEXT_EXISTS', {
    tried: `creating the docker context ${name} for ${url}`,
    got: `a context of that name exists, and ${got}`,
    todo: sentence`Choose another name:  ${command('--context', 'NAME')}  . To replace the existing context:  ${command('--force')}`,
  })
}

/** Another port or another name still means the same machine, except for names that every machine has. */
function pointsThere({ host }: ContextMeta, { url, names }: WantedContext): boolean {
  const known = names.filter((name) => !OWN_NAMES.includes(name))
  return [hostOf(url), ...known].includes(hostOf(host))
}

function hostOf(url: string): string {
  const host = /^tcp:\/\/(.*?)(?::\d+)?$/.exec(url)?.[1] ?? url
  return host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
}

/**
 * Creates the context, or keeps a valid one. Other metadata in it stays.
 *
 * @param certPath - the folder of the client
 * @throws {@link EndpointError} ERR_CONTEXT_EXISTS
 * @throws {@link IdentityError} for files that no daemon would accept
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function ensureContext(wanted: WantedContext, certPath: string): Promise<ContextResult> {
  const { config, name, url } = wanted
  await refuseForeignContext(wanted)
  const { credentials } = await readCredentials(resolve(certPath))
  const meta = await readMeta(config, name)
  const there = typeof meta === 'string' ? undefined : meta
  const isSame = there?.host === url && !there.skipTlsVerify && (await holds(config, name, credentials))
  if (isSame) return { name, action: 'kept' }
  const isOurs = there !== undefined && pointsThere(there, wanted)
  const content = isOurs ? there.content : { Metadata: { Description: `set up by docker-mtls` } }
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

async function holds(config: string, name: string, { ca, cert, key }: Credentials): Promise<boolean> {
  const folder = contextPaths(config, name).credentials
  const there = await Promise.all(TLS_FILES.map((file) => readIfThere(join(folder, file))))
  return [ca, cert, key].every((bytes, index) => Buffer.from(bytes).toString('utf8') === there[index])
}
