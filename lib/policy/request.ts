/** A request to the Engine API, as it arrived. */
export interface PolicyRequest {
  /** `POST`. */
  readonly method: string
  /** As in the request line: `/v1.51/containers/create?name=web`. */
  readonly target: string
  /** By name in lower case; a repeated header as a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** `unseen`: there is one, but it can't be looked at, such as an archive. Omitted: there is none. */
  readonly body?: Uint8Array | 'unseen'
  /**
   * The daemon gets what was read, as `writeRequest()` writes it, and never what arrived. Query parameters that no dockerd reads are then
   * left out, and not refused.
   */
  readonly isRewritten?: true
  /** When it arrived. Required for a caller to whom a rule with `until` applies: policies have no clock. */
  readonly at?: Date
}

/** A JSON value. An integer that a JavaScript number can't hold is a bigint. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject
/** A JSON object. It has no prototype. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** An operation of the Engine API. */
export interface ReadOperation {
  /** Its name in policies: `containers.create`. */
  readonly name: string
  /** `POST`. */
  readonly method: string
  /** Its path in the specification, without the version: `/containers/{id}/json`. */
  readonly path: string
}

/** A request as dockerd reads it. */
export interface ReadRequest {
  /** What it asks for. */
  readonly operation: ReadOperation
  /** Of the Engine API: `1.51`. Omitted: the path has none, and dockerd uses its newest. */
  readonly version?: string
  /** What stands for `{id}` or `{name}` in the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>
  /** Decoded, by the name of the query parameter. */
  readonly query: ReadonlyMap<string, readonly string[]>
  /** The names of query parameters that no dockerd reads. Omitted: there are none, or they are refused. */
  readonly leftOut?: readonly string[]
  /** The JSON body, with the names of fields as in the API. Omitted: none, or it isn't JSON. */
  readonly body?: Json
  /** The update of a service has credentials for a registry of its own. */
  readonly hasRegistryAuth?: true
}

/** Why a request is refused. */
export interface Reason {
  /** A stable name for programs. */
  readonly code: ReasonCode
  /** The part of the request: `HostConfig.Privileged`, `the path`. */
  readonly where?: string
  /** What is there, and why it is refused: a clause without a full stop. */
  readonly got: string
  /** dockerd's message, if what the request is about doesn't exist. Whoever answers in the place of dockerd can give it, with 404. */
  readonly absent?: string
}

/** Why a request is refused. */
export type ReasonCode = ReadingCode | JudgingCode | DecidingCode

/** What a request would give that a level refuses. */
export type JudgingCode =
  | 'PRIVILEGED'
  | 'HOST_NAMESPACE'
  | 'HOST_PATH'
  | 'HOST_DEVICE'
  | 'HOST_NETWORK'
  | 'CAPABILITY'
  | 'CONFINEMENT'
  | 'RUNTIME'
  | 'VOLUME_DRIVER'
  | 'LOG_DRIVER'
  | 'KERNEL_PARAMETER'
  | 'RESOURCES'
  | 'ROOT_USER'
  | 'NOT_HARDENED'
  | 'SWARM_PLUGIN'
  | 'REGISTRY_LOGIN'
  | 'BUILD_OPTION'

/** What the policy says about the caller, the operation, and what it is about. */
export type DecidingCode =
  | 'IDENTITY_UNKNOWN'
  | 'RULE_ENDED'
  | 'OPERATION_REFUSED'
  | 'TARGET_UNKNOWN'
  | 'TARGET_TOO_POWERFUL'
  | 'IMAGE_REFUSED'
  | 'NETWORK_REFUSED'
  | 'LABEL_REFUSED'
  | 'NOT_FOUND'
  | 'NAME_TAKEN'
  | 'OWNER_LABEL'
  | 'OWNER_UNSUPPORTED'

/** Why a request can't be read with certainty. */
export type ReadingCode =
  | 'OPERATION_UNKNOWN'
  | 'VERSION_UNKNOWN'
  | 'PATH_AMBIGUOUS'
  | 'QUERY_AMBIGUOUS'
  | 'QUERY_UNKNOWN'
  | 'HEADER_UNEXPECTED'
  | 'MEDIA_TYPE'
  | 'BODY_AMBIGUOUS'
  | 'BODY_INVALID'
  | 'BODY_TOO_LARGE'
  | 'BODY_UNEXPECTED'
  | 'BODY_MISSING'
  | 'FIELD_UNKNOWN'
