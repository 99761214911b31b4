import type { Decision } from './decide.ts'
import type { Reason } from './request.ts'

/** A body may have thousands of faults. */
const MOST_REASONS = 10

/** For the caller: which rule refuses the request, and why. */
export function refusalText({ rule, level, reasons }: Pick<Decision, 'rule' | 'level' | 'reasons'>): string {
  const by = rule === undefined ? 'the policy' : `the rule ${rule} (${level})`
  return `${by} refuses this: ${reasons.slice(0, MOST_REASONS).map(reasonText).join('; ')}`
}

/** A reason in a sentence. It quotes names in the request, which may have megabytes. */
export function reasonText({ code, where = '', got }: Reason): string {
  return `${where === '' ? '' : `${cut(where)}: `}${cut(got)} (${code})`
}

/** Longer than our own sentences. */
const LONGEST_TEXT = 400

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // A copy: a part of a text keeps the whole text in memory.
  return `${Buffer.from(text.slice(0, LONGEST_TEXT)).toString()}…`
}
