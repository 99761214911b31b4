import { DAY_MS } from '../../base/expiry.ts'
import { formatDate, inWords } from '../../base/dates.ts'
import { day, daysLeft } from './dates.ts'

/** `397 days left`, `10 minutes left`, or `expired`. */
export function left(date: Date): string {
  const milliseconds = date.getTime() - Date.now()
  if (milliseconds < 0) return 'expired'
  if (isBrief(milliseconds)) return `${inWords(milliseconds)} left`
  const days = daysLeft(date)
  return days === 1 ? '1 day left' : `${days} days left`
}

/** `until 2027-12-26 (397 days left)`; in the last day with the time. */
export function until(date: Date): string {
  const milliseconds = date.getTime() - Date.now()
  if (milliseconds < 0) return `expired ${day(date)}`
  return `until ${isBrief(milliseconds) ? formatDate(date) : day(date)} (${left(date)})`
}

/** The same of a revocation list. */
export function untilOf(date: Date, endsWithCa: boolean): string {
  return until(date) + (endsWithCa ? ', as long as the CA' : '')
}

/** Less than what is rounded to a day. */
const isBrief = (milliseconds: number): boolean => milliseconds < DAY_MS / 2
