import { X509Certificate } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { formatEndpoint, type TlsEndpoint } from '../endpoint/endpoint.ts'
import { readCertificate } from '../identity/certificate.ts'
import type { Identity, IdentitySet } from '../identity/identity.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { publishConnect } from './diagnostics.ts'
import type { ConnectionContext } from './connection-context.ts'
import { explainFault } from './faults.ts'
import { certificateFault, describePeer, type Peer } from './peer.ts'
import { ALPN_PROTOCOLS, FAMILY_ATTEMPT_MS, KEEP_ALIVE_MS, TLS_POLICY } from './tls-policy.ts'
import type { openTunnel } from './proxy.ts'
import type { Tunnel } from './tunnel.ts'

/**
 * How long a fresh TLS 1.3 socket waits for a sign that the daemon took our certificate, where the server sends no
 * session ticket (Go and OpenSSL do). The verdict takes one round trip; the handshake before it took two.
 */
const VERDICT_MS = 100

/** A session to resume, and the certificate that the whole handshake before it showed: a resumed one shows none. */
interface Session {
  readonly ticket: Buffer
  readonly certificate: X509Certificate
}

/** For one SecureContext and one server name: neither another CA's context nor another name ever resumes from it. */
interface SessionCache {
  readonly set: IdentitySet
  session?: Session
}

/** What both the name check and OpenSSL's SNI want: no zone, no trailing dot. */
function serverName(host: string): string {
  return host.replace(/%.*$/, '').replace(/\.$/, '')
}

/** The server's certificate as soon as it was shown, for the error that may follow. */
interface Seen {
  certificate?: X509Certificate | undefined
}

/** Not by getPeerX509Certificate: on Node 20 that takes the certificate out of the chain, and the next reader finds none. */
function shownCertificate(socket: tls.TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer }
  return raw && new X509Certificate(raw)
}

/** Where TLS gets its bytes from: a socket of its own, or what is already open. */
function carrier({ host, port }: TlsEndpoint, tunnel: Tunnel | undefined): tls.ConnectionOptions {
  const direct: net.TcpNetConnectOpts & { autoSelectFamilyAttemptTimeout: number } = {
    host,
    port,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
  }
  return tunnel ? { socket: tunnel } : direct
}

/** Node has no way from a stream that carries TLS to its ref() and unref(). */
function followed(socket: tls.TLSSocket, tunnel: Tunnel): void {
  for (const what of ['ref', 'unref'] as const) {
    socket[what] = () => {
      tunnel[what]()
      return socket
    }
  }
}

function openSocket(endpoint: TlsEndpoint, cache: SessionCache, seen: Seen, tunnel?: Tunnel): tls.TLSSocket {
  const name = serverName(endpoint.host)
  const offered = cache.session
  const socket = tls.connect({
    ...carrier(endpoint, tunnel),
    // RFC 6066 section 3: an address is no server name.
    servername: net.isIP(name) ? '' : name,
    secureContext: cache.set.secureContext(TLS_POLICY),
    rejectUnauthorized: true,
    checkServerIdentity: () => certificateFault(seen.certificate, name),
    ALPNProtocols: ALPN_PROTOCOLS,
    ...(offered && { session: offered.ticket }),
  })
  if (tunnel) followed(socket, tunnel)
  else socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
  // Between two owners nobody else would listen, and an unheard 'error' ends the process.
  socket.on('error', () => {})
  // 'secure' comes before Node's own verdict, after which a refused certificate can't be read any more.
  socket.prependListener('secure', () => {
    seen.certificate = socket.isSessionReused() ? offered?.certificate : shownCertificate(socket)
  })
  socket.on('session', (ticket: Buffer) => {
    if (seen.certificate) cache.session = { ticket, certificate: seen.certificate }
  })
  return socket
}

