import { setTimeout as delay } from 'node:timers/promises'
import tls from 'node:tls'
import { FAMILY_ATTEMPT_MS } from '../transport/tls-policy.ts'
import { onAbort } from '../base/abort.ts'
import { sniOf, type Target } from './options.ts'

/** What a server made of a client's certificate, or of none. */
export type Outcome =
  | { readonly kind: 'accepted' }
  /** `alert`: its name as in RFC 8446 section 6, or that there was none. */
  | { readonly kind: 'refused'; readonly alert: string }
  /** It didn't come so far. */
  | { readonly kind: 'failed'; readonly cause: Error }

/** What a handshake showed. */
export interface Handshake {
  readonly outcome: Outcome
  readonly protocol?: string
  /** Whether the server asked for a certificate; up to TLS 1.1 it can't be told from here. */
  readonly asked?: boolean
  /** The server's certificates as DER, its own first. */
  readonly chain: readonly Uint8Array[]
}

/** What {@link shakeHands} is given besides the target. */
export type Offer = Pick<tls.ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'checkServerIdentity'>

/** A server without session tickets gives no sign that it is content. A refusal takes one round trip. In milliseconds. */
const PATIENCE_MS = 1_000
/** Node's servers send a ticket before they judge the client's certificate, and then close. In milliseconds. */
const QUIET_MS = 100

/** The alert of a server that closes without one, as Node's do. */
const NO_ALERT = 'none: it closed the connection'

/** Shakes hands, waits for what the server makes of our certificate, and closes; nothing is sent inside TLS. */
export async function shakeHands(target: Target, offer: Offer, deadline: AbortSignal): Promise<Handshake> {
  const { host, port } = target
  const where = { host, port, autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS }
  const socket = tls.connect({ ...where, servername: sniOf(target), ALPNProtocols: ['http/1.1'], ...offer })
  // An unheard 'error' would end the process.
  socket.on('error', () => {})
  let seen: Omit<Handshake, 'outcome'> = { chain: [] }
  const look = (): void => {
    seen = { ...seen, ...shownBy(socket) }
  }
  // 'secure' comes before Node's own verdict, after which a refused certificate can't be read any more.
  socket.prependListener('secure', look).prependListener('error', look).prependListener('end', look)
  try {
    const outcome = await settled(socket, deadline)
    look()
    return { outcome: judge(outcome, seen), ...seen }
  } finally {
    socket.destroy()
  }
}

/** What comes before the server has shown its certificate isn't about ours. */
function judge(outcome: Outcome, { chain }: Pick<Handshake, 'chain'>): Outcome {
  if (outcome.kind !== 'failed' || chain.length === 0) return outcome
  const alert = alertOf(outcome.cause)
  return alert === undefined ? outcome : { kind: 'refused', alert }
}

/** `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`: `certificate required`. */
function alertOf({ code = '' }: NodeJS.ErrnoException): string | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE') return NO_ALERT
  const alert = /^ERR_SSL_.*ALERT_(\w+)$/.exec(code)?.[1]
  return alert?.toLowerCase().replaceAll('_', ' ')
}

function shownBy(socket: tls.TLSSocket): Partial<Handshake> {
  const chain = chainOf(socket)
  const protocol = socket.getProtocol()
  if (chain.length === 0 || protocol === null) return {}
  // The algorithms that a server wants signatures with come in its CertificateRequest (SSL_get_shared_sigalgs(3)).
  const asked = /^TLSv1\.[23]$/.test(protocol) ? { asked: socket.getSharedSigalgs().length > 0 } : {}
  return { chain, protocol, ...asked }
}

/** A CA's own certificate names itself as its issuer. */
function chainOf(socket: tls.TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  const passed = new Set<unknown>()
  let next = socket.getPeerCertificate(true) as Partial<tls.DetailedPeerCertificate> | undefined
  while (next?.raw !== undefined && !passed.has(next)) {
    passed.add(next)
    chain.push(Uint8Array.from(next.raw))
    next = next.issuerCertificate
  }
  return chain
}

/** Resolves when the server has taken what it was shown, or has not. */
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
      // Below 1.3 the client's certificate is judged before the handshake ends; in 1.3 a ticket says that it was taken.
      if (socket.getProtocol() !== 'TLSv1.3') return later(QUIET_MS)
      socket.once('session', () => later(QUIET_MS))
      later(PATIENCE_MS)
    })
    // Nobody reads what comes, but only a socket that flows notices its end.
    socket.resume()
  })
}

const RESET: Error = Object.assign(new Error('the other side closed the connection'), { code: 'ECONNRESET' })

function tooLate({ reason }: AbortSignal, phase: 'tcp' | 'tls' | 'done'): Error {
  if (phase === 'tcp') return reason as Error
  return Object.assign(new Error('the handshake did not end in time'), { code: 'HANDSHAKE_TIMEOUT' })
}
