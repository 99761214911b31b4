import { SELF, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printableLines } from '../../base/text.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import type { Command } from 'commander'
import type { RemovePlan } from '../../apply/remove/plan.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addRollbackAfter, rollbackAfterOf } from '../command-line/apply-options.ts'
import { addJsonLines, addYes } from '../command-line/options.ts'
import { listensAsBefore, removeData, removeText } from '../reports/remove.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { withProgress } from '../terminal/progress.ts'

interface RemoveFlags extends ConfirmFlags {
  readonly dryRun?: true
  readonly rollbackAfter?: string
  readonly json?: true
}

async function runRemove(flags: RemoveFlags, context: Context): Promise<void> {
  const { planRemove, isNothingToRemove } = await import('../../apply/remove/plan.ts')
  const { carryOutRemove } = await import('../../apply/remove/carry-out.ts')
  const { settled } = await import('../reports/rollback.ts')
  const { refuseConflicts } = await import('../../apply/conflicts.ts')
  const { localShell } = await import('../../host/local-shell.ts')
  const rollbackAfter = await rollbackAfterOf(flags)
  const shell = localShell()
  const { signal } = context.io
  const inspect = (): Promise<RemovePlan> => planRemove(shell, signal)
  const first = await inspect()
  if (flags.dryRun === true) return answerPlan(first, flags, context)
  const plan = await settled(first, { shell, inspect, flags }, context)
  refuseConflicts(plan)
  if (isNothingToRemove(plan)) return answerNothing(plan, flags, context)
  if (flags.json !== true) context.say(removeText(plan, context).trimEnd())
  await confirm(question(plan), flags, context, 'Nothing was removed.')
  await withProgress(context, flags, (onStep) => carryOutRemove(plan, { shell, rollbackAfter, signal, onStep }))
  const data = { ...removeData(plan, context), removed: true }
  context.answer({ data, text: `${printableLines(doneText(plan))}\n`, warnings: afterwards(plan) }, flags)
}

function question({ changes }: RemovePlan): string {
  const backups = 'remove the backups, so that daemon rollback can undo nothing any more'
  return changes.length === 0
    ? 'Remove the backups, so that daemon rollback can undo nothing any more?'
    : `Take these files back, restart docker, and ${backups}?`
}

function answerPlan(plan: RemovePlan, flags: RemoveFlags, context: Context): void {
  const warnings = plan.isPending ? [PENDING] : []
  const failed = plan.conflicts.length > 0
  context.answer({ data: removeData(plan, context), text: removeText(plan, context), warnings, failed }, flags)
}

const PENDING =
  'An earlier apply did not finish. daemon remove first rolls it back, and may then find other files than these.'

function answerNothing(plan: RemovePlan, flags: RemoveFlags, context: Context): void {
  const text =
    plan.stays.length === 0
      ? 'Nothing to remove: docker-mtls has not configured dockerd on this host.\n'
      : `Nothing to remove.\n${removeText(plan, context)}`
  context.answer({ data: { ...removeData(plan, context), removed: false }, text }, flags)
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
  addJsonLines(command).action((flags: RemoveFlags) => runRemove(flags, context))
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
