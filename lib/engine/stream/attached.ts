import { Writable, type Duplex } from 'node:stream'
import { OutputStream, type OutputSource } from './output.ts'

/** What an {@link AttachedStream} is made of. */
export interface AttachedSource extends Omit<OutputSource, 'body'> {
  readonly socket: Duplex
  readonly signal?: AbortSignal | undefined
}

/**
 * A container's or an exec's input and output, on a connection of its own. End {@link AttachedStream.stdin} to say that
 * no more input comes: all output that is still to come arrives. Leaving the loop ends the connection.
 */
export class AttachedStream extends OutputStream {
  /** What is written to the program. Where it wasn't asked for, the daemon takes it and drops it. */
  readonly stdin: Writable

  /** @internal */
  constructor({ socket, signal, ...source }: AttachedSource) {
    super({ ...source, body: socket })
    this.stdin = inputOf(socket)
    // Whoever reads hears of it; an unheard 'error' would end the process.
    socket.on('error', () => {})
    if (signal) endOnAbort(socket, signal)
  }
}

/** Its end is half of the connection's end, and its own destruction none at all. */
function inputOf(socket: Duplex): Writable {
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      socket.write(chunk, callback)
    },
    final: (callback) => {
      socket.end(callback)
    },
  })
  stdin.on('error', () => {})
  socket.once('close', () => stdin.destroy())
  return stdin
}

/** Ends a connection that was taken over, for the signal's own reason. */
export function endOnAbort(socket: Duplex, signal: AbortSignal): void {
  const aborted = (): void => void socket.destroy(signal.reason as Error)
  if (signal.aborted) return aborted()
  signal.addEventListener('abort', aborted)
  socket.once('close', () => signal.removeEventListener('abort', aborted))
}
