import { z } from 'zod'
import { AuditError } from '../base/errors.ts'
import { parseJsonDocument } from '../base/json.ts'
import { packageVersion } from '../base/package-version.ts'
import type { Finding, Severity } from './check.ts'
import { isAtLeast } from './names.ts'
import { findingKey, nameOf } from './subject.ts'
import type { Status } from './verdict.ts'

/** Raised when an older baseline would be misread. */
export const REPORT_FORMAT = 1

const STATUS = z.enum(['pass', 'fail', 'warn', 'not-applicable', 'unknown'])
const SEVERITY = z.enum(['critical', 'high', 'medium', 'low'])
/** Another version may have other kinds. */
const KIND = z.string()
const FINDING = z.object({
  check: z.string(),
  severity: SEVERITY,
  status: STATUS,
  subject: z.object({ kind: KIND, name: z.string() }),
  detail: z.string().optional(),
  exception: z.object({}).optional(),
})
const HOST = z.object({ target: z.string(), findings: z.array(FINDING).optional() })
const BASELINE: z.ZodType<Baseline> = z.object({
  format: z.literal(REPORT_FORMAT),
  tool: z.object({ version: z.string() }),
  hosts: z.array(HOST),
})

/** The parts of an earlier JSON report that a new report is compared with. */
export interface Baseline {
  /** The format of the report. */
  readonly format: typeof REPORT_FORMAT
  /** The program that wrote it. */
  readonly tool: {
    /** The version of docker-mtls. */
    readonly version: string
  }
  /** The daemons of the report. */
  readonly hosts: readonly {
    /** The endpoint as users write it. */
    readonly target: string
    /** Absent if the daemon couldn't be audited. */
    readonly findings?: readonly BaselineFinding[] | undefined
  }[]
}

/** A finding of an earlier report. */
export interface BaselineFinding {
  /** The id of the check. This version may not have the check any more. */
  readonly check: string
  /** The severity of the check at that time. */
  readonly severity: Severity
  /** The status at that time. */
  readonly status: Status
  /** The daemon or object that the finding is about. */
  readonly subject: {
    /** The kind of subject, perhaps one that this version doesn't know. */
    readonly kind: string
    /** The name by which findings are compared. */
    readonly name: string
  }
  /** What was found. */
  readonly detail?: string | undefined
  /** Present if it was accepted. It is then no baseline: when the exception ends, the finding is new. */
  readonly exception?: object | undefined
}

/** A finding compared with the baseline. `new`: the baseline has no result for this check and subject. */
export type Change = 'new' | 'worse' | 'same' | 'better'

/**
 * Parses an earlier JSON report, written by `audit --format json` or `renderReport(report, 'json')`. Another version of
 * docker-mtls may have written it.
 *
 * @param text - JSON
 * @throws {@link AuditError} ERR_AUDIT_BASELINE_INVALID
 * @example
 * ```ts
 * const baseline = parseBaseline(await readFile('last-week.json', 'utf8'))
 * const report = auditSnapshot(await collectSnapshot(docker), { baseline })
 * ```
 */
export function parseBaseline(text: string): Baseline {
  let value: unknown
  try {
    value = parseJsonDocument(text)
  } catch (cause) {
    throw invalid('it is not valid JSON', cause)
  }
  const checked = BASELINE.safeParse(value)
  if (checked.success) return checked.data
  const other = z.object({ format: z.number(), hosts: z.array(z.unknown()) }).safeParse(value)
  throw other.success && other.data.format !== REPORT_FORMAT
    ? invalid(
        `it has the format ${other.data.format}, and this version of docker-mtls reads the format ${REPORT_FORMAT}`,
      )
    : invalid('it is not a JSON report of an audit')
}

function invalid(got: string, cause?: unknown): AuditError {
  return new AuditError('ERR_AUDIT_BASELINE_INVALID', {
    tried: 'reading the baseline',
    got,
    todo: 'Write it again, with the format json.',
    cause,
  })
}

/** An earlier result of a check for all subjects of one name. */
interface Earlier extends Pick<BaselineFinding, 'severity' | 'status'> {
  /** Undefined if they can't be compared. */
  readonly details: readonly string[] | undefined
}

/** The findings of one daemon in a baseline, by {@link findingKey}. Undefined if the baseline has none for it. */
export function baselineOf({ hosts, tool }: Baseline, target: string): Map<string, Earlier> | undefined {
  const findings = hosts.find((host) => host.target === target)?.findings
  if (findings === undefined) return undefined
  // Another version may say the same in other words.
  const isComparable = tool.version === packageVersion()
  const found = new Map<string, Earlier>()
  for (const { check, subject, severity, status, detail = '', exception } of findings) {
    if (exception !== undefined) continue
    const key = findingKey(check, subject)
    const other = found.get(key)
    // Of two subjects with the same name, the better one counts, so that no failure is hidden behind another.
    if (other !== undefined && RANK[status] > RANK[other.status]) continue
    const others = other?.status === status ? (other.details ?? []) : []
    found.set(key, { severity, status, details: isComparable ? [...others, detail] : undefined })
  }
  return found
}

const RANK: Readonly<Record<Status, number>> = { pass: 0, 'not-applicable': 0, unknown: 1, warn: 2, fail: 3 }

/** Compares a finding with the one of the baseline. */
export function changeOf(
  finding: Finding & { readonly severity: Severity },
  before: ReadonlyMap<string, Earlier> | undefined,
): Change {
  const { check, subject, status, severity, detail = '' } = finding
  const was = before?.get(findingKey(check, { kind: subject.kind, name: nameOf(subject) }))
  if (was === undefined) return 'new'
  if (RANK[status] > RANK[was.status]) return 'worse'
  if (status !== was.status) {
    // A failure that can't be seen any more is not mended, and neither is an exchange of passed and not applicable a change.
    return status === 'unknown' || RANK[status] === RANK[was.status] ? 'same' : 'better'
  }
  if (status !== 'fail' && status !== 'warn') return 'same'
  if (severity !== was.severity && isAtLeast(severity, was.severity)) return 'worse'
  return was.details?.every((earlier) => saysMore(detail, earlier)) ? 'worse' : 'same'
}

/**
 * Whether a detail has words that an earlier one has not, such as one more capability. Numbers and ids are all alike: ports, dates
 * and the ids of containers change by themselves.
 */
function saysMore(detail: string, earlier: string): boolean {
  const left = wordsOf(earlier)
  return wordsOf(detail).some((word) => {
    const at = left.indexOf(word)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

function wordsOf(detail: string): string[] {
  return detail.split(/[\s,;]+/).map((word) => word.replaceAll(/\b[\da-f]{12,}\b/g, '0').replaceAll(/\d+/g, '0'))
}
