import { refuseConflicts } from '../../apply/conflicts.ts'
import { validateGateway } from '../../apply/gateway/carry-out.ts'
import { planGateway, type GatewayPlan } from '../../apply/gateway/plan.ts'
import { isWritten } from '../../apply/changes.ts'
import { settlePending } from '../../apply/rollback/pending.ts'
import type { ServerFiles } from '../../apply/server-files.ts'
import { readIfThere } from '../../base/files.ts'
import { runStep } from '../../base/progress.ts'
import { crlPath } from '../../keystore/layout.ts'
import { continueWith, type Outcome } from '../for-each-host.ts'
import { inspectAgain, type InspectedHost } from '../inspect-hosts.ts'
import { renewsLists, serverFilesOf, type IssuedCertificates } from '../issue-certificates.ts'
import type { SetupOptions } from '../options.ts'
import { labelSteps, planStep, trialFiles } from '../plan-hosts.ts'
import type { GatewayHost } from './inspect.ts'
import type { RequestedGateways } from './options.ts'

/** A host, and the plan for its gateway. */
export interface PlannedGateway extends InspectedHost {
  readonly plan: GatewayPlan
  /** Does docker-mtls have to be copied there? */
  readonly copies: boolean
}

/** Decides what to change on each host. An unfinished apply is rolled back first. */
export function planGateways(
  inspected: readonly Outcome<InspectedHost>[],
  issued: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<PlannedGateway>[]> {
  return continueWith(inspected, (one) =>
    runStep(options.onStep, planStep(one.host), async ({ result }) => {
      const files = { server: await serverFilesOf(issued, one.host), crl: issued.crl }
      const planned = await planWithoutPending(one, files, options)
      await gatewayOf(one, options).requested.checkTrust(planned.plan)
      refuseConflicts(planned.plan)
      result(changesIn(planned))
      return planned
    }),
  )
}

/** {@link planGateways} without any change on any machine. A temporary CA replaces files that don't exist yet. */
export function planGatewaysDryRun(
  inspected: readonly Outcome<InspectedHost>[],
  options: SetupOptions,
): Promise<Outcome<PlannedGateway>[]> {
  return continueWith(inspected, (one) =>
    runStep(options.onStep, planStep(one.host), async ({ result }) => {
      const server = await trialFiles(one, options.dir)
      const planned = await planFor(one, { server, crl: await readIfThere(crlPath(options.dir)) }, options)
      const { plan, shell } = planned
      const crl = (await renewsLists(options.dir)) ? undefined : plan.crl
      if (!plan.isPending) await gatewayOf(one, options).requested.checkTrust({ server: plan.server, crl })
      if (plan.conflicts.length === 0) await validateGateway(plan, { shell, signal: options.signal })
      result(changesIn(planned))
      return planned
    }),
  )
}

interface GatewayFiles {
  readonly server: ServerFiles
  readonly crl: string | undefined
}

async function planWithoutPending(
  one: InspectedHost,
  files: GatewayFiles,
  options: SetupOptions,
): Promise<PlannedGateway> {
  const planned = await planFor(one, files, options)
  if (!planned.plan.isPending) return planned
  await settlePending(one.shell, labelSteps(one.host, options.onStep), options.signal)
  return planFor(await inspectAgain(one, options), files, options)
}

async function planFor(one: InspectedHost, files: GatewayFiles, options: SetupOptions): Promise<PlannedGateway> {
  const { requested, there } = gatewayOf(one, options)
  const { listen, liveRestore } = options.requested
  const { program } = requested
  const plan = await planGateway(
    {
      program: [there.node, program.script],
      programFaults: [],
      policy: requested.policyFor,
      ...files,
      listen,
      liveRestore,
    },
    one.shell,
    options.signal,
  )
  return { ...one, plan, copies: !there.hasProgram }
}

/** What is known of the gateway of an inspected host. */
export function gatewayOf(
  { gateway, host }: InspectedHost,
  { gateway: requested }: SetupOptions,
): { readonly requested: RequestedGateways; readonly there: GatewayHost } {
  if (gateway === undefined || requested === undefined) throw new TypeError(`no gateway was requested for ${host}`)
  return { requested, there: gateway }
}

function changesIn({ plan, copies }: PlannedGateway): string {
  const written = plan.changes.filter(isWritten).length
  const parts = [
    ...(copies ? ['docker-mtls to copy'] : []),
    ...(written > 0 ? [`${written} ${written === 1 ? 'file' : 'files'} to write`] : []),
  ]
  if (parts.length > 0) return parts.join(', ')
  return plan.isDone ? 'nothing' : 'start the gateway'
}
