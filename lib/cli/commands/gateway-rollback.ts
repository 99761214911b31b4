import type { Command } from 'commander'
import { planGatewayRollback, rollBackGateway } from '../../apply/gateway/rollback.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { undoOnHost, type HostFlags } from '../change-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { gatewayRollbackDone } from '../reports/rollback-plan.ts'

async function runRollback(flags: HostFlags, context: Context): Promise<void> {
  await undoOnHost(
    {
      plan: planGatewayRollback,
      question: ({ last }) => `Restore these files${last.gateway?.restarted === true ? ' and restart docker' : ''}?`,
      carryOut: rollBackGateway,
      answer: (plan, now, warnings) => {
        const { kept = [], last, stops } = plan
        const { id, restored, removed, wasActive } = last
        const about = { id, restored, removed, kept, warnings, active: wasActive, stopped: stops }
        const data = { ...about, listeners: now.listeners, gateway: now.hasGateway }
        return { data, text: `${context.typed(gatewayRollbackDone(plan, now))}\n` }
      },
    },
    flags,
    context,
  )
}

function define(command: Command, context: Context): void {
  addYes(command)
  addJsonLines(command).action((flags: HostFlags) => runRollback(flags, context))
}

export const gatewayRollback: CommandSpec = {
  description:
    'Undoes the last  gateway apply  or  gateway remove  on this server: stops the gateway, restores the files, restarts docker if ' +
    'that has restarted it, and checks by connections that dockerd listens as before. If a gateway was there before, it runs again as it did. ' +
    'The files are in /var/lib/docker-mtls. The audit log and the revocation list stay, and so does a policy that was changed since.',
  examples: [
    [sentence`${SELF} gateway rollback`, 'as root; show the files, ask, then restore them'],
    [sentence`${SELF} gateway rollback --yes`, 'without asking'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", id, restored, removed, kept, warnings, active, stopped, listeners, gateway }',
  jsonLines: true,
  define,
}
