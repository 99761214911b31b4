import { FAIL_ON } from '../names.ts'
import { isFailing, type AuditReport, type ReportedFinding } from '../report.ts'
import { nameOf } from '../subject.ts'
import { shown, xmlText } from './foreign.ts'
import { isReport, type AuditResult, type RenderOptions } from './model.ts'
import { withoutHostText } from './notes.ts'

type Kind = 'passed' | 'failure' | 'error' | 'skipped'

interface TestCase {
  readonly kind: Kind
  readonly name: string
  readonly className: string
  readonly message: string
  /** Below the message: what to do. */
  readonly text?: string
}

/**
 * Renders results as JUnit XML: a suite for each daemon, and a test case for each finding. Only findings by which the audit
 * fails are failures; warnings and unknown results are skipped with a message, since JUnit has no state for them. Daemons and
 * parts that couldn't be read are errors.
 */
export function renderJunit(results: readonly AuditResult[], { failOn = FAIL_ON }: RenderOptions = {}): string {
  const suites = results.map((result) => {
    const cases = isReport(result) ? casesOf(result, failOn) : [errorCase('audit', result.error.message)]
    return suiteOf(result, cases)
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="docker-mtls audit">\n${suites.join('')}</testsuites>\n`
}

function casesOf(report: AuditReport, failOn: ReportedFinding['severity']): TestCase[] {
  const facts = new Map(report.checks.map((check) => [check.id, check]))
  const errors = report.unread.map(({ part, reason }) => errorCase(`read ${part}`, reason))
  const without = {
    kind: 'skipped',
    name: 'read files of the host',
    className: 'docker-mtls',
    message: withoutHostText(),
  } as const
  return [
    ...errors,
    ...(report.withoutHost.length === 0 ? [] : [without]),
    ...report.findings.map((finding) => {
      const { title = '', family = '', remedy = '' } = facts.get(finding.check) ?? {}
      const isFailure = isFailing(finding, failOn)
      const name = `${finding.check} ${nameOf(finding.subject)}: ${title}`
      const message = `${wordOf(finding)} (${finding.severity})${finding.detail === undefined ? '' : `: ${finding.detail}`}`
      const kind = isFailure ? 'failure' : finding.status === 'pass' ? 'passed' : 'skipped'
      return { kind, name, className: `docker-mtls.${family}`, message, ...(isFailure && { text: remedy }) } as const
    }),
  ]
}

/** What a skipped test case is: it passed no check. */
function wordOf({ status, exception, change }: ReportedFinding): string {
  if (exception !== undefined) return `${status}, accepted until ${exception.until}: ${exception.reason}`
  return change === undefined ? status : `${status}, ${change} since the baseline`
}

function errorCase(name: string, message: string): TestCase {
  return { kind: 'error', name, className: 'docker-mtls', message }
}

function suiteOf(result: AuditResult, cases: readonly TestCase[]): string {
  const countOf = (kind: Kind): number => cases.filter((one) => one.kind === kind).length
  const counts = `tests="${cases.length}" failures="${countOf('failure')}" errors="${countOf('error')}" skipped="${countOf('skipped')}"`
  const at = isReport(result) ? timestamp(result.at) : ''
  return `  <testsuite name="${attribute(result.target)}" ${counts}${at}>\n${cases.map(caseOf).join('')}  </testsuite>\n`
}

function caseOf({ kind, name, className, message, text = '' }: TestCase): string {
  const start = `    <testcase name="${attribute(name)}" classname="${attribute(className)}"`
  if (kind === 'passed') return `${start}/>\n`
  const inner = `<${kind} message="${attribute(message)}"`
  return `${start}>${inner}${text === '' ? '/>' : `>${attribute(text)}</${kind}>`}</testcase>\n`
}

function attribute(text: string): string {
  return xmlText(shown(text))
}

/** Without fraction and zone: the schema of Jenkins accepts no other form. */
function timestamp(at: string): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? '' : ` timestamp="${time.toISOString().slice(0, 19)}"`
}
