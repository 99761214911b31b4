import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EndpointError, type EndpointErrorCode } from '../errors.ts'
import { fileReason } from '../files.ts'
import { configFile, readConfigFile, unusable } from './config-file.ts'
import type { Endpoint } from './endpoint.ts'
import { parseHost } from './host.ts'
import { asObject, parseObject } from './json-object.ts'
import { printable } from './text.ts'

/** The name of the context that stands for no context at all. */
export const DEFAULT_CONTEXT = 'default'

/** docker/cli, cli/context/store: the rule for names; a name with a `/` never reaches the file system. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/
const TLS_FILES = ['ca.pem', 'cert.pem', 'key.pem'] as const

/** Which context, and where to look for it. */
export interface ContextRequest {
  readonly name: string
  /** Who named it, for messages. */
  readonly source: string
  /** DOCKER_CONFIG. */
  readonly config: string
  readonly tlsOnPort2375?: boolean | undefined
  /** The caller brings an identity: the context's own material isn't looked at. */
  readonly ownIdentity: boolean
}

/** Where a context leads, and with whose certificates. */
export interface ContextEndpoint {
  readonly endpoint: Endpoint
  readonly certPath?: string
}

/** Reads a context as the Docker CLI stores it, and refuses what would be a weaker connection. */
export async function readContext(request: ContextRequest): Promise<ContextEndpoint> {
  const { name, source, config, tlsOnPort2375, ownIdentity } = request
  const tried = `the context ${printable(name)} (${source})`
  if (!NAME.test(name)) {
    fail('ERR_CONTEXT_INVALID', tried, 'it is no name of a context', 'See: docker context ls')
  }
  const id = createHash('sha256').update(name).digest('hex')
  const { host, skipTlsVerify } = await readMeta(config, { id, name, tried })
  if (skipTlsVerify) {
    const todo = `Switch it on again, with the daemon's CA:  docker context update ${name} --docker host=...,ca=...,cert=...,key=...`
    fail('ERR_CONTEXT_INSECURE', tried, 'it skips the verification of the server (SkipTLSVerify)', todo)
  }
  const endpoint = parseHost(host, { tlsOnPort2375, source: `the host of ${tried}` })
  if (endpoint.kind !== 'tls' || ownIdentity) return { endpoint }
  return { endpoint, certPath: await tlsFolder(join(config, 'contexts', 'tls', id, 'docker'), name, tried) }
}

function fail(code: EndpointErrorCode, tried: string, got: string, todo: string, cause?: unknown): never {
  throw new EndpointError(code, { tried, got, todo, cause })
}

/** Where a context is kept and what an error calls it. */
interface Kept {
  readonly id: string
  readonly name: string
  readonly tried: string
}

async function readMeta(config: string, { id, name, tried }: Kept): Promise<{ host: string; skipTlsVerify: boolean }> {
  const path = join(config, 'contexts', 'meta', id, 'meta.json')
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') {
      // Its path has the name as a hash, which tells a person nothing.
      fail(
        'ERR_CONTEXT_NOT_FOUND',
        tried,
        `there is no context ${name} in ${config}`,
        'docker context ls shows them.',
        cause,
      )
    }
    return fail('ERR_CONTEXT_INVALID', `${tried}, ${path}`, fileReason(cause), 'Make that file readable.', cause)
  })
  const meta = parseObject(text)
  const broken = (got: string): never =>
    fail('ERR_CONTEXT_INVALID', `${tried}, ${path}`, got, `Remove it and make it anew:  docker context rm ${name}`)
  if (meta === undefined) return broken('it is no JSON object')
  if (meta['Name'] !== name) broken('it is kept under the name of another context')
  const docker = asObject(asObject(meta['Endpoints'])?.['docker'])
  if (docker === undefined) return broken('it has no endpoint for docker')
  const { Host: host, SkipTLSVerify: skip = false } = docker
  if (typeof host !== 'string' || host === '') return broken('its endpoint for docker has no Host')
  if (typeof skip !== 'boolean') return broken('its SkipTLSVerify is neither true nor false')
  return { host, skipTlsVerify: skip }
}

/** The CLI would connect without what is missing: in plaintext, unverified, or without a client certificate. */
async function tlsFolder(folder: string, name: string, tried: string): Promise<string> {
  const there = await Promise.all(TLS_FILES.map((file) => isThere(join(folder, file))))
  const missing = TLS_FILES.filter((_, index) => !there[index])
  if (missing.length === 0) return folder
  const got =
    missing.length === TLS_FILES.length ? 'it has no TLS material' : `its TLS material lacks ${missing.join(' and ')}`
  const todo = `Add all three:  docker context update ${name} --docker host=...,ca=ca.pem,cert=cert.pem,key=key.pem`
  return fail('ERR_CONTEXT_INSECURE', tried, `${got}, and its host is reached by TCP`, todo)
}

/** A file that can't be looked at counts as there: reading it gives the better message. */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** The context that `docker context use` chose: none where there is no config.json, or no word of it in there. */
export async function readCurrentContext(config: string): Promise<string | undefined> {
  const { currentContext = '' } = await readConfigFile(config)
  if (typeof currentContext === 'string') return currentContext === '' ? undefined : currentContext
  throw unusable(configFile(config), 'its currentContext is no string', 'See: docker context use')
}
