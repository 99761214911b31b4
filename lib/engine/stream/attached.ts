import { Writable, type Duplex, type WritableOptions } from 'node:stream'
import { ArgumentError } from '../../base/errors.ts'
import { OutputStream, type OutputSource } from './output.ts'

/** What an {@link AttachedStream} is made of. */
export interface AttachedSource extends Omit<OutputSource, 'body'> {
  readonly socket: Duplex
  /** Whether input was asked for. */
  readonly input: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * A container's or an exec's input and output, on a connection of its own. End {@link AttachedStream.stdin} to say that
 * no more input comes: all output that is still to come arrives, from a container if it was made with `StdinOnce`. A
 * terminal isn't told of that end; its programs take the byte 4 (Ctrl-D) for one. Leaving the loop ends the connection.
 */
export class AttachedStream extends OutputStream {
  /**
   * What is written to the program. It has to be asked for: writing to a container that was attached to without
   * `{ stdin: true }` ends the stream with an error, and what is for an exec without `AttachStdin` the daemon drops.
   */
  readonly stdin: Writable

  /** @internal */
  constructor({ socket, input, signal, ...source }: AttachedSource) {
    super({ ...source, body: socket })
    this.stdin = input ? inputOf(socket, source.tty) : noInputOf(socket)
    // Whoever reads hears of it; an unheard 'error' would end the process.
    socket.on('error', () => {})
    if (signal) endOnAbort(socket, signal)
  }
}

/**
 * Its end is half of the connection's end, and its own destruction none at all. Behind a terminal the daemon takes half
 * of the end for all of it, and cuts the output off (moby, container/stream/attach.go).
 */
function inputOf(socket: Duplex, tty: boolean): Writable {
  return writableOn(socket, {
    write: (chunk: Buffer, _encoding, callback) => {
      socket.write(chunk, callback)
    },
    ...(!tty && {
      final: (callback) => {
        socket.end(callback)
      },
    }),
  })
}

/** The daemon would take it and drop it, and the program wait for ever. */
function noInputOf(socket: Duplex): Writable {
  return writableOn(socket, {
    write: (_chunk, _encoding, callback) => {
      const error = new ArgumentError('ERR_ARGUMENT_INVALID', {
        tried: 'writing to the stdin of an attached container',
        got: 'it was attached without its input',
        todo: 'Create the container with OpenStdin, and attach with { stdin: true }.',
      })
      socket.destroy(error)
      callback(error)
    },
  })
}

function writableOn(socket: Duplex, how: WritableOptions): Writable {
  const stdin = new Writable(how)
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
