import type { Command } from 'commander'
import { carryOutGatewayRemove, type GatewayRemoveReport } from '../../apply/gateway/remove/carry-out.ts'
import { planGatewayRemove, type GatewayRemovePlan } from '../../apply/gateway/remove/plan.ts'
import { findRemovalProbe, gatewayServer } from '../../apply/gateway/remove/server.ts'
import type { Probe } from '../../apply/source.ts'
import { ours, SELF, sentence } from '../../base/sentence.ts'
import { localShell } from '../../host/local-shell.ts'
import { changeHost, type HostFlags } from '../change-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addNoClientProof, addRollbackAfter, rollbackAfterOf } from '../command-line/apply-options.ts'
import { addJsonLines, addYes, once } from '../command-line/options.ts'
import { gatewayRemoveData, gatewayRemovedText, gatewayRemoveText } from '../reports/gateway-remove.ts'
import { untrustedReason } from '../inputs/found.ts'

interface RemoveFlags extends HostFlags {
  readonly daemonListens?: true
  readonly probeIdentity?: string
  readonly clientProof?: false
}

async function runRemove(flags: RemoveFlags, context: Context): Promise<void> {
  const rollbackAfter = await rollbackAfterOf(flags)
  const probe = await probeOf(flags, context)
  const shell = localShell()
  const { signal } = context.io
  await changeHost<GatewayRemovePlan, GatewayRemoveReport>(
    {
      shell,
      inspect: async () =>
        planGatewayRemove(flags.daemonListens === true ? { server: await gatewayServer() } : {}, shell, signal),
      planData: (plan) => gatewayRemoveData(plan, context),
      planText: (plan, isDryRun) => (plan.installed ? gatewayRemoveText(plan, context, isDryRun) : NOTHING),
      next: 'gateway remove',
      nothing: (plan) =>
        plan.installed ? undefined : { data: { ...gatewayRemoveData(plan, context), removed: [] }, text: NOTHING },
      question,
      unchanged: 'Nothing was removed.',
      carryOut: (plan, onStep) =>
        carryOutGatewayRemove(plan, { shell, probe: probe?.identity, rollbackAfter, signal, onStep }),
      rollback: { after: rollbackAfter, command: ours('gateway', 'rollback') },
      probe,
      answer: (plan, report) => {
        const { id, ...seen } = report
        const failed = plan.daemon !== undefined && !seen.clientProven && flags.clientProof !== false
        const data = { ...gatewayRemoveData(plan, context), ...seen, rollback: id }
        const text = gatewayRemovedText(plan, report, context)
        return { data, text, warnings: failed ? [UNPROVEN] : [], failed }
      },
    },
    flags,
    context,
  )
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

const NOTHING = 'Nothing to remove: no gateway is installed on this host.\n'

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
