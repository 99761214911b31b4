import { Duplex } from 'node:stream'

/**
 * Forwards a connection, and can stop reading from it. For readers without back-pressure that pass data on to a
 * possibly slow one.
 */
export class PausableStream extends Duplex {
  readonly #socket: Duplex
  #held = false

  constructor(socket: Duplex) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk) || this.#held) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
    // The reader of the stream handles the error. Without any 'error' listener, Node would end the process.
    this.on('error', () => {})
  }

  /** Stops reading until release(). */
  hold(): void {
    this.#held = true
    this.#socket.pause()
  }

  release(): void {
    this.#held = false
    this.#socket.resume()
  }

  /** Calls back when the write buffer has room again. */
  whenDrained(callback: () => void): void {
    if (this.writableNeedDrain) this.once('drain', callback)
    else callback()
  }

  override _read(): void {
    if (!this.#held) this.#socket.resume()
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, callback)
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy()
    callback(error)
  }
}
