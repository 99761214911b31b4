import { FAIL_ON, FAMILIES } from '../names.ts'
import { isFailing, type AuditReport, type ReportedFinding } from '../report.ts'
import { nameOf } from '../subject.ts'
import { markdownCode, markdownText } from './foreign.ts'
import {
  acceptedOf,
  isReport,
  isUnknown,
  problemsOf,
  summaryOf,
  type AuditResult,
  type CheckGroup,
  type RenderOptions,
} from './model.ts'
import { noteLines } from './notes.ts'
import { countsText, resultText } from './words.ts'

/** GitHub accepts comments of 65,536 characters. The rest is left out, and counted. */
const LONGEST = 60_000

/** Renders results as Markdown for a comment on a pull request. */
export function renderMarkdown(results: readonly AuditResult[], options: RenderOptions = {}): string {
  const { failOn = FAIL_ON } = options
  const head = ['## docker-mtls audit', markdownText(resultText(summaryOf(results, options)))]
  const notes = noteLines(results).map((line) => `- ${markdownCode(line)}`)
  const hosts = results.flatMap((result) => (isReport(result) ? hostBlocks(result, failOn) : failedBlocks(result)))
  return fit([...head, ...(notes.length === 0 ? [] : [notes.join('\n')]), ...hosts, ...remedies(results)])
}

function failedBlocks({ target, error }: Exclude<AuditResult, AuditReport>): string[] {
  return [`### ${markdownCode(target)}`, `Not audited: ${markdownCode(error.message)}`]
}

function hostBlocks(report: AuditReport, failOn: ReportedFinding['severity']): string[] {
  const checks = problemsOf(report).flatMap((group) => group.checks)
  const rows = checks.flatMap((check) => check.findings.map((finding) => row(check, finding, failOn)))
  const unread = report.unread.map(({ part, reason }) => `- Could not read ${markdownCode(`${part}: ${reason}`)}`)
  const unknown = report.findings
    .filter(isUnknown)
    .map(
      (finding) => `- ${finding.check} ${markdownCode(nameOf(finding.subject))}: ${markdownCode(finding.detail ?? '')}`,
    )
  const accepted = acceptedOf(report).map(
    ({ check, subject, exception: { until, reason } }) =>
      `- ${check} ${markdownCode(nameOf(subject))}, until ${until}: ${markdownCode(reason)}`,
  )
  return [
    `### ${markdownCode(report.target)}`,
    markdownText(countsText(report)),
    ...(unread.length === 0 ? [] : [unread.join('\n')]),
    ...(rows.length === 0
      ? []
      : [['| | severity | check | subject | found |', '|---|---|---|---|---|', ...rows].join('\n')]),
    ...details(`${unknown.length} unknown`, unknown),
    ...details(`${accepted.length} accepted`, accepted),
  ]
}

function row({ facts }: CheckGroup, finding: ReportedFinding, failOn: ReportedFinding['severity']): string {
  const { status, severity, subject, detail = '', change } = finding
  const state = change === undefined ? status : `${status}, ${change}`
  const mark = isFailing(finding, failOn) ? `**${state}**` : state
  const check = `${facts.id} ${markdownText(facts.title)}`
  return `| ${mark} | ${severity} | ${check} | ${markdownCode(nameOf(subject))} | ${markdownCode(detail)} |`
}

/** What mends each check, once for all daemons. */
function remedies(results: readonly AuditResult[]): string[] {
  const groups = results.filter(isReport).flatMap((report) => problemsOf(report).flatMap(({ checks }) => checks))
  const facts = new Map(groups.map((group) => [group.facts.id, group.facts]))
  const lines = Array.from(
    facts.values(),
    ({ id, family, remedy }) => `- ${id} (${FAMILIES[family]}): ${markdownText(remedy)}`,
  )
  return details('Remedies', lines)
}

/** A list that is folded at first. */
function details(summary: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`<details><summary>${summary}</summary>\n\n${lines.join('\n')}\n\n</details>`]
}

/** How much of a block must be there to be worth its place. */
const LEAST_LINES = 3

/**
 * Leaves out lines at the end of long blocks until the text is short enough. Each block may have an equal part of the space, and
 * what short blocks leave, so that no daemon hides another one.
 */
function fit(blocks: readonly string[]): string {
  let left = LONGEST - 2 * blocks.length
  const lengths = new Map<number, number>()
  const byLength = blocks
    .map((block, index) => ({ index, length: block.length }))
    .toSorted((a, b) => a.length - b.length)
  for (const [at, { index, length }] of byLength.entries()) {
    const part = Math.min(length, Math.floor(left / (byLength.length - at)))
    lengths.set(index, part)
    left -= part
  }
  return `${blocks.map((block, index) => shorten(block, lengths.get(index) ?? 0)).join('\n\n')}\n`
}

/** Whole lines of a block, and how many are missing. A folded list is closed again. */
function shorten(block: string, length: number): string {
  if (block.length <= length) return block
  const end = block.endsWith('</details>') ? '\n\n</details>' : ''
  const lines = block.split('\n')
  const kept: string[] = []
  let left = length - end.length - 60
  for (const line of lines) {
    left -= line.length + 1
    if (left < 0) break
    kept.push(line)
  }
  const missing = `${lines.length - kept.length} more lines are left out.`
  return kept.length < LEAST_LINES ? `${lines.length} lines are left out.` : `${kept.join('\n')}\n\n${missing}${end}`
}
