import type { Duplex } from 'node:stream'
import type { HttpProxy } from '../endpoint/proxy.ts'
import type { Peer } from './peer.ts'

/**
 * Opens one connection. Resolves when it can carry a request; for TLS, after both sides have accepted each other's
 * certificate.
 */
export type Connect = (signal: AbortSignal, options?: ConnectionNeeds) => Promise<Duplex>

/** The properties of one connection. */
export interface ConnectionNeeds {
  /**
   * For a stream without a length. Over TLS, the connection fails if TCP ends without the end of TLS (close_notify); the check makes
   * it slower. A local socket is read to its end, also if the daemon closes it without having read all its input, and fails if the
   * daemon has ended.
   *
   * @defaultValue false
   */
  readonly cleanEnd?: boolean
  /** For whom it is. Callers who wait for logins take turns. */
  readonly caller?: string | undefined
  /**
   * The time limit, in milliseconds, for a request that has already waited.
   *
   * @defaultValue {@link ConnectOptions.timeout}
   */
  readonly timeout?: number | undefined
}

export interface ConnectOptions {
  /** The time limit for everything before the first request, in milliseconds. */
  readonly timeout: number
  /** The proxy for TLS connections. */
  readonly proxy?: HttpProxy | undefined
  /** Called with the peer after each TLS handshake. */
  readonly onPeer?: (peer: Peer) => void
  /**
   * Called for each process started for a connection. The promise resolves when the process has ended, and never
   * rejects.
   */
  readonly onProcess?: (ended: Promise<unknown>) => void
}
