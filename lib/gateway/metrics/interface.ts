import type { GatewayEvent } from '../events.ts'

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** Where `/metrics` and `/healthz` are served, over plain HTTP. */
  readonly listen: {
    /**
     * An address of this machine.
     *
     * @defaultValue 127.0.0.1
     */
    readonly host?: string
    /** 0: any free port. */
    readonly port: number
    /**
     * Allows an address that other machines can reach. Everybody there can read the metrics, without a certificate.
     *
     * @defaultValue false
     */
    readonly exposed?: boolean
  }
  /**
   * Counts requests by identity, too. Each identity adds some lines for each operation that it uses.
   *
   * @defaultValue false
   */
  readonly identities?: boolean
}

/** What gateways count, served for Prometheus. Created by {@link createMetrics}. */
export interface Metrics {
  /** Where it listens. */
  readonly address: {
    /** The address. */
    readonly host: string
    /** The port, also if 0 was asked for. */
    readonly port: number
  }
  /** @internal */
  count(event: GatewayEvent): void
  /**
   * Adds a gateway.
   *
   * @returns what takes it away again
   * @internal
   */
  add(source: MetricsSource): () => void
  /** Stops. */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * What metrics ask a gateway about.
 *
 * @internal
 */
export interface MetricsSource {
  /** What is open now. */
  readonly open: () => { readonly connections: number; readonly requests: number; readonly streams: number }
  /** What ends when. */
  readonly ends: () => readonly EndDate[]
  /** Whether the audit log can't be written. */
  readonly isLogFailing: () => boolean
  /** Asks the daemon, until the signal aborts. @throws if it doesn't answer */
  readonly ping: (signal: AbortSignal) => Promise<unknown>
}

/**
 * When a certificate or revocation list of a gateway ends.
 *
 * @internal
 */
export interface EndDate {
  readonly kind: 'server' | 'ca' | 'issuer' | 'crl'
  /** The subject of the certificate, or of the CA of the list. */
  readonly name: string
  /** In milliseconds since 1970; NaN: there is no list, and there should be one. */
  readonly at: number
  /** Since when; in milliseconds since 1970. */
  readonly from: number
}
