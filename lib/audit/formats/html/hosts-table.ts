import { SEVERITIES } from '../../names.ts'
import { failuresOf, type AuditReport } from '../../report.ts'
import type { Severity } from '../../check.ts'
import { failuresBySeverity, isReport, type AuditResult } from '../model.ts'
import { code } from './labels.ts'
import { html, type Html } from './markup.ts'
import { scrolled } from './others.ts'
import { prefixOf } from './verdict.ts'

/** One row for each host, in the order of the command line, with a link to its section. */
export function hostsTable(results: readonly AuditResult[], failOn: Severity): Html {
  const heads = [...SEVERITIES, 'warnings', 'unknown', 'accepted', 'passed']
  const rows = results.map((result, index) => {
    const name = html`<a href="#${prefixOf(index)}">${code(result.target)}</a>`
    return isReport(result) ? row(result, name, failOn) : failedRow(result.error.code, name, heads.length)
  })
  return scrolled(
    'Results by host',
    html`<table class="hosts">
      <caption>
        Results by host
      </caption>
      <thead>
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Result</th>
          ${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  )
}

function row(report: AuditReport, name: Html, failOn: Severity): Html {
  const bySeverity = failuresBySeverity(report)
  const { warn, unknown, pass } = report.counts
  const cells = [
    ...SEVERITIES.map((severity) => cell(bySeverity[severity], severity)),
    cell(warn, 'warn'),
    cell(unknown, 'unknown'),
    cell(report.accepted, 'accepted'),
    cell(pass, 'pass'),
  ]
  const isFailed = failuresOf(report, failOn).length > 0
  const result = isFailed ? 'failed' : 'passed'
  const text = report.unread.length === 0 ? result : isFailed ? 'failed, incomplete' : 'incomplete'
  const kind = isFailed ? 'fail' : report.unread.length === 0 ? 'pass' : 'unknown'
  return html`<tr>
    <th scope="row">${name}</th>
    <td><b class="status ${kind}">${text}</b></td>
    ${cells}
  </tr>`
}

function cell(count: number, name: string): Html {
  return html`<td class="number ${count === 0 ? 'none' : name}">${count}</td>`
}

function failedRow(error: string, name: Html, columns: number): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td><b class="status unknown">not audited</b></td>
    <td colspan="${columns}">${code(error)}</td>
  </tr>`
}
