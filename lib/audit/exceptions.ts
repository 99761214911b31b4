import { z } from 'zod'
import { AuditError } from '../base/errors.ts'
import { parseJsonDocument } from '../base/json.ts'
import { similarName } from '../base/options.ts'
import { quoted } from '../base/text.ts'
import type { Finding } from './check.ts'
import { CHECKS } from './checks.ts'
import { lastingName, nameOf } from './subject.ts'

/** Accepts findings of a check until a date. */
export interface AuditException {
  /** The id of the check. */
  readonly check: string
  /** The name or id of a container, image or network. Without it, all subjects of the check are accepted. */
  readonly subject?: string | undefined
  /** The daemon as a report writes it. Without it, the exception applies to every daemon. */
  readonly target?: string | undefined
  /** Why the finding is accepted, and by whom. */
  readonly reason: string
  /** The last day on which it applies, in UTC: `2027-03-31`. */
  readonly until: string
}

/** `used`: it accepted a finding. `not-checked`: it is for another daemon, or for a check that wasn't run. */
export type ExceptionState = 'used' | 'unused' | 'expired' | 'not-checked'

/** An exception, and whether the audit used it. */
export interface ExceptionUse extends AuditException {
  /** Whether the audit used it. */
  readonly state: ExceptionState
}

const TEXT = z.string().refine((text) => text.trim() !== '')
const DAY = z.string().refine((text) => /^\d{4}-\d\d-\d\d$/.test(text) && lastMoment(text) > 0)
const EXCEPTION = z.strictObject({
  check: TEXT,
  subject: TEXT.optional(),
  target: TEXT.optional(),
  reason: TEXT,
  until: DAY,
})
const KEYS = Object.keys(EXCEPTION.shape)
const EXPECTED: Readonly<Record<string, string>> = {
  check: 'the id of a check',
  subject: 'the name of a container, image or network',
  target: 'a daemon as a report writes it',
  reason: 'a sentence that says why this is accepted',
  until: 'the last day, as YYYY-MM-DD',
}

/**
 * Parses a file with exceptions: `{ "exceptions": [{ "check", "subject", "target", "reason", "until" }] }`.
 *
 * @param text - JSON
 * @throws {@link AuditError} ERR_AUDIT_EXCEPTIONS_INVALID
 * @example
 * ```ts
 * const exceptions = parseExceptions(await readFile('exceptions.json', 'utf8'))
 * const report = await audit(docker, { exceptions })
 * ```
 */
export function parseExceptions(text: string): AuditException[] {
  const file = z.strictObject({ exceptions: z.array(z.unknown()) }).safeParse(parsed(text))
  if (!file.success) throw invalid('it is not { "exceptions": [...] }', 'Write one object with a list.')
  return checkExceptions(file.data.exceptions)
}

/** Checks each exception. `reason` and `until` are required: an exception that nobody has to think about again is a hole. */
export function checkExceptions(exceptions: readonly unknown[]): AuditException[] {
  return exceptions.map((exception, index) => checkException(exception, `exception ${index + 1}`))
}

function checkException(exception: unknown, which: string): AuditException {
  const checked = EXCEPTION.safeParse(exception)
  if (!checked.success) throw wrongKey(checked.error.issues, which)
  const { check } = checked.data
  const ids = CHECKS.map(({ id }) => id)
  if (ids.includes(check)) return checked.data
  const near = similarName(check, ids)
  const hint = near === undefined ? 'Use an id from a report.' : `Did you mean ${near}?`
  throw invalid(`${which} is for the check ${quoted(check)}, which does not exist`, hint)
}

type Issue = z.core.$ZodIssue

function wrongKey(issues: readonly Issue[], which: string): AuditError {
  const strange = issues.find((issue) => issue.code === 'unrecognized_keys')?.keys[0]
  if (strange !== undefined) return invalid(`${which} has a key ${quoted(strange)}`, `The keys are ${KEYS.join(', ')}.`)
  const key = String(issues[0]?.path[0] ?? '')
  const expected = EXPECTED[key]
  if (expected === undefined) return invalid(`${which} is not an object`, `The keys are ${KEYS.join(', ')}.`)
  return invalid(`${key} of ${which} is not ${expected}`, `Set ${key} to ${expected}.`)
}

function parsed(text: string): unknown {
  try {
    return parseJsonDocument(text)
  } catch (cause) {
    throw invalid('it is not valid JSON', 'Correct the file.', cause)
  }
}

function invalid(got: string, todo: string, cause?: unknown): AuditError {
  return new AuditError('ERR_AUDIT_EXCEPTIONS_INVALID', { tried: 'reading the exceptions', got, todo, cause })
}

/** The end of a day in UTC, or NaN for a day such as 2027-02-30. */
function lastMoment(day: string): number {
  const start = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(start.getTime()) || start.toISOString().slice(0, 10) !== day) return Number.NaN
  return start.getTime() + 86_400_000 - 1
}

/** Has its last day passed? Without a known time, it has: an exception must not outlive its date. */
export function hasExpired({ until }: AuditException, now: Date): boolean {
  return !(now.getTime() <= lastMoment(until))
}

/** Does an exception speak of this finding? Its date is not looked at. */
export function covers({ check, subject }: AuditException, finding: Finding): boolean {
  if (check !== finding.check) return false
  if (subject === undefined) return true
  if (finding.subject.kind === 'daemon') return false
  const { kind, id } = finding.subject
  const name = nameOf(finding.subject)
  return [id, name, lastingName({ kind, name })].includes(subject)
}
