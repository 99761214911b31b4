import { ProvisionError } from '../../base/errors.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { CHANGE_LIMITS } from '../../host/run-limits.ts'
import { shellCall, shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'
import { refuseConflicts } from '../conflicts.ts'
import { LEFT_BEHIND } from '../running.ts'
import type { LastApply } from './last-apply.ts'
import { noAnswer, whyNoAnswer } from './old-daemon.ts'
import { requireRolledBack, settlePending } from './pending.ts'
import type { RollbackPlan } from './plan.ts'
import { LEFT_BEHIND_CODE, PENDING_CODE, GATEWAY_GONE_CODE } from './state.ts'

/**
 * Rolls back the last apply: restores the files, restarts dockerd, and checks that it answers. If dockerd didn't run before
 * the apply, it is stopped.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_PENDING: nothing was changed. ERR_APPLY_ROLLBACK_FAILED
 */
export async function rollBack(
  plan: RollbackPlan,
  { shell, onStep, signal }: { shell: HostShell; onStep?: OnStep | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  refuseConflicts(plan)
  const { last } = plan
  if (last.isPending) await settlePending(shell, onStep, signal)
  else {
    signal?.throwIfAborted()
    const restarts = last.gateway?.restarted ?? true
    const docker = last.wasActive ? ' and restart docker' : ' and stop docker'
    const title = `restore the files${restarts ? docker : ''}`
    await runStep(onStep, { step: 'roll-back', title }, () => restore(last, shell))
  }
  if (!last.wasActive) return
  await runStep(onStep, { step: 'old-daemon', title: 'check that the daemon answers' }, async (talk) => {
    const why = await whyNoAnswer(shell, talk, signal)
    if (why !== undefined) throw noAnswer(shell.name, why)
  })
}

async function restore({ id }: LastApply, shell: HostShell): Promise<void> {
  const script = shellProgram(shellCall(['/bin/sh', `${STATE_FOLDER}/${id}/rollback.sh`, 'asked', 'checked']))
  const ran = await shell.run(script, { limits: CHANGE_LIMITS })
  if (ran.code === 0) return
  const tried = `rolling back ${shell.name}`
  if (ran.code === LEFT_BEHIND_CODE) throw new ProvisionError('ERR_APPLY_CONFLICT', { tried, ...LEFT_BEHIND })
  if (ran.code === PENDING_CODE) {
    throw new ProvisionError('ERR_APPLY_PENDING', {
      tried,
      got: 'another apply has just started, or another rollback runs',
      todo: 'Wait until it ends.',
    })
  }
  if (ran.code === GATEWAY_GONE_CODE) {
    throw new ProvisionError('ERR_APPLY_CONFLICT', {
      tried,
      got: `the gateway before the apply needs ${stderrSummary(ran)}, which is gone. Nothing was changed`,
      todo: 'Put that file back, or create that user again, then run this again.',
    })
  }
  await requireRolledBack(shell, id, ran)
}
