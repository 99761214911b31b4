import { linkSignals, withTimeout } from '../base/abort.ts'
import { refuseForeignRuntime } from '../base/runtime.ts'
import { errorWithCode } from '../base/system-error.ts'
import type { Target } from './options.ts'

/**
 * Calls with a signal that aborts when the time is up, when the caller aborts, and when the call has ended, so that no
 * connection stays open. All connections of a probe share the time, so a silent server delays it only once.
 *
 * @throws ConnectionError ERR_RUNTIME_UNSUPPORTED in Deno and Bun
 */
export async function withDeadline<Result>(
  { timeout, signal }: Pick<Target, 'timeout' | 'signal'>,
  call: (deadline: AbortSignal) => Promise<Result>,
): Promise<Result> {
  refuseForeignRuntime('inspecting a server')
  const late = errorWithCode('ETIMEDOUT', `no answer within ${timeout} ms`)
  const result = await withTimeout({ timeout, signal, late }, async (inTime) => {
    const linked = linkSignals(inTime)
    try {
      return await call(linked.signal)
    } finally {
      linked.abort()
    }
  })
  signal?.throwIfAborted()
  return result
}
