import type { Environment } from '../endpoint/environment.ts'
import type { EndpointOptions } from '../endpoint/options.ts'
import { resolveEndpoint, type ResolvedEndpoint } from '../endpoint/resolve.ts'
import { loadIdentity, type Identity } from '../identity/identity.ts'
import { createDispatcher } from '../transport/dispatcher.ts'
import { CONNECT_TIMEOUT_MS } from '../transport/tls-policy.ts'
import type { DockerClient } from './client.ts'
import { Send } from './send.ts'

async function identityFor(endpoint: ResolvedEndpoint, options: EndpointOptions): Promise<Identity | undefined> {
  if (endpoint.kind !== 'tls') return undefined
  const { ca, cert, key, passphrase, foreignClientCa } = options
  const values = ca !== undefined && cert !== undefined && key !== undefined ? { ca, cert, key } : undefined
  return loadIdentity(values ?? endpoint.certPath ?? '', {
    ...(passphrase !== undefined && { passphrase }),
    ...(foreignClientCa !== undefined && { foreignClientCa }),
  })
}

/**
 * Connects to the Docker daemon that the options, the environment or the current context mean: verified mutual TLS
 * for every TCP endpoint, a local socket otherwise. It returns when the daemon has answered.
 *
 * @param options - where, who and how; without any, the DOCKER_* variables decide
 * @param env - read in place of `process.env`
 * @throws {@link EndpointError} before anything is sent, for an endpoint that can't be used or isn't safe
 * @throws {@link IdentityError} before anything is sent, for certificates that no daemon would accept
 * @throws {@link ConnectionError} where the daemon can't be reached, or one side refuses the other
 * @example
 * ```ts
 * await using docker = await connect({ host: 'tcp://build01:2376', certPath: '/etc/deploy/docker' })
 * ```
 */
export async function connect(options: EndpointOptions = {}, env: Environment = process.env): Promise<DockerClient> {
  const { signal, connectTimeout = CONNECT_TIMEOUT_MS, proxy } = options
  const endpoint = await resolveEndpoint(options, env)
  const identity = await identityFor(endpoint, options)
  const dispatcher = createDispatcher(endpoint, identity, { connectTimeout, proxy })
  const send = new Send(dispatcher, endpoint.apiVersion)
  try {
    // Once to connect, and once to answer.
    const answered = send.negotiate({ signal, deadline: 2 * connectTimeout })
    // The whole API is loaded while the daemon is being reached.
    const [{ DockerClient }] = await Promise.all([import('./client.ts'), answered])
    return new DockerClient(endpoint, dispatcher, send, [...endpoint.warnings, ...(identity?.warnings ?? [])])
  } catch (error) {
    await dispatcher.destroy()
    throw error
  }
}
