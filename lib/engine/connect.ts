import type { Environment } from '../endpoint/environment.ts'
import type { EndpointOptions } from '../endpoint/options.ts'
import { resolveEndpoint, type ResolvedEndpoint } from '../endpoint/resolve.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'
import { createDispatcher } from '../transport/dispatcher.ts'
import { CONNECT_TIMEOUT_MS } from '../transport/tls-policy.ts'
import type { DockerClient } from './client.ts'
import { Send } from './send.ts'

/** Loads the client certificate of a TLS endpoint, as {@link connect} does. */
export async function identityFor(endpoint: ResolvedEndpoint, options: EndpointOptions): Promise<Identity | undefined> {
  if (endpoint.kind !== 'tls') return undefined
  const { ca, cert, key, passphrase, foreignClientCa } = options
  const values = ca !== undefined && cert !== undefined && key !== undefined ? { ca, cert, key } : undefined
  const loading = loadIdentity(values ?? endpoint.certPath ?? '', {
    ...(passphrase !== undefined && { passphrase }),
    ...(foreignClientCa !== undefined && { foreignClientCa }),
  })
  const { certPathFrom } = endpoint
  if (certPathFrom === undefined) return loading
  return loading.catch(async (error: unknown) => {
    const { explainFolder } = await import('./chosen-folder.ts')
    throw explainFolder(error, certPathFrom)
  })
}

/**
 * Connects to the Docker daemon that the options, the environment or the current context select. TCP endpoints always
 * use verified mutual TLS. The promise resolves when the daemon has answered. With `waitFor`, it waits for a daemon that isn't up
 * yet.
 *
 * @param options - endpoint, certificates and connection settings. Default: the DOCKER_* variables
 * @param env - replaces `process.env`
 * @throws {@link EndpointError} before anything is sent, for an endpoint that is unusable or unsafe
 * @throws {@link IdentityError} before anything is sent, for certificates that no daemon would accept
 * @throws {@link ConnectionError} if the daemon can't be reached, or if client or daemon rejects the other's
 *   certificate. `docker-mtls doctor`, or `diagnose()` of `docker-mtls/audit`, checks the connection step by step
 * @example
 * ```ts
 * await using docker = await connect({ host: 'tcp://build01:2376', certPath: '/etc/deploy/docker' })
 * ```
 */
export async function connect(options: EndpointOptions = {}, env: Environment = process.env): Promise<DockerClient> {
  if (!mayWait(options)) return connectOnce(options, env)
  const [{ checkEndpointOptions }, { untilReady }] = await Promise.all([
    import('../endpoint/options.ts'),
    import('./until-ready.ts'),
  ])
  const { waitFor: wait, ...once } = await checkEndpointOptions(options)
  return untilReady({ ...once, wait }, (connectTimeout) => connectOnce({ ...once, connectTimeout }, env))
}

/** Other values than objects are refused where the endpoint is resolved. */
function mayWait(options: EndpointOptions | null): boolean {
  return options?.waitFor !== undefined
}

async function connectOnce(options: EndpointOptions, env: Environment): Promise<DockerClient> {
  const endpoint = await resolveEndpoint(options, env)
  const { signal, connectTimeout = CONNECT_TIMEOUT_MS, maxAnswerBytes, proxy } = options
  const identity = await identityFor(endpoint, options)
  const dispatcher = createDispatcher(endpoint, identity, {
    connectTimeout,
    proxy,
    ...(maxAnswerBytes !== undefined && { maxAnswerBytes }),
  })
  const send = new Send(dispatcher, endpoint.apiVersion)
  try {
    // One timeout to connect, and one to answer.
    const answered = send.negotiate(2 * connectTimeout, signal)
    // The API is loaded while the connection is being established.
    const [{ DockerClient }] = await Promise.all([import('./client.ts'), answered])
    return new DockerClient(endpoint, dispatcher, send, [...endpoint.warnings, ...(identity?.warnings ?? [])])
  } catch (error) {
    await dispatcher.destroy()
    throw error
  }
}
