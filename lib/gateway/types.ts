import type { X509Certificate } from 'node:crypto'
import type { RequestDetails } from '../policy/details/types.ts'

/** Who sends a request: the certificate that the TLS handshake verified, or the name of the local socket. */
export type GatewayIdentity =
  | {
      /** The client certificate. It is valid, not revoked, and issued by a CA of `tls.ca`, or renewed here. */
      readonly certificate: X509Certificate
    }
  | {
      /** The name that `listen.as` gave to the local socket. */
      readonly socket: string
    }

/** Something of the daemon that can be inspected. `daemon`: the daemon itself, whose only name is `info`. */
export type InspectKind =
  | 'daemon'
  | 'container'
  | 'exec'
  | 'image'
  | 'network'
  | 'volume'
  | 'service'
  | 'task'
  | 'node'
  | 'secret'
  | 'config'
  | 'plugin'

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
  /** The client only asks whether it may send this: the daemon doesn't get it, whatever the answer. */
  readonly isQuestion?: true
  /**
   * Asks the daemon about something that the request names. What it says of itself is kept for ten seconds.
   *
   * @returns what the daemon answers, and null if there is no such thing
   * @throws {@link ConnectionError} if the daemon doesn't answer, or answers with another error
   * @throws an error that the gateway answers with 429, if it would hold more than `limits.heldBytes` for this client. Don't catch it
   */
  inspect(kind: InspectKind, name: string): Promise<unknown>
}

/** What is known of a request before its body. @internal */
export type AskedHead = Omit<AskedRequest, 'body'>

/** What the daemon gets instead of what arrived. */
export interface SentInstead {
  /** The method of the request. */
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  /** A JSON body. Omitted: the body that arrived. */
  readonly body?: Uint8Array | undefined
}

/** A part of a request that a rule refuses. */
export interface FoundReason {
  /** A stable name for programs. */
  readonly code: string
  /** The part of the request: `HostConfig.Privileged`, `the path`. Never a value. */
  readonly where?: string
}

/** What decided about a request, for events and the audit log. A policy fills it in. Put no secrets into it. */
export interface Decided {
  /** The name of the operation: `containers.create`. */
  readonly operation?: string
  /** The name of the rule. */
  readonly rule?: string
  /** The level that was enforced. */
  readonly level?: string
  /** What the request names and asks for, bounded and without secrets. */
  readonly details?: RequestDetails
  /** Why it is refused. */
  readonly reasons?: readonly FoundReason[]
  /** What the level in `audit` of the rule would refuse. */
  readonly audit?: readonly FoundReason[]
  /** What the level in `warn` of the rule would refuse. */
  readonly warn?: readonly FoundReason[]
}

/** What every verdict can say besides. */
export interface VerdictNotes {
  /** What decided, for events and the audit log. */
  readonly decided?: Decided | undefined
  /** For the client: each is a header field `X-Docker-Mtls-Warning` of the answer. */
  readonly warnings?: readonly string[] | undefined
}

/** The daemon gets the request. */
export interface Allowed extends VerdictNotes {
  /** It is allowed. */
  readonly allow: true
  /** What to send instead of what arrived. Without it, method, target and body are sent as they arrived. */
  readonly send?: SentInstead | undefined
  /**
   * When the permission ends: if the request or its stream is still open then, it is cut within a second. The request is refused if that
   * has passed (RULE_ENDED), or is no valid date (AUTHORIZATION_FAILED).
   */
  readonly until?: Date | undefined
  /** What the client gets of an answer that is JSON with the status 200, up to 16 MiB. Without it, the answer passes as it is. */
  readonly filterAnswer?: ((answer: unknown) => unknown) | undefined
  /**
   * For `POST /_docker-mtls/renew`, which the daemon never gets: how long the renewed certificate may live, in seconds. Without it, the
   * certificate isn't renewed.
   */
  readonly renewFor?: number | undefined
}

/** A part of a request that is refused, for the client. */
export interface RefusedPart {
  /** A stable name for programs. */
  readonly code: string
  /** For people: what is there, and why it is refused. */
  readonly message: string
  /** The part of the request: `HostConfig.Privileged`, `the path`. */
  readonly where?: string
}

/** The daemon doesn't get the request. */
export interface Refused extends VerdictNotes {
  /** It is refused. */
  readonly allow: false
  /** 404 hides that something exists; 400 too, where the docker command would take 404 for a missing image. */
  readonly status: 400 | 403 | 404
  /** A stable name for programs, which the client finds in the header field `X-Docker-Mtls-Reason`. */
  readonly code: string
  /** For people. Docker's own client shows it. */
  readonly message: string
  /** All that is refused, for a client that asks. Omitted: code and message. */
  readonly reasons?: readonly RefusedPart[] | undefined
}

/** The answer of {@link GatewayOptions.authorize}. */
export type Verdict = Allowed | Refused
