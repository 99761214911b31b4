import { EndpointError } from '../base/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { checkEnvironment, pickVariables, type Environment } from './environment.ts'
import { fromEnvironment } from './from-environment.ts'
import { warningTexts } from '../base/warning.ts'
import { sentence } from '../base/sentence.ts'
import { nameSource, ResolutionLog, type CertPathSource, type Found } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { refuseUnusedProxy } from './proxy.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

const API_VERSION = /^v?([1-9]\d{0,2}\.(?:0|[1-9]\d{0,2}))$/

/** How an endpoint was found. */
export interface Resolution {
  /** The option, variable or file that named it: `option host`, `DOCKER_HOST`, `DOCKER_HOST in /path/.env`, `local socket`. */
  readonly source: string
  /** The name of the docker context, if a context named it. */
  readonly context?: string
  /** The absolute path of the folder of `ca.pem`, `cert.pem` and `key.pem`. Absent if you passed `ca`, `cert` and `key`. */
  readonly certPath?: string
  /** What chose `certPath`. Present only for a host in a variable without DOCKER_CERT_PATH. */
  readonly certPathFrom?: CertPathSource
  /** The pinned Engine API version, such as `1.44`. */
  readonly apiVersion?: string
  /** Problems in the environment that don't prevent a connection. One sentence each. */
  readonly warnings: readonly string[]
}

/** An endpoint, and how it was found. It contains no key and no passphrase. */
export type ResolvedEndpoint = Endpoint & Resolution

/**
 * Finds the daemon that the options name, else DOCKER_HOST or DOCKER_HOST_IP, else the current docker context. If none of
 * them names one, it is the daemon of this machine. This opens no connection and reads no certificate.
 *
 * @param options - the daemon, the client certificate and connection settings; see {@link EndpointOptions}
 * @param env - used instead of `process.env`
 * @returns the endpoint with its source; for TLS also the folder of the certificates, unless you passed them as values
 * @throws {@link EndpointError} for an invalid endpoint, or one that would be weaker than verified mutual TLS
 * @throws {@link ArgumentError} for an unknown option, a wrong type, and options that contradict each other
 * @example
 * ```ts
 * const endpoint = await resolveEndpoint({ host: 'tcp://build01:2376', certPath: '~/.docker' })
 * console.log(formatEndpoint(endpoint), endpoint.source)
 * ```
 */
export async function resolveEndpoint(
  options: EndpointOptions = {},
  env: Environment = process.env,
): Promise<ResolvedEndpoint> {
  return resolveWithLog(options, env, new ResolutionLog())
}

/** @internal {@link resolveEndpoint} that records every step. */
export async function resolveWithLog(options: unknown, env: unknown, log: ResolutionLog): Promise<ResolvedEndpoint> {
  const variables = await checkEnvironment(env)
  log.variables = pickVariables(variables)
  log.options = await readOptions(options)
  rejectIfAborted(log.options.signal)
  const byOptions = namesDaemonOrIdentity(log.options)
  const { fromOptions } = byOptions ? await import('./from-options.ts') : {}
  const found = await (fromOptions ?? fromEnvironment)(log.options, variables, log)
  checkProxy(found.endpoint, log)
  const apiVersion = pinnedVersion(byOptions, log)
  rejectIfAborted(log.options.signal)
  return assemble(found, apiVersion, log)
}

/** Skips the check if there are no options, since it loads zod, which takes 50 ms. */
async function readOptions(options: unknown): Promise<EndpointOptions> {
  if (isEmptyObject(options)) return {}
  const { checkEndpointOptions } = await import('./options.ts')
  return checkEndpointOptions(options)
}

/** Only for a plain object. An object with another prototype is checked by zod. */
function isEmptyObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
}

/** If any of these options is set, the environment is ignored for all of them. */
function namesDaemonOrIdentity({ host, context, certPath, ca }: EndpointOptions): boolean {
  return [host, context, certPath, ca].some((value) => value !== undefined)
}

function rejectIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason
}

function checkProxy(endpoint: Endpoint, log: ResolutionLog): void {
  const { proxy } = log.options
  if (proxy === undefined) return
  log.considered = 'option proxy'
  refuseUnusedProxy(endpoint)
  log.record('option proxy', 'chosen', 'the connection goes through it', showHost(proxy))
}

/** DOCKER_API_VERSION applies only to the daemon that the environment names, and not to one that an option names. */
function pinnedVersion(byOptions: boolean, log: ResolutionLog): string | undefined {
  const option = log.options.apiVersion
  const variable = byOptions ? undefined : log.variables.DOCKER_API_VERSION
  if (option !== undefined) return pin('option apiVersion', option, 'option apiVersion', log)
  return variable && pin('DOCKER_API_VERSION', variable.value, variable.source, log)
}

function pin(
  step: 'option apiVersion' | 'DOCKER_API_VERSION',
  text: string,
  source: string,
  log: ResolutionLog,
): string {
  log.considered = step
  const version = API_VERSION.exec(text)?.[1]
  if (version === undefined) {
    throw new EndpointError('ERR_API_VERSION_INVALID', {
      tried: sentence`${nameSource(source)}=${printable(text)}`,
      got: 'it is not a version of the Engine API',
      todo: 'Use a form such as 1.44. Without it, the version is negotiated.',
    })
  }
  log.record(step, 'chosen', 'it sets the version', version)
  return version
}

function assemble(found: Found, apiVersion: string | undefined, log: ResolutionLog): ResolvedEndpoint {
  const { endpoint, source, context, certPath, certPathFrom } = found
  if (endpoint.kind === 'tls' && ['0.0.0.0', '::'].includes(endpoint.host)) {
    log.warn('listen-address', `${endpoint.host} is an address to listen on, not to connect to.`)
  }
  return {
    ...endpoint,
    source,
    ...(context === undefined ? {} : { context }),
    ...(certPath === undefined ? {} : { certPath }),
    ...(certPathFrom === undefined ? {} : { certPathFrom }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    warnings: warningTexts(log.warnings),
  }
}
