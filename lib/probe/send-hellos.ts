import { POST_QUANTUM_GROUPS, PROTOCOLS, renderClientHello, WIRE_VERSION, type Protocol } from './client-hello.ts'
import { exchange } from './exchange.ts'
import type { Target } from './options.ts'
import { sniOf } from '../transport/peer.ts'
import { FlightReader, type ServerFlight } from './server-flight.ts'

/** A server's answers to a ClientHello of each version. */
export type Flights = Readonly<Record<Protocol, ServerFlight>>

async function sendClientHello(
  target: Target,
  protocol: Protocol,
  deadline: AbortSignal,
  groups?: readonly number[],
): Promise<ServerFlight> {
  const reader = new FlightReader()
  const receive = (bytes: Buffer): boolean => reader.push(bytes)
  await exchange(target, { send: renderClientHello(protocol, sniOf(target.servername), groups), receive }, deadline)
  return reader.flight
}

/**
 * Does the server support X25519MLKEM768? It is offered nothing else, so a server that supports it asks for a key share
 * (RFC 8446 section 4.1.4), and others refuse. Undefined if it does neither.
 */
export async function supportsPostQuantum(target: Target, deadline: AbortSignal): Promise<boolean | undefined> {
  const { version, state } = await sendClientHello(target, 'TLSv1.3', deadline, POST_QUANTUM_GROUPS)
  if (version === WIRE_VERSION['TLSv1.3']) return true
  return state === 'alert' ? false : undefined
}

/** Sends a ClientHello of every version, each on its own connection. */
export async function sendClientHellos(target: Target, deadline: AbortSignal): Promise<Flights> {
  const flights = PROTOCOLS.map(
    async (protocol) => [protocol, await sendClientHello(target, protocol, deadline)] as const,
  )
  return Object.fromEntries(await Promise.all(flights)) as Flights
}

/** The versions that the server supports, the oldest first. It doesn't support a version if it answers with another one. */
export function supportedProtocols(flights: Flights): Protocol[] {
  return PROTOCOLS.filter((protocol) => flights[protocol].version === WIRE_VERSION[protocol])
}

/** The answer in the newest version that doesn't encrypt certificates and CAs. */
export function clearFlight(flights: Flights): ServerFlight | undefined {
  const newest = supportedProtocols(flights).findLast((protocol) => protocol !== 'TLSv1.3')
  return newest && flights[newest]
}
