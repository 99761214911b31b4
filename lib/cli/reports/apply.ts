import { ours, sentence } from '../../base/sentence.ts'
import { createTwoFilesPatch } from 'diff'
import type { ApplyReport } from '../../apply/carry-out.ts'
import { OWNER, type Change } from '../../apply/changes.ts'
import type { Conflict } from '../../apply/conflicts.ts'
import type { ApplyPlan } from '../../apply/plan.ts'
import type { Context } from '../command.ts'
import { certificateData } from './data.ts'
import { facts } from '../terminal/layout.ts'
import { wrap } from '../../base/wrap.ts'
import { until } from './time-left.ts'
import { enumerate, escapeText, printableLines } from '../../base/text.ts'

/** A line of a report: a label and its value. */
export type Row = readonly [label: string, value: string]

/** A plan for --json. It contains only the paths of keys, never their text. */
export function planData(plan: ApplyPlan, context: Context): object {
  const { form, settings, server, conflicts, warnings, userns, cantApply } = plan
  const { changes, losses, restarts } = unlessStopped(plan, { changes: [], losses: [], restarts: false })
  const { typed } = context
  return {
    form,
    ...settings,
    certificate: certificateData(server.facts),
    files: changes.map(fileData),
    conflicts: conflictsData(conflicts, context),
    warnings: warnings.map(({ text }) => typed(text)),
    losses: (restarts ? losses : []).map(({ text }) => typed(text)),
    restarts,
    ...(userns && { userns }),
    ...(cantApply && { cantApply: cantApply.code }),
  }
}

/** A plan as it will be carried out: conflicts stop it, and nothing is done. */
export function unlessStopped<Plan extends Stoppable>(plan: Plan, nothing: Partial<Plan>): Plan {
  return plan.conflicts.length > 0 ? { ...plan, ...nothing } : plan
}

interface Stoppable {
  readonly conflicts: readonly Conflict[]
}

export function conflictsData(conflicts: readonly Conflict[], { typed }: Context): object[] {
  return conflicts.map(({ got, todo, ...one }) => ({ ...one, got: typed(got), todo: typed(todo) }))
}

/** A plan that conflicts have stopped, for a person. */
export function conflictsText(conflicts: readonly Conflict[], { paint, width, typed }: Context): string {
  const blocks = conflicts.map(({ what, got, todo }) =>
    wrap(`${paint('red', 'Conflict:')} ${printableLines(typed(sentence`${what}: ${got}. ${todo}`))}`, width),
  )
  return `${[...blocks, 'Nothing would be changed.'].join('\n')}\n`
}

export function fileData({ path, mode, action, secret = false, text }: Change): object {
  return { path, mode: octal(mode), action, ...(!secret && action !== 'keep' && { text }) }
}

