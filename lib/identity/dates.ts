import { DAY_MS } from '../base/expiry.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const OPENSSL_DATE = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{1,4}) GMT$/

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * Reads a date as OpenSSL prints it, `Nov 24 22:13:34 2026 GMT`: Node 20 has certificate dates only as text. `Date.parse`
 * would read the year 31 as 1931 or 2031.
 */
export function readDate(text: string): Date {
  const [, month = '', day, hour, minute, second, year] = OPENSSL_DATE.exec(text) ?? []
  if (!MONTHS.includes(month)) throw new RangeError(`it has the date "${text}"`)
  const date = new Date(0)
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month), Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  return date
}

/** A length of time in its most readable unit: `90 minutes`, `30 hours`, `12 days`. */
export function inWords(milliseconds: number): string {
  const length = Math.abs(milliseconds)
  if (length < MINUTE) return 'less than a minute'
  if (length < 2 * HOUR) return count(length / MINUTE, 'minute')
  return length < 2 * DAY_MS ? count(length / HOUR, 'hour') : count(length / DAY_MS, 'day')
}

/** A date to the minute, in UTC. */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function count(length: number, unit: string): string {
  const number = Math.round(length)
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
