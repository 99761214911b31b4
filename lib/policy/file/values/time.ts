import { refused, type Kind } from './value.ts'

/** `full-date`, `T`, `full-time` (RFC 3339, section 5.6). */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i
/** RFC 3339 has no offsets of a day. */
const OFFSET = /^(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** A moment. The result is in UTC: `2026-11-28T12:00:00.000Z`. A fraction counts to the millisecond. */
export const MOMENT: Kind<string> = {
  expected: 'a date and time with its zone, such as 2026-11-28T12:00:00Z',
  read: (text) => {
    const [, day, time, fraction = '', zone] = RFC_3339.exec(text) ?? []
    const refuse = (why: string) => refused(text, why, `Write ${MOMENT.expected}.`)
    if (zone === undefined)
      return refuse(
        /^\d{4}-\d\d-\d\d[T ][\d:.]+$/i.test(text) ? 'has no zone' : 'is not a date and time as in RFC 3339',
      )
    // Date.parse() takes February 30 for March 2.
    const isThere = readable(`${day}T${time}.000Z`)
    if (!isThere || !OFFSET.test(zone)) return refuse('does not exist')
    return new Date(`${day}T${time}${fraction.slice(0, 4)}${zone.toUpperCase()}`).toISOString()
  },
}

function readable(text: string): boolean {
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toISOString() === text
}
