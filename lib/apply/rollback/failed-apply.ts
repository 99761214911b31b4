import { ConnectionError, isDockerMtlsError, ProvisionError } from '../../base/errors.ts'
import { asScript } from '../../host/script.ts'
import { lastWords, type HostShell } from '../../host/shell.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { silenceOf } from './old-daemon.ts'
import { whyNotStarted } from '../journal.ts'
import { daemonSilent, rollbackFailed } from './pending.ts'
import { STATE_FUNCTIONS } from '../state-script.ts'

/** An apply that failed, and what is known of it. */
export interface Going {
  readonly id: string
  readonly shell: HostShell
  readonly onStep: OnStep | undefined
  readonly signal: AbortSignal | undefined
  /** Did a daemon run before? */
  readonly wasActive: boolean
  /** Did the new one start? Then its log has nothing to say about what went wrong. */
  readonly started: boolean
  /** Was all of it done, but the last step? Then that one may have been taken, and only its answer was lost. */
  readonly isEnding: boolean
  /** When the host goes back by itself, in seconds. */
  readonly after: number
}

/** Puts everything back. What is returned is what the caller is to be told. */
export async function rollBackFailedApply(cause: unknown, going: Going): Promise<unknown> {
  const { id, shell, onStep, signal, started } = going
  const why = started ? undefined : await whyNotStarted(shell, id).catch(() => undefined)
  await runStep(onStep, { step: 'roll-back', title: 'put everything back' }, async () => {
    const ran = await shell.run(undoScript(id)).catch((reason: unknown) => {
      throw outOfReach(going, reason)
    })
    if (ran.code !== 0) throw rollbackFailed(shell.name, lastWords(ran), cause)
  })
  const seen = going.wasActive ? await seeOldDaemon(going, cause) : ''
  if (signal?.aborted === true) return signal.reason
  if (!isDockerMtlsError(cause)) return cause
  return new ProvisionError('ERR_APPLY_ROLLED_BACK', {
    tried: cause.tried,
    got: why ?? cause.got,
    todo: `Everything is as it was${seen}. ${cause.todo}`,
    cause,
  })
}

/**
 * Of an apply that failed before it had begun, half a folder of copies may be there. Another one may be finished, and only
 * its answer was lost. And over ssh one may still be at work there: it begins nothing once it finds `going-back`.
 */
function undoScript(id: string): string {
  return asScript([
    ...STATE_FUNCTIONS,
    `b=$s/${id}`,
    `if test "$(cat "$s/last" 2>/dev/null)" = ${id}; then exec /bin/sh "$b/rollback.sh" asked; fi`,
    'if test -d "$b"; then : >"$b/going-back"; fi',
    `if test "$(cat "$s/pending" 2>/dev/null)" = ${id}; then exec /bin/sh "$b/rollback.sh" now; fi`,
    'test -e "$s/pending" || disarm',
    'rm -rf "$b"',
  ])
}

/** The host needs nobody for going back. */
function outOfReach({ shell, after, isEnding }: Going, cause: unknown): ProvisionError {
  const itself = `puts everything back by itself, ${after} seconds after the first change at the latest`
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `putting everything back on ${shell.name}`,
    got: `it can not be reached any more (${isDockerMtlsError(cause) ? cause.got : String(cause)})`,
    todo: `${isEnding ? `It has kept the change, or ${itself}` : `It ${itself}`}. Run this again then.`,
    cause,
  })
}

/** Gives what is to be said of it. A host that can't be reached once more has put everything back all the same. */
function seeOldDaemon({ shell, onStep }: Going, cause: unknown): Promise<string> {
  return runStep(onStep, { step: 'old-daemon', title: 'see that the old daemon answers' }, async () => {
    const silence = await silenceOf(shell)
    if (silence === undefined) return ', and the old daemon answers'
    throw daemonSilent(shell.name, silence, cause)
  }).catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error
    return `, but it was not seen whether the old daemon answers (${error.got})`
  })
}
