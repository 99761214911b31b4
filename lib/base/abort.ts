/** How long a call may take, and what else ends it. */
export interface Limits {
  /** In milliseconds; no limit where it is undefined. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  /** The reason that the call is aborted with when the time is up. */
  readonly late: Error
}

/** A signal that follows others, and can be aborted by itself. */
export interface LinkedSignal {
  readonly signal: AbortSignal
  readonly abort: (reason?: unknown) => void
  /** Stops following. Call it in any case: a signal that lives long would keep every listener. */
  readonly unlink: () => void
}

/** setTimeout() fires at once for anything longer (Node, timers). In milliseconds. */
export const LONGEST_TIMER: number = 2 ** 31 - 1

/** Runs now if the signal is aborted, else when it aborts. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Aborts with whichever signal aborts first. AbortSignal.any() would leave something behind in the ones that live on. */
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

/** Calls with a signal that aborts when the given signal does, or when the time is up. */
export async function withTimeout<T>(
  { timeout, signal, late }: Limits,
  call: (inTime: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const linked = linkSignals(signal)
  const expired = (): void => linked.abort(late)
  const timer = timeout === undefined ? undefined : setTimeout(expired, Math.min(timeout, LONGEST_TIMER))
  try {
    return await call(linked.signal)
  } finally {
    linked.unlink()
    clearTimeout(timer)
  }
}

/** Rejects as soon as the signal aborts; the work itself goes on, and nobody sees its result. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const cancel = onAbort(signal, () => reject(signal.reason))
    promise.then(resolve, reject).finally(cancel)
  })
}
