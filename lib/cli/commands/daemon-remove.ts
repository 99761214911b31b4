import { SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import type { Command } from 'commander'
import { carryOutRemove } from '../../apply/remove/carry-out.ts'
import { isNothingToRemove, planRemove, type RemovePlan } from '../../apply/remove/plan.ts'
import { localShell } from '../../host/local-shell.ts'
import { changeHost, type HostFlags } from '../change-host.ts'
import type { Answer, CommandSpec, Context } from '../command.ts'
import { addRollbackAfter, rollbackAfterOf } from '../command-line/apply-options.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { listensAsBefore, removeData, removeText } from '../reports/remove.ts'

async function runRemove(flags: HostFlags, context: Context): Promise<void> {
  const rollbackAfter = await rollbackAfterOf(flags)
  const shell = localShell()
  const { signal } = context.io
  await changeHost<RemovePlan, undefined>(
    {
      shell,
      inspect: () => planRemove(shell, signal),
      planData: (plan) => removeData(plan, context),
      planText: (plan) => removeText(plan, context),
      next: 'daemon remove',
      nothing: (plan) => (isNothingToRemove(plan) ? nothing(plan, context) : undefined),
      question,
      unchanged: 'Nothing was removed.',
      carryOut: async (plan, onStep) => {
        await carryOutRemove(plan, { shell, rollbackAfter, signal, onStep })
        return undefined
      },
      answer: (plan) => {
        const data = { ...removeData(plan, context), removed: true }
        return { data, text: `${printableLines(doneText(plan))}\n`, warnings: afterwards(plan) }
      },
    },
    flags,
    context,
  )
}

function question({ changes }: RemovePlan): string {
  const backups = 'remove the backups, so that daemon rollback can undo nothing any more'
  return changes.length === 0
    ? 'Remove the backups, so that daemon rollback can undo nothing any more?'
    : `Take these files back, restart docker, and ${backups}?`
}

function nothing(plan: RemovePlan, context: Context): Answer {
  const text =
    plan.stays.length === 0
      ? 'Nothing to remove: docker-mtls has not configured dockerd on this host.\n'
      : `Nothing to remove.\n${removeText(plan, context)}`
  return { data: { ...removeData(plan, context), removed: false }, text }
}

function doneText(plan: RemovePlan): string {
  const { closes } = plan
  const ports = closes.length === 0 ? '' : ` It no longer listens on ${closes.join(', ')}.`
  return `docker-mtls was removed from this host, and the daemon answers on its local socket.${ports}${listensAsBefore(plan)}`
}

/** Clients keep certificates that other hosts of the CA accept. */
function afterwards({ closes, changes, tlsFolders }: RemovePlan): Sentence[] {
  if (closes.length === 0) return []
  const keys = new Set(tlsFolders.map((folder) => tlsFilesIn(folder).key))
  const hadKey = changes.some(({ path }) => keys.has(path))
  const key = hadKey ? " The server's key may still be in the folder of the CA." : ''
  return [
    `Clients can no longer connect to ${enumerate(closes)}, but their certificates work on every other host of the same CA.${key}`,
  ]
}

function define(command: Command, context: Context): void {
  command.option('--dry-run', 'show what would be removed, and change nothing')
  addRollbackAfter(command)
  addYes(command)
  addJsonLines(command).action((flags: HostFlags) => runRemove(flags, context))
}

export const daemonRemove: CommandSpec = {
  description:
    'Takes back everything that  daemon apply  and  setup  have done on this server: the drop-in, the settings in daemon.json, ' +
    "the server's files, and the backups. Run it as root. Files from before docker-mtls come back, if they are still kept; your " +
    'own settings stay. It shows the changes and asks, restarts docker, and checks that the daemon answers on its local socket ' +
    'and that its ports are closed. If anything fails, it rolls everything back, even if it is killed or the power fails. A file ' +
    'that somebody has changed since is named, and nothing is removed.',
  examples: [
    [sentence`${SELF} daemon remove --dry-run`, 'show what would be removed'],
    [sentence`${SELF} daemon remove`, 'as root; show it, ask, then remove it'],
    [sentence`${SELF} daemon remove --yes`, 'without asking'],
  ],
  json: 'lines { type: "step", step, title, state, milliseconds }, then { type: "result", files: [{ path, action }], conflicts, losses, stays, closes, listens, backups, removed }; with --dry-run one line, without removed',
  jsonLines: true,
  define,
}
