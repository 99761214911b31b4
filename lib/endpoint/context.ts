import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EndpointError, type EndpointErrorCode } from '../base/errors.ts'
import { fileReason } from '../base/files.ts'
import { command, ours, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import { codeOf, isMissing } from '../base/system-error.ts'
import { enumerate, printable } from '../base/text.ts'
import { nameSource } from './resolution-log.ts'
import { configFile, readConfigFile, invalidConfig } from './config-file.ts'
import { contextPaths, isContextName, TLS_FILES } from './context-layout.ts'
import { endpointOf, parseContextMeta, type ContextMeta } from './context-meta.ts'
import type { Endpoint } from './endpoint.ts'

const LIST = ours('context', 'ls')
const update = (name: string): CommandPart =>
  command('docker', 'context', 'update', name, '--docker', 'host=tcp://HOST:2376,ca=ca.pem,cert=cert.pem,key=key.pem')

/** A context to read. */
export interface ContextRequest {
  readonly name: string
  /** The option, variable or file that named it, for messages. */
  readonly source: string
  /** DOCKER_CONFIG. */
  readonly config: string
  readonly tlsOnPort2375?: boolean | undefined
  /** Whether the caller passes an identity. The context's own credentials are then not read. */
  readonly ownIdentity: boolean
}

/** The endpoint of a context, and the folder of its certificates. */
export interface ContextEndpoint {
  readonly endpoint: Endpoint
  readonly certPath?: string
}

/** Reads a context as the Docker CLI stores it, and refuses one that would connect with less than verified mutual TLS. */
export async function readContext(request: ContextRequest): Promise<ContextEndpoint> {
  const { name, source, config, tlsOnPort2375, ownIdentity } = request
  const tried = sentence`the context ${printable(name)} (${nameSource(source)})`
  if (!isContextName(name)) {
    fail('ERR_CONTEXT_NAME_INVALID', tried, 'this is not a valid context name', sentence`List the contexts:  ${LIST}`)
  }
  const todo = sentence`Update it with the daemon's CA:  ${update(name)}`
  const endpoint = endpointOf(await readMeta(config, name, tried), { tried, todo, tlsOnPort2375 })
  if (endpoint.kind !== 'tls' || ownIdentity) return { endpoint }
  return { endpoint, certPath: await credentialsFolder(contextPaths(config, name).credentials, name, tried) }
}

function fail(code: EndpointErrorCode, tried: Sentence, got: string, todo: Sentence, cause?: unknown): never {
  throw new EndpointError(code, { tried, got, todo, cause })
}

async function readMeta(config: string, name: string, tried: Sentence): Promise<ContextMeta> {
  const path = contextPaths(config, name).meta
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') {
      // The path contains only a hash of the name, so the message names the context and the folder.
      const got = `there is no context ${name} in ${config}`
      fail('ERR_CONTEXT_NOT_FOUND', tried, got, sentence`List the contexts:  ${LIST}`, cause)
    }
    return fail(
      'ERR_CONTEXT_INVALID',
      sentence`${tried}, ${path}`,
      fileReason(cause),
      'Make that file readable for this user.',
      cause,
    )
  })
  const meta = parseContextMeta(text)
  if (typeof meta !== 'string' && meta.name === name) return meta
  const got = typeof meta === 'string' ? meta : 'the name in it does not match its folder'
  const todo = sentence`Remove the context, then create it again:  ${command('docker', 'context', 'rm', name)}`
  return fail('ERR_CONTEXT_INVALID', sentence`${tried}, ${path}`, got, todo)
}

/**
 * Returns the folder only if it has all three files. With some of them missing, the CLI would connect in plaintext, without
 * verification or without a client certificate.
 */
async function credentialsFolder(folder: string, name: string, tried: Sentence): Promise<string> {
  const there = await Promise.all(TLS_FILES.map((file) => isThere(join(folder, file))))
  const missing = TLS_FILES.filter((_, index) => !there[index])
  if (missing.length === 0) return folder
  const got =
    missing.length === TLS_FILES.length ? 'it has neither certificates nor a key' : `it lacks ${enumerate(missing)}`
  const todo = sentence`Add all three files:  ${update(name)}`
  return fail('ERR_CONTEXT_INSECURE', tried, `${got}, although its host is reached over TCP`, todo)
}

/** A file whose metadata can't be read counts as present: reading it later gives a better message. */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    return !isMissing(error)
  }
}

/** Returns the context that `docker context use` chose. Undefined if config.json is missing or names none. */
export async function readCurrentContext(config: string): Promise<string | undefined> {
  const { currentContext = '' } = await readConfigFile(config)
  if (typeof currentContext === 'string') return currentContext === '' ? undefined : currentContext
  throw invalidConfig(
    configFile(config),
    'its currentContext is not a string',
    sentence`Choose a context again:  ${command('docker', 'context', 'use', 'NAME')}`,
  )
}
