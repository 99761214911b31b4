import { BuildFailedError, StreamError } from '../../../base/errors.ts'

/** The step that failed, and the end of its output. */
export interface FailedStep {
  readonly step: string | undefined
  readonly log: string
}

/** `exit code: 3` of BuildKit, `returned a non-zero code: 3` of the classic builder. */
const EXIT_CODE = /(?:exit code|non-zero code): (\d+)/

/** Adds the failed step and its output to a failure that the daemon reported. */
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
    got: `the daemon reports "${message}"`,
    todo:
      end === ''
        ? 'Correct the Dockerfile, or the files and images that it uses.'
        : `Correct this step. Its last output: ${end}`,
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

/** The error's `log` has more of them. */
const SHOWN_LINES = 5
