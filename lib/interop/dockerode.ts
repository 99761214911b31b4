import type { Agent } from 'node:https'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import { toHttpsAgent } from './https-agent.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** What `new Docker(options)` of dockerode 5 takes, as far as it concerns the connection. */
export interface DockerodeOptions {
  /** `https` for a TLS endpoint, `http` for a local socket. */
  readonly protocol: 'http' | 'https'
  /** The host of a TLS endpoint. */
  readonly host: string | undefined
  /** The port of a TLS endpoint. */
  readonly port: number | undefined
  /** The path of a local socket. */
  readonly socketPath: string | undefined
  /** Opens the connections of a TLS endpoint. */
  readonly agent: Agent | undefined
  /** The prefix of every path. */
  readonly pathPrefix: string
  /** Goes before every path: an API version such as `v1.44`, or the prefix of a gateway. */
  readonly version: string | undefined
  /** Unset: nothing is read from a URL. */
  readonly username: undefined
  /** Unset: nothing is read from a URL. */
  readonly password: undefined
  /** Unset, so that no file is read: the agent has the CA. */
  readonly ca: undefined
  /** Unset, so that no file is read: the agent has the certificate. */
  readonly cert: undefined
  /** Unset, so that no file is read: the agent has the key. */
  readonly key: undefined
  /** Unset: the agent checks the server's name. */
  readonly checkServerIdentity: undefined
  /** Unset: long calls have no time-out. */
  readonly timeout: undefined
}

/**
 * Everything that docker-modem reads from DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_PATH_PREFIX and
 * DOCKER_CLIENT_TIMEOUT: what isn't named here would be filled from there (docker-modem 5, lib/modem.js).
 */
const NOTHING_FROM_ENVIRONMENT: DockerodeOptions = {
  protocol: 'http',
  host: undefined,
  port: undefined,
  socketPath: undefined,
  agent: undefined,
  pathPrefix: '/',
  version: undefined,
  username: undefined,
  password: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  checkServerIdentity: undefined,
  timeout: undefined,
}

/**
 * Makes the options with which dockerode uses our connection, and not what it reads from the environment: an agent for a
 * TLS endpoint, the path of a local socket.
 *
 * dockerode reads the environment all the same, and throws where DOCKER_HOST is no URL or a file in DOCKER_CERT_PATH is
 * missing; nothing else of it comes through. Its `hijack: true` is what keeps the output after the end of the input:
 * without it, `end()` destroys the connection.
 *
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @returns the options; of more of them, `version` and `headers` do no harm
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for an ssh endpoint
 * @example
 * ```ts
 * import Docker from 'dockerode'
 *
 * const docker = await connect()
 * const dockerode = new Docker(toDockerodeOptions(docker))
 * ```
 */
export function toDockerodeOptions(source: ConnectionSource): DockerodeOptions {
  const dispatcher = dispatcherOf(source, 'toDockerodeOptions')
  const { endpoint, origin, prefix } = dispatcher
  switch (endpoint.kind) {
    case 'tls':
      return {
        ...NOTHING_FROM_ENVIRONMENT,
        protocol: 'https',
        host: new URL(origin).hostname.replace(/^\[|\]$/g, ''),
        port: endpoint.port,
        agent: toHttpsAgent(dispatcher),
        // docker-modem loses its pathPrefix to every path that begins with a slash; its version it puts before all.
        version: prefix === '' ? undefined : prefix.slice(1),
      }
    case 'unix':
    case 'npipe':
      return { ...NOTHING_FROM_ENVIRONMENT, socketPath: endpoint.path }
    case 'ssh':
      throw new ArgumentError('ERR_ARGUMENT_INVALID', {
        tried: `making options for dockerode to ${formatEndpoint(endpoint)}`,
        got: 'dockerode would use its own ssh',
        todo: "Create a socket with  await bridge(docker, '/your/folder/docker.sock')  and pass its path to dockerode as socketPath.",
      })
  }
}
