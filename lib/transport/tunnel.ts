import type net from 'node:net'
import { Duplex } from 'node:stream'

type Done = (error?: Error | null) => void

/**
 * A connection through a proxy, as TLS has it below itself. The end of what we write is told to the daemon by TLS alone
 * (close_notify; RFC 8446, section 6.1) and never to the proxy: at the end of one direction proxies end the other, and
 * what a command still had to say would be lost.
 */
export class Tunnel extends Duplex {
  readonly #socket: net.Socket

  /** @param first - what came with the proxy's answer, and is the daemon's */
  constructor(socket: net.Socket, first: Buffer) {
    super()
    this.#socket = socket
    if (first.length > 0) this.push(first)
    socket
      .on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) socket.pause()
      })
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy())
  }

  ref(): this {
    this.#socket.ref()
    return this
  }

  unref(): this {
    this.#socket.unref()
    return this
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#socket.write(chunk, done)
  }

  override _final(done: Done): void {
    done()
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy()
    done(error)
  }
}
