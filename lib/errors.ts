/** Which endpoint was meant: hosts, DOCKER_* variables, `.env` files, contexts. */
export type EndpointErrorCode =
  | 'ERR_HOST_INVALID'
  | 'ERR_HOST_REQUIRED'
  | 'ERR_PLAINTEXT_REFUSED'
  | 'ERR_PLAINTEXT_PORT'
  | 'ERR_TLS_VERIFY_REQUIRED'
  | 'ERR_API_VERSION_INVALID'
  | 'ERR_IDENTITY_REQUIRED'
  | 'ERR_CERT_PATH_INVALID'
  | 'ERR_ENV_FILE_INVALID'
  | 'ERR_CONFIG_INVALID'
  | 'ERR_CONTEXT_NOT_FOUND'
  | 'ERR_CONTEXT_INVALID'
  | 'ERR_CONTEXT_INSECURE'
  | 'ERR_CONTEXT_EXISTS'
  | 'ERR_CONTEXT_IN_USE'
  | 'ERR_CONTEXT_ARCHIVE_INVALID'

/** Our own key, certificate and CA, refused before a byte leaves the machine. */
export type IdentityErrorCode =
  | 'ERR_IDENTITY_FILE_MISSING'
  | 'ERR_IDENTITY_FILE_UNREADABLE'
  | 'ERR_IDENTITY_NOT_PEM'
  | 'ERR_IDENTITY_CERT_INVALID'
  | 'ERR_IDENTITY_KEY_INVALID'
  | 'ERR_IDENTITY_KEY_ENCRYPTED'
  | 'ERR_IDENTITY_PASSPHRASE'
  | 'ERR_IDENTITY_KEY_MISMATCH'
  | 'ERR_IDENTITY_KEY_TYPE'
  | 'ERR_IDENTITY_EXPIRED'
  | 'ERR_IDENTITY_NOT_YET_VALID'
  | 'ERR_IDENTITY_PURPOSE'
  | 'ERR_IDENTITY_SIGNATURE'
  | 'ERR_IDENTITY_ISSUER'
  | 'ERR_IDENTITY_CA_INVALID'
  | 'ERR_IDENTITY_CA_EXPIRED'
  | 'ERR_IDENTITY_CHANGED_INVALID'

/** The way to the daemon: DNS, TCP, TLS, the socket, ssh, a proxy, and what our dispatcher refuses to do. */
export type ConnectionErrorCode =
  | 'ERR_NAME_NOT_RESOLVED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_HOST_UNREACHABLE'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_HANDSHAKE_TIMEOUT'
  | 'ERR_RESPONSE_TIMEOUT'
  | 'ERR_CONNECTION_RESET'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECTION_FAILED'
  | 'ERR_SOCKET_NOT_FOUND'
  | 'ERR_SOCKET_PERMISSION'
  | 'ERR_SERVER_PLAINTEXT'
  | 'ERR_SERVER_NOT_DOCKER'
  | 'ERR_SERVER_TLS_TOO_OLD'
  | 'ERR_SERVER_NO_COMMON_CIPHER'
  | 'ERR_SERVER_NAME_MISMATCH'
  | 'ERR_SERVER_NAME_MISSING'
  | 'ERR_SERVER_CERT_EXPIRED'
  | 'ERR_SERVER_CERT_NOT_YET_VALID'
  | 'ERR_SERVER_CERT_PURPOSE'
  | 'ERR_SERVER_CERT_UNTRUSTED'
  | 'ERR_SERVER_CERT_WEAK'
  | 'ERR_SERVER_CA_KEY_DIFFERS'
  | 'ERR_CLIENT_CERT_REQUIRED'
  | 'ERR_CLIENT_CERT_REFUSED'
  | 'ERR_CLIENT_CERT_EXPIRED'
  | 'ERR_CLIENT_CERT_UNTRUSTED'
  | 'ERR_TLS_FAILED'
  | 'ERR_SSH_NOT_INSTALLED'
  | 'ERR_SSH_HOST_KEY_UNKNOWN'
  | 'ERR_SSH_HOST_KEY_CHANGED'
  | 'ERR_SSH_LOGIN_REFUSED'
  | 'ERR_SSH_DOCKER_MISSING'
  | 'ERR_SSH_FAILED'
  | 'ERR_PROXY_UNREACHABLE'
  | 'ERR_PROXY_AUTH_REQUIRED'
  | 'ERR_PROXY_REFUSED'
  | 'ERR_PROXY_BAD_GATEWAY'
  | 'ERR_PROXY_INVALID'
  | 'ERR_WRONG_ORIGIN'
  | 'ERR_REDIRECT_REFUSED'
  | 'ERR_BRIDGE_UNSUPPORTED'
  | 'ERR_CLIENT_CLOSED'

