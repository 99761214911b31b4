import type { Duplex } from 'node:stream'
import type { Peer } from './peer.ts'

/** Opens one connection and hands it over when it is ready to carry a request (TLS: accepted by both sides). */
export type Connect = (signal: AbortSignal) => Promise<Duplex>

export interface ConnectOptions {
  /** Name resolution, TCP and TLS together, in milliseconds. */
  readonly timeout: number
  /** Is told who answered, after each TLS handshake. */
  readonly onPeer?: (peer: Peer) => void
}
