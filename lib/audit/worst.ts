import { pass, type Status, type Verdict } from './verdict.ts'

const FROM_WORST: readonly Status[] = ['fail', 'unknown', 'warn', 'pass', 'not-applicable']
/** Enough to act upon. */
const SHOWN = 5

/**
 * The worst of several verdicts, with the details of all that are as bad.
 *
 * @param none - if there are none
 */
export function worst(verdicts: readonly Verdict[], none: Verdict = pass()): Verdict {
  const status = FROM_WORST.find((one) => verdicts.some((verdict) => verdict.status === one))
  if (status === undefined) return none
  const details = verdicts.flatMap((verdict) => (verdict.status === status ? (verdict.detail ?? []) : []))
  const different = [...new Set(details)]
  return { status, ...(different.length > 0 && { detail: summarize(different) }) }
}

function summarize(details: readonly string[]): string {
  const more = details.length - SHOWN
  return `${details.slice(0, SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
