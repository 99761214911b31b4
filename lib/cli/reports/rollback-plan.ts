import { UNIT_PATH } from '../../apply/gateway/files.ts'
import type { RolledBack } from '../../apply/gateway/rollback.ts'
import type { RollbackPlan } from '../../apply/rollback/plan.ts'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import type { Context } from '../command.ts'

/** What a rollback has done. */
export function rollbackDone({ stops, kept = [], last: { wasActive, gateway } }: RollbackPlan): Sentence {
  const daemon = wasActive ? 'and the daemon answers' : 'docker was not running before, and is stopped'
  const other = kept.length > 0 ? ' else' : ''
  if (stops === 0) {
    const what = gateway?.isLost
      ? `All${kept.length > 0 ? ' other' : ''} files are as they were`
      : `Everything${other} is as it was`
    return `${what} before${wasActive ? ', ' : ': '}${daemon}.`
  }
  const what = stops === 1 ? 'The one container that ran was' : `The ${stops} containers that ran were`
  const again = wasActive
    ? sentence`; those with a restart policy were started again:  ${command('docker', 'ps', '-a')}`
    : '.'
  return sentence`All${kept.length > 0 ? ' other' : ''} files are as they were before${wasActive ? ', ' : ': '}${daemon}.\n${what} stopped${again}`
}

/** What a rollback of the gateway has done. */
export function gatewayRollbackDone(plan: RollbackPlan, { listeners, hasGateway }: RolledBack): Sentence {
  const where = listeners.length === 0 ? 'on its local socket alone' : `on ${enumerate(listeners)}`
  const daemon = plan.last.wasActive ? ` dockerd listens ${where}, as before.` : ''
  const done = rollbackDone(plan)
  if (hasGateway) return sentence`${done}\nThe gateway runs as before.${daemon}`
  if (plan.last.gateway?.isLost) {
    return sentence`${done}\nNo gateway runs: the one before ran without its unit file, and does not come back.${daemon} For a new one:  ${ours('gateway', 'apply')}`
  }
  if (plan.last.removed.includes(UNIT_PATH)) {
    return sentence`${done}\nThe gateway is removed; its audit log stays.${daemon}`
  }
  return sentence`${done}\nThe gateway is restored, but isn't running.${daemon} See:  ${ours('gateway', 'status')}`
}

/** What a rollback restores. */
export function rollbackPlanText({ last, kept = [], losses }: RollbackPlan, { typed }: Pick<Context, 'typed'>): string {
  const { at, isPending, isAsked, isRestored, restored, removed } = last
  const already = isRestored ? ' already' : ''
  const which = isAsked
    ? 'An unfinished rollback of the last apply'
    : isPending
      ? 'An apply that did not finish'
      : 'The last apply'
  const when = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return [
    `${which}, of ${when}:`,
    ...restored.map((path) => `  ${path}  is restored${already}`),
    ...removed.map((path) => `  ${path}  did not exist before, and is removed${already}`),
    ...kept.map((path) => `  ${path}  stays as it is`),
    ...losses.map(({ text }) => printableLines(typed(text))),
  ].join('\n')
}
