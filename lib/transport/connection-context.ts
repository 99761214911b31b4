import type { Endpoint } from '../endpoint/endpoint.ts'
import type { ConnectionErrorCode } from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'
import type { CertificateFacts } from '../identity/certificate.ts'

/** The facts about a connection that its error may mention. */
export interface ConnectionContext {
  /** The endpoint as a person writes it, e.g. `tcp://build01:2376`. */
  readonly target: string
  readonly kind: Endpoint['kind']
  /** The request on the connection, e.g. `GET /containers/json`; absent while connecting. */
  readonly request?: string
  /** The proxy in between, without its credentials: `http://proxy:3128`. */
  readonly proxy?: string | undefined
  /** The name or address without brackets, for TLS endpoints. */
  readonly host?: string
  /** The server's certificate, if the handshake got that far. */
  readonly server?: CertificateFacts
  /** The CAs in ca.pem. */
  readonly authorities?: readonly CertificateFacts[]
}

/** The code and the texts of a fault. */
export interface Wording {
  readonly code: ConnectionErrorCode
  readonly got: Sentence
  readonly todo: Sentence
}
