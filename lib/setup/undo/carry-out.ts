import { carryOutGatewayRemove } from '../../apply/gateway/remove/carry-out.ts'
import { carryOutRemove, markOnlyCopies } from '../../apply/remove/carry-out.ts'
import { isNothingToRemove } from '../../apply/remove/plan.ts'
import { ProvisionError, sentencesOf } from '../../base/errors.ts'
import { command, ours, sentence } from '../../base/sentence.ts'
import { startWords } from '../../daemon-config/gateway-unit.ts'
import { UNIT_PATH } from '../../apply/gateway/files.ts'
import type { GatewayRemovePlan } from '../../apply/gateway/remove/plan.ts'
import { runStep } from '../../base/progress.ts'
import { removeServer } from '../../keystore/keystore.ts'
import { removeProgramCopies } from '../gateway/copies.ts'
import { continueWith, type Outcome } from '../for-each-host.ts'
import { labelSteps } from '../plan-hosts.ts'
import { removeHostContext } from './contexts.ts'
import { isNothingThere, type UndoOptions, type UndoPlan } from './plan.ts'

/**
 * Takes setup back: first on the host, with automatic rollback, then here. If the host fails, its contexts and files here stay,
 * so that another run can try again.
 */
export function undoOnHosts(planned: readonly Outcome<UndoPlan>[], options: UndoOptions): Promise<Outcome<UndoPlan>[]> {
  return continueWith(planned, async (plan) => {
    const done = await removeThere(plan, options)
    await removeHere(plan, options)
    return done
  })
}

/** @returns the plan with what has become of it */
async function removeThere(plan: UndoPlan, options: UndoOptions): Promise<UndoPlan> {
  if (isNothingThere(plan)) return plan
  const { host, remove, gateway, shell } = plan
  const { rollbackAfter, signal, onStep } = options
  const shared = { shell, rollbackAfter, signal, onStep: labelSteps(host, onStep) }
  await markOnlyCopies(remove, shell)
  if (gateway !== undefined) await carryOutGatewayRemove(gateway, shared)
  if (gateway !== undefined)
    await carryOutRemove(remove, shared).catch((cause: unknown) => {
      throw withoutGateway(cause, gateway)
    })
  else if (!isNothingToRemove(remove)) await carryOutRemove(remove, shared)
  if (plan.copies.removed.length === 0) return plan
  const title = 'remove the copies of docker-mtls'
  const copies = await runStep(onStep, { step: 'copies', title, subject: host }, () => removeProgramCopies(shell))
  return { ...plan, copies }
}

/** The rollback of the second part leaves the first as it is. */
function withoutGateway(cause: unknown, { facts }: GatewayRemovePlan): unknown {
  // A rollback that failed says more.
  if (!(cause instanceof ProvisionError) || cause.code === 'ERR_APPLY_ROLLBACK_FAILED') return cause
  const dockerd = cause.code === 'ERR_APPLY_ROLLED_BACK' ? 'dockerd is as it was, but its' : 'The'
  const words = startWords(facts.file(UNIT_PATH)?.text ?? '')
  const program = words.slice(0, Math.max(0, words.indexOf('gateway')))
  const [name, ...more] = [...program, 'gateway', 'rollback']
  const { tried, got } = sentencesOf(cause)
  return new ProvisionError(cause.code, {
    tried,
    got,
    todo: sentence`${dockerd} gateway is removed already, so nobody can connect over the network. Run this again, or put the gateway back, on the host as root:  ${program.length === 0 ? ours('gateway', 'rollback') : command(name ?? '', ...more)}`,
    cause,
  })
}

/** The files come last: the names in the certificate lead to the contexts. */
async function removeHere({ host, contexts, server }: UndoPlan, { config, onStep }: UndoOptions): Promise<void> {
  for (const context of contexts.filter(({ isOurs }) => isOurs)) {
    const title = `remove the docker context ${context.name}`
    await runStep(onStep, { step: 'context', title, subject: host }, () => removeHostContext(config, context))
  }
  if (server === undefined) return
  const title = `remove its files in ${server.paths.folder}`
  await runStep(onStep, { step: 'server-files', title, subject: host }, () => removeServer(server))
}
