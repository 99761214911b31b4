/** For how long something may take. */
export interface Limits {
  /** In milliseconds. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  /** What the call is aborted with then. */
  readonly late: Error
}

/** Longer than that a timer of Node can't be: it would go off at once. In milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Calls with a signal that aborts with the one that was given, or when the time is over. */
export async function withTimeout<T>(
  { timeout, signal, late }: Limits,
  call: (inTime: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const either = new AbortController()
  const aborted = (): void => either.abort(signal?.reason)
  signal?.addEventListener('abort', aborted)
  const expired = (): void => either.abort(late)
  const timer = timeout === undefined ? undefined : setTimeout(expired, Math.min(timeout, LONGEST_TIMER))
  try {
    return await call(either.signal)
  } finally {
    signal?.removeEventListener('abort', aborted)
    clearTimeout(timer)
  }
}

/** Rejects at once when the signal aborts; what is given up ends by itself. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
