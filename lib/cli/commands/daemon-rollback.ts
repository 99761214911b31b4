import { command as commandPart, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { RollbackPlan } from '../../apply/rollback/plan.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { withProgress } from '../terminal/progress.ts'
import { printableLines } from '../../base/text.ts'

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
  const plan = await planRollback(shell, facts, last, signal)
  refuseConflicts(plan)
  if (flags.json !== true) context.say(planText(plan, context))
  await confirm('Restore these files and restart docker?', flags, context)
  await withProgress(context, flags, (onStep) => rollBack(plan, { shell, onStep, signal }))
  const { id, restored, removed, wasActive } = last
  const data = { id, restored, removed, active: wasActive, stopped: plan.stops }
  context.answer({ data, text: `${context.typed(doneText(plan))}\n` }, flags)
}

function doneText({ stops, last: { wasActive } }: RollbackPlan): Sentence {
  const daemon = wasActive ? 'and the daemon answers' : 'docker was not running before, and is stopped'
  if (stops === 0) return `Everything is as it was before${wasActive ? ', ' : ': '}${daemon}.`
  const what = stops === 1 ? 'The one container that ran was' : `The ${stops} containers that ran were`
  const again = wasActive
    ? sentence`; those with a restart policy were started again:  ${commandPart('docker', 'ps', '-a')}`
    : '.'
  return sentence`All files are as they were before${wasActive ? ', ' : ': '}${daemon}.\n${what} stopped${again}`
}

function planText({ last: { at, isPending, restored, removed }, losses }: RollbackPlan, { typed }: Context): string {
  const when = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return [
    `${isPending ? 'An apply that did not finish' : 'The last apply'}, of ${when}:`,
    ...restored.map((path) => `  ${path}  is restored`),
    ...removed.map((path) => `  ${path}  did not exist before, and is removed`),
    ...losses.map(({ text }) => printableLines(typed(text))),
  ].join('\n')
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
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", id, restored, removed, active, stopped }',
  jsonLines: true,
  define,
}