/** The daemon answered, and the answer is a failure. */
export type ApiErrorCode =
  | 'ERR_API_NOT_MODIFIED'
  | 'ERR_API_BAD_REQUEST'
  | 'ERR_API_UNAUTHORIZED'
  | 'ERR_API_FORBIDDEN'
  | 'ERR_API_AUTHORIZATION_DENIED'
  | 'ERR_API_NOT_FOUND'
  | 'ERR_API_CONFLICT'
  | 'ERR_API_SERVER_ERROR'
  | 'ERR_API_UNAVAILABLE'
  | 'ERR_API_STATUS'
  | 'ERR_API_RESPONSE_INVALID'
  | 'ERR_API_STREAM_FAILED'
  | 'ERR_API_STREAM_INVALID'
  | 'ERR_API_STREAM_TRUNCATED'
  | 'ERR_API_EXEC_FAILED'
  | 'ERR_API_BUILD_FAILED'
  | 'ERR_API_VERSION_UNSUPPORTED'

/** Making and keeping certificates. */
export type PkiErrorCode =
  | 'ERR_NAME_INVALID'
  | 'ERR_DAYS_INVALID'
  | 'ERR_KEY_TYPE_INVALID'
  | 'ERR_CA_MISSING'
  | 'ERR_CA_EXISTS'
  | 'ERR_CA_INVALID'
  | 'ERR_CA_EXPIRED'
  | 'ERR_CA_PASSPHRASE'
  | 'ERR_SERVER_NAMES_CHANGED'
  | 'ERR_CERTIFICATE_INVALID'
  | 'ERR_PKI_FILE_INVALID'
  | 'ERR_CLIENT_NOT_FOUND'
  | 'ERR_CLIENT_KEY_ELSEWHERE'
  | 'ERR_REQUEST_INVALID'
  | 'ERR_REQUEST_REFUSED'
  | 'ERR_PKCS12_PASSPHRASE'
  | 'ERR_LEDGER_INVALID'
  | 'ERR_LEDGER_MISMATCH'
  | 'ERR_ROTATION_INVALID'
  | 'ERR_ROTATION_NONE'
  | 'ERR_ROTATION_PHASE'
  | 'ERR_ROTATION_UNDERWAY'

/** What must not, or can't, be rendered for the daemon or for a shell. */
export type DaemonErrorCode =
  | 'ERR_LISTEN_INVALID'
  | 'ERR_LISTEN_PLAINTEXT'
  | 'ERR_PATH_INVALID'
  | 'ERR_UNIT_INVALID'
  | 'ERR_UNIT_NOT_FOUND'
  | 'ERR_USERNS_INVALID'
  | 'ERR_DIRECTIVE_CONFLICT'
  | 'ERR_DAEMON_JSON_INVALID'
  | 'ERR_SHELL_UNKNOWN'
  | 'ERR_SHELL_UNQUOTABLE'

/** Changing a host: what is in the way, what failed, and what became of it. */
export type ProvisionErrorCode =
  | 'ERR_HOST_NOT_ROOT'
  | 'ERR_HOST_NO_SYSTEMD'
  | 'ERR_HOST_NO_DOCKER'
  | 'ERR_HOST_ROOTLESS'
  | 'ERR_HOST_DOCKER_DESKTOP'
  | 'ERR_HOST_READ_ONLY'
  | 'ERR_HOST_DISK_FULL'
  | 'ERR_HOST_SUDO_PASSWORD'
  | 'ERR_HOST_UNREADABLE'
  | 'ERR_HOST_COMMAND_FAILED'
  | 'ERR_APPLY_CONFLICT'
  | 'ERR_APPLY_INVALID'
  | 'ERR_APPLY_PENDING'
  | 'ERR_APPLY_ROLLED_BACK'
  | 'ERR_APPLY_ROLLBACK_FAILED'
  | 'ERR_APPLY_NOTHING_TO_ROLL_BACK'
  | 'ERR_USERNS_NOT_IN_FORCE'
  | 'ERR_CONFIRMATION_REQUIRED'
  | 'ERR_PLUGIN_FOREIGN'
  | 'ERR_PLUGIN_FROM_CACHE'
  | 'ERR_PLUGIN_UNSUPPORTED'

/** Names of images, and what the Docker CLI keeps to log in to registries. */
export type RegistryErrorCode =
  'ERR_REFERENCE_INVALID' | 'ERR_CREDENTIALS_INVALID' | 'ERR_CREDENTIAL_HELPER_MISSING' | 'ERR_CREDENTIAL_HELPER_FAILED'

/** What is sent for the build of an image: its context, its Dockerfile and its secrets. */
export type BuildErrorCode =
  | 'ERR_BUILD_CONTEXT_INVALID'
  | 'ERR_BUILD_DOCKERFILE_INVALID'
  | 'ERR_BUILD_IGNORE_INVALID'
  | 'ERR_BUILD_FILE_UNREADABLE'
  | 'ERR_BUILD_FILE_CHANGED'
  | 'ERR_BUILD_SECRET_INVALID'

