import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError } from '../../../lib/base/errors.ts'
import { connect, type DockerClient } from '../../../lib/index.ts'

/** One call of a client that calls all the time. */
export interface Poll {
  /** Milliseconds since 1970, as systemd says when it has restarted something. */
  readonly start: number
  readonly end: number
  /** Why it failed. */
  readonly failure?: string
}

/** A client that calls a daemon over mTLS all the time. */
export interface Poller {
  readonly name: string
  readonly polls: readonly Poll[]
  /** Waits for this many more, from now on. */
  more(count: number): Promise<void>
  stop(): Promise<void>
}

const PAUSE_MS = 50

/**
 * Calls a daemon all the time, with the files of a folder as they are at that moment.
 *
 * @param how - `anew`: with a new client each time, as a command does. `lasting`: with one client that lives on, as a
 *   program does that reads its files again when they change
 */
export function startPolling(name: string, host: string, certPath: string, how: 'anew' | 'lasting'): Poller {
  const polls: Poll[] = []
  let client: DockerClient | undefined
  const { signal, abort } = stoppable()
  const call = async (): Promise<void> => {
    const used = (client ??= await connect({ host, certPath }, {}))
    try {
      await used.ping()
    } finally {
      if (how === 'anew') {
        client = undefined
        await used.close()
      }
    }
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const start = Date.now()
      const failure = await call().then(() => undefined, told)
      polls.push({ start, end: Date.now(), ...(failure !== undefined && { failure }) })
      await delay(PAUSE_MS)
    }
    await client?.close()
  }
  const running = loop()
  const more = async (count: number): Promise<void> => {
    for (const wanted = polls.length + count; polls.length < wanted && !signal.aborted;) await delay(PAUSE_MS)
  }
  const stop = (): Promise<void> => {
    abort()
    return running
  }
  return { name: `${name}, ${how}`, polls, more, stop }
}

function stoppable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

function told(error: unknown): string {
  return isDockerMtlsError(error) ? error.code : String(error)
}
