import type { Command } from 'commander'
import { requireLastApply } from '../../apply/rollback/last-apply.ts'
import { planRollback, type RollbackPlan } from '../../apply/rollback/plan.ts'
import { rollBack } from '../../apply/rollback/rollback.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { undoOnHost, type HostFlags } from '../change-host.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { rollbackDone } from '../reports/rollback-plan.ts'

async function runRollback(flags: HostFlags, context: Context): Promise<void> {
  await undoOnHost<RollbackPlan, unknown>(
    {
      plan: async (shell, facts, signal) => planRollback(shell, facts, await requireLastApply(shell), { signal }),
      question: () => 'Restore these files and restart docker?',
      carryOut: rollBack,
      answer: (plan, _report, warnings) => {
        const { id, restored, removed, wasActive } = plan.last
        const data = { id, restored, removed, warnings, active: wasActive, stopped: plan.stops }
        return { data, text: `${context.typed(rollbackDone(plan))}\n` }
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
