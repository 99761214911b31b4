import { escapeText } from '../../lib/base/text.ts'
import { nameOf, type Outcome, type Row } from './replay.ts'

/** Longer evidence is cut; JSON has it whole. */
const LONGEST = 150

/** Evidence on one line. It may contain the output of containers. */
export function shown(evidence: string): string {
  const text = escapeText(evidence.replaceAll('\n', '; '))
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}

/** Names of attacks, their results, what stopped them, and the checks that tell. */
export function renderTable(rows: readonly Row[]): string {
  const cells = [
    ['attack', 'wrong', 'ours', 'stopped by', 'checks that tell of the wrong set-up'],
    ...rows.map(({ attack, wrong, ours, problems }) => [
      problems.length === 0 ? attack.id : `✖ ${attack.id}`,
      wrong.result,
      ours.result,
      attack.stoppedBy,
      attack.signs.map(nameOf).join(', '),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

/** For programs. */
export function renderJson(rows: readonly Row[]): string {
  const attacks = rows.map(({ attack, wrong, ours, problems }) => ({
    id: attack.id,
    title: attack.title,
    attacker: attack.attacker,
    wrongSetup: attack.wrong,
    wrong: outcomeOf(wrong),
    ours: outcomeOf(ours),
    stoppedBy: attack.stoppedBy,
    problems,
  }))
  return JSON.stringify({ ok: attacks.every(({ problems }) => problems.length === 0), attacks }, null, 2)
}

function outcomeOf({ result, evidence, milliseconds, signs }: Outcome): object {
  return { result, evidence, milliseconds, checks: signs }
}
