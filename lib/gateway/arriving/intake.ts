import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FairScheduler } from '../../base/fair-scheduler.ts'
import { ChunkedBody } from './chunked-body.ts'

const EMPTY: Buffer = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
/** How long it takes to receive and decrypt a byte (4 MB took 8 ms). */
const MS_PER_BYTE = 2e-6

interface IntakeOptions {
  /** Whose turns it takes. */
  readonly key: string
  readonly scheduler: FairScheduler
  /** Called if a body isn't one. */
  readonly malformed: (error: Error) => void
}

/** A fault that Node's parser would find in a body with such chunks. */
class ChunkFault extends Error {
  readonly code = 'HPE_INVALID_CHUNK_SIZE'
}

/**
 * What arrives on a connection, on its way to Node's parser. Bodies take turns with decisions, so that a client waits neither for the bodies
 * of another one, nor for the chunks that these are made of.
 */
export class Intake {
  readonly #socket: Socket
  readonly #options: IntakeOptions
  readonly #parse: (bytes: Buffer) => void
  #waiting: Buffer[] = []
  /** It waits for its turn. */
  #isQueued = false
  /** The parser gets nothing more. */
  #isOver = false
  /** The chunks of the current body, or how many bytes of it are still to come. Otherwise, a head is next. */
  #chunks: ChunkedBody | undefined
  #missing = 0
  /** The last bytes of a head that goes on. */
  #headSoFar = EMPTY

  /** To be created once Node's HTTP server has the connection. */
  constructor(socket: Socket, options: IntakeOptions) {
    const [parse] = socket.listeners('data')
    this.#socket = socket
    this.#options = options
    this.#parse = parse as (bytes: Buffer) => void
    // Node's parser would read from the connection itself, as much as arrives.
    socket.removeAllListeners('data').on('data', this.#take).on('resume', this.#go)
  }

  /** The parser has found the head of this request. What is behind one for an upgrade stays on the connection. */
  begin({ headers }: IncomingMessage, isUpgrade: boolean): void {
    if (isUpgrade) this.#leave()
    else if (headers['transfer-encoding'] !== undefined) this.#chunks = new ChunkedBody()
    else this.#missing = Number(headers['content-length'] ?? 0)
  }

  /** The parser gets nothing more, and what arrives is lost. */
  stop(): void {
    this.#isOver = true
    this.#waiting = []
  }

  #leave(): void {
    this.#isOver = true
    // Node 26 would tell its parser of the end.
    this.#socket.off('data', this.#take).off('resume', this.#go).removeAllListeners('end')
  }

  readonly #take = (bytes: Buffer): void => {
    if (this.#isOver) return
    this.#waiting.push(bytes)
    this.#go()
  }

  /** Goes on as far as nobody has to wait: neither others, nor who reads the body. */
  readonly #go = (): void => {
    if (this.#isQueued) return void this.#socket.pause()
    while (this.#waiting.length > 0 && !this.#isOver && !this.#socket.isPaused() && !this.#socket.destroyed) {
      const { key, scheduler } = this.#options
      if (this.#chunks === undefined && this.#missing === 0) this.#step()
      else if (!scheduler.runNow(key, this.#step)) return this.#queue()
    }
    if (this.#isOver && this.#waiting.length > 0) this.#socket.unshift(Buffer.concat(this.#waiting.splice(0)))
  }

  #queue(): void {
    this.#isQueued = true
    this.#socket.pause()
    void this.#options.scheduler.run(this.#options.key, async () => {
      this.#isQueued = false
      // Node has taken the parser of a closed connection back.
      if (this.#isOver || this.#socket.destroyed) return
      this.#socket.resume()
      this.#step()
    })
  }

  readonly #step = (): void => {
    const bytes = this.#waiting.shift() ?? EMPTY
    this.#options.scheduler.count(bytes.length * MS_PER_BYTE)
    const rest = this.#read(bytes)
    if (rest.length > 0) this.#waiting.unshift(rest)
  }

  /** @returns what is behind */
  #read(bytes: Buffer): Buffer {
    if (this.#chunks) return this.#readChunks(this.#chunks, bytes)
    const end = this.#missing > 0 ? Math.min(this.#missing, bytes.length) : this.#endOfHead(bytes)
    this.#missing = Math.max(0, this.#missing - end)
    this.#parse(end < bytes.length ? bytes.subarray(0, end) : bytes)
    return end < bytes.length ? bytes.subarray(end) : EMPTY
  }

  /** Behind it, chunks may begin. */
  #endOfHead(bytes: Buffer): number {
    const before = this.#headSoFar
    const seen = before.length > 0 ? Buffer.concat([before, bytes]) : bytes
    const found = seen.indexOf(HEAD_END)
    this.#headSoFar = found < 0 ? seen.subarray(1 - HEAD_END.length) : EMPTY
    return found < 0 ? bytes.length : found + HEAD_END.length - before.length
  }

  #readChunks(chunks: ChunkedBody, bytes: Buffer): Buffer {
    const joined = chunks.take(bytes)
    if (joined === undefined) {
      this.#options.malformed(new ChunkFault())
      return EMPTY
    }
    if (joined.end) this.#chunks = undefined
    if (joined.chunks.length > 0) this.#parse(joined.chunks)
    return joined.end ?? EMPTY
  }
}
