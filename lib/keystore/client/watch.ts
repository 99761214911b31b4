import { setTimeout as delay } from 'node:timers/promises'
import { endsRenewals, type RenewedClient } from './renew.ts'

/** Which part of a life passes before the next renewal: at least, and at most, so that clients don't come all at once. */
const EARLIEST = 0.45
const LATEST = 0.65
/** Between two looks at the clock, in milliseconds: a machine may sleep. */
const LOOK_MS = 30_000
/** Between two attempts, in milliseconds: at least, and at most. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000

/** What a watch does, and whom it tells. */
export interface Watch {
  readonly renew: () => Promise<RenewedClient>
  /** When the certificate in use ends. */
  readonly end: () => Date
  readonly onRenewed: (renewed: RenewedClient, next: Date) => void
  /** It is tried again. */
  readonly onFailure: (error: unknown, next: Date) => void
  readonly signal: AbortSignal
  /** From 0 to 1. */
  readonly random?: () => number
}

/**
 * Renews a certificate again and again, each time before two thirds of its life, until the signal. The first renewal is at once: it
 * shows that the gateway allows it, and replaces a certificate that may live for long.
 *
 * @throws what the last attempt threw, if the gateway refuses for good, or the certificate has ended
 */
export async function watchRenewals({
  renew,
  end,
  onRenewed,
  onFailure,
  signal,
  random = Math.random,
}: Watch): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    let next: number
    try {
      const renewed = await renew()
      failures = 0
      next = dueAfter(renewed.client.validTo.getTime(), random())
      onRenewed(renewed, new Date(next))
    } catch (error) {
      if (signal.aborted) return
      const left = end().getTime() - Date.now()
      if (endsRenewals(error) || left <= 0) throw error
      next = Date.now() + pauseAfter(failures++, left, random())
      onFailure(error, new Date(next))
    }
    await until(next, signal)
  }
}

function dueAfter(end: number, random: number): number {
  const now = Date.now()
  return now + Math.max(end - now, 0) * (EARLIEST + (LATEST - EARLIEST) * random)
}

/** Longer after each failure, but short enough that several attempts are left. */
function pauseAfter(failures: number, left: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, left / 8)
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), longest) * (0.5 + random / 2)
  return Math.max(pause, FIRST_PAUSE_MS / 5)
}

async function until(next: number, signal: AbortSignal): Promise<void> {
  for (let left = next - Date.now(); left > 0 && !signal.aborted; left = next - Date.now())
    await delay(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined)
}
