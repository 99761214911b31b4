/** The end of a certificate: no hurry, to be renewed, to be renewed now, or too late. */
export type Expiry = 'later' | 'due' | 'soon' | 'urgent' | 'expired'

/** A lifetime, in milliseconds since 1970. */
export interface Lifetime {
  readonly from: number
  readonly to: number
}

/** A day, in milliseconds. */
export const DAY_MS = 86_400_000

/**
 * For how long, in milliseconds, a revocation, or the rule of a grant, stays after the end of its certificate: the clock of a gateway may
 * be behind. RFC 5280, section 3.3, keeps an entry for one list after its certificate has expired.
 */
export const KEPT_MS = 24 * 3_600_000

/**
 * A certificate is due after two thirds of its lifetime. If the renewal fails, the last third remains to notice it and try
 * again.
 */
export function dueAt({ from, to }: Lifetime): number {
  return from + (2 * (to - from)) / 3
}

/**
 * A certificate that is due expires soon in its last 30 days. It is urgent in its last 7 days and last tenth. One that lives less
 * than two days, such as that of a grant, is meant to end, or renewed by a program: nobody is in a hurry.
 */
export function expiryOf(lifetime: Lifetime, now: number): Expiry {
  const life = lifetime.to - lifetime.from
  const left = lifetime.to - now
  if (left <= 0) return 'expired'
  if (now < dueAt(lifetime) || life < 2 * DAY_MS) return 'later'
  if (left >= 30 * DAY_MS) return 'due'
  return left < 7 * DAY_MS && left * 10 < life ? 'urgent' : 'soon'
}

/** It should be renewed now, and hasn't expired yet. */
export function expiresSoon(lifetime: Lifetime, now: number): boolean {
  const expiry = expiryOf(lifetime, now)
  return expiry === 'soon' || expiry === 'urgent'
}
