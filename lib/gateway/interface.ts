import type { X509Certificate } from 'node:crypto'
import type { GatewayChange } from './options.ts'

/** Where a gateway listens. */
export type GatewayAddress =
  | {
      /** The address, `::` for all. */
      readonly host: string
      /** The port, also if 0 was asked for. */
      readonly port: number
    }
  | {
      /** The absolute path of the local socket. */
      readonly socket: string
    }

/** A running gateway, created by {@link createGateway}. */
export interface Gateway {
  /** Where it listens. */
  readonly address: GatewayAddress
  /**
   * Replaces certificates, CAs, revocation lists and the policy. The next request is judged by the new policy. Requests and streams that are open go on, except those of clients that may
   * not connect any more: their requests and streams are cut.
   *
   * If something new can't be used, the call throws and everything stays as it was.
   *
   * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID, ERR_IDENTITY_NOT_PEM, ERR_IDENTITY_CERT_INVALID
   * @throws {@link PkiError} ERR_CRL_INVALID, also for a list that is no newer than the one in force, and may lack revocations
   * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
   */
  reload(changed: GatewayChange): void
  /**
   * Refuses a client certificate from now on, and cuts its requests and streams. The gateway forgets this when it is closed: a
   * revocation list is permanent.
   *
   * If the gateway's issuer has renewed it, its whole line is refused: the first certificate, and all that renew it. By a serial number
   * or fingerprint, that begins once the gateway sees the certificate.
   *
   * @param certificate - the certificate, its serial number, or its SHA-256 fingerprint, in hexadecimal. A negative serial number begins
   *   with `-`; its bytes count as well
   * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
   */
  revoke(certificate: X509Certificate | string): void
  /** Cuts all requests and streams, and stops. Further calls have no effect. */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
