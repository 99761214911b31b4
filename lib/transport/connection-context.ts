import type { Endpoint } from '../endpoint/endpoint.ts'
import type { ConnectionErrorCode } from '../base/errors.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

/** What is known about a connection when it fails. */
export interface ConnectionContext {
  /** The endpoint as a person writes it, e.g. `tcp://build01:2376`. */
  readonly target: string
  readonly kind: Endpoint['kind']
  /** What the connection was in use for, e.g. `GET /containers/json`; left out while it is being made. */
  readonly request?: string
  /** The proxy in between, without its credentials: `http://proxy:3128`. */
  readonly proxy?: string | undefined
  /** The name or address without brackets, for TLS endpoints. */
  readonly host?: string
  /** The server's certificate, where the handshake came so far. */
  readonly server?: CertificateFacts
  /** Our CAs. */
  readonly authorities?: readonly CertificateFacts[]
}

/** How a fault reads: what came back and what to do. */
export interface Wording {
  readonly code: ConnectionErrorCode
  readonly got: string
  readonly todo: string
}
