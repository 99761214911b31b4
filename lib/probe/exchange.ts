import net from 'node:net'
import { explainFault } from '../transport/faults.ts'
import { FAMILY_ATTEMPT_MS } from '../transport/tls-policy.ts'
import { onAbort } from '../base/abort.ts'
import type { Target } from './options.ts'

/** How an exchange ended: we had received enough, the other side closed or reset, or the time was up. */
export type Ending = 'enough' | 'closed' | 'late'

/** The bytes to send, and what to do with the answer. */
export interface Exchange {
  readonly send: Uint8Array
  /** Receives each chunk, and returns whether more is needed. */
  readonly receive: (bytes: Buffer) => boolean
}

/**
 * Opens a TCP connection, sends the bytes, and reads until that is enough. A server that resets at once was reached, too.
 *
 * @throws {@link ConnectionError} if no connection could be made; anything later is a finding
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

/** False if the connection was made, and reset before we noticed. */
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
    // An 'error' without a listener would end the process.
    socket.on('error', () => {})
  })
}

/** The caller's reason to abort is passed on unchanged. */
function unreached(cause: unknown, target: Target): unknown {
  if (target.signal?.aborted === true) return target.signal.reason
  return explainFault(cause, { target: target.name, kind: 'tls', host: target.servername })
}

function received(socket: net.Socket, receive: Exchange['receive'], deadline: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    const end = (how: Ending): void => {
      deadline.removeEventListener('abort', late)
      resolve(how)
    }
    const late = (): void => end('late')
    // It may have aborted since the connection was made.
    onAbort(deadline, late)
    socket.on('data', (bytes: Buffer) => {
      if (!receive(bytes)) end('enough')
    })
    socket.once('end', () => end('closed')).once('close', () => end('closed'))
  })
}
