import type { Command } from 'commander'
import type { LastApply } from '../../provision/apply/roll-back.ts'
import type { CommandSpec, Context } from '../command.ts'
import { confirm, type ConfirmFlags } from '../confirm.ts'
import { addJsonLines, addYes } from '../options.ts'
import { withProgress } from '../progress.ts'

interface RollbackFlags extends ConfirmFlags {
  readonly json?: true
}

async function runRollback(flags: RollbackFlags, context: Context): Promise<void> {
  const { findLastApply, rollBack } = await import('../../provision/apply/roll-back.ts')
  const { gatherFacts } = await import('../../provision/host/facts.ts')
  const { localShell } = await import('../../provision/host/local-shell.ts')
  const { refuseHost } = await import('../../provision/host/trouble.ts')
  const shell = localShell()
  const { signal } = context.io
  refuseHost(await gatherFacts(shell, signal), shell.name)
  const last = await findLastApply(shell)
  if (flags.json !== true) context.say(lastText(last))
  await confirm('Put all of this back and restart docker?', flags, context)
  await withProgress(context, flags, (onStep) => rollBack(last, { shell, onStep, signal }))
  const { id, restored, removed } = last
  const text = 'Everything is as it was before, and the daemon answers.\n'
  context.answer({ data: { id, restored, removed }, text }, flags)
}

function lastText({ at, isPending, restored, removed }: LastApply): string {
  const when = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return [
    `${isPending ? 'An apply that did not end' : 'The last apply'}, of ${when}:`,
    ...restored.map((path) => `  ${path}  goes back to what it was`),
    ...removed.map((path) => `  ${path}  was not there, and is removed`),
  ].join('\n')
}

function define(command: Command, context: Context): void {
  addYes(command)
  addJsonLines(command).action((flags: RollbackFlags) => runRollback(flags, context))
}

export const daemonRollback: CommandSpec = {
  description:
    'Puts back what the last daemon apply has changed on this server, restarts docker, and sees that the daemon answers. ' +
    'The three last applies are kept, with what was there before, in /var/lib/docker-mtls.',
  examples: [
    ['docker-mtls daemon rollback', 'as root; says what goes back, and asks'],
    ['docker-mtls daemon rollback --yes', 'without asking'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", id, restored, removed }',
  jsonLines: true,
  define,
}
