import type { RemovePlan } from '../../apply/remove/plan.ts'
import { enumerate, printable, printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import { STATE_FOLDER } from '../../host/facts-script.ts'
import type { Context } from '../command.ts'
import { changeText, conflictsData, conflictsText, unlessStopped } from './apply.ts'

/** The plan of a removal for --json. It contains no texts of keys. */
export function removeData(plan: RemovePlan, context: Context): object {
  const { conflicts, stays, listens } = plan
  const { changes, losses, closes, hasBackups } = unlessStopped(plan, NOTHING)
  return {
    files: changes.map(({ path, action }) => ({ path, action })),
    conflicts: conflictsData(conflicts, context),
    losses: losses.map(({ text }) => context.typed(text)),
    stays,
    closes,
    listens,
    backups: hasBackups,
  }
}

const NOTHING = { changes: [], losses: [], closes: [], hasBackups: false }

/** For the result; empty if dockerd listens nowhere on the network, or as it did. */
export function listensAsBefore({ changes, listens }: RemovePlan): string {
  if (changes.length === 0 || listens.length === 0) return ''
  return ` dockerd listens on ${enumerate(listens.map(printable))} again, as before docker-mtls.`
}

/** The plan of a removal for a person, or the conflicts that stop it. */
export function removeText(plan: RemovePlan, context: Context): string {
  const { paint, width, typed } = context
  if (plan.conflicts.length > 0) return conflictsText(plan.conflicts, context)
  const line = (text: string): string => wrap(printableLines(text), width)
  const blocks = [
    ...plan.changes.map((change) => changeText(change, context)),
    ...(plan.hasBackups ? [`${paint('red', 'remove  ')}  ${paint('bold', STATE_FOLDER)}  the backups`] : []),
    ...plan.stays.map((text) => line(`Stays: ${text}.`)),
    ...plan.losses.map(({ text }) => line(typed(text))),
  ]
  return blocks.length === 0 ? 'Nothing to remove.\n' : `${blocks.join('\n')}\n`
}
