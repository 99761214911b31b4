import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { rollbackDone, rollbackPlanText } from '../reports/rollback-plan.ts'
import { withProgress } from '../terminal/progress.ts'

interface RollbackFlags extends ConfirmFlags {
  readonly json?: true
}

async function runRollback(flags: RollbackFlags, context: Context): Promise<void> {
  const { requireLastApply } = await import('../../apply/rollback/last-apply.ts')
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  const { rollBack } = await import('../../apply/rollback/rollback.ts')
  const { planRollback } = await import('../../apply/rollback/plan.ts')
  const { gatherFacts } = await import('../../host/facts.ts')
  const { localShell } = await import('../../host/local-shell.ts')
  const { refuseHost } = await import('../../host/preconditions.ts')
  const shell = localShell()
  const { signal } = context.io
  const facts = await gatherFacts(shell, signal)
  refuseHost(facts, shell.name, 'undo')
  const last = await requireLastApply(shell)
  const plan = await planRollback(shell, facts, last, { signal })
  refuseConflicts(plan)
  if (flags.json === true) for (const { text } of plan.losses) context.warn(context.typed(text))
  else context.say(rollbackPlanText(plan, context))
  await confirm('Restore these files and restart docker?', flags, context)
  await withProgress(context, flags, (onStep) => rollBack(plan, { shell, onStep, signal }))
  const { id, restored, removed, wasActive } = last
  const warnings = plan.losses.map(({ text }) => context.typed(text))
  const data = { id, restored, removed, warnings, active: wasActive, stopped: plan.stops }
  context.answer({ data, text: `${context.typed(rollbackDone(plan))}\n` }, flags)
}

function define(command: Command, context: Context): void {
  addYes(command)
  addJsonLines(command).action((flags: RollbackFlags) => runRollback(flags, context))
}

export const daemonRollback: CommandSpec = {
  description:
    'Undoes the last daemon apply on this server: restores the files, restarts docker, and checks that the daemon answers. ' +
    'You can undo the last three applies: the files that they replaced are in /var/lib/docker-mtls.',
  examples: [
    [sentence`${SELF} daemon rollback`, 'as root; show the files, ask, then restore them'],
    [sentence`${SELF} daemon rollback --yes`, 'without asking'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", id, restored, removed, warnings, active, stopped }',
  jsonLines: true,
  define,
}
