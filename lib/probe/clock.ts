import type { Target } from './options.ts'
import { withTimeout } from '../base/abort.ts'

/**
 * Calls with a signal that aborts when the time is over, when the caller aborts, and when the call has ended: then
 * nothing of it stays open. All looks at one server share the time, so that a silent one doesn't cost it each time.
 */
export async function inTime<Result>(
  { timeout, signal }: Pick<Target, 'timeout' | 'signal'>,
  call: (inTime: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const late = Object.assign(new Error(`no answer withTimeout ${timeout} ms`), { code: 'ETIMEDOUT' })
  try {
    const result = await withTimeout({ timeout, signal, late }, (either) =>
      call(AbortSignal.any([either, over.signal])),
    )
    signal?.throwIfAborted()
    return result
  } finally {
    over.abort()
  }
}

/** Runs now or when the signal aborts; what it returns takes that back. */
export function onAbort(signal: AbortSignal, then: () => void): () => void {
  if (signal.aborted) then()
  else signal.addEventListener('abort', then, { once: true })
  return () => signal.removeEventListener('abort', then)
}
