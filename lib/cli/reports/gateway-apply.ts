import type { GatewayReport } from '../../apply/gateway/carry-out.ts'
import { GATEWAY_USER } from '../../apply/gateway/files.ts'
import { metricsUrl } from '../../apply/gateway/metrics.ts'
import { periodsOfLists } from '../../apply/gateway/lists.ts'
import type { GatewayPlan } from '../../apply/gateway/plan.ts'
import { ours } from '../../base/sentence.ts'
import { enumerateListeners } from '../../base/ports.ts'
import { printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import type { Context } from '../command.ts'
import { facts } from '../terminal/layout.ts'
import {
  changeText,
  conflictsData,
  conflictsText,
  fileData,
  proofText,
  serverRow,
  unlessStopped,
  type Row,
} from './apply.ts'
import { certificateData } from './data.ts'
import { untilOf } from './time-left.ts'

/** A plan for --json. It contains only the path of the key, never its text. */
export function gatewayPlanData(plan: GatewayPlan, context: Context): object {
  const { listen, server, metrics, conflicts, warnings } = plan
  const { changes, losses, closes, createsUser, restarts, starts } = unlessStopped(plan, NOTHING)
  const { typed } = context
  return {
    listen,
    ...(metrics !== undefined && { metrics }),
    closes,
    certificate: certificateData(server.facts),
    files: changes.map(fileData),
    createsUser,
    conflicts: conflictsData(conflicts, context),
    warnings: warnings.map(({ text }) => typed(text)),
    losses: losses.map(({ text }) => typed(text)),
    restarts,
    starts,
  }
}

const NOTHING = { changes: [], losses: [], closes: [], createsUser: false, restarts: false, starts: false }

/** The report for --json. */
export function gatewayReportData(plan: GatewayPlan, { id, ...report }: GatewayReport, context: Context): object {
  return { ...gatewayPlanData(plan, context), ...report, ...(id !== undefined && { rollback: id }) }
}

/** A plan for a person: the account, each file with its differences, the restarts. Or the conflicts that stop it. */
export function gatewayPlanText(plan: GatewayPlan, context: Context, isAll: boolean): string {
  const { changes, conflicts, losses, closes } = plan
  const { paint, width, typed } = context
  if (conflicts.length > 0) return conflictsText(conflicts, context)
  const shown = changes.filter(({ action }) => isAll || action !== 'keep')
  const steps = commandsOf(plan)
  const line = (text: string): string => wrap(printableLines(text), width)
  const blocks = [
    ...(plan.createsUser
      ? [`${paint('green', 'create  ')}  ${paint('bold', `user ${GATEWAY_USER}`)}  without home and shell`]
      : []),
    ...shown.map((change) => changeText(change, context)),
    ...(steps.length > 0 ? [`${paint('bold', 'Then:')}\n${steps.map((step) => `  ${step}`).join('\n')}`] : []),
    ...(plan.isDone ? ['Nothing differs. Only the gateway will be verified.'] : []),
    ...(closes.length === 0 ? [] : [line(`dockerd stops listening on ${enumerateListeners(closes)}.`)]),
    ...losses.map(({ text }) => line(typed(text))),
  ]
  return `${blocks.join('\n')}\n`
}

function commandsOf({ isDone, restarts, starts }: GatewayPlan): string[] {
  if (isDone) return []
  return [
    'systemctl daemon-reload',
    ...(restarts ? ['systemctl restart docker.service'] : []),
    `systemctl enable ${GATEWAY_UNIT}`,
    ...(starts ? [`systemctl restart ${GATEWAY_UNIT}`] : []),
  ]
}

/** The report for a person. */
export function gatewayResultText(plan: GatewayPlan, report: GatewayReport, context: Context): string {
  const rows: Row[] = [
    ['Gateway', `${plan.listen}, to the local socket of dockerd`],
    serverRow(plan),
    ...(plan.metrics === undefined ? [] : [['Metrics', metricsUrl(plan.metrics)] satisfies Row]),
    ...listRows(plan),
    ...gatewayResultRows(report),
    ...(report.id === undefined ? [] : [['To roll back', context.typed([ours('gateway', 'rollback')])] satisfies Row]),
  ]
  return `${facts(rows, context)}\n`
}

/** Until when it accepts clients. */
export function listRows({ server, crl }: GatewayPlan): Row[] {
  const lines = periodsOfLists({ ca: server.ca, lists: [crl] }).map(
    ({ ca, to, endsWithCa }) => `of the CA ${ca}, ${untilOf(to, endsWithCa)}`,
  )
  return lines.length === 0 ? [] : [['CRL', lines.join('\n')]]
}

/** What an apply of a gateway has changed and verified. */
export function gatewayResultRows(report: GatewayReport): Row[] {
  return [
    ['Written', report.written.length === 0 ? 'nothing, no file differed' : report.written.join('\n')],
    ['Docker', report.restarted ? 'restarted' : 'not restarted'],
    ['Verified', proofText(report.proof)],
  ]
}
