import type { GatewayRemoveReport } from '../../apply/gateway/remove/carry-out.ts'
import type { GatewayRemovePlan } from '../../apply/gateway/remove/plan.ts'
import { ours } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import type { Context } from '../command.ts'
import { facts } from '../terminal/layout.ts'
import { changeText, conflictsData, conflictsText, proofText, unlessStopped } from './apply.ts'

/** The plan of a removal for --json. It contains no texts of files. */
export function gatewayRemoveData(plan: GatewayRemovePlan, context: Context): object {
  const { installed, listen, daemon, conflicts, warnings, stays } = plan
  const { changes, losses } = unlessStopped(plan, { changes: [], losses: [] })
  const { typed } = context
  return {
    installed,
    listen,
    daemonListens: daemon !== undefined,
    files: changes.map(({ path, action }) => ({ path, action })),
    conflicts: conflictsData(conflicts, context),
    warnings: warnings.map(({ text }) => typed(text)),
    losses: losses.map(({ text }) => typed(text)),
    stays: stays.map(typed),
  }
}

/** The plan of a removal for a person, or the conflicts that stop it. */
export function gatewayRemoveText(plan: GatewayRemovePlan, context: Context, isAll: boolean): string {
  const { changes, stays, losses, conflicts } = plan
  const { width, typed } = context
  if (conflicts.length > 0) return conflictsText(conflicts, context)
  const line = (text: string): string => wrap(printableLines(text), width)
  const blocks = [
    ...changes.filter(({ action }) => isAll || action !== 'keep').map((change) => changeText(change, context)),
    ...stays.map((text) => line(`Stays: ${typed(text)}.`)),
    line(afterwards(plan)),
    ...losses.map(({ text }) => line(typed(text))),
  ]
  return `${blocks.join('\n')}\n`
}

function afterwards({ listen, daemon, open }: GatewayRemovePlan): string {
  if (daemon !== undefined)
    return `dockerd listens on ${enumerate(daemon.settings.listen)} in the place of the gateway.`
  if (open.includes(listen)) return `dockerd listens on ${enumerate(open)} again, as before the gateway.`
  const others =
    open.length === 0 ? 'dockerd answers on its local socket alone' : `dockerd still listens on ${enumerate(open)}`
  return `Nothing listens on ${listen} any more; ${others}.`
}

/** The report for a person. */
export function gatewayRemovedText(plan: GatewayRemovePlan, report: GatewayRemoveReport, context: Context): string {
  const rows: [string, string][] = [
    ['Gateway', `removed. ${afterwards(plan)}`],
    ['Removed', report.removed.length === 0 ? 'no file' : report.removed.join('\n')],
    ...(report.written.length === 0 ? [] : [['Written', report.written.join('\n')] satisfies [string, string]]),
    ['Docker', report.restarted ? 'restarted' : 'not restarted'],
    ['Verified', proofText(report.proof)],
    ['To roll back', context.typed([ours('gateway', 'rollback')])],
  ]
  return `${facts(rows, context)}\n`
}
