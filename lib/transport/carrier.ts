import net from 'node:net'
import { Duplex } from 'node:stream'
import { errorWithCode } from '../base/system-error.ts'
import type { TlsEndpoint } from '../endpoint/endpoint.ts'
import { FAMILY_ATTEMPT_MS, KEEP_ALIVE_MS } from './tls-policy.ts'

type Done = (error?: Error | null) => void

interface CarrierOptions {
  /** Bytes that arrived before TLS began. */
  readonly first?: Buffer
  /**
   * Whether ending it ends its direction of the TCP connection. TLS tells the daemon by close_notify anyway (RFC 8446,
   * section 6.1). If one direction of a connection through a proxy ends, proxies close the other too, and a command's
   * remaining output would be lost.
   */
  readonly halfCloses: boolean
}

/** A TCP connection as the stream below TLS, which Node's own TLS sockets don't show. */
export class Carrier extends Duplex {
  readonly #socket: net.Socket
  readonly #halfCloses: boolean
  #hasTlsEnded: (() => boolean) | undefined
  #hasEnded = false

  constructor(socket: net.Socket, { first = Buffer.alloc(0), halfCloses }: CarrierOptions) {
    // TLS destroys it, when its last data were read.
    super({ autoDestroy: false })
    this.#socket = socket
    this.#halfCloses = halfCloses
    if (first.length > 0) this.push(first)
    socket
      .on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) socket.pause()
      })
      .on('end', () => this.#ended())
      .on('error', (error) => {
        if (!this.#isComplete) this.destroy(error)
      })
      .on('close', () => {
        if (!this.#isComplete) this.destroy()
      })
    // TLS may have stopped listening, and an 'error' without a listener ends the process.
    this.on('error', () => {})
  }

  /**
   * From now on it is an error if TCP ends before TLS has (RFC 8446, section 6.1): somebody may have cut the connection, and
   * a stream without a length would look complete.
   */
  requireTlsEnd(hasTlsEnded: () => boolean): void {
    this.#hasTlsEnded = hasTlsEnded
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
    this.#socket.write(chunk, this.#unlessComplete(done))
  }

  override _final(done: Done): void {
    if (this.#halfCloses) this.#socket.end(this.#unlessComplete(done))
    else done()
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy()
    done(error)
  }

  /** Whether all data of the other side have arrived. TLS may still hold some of them for a slow reader. */
  get #isComplete(): boolean {
    return this.#hasEnded || this.#hasTlsEnded?.() === true
  }

  /** Once all data have arrived, only our own end of TLS is still to be sent, and a failure of that means nothing. */
  #unlessComplete(done: Done): Done {
    return (error) => done(this.#isComplete ? null : error)
  }

  #ended(): void {
    this.#hasEnded = true
    if (this.#hasTlsEnded?.() !== false) this.push(null)
    else this.destroy(errorWithCode('ERR_TLS_TRUNCATED', 'TCP ended before TLS'))
  }
}

/** Connects to the endpoint without a proxy. */
export function openCarrier({ host, port }: TlsEndpoint, signal: AbortSignal): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
    } as net.TcpNetConnectOpts)
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', aborted)
      socket.off('connect', settle).off('error', settle)
      // Until the carrier listens, an 'error' without a listener would end the process.
      socket.on('error', () => {})
      if (!error) return resolve(new Carrier(socket, { halfCloses: true }))
      socket.destroy()
      reject(error)
    }
    const aborted = (): void => settle(signal.reason as Error)
    socket.once('connect', settle).once('error', settle)
    signal.addEventListener('abort', aborted)
  })
}
