import net from 'node:net'
import { explainFault } from '../transport/faults.ts'
import { FAMILY_ATTEMPT_MS } from '../transport/policy.ts'
import { onAbort } from './clock.ts'
import type { Target } from './options.ts'

/** How a conversation ended: we had heard enough, the other side closed or reset, or the time was over. */
export type Ending = 'enough' | 'closed' | 'late'

/** What is said, and what is done with the answer. */
export interface Part {
  readonly say: Uint8Array
  /** Is given each piece as it comes, and says whether more is of use. */
  readonly hear: (bytes: Buffer) => boolean
}

/**
 * Opens TCP, says one thing, and listens until that is enough. A server that resets at once has been reached.
 *
 * @throws {@link ConnectionError} where no connection could be made; all that happens later is an observation
 */
export async function converse(target: Target, { say, hear }: Part, inTime: AbortSignal): Promise<Ending> {
  const { host, port } = target
  const socket = net.connect({ host, port, autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS })
  try {
    if (!(await connected(socket, target, inTime))) return 'closed'
    const ending = heard(socket, hear, inTime)
    socket.write(say)
    return await ending
  } finally {
    socket.destroy()
  }
}

/** False where the connection was made, and reset before we saw it. */
function connected(socket: net.Socket, target: Target, inTime: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(inTime, () => reject(unreached(inTime.reason, target)))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      forget()
      if (error.code === 'ECONNRESET') resolve(false)
      else reject(unreached(error, target))
    })
    socket.once('connect', () => {
      forget()
      resolve(true)
    })
    // An unheard 'error' would end the process.
    socket.on('error', () => {})
  })
}

/** What the caller gave as the reason to abort goes on as it is. */
function unreached(cause: unknown, target: Target): unknown {
  if (target.signal?.aborted === true) return target.signal.reason
  return explainFault(cause, { target: target.name, kind: 'tls', host: target.servername })
}

function heard(socket: net.Socket, hear: Part['hear'], inTime: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    const forget = onAbort(inTime, () => end('late'))
    const end = (how: Ending): void => {
      forget()
      resolve(how)
    }
    socket.on('data', (bytes: Buffer) => {
      if (!hear(bytes)) end('enough')
    })
    socket.once('end', () => end('closed')).once('close', () => end('closed'))
  })
}
