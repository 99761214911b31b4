import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { refuseRedirect, refuseTarget, type Target } from '../transport/target.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** The method that util.inspect calls to print an object (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** The options of a request that Node passes to an agent. */
type AgentRequest = RequestOptions & { readonly host: string; readonly port: number | string }

/** Node's types require a socket even with an error. */
type CreateCallback = (error: Error | null, socket: Duplex) => void

/**
 * Undocumented methods that requests and agents call on each other (Node, lib/_http_agent.js and lib/_http_client.js).
 */
interface AgentInternals {
  addRequest(request: ClientRequest, options: AgentRequest): void
}
interface RequestInternals {
  onSocket(socket: null, error: Error): void
  /** Writes the request line and the header fields, when the first byte of the request is needed. */
  _implicitHeader(): void
}

const NODE_AGENT = Agent.prototype as unknown as AgentInternals

/** An agent that uses our connections. It doesn't read the TLS options of requests or the environment. */
class DockerAgent extends Agent implements AgentInternals {
  readonly #dispatcher: DockerDispatcher
  readonly #target: Target

  constructor(dispatcher: DockerDispatcher) {
    super({ keepAlive: true })
    this.#dispatcher = dispatcher
    const { endpoint, origin, prefix } = dispatcher
    this.#target = { name: formatEndpoint(endpoint), origin, prefix }
  }

  /** One daemon, one pool. Node's default name depends on options that have no effect here. */
  override getName(): string {
    return this.#target.origin
  }

  override createConnection(_: RequestOptions, callback: CreateCallback = () => {}): undefined {
    const failed = callback as (error: Error) => void
    this.#dispatcher.open().then((socket) => callback(null, socket), failed)
  }

  /** Called for every request; createConnection() is called only if no connection is idle. */
  addRequest(request: ClientRequest, options: AgentRequest): void {
    const internals = request as unknown as RequestInternals
    const refusal = refuseTarget(this.#target, targetOf(request, options))
    if (refusal) return internals.onSocket(null, refusal)
    // Until then, the caller may change the path, the method and the header fields.
    const writeHeader = internals._implicitHeader.bind(request)
    internals._implicitHeader = () => {
      const late = refuseTarget(this.#target, targetOf(request, options))
      // A request that was destroyed sends nothing.
      if (late) request.destroy(late)
      writeHeader()
    }
    request.prependOnceListener('response', (answer) => this.#checkRedirect(request, answer))
    NODE_AGENT.addRequest.call(this, request, options)
  }

  /** Runs before the caller's listener: docker-modem follows a redirect in plaintext, and without its agent. */
  #checkRedirect(request: ClientRequest, answer: IncomingMessage): void {
    const refusal = refuseRedirect(this.#target, answer.statusCode ?? 0)
    if (refusal) {
      delete answer.headers.location
      answer.destroy(refusal)
    } else if (request.listenerCount('response') === 0) {
      // Without a listener, Node discards an answer by itself. Ours prevents that.
      answer.resume()
    }
  }

  /** docker-modem inspects its agent for every request, including all its fields. */
  [INSPECT](): string {
    return `Agent of docker-mtls to ${this.#target.name}`
  }
}

/** The request as a dispatcher's options. If its headers are a list, Node sends only those. */
function targetOf(
  request: ClientRequest,
  { host, port, socketPath, headers }: AgentRequest,
): Parameters<typeof refuseTarget>[1] {
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const named = request.getHeader('host')
  return {
    origin: typeof socketPath === 'string' ? `unix://${socketPath}` : `https://${authority}:${port}`,
    method: request.method,
    path: request.path,
    headers: Array.isArray(headers) ? [...headers] : named === undefined ? {} : { host: String(named) },
  }
}

/**
 * Creates an agent for `node:https`, and for clients that accept such an agent. It connects like our own client, with
 * the same TLS policy, identity and sessions. It connects only to this daemon, below the endpoint's prefix, and a
 * redirect is an error. The options `rejectUnauthorized`, `ca`, `checkServerIdentity` and `servername` of a request
 * have no effect, and neither have NODE_TLS_REJECT_UNAUTHORIZED and NODE_EXTRA_CA_CERTS.
 *
 * Closing the client closes the agent's connections. If you abort a request while its connection is being opened, the
 * request ends when the connection is open or has failed.
 *
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @returns an agent for requests to the `origin` of the client's dispatcher; their errors are {@link ConnectionError}
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for an endpoint that isn't reached over TLS
 * @example
 * ```ts
 * import { get } from 'node:https'
 *
 * const docker = await connect()
 * const { origin, prefix } = docker.dispatcher
 * get(`${origin}${prefix}/version`, { agent: toHttpsAgent(docker) }, (answer) => answer.pipe(process.stdout))
 * ```
 */
export function toHttpsAgent(source: ConnectionSource): Agent {
  const dispatcher = dispatcherOf(source, 'toHttpsAgent')
  if (dispatcher.endpoint.kind === 'tls') return new DockerAgent(dispatcher)
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `creating an https agent for ${formatEndpoint(dispatcher.endpoint)}`,
    got: "this endpoint doesn't use TLS",
    todo: "Pass the path of the socket to your HTTP client. For ssh, create a socket:  await bridge(docker, '/your/folder/docker.sock')",
  })
}
