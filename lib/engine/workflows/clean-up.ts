import { onAbort } from '../../base/abort.ts'
import { ConflictError, NotFoundError } from '../../base/errors.ts'
import type { Containers } from '../containers/containers.ts'

/** How long the daemon may take to finish creating a container after an abort, and to remove one, in milliseconds. */
export const CLEAN_UP_MS = 30_000

/** Calls with a signal that aborts some time after the given one: what the call creates can then be removed. */
export async function withGrace<T>(
  signal: AbortSignal | undefined,
  milliseconds: number,
  call: (late: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const cancel =
    signal &&
    onAbort(signal, () => {
      timer = setTimeout(() => late.abort(signal.reason), milliseconds)
    })
  try {
    return await call(late.signal)
  } finally {
    cancel?.()
    clearTimeout(timer)
  }
}

/** Removes a container with its anonymous volumes, even if it runs, and also after an abort. Afterwards it is gone. */
export async function removeAll(containers: Containers, id: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_MS)
  try {
    await containers.remove(id, { force: true, v: true, signal })
  } catch (error) {
    if (!isNotFound(error) && !isBeingRemoved(error)) throw error
    // Somebody else removes it, or the daemon itself, because it has ended.
    if (isBeingRemoved(error)) await untilRemoved(containers, id, signal)
  }
}

async function untilRemoved(containers: Containers, id: string, signal: AbortSignal): Promise<void> {
  try {
    await containers.wait(id, { condition: 'removed', signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

const isNotFound = (error: unknown): boolean => error instanceof NotFoundError

function isBeingRemoved(error: unknown): boolean {
  return error instanceof ConflictError && /already in progress/.test(error.daemonMessage ?? '')
}
