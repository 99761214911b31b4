import { wrap } from '../../base/wrap.ts'
import { FAMILIES, SEVERITIES } from '../names.ts'
import type { AuditReport, ReportedFinding } from '../report.ts'
import { nameOf } from '../subject.ts'
import { shown } from './foreign.ts'
import {
  failuresBySeverity,
  groupsOf,
  acceptedOf,
  isOpen,
  isReport,
  isUnknown,
  problemsOf,
  summaryOf,
  type AuditResult,
  type CheckGroup,
  type FailedAudit,
  type RenderOptions,
} from './model.ts'
import { noteLines } from './notes.ts'
import { countsText, resultText } from './words.ts'

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** How the text looks, and which remedies it has shown. */
interface Page {
  readonly all: boolean
  readonly width: number
  readonly paint: (style: Style, text: string) => string
  /** Ids of checks: the remedy of each is shown once. */
  readonly explained: Set<string>
}

/** Renders results for a person: for each daemon its findings by family, the worst first; with several, a table at the end. */
export function renderText(results: readonly AuditResult[], options: RenderOptions = {}): string {
  const { all = false, width = Infinity, paint = (_style, text) => text } = options
  const page: Page = { all, width, paint, explained: new Set() }
  const hosts = results.map((result) => (isReport(result) ? reportBlocks(result, page) : failedBlocks(result, page)))
  const notes = noteLines(results).map((line) => wrap(`Note: ${shown(line)}`, width, '  ').trimStart())
  const summary = summaryOf(results, options)
  const isGood = summary.failing + summary.notAudited + summary.incomplete === 0
  const end = paint(isGood ? 'green' : 'red', wrap(resultText(summary), width))
  return `${[...hosts.flat(), ...(results.length > 1 ? [table(results, page)] : []), ...notes, end].join('\n\n')}\n`
}

function failedBlocks({ target, error }: FailedAudit, { paint, width }: Page): string[] {
  const text = wrap(`Not audited: ${shown(error.message)}`, width, '  ')
  return [`${heading(target, paint)}\n${paint('red', text)}`]
}

/** Begins with our own words: a spreadsheet may take other text for a formula. */
function heading(target: string, paint: Page['paint']): string {
  return `Audit of ${paint('bold', shown(target))}`
}

function reportBlocks(report: AuditReport, page: Page): string[] {
  const { paint, width } = page
  const engine = report.engine === undefined ? '' : `, ${report.podman ? 'Podman' : 'Docker'} ${shown(report.engine)}`
  const families = problemsOf(report).map(({ family, checks }) =>
    [paint('bold', FAMILIES[family]), ...checks.map((check) => checkText(check, page))].join('\n'),
  )
  return [
    `${heading(report.target, paint)}${engine}${keyExchangeOf(report)}`,
    ...families,
    ...unreadBlock(report, page),
    ...unknownBlock(report, page),
    ...acceptedBlock(report, page),
    ...(page.all ? listBlock('Passed', groupsOf(report, isOpen('pass')), page) : []),
    ...(page.all ? listBlock('Not applicable', groupsOf(report, isOpen('not-applicable')), page) : []),
    wrap(`${countsText(report)}.`, width),
  ]
}

/** Part of the heading if the connection was checked. */
function keyExchangeOf({ keyExchange, checks }: AuditReport): string {
  const isChecked = keyExchange !== undefined && checks.some(({ family }) => family === 'tls')
  return isChecked ? `, key exchange ${shown(keyExchange)}` : ''
}

/** A check with its findings, one a line, and its remedy. */
function checkText({ facts, findings }: CheckGroup, page: Page): string {
  const { paint, width, explained } = page
  const { id, severity, title, remedy } = facts
  const head = wrap(`${id} (${severity}): ${title}`, width, '  ').replace(id, paint('bold', id))
  const lines = findings.map((finding) => findingLine(finding, page))
  const isNew = !explained.has(id)
  explained.add(id)
  return [head, ...lines, ...(isNew ? [wrap(`Remedy: ${remedy}`, width, '    ')] : [])].join('\n')
}

/** `    FAIL  web: Privileged: true`. The words differ, so that the text needs no colours. */
function findingLine({ status, subject, detail, change }: ReportedFinding, { paint, width }: Page): string {
  const isFailure = status !== 'warn'
  // An unknown result is only here if it passed in the baseline.
  const mark = status === 'fail' ? 'FAIL' : status === 'warn' ? 'warn' : 'UNKNOWN'
  const about = [
    ...(subject.kind === 'daemon' ? [] : [shown(nameOf(subject))]),
    ...(detail === undefined ? [] : [shown(detail)]),
  ].join(': ')
  const since = change === undefined ? '' : ` (${CHANGES[change]})`
  const text = wrap(`${about}${since}`, width, ' '.repeat(10))
  return `    ${paint(isFailure ? 'red' : 'yellow', mark)}  ${text.trimStart()}`
}

