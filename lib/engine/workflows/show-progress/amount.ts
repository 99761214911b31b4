import { nameOf } from './texts.ts'

/** How much of something is done. */
export interface Amount {
  readonly current: number
  /** Absent if it isn't known. */
  readonly total: number | undefined
  /** Absent: bytes. */
  readonly units: string | undefined
}

/** Reads an amount from numbers of a daemon, which may be anything. */
export function amountOf(current: unknown, total: unknown, units?: unknown): Amount | undefined {
  if (!isCount(current) || (current === 0 && !isCount(total))) return undefined
  const all = isCount(total) && total > 0 ? total : undefined
  // A push counts the headers of its tar, too.
  const done = all === undefined ? current : Math.min(current, all)
  return { current: done, total: all, units: nameOf(units) || undefined }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** The sum of amounts, in bytes. */
export function sumOf(amounts: Iterable<Amount>): Amount {
  let [current, total] = [0, 0]
  for (const amount of amounts) {
    current += amount.current
    total += amount.total ?? 0
  }
  return { current, total: total >= current && total > 0 ? total : undefined, units: undefined }
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `38.4 kB`, or the number alone, for `of` in the same unit. */
function inBytes(count: number, of: number = count): readonly [number: string, unit: string] {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, of)) / 3)))
  return [step === 0 ? String(count) : (count / 1000 ** step).toFixed(1), UNITS[step] ?? '']
}

/** `31.5 MB`. */
export const size = (count: number): string => inBytes(count).join(' ')

/** `12.3 of 31.5 MB`, `3 s`. */
export function amountText({ current, total, units }: Amount): string {
  if (units !== undefined) return `${total === undefined ? '' : `${current} of `}${total ?? current} ${units}`
  if (total === undefined) return size(current)
  return `${inBytes(current, total)[0]} of ${size(total)}`
}
