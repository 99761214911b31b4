import { X509Certificate } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import tls from 'node:tls'
import { ALPN_PROTOCOLS, FAMILY_ATTEMPT_MS } from '../transport/tls-policy.ts'
import { onAbort } from '../base/abort.ts'
import { errorWithCode } from '../base/system-error.ts'
import { alertIn } from '../transport/alerts.ts'
import { sniOf } from '../transport/peer.ts'
import type { Target } from './options.ts'

/** How a server reacted to a client certificate, or to a client without one. */
export type Outcome =
  | { readonly kind: 'accepted' }
  /** `alert`: its name as in RFC 8446 section 6, or a note that there was none. */
  | { readonly kind: 'refused'; readonly alert: string }
  /** The handshake failed before that. */
  | { readonly kind: 'failed'; readonly cause: Error }

/** The result of a handshake. */
export interface Handshake {
  readonly outcome: Outcome
  readonly protocol?: string
  /** Whether the server asked for a certificate; unknown up to TLS 1.1. */
  readonly asked?: boolean
  /** The server's certificates as DER, its own first. */
  readonly chain: readonly Uint8Array[]
  /** The protocol that the server chose of those that were offered (RFC 7301). */
  readonly application?: string
}

/** The TLS options of {@link shakeHands}. */
export interface Offer extends Pick<tls.ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'ALPNProtocols'> {
  /** Returns why the server's certificate isn't accepted, although its chain is. */
  readonly checkCertificate?: (own: X509Certificate) => Error | undefined
}

/** How long to wait for a refusal, in milliseconds: a server without session tickets doesn't signal that it accepts. */
const PATIENCE_MS = 1_000
/** How long to wait after a ticket, in milliseconds: Node's servers send it before they verify the client, and then close. */
const QUIET_MS = 100

/** For servers that close without an alert, such as Node's. */
const NO_ALERT = 'none: it closed the connection'

/** Does a handshake, waits for the server's reaction to our certificate, and closes. Nothing is sent inside TLS. */
export async function shakeHands(target: Target, offer: Offer, deadline: AbortSignal): Promise<Handshake> {
  const { host, port } = target
  const { checkCertificate, ...options } = offer
  const where = { host, port, autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS }
  let seen: Omit<Handshake, 'outcome'> = { chain: [] }
  const socket = tls.connect({
    ...where,
    servername: sniOf(target.servername),
    ALPNProtocols: ALPN_PROTOCOLS,
    ...options,
    // Node has no certificate to pass, since `inspect` has taken it.
    checkServerIdentity: () => {
      const [own] = seen.chain
      return own && checkCertificate?.(new X509Certificate(own))
    },
  })
  // As for connections of a client: with --tls-keylog, Node would write the secrets of the session to a file.
  socket.removeAllListeners('keylog')
  // An 'error' without a listener would end the process.
  socket.on('error', () => {})
  const inspect = (): void => {
    if (seen.chain.length === 0) seen = { ...seen, ...shownBy(socket) }
  }
  // 'secure' comes before Node's own verification, after which a refused certificate can't be read any more.
  socket.prependListener('secure', inspect).prependListener('error', inspect).prependListener('end', inspect)
  try {
    const outcome = await settled(socket, deadline)
    inspect()
    return { outcome: judge(outcome, seen), ...seen }
  } finally {
    socket.destroy()
  }
}

/** A failure before the server has presented its certificate isn't about ours. */
function judge(outcome: Outcome, { chain }: Pick<Handshake, 'chain'>): Outcome {
  if (outcome.kind !== 'failed' || chain.length === 0) return outcome
  const alert = alertOf(outcome.cause)
  return alert === undefined ? outcome : { kind: 'refused', alert }
}

/** `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`: `certificate required`. */
function alertOf({ code = '' }: NodeJS.ErrnoException): string | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE') return NO_ALERT
  return alertIn(code)?.toLowerCase().replaceAll('_', ' ')
}

function shownBy(socket: tls.TLSSocket): Partial<Handshake> {
  const protocol = socket.getProtocol()
  const chain = protocol === null ? [] : chainOf(socket)
  if (chain.length === 0 || protocol === null) return {}
  // A CertificateRequest contains the signature algorithms that the server accepts (SSL_get_shared_sigalgs(3)).
  const asked = /^TLSv1\.[23]$/.test(protocol) ? { asked: socket.getSharedSigalgs().length > 0 } : {}
  const application = socket.alpnProtocol
  return { chain, protocol, ...asked, ...(typeof application === 'string' && { application }) }
}

/**
 * The chain that the server presents. On Node 20, a second call would find a part of it. Not by getPeerCertificate(): see
 * `extendedKeyUsage` in identity/structure.ts.
 */
function chainOf(socket: tls.TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
    chain.push(Uint8Array.from(next.raw))
  }
  return chain
}

/** Resolves when the server has accepted or refused our certificate. */
function settled(socket: tls.TLSSocket, deadline: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    let phase: 'tcp' | 'tls' | 'done' = 'tcp'
    const ended = new AbortController()
    const settle = (outcome: Outcome): void => {
      forget()
      ended.abort()
      resolve(outcome)
    }
    const later = (milliseconds: number): void => {
      const wait = delay(milliseconds, undefined, { signal: ended.signal })
      wait.then(() => settle({ kind: 'accepted' })).catch(() => {})
    }
    const closed = (cause: Error): void => settle({ kind: 'failed', cause })
    const forget = onAbort(deadline, () => settle({ kind: 'failed', cause: tooLate(deadline, phase) }))
    socket.once('connect', () => (phase = 'tls'))
    socket
      .once('error', closed)
      .once('end', () => closed(RESET))
      .once('close', () => closed(RESET))
    socket.once('secureConnect', () => {
      phase = 'done'
      // Below 1.3, the client is verified before the handshake ends; in 1.3, a ticket shows that it was accepted.
      if (socket.getProtocol() !== 'TLSv1.3') return later(QUIET_MS)
      socket.once('session', () => later(QUIET_MS))
      later(PATIENCE_MS)
    })
    // Nobody reads the data, but only a flowing socket notices its end.
    socket.resume()
  })
}

const RESET: Error = errorWithCode('ECONNRESET', 'the other side closed the connection')

function tooLate({ reason }: AbortSignal, phase: 'tcp' | 'tls' | 'done'): Error {
  if (phase === 'tcp') return reason as Error
  return errorWithCode('HANDSHAKE_TIMEOUT', 'the handshake did not end in time')
}
