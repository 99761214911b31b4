import type { Command } from 'commander'
import { carryOutGatewayRemove, type GatewayRemoveReport } from '../../apply/gateway/remove/carry-out.ts'
import { planGatewayRemove, type GatewayRemovePlan } from '../../apply/gateway/remove/plan.ts'
import { findRemovalProbe, gatewayServer } from '../../apply/gateway/remove/server.ts'
import type { Probe } from '../../apply/source.ts'
import { ours, SELF, sentence } from '../../base/sentence.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addNoClientProof, addRollbackAfter, rollbackAfterOf } from '../command-line/apply-options.ts'
import { addJsonLines, addYes, once } from '../command-line/options.ts'
import { gatewayRemoveData, gatewayRemovedText, gatewayRemoveText } from '../reports/gateway-remove.ts'
import { untrustedReason } from '../inputs/found.ts'
import { settled, withRollbackReport } from '../reports/rollback.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'

interface RemoveFlags extends ConfirmFlags {
  readonly daemonListens?: true
  readonly probeIdentity?: string
  readonly clientProof?: false
  readonly rollbackAfter?: string
  readonly dryRun?: true
  readonly json?: true
}

async function runRemove(flags: RemoveFlags, context: Context): Promise<void> {
  const { localShell } = await import('../../host/local-shell.ts')
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  const rollbackAfter = await rollbackAfterOf(flags)
  const probe = await probeOf(flags, context)
  const shell = localShell()
  const { signal } = context.io
  const inspect = async (): Promise<GatewayRemovePlan> =>
    planGatewayRemove(flags.daemonListens === true ? { server: await gatewayServer() } : {}, shell, signal)
  const first = await inspect()
  if (flags.dryRun === true) return answerPlan(first, flags, context)
  const plan = await settled(first, { shell, inspect, flags }, context)
  refuseConflicts(plan)
  if (!plan.installed) return answerNothing(plan, flags, context)
  for (const { text } of plan.warnings) context.warn(text)
  if (flags.json !== true) context.say(gatewayRemoveText(plan, context, false).trimEnd())
  await confirm(question(plan), flags, context, 'Nothing was removed.')
  const options = { shell, probe: probe?.identity, rollbackAfter, signal }
  const report = await withRollbackReport(
    context,
    { after: rollbackAfter, atOnce: () => [ours('gateway', 'rollback')], flags, probe },
    (onStep) => carryOutGatewayRemove(plan, { ...options, onStep }),
  )
  await answerReport(plan, { report, probe }, flags, context)
}

/** One that is found by itself is deleted after the test, so it has to be the user's own. */
async function probeOf({ daemonListens, probeIdentity }: RemoveFlags, { io }: Context): Promise<Probe | undefined> {
  if (daemonListens !== true) return undefined
  const probe = await findRemovalProbe(probeIdentity, await gatewayServer())
  if (probe === undefined || probeIdentity !== undefined) return probe
  return (await untrustedReason({ path: probe.folder }, io.env)) === undefined ? probe : undefined
}

function question({ daemon }: GatewayRemovePlan): string {
  return daemon === undefined
    ? 'Stop the gateway and remove these files?'
    : 'Stop the gateway, change these files and restart docker?'
}

function answerPlan(plan: GatewayRemovePlan, flags: RemoveFlags, context: Context): void {
  const warnings = [...plan.warnings.map(({ text }) => text), ...(plan.isPending ? [PENDING] : [])]
  const text = plan.installed ? gatewayRemoveText(plan, context, true) : NOTHING
  const failed = plan.conflicts.length > 0
  context.answer({ data: gatewayRemoveData(plan, context), text, warnings, failed }, flags)
}

const PENDING =
  'An earlier apply did not finish. gateway remove first rolls it back, and may then find other files than these.'

const NOTHING = 'Nothing to remove: no gateway is installed on this host.\n'

function answerNothing(plan: GatewayRemovePlan, flags: RemoveFlags, context: Context): void {
  context.answer({ data: { ...gatewayRemoveData(plan, context), removed: [] }, text: NOTHING }, flags)
}

interface Outcome {
  readonly report: GatewayRemoveReport
  readonly probe: Probe | undefined
}

async function answerReport(
  plan: GatewayRemovePlan,
  { report, probe }: Outcome,
  flags: RemoveFlags,
  context: Context,
): Promise<void> {
  const { id, ...seen } = report
  if (seen.clientProven && probe !== undefined) {
    const { endProbe } = await import('../inputs/probe.ts')
    await endProbe(probe.folder, context)
  }
  const failed = plan.daemon !== undefined && !seen.clientProven && flags.clientProof !== false
  const data = { ...gatewayRemoveData(plan, context), ...seen, rollback: id }
  context.answer(
    { data, text: gatewayRemovedText(plan, report, context), warnings: failed ? [UNPROVEN] : [], failed },
    flags,
  )
}

const UNPROVEN = sentence`No client certificate was tested. To omit the test, add  --no-client-proof . Or connect from a client's machine:  ${ours('ping')}`

function define(command: Command, context: Context): void {
  command
    .option('--daemon-listens', 'dockerd takes the place of the gateway on the network, over TLS')
    .option(
      '--probe-identity <dir>',
      'with --daemon-listens: the folder of a client certificate to test access with (as for gateway apply)',
      once('--probe-identity'),
    )
  addNoClientProof(command)
  addRollbackAfter(command).option('--dry-run', 'show what would be removed, and change nothing')
  addYes(command)
  addJsonLines(command).action((flags: RemoveFlags) => runRemove(flags, context))
}

export const gatewayRemove: CommandSpec = {
  description:
    'Removes the gateway of this server, at any time: the service, and the policy, certificates, keys and revocation lists in ' +
    '/etc/docker-mtls. Run it as root. Nobody can connect over the network then: dockerd keeps its local socket, and does not restart. ' +
    'With --daemon-listens, dockerd listens where the gateway did, with the same certificate; then every client with a certificate is ' +
    'root on this host, also those that were revoked.\n\n' +
    'It shows the changes and asks, keeps the old files for  gateway rollback , and checks that the gateway is gone and dockerd ' +
    'answers. If anything fails, it rolls everything back, even if it is killed or the power fails: the gateway runs as before. The ' +
    'audit log, the user docker-mtls and files of your own stay, and so does a policy that was changed since  gateway apply .',
  examples: [
    [sentence`${SELF} gateway remove --dry-run`, 'show what would be removed'],
    [sentence`${SELF} gateway remove`, 'as root; dockerd keeps only its local socket'],
    [
      sentence`${SELF} gateway remove --daemon-listens`,
      'dockerd serves the clients again, with TLS and without a policy',
    ],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", installed, listen, daemonListens, files: [{ path, action }], conflicts, warnings, losses, stays, removed, written, restarted, proof: [{ name, ok, at, got }], clientProven, rollback }; with --dry-run one line, up to stays',
  jsonLines: true,
  define,
}
