import { carryOutGateway, type GatewayReport } from '../../apply/gateway/carry-out.ts'
import { runStep } from '../../base/progress.ts'
import { applyOptions, reachHost, type ReachedHost } from '../apply-to-hosts.ts'
import { continueWith, type Outcome } from '../for-each-host.ts'
import type { IssuedCertificates } from '../issue-certificates.ts'
import type { SetupOptions } from '../options.ts'
import { gatewayOf, type PlannedGateway } from './plan.ts'
import { copyProgram } from './program-copy.ts'

/** A host with a gateway, which has answered over mTLS. */
export interface SetUpGateway extends PlannedGateway, ReachedHost {
  readonly report: GatewayReport
}

/**
 * Copies docker-mtls to the hosts, and applies the plans with automatic rollback. For each host it then verifies the gateway
 * from this machine, connects as the client, and creates the context.
 *
 * @returns the outcome of each host. A host whose apply failed is in its previous state, unless its error says otherwise; the
 *   copy of docker-mtls stays
 */
export function applyGateways(
  planned: readonly Outcome<PlannedGateway>[],
  issued: IssuedCertificates,
  options: SetupOptions,
): Promise<Outcome<SetUpGateway>[]> {
  return continueWith(planned, async (one) => {
    const report = await carryOutGateway(one.plan, {
      ...applyOptions(one, issued, options),
      prepare: one.copies ? () => copy(one, options) : undefined,
    })
    return { ...one, report, ...(await reachHost(one, issued, options)) }
  })
}

const MEGABYTE = 1_000_000

async function copy(one: PlannedGateway, options: SetupOptions): Promise<void> {
  const { program } = gatewayOf(one, options).requested
  const { version, folder } = program
  const size = ((await program.archive()).length / MEGABYTE).toFixed(1)
  const title = `copy docker-mtls ${version} to ${folder} (${size} MB compressed)`
  await runStep(options.onStep, { step: 'copy', title, subject: one.host }, () =>
    copyProgram(program, one.shell, options.signal),
  )
}
