import { isFailing, type AuditReport } from '../../report.ts'
import { nameOf } from '../../subject.ts'
import { SEVERITIES } from '../../names.ts'
import type { CheckFacts, Severity } from '../../check.ts'
import { isReport, type AuditResult, type Summary } from '../model.ts'
import { noteLines } from '../notes.ts'
import { plural, resultText } from '../words.ts'
import { code, severityLabel } from './labels.ts'
import { anchorOf } from './findings.ts'
import { folded, html, joined, type Html } from './markup.ts'

/** What fails is listed by check. Further ones are folded. */
const MOST = 10
const MOST_NAMES = 3

/** Passed, failed or incomplete, in words, and what makes the audit fail. */
export function verdictSection(results: readonly AuditResult[], summary: Summary): Html {
  const { word, kind } = verdictOf(summary)
  const failing = failingChecks(results, summary.failOn)
  const notes = noteLines(results).map((line) => html`<li>${line}</li>`)
  return html`<section class="verdict ${kind}" aria-labelledby="verdict">
    <h2 id="verdict">${word}</h2>
    <p class="lead">${resultText(summary)}</p>
    ${summary.compared ? html`<p>Only what is worse than the baseline counts.</p>` : undefined}
    ${
      failing.length === 0
        ? undefined
        : html`<h3>What fails</h3>
            ${folded(
              failing.map((check) => failingItem(check, results.length > 1)),
              MOST,
              (items) =>
                html`<ol class="failing">
                  ${items}
                </ol>`,
            )}`
    }${
      notes.length === 0
        ? undefined
        : html`<h3>Notes</h3>
            <ul class="notes">
              ${notes}
            </ul>`
    }
  </section>`
}

function verdictOf({ failing, notAudited, incomplete, hosts }: Summary): { word: string; kind: string } {
  if (hosts === 0) return { word: 'No host was audited', kind: 'unknown' }
  const isWhole = notAudited + incomplete === 0
  if (failing > 0) return { word: isWhole ? 'Failed' : 'Failed, and incomplete', kind: 'fail' }
  return isWhole ? { word: 'Passed', kind: 'pass' } : { word: 'Incomplete', kind: 'unknown' }
}

interface FailingCheck {
  readonly facts: CheckFacts
  /** The subjects, and the daemons with their numbers in the report. */
  readonly names: string[]
  readonly hosts: Map<number, string>
  /** Findings of all daemons. */
  count: number
}

/** By check, over all daemons, the worst first. */
function failingChecks(results: readonly AuditResult[], failOn: Severity): FailingCheck[] {
  const found = new Map<string, FailingCheck>()
  results.forEach((result, index) => {
    if (isReport(result)) addFailing(result, index, failOn, found)
  })
  const rank = ({ facts }: FailingCheck): number => SEVERITIES.indexOf(facts.severity)
  return [...found.values()].toSorted((one, other) => rank(one) - rank(other))
}

function addFailing(report: AuditReport, index: number, failOn: Severity, found: Map<string, FailingCheck>): void {
  const facts = new Map(report.checks.map((check) => [check.id, check]))
  for (const finding of report.findings) {
    const about = facts.get(finding.check)
    if (about === undefined || !isFailing(finding, failOn)) continue
    const known = found.get(finding.check) ?? newCheck(about)
    found.set(finding.check, known)
    known.hosts.set(index, report.target)
    known.count++
    if (finding.subject.kind !== 'daemon') known.names.push(nameOf(finding.subject))
  }
}

function newCheck(facts: CheckFacts): FailingCheck {
  return { facts, names: [], hosts: new Map(), count: 0 }
}

function failingItem({ facts, names, hosts, count }: FailingCheck, isMany: boolean): Html {
  const { id, severity, title } = facts
  const [first = 0] = hosts.keys()
  const where = isMany ? hostsText(hosts, id, count) : namesText(names)
  return html`<li>
    ${severityLabel(severity)}
    <span>Not met: <a href="#${anchorOf({ prefix: prefixOf(first) }, id)}">${title}</a>${where}</span>
  </li>`
}

function namesText(names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : undefined
  return html` <span class="where">— ${joined(names.slice(0, MOST_NAMES).map(code), ', ')}${more}</span>`
}

function hostsText(hosts: ReadonlyMap<number, string>, id: string, count: number): Html {
  const links = Array.from(
    hosts,
    ([index, target]) => html`<a href="#${anchorOf({ prefix: prefixOf(index) }, id)}">${code(target)}</a>`,
  )
  const more = links.length > MOST_NAMES ? ` and ${links.length - MOST_NAMES} more hosts` : undefined
  return html` <span class="where"
    >— ${plural(count, 'finding')} on ${joined(links.slice(0, MOST_NAMES), ', ')}${more}</span
  >`
}

/** Begins the ids of the elements about a daemon. */
export function prefixOf(index: number): string {
  return `h${index + 1}`
}
