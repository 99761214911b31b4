import { formatEndpoint } from './endpoint.ts'
import type { Environment, Variable } from './environment.ts'
import { absolutePath } from './folders.ts'
import { parseHost } from './host.ts'
import type { Found, Notes } from './notes.ts'
import type { EndpointOptions } from './options.ts'
import { showHost } from './text.ts'
import { certPathOf, requireTlsVerify, sayTlsWithoutEffect } from './tls-variables.ts'
import { printable } from '../base/text.ts'

/** The endpoint that the variables mean, else the current context, else the daemon of this machine. */
export async function fromEnvironment(options: EndpointOptions, env: Environment, notes: Notes): Promise<Found> {
  if (options.envFile !== undefined) {
    notes.trying = 'option envFile'
    const path = absolutePath({ text: options.envFile, source: 'option envFile', code: 'ERR_ENV_FILE_INVALID' }, env)
    const { addEnvFile } = await import('./env-file.ts')
    notes.variables = await addEnvFile(notes.variables, path, notes)
  }
  const { DOCKER_HOST: host, DOCKER_HOST_IP: ip } = notes.variables
  if (host !== undefined) return fromHost('DOCKER_HOST', host, options, env, notes)
  if (ip !== undefined) return fromHost('DOCKER_HOST_IP', ip, options, env, notes)
  const { fromContextOrSocket } = await import('./from-context.ts')
  return fromContextOrSocket(options, env, notes)
}

type HostName = 'DOCKER_HOST' | 'DOCKER_HOST_IP'

async function fromHost(
  name: HostName,
  host: Variable,
  { tlsOnPort2375 }: EndpointOptions,
  env: Environment,
  notes: Notes,
): Promise<Found> {
  notes.trying = name
  const endpoint = parseHost(host.value, { tlsOnPort2375, source: host.source })
  const because = name === 'DOCKER_HOST' ? 'no option names a daemon' : 'neither an option nor DOCKER_HOST names one'
  notes.say(name, 'chosen', because, showHost(host.value))
  sayOthers(name, host, notes)
  if (endpoint.kind !== 'tls') {
    sayTlsWithoutEffect(`${formatEndpoint(endpoint)} has no TLS`, notes)
    return { endpoint, source: host.source }
  }
  requireTlsVerify(host, notes)
  return { endpoint, source: host.source, certPath: certPathOf(env, notes) }
}

/** Variables that name another daemon: the first counts, and whoever set the others is told. */
function sayOthers(name: HostName, host: Variable, notes: Notes): void {
  const { DOCKER_HOST_IP: ip, DOCKER_CONTEXT: context } = notes.variables
  if (context !== undefined) {
    notes.say('DOCKER_CONTEXT', 'passed over', `${name} comes before it`, printable(context.value))
    notes.warnings.add(`${context.source}=${printable(context.value)}: passed over, since ${name} is set.`)
  }
  if (ip === undefined || name === 'DOCKER_HOST_IP') return
  const same = ip.value.trim() === host.value.trim()
  const because = same ? 'it says the same as DOCKER_HOST' : 'DOCKER_HOST comes before it, and differs'
  notes.say('DOCKER_HOST_IP', 'passed over', because, showHost(ip.value))
  if (!same) {
    notes.warnings.add(`${ip.source}=${showHost(ip.value)}: passed over, since DOCKER_HOST is set and differs.`)
  }
}
