import type { X509Certificate } from 'node:crypto'
import type net from 'node:net'
import tls from 'node:tls'
import { formatEndpoint, type TlsEndpoint } from '../endpoint/endpoint.ts'
import { FOREIGN_RUNTIME } from '../base/runtime.ts'
import { errorWithCode } from '../base/system-error.ts'
import type { Identity, IdentitySet } from '../identity/identity.ts'
import { bareHost } from '../identity/names.ts'
import type { Connect, ConnectOptions } from './connect.ts'
import { publishConnect } from './diagnostics.ts'
import type { Carrier } from './carrier.ts'
import type { ConnectionContext } from './connection-context.ts'
import { explainFault } from './faults.ts'
import { certificateFault, describePeer, serverFacts, sniOf, type Peer } from './peer.ts'
import { ALPN_PROTOCOLS, FAMILY_ATTEMPT_MS, KEEP_ALIVE_MS, TLS_POLICY } from './tls-policy.ts'
import type { openTunnel } from './proxy.ts'
import { withTimeout } from '../base/abort.ts'

/**
 * How long a new TLS 1.3 connection waits for the daemon's verdict on our certificate if the server sends no session
 * ticket (Go and OpenSSL send one). The verdict takes one round trip; the handshake before it took two. In
 * milliseconds.
 */
const VERDICT_MS = 100

/** A session to resume, with the server certificate of its full handshake. A resumed handshake has no certificate. */
interface Session {
  readonly ticket: Buffer
  readonly certificate: X509Certificate
}

/** The session of one SecureContext and one server name. Another CA or another name must never resume it. */
interface SessionCache {
  readonly set: IdentitySet
  session?: Session
}

/** The server's certificate once received, also for the error of a failed handshake. */
interface PresentedCertificate {
  certificate?: X509Certificate | undefined
}

/**
 * Reads the server's certificate, once for each socket: on Node 20, this removes it from the chain. getPeerCertificate() would
 * keep it, but it also reads the extended key usage, and some ends the process (see `extendedKeyUsage` in
 * identity/structure.ts), although the server isn't verified yet.
 */
function presentedCertificate(socket: tls.TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate()
}

/** The options for the stream below TLS: the carrier if there is one, else a new TCP connection. */
function streamOptions({ host, port }: TlsEndpoint, carrier: Carrier | undefined): tls.ConnectionOptions {
  const direct: net.TcpNetConnectOpts & { autoSelectFamilyAttemptTimeout: number } = {
    host,
    port,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
  }
  return carrier ? { socket: carrier } : direct
}

/** Forwards ref() and unref() to the carrier, because Node doesn't do so for a stream below TLS. */
function forwardRef(socket: tls.TLSSocket, carrier: Carrier): void {
  for (const method of ['ref', 'unref'] as const) {
    socket[method] = () => {
      carrier[method]()
      return socket
    }
  }
}

function openSocket(
  endpoint: TlsEndpoint,
  cache: SessionCache,
  presented: PresentedCertificate,
  carrier?: Carrier,
): tls.TLSSocket {
  const name = bareHost(endpoint.host)
  const resumable = cache.session
  const readPresented = (): void => {
    presented.certificate ??= socket.isSessionReused() ? resumable?.certificate : presentedCertificate(socket)
  }
  const socket = tls.connect({
    ...streamOptions(endpoint, carrier),
    servername: sniOf(name),
    secureContext: cache.set.secureContext(TLS_POLICY),
    rejectUnauthorized: true,
    checkServerIdentity: () => {
      readPresented()
      return certificateFault(presented.certificate, name)
    },
    ALPNProtocols: ALPN_PROTOCOLS,
    ...(resumable && { session: resumable.ticket }),
  })
  // With NODE_OPTIONS=--tls-keylog, Node listens and appends the secrets of the session to a file.
  socket.removeAllListeners('keylog')
  if (carrier) forwardRef(socket, carrier)
  else socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
  // Nobody else listens until the caller takes the socket over, and an 'error' without a listener ends the process. Node
  // passes on the error of a carrier without destroying the socket, and a later reader would find no reason for its end.
  socket.on('error', (error) => void socket.destroy(error))
  // In Node, 'secure' precedes its own verification, after which a rejected certificate can't be read. In Bun it comes last.
  socket.prependListener('secure', readPresented)
  socket.on('session', (ticket: Buffer) => {
    // A resumed handshake has no chain to verify again.
    if (presented.certificate && !FOREIGN_RUNTIME) cache.session = { ticket, certificate: presented.certificate }
  })
  return socket
}

