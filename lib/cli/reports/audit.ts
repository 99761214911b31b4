import type { AuditResult, FailedAudit, Summary } from '../../audit/formats/model.ts'
import type { AuditReport } from '../../audit/report.ts'
import { printable } from '../../base/text.ts'
import type { Outcome } from '../../setup/for-each-host.ts'
import { isSuccess } from '../../setup/for-each-host.ts'
import type { Context } from '../command.ts'
import { errorReport, errorText } from '../errors.ts'
import { painter } from '../../base/terminal/colours.ts'

/** A daemon couldn't be audited. */
export interface FailedTarget {
  /** The endpoint, as far as it is known. */
  readonly target: string
  readonly error: unknown
}

/** A daemon that couldn't be audited, for a report in any format. */
function failedAudit({ target, error }: FailedTarget, { io }: Context): FailedAudit {
  const { code, message, tried, got, todo } = errorReport(error, io.env).error
  return { target, error: { code, message: tried === undefined ? message : `${tried}: ${got}. ${todo}` } }
}

/** Prints a failure on stderr with the name of its daemon, whatever the format of the report is. */
function reportFailure({ target, error }: FailedTarget, { io, say }: Context): void {
  const { code, text } = errorText(error, io.env)
  say(`${painter(io.stderr, io.env)('red', `${code}:`)} ${printable(target)}: ${text}`)
}

/** Reports in the order of the daemons. */
export function resultsOf(outcomes: readonly Outcome<AuditReport | FailedTarget>[], context: Context): AuditResult[] {
  return outcomes.map((outcome) => {
    const found = isSuccess(outcome) ? outcome.value : { target: outcome.host, error: outcome.error }
    if ('findings' in found) return found
    reportFailure(found, context)
    return failedAudit(found, context)
  })
}

/** Nothing was found from --fail-on on. */
const GOOD = 0
const NOT_AUDITED = 1
const FOUND = 3

/** A daemon that wasn't audited counts more than findings: what it has is unknown. */
export function exitCodeOf({ notAudited, incomplete, failing }: Summary): number {
  if (notAudited + incomplete > 0) return NOT_AUDITED
  return failing > 0 ? FOUND : GOOD
}
