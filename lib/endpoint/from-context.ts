import { join } from 'node:path'
import { EndpointError } from '../base/errors.ts'
import { DEFAULT_CONTEXT } from './context-layout.ts'
import { readContext, readCurrentContext, type ContextRequest } from './context.ts'
import { formatEndpoint } from './endpoint.ts'
import type { Environment, Variable } from './environment.ts'
import { configFolder } from './folders.ts'
import { findLocalSocket } from './local-socket.ts'
import type { Found, Notes, Source } from './notes.ts'
import type { EndpointOptions } from './options.ts'
import { sayTlsWithoutEffect, tlsVariables } from './tls-variables.ts'
import { printable } from '../base/text.ts'

/** A context by its name; `default` is the daemon of this machine. */
export async function fromContext(
  step: Source,
  request: ContextRequest,
  env: Environment,
  notes: Notes,
): Promise<Found> {
  const { name, source } = request
  notes.trying = step
  if (name === DEFAULT_CONTEXT) {
    notes.say(step, 'chosen', 'default means the daemon of this machine', name)
    return { ...(await fromLocalSocket(env, notes)), source, context: name }
  }
  const found = await readContext(request)
  notes.say(step, 'chosen', `that context leads to ${formatEndpoint(found.endpoint)}`, printable(name))
  return { ...found, source, context: name }
}

/** The daemon of this machine. */
async function fromLocalSocket(env: Environment, notes: Notes): Promise<Found> {
  notes.trying = 'local socket'
  const { endpoint, because } = await findLocalSocket(env)
  notes.say('local socket', 'chosen', because, formatEndpoint(endpoint))
  return { endpoint, source: 'local socket' }
}

/** Without a host: the context that is meant, else the daemon of this machine. */
export async function fromContextOrSocket(options: EndpointOptions, env: Environment, notes: Notes): Promise<Found> {
  const { tlsOnPort2375 } = options
  notes.trying = 'DOCKER_CONFIG'
  const config = configFolder(notes.variables, env)
  const set = notes.variables.DOCKER_CONTEXT ?? (await currentContext(config, notes))
  if (notes.variables.DOCKER_CONFIG !== undefined)
    notes.say('DOCKER_CONFIG', 'chosen', 'contexts are kept there', config)
  if (set === undefined || set.value === DEFAULT_CONTEXT) requireHost(notes)
  if (set === undefined) return fromLocalSocket(env, notes)
  const step = notes.variables.DOCKER_CONTEXT === undefined ? 'currentContext' : 'DOCKER_CONTEXT'
  const request = { name: set.value, source: set.source, config, tlsOnPort2375, ownIdentity: false }
  const found = await fromContext(step, request, env, notes)
  sayTlsWithoutEffect(`the context ${set.value} brings its own`, notes)
  return found
}

async function currentContext(config: string, notes: Notes): Promise<Variable | undefined> {
  notes.trying = 'currentContext'
  const path = join(config, 'config.json')
  const value = await readCurrentContext(config)
  if (value !== undefined) return { value, source: `currentContext in ${path}` }
  notes.say('currentContext', 'not set', `${path} names no context`)
  return undefined
}

/** Certificates without a daemon: whoever set them meant another one than that of this machine. */
function requireHost(notes: Notes): void {
  const [first, ...others] = tlsVariables(notes.variables)
  if (first === undefined) return
  notes.trying = first
  throw new EndpointError('ERR_HOST_REQUIRED', {
    tried: `${[first, ...others].join(', ')} set in the environment`,
    got: 'neither DOCKER_HOST nor a context says which daemon is meant',
    todo: 'Name it:  export DOCKER_HOST=tcp://HOST:2376',
  })
}
