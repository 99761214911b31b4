import { ArgumentError } from '../base/errors.ts'

/**
 * A point in time: a Date, seconds since 1970 with or without a fraction, or text in one of the two formats that the
 * daemon uses: RFC 3339, `2026-11-25T10:00:00.000000001Z`, or `seconds.nanoseconds`.
 */
export type Moment = Date | number | string

/** `date`, `time`, fraction of a second, offset (RFC 3339, section 5.6). */
const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i
const UNIX = /^\d+(\.\d{1,9})?$/
/** The year 5138. A larger number is in milliseconds. */
const MOST_SECONDS = 1e11

/**
 * Encodes a point in time as `seconds.nanoseconds`, the only format that the daemon reads (moby, api/types/time:
 * ParseTimestamps). The Docker CLI converts all other formats into this one.
 */
export function encodeMoment(what: string, moment: unknown): string {
  if (moment instanceof Date && !Number.isNaN(moment.getTime())) return fromMilliseconds(moment.getTime())
  const isText = typeof moment === 'string' || (typeof moment === 'number' && moment < MOST_SECONDS)
  const text = isText ? fromText(String(moment)) : undefined
  if (text !== undefined) return text
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: what,
    got: typeof moment === 'number' ? `${moment} is not a number of seconds since 1970` : 'it is not a date',
    todo: 'Pass a Date, seconds since 1970 (Date.now() returns milliseconds), or text such as 2026-11-25T10:00:00Z.',
  })
}

function fromText(text: string): string | undefined {
  if (UNIX.test(text)) return text
  const [, seconds, fraction = '', offset] = RFC_3339.exec(text) ?? []
  const milliseconds = seconds === undefined ? NaN : Date.parse(`${seconds}${offset}`)
  return Number.isNaN(milliseconds) ? undefined : withFraction(milliseconds / 1000, fraction)
}

function fromMilliseconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return withFraction(seconds, String(milliseconds - seconds * 1000).padStart(3, '0'))
}

function withFraction(seconds: number, fraction: string): string {
  return /^0*$/.test(fraction) ? String(seconds) : `${seconds}.${fraction.padEnd(9, '0')}`
}
