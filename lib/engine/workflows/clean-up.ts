import { onAbort } from '../../base/abort.ts'
import { ConflictError, NotFoundError } from '../../base/errors.ts'
import { REMOVAL_RUNS } from '../../base/wordings/one-call.ts'
import type { ContainerRemoveOptions, ContainerWaitOptions } from '../containers/options.ts'
import type { StepOptions } from './in-time.ts'

/** How long the daemon may take to finish creating a container after an abort, and to remove one, in milliseconds. */
export const CLEAN_UP_MS = 30_000

/** The calls that remove a container. */
export interface RemovalCalls {
  remove(id: string, options: ContainerRemoveOptions): Promise<void>
  wait(id: string, options: ContainerWaitOptions): Promise<unknown>
}

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
export async function removeAll(containers: RemovalCalls, id: string): Promise<void> {
  await removeContainer(containers, id, { v: true, signal: AbortSignal.timeout(CLEAN_UP_MS) })
}

/** Removes a container, even if it runs. Afterwards it is gone. Returns whether this call removed it. */
export async function removeContainer(
  containers: RemovalCalls,
  id: string,
  options: Pick<ContainerRemoveOptions, 'v' | 'signal' | 'idleTimeout'>,
): Promise<boolean> {
  try {
    await containers.remove(id, { ...options, force: true })
    return true
  } catch (error) {
    if (!isNotFound(error) && !isBeingRemoved(error)) throw error
    // Somebody else removes it, or the daemon itself, because it has ended.
    const { signal, idleTimeout } = options
    if (isBeingRemoved(error)) await untilRemoved(containers, id, { signal, idleTimeout })
    return false
  }
}

async function untilRemoved(containers: RemovalCalls, id: string, options: StepOptions): Promise<void> {
  try {
    await containers.wait(id, { condition: 'removed', ...options })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

const isNotFound = (error: unknown): boolean => error instanceof NotFoundError

function isBeingRemoved(error: unknown): boolean {
  return error instanceof ConflictError && REMOVAL_RUNS.pattern.test(error.daemonMessage ?? '')
}
