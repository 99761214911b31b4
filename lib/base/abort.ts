import { setMaxListeners } from 'node:events'

/** A time limit. */
export interface TimeLimit {
  /** In milliseconds. */
  readonly timeout: number
  /** The reason of the abort when the time is up, or what creates it: an error that is never thrown costs time, too. */
  readonly late: Error | (() => Error)
}

/** The time limit of a call, and the signal that ends it. */
export interface Limits {
  /** In milliseconds; undefined: no limit. */
  readonly timeout?: number | undefined
  readonly signal: AbortSignal | undefined
  /** Another signal that ends it. */
  readonly closed?: AbortSignal | undefined
  /** As in {@link TimeLimit}. */
  readonly late?: TimeLimit['late'] | undefined
}

/** A signal that follows others, and can also be aborted on its own. */
export interface LinkedSignal {
  readonly signal: AbortSignal
  readonly abort: (reason?: unknown) => void
  /** Stops following. Always call it: a long-lived signal would keep every listener. */
  readonly unlink: () => void
}

/** The longest timer in milliseconds: for anything longer, setTimeout() fires at once (Node, timers). */
export const LONGEST_TIMER: number = 2 ** 31 - 1

/** Many calls may share one signal, and Node prints a warning from the eleventh listener on. */
export function allowManyListeners(signal: AbortSignal): void {
  if (signal instanceof EventTarget) setMaxListeners(0, signal)
}

/** Runs now if the signal is aborted, else when it aborts. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  else {
    allowManyListeners(signal)
    signal.addEventListener('abort', listener, { once: true })
  }
  return () => signal.removeEventListener('abort', listener)
}

/** Aborts with whichever signal aborts first. AbortSignal.any() would leave listeners on long-lived signals. */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController()
  const unlinks = signals.flatMap((signal) =>
    signal === undefined ? [] : [onAbort(signal, () => controller.abort(signal.reason))],
  )
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => unlinks.forEach((unlink) => unlink()),
  }
}

/** A signal that aborts when one of the given ones does, or when the time is up. */
export function limitSignal({ timeout, signal, closed, late }: Limits): LinkedSignal {
  const linked = linkSignals(signal, closed)
  if (timeout === undefined) return linked
  const expired = (): void => linked.abort(typeof late === 'function' ? late() : late)
  const timer = setTimeout(expired, Math.min(timeout, LONGEST_TIMER))
  const unlink = (): void => {
    clearTimeout(timer)
    linked.unlink()
  }
  return { ...linked, unlink }
}

/** Calls with a signal that aborts when the given signal does, or when the time is up. */
export async function withTimeout<T>(limits: Limits, call: (inTime: AbortSignal) => Promise<T>): Promise<T> {
  limits.signal?.throwIfAborted()
  const { signal, unlink } = limitSignal(limits)
  try {
    return await call(signal)
  } finally {
    unlink()
  }
}

/** Waits. Rejects with the signal's own reason; node:timers/promises would reject with an AbortError. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget?.()
      resolve()
    }, milliseconds)
    const forget =
      signal &&
      onAbort(signal, () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
  })
}

/** Rejects as soon as the signal aborts. The work itself continues, and its result is dropped. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const cancel = onAbort(signal, () => reject(signal.reason))
    promise.then(resolve, reject).finally(cancel)
  })
}
