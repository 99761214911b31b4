import tls from 'node:tls'
import type { CertificateFacts } from '../identity/certificate.ts'
import { formatPem } from '../identity/pem.ts'
import { serverFacts } from '../transport/peer.ts'
import { withDeadline } from './deadline.ts'
import type { Protocol } from './client-hello.ts'
import { readDistinguishedName, type DistinguishedName } from './distinguished-name.ts'
import { shakeHands, type Handshake } from './handshake.ts'
import { PROBE_OPTIONS, resolveTarget, type ProbeOptions } from './options.ts'
import { askWithoutTls, type PlaintextAnswer } from './plaintext.ts'
import { clearFlight, sendClientHellos, supportedProtocols } from './send-hellos.ts'
import type { ServerFlight } from './server-flight.ts'

/**
 * Whether a client needs a certificate. `required`: the server refuses clients without one. `requested`: it asks for one,
 * and accepts clients without. `unknown`: no handshake got that far.
 */
export type ClientCertificate = 'required' | 'requested' | 'not asked for' | 'unknown'

/** A server, as seen by a client without a certificate. */
export interface ServerReport {
  /** The answer to a request without TLS. */
  readonly plaintext: PlaintextAnswer
  /** The TLS versions that it supports, the oldest first; empty if it doesn't speak TLS. */
  readonly protocols: readonly Protocol[]
  /** Its certificate, which is not verified here; absent if it presented none that can be read. */
  readonly certificate?: CertificateFacts
  /** All certificates that it presented, as PEM, its own first. */
  readonly chain: readonly string[]
  /** Whether the server asks for a client certificate. */
  readonly clientCertificate: ClientCertificate
  /**
   * The CAs whose clients it accepts, as it names them. **An empty list means any CA that it trusts: for dockerd, every CA
   * of its system.** `unknown` if it supports only TLS 1.3, which encrypts the list.
   */
  readonly acceptedAuthorities: readonly DistinguishedName[] | 'not asked for' | 'unknown'
}

/**
 * Inspects a server from outside, by handshakes without a request: its TLS versions, the certificate that it presents,
 * whether it requires a client certificate and of which CAs, and how it answers without TLS.
 *
 * It opens six connections at once; the server may log a line for each.
 *
 * @param options - the server
 * @returns the findings, also about a server that is silent, closes the connection or doesn't speak TLS
 * @throws {@link ConnectionError} if no connection could be made
 * @throws {@link ConnectionError} ERR_RUNTIME_UNSUPPORTED in Deno and Bun
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * const report = await probeServer({ host: 'build01', port: 2376 })
 * const isOurs = namesOnly(report, await readFile('ca.pem', 'utf8'))
 * const isClosed = report.plaintext === 'refused' && report.clientCertificate === 'required' && isOurs
 * ```
 */
export async function probeServer(options: ProbeOptions): Promise<ServerReport> {
  const target = resolveTarget(options, PROBE_OPTIONS, 'probeServer')
  return withDeadline(target, async (time) => {
    const [plaintext, flights, handshake] = await Promise.all([
      askWithoutTls(target, time),
      sendClientHellos(target, time),
      shakeHands(target, unverified(), time),
    ])
    const flight = clearFlight(flights)
    const asked = handshake.asked ?? wasAsked(flight)
    return {
      plaintext,
      protocols: supportedProtocols(flights),
      ...shown(handshake.chain.length > 0 ? handshake.chain : (flight?.chain ?? [])),
      clientCertificate: clientCertificate(handshake, asked),
      acceptedAuthorities: acceptedAuthorities(flight, asked),
    }
  })
}

/**
 * TLS options for a handshake with any server, in any version. Nothing is verified (`rejectUnauthorized: false`), because a
 * probe has to see expired and foreign certificates, too. Nothing is sent over this connection, nothing received over it
 * is trusted, and it uses no CA and no certificate of ours.
 */
function unverified(): Parameters<typeof shakeHands>[1] {
  const ciphers = 'DEFAULT@SECLEVEL=0'
  const secureContext = tls.createSecureContext({ ca: [], minVersion: 'TLSv1', maxVersion: 'TLSv1.3', ciphers })
  return { secureContext, rejectUnauthorized: false }
}

/** A list of CAs, or the end of a flight without one. */
function wasAsked(flight: ServerFlight | undefined): boolean | undefined {
  if (flight?.authorities !== undefined) return true
  return flight?.state === 'whole' ? false : undefined
}

function clientCertificate({ outcome }: Handshake, asked: boolean | undefined): ClientCertificate {
  if (outcome.kind === 'failed' || asked === undefined) return 'unknown'
  if (outcome.kind === 'refused') return asked ? 'required' : 'unknown'
  return asked ? 'requested' : 'not asked for'
}

function acceptedAuthorities(
  flight: ServerFlight | undefined,
  asked: boolean | undefined,
): ServerReport['acceptedAuthorities'] {
  if (flight?.authorities !== undefined) return flight.authorities.map(readDistinguishedName)
  return (wasAsked(flight) ?? asked) === false ? 'not asked for' : 'unknown'
}

function shown(chain: readonly Uint8Array[]): Pick<ServerReport, 'certificate' | 'chain'> {
  const [own] = chain
  // An unreadable certificate is no failure of the probe.
  const certificate = own && serverFacts(own)
  return { ...(certificate && { certificate }), chain: chain.map((der) => formatPem('CERTIFICATE', der)) }
}
