import type { CheckFacts } from '../../check.ts'
import { FAMILIES } from '../../names.ts'
import { isFailing, type AuditReport } from '../../report.ts'
import { problemsOf, type CheckGroup } from '../model.ts'
import { plural } from '../words.ts'
import { link, severityLabel, type View } from './labels.ts'
import { heading, html, joined, type Content, type Html } from './markup.ts'
import { remedyHtml } from './remedy.ts'
import { findingRows } from './rows.ts'

/** Failures and warnings: by family, the worst first. */
export function problemsSection(report: AuditReport, view: View): Html {
  const { prefix, level } = view
  const families = problemsOf(report)
  const title = heading(level, 'Failures and warnings', `${prefix}-findings`)
  if (families.length === 0)
    return html`<section class="part">
      ${title}
      <p>There are none.</p>
    </section>`
  const parts = families.map(
    ({ family, checks }) =>
      html`<section class="part">
        ${heading(lower(level), FAMILIES[family])}${checks.map((check) => checkEntry(check, family, view))}
      </section>`,
  )
  return html`<section class="part">
    ${title}
    <p class="hint">
      Each line in bold says what should be true. Below it is where that is not so, why it matters, and what to do.
    </p>
    ${parts}
  </section>`
}

function lower(level: 2 | 3): 3 | 4 {
  return level === 2 ? 3 : 4
}

/** One that makes the audit fail is open at first. */
function checkEntry({ facts, findings }: CheckGroup, family: string, view: View): Html {
  const { id, severity, title } = facts
  const isOpen = findings.some((finding) => isFailing(finding, view.failOn))
  const statuses = [...new Set(findings.map(({ status }) => status)), ...(isOpen ? ['failing'] : [])].join(' ')
  const changes = [...new Set(findings.map(({ change }) => change ?? ''))].join(' ').trim()
  return html`<details
    class="entry"
    id="${anchorOf(view, id)}"
    ${isOpen ? html`open` : undefined}
    data-severity="${severity}"
    data-status="${statuses}"
    data-family="${family}"
    data-change="${changes}"
  >
    <summary>
      ${severityLabel(severity)} <strong>${title}</strong> <span class="count">${countOf(findings)}</span>
      <code class="id">${id}</code>
    </summary>
    <div class="body">
      ${findingRows(findings)}
      <dl>${explanation(facts)}</dl>
    </div>
  </details>`
}

/** The id of the element of a check. */
export function anchorOf({ prefix }: Pick<View, 'prefix'>, check: string): string {
  return `${prefix}-${check}`
}

function countOf(findings: CheckGroup['findings']): Content {
  const [failed, warned, unknown] = (['fail', 'warn', 'unknown'] as const).map(
    (wanted) => findings.filter(({ status }) => status === wanted).length,
  ) as [number, number, number]
  return joined(
    [
      ...(failed === 0 ? [] : [html`<span class="fails">${plural(failed, 'failure')}</span>`]),
      ...(warned === 0 ? [] : [html`<span class="warns">${plural(warned, 'warning')}</span>`]),
      ...(unknown === 0 ? [] : [`${unknown} unknown, passed before`]),
    ],
    ', ',
  )
}

function explanation({ why, remedy, cis, references }: CheckFacts): Html {
  const items = Object.entries(cis).map(([version, numbers]) => `${version}: ${numbers.join(', ')}`)
  return html`${entry('Why', why)}${entry('Remedy', remedyHtml(remedy), 'remedy')}${
    items.length === 0 ? undefined : entry('CIS Docker Benchmark', items.join('; '))
  }${
    references.length === 0
      ? undefined
      : entry(
          'References',
          html`<ul class="links">
            ${references.map((address) => html`<li>${link(address)}</li>`)}
          </ul>`,
        )
  }`
}

function entry(term: string, content: Content, name = 'fact'): Html {
  return html`<div class="${name}">
    <dt>${term}</dt>
    <dd>${content}</dd>
  </div>`
}
