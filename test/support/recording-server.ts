import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** One connection, as the server saw it. */
export interface Recording {
  /** All that came, up to {@link KEEP} bytes; empty where the client only connected. */
  readonly bytes: Buffer
  /** `nothing`: not a byte came. `tls`: a TLS handshake record came first (RFC 8446, section 5.1). */
  readonly kind: 'nothing' | 'tls' | 'plaintext'
}

export interface RecordingOptions {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string
  /** @defaultValue 0, any free port */
  readonly port?: number
  /** What follows the first bytes: `silent` leaves the client waiting. @defaultValue `close` */
  readonly then?: 'silent' | 'close' | 'reset'
}

interface Received {
  bytes: Buffer
  readonly port: number | undefined
}

/** Enough to tell what a client says first, and small enough for a client that never stops. */
const KEEP = 65_536

/** Listens on loopback and notes what arrives: the witness that no byte of plaintext leaves the machine. */
export class RecordingServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #received: Received[] = []
  readonly #then: 'silent' | 'close' | 'reset'

  private constructor(then: 'silent' | 'close' | 'reset') {
    this.#then = then
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async start({
    host = '127.0.0.1',
    port = 0,
    then = 'close',
  }: RecordingOptions = {}): Promise<RecordingServer> {
    const recording = new RecordingServer(then)
    recording.#server.listen(port, host)
    await once(recording.#server, 'listening')
    return recording
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Every connection so far, in the order in which they came. */
  get connections(): Recording[] {
    return this.#received.map(({ bytes }) => ({ bytes, kind: kindOf(bytes) }))
  }

  /** The connections that began with anything but TLS. */
  get plaintext(): Recording[] {
    return this.connections.filter(({ kind }) => kind === 'plaintext')
  }

  /** Waits until all that was sent before is noted: connections are accepted in the order in which they were made. */
  async settled(): Promise<this> {
    const { address, port } = this.#server.address() as AddressInfo
    const marker = connect({ host: address, port })
    await once(marker, 'connect')
    const isMarker = (received: Received): boolean => received.port === marker.localPort
    while (!this.#received.some(isMarker)) await new Promise(setImmediate)
    this.#received.splice(this.#received.findIndex(isMarker), 1)
    marker.destroy()
    // What the kernel has received by now is read in one round of the event loop, and noted before the next.
    for (let round = 0; round < 3; round++) await new Promise(setImmediate)
    return this
  }

  /** Forgets what was noted, for the next row of a table. */
  clear(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#received.length = 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined)
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const received: Received = { bytes: Buffer.alloc(0), port: socket.remotePort }
    this.#received.push(received)
    socket.on('data', (chunk) => {
      received.bytes = Buffer.concat([received.bytes, chunk]).subarray(0, KEEP)
      if (this.#then === 'close') socket.end()
      if (this.#then === 'reset') socket.resetAndDestroy()
    })
  }
}

function kindOf(bytes: Buffer): Recording['kind'] {
  if (bytes.length === 0) return 'nothing'
  return bytes[0] === 0x16 && (bytes.length === 1 || bytes[1] === 0x03) ? 'tls' : 'plaintext'
}
