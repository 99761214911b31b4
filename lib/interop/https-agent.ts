import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { refuseRedirect, refuseTarget, type Target } from '../transport/target.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** How util.inspect asks an object for its own words (Node, util.inspect.custom). */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What Node tells an agent of a request. */
type AgentRequest = RequestOptions & { readonly host: string; readonly port: number | string }

/** As Node types it: with a socket, whatever failed. */
type Created = (error: Error | null, socket: Duplex) => void

/** What passes between a request and its agent, undocumented (Node, lib/_http_agent.js and lib/_http_client.js). */
interface AskedByRequests {
  addRequest(request: ClientRequest, options: AgentRequest): void
}
interface Refusable {
  onSocket(socket: null, error: Error): void
}

const NODES_AGENT = Agent.prototype as unknown as AskedByRequests

/** An agent whose connections are ours: what a request or a variable says about TLS is not even read. */
class DockerAgent extends Agent implements AskedByRequests {
  readonly #dispatcher: DockerDispatcher
  readonly #target: Target

  constructor(dispatcher: DockerDispatcher) {
    super({ keepAlive: true })
    this.#dispatcher = dispatcher
    const { endpoint, origin, prefix } = dispatcher
    this.#target = { name: formatEndpoint(endpoint), origin, prefix }
  }

  /** One daemon, one pool: Node's own names tell connections apart by options that mean nothing here. */
  override getName(): string {
    return this.#target.origin
  }

  override createConnection(_: RequestOptions, callback: Created = () => {}): undefined {
    const failed = callback as (error: Error) => void
    this.#dispatcher.open().then((socket) => callback(null, socket), failed)
  }

  /** Sees every request; createConnection() sees only those that find no idle connection. */
  addRequest(request: ClientRequest, options: AgentRequest): void {
    const refusal = refuseTarget(this.#target, targetOf(request, options))
    if (refusal) return (request as unknown as Refusable).onSocket(null, refusal)
    request.prependOnceListener('response', (answer) => this.#judge(request, answer))
    NODES_AGENT.addRequest.call(this, request, options)
  }

  /** Before whoever asked sees the answer: docker-modem follows a redirect in plaintext, and without its agent. */
  #judge(request: ClientRequest, answer: IncomingMessage): void {
    const refusal = refuseRedirect(this.#target, answer.statusCode ?? 0)
    if (refusal) {
      delete answer.headers.location
      answer.destroy(refusal)
    } else if (request.listenerCount('response') === 0) {
      // Node reads an answer that nobody listens for to its end by itself, were it not for this listener.
      answer.resume()
    }
  }

  /** docker-modem inspects its agent for every request, with all that is in it. */
  [INSPECT](): string {
    return `Agent of docker-mtls to ${this.#target.name}`
  }
}

/** A request as a dispatcher sees it. Header fields given as a list are all that Node sends. */
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
 * Makes an agent for `node:https`, and for whatever takes one, that connects as our own client does: the same policy,
 * identity and sessions. It goes to its one daemon, below the endpoint's prefix, and nowhere else, and an answer that
 * redirects is an error. `rejectUnauthorized`, `ca`, `checkServerIdentity` or `servername` of a request change nothing,
 * and neither do NODE_TLS_REJECT_UNAUTHORIZED and NODE_EXTRA_CA_CERTS.
 *
 * Its connections end with the client. A request that is aborted while its connection is being made ends when that is
 * made, or has failed.
 *
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @returns an agent for requests to the `origin` of the client's dispatcher; their errors are {@link ConnectionError}
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID for an endpoint that is not reached over TLS
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
    tried: `making an https agent to ${formatEndpoint(dispatcher.endpoint)}`,
    got: "this endpoint doesn't use TLS",
    todo: "Pass the path of the socket to your HTTP client. For ssh, create a socket:  await bridge(docker, '/your/folder/docker.sock')",
  })
}
