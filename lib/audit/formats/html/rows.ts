import { groupBy } from '../../../base/group-by.ts'
import type { ReportedFinding } from '../../report.ts'
import { nameOf } from '../../subject.ts'
import { plural } from '../words.ts'
import { changeLabel, code, statusLabel } from './labels.ts'
import { folded, html, joined, type Html } from './markup.ts'

/** This many rows and names show what is wrong. The others are folded. */
const MOST_ROWS = 12
const MOST_NAMES = 12

/** The subjects of a check by what was found, one row for all subjects with the same result. */
export function findingRows(findings: readonly ReportedFinding[]): Html {
  const groups = [
    ...groupBy(findings, ({ status, change, detail }) => JSON.stringify([status, change, detail])).values(),
  ]
  return folded(
    groups.map((group) => row(group)),
    MOST_ROWS,
    (rows) =>
      html`<ul class="rows">
        ${rows}
      </ul>`,
  )
}

function row(findings: readonly ReportedFinding[]): Html {
  const [first] = findings
  if (first === undefined) return html``
  const { detail = '' } = first
  const label = statusLabel(first.status)
  const change = changeLabel(first)
  const names = findings.filter(({ subject }) => subject.kind !== 'daemon').map(({ subject }) => nameOf(subject))
  if (names.length < 2) {
    const about = joined([...names.map(code), ...(detail === '' ? [] : [html`${detail}`])], ': ')
    return html`<li>${label} <span>${about}${change}</span></li>`
  }
  const count = plural(names.length, first.subject.kind)
  const text = detail === '' ? count : `${count}: ${detail}`
  return html` <li>
    ${label}
    <div>${text}${change}${nameList(names)}</div>
  </li>`
}

/** Names, of which a reader of a long list sees the first. */
export function nameList(names: readonly string[]): Html {
  const items = names.map((name) => html`<li>${code(name)}</li>`)
  return folded(
    items,
    MOST_NAMES,
    (some) =>
      html`<ul class="names">
        ${some}
      </ul>`,
  )
}
