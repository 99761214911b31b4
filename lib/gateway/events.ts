import type { Decided } from './types.ts'

/** Who has connected, and from where. */
export interface GatewayCaller {
  /** The subject of the certificate, or the name of the socket. */
  readonly identity: string
  /** SHA-256 of the certificate, in upper case with colons. Omitted for a local socket. */
  readonly fingerprint?: string
  /** The IP address. Omitted for a local socket. */
  readonly address?: string
}

/** Who sends a request, what it asks for, and what was decided about it. Of bodies and queries, it contains only {@link Decided.details}, and nothing of header fields. */
export interface RequestFacts extends GatewayCaller, Decided {
  /** The same in both events of a request, and unique in the process. */
  readonly id: number
  /** Empty if the request couldn't be read. */
  readonly method: string
  /** Without its query, and without logins of images and URLs: they are secrets. */
  readonly path: string
}

/**
 * A request is allowed, and the daemon is about to get it. There is no such event for a GET or HEAD request that the daemon answers at
 * once.
 */
export interface RequestBegan extends RequestFacts {
  /** The kind of the event. */
  readonly event: 'begin'
  /** It is allowed. */
  readonly verdict: 'allow'
}

/** A request or stream has ended. */
export interface RequestEnded extends RequestFacts {
  /** The kind of the event. */
  readonly event: 'request'
  /** `allow`: it was sent to the daemon. `refuse`: the gateway answered it. Omitted: the client left before, or only asked. */
  readonly verdict?: 'allow' | 'refuse'
  /** Of the answer. 0: the client left before there was one. */
  readonly status: number
  /** Why the gateway itself refused or failed the request. */
  readonly reason?: string
  /** From the head of the request to the end of the answer. */
  readonly milliseconds: number
  /** How much arrived from the client, with heads and without TLS. If it doesn't wait for answers, also of its next requests. */
  readonly bytesIn: number
  /** How much the client got, with heads and without TLS. */
  readonly bytesOut: number
}

/** A connection ended before it could carry a request. */
export interface HandshakeRefused {
  /** The kind of the event. */
  readonly event: 'handshake refused'
  /** OpenSSL's or Node's code, such as `CERT_HAS_EXPIRED`, or `TOO_MANY_CONNECTIONS`. */
  readonly reason: string
  /** Where it came from, if that is still known. */
  readonly address?: string
}

/** The requests and streams of a connection were cut. */
export interface ConnectionCut extends GatewayCaller {
  /** The kind of the event. */
  readonly event: 'cut'
  /** Why, as in {@link RequestEnded.reason}. */
  readonly reason: string
}

/** `reload()` or `revoke()` has changed who may do what. */
export interface GatewayChanged {
  /** The kind of the event. */
  readonly event: 'reload' | 'revoke'
  /** What was replaced: `policy`, `tls`, `crl`; or the serial number or fingerprint that was revoked. */
  readonly changed: readonly string[]
}

/** A certificate was renewed: `identity` is the subject of both certificates, and `fingerprint` that of the one with which the client came. */
export interface CertificateRenewed extends GatewayCaller {
  /** The kind of the event. */
  readonly event: 'renewal'
  /** The serial number of the new certificate, in hexadecimal. */
  readonly serial: string
  /** The end of the new certificate, in ISO 8601. */
  readonly notAfter: string
  /** The serial number of the first certificate of its line, in hexadecimal: a revocation list that names it revokes all of them. */
  readonly origin: string
}

/** The daemon, `authorize`, the audit log or the listener failed. */
export interface GatewayFailure {
  /** The kind of the event. */
  readonly event: 'failure'
  /** What failed. */
  readonly error: unknown
}

/** What a gateway reports. */
export type GatewayEvent =
  | RequestBegan
  | RequestEnded
  | HandshakeRefused
  | ConnectionCut
  | CertificateRenewed
  | GatewayChanged
  | GatewayFailure
