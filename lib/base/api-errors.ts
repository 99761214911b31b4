import { DockerMtlsError, nameClass, type Failure } from './error.ts'
import type { ApiErrorCode } from './error-codes.ts'

/** The fields of a {@link DockerApiError} besides those of a {@link Failure}. */
export interface ApiFailure extends Failure {
  /** The HTTP status; 200 for a failure inside an answer that started as a success. */
  readonly status: number
  /** The HTTP method of the request. */
  readonly method: string
  /** The path of the request, without version and query. */
  readonly path: string
  /** The daemon's own message; undefined if it sent none. */
  readonly daemonMessage?: string
  /** Why a gateway of docker-mtls refused the request; undefined if the daemon did. */
  readonly gatewayReason?: string
}

/** The daemon answered a request with a failure. */
export class DockerApiError extends DockerMtlsError<ApiErrorCode> {
  /** The HTTP status; 200 for a failure inside an answer that started as a success. */
  readonly status: number
  /** The HTTP method of the request. */
  readonly method: string
  /** The path of the request, without version and query. */
  readonly path: string
  /** The daemon's own message; undefined if it sent none. */
  readonly daemonMessage: string | undefined
  /**
   * Why a gateway of docker-mtls refused the request: the code in its header field `X-Docker-Mtls-Reason`, such as
   * `CERTIFICATE_REVOKED`. Undefined if the daemon itself answered.
   */
  readonly gatewayReason: string | undefined

  constructor(code: ApiErrorCode, failure: ApiFailure) {
    super(code, failure)
    this.status = failure.status
    this.method = failure.method
    this.path = failure.path
    this.daemonMessage = failure.daemonMessage
    this.gatewayReason = failure.gatewayReason
  }
}
nameClass(DockerApiError, 'DockerApiError')

/** 304: the object is already in the requested state, e.g. a running container is started. */
export class NotModifiedError extends DockerApiError {}
nameClass(NotModifiedError, 'NotModifiedError')

/** 400: the daemon doesn't accept a parameter or the body. */
export class BadRequestError extends DockerApiError {}
nameClass(BadRequestError, 'BadRequestError')

/** 401: a registry rejected the credentials, or a swarm rejected its unlock key. */
export class UnauthorizedError extends DockerApiError {}
nameClass(UnauthorizedError, 'UnauthorizedError')

/** 403: the daemon never allows this request. */
export class ForbiddenError extends DockerApiError {}
nameClass(ForbiddenError, 'ForbiddenError')

/** 403 from an authorization plugin, which identifies the client by its certificate's common name. */
export class AuthorizationDeniedError extends ForbiddenError {}
nameClass(AuthorizationDeniedError, 'AuthorizationDeniedError')

/** 404: the object doesn't exist. */
export class NotFoundError extends DockerApiError {}
nameClass(NotFoundError, 'NotFoundError')

/** 409: a name in use or a running container prevents the request. Also 500 for a swarm object that changed in between. */
export class ConflictError extends DockerApiError {}
nameClass(ConflictError, 'ConflictError')

/** 500: the daemon failed. */
export class ServerError extends DockerApiError {}
nameClass(ServerError, 'ServerError')

/** 503: the daemon isn't ready for this request: it isn't in a swarm, or is still starting. */
export class UnavailableError extends DockerApiError {}
nameClass(UnavailableError, 'UnavailableError')

/** The daemon reported a failure after its answer had started as a success: `errorDetail`, or a frame of type 3. */
export class StreamError extends DockerApiError {}
nameClass(StreamError, 'StreamError')

/** The fields of a {@link BuildFailedError} besides those of an {@link ApiFailure}. */
export interface BuildFailure extends ApiFailure {
  /** The step that failed, e.g. `[2/3] RUN make`; undefined if none did. */
  readonly step: string | undefined
  /** The end of the step's output. */
  readonly log: string
  /** The exit code of the step's command. */
  readonly exitCode: number | undefined
}

/** An image couldn't be built: a step failed, the Dockerfile is invalid, or a base image is missing. */
export class BuildFailedError extends StreamError {
  /** The step that failed, e.g. `[2/3] RUN make`; undefined if none did. */
  readonly step: string | undefined
  /** The end of the step's output. */
  readonly log: string
  /** The exit code of the step's command. */
  readonly exitCode: number | undefined

  constructor(failure: BuildFailure) {
    super('ERR_API_BUILD_FAILED', failure)
    this.step = failure.step
    this.log = failure.log
    this.exitCode = failure.exitCode
  }
}

nameClass(BuildFailedError, 'BuildFailedError')

/** The class of each code of {@link DockerApiError}. */
export interface ApiErrorOf {
  /** Status 304. */
  ERR_API_NOT_MODIFIED: NotModifiedError
  /** Status 400. */
  ERR_API_BAD_REQUEST: BadRequestError
  /** Status 401. */
  ERR_API_UNAUTHORIZED: UnauthorizedError
  /** Status 403. */
  ERR_API_FORBIDDEN: ForbiddenError
  /** Status 403 from an authorization plugin. */
  ERR_API_AUTHORIZATION_DENIED: AuthorizationDeniedError
  /** Status 404. */
  ERR_API_NOT_FOUND: NotFoundError
  /** Status 409. */
  ERR_API_CONFLICT: ConflictError
  /** Status 500. */
  ERR_API_SERVER_ERROR: ServerError
  /** Status 503. */
  ERR_API_UNAVAILABLE: UnavailableError
  /** A failure inside an answer. */
  ERR_API_STREAM_FAILED: StreamError
  /** An exec's command that couldn't start. */
  ERR_API_EXEC_FAILED: StreamError
  /** A failed build. */
  ERR_API_BUILD_FAILED: BuildFailedError
}
