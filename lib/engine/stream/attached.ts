import { Writable, type Duplex, type WritableOptions } from 'node:stream'
import { onAbort } from '../../base/abort.ts'
import { ArgumentError } from '../../base/errors.ts'
import { OutputStream, type OutputSource } from './output.ts'

/** The parts of an {@link AttachedStream}. */
export interface AttachedSource extends Omit<OutputSource, 'body' | 'acceptedAt'> {
  readonly socket: Duplex
  /** Whether input was requested. */
  readonly input: boolean
  readonly signal?: AbortSignal | undefined
}

/** What is known of the input, so that the daemon isn't called silent while it accepts input or has to wait for it. */
class InputProgress {
  #isAwaited = false
  #movedAt = 0

  /** The source of the input has nothing more at the moment. */
  await(): void {
    this.#isAwaited = true
  }

  /** The source has more again, or the connection has accepted some of it. */
  move(): void {
    this.#isAwaited = false
    this.#movedAt = performance.now()
  }

  /** Since when the daemon could have accepted input and has not, by performance.now(). */
  get acceptedAt(): number {
    return this.#isAwaited ? performance.now() : this.#movedAt
  }
}

/**
 * The input and output of a container or an exec, on a connection of its own. End {@link AttachedStream.stdin} to close
 * the input. The remaining output still arrives; that of a container only if it was created with `StdinOnce`. The end of
 * the input doesn't reach a terminal: write the byte 4 (Ctrl-D) instead. `break` closes the connection.
 */
export class AttachedStream extends OutputStream {
  /**
   * The input of the program, which must be requested. Writing to a container that was attached without
   * `{ stdin: true }` ends the stream with an error. The daemon discards input for an exec without `AttachStdin`.
   */
  readonly stdin: Writable
  /** @internal */
  readonly inputProgress: InputProgress

  /** @internal */
  constructor({ socket, input, signal, ...source }: AttachedSource) {
    const progress = new InputProgress()
    super({ ...source, body: socket, acceptedAt: () => progress.acceptedAt })
    this.inputProgress = progress
    this.stdin = input ? inputOf(socket, source.tty, progress) : noInputOf(socket)
    // The reader gets the error; an unhandled 'error' would end the process.
    socket.on('error', () => {})
    if (signal) endOnAbort(socket, signal)
  }
}

/**
 * Ending it half-closes the connection, and destroying it doesn't close anything. With a terminal it isn't half-closed:
 * the daemon would then cut off the output (moby, container/stream/attach.go).
 */
function inputOf(socket: Duplex, tty: boolean, progress: InputProgress): Writable {
  return writableOn(socket, {
    write: (chunk: Buffer, _encoding, callback) => {
      socket.write(chunk, (error) => {
        if (!error) progress.move()
        callback(error)
      })
    },
    ...(!tty && {
      final: (callback) => {
        socket.end(callback)
      },
    }),
  })
}

/** The daemon would discard the input, and the program would wait forever. */
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

/** Destroys a connection that was taken over when the signal aborts, with its reason. */
export function endOnAbort(socket: Duplex, signal: AbortSignal): void {
  const stopListening = onAbort(signal, () => void socket.destroy(signal.reason as Error))
  socket.once('close', stopListening)
}
