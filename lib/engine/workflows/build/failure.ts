import { BuildFailedError, StreamError } from '../../../base/errors.ts'

/** What is known of the step that failed. */
export interface FailedStep {
  readonly step: string | undefined
  readonly log: string
}

/** `exit code: 3` of BuildKit, `returned a non-zero code: 3` of the classic builder. */
const EXIT_CODE = /(?:exit code|non-zero code): (\d+)/

/** Adds to a failure that the daemon reported which step it was, and what that printed. */
export function explainFailure(error: unknown, { step, log }: FailedStep): unknown {
  if (!(error instanceof StreamError)) return error
  const message = error.daemonMessage ?? ''
  const exitCode = EXIT_CODE.exec(message)?.[1]
  const end = log
    .trimEnd()
    .split(/\s*\n\s*/)
    .slice(-SHOWN_LINES)
    .join(' / ')
  return new BuildFailedError({
    tried: step === undefined ? error.tried : `building ${step}`,
    got: `the daemon says "${message}"`,
    todo: end === '' ? 'Correct the Dockerfile, or what it needs.' : `It printed at last: ${end}`,
    status: error.status,
    method: error.method,
    path: error.path,
    daemonMessage: message,
    cause: error,
    step,
    log,
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
  })
}

/** More of them are in the error's `log`. */
const SHOWN_LINES = 5
