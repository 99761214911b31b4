import type { Command } from 'commander'
import { planGatewayRollback, rollBackGateway } from '../../apply/gateway/rollback.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { gatewayRollbackDone, rollbackPlanText } from '../reports/rollback-plan.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { withProgress } from '../terminal/progress.ts'

interface RollbackFlags extends ConfirmFlags {
  readonly json?: true
}

async function runRollback(flags: RollbackFlags, context: Context): Promise<void> {
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  const { gatherFacts } = await import('../../host/facts.ts')
  const { localShell } = await import('../../host/local-shell.ts')
  const { refuseHost } = await import('../../host/preconditions.ts')
  const shell = localShell()
  const { signal } = context.io
  const facts = await gatherFacts(shell, signal)
  refuseHost(facts, shell.name, 'undo')
  const plan = await planGatewayRollback(shell, facts, signal)
  refuseConflicts(plan)
  if (flags.json === true) for (const { text } of plan.losses) context.warn(context.typed(text))
  else context.say(rollbackPlanText(plan, context))
  const docker = plan.last.gateway?.restarted === true ? ' and restart docker' : ''
  await confirm(`Restore these files${docker}?`, flags, context)
  const now = await withProgress(context, flags, (onStep) => rollBackGateway(plan, { shell, onStep, signal }))
  const { id, restored, removed, wasActive } = plan.last
  const { listeners, hasGateway } = now
  const { kept = [], losses, stops } = plan
  const warnings = losses.map(({ text }) => context.typed(text))
  const about = { id, restored, removed, kept, warnings, active: wasActive, stopped: stops }
  const data = { ...about, listeners, gateway: hasGateway }
  context.answer({ data, text: `${context.typed(gatewayRollbackDone(plan, now))}\n` }, flags)
}

function define(command: Command, context: Context): void {
  addYes(command)
  addJsonLines(command).action((flags: RollbackFlags) => runRollback(flags, context))
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
