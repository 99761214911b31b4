import net from 'node:net'
import type { TlsEndpoint } from '../endpoint/endpoint.ts'
import type { HttpProxy } from '../endpoint/proxy.ts'
import { Carrier } from './carrier.ts'
import { originOf } from './origin.ts'
import { FAMILY_ATTEMPT_MS, KEEP_ALIVE_MS } from './tls-policy.ts'
import { ProxyFaults } from './proxy-faults.ts'

export interface TunnelOptions {
  /** The time limit for connecting to the proxy and for its answer, in milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** In bytes. Far more than any proxy sends before the tunnel. */
const MAX_HEAD_BYTES = 16_384
const END_OF_HEAD = '\r\n\r\n'
const STATUS_LINE = /^HTTP\/1\.[01] (?<status>\d{3})(?: (?<reason>[^\r\n]*))?\r\n/

/** The proxy's answer to CONNECT, and the tunnel's first bytes if they arrived with it. */
interface Answer {
  readonly status: number
  readonly reason: string
  readonly rest: Buffer
}

/**
 * Opens a tunnel to the endpoint's host and port (CONNECT; RFC 9110, section 9.3.6). It only carries bytes: TLS
 * verifies the peer.
 *
 * @throws {@link ConnectionError} that names the proxy without its credentials; the signal's own reason
 */
export async function openTunnel(proxy: HttpProxy, endpoint: TlsEndpoint, options: TunnelOptions): Promise<Carrier> {
  // The caller may have aborted while this module was being imported.
  options.signal.throwIfAborted()
  const faults = new ProxyFaults(proxy, endpoint)
  const socket = net.connect({
    host: proxy.host,
    port: proxy.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
  } as net.TcpNetConnectOpts)
  // Nobody else listens until the caller takes the socket over, and an 'error' without a listener ends the process.
  socket.on('error', () => {})
  try {
    const { status, reason, rest } = await sendConnect(socket, renderRequest(proxy, endpoint), options, faults)
    if (status < 200 || status > 299) throw faults.refused(status, reason)
    return new Carrier(socket, { first: rest, halfCloses: false })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Renders the CONNECT request. URL normalizes the authority: IPv6 in brackets, no zone, and no line breaks. */
function renderRequest(proxy: HttpProxy, endpoint: TlsEndpoint): string {
  const authority = `${new URL(originOf(endpoint)).hostname}:${endpoint.port}`
  const authorization = proxy.authorization()
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
  ]
  return lines.join('\r\n') + END_OF_HEAD
}

/** Sends the request once connected, and resolves with the proxy's answer. */
function sendConnect(
  socket: net.Socket,
  request: string,
  { timeout, signal }: TunnelOptions,
  faults: ProxyFaults,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let connected = false
    let received: Buffer = Buffer.alloc(0)
    const settle = (outcome: Answer | Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('connect', send).off('readable', read).off('end', ended).off('error', failed)
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
    const timer = setTimeout(() => settle(faults.timedOut(timeout, connected)), timeout)
    const aborted = (): void => settle(signal.reason as Error)
    const failed = (error: Error): void => settle(faults.failed(error, connected))
    const ended = (): void => settle(faults.closed())
    const send = (): void => {
      connected = true
      socket.write(request)
    }
    const read = (): void => {
      for (let chunk; (chunk = socket.read() as Buffer | null) !== null;) received = Buffer.concat([received, chunk])
      const answer = parseAnswer(received)
      if (answer === 'invalid') settle(faults.notAProxy())
      else if (answer !== 'incomplete') settle(answer)
    }
    signal.addEventListener('abort', aborted)
    socket.once('connect', send).on('readable', read).once('end', ended).once('error', failed)
  })
}

function parseAnswer(received: Buffer): Answer | 'incomplete' | 'invalid' {
  for (let bytes = received; ;) {
    const found = parseHead(bytes)
    if (typeof found === 'string') return received.length > MAX_HEAD_BYTES ? 'invalid' : found
    // RFC 9110, section 15.2: an interim response precedes the final one. A peer that keeps sending them isn't a proxy.
    if (found.status >= 200) return found
    if (received.length - found.rest.length > MAX_HEAD_BYTES) return 'invalid'
    bytes = found.rest
  }
}

function parseHead(bytes: Buffer): Answer | 'incomplete' | 'invalid' {
  const text = bytes.toString('latin1')
  const head = text.slice(0, text.indexOf(END_OF_HEAD) + END_OF_HEAD.length)
  const complete = text.includes(END_OF_HEAD)
  if (!'HTTP/1.'.startsWith(text.slice(0, 7))) return 'invalid'
  if (!complete) return 'incomplete'
  const { status, reason = '' } = STATUS_LINE.exec(head)?.groups ?? {}
  const rest = bytes.subarray(head.length)
  if (status === undefined) return 'invalid'
  return { status: Number(status), reason, rest }
}
