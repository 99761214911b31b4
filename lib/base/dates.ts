import { DAY_MS } from './expiry.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

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
