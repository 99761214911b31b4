import { X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import { errorWithCode } from '../base/system-error.ts'
import { readCertificate } from '../identity/certificate.ts'
import { findChain, links } from '../identity/chain.ts'
import { readCertificates } from '../identity/contents.ts'
import { explainFault } from '../transport/faults.ts'
import { certificateFault, serverFacts, unreadable } from '../transport/peer.ts'
import { TLS_POLICY } from '../transport/tls-policy.ts'
import { withDeadline } from './deadline.ts'
import { shakeHands, type Handshake, type Offer } from './handshake.ts'
import { mistake, PROBE_OPTIONS, resolveTarget, type ProbeOptions, type Target } from './options.ts'

/** The server to test, and the client certificate to test it with. */
export interface ClientOptions extends ProbeOptions {
  /** The CAs in PEM; one of them must have issued the server's certificate. */
  readonly ca: string
  /** The client certificate in PEM, valid or not. Without `cert` and `key`, no certificate is sent. */
  readonly cert?: string
  /** Its private key in PEM, not encrypted. */
  readonly key?: string
  /**
   * The TLS version to use.
   *
   * @defaultValue the newest that the server supports
   */
  readonly protocol?: 'TLSv1.2' | 'TLSv1.3'
}

/** Whether a server accepts a client certificate. */
export type Verdict =
  | {
      /** Whether the server accepted the client. */
      readonly accepted: true
      /** The TLS version that was negotiated. */
      readonly protocol: string
    }
  | {
      /** Whether the server accepted the client. */
      readonly accepted: false
      /** The TLS version that was negotiated. */
      readonly protocol: string
      /** The name of the alert as in RFC 8446 section 6: `certificate required`, `unknown ca`, ... */
      readonly alert: string
    }

const CLIENT_OPTIONS = [...PROBE_OPTIONS, 'ca', 'cert', 'key', 'protocol'] as const

/**
 * Tests whether a server accepts a client certificate. It does a TLS handshake, waits for the server's decision (which
 * TLS 1.3 sends after the handshake) and closes the connection. It sends no request, and doesn't check the certificate
 * itself, so you can test an expired or a foreign one.
 *
 * @param options - the server and the client certificate
 * @returns whether the server accepts the certificate, and its TLS alert if not
 * @throws {@link ConnectionError} if there is no decision: no connection, no TLS, or a server certificate of another CA
 * @throws {@link ConnectionError} ERR_RUNTIME_UNSUPPORTED in Deno and Bun
 * @throws {@link IdentityError} ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID, for `ca`
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * const { accepted } = await tryClient({ host: 'build01', port: 2376, ca, cert, key })
 * ```
 */
export async function tryClient(options: ClientOptions): Promise<Verdict> {
  const target = resolveTarget(options, CLIENT_OPTIONS, 'tryClient')
  const authorities = readAuthorities(options.ca)
  const offer: Offer = {
    secureContext: contextOf(options),
    rejectUnauthorized: true,
    checkCertificate: (own) => certificateFault(own, target.servername),
  }
  return withDeadline(target, async (time) => {
    const handshake = await shakeHands(target, offer, time)
    const { outcome, protocol = '' } = handshake
    if (outcome.kind === 'accepted') return { accepted: true, protocol }
    const fault = outcome.kind === 'failed' ? outcome.cause : serverFault(handshake, authorities, target)
    if (fault !== undefined) throw explained(fault, handshake, { target, authorities })
    return { accepted: false, protocol, alert: outcome.kind === 'refused' ? outcome.alert : '' }
  })
}

function readAuthorities(ca: unknown): X509Certificate[] {
  if (typeof ca !== 'string') throw mistake('tryClient', 'ca is not a string')
  return readCertificates({ name: 'the option ca', text: ca })
}

/** The TLS settings of all our connections. A certificate that they can't load (e.g. SHA-1) could not be presented anyway. */
function contextOf({ ca, cert, key, protocol }: ClientOptions): tls.SecureContext {
  if ((cert === undefined) !== (key === undefined)) throw mistake('tryClient', 'only one of cert and key is set')
  if (protocol !== undefined && protocol !== 'TLSv1.2' && protocol !== 'TLSv1.3') {
    throw mistake('tryClient', 'protocol is neither TLSv1.2 nor TLSv1.3')
  }
  const only = protocol && { minVersion: protocol, maxVersion: protocol }
  try {
    return tls.createSecureContext({ ca, ...(cert !== undefined && { cert, key }), ...TLS_POLICY, ...only })
  } catch (cause) {
    throw mistake('tryClient', `OpenSSL can't use cert and key (${(cause as Error).message})`, cause)
  }
}

/**
 * The fault of a server that refuses us. Up to TLS 1.2 it does so before OpenSSL has verified its certificate, and the
 * refusal of an unverified machine in between would say nothing about the server.
 */
function serverFault(
  { chain, protocol }: Handshake,
  authorities: readonly X509Certificate[],
  { servername }: Target,
): Error | undefined {
  if (protocol === 'TLSv1.3') return undefined
  try {
    const [own, ...others] = chain.map((der) => new X509Certificate(der))
    const [leaf] = own ? links([own], 'the certificate') : []
    const pool = { intermediates: links(others, 'the chain'), authorities: links(authorities, 'the option ca') }
    if (leaf && findChain(leaf, pool, Date.now()) !== undefined) return certificateFault(own, servername)
    return errorWithCode('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify')
  } catch (cause) {
    return unreadable(cause)
  }
}

function explained(
  fault: Error,
  { chain: [own] }: Handshake,
  { target, authorities }: { target: Target; authorities: readonly X509Certificate[] },
): unknown {
  if (target.signal?.aborted === true) return target.signal.reason
  const server = own && serverFacts(own)
  return explainFault(fault, {
    target: target.name,
    kind: 'tls',
    host: target.servername,
    authorities: authorities.map((x509) => readCertificate(x509)),
    ...(server && { server }),
  })
}
