import { pause } from '../../base/abort.ts'
import { isDockerMtlsError, ProvisionError } from '../../base/errors.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { command, ours, sentence } from '../../base/sentence.ts'
import { shellFile } from '../../base/shell-file.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { UNIT_NAME } from '../../daemon-config/unit/installed-unit.ts'
import type { HostFacts } from '../../host/facts.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import { CHANGE_LIMITS } from '../../host/run-limits.ts'
import { shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell, type ScriptResult } from '../../host/shell.ts'
import { findLastApply, isOfGateway } from './last-apply.ts'
import { GATEWAY_CODE, PENDING_CODE, STATE_SH } from './state.ts'

/** Rolls back an apply if its process is certainly gone; otherwise its timer does. */
export const SETTLE_SCRIPT: string = shellProgram(STATE_SH, shellFile(new URL('./settle.sh', import.meta.url)))

/** Exit codes of `settle.sh`. */
const DONE = 0
const AT_WORK = 10
const TIMER_ROLLS_BACK = 11

const POLL_MS = 2000

/**
 * Makes sure that no other apply is under way. One that was killed is rolled back first.
 *
 * @throws {@link ProvisionError} ERR_APPLY_PENDING, ERR_APPLY_ROLLBACK_FAILED
 */
export async function settlePending(shell: HostShell, onStep?: OnStep, signal?: AbortSignal): Promise<void> {
  const title = 'roll back an unfinished apply'
  await runStep(onStep, { step: 'settle', title }, async ({ wait }) => {
    let until: string | undefined
    for (;;) {
      const ran = await shell.run(SETTLE_SCRIPT, { signal, limits: CHANGE_LIMITS })
      if (ran.code === DONE) return
      if (ran.code === AT_WORK) throw atWork(shell)
      if (ran.code !== TIMER_ROLLS_BACK) throw rollbackFailed(shell.name, ran)
      const left = secondsIn(ran.stdout)
      until = left === undefined ? undefined : (until ?? timeIn(left))
      // The time comes first: a narrow screen cuts the rest.
      wait(until === undefined ? 'the host, which rolls back' : `${until}, when the host rolls back by itself`)
      await pause(POLL_MS, signal)
    }
  })
}

/** Is an apply unfinished? Only root sees that. */
export function isApplyPending({ file }: HostFacts): boolean {
  return file(`${STATE_FOLDER}/pending`) !== undefined
}

/** The seconds that the host reports, until its timer ends. */
function secondsIn(stdout: string): number | undefined {
  const seconds = Number(/^-?\d+$/m.exec(stdout)?.[0])
  return seconds > 0 ? seconds : undefined
}

/** The time by the clock here: `19:45:10`. */
function timeIn(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toTimeString().slice(0, 8)
}

function atWork({ name }: HostShell): ProvisionError {
  return new ProvisionError('ERR_APPLY_PENDING', {
    tried: `starting an apply on ${name}`,
    got: 'another apply is running there',
    todo: 'Wait until it ends. If it hangs, end its process: the host then rolls back by itself.',
  })
}

/**
 * Refuses a failed rollback of an apply. If another run has completed it meanwhile, such as that of the timer, it has not failed: a
 * further one would undo an earlier apply.
 *
 * @throws {@link ProvisionError} ERR_APPLY_ROLLBACK_FAILED
 */
export async function requireRolledBack(
  shell: HostShell,
  id: string,
  ran: ScriptResult,
  cause?: unknown,
): Promise<void> {
  if (ran.code === 0) return
  if (ran.code === PENDING_CODE) throw kept(shell, cause)
  const last = await findLastApply(shell).catch((error: unknown) => {
    throw isDockerMtlsError(error, 'ERR_HOST_UNREADABLE') ? rollbackFailed(shell.name, ran, cause) : error
  })
  if (last?.id === id) throw rollbackFailed(shell.name, ran, cause, isOfGateway(last) ? 'gateway' : 'daemon')
}

/** Only the answer of its last step was lost, and what began afterwards builds on it. */
function kept({ name }: HostShell, cause: unknown): ProvisionError {
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `rolling back ${name}`,
    got: 'the apply itself was finished, and another apply or a rollback has begun since',
    todo: sentence`This run rolled nothing back. See what is in force:  ${ours('daemon', 'status')}`,
    cause,
  })
}

/** The rollback itself failed and is unfinished. `daemon rollback` continues it, also that of a gateway once it has begun. */
function rollbackFailed(
  host: string,
  ran: ScriptResult,
  cause?: unknown,
  of: 'daemon' | 'gateway' = 'daemon',
): ProvisionError {
  const unit = ran.code === GATEWAY_CODE ? GATEWAY_UNIT : UNIT_NAME
  return new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `rolling back ${host}`,
    got: stderrSummary(ran),
    todo: sentence`The previous files are kept in ${STATE_FOLDER}. Find the cause (${command('journalctl', '-u', unit)}), then finish the rollback:  ${ours(of, 'rollback')}`,
    cause,
  })
}
