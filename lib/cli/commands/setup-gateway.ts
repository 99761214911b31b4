import type { Command } from 'commander'
import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import { readIfThere } from '../../base/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import type { Warning } from '../../base/warning.ts'
import { openCertificate } from '../../identity/certificate.ts'
import { caPaths, clientPaths } from '../../keystore/layout.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { identityOfCertificate, type PolicyIdentity } from '../../policy/who/identity.ts'
import { matchRule } from '../../policy/who/match.ts'
import { applyGateways, type SetUpGateway } from '../../setup/gateway/apply.ts'
import type { RequestedGateways } from '../../setup/gateway/options.ts'
import { planGateways, planGatewaysDryRun, type PlannedGateway } from '../../setup/gateway/plan.ts'
import { readProgram, type ProgramCopy } from '../../setup/gateway/program-copy.ts'
import { isSuccess, type Outcome } from '../../setup/for-each-host.ts'
import type { SetupOptions } from '../../setup/options.ts'
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
export function gatewayWay({ program }: { readonly program: ProgramCopy }): Way<PlannedGateway, SetUpGateway> {
  return {
    plan: async (seen, certified, options) => {
      const { cert, ca } = certified.identity
      return withRefusal(await planGateways(seen, certified, options), identityOfCertificate(cert, [ca]))
    },
    planDryRun: async (seen, options) =>
      withRefusal(await planGatewaysDryRun(seen, options), await futureClient(options)),
    apply: applyGateways,
    isChanged: ({ plan, copies }) => !plan.isDone || copies,
    question: (hosts) =>
      `Write these files, restart docker where its configuration changes, and start the gateway on ${hosts}?`,
    plansText: (hosts, shown, isAll) => gatewayPlansText(hosts, program, { context: shown, isAll }),
    plannedData: plannedGatewayData(program),
    done: ofGateway(program),
  }
}

/** Adds a warning to each plan with a policy that knows other clients alone. */
function withRefusal(planned: readonly Outcome<PlannedGateway>[], caller: PolicyIdentity): Outcome<PlannedGateway>[] {
  return planned.map((outcome) => {
    if (!isSuccess(outcome)) return outcome
    const { host, value } = outcome
    const { plan } = value
    if (matchRule(parsePolicy(plan.policy, GATEWAY_FILES.policy), caller, new Date()) !== undefined) return outcome
    return { host, value: { ...value, plan: { ...plan, warnings: [...plan.warnings, REFUSED] } } }
  })
}

const REFUSED: Warning = {
  code: 'client-refused',
  text: 'the policy has no rule for the client of this setup, so it will be refused.',
}

/** The client of a setup, as its certificate is, or as it will be issued. */
async function futureClient({ dir, client }: Pick<SetupOptions, 'dir' | 'client'>): Promise<PolicyIdentity> {
  const [cert, ca] = await Promise.all([readIfThere(clientPaths(dir, client).cert), readIfThere(caPaths(dir).cert)])
  if (cert !== undefined) return identityOfCertificate(cert, ca === undefined ? [] : [ca])
  const issuerFingerprints256 = ca === undefined ? [] : [openCertificate(ca).fingerprint256]
  const nothing = { organizationalUnits: [], dns: [], uris: [], ips: [], fingerprint256: '' }
  return { certificate: { commonName: client, ...nothing, issuerFingerprints256 } }
}
