import type { Duplex } from 'node:stream'
import type { HttpProxy } from '../endpoint/proxy.ts'
import type { Peer } from './peer.ts'

/** Opens one connection and hands it over when it is ready to carry a request (TLS: accepted by both sides). */
export type Connect = (signal: AbortSignal) => Promise<Duplex>

export interface ConnectOptions {
  /** All that comes before the first request together, in milliseconds. */
  readonly timeout: number
  /** What TLS connections are to go through. */
  readonly proxy?: HttpProxy | undefined
  /** Is told who answered, after each TLS handshake. */
  readonly onPeer?: (peer: Peer) => void
  /** Is handed the end of each process that is started for a connection; it never rejects. */
  readonly onProcess?: (ended: Promise<unknown>) => void
}
