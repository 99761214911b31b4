import { ArgumentError } from '../../base/errors.ts'
import { DAY_MS } from '../../pki/lifetime.ts'

const UNITS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS }

/** A century, as for the life of an authority: more is a slip. */
const MAX_MS = 36_500 * DAY_MS

/**
 * Reads a length of time such as `12h`, `30d` or `2w`.
 *
 * @param text - a whole number, and h, d or w
 * @param where - what it was given to, for messages
 * @returns milliseconds
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 */
export function parseDuration(text: string, where: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([hdw])$/.exec(text) ?? []
  const milliseconds = Number(digits) * (UNITS[unit] ?? 0)
  if (milliseconds > 0 && milliseconds <= MAX_MS) return milliseconds
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${where} ${JSON.stringify(text)}`,
    got: milliseconds > MAX_MS ? 'it is more than a century' : 'it is no length of time',
    todo: 'Give a whole number of hours, days or weeks: 12h, 30d or 2w.',
  })
}
