import { ProvisionError } from '../../base/errors.ts'
import { runStep, type OnStep } from '../../base/progress.ts'
import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import { DAEMON_JSON } from '../../daemon-config/render-files.ts'
import { settingsInForce } from '../../daemon-config/settings-in-force.ts'
import { gatherFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { findLastApply, type LastApply } from '../rollback/last-apply.ts'
import { planRollback, type RollbackPlan } from '../rollback/plan.ts'
import { rollBack } from '../rollback/rollback.ts'
import { unitOf } from '../unit.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { READ_GATEWAY_LOG } from '../carry-out.ts'
import { UNIT_PATH } from './files.ts'
import { verifyListeners } from './listeners.ts'
import { readGatewayState } from './state.ts'

/** The state after a rollback. */
export interface RolledBack {
  /** The addresses at which dockerd listens. */
  readonly listeners: readonly string[]
  /** Does a gateway run, of an apply before? */
  readonly hasGateway: boolean
}

/**
 * Determines the effects of a rollback of the last `gateway apply`. Changes nothing.
 *
 * @throws {@link ProvisionError} ERR_APPLY_NOTHING_TO_ROLL_BACK, also if the last apply was one of dockerd
 */
export async function planGatewayRollback(
  shell: HostShell,
  facts: HostFacts,
  signal?: AbortSignal,
): Promise<RollbackPlan> {
  const last = await findLastApply(shell)
  if (last?.gateway === undefined) throw nothing(shell, last)
  const plan = await planRollback(shell, facts, last, signal)
  return last.gateway.restarted ? plan : { ...plan, losses: [], stops: 0 }
}

function nothing({ name }: HostShell, last: LastApply | undefined): ProvisionError {
  const [got, todo]: [string, Sentence] =
    last === undefined
      ? [
          'no gateway was applied there, or it was rolled back already',
          sentence`Show the state:  ${ours('gateway', 'status')}`,
        ]
      : [
          'the last apply there was one of dockerd, not of a gateway',
          sentence`To undo that one:  ${ours('daemon', 'rollback')}`,
        ]
  return new ProvisionError('ERR_APPLY_NOTHING_TO_ROLL_BACK', {
    tried: `rolling back the gateway on ${name}`,
    got,
    todo,
  })
}

/** Options of {@link rollBackGateway}. */
export interface GatewayRollbackOptions {
  readonly shell: HostShell
  readonly onStep?: OnStep | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Rolls back the last `gateway apply`, and checks by connections that dockerd listens as before.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT, ERR_APPLY_PENDING: nothing was changed. ERR_APPLY_ROLLBACK_FAILED
 */
export async function rollBackGateway(plan: RollbackPlan, options: GatewayRollbackOptions): Promise<RolledBack> {
  const { shell, onStep, signal } = options
  await rollBack(plan, options)
  return runStep(onStep, { step: 'listeners', title: 'check who listens on the network' }, async () => {
    const facts = await gatherFacts(shell, signal)
    const { settings, plaintext } = settingsInForce(unitOf(facts, shell.name), facts.file(DAEMON_JSON)?.text)
    const listeners = plan.last.wasActive ? [...settings.listen, ...plaintext] : []
    await verifyListeners(listeners, shell, signal)
    return { listeners, hasGateway: await isRunning(plan, shell) }
  })
}

/** It must run if one was there before, and only then. */
async function isRunning({ last }: RollbackPlan, shell: HostShell): Promise<boolean> {
  const { active } = await readGatewayState(shell)
  const isActive = active === 'active'
  if (!isActive || !last.removed.includes(UNIT_PATH)) return isActive
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `stopping ${GATEWAY_UNIT} on ${shell.name}`,
    got: `systemd says that it is ${active}`,
    todo: READ_GATEWAY_LOG,
  })
}
