import { createHash } from 'node:crypto'
import { packageVersion } from '../../base/package-version.ts'
import type { CheckFacts, Severity } from '../check.ts'
import { isProblem, isReport, isUnknown, type AuditResult, type FailedAudit } from './model.ts'
import { withoutHostText } from './notes.ts'
import type { Change } from '../baseline.ts'
import type { AuditReport, ReportedFinding } from '../report.ts'
import { findingKey, nameOf } from '../subject.ts'
import { markdownText, safeJson, shown } from './foreign.ts'

type Level = 'error' | 'warning' | 'note'

const LEVELS: Readonly<Record<Severity, Level>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }
/** GitHub's names for these ranges are the same (its SARIF support, "reportingDescriptor object"). */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
}
const CHANGES: Readonly<Record<Change, string>> = { new: 'new', worse: 'updated', same: 'unchanged', better: 'updated' }

/**
 * Renders results as SARIF 2.1.0: a run for each daemon. Failures and warnings are results; unknown results and parts that
 * couldn't be read are notifications of the run, since they are no findings.
 */
export function renderSarif(results: readonly AuditResult[]): string {
  const runs = results.map((result) => (isReport(result) ? runOf(result) : failedRun(result)))
  return safeJson({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs })
}

function runOf(report: AuditReport): object {
  const { target, checks, findings, unread, withoutHost } = report
  const indexes = new Map(checks.map(({ id }, index) => [id, index]))
  const ambiguous = ambiguousKeys(findings)
  const notifications = [
    ...unread.map(({ part, reason }) => notification('error', `Could not read ${plain(part)}: ${plain(reason)}`)),
    ...(withoutHost.length === 0 ? [] : [notification('note', withoutHostText())]),
    ...findings.filter(isUnknown).map((finding) => unknownNotification(finding, target, indexes)),
  ]
  const end = new Date(report.at)
  return {
    ...runHead(target, checks),
    invocations: [
      {
        executionSuccessful: unread.length === 0,
        ...(!Number.isNaN(end.getTime()) && { endTimeUtc: end.toISOString() }),
        toolExecutionNotifications: notifications,
      },
    ],
    results: findings.filter(isProblem).map((finding) => resultOf(finding, { target, indexes, ambiguous })),
  }
}

function failedRun({ target, error }: FailedAudit): object {
  const message = `${plain(target)} could not be audited: ${plain(error.message)}`
  return {
    ...runHead(target, []),
    invocations: [{ executionSuccessful: false, toolExecutionNotifications: [notification('error', message)] }],
    results: [],
  }
}

function runHead(target: string, checks: readonly CheckFacts[]): object {
  const version = packageVersion()
  const driver = { name: 'docker-mtls', version, semanticVersion: version, rules: checks.map(ruleOf) }
  return {
    tool: { driver },
    // Tells apart the daemons' results in one file or in several.
    automationDetails: { id: `docker-mtls-audit/${segment(target)}/` },
    columnKind: 'utf16CodeUnits',
  }
}

function ruleOf({ id, title, why, remedy, severity, family, cis, references }: CheckFacts): object {
  const [helpUri] = references
  const items = Object.entries(cis).flatMap(([version, numbers]) => numbers.map((item) => `CIS-${version}-${item}`))
  const links = references.map((url) => `- <${url}>`)
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: {
      text: [why, remedy, ...references].join('\n\n'),
      markdown: [markdownText(why), `**Remedy:** ${markdownText(remedy)}`, links.join('\n')].join('\n\n'),
    },
    ...(helpUri !== undefined && { helpUri }),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      'security-severity': SECURITY_SEVERITY[severity],
      severity,
      tags: ['security', 'docker', family, ...items],
    },
  }
}

/** Two images may have one name, and networks, too: only their ids tell them apart. */
function ambiguousKeys(findings: readonly ReportedFinding[]): ReadonlySet<string> {
  const [once, twice] = [new Set<string>(), new Set<string>()]
  for (const key of findings.map(keyOf)) (once.has(key) ? twice : once).add(key)
  return twice
}

function keyOf({ check, subject }: ReportedFinding): string {
  return findingKey(check, { kind: subject.kind, name: nameOf(subject) })
}

interface Run {
  readonly target: string
  readonly indexes: ReadonlyMap<string, number>
  readonly ambiguous: ReadonlySet<string>
}

function resultOf(finding: ReportedFinding, { target, indexes, ambiguous }: Run): object {
  const { check, severity, status, subject, exception, change } = finding
  const key = keyOf(finding)
  const id = ambiguous.has(key) && subject.kind !== 'daemon' ? [subject.id] : []
  const hash = createHash('sha256')
    .update(JSON.stringify([target, key, ...id]))
    .digest('hex')
  return {
    ruleId: check,
    ruleIndex: indexes.get(check),
    kind: 'fail',
    level:
      status === 'warn' && LEVELS[severity] === 'error' ? 'warning' : status === 'warn' ? 'note' : LEVELS[severity],
    message: { text: messageOf(finding) },
    locations: [locationOf(finding, target)],
    partialFingerprints: { 'dockerMtlsFinding/v1': hash },
    properties: { severity, status },
    ...(exception && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: `Until ${exception.until}: ${shown(exception.reason)}`,
        },
      ],
    }),
    ...(change && { baselineState: CHANGES[change] }),
  }
}

function unknownNotification(finding: ReportedFinding, target: string, indexes: ReadonlyMap<string, number>): object {
  return {
    ...notification('note', `Unknown: ${messageOf(finding)}`),
    associatedRule: { id: finding.check, index: indexes.get(finding.check) },
    locations: [locationOf(finding, target)],
  }
}

function notification(level: Level, text: string): object {
  return { level, message: { text } }
}

/** Begins with our own words: a spreadsheet may take other text for a formula. */
function messageOf({ subject, detail = '' }: ReportedFinding): string {
  const about = subject.kind === 'daemon' ? 'The daemon' : `The ${subject.kind} ${plain(nameOf(subject))}`
  return detail === '' ? about : `${about}: ${plain(detail)}`
}

/** GitHub shows only results with a file, so each subject has a path of its own; it isn't the path of a real file. */
function locationOf({ subject }: ReportedFinding, target: string): object {
  const name = shown(nameOf(subject))
  const path = [target, ...(subject.kind === 'daemon' ? ['daemon'] : [subject.kind, name])].map(segment)
  return {
    physicalLocation: { artifactLocation: { uri: path.join('/') }, region: { startLine: 1 } },
    logicalLocations: [{ name, kind: subject.kind, fullyQualifiedName: path.join('/') }],
  }
}

/** A segment of a relative URI, never `..`. */
function segment(text: string): string {
  const name = shown(text).replace(/^[a-z]+:\/\//, '')
  return encodeURIComponent(/^\.*$/.test(name) ? `_${name}` : name)
}

/**
 * Foreign text in a message, where `[text](address)` is a link and `{0}` a placeholder (SARIF 2.1.0, sections 3.11.5 and
 * 3.11.6).
 */
function plain(text: string): string {
  return shown(text)
    .replaceAll('](', '] (')
    .replaceAll(/[{}]/g, (found) => found + found)
}
