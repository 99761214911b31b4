const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const OPENSSL_DATE = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{1,4}) GMT$/

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

/**
 * Is the end of a certificate, a rule or a permission over? All of them end at that moment, as OpenSSL reads a certificate: if one of two
 * that end together went on for a moment, another rule would be for its caller.
 */
export function isOver(end: number, now: number): boolean {
  return end <= now
}
