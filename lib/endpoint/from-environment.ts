import { withTurnedOff } from './cert-dir.ts'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import type { Environment, Variable } from './environment.ts'
import { absolutePath } from './folders.ts'
import { parseHost } from './host.ts'
import type { Found, ResolutionLog } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { showHost } from './text.ts'
import { certPathOf, requireTlsVerify, recordUnusedTls } from './tls-variables.ts'
import { printable } from '../base/text.ts'

/** Finds the endpoint of the variables, else of the current context, else the daemon of this machine. */
export async function fromEnvironment(options: EndpointOptions, env: Environment, log: ResolutionLog): Promise<Found> {
  if (options.envFile !== undefined) {
    log.considered = 'option envFile'
    const path = absolutePath({ text: options.envFile, source: 'option envFile', code: 'ERR_ENV_FILE_INVALID' }, env)
    const { addEnvFile } = await import('./env-file.ts')
    log.variables = await addEnvFile(log.variables, path, log)
  }
  const { DOCKER_HOST: host, DOCKER_HOST_IP: ip } = log.variables
  if (host !== undefined) return fromHost('DOCKER_HOST', host, options, env, log)
  if (ip !== undefined) return fromHost('DOCKER_HOST_IP', ip, options, env, log)
  const { fromContextOrSocket } = await import('./from-context.ts')
  return fromContextOrSocket(options, env, log)
}

type HostVariable = 'DOCKER_HOST' | 'DOCKER_HOST_IP'

async function fromHost(
  name: HostVariable,
  host: Variable,
  { tlsOnPort2375 }: EndpointOptions,
  env: Environment,
  log: ResolutionLog,
): Promise<Found> {
  log.considered = name
  const endpoint = parse(host, tlsOnPort2375, env)
  const because =
    name === 'DOCKER_HOST' ? 'no option names a daemon' : 'neither an option nor DOCKER_HOST names a daemon'
  log.record(name, 'chosen', because, showHost(host.value))
  recordOtherHosts(name, host, log)
  if (endpoint.kind !== 'tls') {
    recordUnusedTls(`${formatEndpoint(endpoint)} has no TLS`, log)
    return { endpoint, source: host.source }
  }
  requireTlsVerify(host, env, log)
  return { endpoint, source: host.source, ...(await certPathOf(env, log)) }
}

function parse(
  { value, source }: Variable,
  tlsOnPort2375: EndpointOptions['tlsOnPort2375'],
  env: Environment,
): Endpoint {
  try {
    return parseHost(value, { tlsOnPort2375, source })
  } catch (error) {
    throw withTurnedOff(error, env)
  }
}

/** Warns of variables that name another daemon and are ignored. */
function recordOtherHosts(name: HostVariable, host: Variable, log: ResolutionLog): void {
  const { DOCKER_HOST_IP: ip, DOCKER_CONTEXT: context } = log.variables
  if (context !== undefined) {
    log.record('DOCKER_CONTEXT', 'ignored', `${name} takes precedence`, printable(context.value))
    log.warn('source-ignored', `${context.source}=${printable(context.value)} is ignored because ${name} is set.`)
  }
  if (ip === undefined || name === 'DOCKER_HOST_IP') return
  const same = ip.value.trim() === host.value.trim()
  const because = same ? 'it has the same value as DOCKER_HOST' : 'DOCKER_HOST takes precedence, and has another value'
  log.record('DOCKER_HOST_IP', 'ignored', because, showHost(ip.value))
  if (!same) {
    log.warn('source-ignored', `${ip.source}=${showHost(ip.value)} is ignored because DOCKER_HOST has another value.`)
  }
}
