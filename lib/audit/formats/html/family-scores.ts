import { FAMILIES } from '../../names.ts'
import type { AuditReport, ReportedFinding } from '../../report.ts'
import type { Status } from '../../verdict.ts'
import { html, type Html } from './markup.ts'
import { groupBy } from '../../../base/group-by.ts'

type Part = Status | 'accepted'

/** In the order of the bar. What has no meaning for the daemon isn't part of it. */
const PARTS: readonly Part[] = ['fail', 'warn', 'unknown', 'accepted', 'pass']
const HEADS: Readonly<Record<Part, string>> = {
  fail: 'Fail',
  warn: 'Warn',
  unknown: 'Unknown',
  accepted: 'Accepted',
  pass: 'Pass',
  'not-applicable': 'Not applicable',
}
/** In percent. A single failure among thousands has to be seen. */
const LEAST = 1.5

/** The results of each family as numbers, with a bar of their shares. */
export function familyScores({ checks, findings }: AuditReport): Html {
  const families = new Map(checks.map(({ id, family }) => [id, family]))
  const byFamily = groupBy(findings, ({ check }) => families.get(check) ?? 'daemon')
  const rows = Object.entries(FAMILIES).flatMap(([family, name]) => {
    const counts = countParts(byFamily.get(family as keyof typeof FAMILIES) ?? [])
    return PARTS.some((part) => counts[part] > 0) ? [{ name, counts }] : []
  })
  const shown = PARTS.filter((part) => part !== 'accepted' || rows.some(({ counts }) => counts.accepted > 0))
  return html`<table class="scores">
    <caption>
      Results by family
    </caption>
    <thead>
      <tr>
        <th scope="col">Family</th>
        ${shown.map((part) => html`<th scope="col" class="number"><span class="key ${part}"></span>${HEADS[part]}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, counts }) =>
          html`<tr>
            <th scope="row">${name}${bar(counts)}</th>
            ${shown.map((part) => numberCell(part, counts[part]))}
          </tr>`,
      )}
    </tbody>
  </table>`
}

function numberCell(part: Part, count: number): Html {
  return html`<td class="number${count === 0 ? ' none' : ` ${part}`}">${count}</td>`
}

function countParts(findings: readonly ReportedFinding[]): Record<Part, number> {
  const counts = { fail: 0, warn: 0, unknown: 0, accepted: 0, pass: 0, 'not-applicable': 0 }
  for (const { status, exception } of findings) counts[exception === undefined ? status : 'accepted']++
  return counts
}

/** The numbers beside it say the same, so it is hidden from screen readers. */
function bar(counts: Readonly<Record<Part, number>>): Html {
  let x = 0
  const parts = sharesOf(PARTS.map((part) => counts[part])).map((width, index) => {
    const rect = html`<rect class="${PARTS[index]}" x="${percent(x)}" width="${percent(width)}" height="100%" />`
    x += width
    return width === 0 ? undefined : rect
  })
  return html`<svg class="bar" width="100%" height="8" aria-hidden="true">${parts}</svg>`
}

/** In percent, each that isn't nothing at least {@link LEAST}. */
export function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return counts.map(() => 0)
  const raised = counts.map((count) => (count === 0 ? 0 : Math.max(LEAST, (100 * count) / total)))
  const sum = raised.reduce((all, share) => all + share, 0)
  return raised.map((share) => (100 * share) / sum)
}

/** A length within a picture, which grows with the window while its texts don't. */
export function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`
}
