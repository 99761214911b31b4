import net from 'node:net'

const PING = 'HEAD /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HEAD_END = '\r\n\r\n'
/** Servers close a connection that never carries a request. In milliseconds. */
const FIRST_MS = 5_000
/** systemd starts a daemon that was killed again after two seconds, by Docker's unit. In milliseconds. */
const RESTART_MS = 1_000

/**
 * A connection beside the streams of a local socket. If the daemon ends without closing its streams, the system does so, and they look
 * complete. Then this connection ends with them, even if another daemon takes over the socket, as with socket activation.
 */
export class Witness {
  readonly #path: string
  readonly #asking: ((isThere: boolean) => void)[] = []
  #streams = 0
  #socket: net.Socket | undefined

  /** @param path - of the daemon's socket */
  constructor(path: string) {
    this.#path = path
  }

  /** Begins when a stream is connected, and ends with the last one. */
  attend(stream: net.Socket): void {
    this.#streams++
    this.#socket ??= this.#open()
    stream.once('close', () => {
      if (--this.#streams > 0) return
      this.#socket?.destroy()
      this.#socket = undefined
    })
  }

  /** Is the daemon still there that accepted the streams? To be asked after the end of one. */
  isThere(): Promise<boolean> {
    if (this.#socket) return this.#ask(this.#socket)
    const socket = (this.#socket = this.#open())
    const late = setTimeout(() => socket.destroy(), RESTART_MS)
    return this.#ask(socket).finally(() => clearTimeout(late))
  }

  #ask(socket: net.Socket): Promise<boolean> {
    socket.ref().write(PING)
    return new Promise((resolve) => this.#asking.push(resolve))
  }

  #open(): net.Socket {
    const socket = net.connect({ path: this.#path }).unref()
    const first = setTimeout(() => void this.#ask(socket), FIRST_MS).unref()
    let received = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const heads = (received + chunk.toString('latin1')).split(HEAD_END)
      received = heads.pop()?.slice(-HEAD_END.length) ?? ''
      for (const resolve of this.#asking.splice(0, heads.length)) resolve(true)
      if (this.#asking.length === 0) socket.unref()
    })
    socket.once('close', () => {
      clearTimeout(first)
      if (this.#socket !== socket) return
      this.#socket = undefined
      for (const resolve of this.#asking.splice(0)) resolve(false)
    })
    return socket
  }
}
