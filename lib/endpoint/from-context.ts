import { EndpointError } from '../base/errors.ts'
import { DIND_HOST } from './cert-dir.ts'
import { configFile } from './config-file.ts'
import { DEFAULT_CONTEXT } from './context-layout.ts'
import { readContext, readCurrentContext, type ContextRequest } from './context.ts'
import { formatEndpoint } from './endpoint.ts'
import type { Environment, Variable } from './environment.ts'
import { contextsFolder } from './folders.ts'
import { parseHost } from './host.ts'
import { findLocalSocket } from './local-socket.ts'
import type { Found, ResolutionLog, Source } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { certPathOf, recordUnusedTls, requireTlsVerify, tlsVariables } from './tls-variables.ts'
import { command, sentence } from '../base/sentence.ts'
import { enumerate, printable } from '../base/text.ts'

/** Reads the named context. `default` is the daemon of this machine. */
export async function fromContext(
  step: Source,
  request: ContextRequest,
  env: Environment,
  log: ResolutionLog,
): Promise<Found> {
  const { name, source } = request
  log.considered = step
  if (name === DEFAULT_CONTEXT) {
    log.record(step, 'chosen', 'default is the daemon of this machine', name)
    return { ...(await fromLocalSocket(env, log)), source, context: name }
  }
  const found = await readContext(request)
  log.record(step, 'chosen', `the context leads to ${formatEndpoint(found.endpoint)}`, printable(name))
  return { ...found, source, context: name }
}

/** Finds the daemon of this machine. */
async function fromLocalSocket(env: Environment, log: ResolutionLog): Promise<Found & { readonly exists: boolean }> {
  log.considered = 'local socket'
  const { endpoint, because, exists } = await findLocalSocket(env)
  log.record('local socket', 'chosen', because, formatEndpoint(endpoint))
  return { endpoint, source: 'local socket', exists }
}

/** Used if no host is set: reads the context of DOCKER_CONTEXT or config.json, else finds the daemon of this machine. */
export async function fromContextOrSocket(
  options: EndpointOptions,
  env: Environment,
  log: ResolutionLog,
): Promise<Found> {
  const { tlsOnPort2375 } = options
  const config = contextsFolder(env, log)
  const context = log.variables.DOCKER_CONTEXT ?? (await currentContext(config, log))
  if (context === undefined) return fromDindOrSocket(env, log)
  if (context.value === DEFAULT_CONTEXT) requireHost(log)
  const step = log.variables.DOCKER_CONTEXT === undefined ? 'currentContext' : 'DOCKER_CONTEXT'
  const request = { name: context.value, source: context.source, config, tlsOnPort2375, ownIdentity: false }
  const found = await fromContext(step, request, env, log)
  const { kind } = found.endpoint
  const why =
    kind === 'tls' ? 'has its own certificates' : `leads to ${formatEndpoint(found.endpoint)}, which has no TLS`
  recordUnusedTls(`the context ${context.value} ${why}`, log)
  return found
}

async function currentContext(config: string, log: ResolutionLog): Promise<Variable | undefined> {
  log.considered = 'currentContext'
  const path = configFile(config)
  const value = await readCurrentContext(config)
  if (value !== undefined) return { value, source: `currentContext in ${path}` }
  log.record('currentContext', 'not set', `${path} names no context`)
  return undefined
}

/**
 * Without any host, DOCKER_TLS_CERTDIR leads to docker:dind, as in the image docker:cli: if TLS variables mean a remote daemon, or
 * if this machine has no socket.
 */
async function fromDindOrSocket(env: Environment, log: ResolutionLog): Promise<Found> {
  const { DOCKER_TLS_CERTDIR: certDir } = log.variables
  if (certDir === undefined) requireHost(log)
  else if (tlsVariables(log.variables).length > 0)
    return fromDind(certDir, 'TLS variables mean a remote daemon', env, log)
  const local = await fromLocalSocket(env, log)
  if (certDir === undefined || local.exists) return local
  return fromDind(certDir, 'this machine has no socket, and DOCKER_TLS_CERTDIR is set', env, log)
}

async function fromDind(certDir: Variable, because: string, env: Environment, log: ResolutionLog): Promise<Found> {
  log.record('local socket', 'ignored', because)
  requireTlsVerify(certDir, env, log)
  return { endpoint: parseHost(DIND_HOST), source: certDir.source, ...(await certPathOf(env, log)) }
}

/** Refuses TLS variables without a host: whoever set them doesn't mean the local socket. */
function requireHost(log: ResolutionLog): void {
  const [first, ...others] = tlsVariables(log.variables)
  if (first === undefined) return
  log.considered = first
  throw new EndpointError('ERR_HOST_REQUIRED', {
    tried: `reading ${enumerate([first, ...others])} from the environment`,
    got: 'neither DOCKER_HOST nor a context names a daemon',
    todo: sentence`Set DOCKER_HOST:  ${command('export', 'DOCKER_HOST=tcp://HOST:2376')}`,
  })
}
