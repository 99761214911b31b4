import type { Check, CheckFacts } from './check.ts'
import { CHECKS } from './checks.ts'

/** The facts of a check without its function: data that can be written as JSON. */
export function factsOf({ id, title, family, severity, cis, why, remedy, references }: Check): CheckFacts {
  return { id, title, family, severity, cis, why, remedy, references }
}

/** The facts of all checks, in the order of the report. */
export const CHECK_FACTS: readonly CheckFacts[] = CHECKS.map(factsOf)
