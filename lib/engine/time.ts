import { ArgumentError } from '../base/errors.ts'
import { shown } from './description.ts'

/**
 * A point in time: a Date; seconds since 1970, with or without a fraction; text with a time zone, as in RFC 3339 and
 * from `Date.toISOString()`: `2026-11-25T10:00:00.000000001Z`; or a duration back from now, such as `90s`, `5m` or
 * `1h30m`, with the units `ns`, `us`, `ms`, `s`, `m` and `h`. Now is the time on this machine for `since` and `until` of
 * logs and events, and the daemon's time for the filter `until`, both as in the docker command.
 */
export type Moment = Date | number | string

/** `date`, `time`, fraction of a second, offset (RFC 3339, section 5.6). */
const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i
const UNIX = /^\d+(\.\d{1,9})?$/
/** A duration, as Go writes it. Without a sign, since the daemon would take `-5m` for a time to come. */
const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/
const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
/** The year 5138. A larger number is in milliseconds. */
const MOST_SECONDS = 1e11

/**
 * Encodes a point in time as `seconds.nanoseconds`, the only format that the daemon reads everywhere (moby,
 * api/types/time: ParseTimestamps). The Docker CLI converts all other formats into this one.
 */
export function encodeMoment(what: string, moment: unknown): string {
  if (moment instanceof Date && moment.getTime() >= 0) return fromMilliseconds(moment.getTime())
  const text = typeof moment === 'string' || typeof moment === 'number' ? fromText(String(moment)) : undefined
  if (text !== undefined) return text
  throw new ArgumentError('ERR_ARGUMENT_INVALID', { tried: what, got: wrongMoment(moment), todo: EXAMPLES })
}

/** For a filter. It leaves durations to the daemon, whose clock has dated the objects that are filtered. */
export function encodeUntil(what: string, moment: unknown): string {
  return typeof moment === 'string' && DURATION.test(moment) ? moment : encodeMoment(what, moment)
}

const EXAMPLES =
  "Pass a Date, seconds since 1970 (Date.now() returns milliseconds), text such as '2026-11-25T10:00:00Z', or a duration back from now such as '5m' or '1h30m'."

function wrongMoment(moment: unknown): string {
  if (typeof moment === 'number') return `${moment} is not a number of seconds since 1970`
  if (typeof moment !== 'string') return 'it is not a date'
  if (/^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(moment)) return `${shown(moment)} has no time with a time zone`
  return `${shown(moment)} is neither a date nor a duration`
}

function fromText(text: string): string | undefined {
  if (UNIX.test(text)) return Number(text) < MOST_SECONDS ? text : undefined
  if (DURATION.test(text)) return fromDuration(text)
  const [, seconds, fraction = '', offset] = RFC_3339.exec(text) ?? []
  const milliseconds = seconds === undefined ? NaN : Date.parse(`${seconds}${offset}`)
  return milliseconds >= 0 ? withFraction(milliseconds / 1000, fraction) : undefined
}

function fromDuration(text: string): string | undefined {
  const parts = [...text.matchAll(/([\d.]+)(\D+)/g)].map(
    ([, count, unit = '']) => Number(count) * (UNITS_MS[unit] ?? NaN),
  )
  const milliseconds = Math.floor(parts.reduce((left, right) => left - right, Date.now()))
  return milliseconds >= 0 ? fromMilliseconds(milliseconds) : undefined
}

function fromMilliseconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return withFraction(seconds, String(milliseconds - seconds * 1000).padStart(3, '0'))
}

function withFraction(seconds: number, fraction: string): string {
  return /^0*$/.test(fraction) ? String(seconds) : `${seconds}.${fraction.padEnd(9, '0')}`
}
