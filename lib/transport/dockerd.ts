import type { Duplex } from 'node:stream'
import type { Dispatcher as UndiciDispatcher } from 'undici'
import { unlessAborted, withTimeout } from '../base/abort.ts'
import { ConnectionError } from '../base/errors.ts'
import { quoted } from '../base/text.ts'
import { Collector, type WireAnswer } from './collector.ts'
import { ping } from './ping.ts'
import type { Target } from './target.ts'
import { RESPONSE_TIMEOUT_MS } from './tls-policy.ts'

/** Where to ask besides. */
interface Daemon {
  /** Aborts when its connections are closed. */
  readonly closing: AbortSignal
  readonly dispatch: UndiciDispatcher['dispatch']
}

/** dockerd names itself in each answer, as `Docker/26.1.5 (linux)`; Podman as `Libpod/5.8.6 (linux)`. */
const SERVER = /^server:[ \t]*([^\r\n]*)/im
/** Far more than any daemon says of its version. */
const MOST_BYTES = 1024 * 1024

/**
 * Returns a new connection if it leads to dockerd, and closes it otherwise. A daemon that is starting has time to answer, as for a call.
 *
 * @throws {@link ConnectionError} ERR_SERVER_NOT_DOCKERD, also if the daemon doesn't name itself; ERR_RESPONSE_TIMEOUT
 */
export async function checkDockerd(stream: Duplex, target: Target, daemon: Daemon): Promise<Duplex> {
  const limits = { timeout: RESPONSE_TIMEOUT_MS, signal: daemon.closing, late: () => noAnswer(target) }
  try {
    await withTimeout(limits, (inTime) => unlessAborted(check(stream, target, daemon, inTime), inTime))
    return stream
  } catch (error) {
    stream.destroy()
    throw error
  }
}

async function check(stream: Duplex, target: Target, daemon: Daemon, inTime: AbortSignal): Promise<void> {
  const head = await ping(stream, target.prefix, {
    ended: () => notDockerd(target, 'it closed the connection instead of answering a ping'),
    unexpected: () => notDockerd(target, 'its answer to a ping is not one of a daemon'),
  })
  const server = SERVER.exec(head)?.[1]?.trim() ?? ''
  if (server.startsWith('Docker/')) return
  const named = server === '' ? 'it does not name itself' : `it calls itself ${quoted(server)}`
  if (server.startsWith('Libpod/')) throw notDockerd(target, named)
  // A proxy in between may have replaced the name, or left it out.
  const components = componentsIn(await askVersion(target, daemon, inTime))
  if (components.includes('Engine')) return
  const consists = components.length === 0 ? '' : `, and consists of ${quoted(components.join(', '))}`
  throw notDockerd(target, named + consists)
}

function askVersion({ origin, prefix }: Target, daemon: Daemon, signal: AbortSignal): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const collector = new Collector({ resolve, reject }, signal, MOST_BYTES)
    daemon.dispatch({ method: 'GET', origin, path: `${prefix}/version` }, collector)
  })
}

/** dockerd's first is `Engine` (moby, daemon/info.go), since Docker 18.05. Podman's is `Podman Engine`. */
function componentsIn({ status, body }: WireAnswer): string[] {
  if (status !== 200) return []
  try {
    const { Components } = Object(JSON.parse(body.toString())) as { Components?: unknown }
    const list = Array.isArray(Components) ? (Components as unknown[]) : []
    return list.map((one) => String((Object(one) as { Name?: unknown }).Name))
  } catch {
    return []
  }
}

function notDockerd(target: Target, got: string): ConnectionError {
  return new ConnectionError('ERR_SERVER_NOT_DOCKERD', {
    tried: tried(target),
    got,
    todo: 'Put the gateway in front of dockerd. Other daemons, such as Podman, need rules with the level privileged.',
  })
}

function noAnswer(target: Target): ConnectionError {
  return new ConnectionError('ERR_RESPONSE_TIMEOUT', {
    tried: tried(target),
    got: `it did not answer within ${RESPONSE_TIMEOUT_MS} ms`,
    todo: 'Check the load of the daemon.',
  })
}

const tried = ({ name }: Target): string => `finding out whether ${name} is dockerd`
