import net from 'node:net'
import { explainFault } from '../transport/faults.ts'
import { FAMILY_ATTEMPT_MS } from '../transport/tls-policy.ts'
import { onAbort } from '../base/abort.ts'
import type { Target } from './options.ts'

/** How a conversation ended: we had heard enough, the other side closed or reset, or the time was over. */
export type Ending = 'enough' | 'closed' | 'late'

/** What is said, and what is done with the answer. */
export interface Exchange {
  readonly send: Uint8Array
  /** Is given each chunk as it comes, and says whether more is of use. */
  readonly receive: (bytes: Buffer) => boolean
}

/**
 * Opens TCP, says one thing, and listens until that is enough. A server that resets at once has been reached.
 *
 * @throws {@link ConnectionError} where no connection could be made; all that happens later is an observation
 */
export async function exchange(target: Target, { send, receive }: Exchange, deadline: AbortSignal): Promise<Ending> {
  const { host, port } = target
  const socket = net.connect({ host, port, autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS })
  try {
    if (!(await connected(socket, target, deadline))) return 'closed'
    const ending = received(socket, receive, deadline)
    socket.write(send)
    return await ending
  } finally {
    socket.destroy()
  }
}

/** False where the connection was made, and reset before we saw it. */
function connected(socket: net.Socket, target: Target, deadline: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(deadline, () => reject(unreached(deadline.reason, target)))
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

function received(socket: net.Socket, receive: Exchange['receive'], deadline: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    const forget = onAbort(deadline, () => end('late'))
    const end = (how: Ending): void => {
      forget()
      resolve(how)
    }
    socket.on('data', (bytes: Buffer) => {
      if (!receive(bytes)) end('enough')
    })
    socket.once('end', () => end('closed')).once('close', () => end('closed'))
  })
}
