import { posix } from 'node:path'
import { ProvisionError } from '../../base/errors.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { shellLine } from '../../base/quoting/posix.ts'
import { shellFile } from '../../base/shell-file.ts'
import { isListenerOf } from '../../daemon-config/listener-target.ts'
import { CHANGE_LIMITS } from '../../host/run-limits.ts'
import { shellCall, shellFunction, shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'
import { READ_DAEMON_LOG, runGuarded } from '../carry-out.ts'
import { refuseConflicts } from '../conflicts.ts'
import { daemonListeners, socketsOf } from '../listener-status.ts'
import { whyNoAnswer } from '../rollback/old-daemon.ts'
import { PENDING_CODE, STATE_SH } from '../rollback/state.ts'
import type { RemovePlan } from './plan.ts'

const FORGET_SH: string = shellFile(new URL('./forget.sh', import.meta.url))

/** Options of {@link carryOutRemove}. */
export interface RemoveOptions {
  readonly shell: HostShell
  readonly rollbackAfter?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}

/**
 * Removes docker-mtls from a host: changes the files as an apply does, with the same rollback, checks that dockerd answers and
 * that its ports are closed, and then removes the data for rollbacks. Files in it that docker-mtls has replaced, and that don't come
 * back, are first put beside their old places.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_PENDING: nothing was changed. ERR_APPLY_ROLLED_BACK: all
 *   changes were rolled back. ERR_APPLY_ROLLBACK_FAILED: they were not
 */
export async function carryOutRemove(plan: RemovePlan, options: RemoveOptions): Promise<void> {
  refuseConflicts(plan)
  const { shell, onStep } = options
  if (plan.changes.length > 0) {
    await markOnlyCopies(plan, shell)
    await runGuarded({ ...plan, listen: plan.listens }, options, () => verifyClosed(plan, options))
  }
  await runStep(onStep, { step: 'forget', title: 'remove the data for rollbacks' }, async () => {
    const ran = await shell.run(forgetScript(plan), { limits: CHANGE_LIMITS })
    if (ran.code === 0) return
    throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
      tried: `removing the data for rollbacks on ${shell.name}`,
      got: ran.code === PENDING_CODE ? 'another apply has begun' : stderrSummary(ran),
      todo: 'Everything else was removed. Run this again.',
    })
  })
}

/** Marks the backups that are still needed, before another apply on the host could remove them as too old. */
export async function markOnlyCopies(
  { asides, changes }: Pick<RemovePlan, 'asides' | 'changes'>,
  shell: HostShell,
): Promise<void> {
  const copies = [...asides.map(({ copy }) => copy), ...changes.flatMap(({ copy }) => copy ?? [])]
  if (copies.length === 0) return
  const marks = new Set(copies.map((copy) => posix.join(posix.dirname(copy), 'keep')))
  const ran = await shell.run(shellProgram(shellLine('touch', '--', ...marks)))
  if (ran.code === 0) return
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `keeping the backups on ${shell.name}`,
    got: stderrSummary(ran),
    todo: 'Nothing was removed. Run this again.',
  })
}

/** @internal */
export function forgetScript({ tlsFolders, asides }: Pick<RemovePlan, 'tlsFolders' | 'asides'>): string {
  return shellProgram(
    shellFunction(
      'asides',
      asides.map(({ copy, path }) => `"$1" ${shellCall([copy, path])}`),
    ),
    shellCall(['set', '--', ...tlsFolders]),
    STATE_SH,
    FORGET_SH,
  )
}

function verifyClosed({ closes }: RemovePlan, { shell, onStep, signal }: RemoveOptions): Promise<void> {
  return runStep(
    onStep,
    { step: 'prove', title: 'check that dockerd answers, and that its ports are closed' },
    async (talk) => {
      const why = await whyNoAnswer(shell, talk, signal)
      if (why !== undefined) throw failed(shell, `dockerd does not answer on its local socket (${why})`)
      const sockets = await socketsOf(shell)
      const open = closes.find((listener) => sockets.some((socket) => isListenerOf(socket, listener)))
      if (open !== undefined) throw failed(shell, `dockerd still listens on ${open}`)
      const plain = (await daemonListeners(sockets, { shell, signal })).find(({ isPlaintext }) => isPlaintext)
      if (plain !== undefined)
        throw failed(shell, `dockerd lets everybody in without a certificate on ${plain.listener}`)
    },
  )
}

function failed({ name }: HostShell, got: string): ProvisionError {
  return new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `checking dockerd on ${name}`,
    got,
    todo: READ_DAEMON_LOG,
  })
}
