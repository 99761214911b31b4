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