function timeoutError(phase: 'tcp' | 'tls', milliseconds: number): Error {
  return errorWithCode(phase === 'tcp' ? 'ETIMEDOUT' : 'HANDSHAKE_TIMEOUT', `no answer within ${milliseconds} ms`)
}

/** Resolves when both sides have accepted each other's certificate. Rejects on the first sign that one hasn't. */
function waitForHandshake(
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
    // OpenSSL emits 'session' in the middle of a read. A request written from there closes the connection.
    const accepted = (): void => void setImmediate(settle)
    const ended = (): void => settle(errorWithCode('ECONNRESET', 'closed'))
    signal.addEventListener('abort', aborted)
    socket.once('connect', () => (phase = 'tls'))
    socket.once('error', settle).once('end', ended)
    socket.once('secureConnect', () => {
      // Before TLS 1.3 the server verifies the client certificate during the handshake. For a resumed session it did so
      // earlier.
      if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) return settle()
      socket.once('session', accepted)
      clearTimeout(timer)
      const elapsed = performance.now() - began
      timer = setTimeout(accepted, Math.min(VERDICT_MS + elapsed, Math.max(timeout - elapsed, 0)))
    })
  })
}

/** The connector of a TLS endpoint. When the identity's files are read again, it starts without the old session. */
export function tlsConnector(endpoint: TlsEndpoint, identity: Identity, options: ConnectOptions): Connect {
  const { onPeer, proxy } = options
  const target = formatEndpoint(endpoint)
  let cache: SessionCache | undefined

  return async (signal, { cleanEnd = false, timeout = options.timeout } = {}) => {
    const set = await identity.current()
    signal.throwIfAborted()
    if (cache?.set !== set) cache = { set }
    const sessions = cache
    const presented: PresentedCertificate = {}
    const began = performance.now()
    let socket: tls.TLSSocket | undefined
    try {
      const carrier = proxy
        ? await openTunnelLazily(proxy, endpoint, { timeout, signal })
        : cleanEnd && (await openCarrierInTime(endpoint, timeout, signal))
      socket = openSocket(endpoint, sessions, presented, carrier || undefined)
      signal.throwIfAborted()
      const left = Math.max(Math.ceil(timeout - (performance.now() - began)), 1)
      await waitForHandshake(socket, { timeout: left, signal }, carrier ? 'tls' : 'tcp')
      const peer = verifiedPeer(socket, presented.certificate, bareHost(endpoint.host), set)
      if (FOREIGN_RUNTIME && presented.certificate) await verifyChain(presented.certificate, set)
      if (cleanEnd && carrier) carrier.requireTlsEnd(endOf(socket))
      onPeer?.(peer)
      publishConnect(target, began, { tlsVersion: peer.tlsVersion, resumed: peer.resumed })
      return socket
    } catch (cause) {
      socket?.destroy()
      delete sessions.session
      const context = { ...contextOf(endpoint, target, set, presented), proxy: proxy?.name }
      const error = signal.aborted ? cause : explainFault(cause, context)
      publishConnect(target, began, { error })
      throw error
    }
  }
}

/** Imports the proxy code when needed: few clients use a proxy, and loading it takes time. */
async function openTunnelLazily(...call: Parameters<typeof openTunnel>): Promise<Carrier> {
  return (await import('./proxy.ts')).openTunnel(...call)
}

/** Only streams that take over their connection need it. */
function openCarrierInTime(endpoint: TlsEndpoint, timeout: number, signal: AbortSignal): Promise<Carrier> {
  const limits = { timeout, signal, late: timeoutError('tcp', timeout) }
  return withTimeout(limits, async (either) => (await import('./carrier.ts')).openCarrier(endpoint, either))
}

/** Tells whether the other side has ended TLS, also if its last data are still to be read. */
function endOf(socket: tls.TLSSocket): () => boolean {
  const { _readableState: state } = socket as unknown as { _readableState?: { readonly ended?: boolean } }
  return () => state?.ended !== false
}

/** Checks name and dates again, because OpenSSL and Node skip that for resumed sessions. */
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

/** Imported when needed: only runtimes other than Node.js need it. */
async function verifyChain(certificate: X509Certificate, { caPem }: IdentitySet): Promise<void> {
  const { serverChainFault } = await import('./server-chain.ts')
  const fault = serverChainFault(certificate, caPem)
  if (fault) throw fault
}

function contextOf(
  { host }: TlsEndpoint,
  target: string,
  set: IdentitySet,
  presented: PresentedCertificate,
): ConnectionContext {
  const context = { target, kind: 'tls', host: bareHost(host), authorities: set.authorities } as const
  const server = presented.certificate && serverFacts(presented.certificate)
  return server ? { ...context, server } : context
}
