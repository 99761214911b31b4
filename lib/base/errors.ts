import type { ApiErrorOf, DockerApiError } from './api-errors.ts'
import { BRAND, DockerMtlsError, isInstance, keepSentences, nameClass, textsOf, type Failure } from './error.ts'
import type {
  ApiErrorCode,
  ArgumentErrorCode,
  AuditErrorCode,
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
  PolicyErrorCode,
  ProvisionErrorCode,
  RegistryErrorCode,
} from './error-codes.ts'

export * from './api-errors.ts'
export type * from './error-codes.ts'
export { DockerMtlsError, sentencesOf, type ErrorSentences, type Failure } from './error.ts'
export type { CommandPart, OptionPart, Sentence, SentencePart } from './sentence.ts'

/** A host, variable, `.env` file or context that can't be used, or that would be insecure. */
export class EndpointError<Code extends EndpointErrorCode = EndpointErrorCode> extends DockerMtlsError<Code> {}
nameClass(EndpointError, 'EndpointError')

/** A key, certificate or CA of this side that is missing, or that no daemon would accept. */
export class IdentityError<Code extends IdentityErrorCode = IdentityErrorCode> extends DockerMtlsError<Code> {}
nameClass(IdentityError, 'IdentityError')

/** A connection couldn't be opened, was rejected by one side, or was lost. */
export class ConnectionError<Code extends ConnectionErrorCode = ConnectionErrorCode> extends DockerMtlsError<Code> {}
nameClass(ConnectionError, 'ConnectionError')

/** Certificates or requests couldn't be issued, read or stored. */
export class PkiError<Code extends PkiErrorCode = PkiErrorCode> extends DockerMtlsError<Code> {}
nameClass(PkiError, 'PkiError')

/** A daemon's configuration or a client's variables can't be rendered safely. */
export class DaemonError<Code extends DaemonErrorCode = DaemonErrorCode> extends DockerMtlsError<Code> {}
nameClass(DaemonError, 'DaemonError')

/** A host couldn't be changed. Changes are rolled back, unless the error says otherwise. */
export class ProvisionError<Code extends ProvisionErrorCode = ProvisionErrorCode> extends DockerMtlsError<Code> {}
nameClass(ProvisionError, 'ProvisionError')

/** An invalid image name, or registry credentials that can't be read. */
export class RegistryError<Code extends RegistryErrorCode = RegistryErrorCode> extends DockerMtlsError<Code> {}
nameClass(RegistryError, 'RegistryError')

/** The context, the Dockerfile or a secret of a build can't be sent. The daemon has built nothing. */
export class BuildError<Code extends BuildErrorCode = BuildErrorCode> extends DockerMtlsError<Code> {}
nameClass(BuildError, 'BuildError')

/** Local files can't be read or written, or files from a container are unsafe. Some files may have been copied. */
export class CopyError<Code extends CopyErrorCode = CopyErrorCode> extends DockerMtlsError<Code> {}
nameClass(CopyError, 'CopyError')

/** One check of a container's health. */
export interface HealthCheckRun {
  /** 0 is healthy; -1 means that the check couldn't run or took too long. */
  readonly exitCode: number
  /** Its output, at most 4096 bytes. */
  readonly output: string
}

/** The fields of a {@link HealthError} besides those of a {@link Failure}. */
export interface HealthFailure extends Failure {
  /** The last five checks, oldest first. */
  readonly checks: readonly HealthCheckRun[]
  /** The exit code of a container that has ended; undefined while it runs. */
  readonly exitCode: number | undefined
}

/** A container didn't become healthy. */
export class HealthError<Code extends HealthErrorCode = HealthErrorCode> extends DockerMtlsError<Code> {
  /** The last five checks, oldest first. */
  readonly checks: readonly HealthCheckRun[]
  /** The exit code of a container that has ended; undefined while it runs. */
  readonly exitCode: number | undefined

  constructor(code: Code, failure: HealthFailure) {
    super(code, failure)
    this.checks = failure.checks
    this.exitCode = failure.exitCode
  }
}
nameClass(HealthError, 'HealthError')

/** A snapshot, a list of exceptions or a baseline of an audit is invalid. */
export class AuditError<Code extends AuditErrorCode = AuditErrorCode> extends DockerMtlsError<Code> {}
nameClass(AuditError, 'AuditError')

/** A part of a policy that is refused. */
export interface PolicyFault {
  /** Where it is: `rules[0].who.commonName`. Empty for the policy as a whole, or a part of the text without a meaning. */
  readonly path: string
  /** Its line in the file, from 1. Absent for a policy that isn't from a file. */
  readonly line?: number
  /** Its column in the line, from 1. */
  readonly column?: number
  /** What is there, without a full stop at the end. */
  readonly got: string
  /** The remedy: a sentence. */
  readonly todo: string
}

/** The fields of a {@link PolicyError} besides those of a {@link Failure}. */
export interface PolicyFailure extends Failure {
  /** The first 20 faults, in the order of the file. */
  readonly faults: readonly PolicyFault[]
}

/** A policy is invalid. */
export class PolicyError<Code extends PolicyErrorCode = PolicyErrorCode> extends DockerMtlsError<Code> {
  /** The first 20 faults, in the order of the file. */
  readonly faults: readonly PolicyFault[]
  /** The line of the first fault, from 1. */
  readonly line: number | undefined
  /** The column of the first fault, from 1. */
  readonly column: number | undefined
  /** Where the first fault is: `rules[0].who.commonName`. */
  readonly path: string

  constructor(code: Code, failure: PolicyFailure) {
    super(code, failure)
    const [first] = failure.faults
    this.faults = failure.faults
    this.line = first?.line
    this.column = first?.column
    this.path = first?.path ?? ''
  }
}
nameClass(PolicyError, 'PolicyError')

/** A file on this machine, or a stream that you passed, couldn't be read or written. An existing file is unchanged. */
export class FileError<Code extends FileErrorCode = FileErrorCode> extends DockerMtlsError<Code> {}
nameClass(FileError, 'FileError')

/** A mistake in the call itself. A TypeError, like Node's own argument errors. */
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

/** The error of a code: its class, with that code. */
export type ErrorOf<Code extends ErrorCode> = Code extends keyof ApiErrorOf
  ? ApiErrorOf[Code] & {
      /** Identifies the failure. */
      readonly code: Code
    }
  : Code extends ApiErrorCode
    ? DockerApiError & {
        /** Identifies the failure. */
        readonly code: Code
      }
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
                        : Code extends AuditErrorCode
                          ? AuditError<Code>
                          : Code extends PolicyErrorCode
                            ? PolicyError<Code>
                            : Code extends FileErrorCode
                              ? FileError<Code>
                              : Code extends ArgumentErrorCode
                                ? ArgumentError<Code>
                                : never

/** Any error of this package: `switch (error.code)` narrows to the class. */
export type AnyDockerMtlsError = { [Code in ErrorCode]: ErrorOf<Code> }[ErrorCode]

/**
 * Tells whether a value is an error of this package, and has one of the codes. It narrows `error` to the classes of the codes,
 * and `error.code` to the codes. It also knows errors of another copy of the package.
 *
 * @param error - any value that was thrown
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
