import { BRAND, DockerMtlsError, isInstance, keepSentences, nameClass, textsOf, type Failure } from './error.ts'
import type {
  ApiErrorCode,
  ArgumentErrorCode,
  BuildErrorCode,
  ConnectionErrorCode,
  CopyErrorCode,
  DaemonErrorCode,
  EndpointErrorCode,
  ErrorCode,
  FileErrorCode,
  HealthErrorCode,
  IdentityErrorCode,
  PkiErrorCode,
  ProvisionErrorCode,
  RegistryErrorCode,
} from './error-codes.ts'

export type * from './error-codes.ts'
export { DockerMtlsError, sentencesOf, type ErrorSentences, type Failure } from './error.ts'
export type { CommandPart, OptionPart, Sentence, SentencePart } from './sentence.ts'

/** A host, variable, `.env` file or context that can't be used, or that we refuse to use. */
export class EndpointError<Code extends EndpointErrorCode = EndpointErrorCode> extends DockerMtlsError<Code> {}
nameClass(EndpointError, 'EndpointError')

/** A key, certificate or CA of ours that no daemon would accept, or that isn't there. */
export class IdentityError<Code extends IdentityErrorCode = IdentityErrorCode> extends DockerMtlsError<Code> {}
nameClass(IdentityError, 'IdentityError')

/** The connection could not be made, was refused by one side, or broke. */
export class ConnectionError<Code extends ConnectionErrorCode = ConnectionErrorCode> extends DockerMtlsError<Code> {}
nameClass(ConnectionError, 'ConnectionError')

/** Certificates could not be made, read or kept. */
export class PkiError<Code extends PkiErrorCode = PkiErrorCode> extends DockerMtlsError<Code> {}
nameClass(PkiError, 'PkiError')

/** A daemon configuration or a client's variables that can't be rendered safely. */
export class DaemonError<Code extends DaemonErrorCode = DaemonErrorCode> extends DockerMtlsError<Code> {}
nameClass(DaemonError, 'DaemonError')

/** A host could not be changed; what was changed is put back, unless the error says otherwise. */
export class ProvisionError<Code extends ProvisionErrorCode = ProvisionErrorCode> extends DockerMtlsError<Code> {}
nameClass(ProvisionError, 'ProvisionError')

/** A name that is no image's, or credentials for a registry that can't be had. */
export class RegistryError<Code extends RegistryErrorCode = RegistryErrorCode> extends DockerMtlsError<Code> {}
nameClass(RegistryError, 'RegistryError')

/** The context, the Dockerfile or a secret of a build can't be sent; the daemon has built nothing of it. */
export class BuildError<Code extends BuildErrorCode = BuildErrorCode> extends DockerMtlsError<Code> {}
nameClass(BuildError, 'BuildError')

/** Local files can't be read or written, or a container's are not what they may be; some may be copied already. */
export class CopyError<Code extends CopyErrorCode = CopyErrorCode> extends DockerMtlsError<Code> {}
nameClass(CopyError, 'CopyError')

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
export class HealthError<Code extends HealthErrorCode = HealthErrorCode> extends DockerMtlsError<Code> {
  /** The last five checks, the oldest first. */
  readonly checks: readonly HealthCheckRun[]
  /** What the container has ended with; undefined where it runs. */
  readonly exitCode: number | undefined

  constructor(code: Code, failure: HealthFailure) {
    super(code, failure)
    this.checks = failure.checks
    this.exitCode = failure.exitCode
  }
}
nameClass(HealthError, 'HealthError')

/** A file of ours could not be read or written; what was there before is still there. */
export class FileError<Code extends FileErrorCode = FileErrorCode> extends DockerMtlsError<Code> {}
nameClass(FileError, 'FileError')

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
nameClass(DockerApiError, 'DockerApiError')

/** 304: it was in that state already (a container that runs is started). */
export class NotModifiedError extends DockerApiError {}
nameClass(NotModifiedError, 'NotModifiedError')

/** 400: the daemon can't make sense of a parameter or of the body. */
export class BadRequestError extends DockerApiError {}
nameClass(BadRequestError, 'BadRequestError')

/** 401: a registry refused the credentials, or a swarm the key to unlock it. */
export class UnauthorizedError extends DockerApiError {}
nameClass(UnauthorizedError, 'UnauthorizedError')

/** 403: the daemon refuses. */
export class ForbiddenError extends DockerApiError {}
nameClass(ForbiddenError, 'ForbiddenError')

/** 403 from an authorization plugin, which knows this client by its certificate's common name. */
export class AuthorizationDeniedError extends ForbiddenError {}
nameClass(AuthorizationDeniedError, 'AuthorizationDeniedError')

