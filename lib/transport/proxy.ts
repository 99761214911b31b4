import net from 'node:net'
import type { TlsEndpoint } from '../endpoint/endpoint.ts'
import type { HttpProxy } from '../endpoint/proxy.ts'
import { originOf } from './origin.ts'
import { FAMILY_ATTEMPT_MS, KEEP_ALIVE_MS } from './tls-policy.ts'
import { ProxyFaults } from './proxy-faults.ts'
import { Tunnel } from './tunnel.ts'

export interface TunnelOptions {
  /** For the connection to the proxy and its answer together, in milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Far more than any proxy says before the tunnel begins, in bytes. */
const LONGEST_HEAD = 16_384
const END_OF_HEAD = '\r\n\r\n'
const STATUS_LINE = /^HTTP\/1\.[01] (?<status>\d{3})(?: (?<reason>[^\r\n]*))?\r\n/

/** What the proxy says of it, and the first bytes of the tunnel that may come with that. */
interface Answer {
  readonly status: number
  readonly reason: string
  readonly rest: Buffer
}

/**
 * Opens a tunnel to the endpoint's host and port (CONNECT; RFC 9110, section 9.3.6). It carries bytes, and who is at its
 * other end is for TLS to find out.
 *
 * @throws {@link ConnectionError} that names the proxy without its credentials; the signal's own reason
 */
export async function openTunnel(proxy: HttpProxy, endpoint: TlsEndpoint, options: TunnelOptions): Promise<Tunnel> {
  const faults = new ProxyFaults(proxy, endpoint)
  const socket = net.connect({
    host: proxy.host,
    port: proxy.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
  } as net.TcpNetConnectOpts)
  // Between two owners nobody else would listen, and an unheard 'error' ends the process.
  socket.on('error', () => {})
  try {
    const { status, reason, rest } = await ask(socket, requestFor(proxy, endpoint), options, faults)
    if (status < 200 || status > 299) throw faults.refused(status, reason)
    return new Tunnel(socket, rest)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The authority as a URL has it: IPv6 in brackets, without a zone, and with nothing that would begin a line of its own. */
function requestFor(proxy: HttpProxy, endpoint: TlsEndpoint): string {
  const authority = `${new URL(originOf(endpoint)).hostname}:${endpoint.port}`
  const authorization = proxy.authorization()
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
  ]
  return lines.join('\r\n') + END_OF_HEAD
}

/** Sends the request as soon as there is a connection, and resolves with the answer. */
function ask(
  socket: net.Socket,
  request: string,
  { timeout, signal }: TunnelOptions,
  faults: ProxyFaults,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let connected = false
    let heard: Buffer = Buffer.alloc(0)
    const settle = (outcome: Answer | Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('connect', send).off('readable', read).off('end', ended).off('error', broken)
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
    const timer = setTimeout(() => settle(faults.late(timeout, connected)), timeout)
    const aborted = (): void => settle(signal.reason as Error)
    const broken = (error: Error): void => settle(faults.broken(error, connected))
    const ended = (): void => settle(faults.closed())
    const send = (): void => {
      connected = true
      socket.write(request)
    }
    const read = (): void => {
      for (let chunk; (chunk = socket.read() as Buffer | null) !== null;) heard = Buffer.concat([heard, chunk])
      const answer = readAnswer(heard)
      if (answer === 'garbled') settle(faults.garbled())
      else if (answer !== 'incomplete') settle(answer)
    }
    signal.addEventListener('abort', aborted)
    socket.once('connect', send).on('readable', read).once('end', ended).once('error', broken)
  })
}

function readAnswer(heard: Buffer): Answer | 'incomplete' | 'garbled' {
  for (let bytes = heard; ;) {
    const found = readHead(bytes)
    if (typeof found === 'string') return heard.length > LONGEST_HEAD ? 'garbled' : found
    // RFC 9110, section 15.2: the answer itself is still to come. Who sends one of these after the other is no proxy.
    if (found.status >= 200) return found
    if (heard.length - found.rest.length > LONGEST_HEAD) return 'garbled'
    bytes = found.rest
  }
}

function readHead(bytes: Buffer): Answer | 'incomplete' | 'garbled' {
  const text = bytes.toString('latin1')
  const head = text.slice(0, text.indexOf(END_OF_HEAD) + END_OF_HEAD.length)
  const complete = text.includes(END_OF_HEAD)
  if (!'HTTP/1.'.startsWith(text.slice(0, 7))) return 'garbled'
  if (!complete) return 'incomplete'
  const { status, reason = '' } = STATUS_LINE.exec(head)?.groups ?? {}
  const rest = bytes.subarray(head.length)
  if (status === undefined) return 'garbled'
  return { status: Number(status), reason, rest }
}
