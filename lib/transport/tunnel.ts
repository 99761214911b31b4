import type net from 'node:net'
import { Duplex } from 'node:stream'

type Done = (error?: Error | null) => void

/**
 * A connection through a proxy, as the stream below TLS. Ending it doesn't end the TCP connection: TLS tells the daemon
 * by close_notify (RFC 8446, section 6.1). If one direction of the TCP connection ends, proxies close the other too,
 * and a command's remaining output would be lost.
 */
export class Tunnel extends Duplex {
  readonly #socket: net.Socket

  /** @param first - bytes of the daemon that arrived with the proxy's answer */
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
    // TLS may have stopped listening, and an 'error' without a listener ends the process.
    this.on('error', () => {})
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
