import type { CheckFacts, Family } from '../../check.ts'
import { FAMILIES } from '../../names.ts'
import type { AuditReport, ReportedFinding } from '../../report.ts'
import { nameOf } from '../../subject.ts'
import { groupsOf, isOpen, isUnknown, type CheckGroup } from '../model.ts'
import { plural } from '../words.ts'
import { changeLabel, code, severityLabel, statusLabel, type View } from './labels.ts'
import { folded, heading, html, joined, type Html } from './markup.ts'
import { groupBy } from '../../../base/group-by.ts'
import { nameList } from './rows.ts'

/** Reasons by which a reader still sees the others. A family with more of them is folded. */
const MOST_REASONS = 4
/** Checks with the same reason. */
const MOST_LINES = 8
/** Enough to recognize what has passed. */
const MOST_NAMES = 5
const MOST_DETAILS = 5

/** What could not be seen, by family and reason, so that a family with many doesn't bury the rest. */
export function unknownSection(report: AuditReport, { prefix, level }: View): Html {
  const groups = groupsOf(report, isUnknown)
  if (groups.length === 0) return html``
  const families = [...groupBy(groups, ({ facts }) => facts.family)].map(([family, checks]) =>
    familyPart(family, checks),
  )
  return html`<section class="part">
    ${heading(level, 'Unknown', `${prefix}-unknown`)}
    <p class="hint">docker-mtls could not see these. They have not passed.</p>
    ${families}
  </section>`
}

function familyPart(family: Family, checks: readonly CheckGroup[]): Html {
  const split = checks.flatMap(({ facts, findings }) =>
    Array.from(groupBy(findings, ({ detail = '' }) => detail).values(), (some) => ({ facts, findings: some })),
  )
  // A reason with the same subjects for many checks is written once.
  const reasons = groupBy(split, ({ findings }) => JSON.stringify([findings[0]?.detail, namesOf(findings)]))
  return html`<details class="part" ${reasons.size <= MOST_REASONS ? html`open` : undefined}>
    <summary><strong>${FAMILIES[family]}</strong> <span class="count">${plural(checks.length, 'check')}</span></summary>
    <ul class="reasons">
      ${Array.from(reasons.values(), reasonItem)}
    </ul>
  </details>`
}

function reasonItem(checks: readonly CheckGroup[]): Html {
  const [first] = checks
  if (first === undefined) return html``
  const names = namesOf(first.findings)
  const reason = first.findings[0]?.detail
  if (checks.length === 1) {
    return html`<li class="entry" ${dataOf(first.facts, 'unknown')}>
      ${checkLine(first.facts)}${seen(names, reason)}
    </li>`
  }
  const lines = checks.map(
    ({ facts }) =>
      html`<div class="entry" ${dataOf(facts, 'unknown')}>
        ${checkLine(facts)}<span hidden>${names.join(' ')}</span>
      </div>`,
  )
  return html`<li>
    <p>${reason}</p>
    ${names.length === 0 ? undefined : nameList(names)}${folded(lines, MOST_LINES, (some) => html`${some}`)}
  </li>`
}

function checkLine({ id, severity, title }: CheckFacts): Html {
  return html`${severityLabel(severity)} <strong>${title}</strong> <code class="id">${id}</code>`
}

function dataOf({ severity, family }: CheckFacts, status: string): Html {
  return html`data-severity="${severity}" data-status="${status}" data-family="${family}"`
}

function namesOf(findings: readonly ReportedFinding[]): string[] {
  return findings.filter(({ subject }) => subject.kind !== 'daemon').map(({ subject }) => nameOf(subject))
}

interface Found {
  readonly facts: CheckFacts
  readonly finding: ReportedFinding
}

function flatten(groups: readonly CheckGroup[]): Found[] {
  return groups.flatMap(({ facts, findings }) => findings.map((finding) => ({ facts, finding })))
}

/** Findings with an exception: why each is accepted, and until when. */
export function acceptedSection(report: AuditReport, { prefix, level }: View): Html {
  const groups = groupsOf(report, ({ exception }) => exception !== undefined)
  if (groups.length === 0) return html``
  const rows = flatten(groups).map(({ facts, finding }) => {
    const { subject, status, exception, detail = '' } = finding
    const about = [html`${code(nameOf(subject))}`, detail === '' ? undefined : html`: ${detail}`]
    return html`<tr class="entry" ${dataOf(facts, 'accepted')}>
      <th scope="row">${checkLine(facts)}</th>
      <td>${statusLabel(status)} ${about}</td>
      <td>${exception?.reason}</td>
      <td class="day">${exception?.until}</td>
    </tr>`
  })
  return html`<section class="part">
    ${heading(level, 'Accepted', `${prefix}-accepted`)}
    ${scrolled(
      'Accepted findings',
      html`<table class="accepted">
        <caption>
          Findings with an exception
        </caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Found</th>
            <th scope="col">Reason</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`,
    )}
  </section>`
}

/** A wide table, which a narrow window scrolls alone. A keyboard can scroll it, too. */
export function scrolled(label: string, table: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`
}

/** What is better than the baseline. What is worse stands among the failures. */
export function betterSection(report: AuditReport, { prefix, level }: View): Html {
  const groups = groupsOf(report, ({ change, exception }) => change === 'better' && exception === undefined)
  if (groups.length === 0) return html``
  const items = flatten(groups).map(({ facts, finding }) => {
    const { status, subject } = finding
    const name = subject.kind === 'daemon' ? undefined : html` ${code(nameOf(subject))}`
    return html`<li class="entry" ${dataOf(facts, status)} data-change="better">
      ${statusLabel(status)} ${checkLine(facts)}${name}${changeLabel(finding)}
    </li>`
  })
  return html`<section class="part">
    ${heading(level, 'Better than the baseline', `${prefix}-better`)}
    ${folded(
      items,
      20,
      (some) =>
        html`<ul class="lines">
          ${some}
        </ul>`,
    )}
  </section>`
}

/** What passed, or has no meaning there: folded at first. */
export function quietSection(report: AuditReport, status: 'pass' | 'not-applicable', { prefix, level }: View): Html {
  const groups = groupsOf(report, isOpen(status))
  if (groups.length === 0) return html``
  const title = status === 'pass' ? 'Passed' : 'Not applicable'
  const items = groups.map(
    ({ facts, findings }) =>
      html`<li class="entry" ${dataOf(facts, status)}>${checkLine(facts)}${quietDetails(findings)}</li>`,
  )
  return html`<section class="part">
    ${heading(level, title, `${prefix}-${status}`)}
    <details class="part">
      <summary>${plural(groups.length, 'check')}, ${plural(report.counts[status], 'result')}</summary>
      <ul class="lines quiet">
        ${items}
      </ul>
    </details>
  </section>`
}

function quietDetails(findings: readonly ReportedFinding[]): Html {
  const lines = Array.from(
    groupBy(findings, ({ detail = '' }) => detail),
    ([detail, some]) => seen(namesOf(some), detail),
  )
  return folded(lines, MOST_DETAILS, (some) => html`${some}`)
}

/** Some names, and what was seen: below the line of a check. */
function seen(names: readonly string[], detail = ''): Html {
  if (names.length === 0 && detail === '') return html``
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : undefined
  const between = names.length > 0 && detail !== '' ? ': ' : undefined
  return html`<div class="seen">${joined(names.slice(0, MOST_NAMES).map(code), ', ')}${more}${between}${detail}</div>`
}
