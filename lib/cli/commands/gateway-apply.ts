import type { Command } from 'commander'
import { carryOutGateway, validateGateway, type GatewayReport } from '../../apply/gateway/carry-out.ts'
import { GATEWAY_FILES } from '../../apply/gateway/files.ts'
import { planGateway, type GatewayPlan } from '../../apply/gateway/plan.ts'
import { programFaults } from '../../apply/gateway/program.ts'
import type { RequestedGateway } from '../../apply/gateway/requested.ts'
import { findProbe, findSource } from '../../apply/source.ts'
import { localShell } from '../../host/local-shell.ts'
import { noteDelivered } from '../../keystore/presented.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import { ours, SELF, sentence } from '../../base/sentence.ts'
import { TLS_PORT } from '../../base/ports.ts'
import { changeHost, UNPROVEN, type HostFlags } from '../change-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addNoClientProof, addRollbackAfter, rollbackAfterOf } from '../command-line/apply-options.ts'
import { addFrom, addJsonLines, addYes, choice, many, once } from '../command-line/options.ts'
import { checkTrust, gatewayIssuer, gatewayLists, gatewayPolicy, keptPolicy } from '../inputs/gateway-files.ts'
import { checkServiceMetrics } from '../inputs/metrics-listener.ts'
import { scriptPath } from '../inputs/script.ts'
import { serverFolder } from '../inputs/server-folder.ts'
import { gatewayPlanData, gatewayPlanText, gatewayReportData, gatewayResultText } from '../reports/gateway-apply.ts'
import { policyWarnings } from '../reports/policy-warnings.ts'

interface GatewayApplyFlags extends HostFlags {
  readonly policy?: string
  readonly from?: string
  readonly crl?: readonly string[]
  readonly issuer?: string | false
  readonly listen?: string
  readonly metrics?: string | false
  readonly onLogFailure?: string
  readonly liveRestore?: true
  readonly probeIdentity?: string
  readonly clientProof?: false
}

async function runApply(flags: GatewayApplyFlags, context: Context): Promise<void> {
  const rollbackAfter = await rollbackAfterOf(flags)
  const given = await gatewayPolicy(flags.policy, context)
  const source = await findSource(await serverFolder(flags.from, context))
  const probe = await findProbe(flags.probeIdentity, source)
  const shell = localShell()
  const { signal } = context.io
  const policy = given?.text ?? keptPolicy
  const requested = { ...(await requestedOf(flags, context)), policy, server: source.server }
  await changeHost<GatewayPlan, GatewayReport>(
    {
      shell,
      inspect: async () => {
        const plan = await planGateway(requested, shell, signal)
        await checkTrust(plan)
        return plan
      },
      validate: (plan) => validateGateway(plan, { shell, signal }),
      planData: (plan) => gatewayPlanData(plan, context),
      planText: (plan, isDryRun) => gatewayPlanText(plan, context, isDryRun),
      next: 'The next one',
      notes: (plan) => policyWarnings(given?.policy ?? parsePolicy(plan.policy, GATEWAY_FILES.policy)),
      question: ({ isDone, restarts, starts }) =>
        isDone
          ? undefined
          : `Write these files${restarts ? ', restart docker' : ''}${starts ? ' and start the gateway' : ''}?`,
      carryOut: (plan, onStep) =>
        carryOutGateway(plan, { shell, probe: probe?.identity, rollbackAfter, signal, onStep }),
      rollback: { after: rollbackAfter, command: ours('gateway', 'rollback') },
      probe,
      answer: async (plan, report) => {
        if (source.folder !== undefined) await noteDelivered(source.folder)
        const failed = !report.clientProven && flags.clientProof !== false
        const text = gatewayResultText(plan, report, context)
        return { data: gatewayReportData(plan, report, context), text, warnings: failed ? [UNPROVEN] : [], failed }
      },
    },
    flags,
    context,
  )
}

async function requestedOf(
  { crl, issuer, listen, liveRestore, metrics, onLogFailure }: GatewayApplyFlags,
  context: Context,
): Promise<Omit<RequestedGateway, 'policy'>> {
  if (typeof metrics === 'string') await checkServiceMetrics(metrics)
  const program = [process.execPath, await scriptPath()] as const
  return {
    program,
    programFaults: await programFaults(program),
    crl: await gatewayLists(crl, context),
    issuer: await gatewayIssuer(issuer, context),
    listen,
    metrics,
    onLogFailure,
    liveRestore,
  }
}

function define(command: Command, context: Context): void {
  command.option('--policy <file>', 'who may do what (default: policy.yaml in /etc/docker-mtls)', once('--policy'))
  addFrom(command)
    .option(
      '--crl <file>',
      'a revocation list; repeatable (default: crl.pem in /etc/docker-mtls, if it is there)',
      many('--crl'),
    )
    .option(
      '--issuer <dir>',
      'renew certificates with this issuer, of  cert issuer  (default: the one that the gateway has)',
      once('--issuer'),
    )
    .option('--no-issuer', 'drop the issuer: the gateway renews nothing any more')
    .option(
      '--listen <addr:port>',
      `where clients connect (default: as the gateway or dockerd listens now, else 0.0.0.0:${TLS_PORT})`,
      once('--listen'),
    )
    .option(
      '--metrics <port>',
      'serve metrics and health on a port of 127.0.0.1 (default: as the gateway does now)',
      once('--metrics'),
    )
    .option('--no-metrics', 'serve no metrics')
    .addOption(
      choice('--on-log-failure <what>', "when the audit log can't be written (default: as now, else refuse)", [
        'refuse',
        'go-on',
      ]),
    )
    .option('--live-restore', 'keep containers running while dockerd restarts')
    .option(
      '--probe-identity <dir>',
      'the folder of a one-day client certificate to test access with; deleted afterwards (default: probe in that folder)',
      once('--probe-identity'),
    )
  addNoClientProof(command)
  addRollbackAfter(command).option('--dry-run', 'show the changes, and make none')
  addYes(command)
  addJsonLines(command).action((flags: GatewayApplyFlags) => runApply(flags, context))
}

export const gatewayApply: CommandSpec = {
  description:
    'Puts a gateway in front of the daemon of this server, with automatic rollback. Run it as root. dockerd keeps only its local ' +
    'socket, and the gateway takes its place on the network, as a service with a user of its own. First it checks for everything ' +
    'that would keep them from working, shows the changes and asks. Then it writes the files to /etc/docker-mtls, restarts docker ' +
    'if its configuration changes, starts the gateway, and verifies with real connections that the gateway answers and dockerd ' +
    'no longer does. If anything fails, it rolls everything back, even if it is killed or the power fails: dockerd listens as ' +
    'before.\n\n' +
    'You can run it again at any time, for example with another policy: it changes only what differs, and restarts docker only if ' +
    'it has to.',
  examples: [
    [sentence`${SELF} gateway apply --policy policy.yaml --dry-run`, 'show the changes, with diffs'],
    [sentence`${SELF} gateway apply --policy policy.yaml`, 'with the certificates that dockerd uses now'],
    [
      sentence`${SELF} gateway apply --policy policy.yaml --from server --crl crl.pem`,
      'with other certificates and a revocation list',
    ],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", listen, metrics, closes, files, createsUser, written, restarted, starts, proof: [{ name, ok, at, got }], clientProven, rollback }; with --dry-run one line, { type: "result", listen, metrics, closes, files, createsUser, conflicts, warnings, losses, restarts, starts }',
  jsonLines: true,
  stray: (extra) => sentence`Name the policy with an option:  ${SELF} gateway apply --policy ${extra}`,
  define,
}
