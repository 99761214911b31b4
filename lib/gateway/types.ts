import type { X509Certificate } from 'node:crypto'

/** Who sends a request: the certificate that the TLS handshake verified, or the name of the local socket. */
export type GatewayIdentity =
  | {
      /** The client certificate. It is valid, not revoked, and issued by a CA of `tls.ca`. */
      readonly certificate: X509Certificate
    }
  | {
      /** The name that `listen.as` gave to the local socket. */
      readonly socket: string
    }

/** Something of the daemon that can be inspected. */
export type InspectKind =
  'container' | 'exec' | 'image' | 'network' | 'volume' | 'service' | 'task' | 'node' | 'secret' | 'config' | 'plugin'

/** A request that waits for permission. */
export interface AskedRequest {
  /** Who sends it. */
  readonly identity: GatewayIdentity
  /** GET, HEAD, POST, PUT or DELETE. */
  readonly method: string
  /** As in the request line: `/v1.51/containers/create?name=web`. Always begins with one `/`. */
  readonly target: string
  /** By name in lower case; a repeated field as a list. All of them, also those that are not sent to the daemon. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The whole body if it is JSON. `unseen`: it is a stream, such as an archive. Undefined: there is none. */
  readonly body: Uint8Array | 'unseen' | undefined
  /** The protocol that the connection switches to. Undefined: it is a plain request. */
  readonly upgrade: 'tcp' | 'h2c' | 'websocket' | undefined
  /**
   * Asks the daemon about something that the request names.
   *
   * @returns what the daemon answers, and null if there is no such thing
   * @throws {@link ConnectionError} if the daemon doesn't answer, or answers with another error
   */
  inspect(kind: InspectKind, name: string): Promise<unknown>
}

/** What the daemon gets instead of what arrived. */
export interface SentInstead {
  /** The method of the request. */
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  /** A JSON body. Omitted: the body that arrived. */
  readonly body?: Uint8Array | undefined
}

/** The daemon gets the request. */
export interface Allowed {
  /** It is allowed. */
  readonly allow: true
  /** What to send instead of what arrived. Without it, method, target and body are sent as they arrived. */
  readonly send?: SentInstead | undefined
  /** What the client gets of an answer that is JSON with the status 200, up to 16 MiB. Without it, the answer passes as it is. */
  readonly filterAnswer?: ((answer: unknown) => unknown) | undefined
}

/** The daemon doesn't get the request. */
export interface Refused {
  /** It is refused. */
  readonly allow: false
  /** 404 hides that something exists. */
  readonly status: 403 | 404
  /** A stable name for programs, which the client finds in the header field `X-Docker-Mtls-Reason`. */
  readonly code: string
  /** For people. Docker's own client shows it. */
  readonly message: string
}

/** The answer of {@link GatewayOptions.authorize}. */
export type Verdict = Allowed | Refused

/** A request or stream has ended. */
export interface RequestEnded {
  /** The kind of the event. */
  readonly event: 'request'
  /** The subject of the certificate, or the name of the socket. */
  readonly identity: string
  /** Empty if the request couldn't be read. */
  readonly method: string
  /** Without its query, which may contain secrets. */
  readonly path: string
  /** Of the answer. 0: the client left before there was one. */
  readonly status: number
  /** Why the gateway itself refused or failed the request. */
  readonly reason?: string
  /** From the head of the request to the end of the answer. */
  readonly milliseconds: number
}

/** A connection ended before it could carry a request. */
export interface HandshakeRefused {
  /** The kind of the event. */
  readonly event: 'handshake refused'
  /** OpenSSL's or Node's code, such as `CERT_REVOKED`. */
  readonly reason: string
  /** Where it came from, if that is still known. */
  readonly address?: string
}

/** The requests and streams of a connection were cut. */
export interface ConnectionCut {
  /** The kind of the event. */
  readonly event: 'cut'
  /** The subject of the certificate. */
  readonly identity: string
  /** Why, as in {@link RequestEnded.reason}. */
  readonly reason: string
}

/** The daemon, `authorize` or the listener failed. */
export interface GatewayFailure {
  /** The kind of the event. */
  readonly event: 'failure'
  /** What failed. */
  readonly error: unknown
}

/** What a gateway reports. */
export type GatewayEvent = RequestEnded | HandshakeRefused | ConnectionCut | GatewayFailure
