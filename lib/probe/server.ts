import tls from 'node:tls'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { formatPem } from '../identity/pem.ts'
import { withDeadline } from './deadline.ts'
import type { Protocol } from './client-hello.ts'
import { readDistinguishedName, type DistinguishedName } from './distinguished-name.ts'
import { shakeHands, type Handshake } from './handshake.ts'
import { PROBE_OPTIONS, resolveTarget, type ProbeOptions } from './options.ts'
import { askWithoutTls, type PlaintextAnswer } from './plaintext.ts'
import { clearFlight, sendClientHellos, spokenProtocols } from './send-hellos.ts'
import type { ServerFlight } from './server-flight.ts'

/**
 * Whether a client needs a certificate. `required`: without one it isn't let in. `requested`: it is asked for one, and
 * let in without. `unknown`: no handshake came so far.
 */
export type ClientCertificate = 'required' | 'requested' | 'not asked for' | 'unknown'

/** What a server shows to somebody who holds no certificate. */
export interface ServerReport {
  /** What a request without TLS gets. */
  readonly plaintext: PlaintextAnswer
  /** The versions of TLS that it takes, the oldest first; none where it speaks no TLS. */
  readonly protocols: readonly Protocol[]
  /** Its certificate, which is not verified here; absent where it showed none that can be read. */
  readonly certificate?: CertificateFacts
  /** All that it shows, as PEM, its own certificate first. */
  readonly chain: readonly string[]
  /** Whether the server asks for a client certificate. */
  readonly clientCertificate: ClientCertificate
  /**
   * The CAs whose clients it takes, as it names them. **An empty list means that it takes those of any CA that it
   * trusts: with dockerd, of every CA of its system.** `unknown` where it tells nobody in clear: with TLS 1.3 alone.
   */
  readonly acceptedAuthorities: readonly DistinguishedName[] | 'not asked for' | 'unknown'
}

/**
 * Looks at a server from outside, by handshakes that carry no request: which versions of TLS it takes, what it shows,
 * whether it wants a client's certificate and of whom, and what it does without TLS.
 *
 * Six connections are made at once, and the server may write a line into its log for each.
 *
 * @param options - where it is
 * @returns what was seen; a server that keeps silent, closes or talks nonsense is a finding, too
 * @throws {@link ConnectionError} where no connection could be made
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
      protocols: spokenProtocols(flights),
      ...shown(handshake.chain.length > 0 ? handshake.chain : (flight?.chain ?? [])),
      clientCertificate: clientCertificate(handshake, asked),
      acceptedAuthorities: acceptedAuthorities(flight, asked),
    }
  })
}

/**
 * How to shake hands with whoever it is, in whatever version. Nothing is verified (`rejectUnauthorized: false`), for an
 * expired or a foreign certificate is just what a probe has to see; nothing is sent over this connection either, and
 * nothing that came over it is believed beyond "this is what was shown". No CA and no certificate of ours is in it.
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
  const certificate = own && factsOf(own)
  return { ...(certificate && { certificate }), chain: chain.map((der) => formatPem('CERTIFICATE', der)) }
}

/** What can't be read is no failure of the probe. */
function factsOf(der: Uint8Array): CertificateFacts | undefined {
  try {
    return readCertificate(der)
  } catch {
    return undefined
  }
}
