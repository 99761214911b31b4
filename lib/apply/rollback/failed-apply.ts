import { ConnectionError, isDockerMtlsError, ProvisionError } from '../../base/errors.ts'
import { sentencesOf } from '../../base/error.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { sentence } from '../../base/sentence.ts'
import { FAILED_AT_LAST, INVALID_TLS, LOGGED_ERROR, NOT_CONFIGURED, NOT_STARTED } from '../../base/wordings/dockerd.ts'
import { shellFile } from '../../base/shell-file.ts'
import { CHANGE_LIMITS } from '../../host/run-limits.ts'
import { assignments, shellProgram } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'
import { noAnswer, whyNoAnswer } from './old-daemon.ts'
import { requireRolledBack } from './pending.ts'
import { STATE_SH } from './state.ts'

const FAILED_APPLY_SH: string = shellFile(new URL('./failed-apply.sh', import.meta.url))
const DAEMON_LOG_SH: string = shellFile(new URL('./daemon-log.sh', import.meta.url))

/** What `failed-apply.sh` prints if another run of the rollback was faster. */
const OVERTAKEN = '@overtaken'

/** A failed apply, and its state. */
export interface FailedApply {
  readonly id: string
  readonly shell: HostShell
  readonly onStep: OnStep | undefined
  readonly signal: AbortSignal | undefined
  /** Did dockerd run before? */
  readonly wasActive: boolean
  /** Did dockerd start with the new configuration? Then its log doesn't say what went wrong. */
  readonly started: boolean
  /** Had the last step begun? Then it may be finished, and only its answer was lost. */
  readonly isEnding: boolean
  /** After how many seconds the host rolls back by itself. */
  readonly after: number
  /** What went wrong instead if the timer was faster: it ended dockerd or the gateway while that was tested. */
  readonly overtaken?: ProvisionError | undefined
  /** Checks more than that the daemon answers. */
  readonly verifyOld?: ((cause: unknown) => Promise<void>) | undefined
}

/** Rolls back an apply that failed. Returns the error for the caller. */
export async function rollBackFailedApply(first: unknown, failed: FailedApply): Promise<unknown> {
  const { id, shell, onStep, signal, started, overtaken } = failed
  const why = started ? undefined : await whyNotStarted(shell, id).catch(() => undefined)
  const cause = await runStep(onStep, { step: 'roll-back', title: 'roll back all changes' }, async () => {
    const script = shellProgram(assignments({ id }), STATE_SH, FAILED_APPLY_SH)
    const done = shell.run(script, { limits: CHANGE_LIMITS }).then(async (ran) => {
      await requireRolledBack(shell, id, ran, first)
      return ran.stdout.startsWith(OVERTAKEN) ? (overtaken ?? first) : first
    })
    return done.catch((reason: unknown) => {
      throw isDockerMtlsError(reason, 'ERR_APPLY_ROLLBACK_FAILED') ? reason : outOfReach(failed, reason)
    })
  })
  const seen = failed.wasActive ? await checkOldDaemon(failed, cause) : ''
  if (signal?.aborted === true) return signal.reason
  if (!isDockerMtlsError(cause)) return cause
  const { tried, got, todo } = sentencesOf(cause)
  return new ProvisionError('ERR_APPLY_ROLLED_BACK', {
    tried,
    got: why ?? got,
    todo: sentence`Everything is as it was${seen}. ${todo}`,
    cause,
  })
}

/** The host rolls back by itself. */
function outOfReach({ shell, after, isEnding }: FailedApply, cause: unknown): ProvisionError {
  const itself = `rolls back by itself, at the latest ${after} seconds after the first change`
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `rolling back ${shell.name}`,
    got: `it can't be reached any more (${isDockerMtlsError(cause) ? cause.got : String(cause)})`,
    todo: `${isEnding ? `It has kept the change, or ${itself}` : `It ${itself}`}. Run this again after that.`,
    cause,
  })
}

/** Returns a note for the message. Even if the host can't be reached once more, it has rolled everything back. */
function checkOldDaemon({ shell, onStep, verifyOld }: FailedApply, cause: unknown): Promise<string> {
  return runStep(onStep, { step: 'old-daemon', title: 'check that the old daemon answers' }, async (talk) => {
    const why = await whyNoAnswer(shell, talk)
    if (why !== undefined) throw noAnswer(shell.name, why, cause)
    await verifyOld?.(cause)
    return ', and the old daemon answers'
  }).catch((error: unknown) => {
    if (!(error instanceof ConnectionError) && !isDockerMtlsError(error, 'ERR_HOST_UNREADABLE')) throw error
    return `, but docker-mtls could not check that the old daemon answers (${error.got})`
  })
}

/** Lines of dockerd's log that say why it doesn't start, the most informative first. */
const TELLING = [NOT_STARTED, NOT_CONFIGURED, FAILED_AT_LAST, INVALID_TLS, LOGGED_ERROR]

/** `daemon-log.sh` prints no more lines. */
const LOG_LINES = 60
/** The patterns need quadratic time for some lines, and a hostile host may print any. */
const LONGEST_LINE = 4096

/** Why dockerd didn't start with the new configuration, according to its log. */
async function whyNotStarted(shell: HostShell, id: string): Promise<string | undefined> {
  const { stdout } = await shell.run(shellProgram(assignments({ id }), STATE_SH, DAEMON_LOG_SH))
  const lines = stdout
    .split('\n')
    .slice(-LOG_LINES)
    .map((line) => line.slice(0, LONGEST_LINE))
  // The old daemon's last messages come first.
  const start = lines.findIndex((line) => line.startsWith('Starting docker.service'))
  const log = lines.slice(start + 1).toReversed()
  for (const { pattern } of TELLING) {
    const said = log.map((line) => pattern.exec(line)?.[1]).find((words) => words !== undefined)
    if (said !== undefined) return said.replaceAll('\\"', '"')
  }
  return undefined
}
