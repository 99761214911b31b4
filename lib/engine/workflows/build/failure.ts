import { BuildFailedError, StreamError } from '../../../base/errors.ts'
import type { Sentence } from '../../../base/sentence.ts'
import { BASE_IMAGE } from '../../../base/wordings/registries.ts'
import { STEP_FAILED } from '../../../base/wordings/streams.ts'
import { HUB } from '../../../registry/reference.ts'
import { registryRemedy } from '../../images/registry-refusal.ts'

/** The step that failed, and the end of its output. */
export interface FailedStep {
  readonly step: string | undefined
  readonly log: string
}

/** Adds the failed step and its output to a failure that the daemon reported. */
export function explainFailure(error: unknown, { step, log }: FailedStep): unknown {
  if (!(error instanceof StreamError)) return error
  const message = error.daemonMessage ?? ''
  const exitCode = STEP_FAILED.pattern.exec(message)?.[1]
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
        ? (baseImageRemedy(message) ?? 'Correct the Dockerfile, or the files and images that it uses.')
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

/** The remedy that a pull of the same image has. A step without output hasn't run a program. */
function baseImageRemedy(message: string): Sentence | undefined {
  const [, domain, host] = BASE_IMAGE.pattern.exec(message) ?? []
  const registry = domain ?? host
  return registry && registryRemedy(message, registry === 'registry-1.docker.io' ? HUB : registry)
}

/** The error's `log` has more of them. */
const SHOWN_LINES = 5
