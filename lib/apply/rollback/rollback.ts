import { ProvisionError } from '../../base/errors.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { lastWords, type HostShell } from '../../host/shell.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { silenceOf } from './old-daemon.ts'
import type { LastApply } from './last-apply.ts'
import { daemonSilent, rollbackFailed, settlePending } from './pending.ts'
import { refuseConflicts } from '../conflicts.ts'
import { LEFT_BEHIND } from '../running.ts'
import { ORPHANS_CODE, PENDING_CODE } from '../state-script.ts'
import type { RollbackPlan } from './plan.ts'

/**
 * Puts back what the last apply has changed, restarts dockerd, and sees that it answers; where docker did not run before,
 * it is stopped.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_PENDING: nothing was changed. ERR_APPLY_ROLLBACK_FAILED
 */
export async function rollBack(
  way: RollbackPlan,
  { shell, onStep, signal }: { shell: HostShell; onStep?: OnStep | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  refuseConflicts(way)
  const { last } = way
  if (last.isPending) await settlePending(shell, onStep, signal)
  else {
    signal?.throwIfAborted()
    const title = last.wasActive ? 'put everything back, and restart docker' : 'put everything back, and stop docker'
    await runStep(onStep, { step: 'roll-back', title }, () => putBack(last, shell))
  }
  if (!last.wasActive) return
  await runStep(onStep, { step: 'old-daemon', title: 'see that the daemon answers' }, async () => {
    const silence = await silenceOf(shell)
    if (silence !== undefined) throw daemonSilent(shell.name, silence)
  })
}

async function putBack({ id }: LastApply, shell: HostShell): Promise<void> {
  const ran = await shell.run(`/bin/sh ${STATE_FOLDER}/${id}/rollback.sh asked\n`)
  if (ran.code === 0) return
  const tried = `going back on ${shell.name}`
  if (ran.code === ORPHANS_CODE) {
    throw new ProvisionError('ERR_APPLY_CONFLICT', { tried, ...LEFT_BEHIND })
  }
  if (ran.code === PENDING_CODE) {
    throw new ProvisionError('ERR_APPLY_PENDING', { tried, got: 'an apply began meanwhile', todo: 'Wait for its end.' })
  }
  throw rollbackFailed(shell.name, lastWords(ran))
}
