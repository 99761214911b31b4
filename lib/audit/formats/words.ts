import { TABLE_DATE } from '../cve/table.ts'
import { SEVERITIES } from '../names.ts'
import type { AuditReport } from '../report.ts'
import { failuresBySeverity, type Summary } from './model.ts'

/** `1 warning`, `2 warnings`. */
export function plural(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`
}

/**
 * `2 failures (1 critical, 1 low), 1 warning, 3 unknown, 40 passed, 2 not applicable, 1 accepted`, and the age of the table of
 * vulnerabilities, if its check has run.
 */
export function countsText(report: AuditReport): string {
  const { counts, accepted, checks } = report
  const age = checks.some(({ id }) => id === 'D-TABLE-AGE') ? `; vulnerabilities are known until ${TABLE_DATE}` : ''
  const bySeverity = failuresBySeverity(report)
  const severities = SEVERITIES.flatMap((one) => (bySeverity[one] === 0 ? [] : [`${bySeverity[one]} ${one}`]))
  const numbers = [
    `${plural(counts.fail, 'failure')}${severities.length === 0 ? '' : ` (${severities.join(', ')})`}`,
    plural(counts.warn, 'warning'),
    `${counts.unknown} unknown`,
    `${counts.pass} passed`,
    `${counts['not-applicable']} not applicable`,
    ...(accepted === 0 ? [] : [`${accepted} accepted`]),
  ]
  return `${numbers.join(', ')}${age}`
}

/** The result of an audit in one sentence, the worst first. */
export function resultText({ failOn, hosts, notAudited, incomplete, failing, compared }: Summary): string {
  const on = hosts === 1 ? '' : ` on ${plural(hosts - notAudited, 'host')}`
  const failure = compared ? 'new or worse failure' : 'failure'
  const level = failOn === 'critical' ? 'of severity critical' : `of severity ${failOn} or worse`
  return [
    ...(notAudited === 0 ? [] : [`${notAudited} of ${plural(hosts, 'host')} could not be audited.`]),
    ...(incomplete === 0 ? [] : [`The audit is incomplete${hosts === 1 ? '' : ` on ${plural(incomplete, 'host')}`}.`]),
    ...(notAudited === hosts ? [] : [`${failing === 0 ? `No ${failure}` : plural(failing, failure)} ${level}${on}.`]),
  ].join(' ')
}
