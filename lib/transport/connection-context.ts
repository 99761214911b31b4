import type { Endpoint } from '../endpoint/endpoint.ts'
import type { ConnectionErrorCode } from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

/** Facts about a connection that its errors may mention. */
export interface ConnectionContext {
  /** The endpoint as users write it, e.g. `tcp://build01:2376`. */
  readonly target: string
  readonly kind: Endpoint['kind']
  /** The request on the connection, e.g. `GET /containers/json`; absent while connecting. */
  readonly request?: string
  /** How long the request may be silent, in milliseconds. */
  readonly idleTimeout?: number | undefined
  /** The proxy in between, without its credentials: `http://proxy:3128`. */
  readonly proxy?: string | undefined
  /** For TLS endpoints: the host name, or the address without brackets. */
  readonly host?: string
  /** The server's certificate, if the handshake got that far. */
  readonly server?: CertificateFacts
  /** The CAs in ca.pem. */
  readonly authorities?: readonly CertificateFacts[]
}

/** The code of a connection error, and its texts except for `tried`. */
export interface Fault {
  readonly code: ConnectionErrorCode
  readonly got: Sentence
  readonly todo: Sentence
}
