import net from 'node:net'
import { codeOf, errorWithCode } from '../base/system-error.ts'
import type { Witness } from './witness.ts'

type Done = (error?: Error | null) => void

/** Node's own part of a socket, which tells it what was read. */
interface Handle {
  onread?: (...read: unknown[]) => unknown
}

/**
 * A local socket that is read to its end, although the other side closes it without having read all its input, as dockerd does when
 * a program exits. Then the system ends the output with a reset, and writes fail (unix(7)). Node would destroy the socket, together
 * with output that has arrived. Here, such a reset is the end, and a failed write only calls its own callback with the error.
 *
 * The end of a process looks like the end of its output. So the end counts only if the daemon is still there.
 */
export class ReadToEnd extends net.Socket {
  #failure: Error | undefined
  /** A reset that comes otherwise is that of another socket: the reason for which somebody destroys this one. */
  #isReading = false
  #isEnding = false
  #witness: Witness | undefined

  /** Connects to a socket in the file system. */
  static to(path: string, witness: Witness): ReadToEnd {
    const socket = new ReadToEnd().connect({ path })
    socket.#witness = witness
    socket.#watchReading()
    socket.once('connect', () => witness.attend(socket))
    // connect() has set the write() of net.Socket.
    socket.write = (chunk: string | Uint8Array, ...rest: (BufferEncoding | Done | undefined)[]) => {
      const done = rest.find((one) => typeof one === 'function')
      const encoding = rest.find((one) => typeof one === 'string')
      return net.Socket.prototype.write.call(
        socket,
        chunk,
        encoding,
        done && ((error) => done(error ?? socket.#failure)),
      )
    }
    return socket
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, this.#noting(done))
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, this.#noting(done))
  }

  override destroy(error?: Error): this {
    if (!this.#isReading || !isUnread(error)) return super.destroy(error)
    // Nothing can be written any more: the end closes it.
    this.allowHalfOpen = false
    this.push(null)
    return this
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null) return super.push(chunk, encoding)
    if (!this.#isEnding) void this.#end()
    this.#isEnding = true
    return false
  }

  async #end(): Promise<void> {
    if ((await this.#witness?.isThere()) !== true)
      return void super.destroy(errorWithCode('DAEMON_GONE', 'the daemon has ended'))
    super.push(null)
    // As Node does at the end: without data, nobody would notice it.
    this.read(0)
  }

  #watchReading(): void {
    const { _handle: handle } = this as { _handle?: Handle }
    const { onread } = handle ?? {}
    if (!handle || !onread) return
    handle.onread = (...read) => {
      // Node passes no data with an error. While it passes data, their listeners may destroy the socket.
      this.#isReading = read[0] === undefined
      try {
        return onread.apply(handle, read)
      } finally {
        this.#isReading = false
      }
    }
  }

  #noting(done: Done): Done {
    return (error) => {
      // After the end of a half-open connection there is no output left to keep.
      if (!isUnread(error) || (this.readableEnded && this.allowHalfOpen)) return done(error)
      this.allowHalfOpen = false
      this.#failure = error
      done()
    }
  }
}

/** The other side has closed the socket without having read all its input. */
function isUnread(error: Error | null | undefined): error is Error {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error))
}
