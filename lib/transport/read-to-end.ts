import net from 'node:net'

type Done = (error?: Error | null) => void

/** Node's own part of a socket, which tells it what was read. */
interface Handle {
  onread?: (...read: unknown[]) => unknown
}

/**
 * A local socket whose other side may close it while it has input to read: dockerd does so when a program exits. The system then
 * fails writes, and ends the output with a reset (unix(7)). Node would destroy the socket, together with output that has arrived.
 * Here, such a reset is the end, and of a failed write learns only who wrote.
 */
export class ReadToEnd extends net.Socket {
  #failure: Error | undefined
  /** Others may destroy it with a reason that is a reset of another socket. */
  #isReading = false

  /** Connects to a socket in the file system. */
  static to(path: string): ReadToEnd {
    const socket = new ReadToEnd().connect({ path })
    socket.#watchReading()
    // net.Socket's connect() sets a write() of its own.
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
    // As Node does at the end: without data, nobody would notice it.
    this.read(0)
    return this
  }

  #watchReading(): void {
    const { _handle: handle } = this as { _handle?: Handle }
    const { onread } = handle ?? {}
    if (!handle || !onread) return
    handle.onread = (...read) => {
      // Without data: a listener of these may destroy it.
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

/** The other side has closed the socket, and has not read all that it was sent. */
function isUnread(error: (Error & { code?: string }) | null | undefined): error is Error {
  return error?.code === 'ECONNRESET' || error?.code === 'EPIPE'
}