/** A container that isn't healthy, and won't be. */
export type HealthErrorCode =
  'ERR_HEALTH_NO_CHECK' | 'ERR_HEALTH_UNHEALTHY' | 'ERR_HEALTH_ENDED' | 'ERR_HEALTH_TIMEOUT' | 'ERR_HEALTH_UNKNOWN'

/** Files on their way into a container or out of one. */
export type CopyErrorCode = 'ERR_COPY_SOURCE' | 'ERR_COPY_TARGET' | 'ERR_COPY_UNSAFE' | 'ERR_COPY_ARCHIVE_INVALID'

/** A file of ours that could not be written. */
export type FileErrorCode = 'ERR_FILE_EXISTS' | 'ERR_FILE_WRITE' | 'ERR_FILE_READ'

/** A call with arguments that can't be meant. */
export type ArgumentErrorCode =
  'ERR_ARGUMENT_INVALID' | 'ERR_OPTION_UNKNOWN' | 'ERR_PATH_SEGMENT_INVALID' | 'ERR_API_FIELD_TOO_NEW' | 'ERR_USAGE'

/** Every code an error of this package can have: `switch (error.code)` narrows on it. */
export type ErrorCode =
  | EndpointErrorCode
  | IdentityErrorCode
  | ConnectionErrorCode
  | ApiErrorCode
  | PkiErrorCode
  | DaemonErrorCode
  | ProvisionErrorCode
  | RegistryErrorCode
  | BuildErrorCode
  | CopyErrorCode
  | HealthErrorCode
  | FileErrorCode
  | ArgumentErrorCode

/** The three things that every error of ours says, and where it came from. */
export interface Failure {
  /** What was tried, on what. */
  readonly tried: string
  /** What came back, without a full stop. */
  readonly got: string
  /** What to do about it: a sentence or a command. */
  readonly todo: string
  readonly cause?: unknown
}

/** Shared by all copies of the package in a process, so that guards agree across them. */
const BRAND: unique symbol = Symbol.for('docker-mtls.error') as never

function wording({ tried, got, todo }: Failure): string {
  return `${tried}: ${got}.\n${todo}`
}

/** What a peer, a certificate or a file says may hold control characters, which a terminal would obey. */
function printable({ tried, got, todo }: Failure): Failure {
  return { tried: visible(tried), got: visible(got), todo: visible(todo) }
}

function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => `<U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}>`,
  )
}

function causeOf(failure: Failure): ErrorOptions | undefined {
  return failure.cause === undefined ? undefined : { cause: failure.cause }
}

/** The root of the tree. `code` is stable; the text may improve. */
export class DockerMtlsError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly tried: string
  readonly got: string
  readonly todo: string
  /** @internal */
  get [BRAND](): true {
    return true
  }

  constructor(code: Code, failure: Failure) {
    const { tried, got, todo } = printable(failure)
    super(wording({ tried, got, todo }), causeOf(failure))
    this.name = new.target.name
    this.code = code
    this.tried = tried
    this.got = got
    this.todo = todo
  }
}

/** A host, variable, `.env` file or context that can't be used, or that we refuse to use. */
export class EndpointError extends DockerMtlsError<EndpointErrorCode> {}

/** A key, certificate or CA of ours that no daemon would accept, or that isn't there. */
export class IdentityError extends DockerMtlsError<IdentityErrorCode> {}

/** The connection could not be made, was refused by one side, or broke. */
export class ConnectionError extends DockerMtlsError<ConnectionErrorCode> {}

/** Certificates could not be made, read or kept. */
export class PkiError extends DockerMtlsError<PkiErrorCode> {}

/** A daemon configuration or a client's variables that can't be rendered safely. */
export class DaemonError extends DockerMtlsError<DaemonErrorCode> {}

/** A host could not be changed; what was changed is put back, unless the error says otherwise. */
export class ProvisionError extends DockerMtlsError<ProvisionErrorCode> {}

/** A name that is no image's, or credentials for a registry that can't be had. */
export class RegistryError extends DockerMtlsError<RegistryErrorCode> {}

/** The context, the Dockerfile or a secret of a build can't be sent; the daemon has built nothing of it. */
export class BuildError extends DockerMtlsError<BuildErrorCode> {}

/** Local files can't be read or written, or a container's are not what they may be; some may be copied already. */
export class CopyError extends DockerMtlsError<CopyErrorCode> {}

/** One check of a container's health. */
export interface HealthCheckRun {
  /** 0 healthy, -1 where it could not be run or took too long. */
  readonly exitCode: number
  /** At most 4096 bytes of what it printed. */
  readonly output: string
}

