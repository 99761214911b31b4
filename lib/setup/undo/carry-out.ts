import { carryOutRemove } from '../../apply/remove/carry-out.ts'
import { isNothingToRemove } from '../../apply/remove/plan.ts'
import { runStep } from '../../base/progress.ts'
import { removeServer } from '../../keystore/keystore.ts'
import { continueWith, type Outcome } from '../for-each-host.ts'
import { labelSteps } from '../plan-hosts.ts'
import { removeHostContext } from './contexts.ts'
import type { UndoOptions, UndoPlan } from './plan.ts'

/**
 * Takes setup back: first on the host, with automatic rollback, then here. If the host fails, its contexts and files here stay,
 * so that another run can try again.
 */
export function undoOnHosts(planned: readonly Outcome<UndoPlan>[], options: UndoOptions): Promise<Outcome<UndoPlan>[]> {
  return continueWith(planned, async (plan) => {
    await removeThere(plan, options)
    await removeHere(plan, options)
    return plan
  })
}

async function removeThere({ host, remove, shell }: UndoPlan, options: UndoOptions): Promise<void> {
  if (isNothingToRemove(remove)) return
  const { rollbackAfter, signal, onStep } = options
  await carryOutRemove(remove, { shell, rollbackAfter, signal, onStep: labelSteps(host, onStep) })
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
