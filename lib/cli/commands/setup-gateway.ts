import type { Command } from 'commander'
import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { identityOfCertificate } from '../../policy/who/identity.ts'
import { matchRule } from '../../policy/who/match.ts'
import { applyGateways, type SetUpGateway } from '../../setup/gateway/apply.ts'
import type { RequestedGateways } from '../../setup/gateway/options.ts'
import { planGateways, planGatewaysDryRun, type PlannedGateway } from '../../setup/gateway/plan.ts'
import { readProgram, type ProgramCopy } from '../../setup/gateway/program-copy.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { IssuedCertificates } from '../../setup/issue-certificates.ts'
import type { Context } from '../command.ts'
import { refuseOptions } from '../command-line/useless-options.ts'
import { usageError } from '../errors.ts'
import { checkTrust, gatewayPolicy, keptPolicy, policyOfClient } from '../inputs/gateway-files.ts'
import { scriptPath } from '../inputs/script.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'
import { gatewayPlansText, ofGateway, plannedGatewayData } from '../reports/setup-gateway.ts'
import type { Way } from '../reports/setup-way.ts'

const WHERE = sentence`${SELF} setup --gateway`

/** Settings of a dockerd that listens on the network. */
const OF_DAEMON: ReadonlySet<string> = new Set(['systemd', 'daemonJson', 'tlsdir', 'usernsRemap', 'settings'])

/**
 * Refuses options that say how dockerd listens on the network.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function refuseDaemonOptions(command: Command): void {
  refuseOptions(command, (name) => OF_DAEMON.has(name), { where: WHERE, flag: '--gateway' })
}

/**
 * Reads everything that a gateway needs besides its certificates: docker-mtls itself, and the policy.
 *
 * @param path - the file of the policy; without it, each host keeps its own, or gets one for the client
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function requestedGateways(
  path: string | undefined,
  client: string,
  context: Context,
): Promise<RequestedGateways> {
  const given = await gatewayPolicy(path, context)
  for (const warning of given === undefined ? [] : policyWarnings(given.policy)) context.warn(warning)
  const program = await readProgram(await scriptPath())
  if (program === undefined)
    throw usageError(WHERE, 'docker-mtls runs from its sources, which no host can run', 'Build it:  npm run build')
  const policyFor = (existing: string | undefined): string => {
    if (given !== undefined) return given.text
    return existing === undefined ? policyOfClient(client) : keptPolicy(existing)
  }
  return { program, policyFor, checkTrust: ({ server, crl }) => checkTrust({ server, crl }) }
}

/** A gateway listens in the place of dockerd. */
export function gatewayWay(
  { program }: { readonly program: ProgramCopy },
  context: Context,
): Way<PlannedGateway, SetUpGateway> {
  return {
    plan: async (seen, certified, options) => {
      const planned = await planGateways(seen, certified, options)
      for (const warning of refusedClient(planned, certified)) context.warn(warning)
      return planned
    },
    planDryRun: planGatewaysDryRun,
    apply: applyGateways,
    isChanged: ({ plan, copies }) => !plan.isDone || copies,
    question: (hosts) =>
      `Write these files, restart docker where its configuration changes, and start the gateway on ${hosts}?`,
    plansText: (hosts, shown, isAll) => gatewayPlansText(hosts, program, { context: shown, isAll }),
    plannedData: plannedGatewayData(program),
    done: ofGateway(program),
  }
}

/** The policy may know other clients alone. */
function refusedClient(planned: readonly Outcome<PlannedGateway>[], { identity }: IssuedCertificates): string[] {
  const caller = identityOfCertificate(identity.cert, [identity.ca])
  return planned.filter(isSuccess).flatMap(({ host, value: { plan } }) => {
    const rule = matchRule(parsePolicy(plan.policy, GATEWAY_FILES.policy), caller, new Date())
    return rule === undefined
      ? [`${host}: the policy has no rule for the client of this setup, so it will be refused.`]
      : []
  })
}
