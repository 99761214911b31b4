import type { Agent } from 'node:https'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import { toHttpsAgent } from './https-agent.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** Connection options for `new Docker(options)` of dockerode 5. */
export interface DockerodeOptions {
  /** `https` for a TLS endpoint, `http` for a local socket. */
  readonly protocol: 'http' | 'https'
  /** The host of a TLS endpoint. */
  readonly host: string | undefined
  /** The port of a TLS endpoint. */
  readonly port: number | undefined
  /** The path of a local socket. */
  readonly socketPath: string | undefined
  /** The agent that opens the connections to a TLS endpoint. */
  readonly agent: Agent | undefined
  /** The prefix of every path. */
  readonly pathPrefix: string
  /** The first part of every path: an API version such as `v1.44`, or the prefix of a gateway. */
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
 * All options that docker-modem reads from DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_PATH_PREFIX and
 * DOCKER_CLIENT_TIMEOUT. It would fill any option missing here from the environment (docker-modem 5, lib/modem.js).
 */
const WITHOUT_ENVIRONMENT: DockerodeOptions = {
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
 * Creates options with which dockerode uses this connection instead of the environment's settings: an agent for a TLS
 * endpoint, or the path of a local socket.
 *
 * dockerode still reads the environment, and throws if DOCKER_HOST isn't a URL or a file in DOCKER_CERT_PATH is
 * missing. Otherwise the environment has no effect. Pass `hijack: true` to dockerode's exec and attach if you need
 * output after the end of the input: without it, `end()` destroys the connection.
 *
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @returns the options; you may add `version` and `headers`
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
        ...WITHOUT_ENVIRONMENT,
        protocol: 'https',
        host: new URL(origin).hostname.replace(/^\[|\]$/g, ''),
        port: endpoint.port,
        agent: toHttpsAgent(dispatcher),
        // docker-modem drops its pathPrefix for paths that begin with a slash. It puts its version before every path.
        version: prefix === '' ? undefined : prefix.slice(1),
      }
    case 'unix':
    case 'npipe':
      return { ...WITHOUT_ENVIRONMENT, socketPath: endpoint.path }
    case 'ssh':
      throw new ArgumentError('ERR_ARGUMENT_INVALID', {
        tried: `creating options for dockerode to use ${formatEndpoint(endpoint)}`,
        got: 'dockerode would open ssh connections of its own',
        todo: "Create a socket with  await bridge(docker, '/your/folder/docker.sock')  and pass its path to dockerode as socketPath.",
      })
  }
}
