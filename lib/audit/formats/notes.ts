import { packageVersion } from '../../base/package-version.ts'
import { exceptionsOf, isReport, type AuditResult } from './model.ts'

/** Remarks on the exceptions, the baseline and the extent of a run. May contain foreign text: escape it to show it. */
export function noteLines(results: readonly AuditResult[]): string[] {
  return [...exceptionNotes(results), ...baselineNotes(results), ...gatewayNotes(results), ...hostNotes(results)]
}

function gatewayNotes(results: readonly AuditResult[]): string[] {
  const behind = results.filter(isReport).filter(({ gateway }) => gateway === true)
  return behind.map(
    ({ target }) =>
      `A gateway of docker-mtls answers at ${target}: certificates and results of the family tls are those of the gateway, not of dockerd. Its policy and other ways to dockerd are only visible in the files of its host.`,
  )
}

/** Once for all daemons. */
function hostNotes(results: readonly AuditResult[]): string[] {
  const without = results.filter(isReport).filter(({ withoutHost }) => withoutHost.length > 0)
  if (without.length === 0) return []
  const where = without.length === results.length ? '' : ` of ${without.map(({ target }) => target).join(', ')}`
  return [withoutHostText(where)]
}

/** @param where - ` of HOST`, if the report is about several daemons */
export function withoutHostText(where = ''): string {
  return `The files of the host${where} were not read, so their checks were left out. Use --local on the host, or an ssh:// endpoint.`
}

function exceptionNotes(results: readonly AuditResult[]): string[] {
  return exceptionsOf(results).flatMap(({ check, subject, state, until, reason }) => {
    const which = `The exception for ${check}${subject === undefined ? '' : ` of ${subject}`} (${reason})`
    if (state === 'expired') return [`${which} expired on ${until}: mend the finding, or set a new date.`]
    return state === 'unused' ? [`${which} is not needed any more: remove it.`] : []
  })
}

function baselineNotes(results: readonly AuditResult[]): string[] {
  const reports = results.filter(isReport).filter(({ baseline }) => baseline !== undefined)
  const [first] = reports
  if (first?.baseline === undefined) return []
  const { version } = first.baseline
  const without = reports.filter(({ baseline }) => baseline?.hasTarget === false)
  return [
    ...(version === packageVersion()
      ? []
      : [`The baseline was written by docker-mtls ${version}. Findings of checks that it did not have are new.`]),
    ...without.map(({ target }) => `The baseline has no results of ${target}: all of its findings are new.`),
  ]
}
