import { connect, type ClientHttp2Session } from 'node:http2'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { sync } from '../../engine/workflows/build/support/fake-builder.ts'

/** So that a transfer has begun, in milliseconds. */
const BEGUN_MS = 10

/** A connection whose end and whose failure HTTP/2 doesn't notice: this side is the cause of them. */
function unaware(socket: TLSSocket): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, callback) => {
      if (socket.writable) socket.write(chunk, () => callback())
      else callback()
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) socket.pause()
  })
  return stream
}

/** BuildKit's end of a session: it is the client there. */
export class Builder {
  readonly #client: ClientHttp2Session

  constructor(socket: TLSSocket) {
    this.#client = connect('http://localhost', { createConnection: () => unaware(socket) })
    this.#client.on('error', () => {})
  }

  /**
   * Fetches the context of the build.
   *
   * @param begun - called in the middle of that
   */
  async fetch(begun: () => void): Promise<void> {
    const wanted = (path: string): boolean => {
      if (path === 'data') void delay(BEGUN_MS).then(begun)
      return true
    }
    await sync(this.#client, { 'dir-name': 'context' }, wanted)
  }
}