const CHANGES: Readonly<Record<NonNullable<ReportedFinding['change']>, string>> = {
  new: 'new',
  worse: 'worse than the baseline',
  same: 'as in the baseline',
  better: 'better than the baseline',
}

function unreadBlock({ unread }: AuditReport, { paint, width }: Page): string[] {
  if (unread.length === 0) return []
  const lines = unread.slice(0, MOST).map(({ part, reason }) => wrap(`${shown(part)}: ${shown(reason)}`, width, '  '))
  const more = unread.length > MOST ? [`  and ${unread.length - MOST} more`] : []
  return [[paint('red', 'Could not be read'), ...lines, ...more].join('\n')]
}

/**
 * What is unknown, with its reason. A build of a distribution leaves dozens of vulnerabilities unknown for similar reasons, so
 * a family with many shows the reasons of the first ones, and the ids of the others.
 */
function unknownBlock(report: AuditReport, page: Page): string[] {
  const groups = groupsOf(report, isUnknown)
  const families = Object.keys(FAMILIES).map((family) => groups.filter(({ facts }) => facts.family === family))
  const isLong = (family: readonly CheckGroup[]): boolean => !page.all && family.length > MOST
  const rest = families.filter(isLong).flatMap((family) => family.slice(EXAMPLES))
  const others = rest.map(({ facts }) => facts.id).join(', ')
  const more = wrap(`Also unknown, for reasons that --all shows: ${others}`, page.width, '  ')
  const shownGroups = groups.filter((group) => !rest.includes(group))
  const list = listBlock('Unknown', shownGroups, page)
  return rest.length === 0 ? list : [[...list, more].join('\n')]
}

/** How many reasons of many show what they are about. */
const EXAMPLES = 3

/** Checks with a common reason for all their subjects: `  C-PRIV  web, db: the daemon did not report ...`. */
function listBlock(title: string, groups: readonly CheckGroup[], { all, paint, width }: Page): string[] {
  if (groups.length === 0) return []
  const column = Math.max(...groups.map(({ facts }) => facts.id.length)) + 4
  const lines = groups.flatMap(({ facts, findings }) =>
    [...byDetail(findings)].map(([detail, names]) => {
      const text = [nameList(names, all), detail].filter((part) => part !== '').join(': ') || facts.title
      return `  ${facts.id.padEnd(column - 4)}  ${wrap(text, width, ' '.repeat(column)).trimStart()}`
    }),
  )
  return [[paint('bold', title), ...lines].join('\n')]
}

/** This many names or parts show what is wrong. */
const MOST = 10

function nameList(names: readonly string[], all: boolean): string {
  if (all || names.length <= MOST) return names.join(', ')
  return `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`
}

/** The names of the subjects of each detail. */
function byDetail(findings: readonly ReportedFinding[]): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { subject, detail = '' } of findings) {
    const known = names.get(shown(detail)) ?? []
    names.set(shown(detail), known)
    if (subject.kind !== 'daemon') known.push(shown(nameOf(subject)))
  }
  return names
}

function acceptedBlock(report: AuditReport, { paint, width }: Page): string[] {
  const lines = acceptedOf(report).map(({ check, subject, exception: { until, reason } }) =>
    wrap(`${check}  ${shown(nameOf(subject))}, until ${until}: ${shown(reason)}`, width, '  '),
  )
  return lines.length === 0 ? [] : [[paint('bold', 'Accepted'), ...lines].join('\n')]
}

/** One row for each daemon. The name is the last column, since it may be long. */
function table(results: readonly AuditResult[], { paint }: Page): string {
  const heads = [...SEVERITIES, 'warn', 'unknown', 'passed'].map((head) => head.toUpperCase())
  const line = (cells: readonly string[], name: string): string => {
    return `${cells.map((cell, index) => cell.padStart(heads[index]?.length ?? 0)).join('  ')}  ${name}`
  }
  const rows = results.map((result) => {
    if (!isReport(result))
      return `${`not audited: ${result.error.code}`.padEnd(line(heads, '').length - 2)}  ${shown(result.target)}`
    const bySeverity = failuresBySeverity(result)
    const { warn, unknown, pass } = result.counts
    const numbers = [...SEVERITIES.map((severity) => bySeverity[severity]), warn, unknown, pass]
    const partly = result.unread.length === 0 ? '' : ' (incomplete)'
    return line(numbers.map(String), `${shown(result.target)}${partly}`)
  })
  return [paint('bold', line(heads, 'HOST')), ...rows].join('\n')
}
