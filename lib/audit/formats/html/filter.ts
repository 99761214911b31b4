import { FAMILIES, SEVERITIES } from '../../names.ts'
import { isReport, type AuditResult } from '../model.ts'
import { html, type Content, type Html } from './markup.ts'
import { prefixOf } from './verdict.ts'

const STATUSES: ReadonlyArray<readonly [value: string, label: string]> = [
  ['failing', 'fails the audit'],
  ['fail', 'failures'],
  ['warn', 'warnings'],
  ['unknown', 'unknown'],
  ['accepted', 'accepted'],
  ['pass', 'passed'],
  ['not-applicable', 'not applicable'],
]
const CHANGES: ReadonlyArray<readonly [value: string, label: string]> = [
  ['new', 'new'],
  ['worse', 'worse'],
  ['same', 'the same'],
  ['better', 'better'],
]

/** Search and filters. Without a script they would do nothing, so the script shows them. */
export function filterForm(results: readonly AuditResult[]): Html {
  const reports = results.filter(isReport)
  const used = new Set(reports.flatMap(({ checks }) => checks.map(({ family }) => family as string)))
  const families = Object.entries(FAMILIES).filter(([family]) => used.has(family))
  const hosts = results.map(({ target }, index) => [prefixOf(index), target] as const)
  return html`<form id="filter" role="search" aria-label="Findings" hidden>
    <div class="field wide">
      <label for="query">Search</label
      ><input id="query" type="search" placeholder="a name, a check, a word" autocomplete="off" spellcheck="false" />
    </div>
    ${select('status', 'Result', STATUSES)}${select(
      'severity',
      'Severity',
      SEVERITIES.map((severity) => [severity, severity]),
    )}${select('family', 'Family', families)}${results.length > 1 ? select('host', 'Host', hosts) : undefined}${
      reports.some(({ baseline }) => baseline !== undefined) ? select('change', 'Baseline', CHANGES) : undefined
    }
    <div class="buttons">
      <button type="reset">Reset</button><button type="button" id="open">Open all</button
      ><button type="button" id="close">Close all</button>
    </div>
    <p id="shown" role="status" aria-live="polite"></p>
  </form>`
}

function select(name: string, label: string, choices: ReadonlyArray<readonly [value: string, label: Content]>): Html {
  const options = choices.map(([value, text]) => html`<option value="${value}">${text}</option>`)
  return html`<div class="field">
    <label for="by-${name}">${label}</label
    ><select id="by-${name}" name="${name}">
      <option value="">all</option>
      ${options}
    </select>
  </div> `
}