/** The report for --json. */
export function applyData(plan: ApplyPlan, { id, ...report }: ApplyReport, context: Context): object {
  return { ...planData(plan, context), ...report, ...(id !== undefined && { rollback: id }) }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

const COMMANDS = [
  'systemctl daemon-reload',
  'systemctl reset-failed docker.service',
  'systemctl restart docker.service',
]

/** A plan for a person: each file with its mode and action, the diffs, the commands. Or the conflicts that stop it. */
export function planText(plan: ApplyPlan, context: Context, isAll: boolean): string {
  const { changes, conflicts, losses, restarts } = plan
  if (conflicts.length > 0) return conflictsText(conflicts, context)
  const shown = changes.filter(({ action }) => isAll || action !== 'keep')
  const blocks = [
    ...shown.map((change) => changeText(change, context)),
    ...(restarts ? [`${context.paint('bold', 'Then:')}\n${COMMANDS.map((line) => `  ${line}`).join('\n')}`] : []),
    ...(restarts ? [] : ['Nothing differs. Only the connections will be verified.']),
    ...(restarts ? losses : []).map(({ text }) => wrap(printableLines(context.typed(text)), context.width)),
  ]
  return `${blocks.join('\n')}\n`
}

const STYLES = { keep: 'dim', create: 'green', replace: 'yellow', remove: 'red' } as const

/** A file with its action and differences. */
export function changeText(change: Change, { paint }: Context): string {
  const { path, mode, owner = OWNER, action, secret = false, before } = change
  const style = STYLES[action]
  const head = `${paint(style, action.padEnd(8))}  ${paint('bold', path)}  ${octal(mode)} ${owner}`
  if (action === 'keep') return head
  if (action === 'remove') return `${paint(style, action.padEnd(8))}  ${paint('bold', path)}`
  const modes = before !== undefined && before.mode !== mode ? `\n          its mode is ${octal(before.mode)} now` : ''
  return `${head}${modes}${secret ? '\n          a private key, not shown' : differences(change, paint)}`
}

/** The time for a diff grows with the square of its changes, and a hostile host may have any file. */
const MOST_EDITS = 2000

/** In the format of `diff -u`. Certificates are left out: the report shows their dates. */
function differences({ path, text, before }: Change, paint: Context['paint']): string {
  if (path.endsWith('.pem') || before?.text === text) return ''
  const options = { context: 2, maxEditLength: MOST_EDITS }
  const patch = createTwoFilesPatch(path, path, before?.text ?? '', text, undefined, undefined, options)
  if (patch === undefined) return `\n          more than ${MOST_EDITS} lines differ, so they are not shown`
  const lines = patch.split('\n').filter((line) => /^[-+ @]/.test(line) && !/^(?:---|\+\+\+) /.test(line))
  const isNew = before === undefined
  const shown = lines.filter((line) => !isNew || !line.startsWith('@'))
  const coloured = shown.map((line) => paintLine(escapeText(line.replaceAll('\t', '    ')), paint))
  return `\n${coloured.map((line) => `          ${line}`).join('\n')}`
}

function paintLine(line: string, paint: Context['paint']): string {
  if (line.startsWith('+')) return paint('green', line)
  if (line.startsWith('-')) return paint('red', line)
  return line.startsWith('@') ? paint('dim', line) : line
}

/** The ids of user namespaces, and whether a container has them. */
function usernsText({ settings, userns }: ApplyPlan, { userns: seen }: Pick<ApplyReport, 'userns'>): string {
  if (userns === undefined) return settings.usernsRemap ?? 'off'
  const ranges = userns.subuid.map(({ start, count }) => `${start} to ${start + count - 1}`)
  const ids = `${settings.usernsRemap}: ids ${ranges.join(', ')} of ${userns.user}`
  if (seen === undefined) return ids
  return seen.verified
    ? `${ids}\nverified: root in a container is ${seen.remappedRoot} on the host`
    : `${ids}\nnot verified: ${seen.reason}`
}

/** The results of the tests, by address if there are several. */
export function proofText(proof: ApplyReport['proof']): string {
  const places = [...new Set(proof.map(({ at }) => at))]
  const blocks = places.map((place) => {
    const tried = proof
      .filter(({ at }) => at === place)
      .map(({ ok, got }) => `${ok ? '' : 'FAILED: '}${printableLines(got)}`)
    return places.length === 1 ? tried : [`at ${place}:`, ...tried]
  })
  return blocks.flat().join('\n')
}

/** The names and the end of the server's certificate. */
export function serverRow({ server: { facts: of } }: Pick<ApplyPlan, 'server'>): Row {
  return ['Server', `${[...of.names.dns, ...of.names.ip].join(', ')}\n${until(of.validTo)}`]
}

/** What an apply has changed and verified. */
export function resultRows(plan: ApplyPlan, report: ApplyReport): Row[] {
  return [
    ['User namespaces', usernsText(plan, report)],
    ['Written', report.written.length === 0 ? 'nothing, no file differed' : report.written.join('\n')],
    ['Verified', proofText(report.proof)],
  ]
}

/** The report for a person. */
export function resultText(plan: ApplyPlan, report: ApplyReport, context: Context): string {
  const rows: Row[] = [
    ['Listens on', enumerate(plan.settings.listen)],
    serverRow(plan),
    ...resultRows(plan, report),
    ...(report.id === undefined ? [] : [['To roll back', context.typed([ours('daemon', 'rollback')])] satisfies Row]),
  ]
  return `${facts(rows, context)}\n`
}
