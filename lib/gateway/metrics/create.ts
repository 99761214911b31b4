import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { ArgumentError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import type { GatewayEvent } from '../events.ts'
import { listenOn } from '../arriving/listener.ts'
import { Counts } from './counts.ts'
import { FRESH_MS, Health } from './health.ts'
import type { Metrics, MetricsOptions, MetricsSource } from './interface.ts'

/** How long a head may take to arrive, in milliseconds. */
const HEAD_MS = 5_000
const MOST_CONNECTIONS = 64
/** How many requests may be open on a connection: Prometheus waits for each answer. */
const MOST_OPEN = 4

/**
 * Serves what gateways count, on a listener of its own: `/metrics` in Prometheus' text format, and `/healthz`, whose status is 200 if the
 * daemons answer, the audit log can be written, and certificates and revocation lists are current, else 503 with the
 * reasons as JSON. It is plain HTTP without a password, so it listens on the loopback address.
 *
 * @throws {@link ConnectionError} ERR_GATEWAY_LISTEN
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * await using metrics = await createMetrics({ listen: { port: 9323 } })
 * ```
 */
export async function createMetrics(options: MetricsOptions): Promise<Metrics> {
  checkOptions(options, ['listen', 'identities'], 'createMetrics()')
  checkOptions(options.listen, ['host', 'port', 'exposed'], 'the option listen of createMetrics()')
  const { host = '127.0.0.1', port, exposed = false } = options.listen
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw wrong('listen.port', 'it is not a port', 'Pass a number from 0 to 65535.')
  if (!exposed && !isLoopback(host))
    throw wrong(
      'listen.host',
      'other machines can reach this address, and everybody there could read the metrics',
      'Pass a loopback address, or exposed: true.',
    )
  const server = new MetricsServer(options.identities === true)
  await server.listen({ host, port })
  return server
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

class MetricsServer implements Metrics {
  readonly #server: Server
  readonly #counts: Counts
  readonly #health = new Health()
  readonly #sources = new Set<MetricsSource>()
  readonly #open = new WeakMap<Socket, number>()
  #rendered = { at: -FRESH_MS, text: '' }
  #address = { host: '', port: 0 }

  constructor(withIdentities: boolean) {
    this.#counts = new Counts(withIdentities)
    this.#server = createServer(
      {
        headersTimeout: HEAD_MS,
        requestTimeout: HEAD_MS,
        // Node looks for late ones every 30 s otherwise.
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: 8_192,
        requireHostHeader: true,
      },
      (request, response) => {
        if (this.#admit(request, response)) void this.#answer(request, response)
      },
    )
    this.#server.maxConnections = MOST_CONNECTIONS
  }

  get address(): Metrics['address'] {
    return this.#address
  }

  async listen(where: { readonly host: string; readonly port: number }): Promise<void> {
    this.#address = await listenOn(this.#server, where)
    this.#server.unref()
  }

  count(event: GatewayEvent): void {
    this.#counts.count(event)
  }

  add(source: MetricsSource): () => void {
    this.#sources.add(source)
    return () => void this.#sources.delete(source)
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const ended = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Cuts a connection on which too many requests are open. */
  #admit({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const count = (by: number): number => {
      const open = (this.#open.get(socket) ?? 0) + by
      this.#open.set(socket, open)
      return open
    }
    response.once('close', () => count(-1))
    if (count(1) > MOST_OPEN) socket.destroy()
    return !socket.destroyed
  }

  /** Whoever can reach the port must not be able to keep the gateway busy. */
  #metrics(): string {
    const now = performance.now()
    if (now - this.#rendered.at >= FRESH_MS) this.#rendered = { at: now, text: this.#counts.render([...this.#sources]) }
    return this.#rendered.text
  }

  async #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url.replace(/\?.*/s, '')
    if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'Only GET and HEAD\n')
    if (path === '/metrics') return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', this.#metrics())
    if (path !== '/healthz') return send(response, 404, 'text/plain', 'See /metrics and /healthz\n')
    const reasons = await this.#health.faults([...this.#sources])
    const isWell = reasons.length === 0
    send(response, isWell ? 200 : 503, 'application/json', `${JSON.stringify({ ok: isWell, reasons })}\n`)
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

function wrong(option: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of createMetrics()`, got, todo })
}
