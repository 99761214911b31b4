import { BuildFailedError, StreamError } from '../../../base/errors.ts'
import type { Sentence } from '../../../base/sentence.ts'
import { HUB } from '../../../registry/reference.ts'
import { registryRemedy } from '../../images/registry-refusal.ts'

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

/** A base image that the builder asks for (buildkit, source/containerimage), or the request itself. */
const ASKED_FOR = /source metadata for ([^\s/]+)\/|"https?:\/\/([^/"]+)\/v2\//

/** The remedy that a pull of the same image has. A step without output hasn't run a program. */
function baseImageRemedy(message: string): Sentence | undefined {
  const [, domain, host] = ASKED_FOR.exec(message) ?? []
  const registry = domain ?? host
  return registry && registryRemedy(message, registry === 'registry-1.docker.io' ? HUB : registry)
}

/** The error's `log` has more of them. */
const SHOWN_LINES = 5