function timeoutError(phase: 'tcp' | 'tls', milliseconds: number): Error {
  const code = phase === 'tcp' ? 'ETIMEDOUT' : 'HANDSHAKE_TIMEOUT'
  return Object.assign(new Error(`no answer within ${milliseconds} ms`), { code })
}

/** Resolves when both sides have accepted each other; rejects with the first sign that one did not. */
function established(
  socket: tls.TLSSocket,
  { timeout, signal }: { timeout: number; signal: AbortSignal },
  phase: 'tcp' | 'tls',
): Promise<void> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => settle(timeoutError(phase, timeout)), timeout)
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.removeListener('error', settle).removeListener('session', accepted).removeListener('end', ended)
      if (!error) return resolve()
      reject(error)
    }
    const aborted = (): void => settle(signal.reason)
    // 'session' comes from the middle of a read by OpenSSL; a request written from in there ends the connection.
    const accepted = (): void => void setImmediate(settle)
    const ended = (): void => settle(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    signal.addEventListener('abort', aborted)
    socket.once('connect', () => (phase = 'tls'))
    socket.once('error', settle).once('end', ended)
    socket.once('secureConnect', () => {
      // Below 1.3 the client's certificate is judged before the handshake ends, and a resumed session was judged before.
      if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) return settle()
      socket.once('session', accepted)
      clearTimeout(timer)
      const elapsed = performance.now() - began
      timer = setTimeout(accepted, Math.min(VERDICT_MS + elapsed, Math.max(timeout - elapsed, 0)))
    })
  })
}

/** The connector of a TLS endpoint. Its sessions live and die with one reading of the identity's files. */
export function tlsConnector(endpoint: TlsEndpoint, identity: Identity, options: ConnectOptions): Connect {
  const { timeout, onPeer, proxy } = options
  const target = formatEndpoint(endpoint)
  let cache: SessionCache | undefined

  return async (signal) => {
    const set = await identity.current()
    signal.throwIfAborted()
    if (cache?.set !== set) cache = { set }
    const mine = cache
    const seen: Seen = {}
    const began = performance.now()
    let socket: tls.TLSSocket | undefined
    try {
      const tunnel = proxy && (await tunnelled(proxy, endpoint, { timeout, signal }))
      socket = openSocket(endpoint, mine, seen, tunnel)
      signal.throwIfAborted()
      const left = Math.max(Math.ceil(timeout - (performance.now() - began)), 1)
      await established(socket, { timeout: left, signal }, tunnel ? 'tls' : 'tcp')
      const peer = verifiedPeer(socket, seen.certificate, serverName(endpoint.host), set)
      onPeer?.(peer)
      publishConnect(target, began, { tlsVersion: peer.tlsVersion, resumed: peer.resumed })
      return socket
    } catch (cause) {
      socket?.destroy()
      delete mine.session
      const known = { ...contextOf(endpoint, target, set, seen), proxy: proxy?.name }
      const error = signal.aborted ? cause : explainFault(cause, known)
      publishConnect(target, began, { error })
      throw error
    }
  }
}

/** Few connect through a proxy, and everybody would load what it takes. */
async function tunnelled(...call: Parameters<typeof openTunnel>): Promise<Tunnel> {
  return (await import('./proxy.ts')).openTunnel(...call)
}

/** Names and dates once more, for what OpenSSL and Node skip on a resumed session. */
function verifiedPeer(
  socket: tls.TLSSocket,
  certificate: X509Certificate | undefined,
  name: string,
  set: IdentitySet,
): Peer {
  const fault = certificateFault(certificate, name)
  if (fault || !certificate) throw fault
  return describePeer(socket, certificate, set.client)
}

function contextOf({ host }: TlsEndpoint, target: string, set: IdentitySet, seen: Seen): ConnectionContext {
  const known = { target, kind: 'tls', host: serverName(host), authorities: set.authorities } as const
  return seen.certificate ? { ...known, server: readCertificate(seen.certificate) } : known
}
