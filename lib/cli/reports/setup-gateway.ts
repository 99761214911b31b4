import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import type { GatewayPlan } from '../../apply/gateway/plan.ts'
import type { SetUpGateway } from '../../setup/gateway/apply.ts'
import type { PlannedGateway } from '../../setup/gateway/plan.ts'
import type { ProgramCopy } from '../../setup/gateway/program-copy.ts'
import type { Context } from '../command.ts'
import { serverRow } from './apply.ts'
import { gatewayPlanData, gatewayPlanText, gatewayReportData, gatewayResultRows, listRows } from './gateway-apply.ts'
import { sshLine, type ApplyRows, type Data } from './setup.ts'

const MEGABYTE = 1_000_000

function programData({ version, folder, bytes }: ProgramCopy, copied: boolean): object {
  return { program: { version, folder, bytes, copied } }
}

/** A host of a dry run, which has only a plan. */
export function plannedGatewayData(program: ProgramCopy): Data<PlannedGateway> {
  return ({ url, names, plan, copies }, context) => ({
    url,
    names: names.all,
    ...programData(program, copies),
    ...gatewayPlanData(plan, context),
  })
}

/** The plans of all hosts that have one, each under its name. */
export function gatewayPlansText(
  planned: readonly PlannedGateway[],
  program: ProgramCopy,
  { context, isAll }: { readonly context: Context; readonly isAll: boolean },
): string {
  const blocks = planned.map(({ host, plan, copies }) => {
    const copy =
      copies && plan.conflicts.length === 0
        ? `${context.paint('green', 'copy    ')}  ${context.paint('bold', `docker-mtls ${program.version}`)}  ${(program.bytes / MEGABYTE).toFixed(1)} MB to ${program.folder}\n`
        : ''
    return `${context.paint('bold', host)}\n${copy}${gatewayPlanText(plan, context, isAll)}`
  })
  return blocks.join('\n')
}

/** Reports hosts that were set up with a gateway. */
export function ofGateway(program: ProgramCopy): ApplyRows<SetUpGateway> & { readonly data: Data<SetUpGateway> } {
  return {
    server: ({ plan }) => serverRow(plan),
    result: ({ plan, report }) => [
      ['Gateway', `${plan.listen}, to the local socket of dockerd\n${program.folder}`],
      ['Policy', policyOf(plan)],
      ...listRows(plan),
      ...gatewayResultRows(report),
    ],
    // It asks, so it needs a terminal.
    rollBack: ({ endpoint, gateway }) =>
      sshLine(endpoint, '-t ', `${gateway?.node ?? 'node'} ${program.script} gateway rollback`),
    data: ({ plan, report, copies }, context) => ({
      ...programData(program, copies),
      ...gatewayReportData(plan, report, context),
    }),
  }
}

function policyOf({ changes }: GatewayPlan): string {
  const action = changes.find(({ path }) => path === GATEWAY_FILES.policy)?.action ?? 'keep'
  const done = { create: 'created', replace: 'replaced', keep: 'kept', remove: 'removed' }[action]
  return `${GATEWAY_FILES.policy} (${done})`
}
