import { Duplex } from 'node:stream'

/**
 * Passes a connection on, and can hold what comes: for a reader that takes all that it is given and gives it to another
 * one, which may be slow.
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
    // Whoever reads hears of it; an unheard 'error' would end the process.
    this.on('error', () => {})
  }

  /** Lets no more come until it is released. */
  hold(): void {
    this.#held = true
    this.#socket.pause()
  }

  release(): void {
    this.#held = false
    this.#socket.resume()
  }

  /** Calls back when what was written needs no more patience. */
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