/** 404: there is no such thing. */
export class NotFoundError extends DockerApiError {}
nameClass(NotFoundError, 'NotFoundError')

/** 409: something stands in the way: a name in use, a container that runs; an object of a swarm changed meanwhile (500). */
export class ConflictError extends DockerApiError {}
nameClass(ConflictError, 'ConflictError')

/** 500: the daemon failed. */
export class ServerError extends DockerApiError {}
nameClass(ServerError, 'ServerError')

/** 503: the daemon isn't ready for this: no swarm, or still starting. */
export class UnavailableError extends DockerApiError {}
nameClass(UnavailableError, 'UnavailableError')

/** A failure that came inside an answer that had begun as a success: `errorDetail`, or a frame of type 3. */
export class StreamError extends DockerApiError {}
nameClass(StreamError, 'StreamError')

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

nameClass(BuildFailedError, 'BuildFailedError')

/** A mistake in the call itself: a TypeError, as Node's own argument errors are. */
export class ArgumentError<Code extends ArgumentErrorCode = ArgumentErrorCode> extends TypeError {
  /** Identifies the failure; the same in all versions of this package. */
  readonly code: Code
  /** What was tried, on what. */
  readonly tried: string
  /** What came back. */
  readonly got: string
  /** The remedy. */
  readonly todo: string
  /** @internal */
  get [BRAND](): true {
    return true
  }
  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value)
  }

  constructor(code: Code, failure: Failure) {
    const { tried, got, todo, message, options } = textsOf(failure)
    super(message, options)
    this.code = code
    this.tried = tried
    this.got = got
    this.todo = todo
    keepSentences(this, failure)
  }
}
nameClass(ArgumentError, 'ArgumentError')

/** The class of each code of {@link DockerApiError}. */
export interface ApiErrorOf {
  ERR_API_NOT_MODIFIED: NotModifiedError
  ERR_API_BAD_REQUEST: BadRequestError
  ERR_API_UNAUTHORIZED: UnauthorizedError
  ERR_API_FORBIDDEN: ForbiddenError
  ERR_API_AUTHORIZATION_DENIED: AuthorizationDeniedError
  ERR_API_NOT_FOUND: NotFoundError
  ERR_API_CONFLICT: ConflictError
  ERR_API_SERVER_ERROR: ServerError
  ERR_API_UNAVAILABLE: UnavailableError
  ERR_API_STREAM_FAILED: StreamError
  ERR_API_EXEC_FAILED: StreamError
  ERR_API_BUILD_FAILED: BuildFailedError
}

/** The error of a code: its class, with that code. */
export type ErrorOf<Code extends ErrorCode> = Code extends keyof ApiErrorOf
  ? ApiErrorOf[Code] & { readonly code: Code }
  : Code extends ApiErrorCode
    ? DockerApiError & { readonly code: Code }
    : Code extends EndpointErrorCode
      ? EndpointError<Code>
      : Code extends IdentityErrorCode
        ? IdentityError<Code>
        : Code extends ConnectionErrorCode
          ? ConnectionError<Code>
          : Code extends PkiErrorCode
            ? PkiError<Code>
            : Code extends DaemonErrorCode
              ? DaemonError<Code>
              : Code extends ProvisionErrorCode
                ? ProvisionError<Code>
                : Code extends RegistryErrorCode
                  ? RegistryError<Code>
                  : Code extends BuildErrorCode
                    ? BuildError<Code>
                    : Code extends CopyErrorCode
                      ? CopyError<Code>
                      : Code extends HealthErrorCode
                        ? HealthError<Code>
                        : Code extends FileErrorCode
                          ? FileError<Code>
                          : Code extends ArgumentErrorCode
                            ? ArgumentError<Code>
                            : never

/** Any error of this package, of whichever class and whichever copy: `switch (error.code)` narrows to the class. */
export type AnyDockerMtlsError = { [Code in ErrorCode]: ErrorOf<Code> }[ErrorCode]

/**
 * Is it an error of this package, and does it have one of these codes? The type follows: with codes, `error` is of their
 * classes and its `code` one of them.
 *
 * @param error - anything that was thrown
 * @param codes - the codes to look for. Default: any
 * @example
 * ```ts
 * try { await connect() } catch (error) {
 *   if (isDockerMtlsError(error, 'ERR_CLIENT_CERT_EXPIRED')) renew()
 *   else throw error
 * }
 * ```
 */
export function isDockerMtlsError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is ErrorOf<Code> {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  return codes.length === 0 || codes.includes((error as unknown as { readonly code: Code }).code)
}