/** What a {@link HealthError} knows besides the {@link Failure}. */
export interface HealthFailure extends Failure {
  readonly checks: readonly HealthCheckRun[]
  readonly exitCode: number | undefined
}

/** A container didn't become healthy. */
export class HealthError extends DockerMtlsError<HealthErrorCode> {
  /** The last five checks, the oldest first. */
  readonly checks: readonly HealthCheckRun[]
  /** What the container has ended with; undefined where it runs. */
  readonly exitCode: number | undefined

  constructor(code: HealthErrorCode, failure: HealthFailure) {
    super(code, failure)
    this.checks = failure.checks
    this.exitCode = failure.exitCode
  }
}

/** A file of ours could not be read or written; what was there before is still there. */
export class FileError extends DockerMtlsError<FileErrorCode> {}

/** What a {@link DockerApiError} knows besides the {@link Failure}. */
export interface ApiFailure extends Failure {
  readonly status: number
  readonly method: string
  readonly path: string
  /** The daemon's own words, where it sent any. */
  readonly daemonMessage?: string
}

/** The daemon answered a request with a failure. */
export class DockerApiError extends DockerMtlsError<ApiErrorCode> {
  readonly status: number
  readonly method: string
  readonly path: string
  readonly daemonMessage: string | undefined

  constructor(code: ApiErrorCode, failure: ApiFailure) {
    super(code, failure)
    this.status = failure.status
    this.method = failure.method
    this.path = failure.path
    this.daemonMessage = failure.daemonMessage
  }
}

/** 304: it was in that state already (a container that runs is started). */
export class NotModifiedError extends DockerApiError {}
/** 400: the daemon can't make sense of a parameter or of the body. */
export class BadRequestError extends DockerApiError {}
/** 401: a registry refused the credentials, or a swarm the key to unlock it. */
export class UnauthorizedError extends DockerApiError {}
/** 403: the daemon refuses. */
export class ForbiddenError extends DockerApiError {}
/** 403 from an authorization plugin, which knows this client by its certificate's common name. */
export class AuthorizationDeniedError extends ForbiddenError {}
/** 404: there is no such thing. */
export class NotFoundError extends DockerApiError {}
/** 409: something stands in the way: a name in use, a container that runs; an object of a swarm changed meanwhile (500). */
export class ConflictError extends DockerApiError {}
/** 500: the daemon failed. */
export class ServerError extends DockerApiError {}
/** 503: the daemon isn't ready for this: no swarm, or still starting. */
export class UnavailableError extends DockerApiError {}
/** A failure that came inside an answer that had begun as a success: `errorDetail`, or a frame of type 3. */
export class StreamError extends DockerApiError {}

/** What a {@link BuildFailedError} knows besides. */
export interface BuildFailure extends ApiFailure {
  readonly step: string | undefined
  readonly log: string
  readonly exitCode: number | undefined
}

/** An image could not be built: a step failed, the Dockerfile is wrong, a base image can't be had. */
export class BuildFailedError extends StreamError {
  /** The step that failed, e.g. `[2/3] RUN make`; undefined where it was none. */
  readonly step: string | undefined
  /** The end of what that step printed. */
  readonly log: string
  /** What its command ended with. */
  readonly exitCode: number | undefined

  constructor(failure: BuildFailure) {
    super('ERR_API_BUILD_FAILED', failure)
    this.step = failure.step
    this.log = failure.log
    this.exitCode = failure.exitCode
  }
}

/** A mistake in the call itself: a TypeError, as Node's own argument errors are. */
export class ArgumentError extends TypeError {
  readonly code: ArgumentErrorCode
  readonly tried: string
  readonly got: string
  readonly todo: string
  /** @internal */
  get [BRAND](): true {
    return true
  }

  constructor(code: ArgumentErrorCode, failure: Failure) {
    const { tried, got, todo } = printable(failure)
    super(wording({ tried, got, todo }), causeOf(failure))
    this.name = new.target.name
    this.code = code
    this.tried = tried
    this.got = got
    this.todo = todo
  }
}

/** Any error of this package, of whichever class and whichever copy. */
export type AnyDockerMtlsError = DockerMtlsError | ArgumentError

/**
 * Is it an error of this package, and has it one of these codes?
 *
 * @param error - anything that was thrown
 * @param codes - the codes to look for; none means any
 * @example
 * ```ts
 * try { await connect() } catch (error) {
 *   if (isDockerMtlsError(error, 'ERR_CLIENT_CERT_EXPIRED')) renew()
 *   else throw error
 * }
 * ```
 */
export function isDockerMtlsError(error: unknown, ...codes: ErrorCode[]): error is AnyDockerMtlsError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  return codes.length === 0 || codes.includes((error as AnyDockerMtlsError).code)
}
