import { refused, type Kind } from './value.ts'

/** In seconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

const LEAST = 5
const MOST_DAYS = 90

/** How long a renewed certificate lives, in seconds. */
export const LIFE: Kind<number> = {
  expected: 'a length of time, such as 10m or 8h',
  read: (text) => {
    const [, digits = '', unit = ''] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
    const seconds = Number(digits) * (UNITS[unit] ?? 0)
    if (seconds === 0) return refused(text, 'is not a length of time', 'Write a number with s, m, h or d, such as 10m.')
    if (seconds < LEAST) return refused(text, 'is too short', `Write ${LEAST}s or more.`)
    if (seconds > MOST_DAYS * 86_400)
      return refused(text, 'is too long', `Write ${MOST_DAYS}d or less, or issue the certificate with that life.`)
    return seconds
  },
}
