import { StreamFault } from './fault.ts'

/** A chunk of a container's output. */
export interface OutputChunk {
  /** The stream that it belongs to. A terminal has only `stdout`. */
  readonly stream: 'stdout' | 'stderr'
  /** The bytes as they arrived. They may begin and end in the middle of a line. */
  readonly data: Buffer
}

type Stream = OutputChunk['stream']

const HEADER = 8
/** Stream types (Engine API, "Stream format"): standard input is echoed on standard output. */
const STREAMS: ReadonlyArray<Stream | undefined> = ['stdout', 'stdout', 'stderr']
/** moby, pkg/stdcopy: a failure of the daemon, in band. */
const SYSTEM_ERROR = 3
/** Longer messages are cut. In bytes. */
const LONGEST_MESSAGE = 64 * 1024

/**
 * Splits Docker's multiplexed streams. A frame has a byte for the stream, three zero bytes, four for the length, and
 * the payload. Since a payload may have 4 GiB, its parts are passed on as they arrive. Payloads of one stream that
 * arrive together are passed on together, so that a log of short lines costs little more than its bytes.
 */
export class FrameSplitter {
  /** The beginning of a header that is still incomplete. */
  readonly #head: Buffer = Buffer.alloc(HEADER)
  #headBytes = 0
  #type = 0
  /** Bytes of the current frame that are still to come. */
  #left = 0
  /** Bytes, since a character may be cut. */
  #message = ''
  #fault: StreamFault | undefined

  /**
   * The output in a chunk of the stream, in order, up to a fault. {@link FrameSplitter.check} throws the fault.
   *
   * @param chunk - belongs to the splitter from now on, which moves payloads within its memory
   */
  push(chunk: Buffer): OutputChunk[] {
    const runs = new Runs(chunk)
    let at = this.#headBytes > 0 ? this.#completeHead(chunk) : 0
    at = this.#readPayload(chunk, at, runs)
    while (at + HEADER <= chunk.length && !this.#fault) {
      this.#begin(chunk, at)
      at = this.#readPayload(chunk, at + HEADER, runs)
    }
    if (at < chunk.length) this.#headBytes = chunk.copy(this.#head, 0, at)
    return runs.take()
  }

  /** @throws StreamFault if the data are no frame, or report that the daemon failed */
  check(): void {
    if (this.#fault) throw this.#fault
  }

  /** To be called at the end of the stream. @throws StreamFault if a frame is incomplete */
  end(): void {
    this.check()
    if (this.#type === SYSTEM_ERROR && this.#left > 0) throw this.#failure()
    if (this.#left > 0) throw new StreamFault('truncated', `it ended ${this.#left} bytes before the end of a frame`)
    if (this.#headBytes > 0) throw new StreamFault('truncated', "it ended inside a frame's header")
  }

  #completeHead(chunk: Buffer): number {
    const taken = chunk.copy(this.#head, this.#headBytes, 0, HEADER - this.#headBytes)
    this.#headBytes += taken
    if (this.#headBytes < HEADER) return taken
    this.#headBytes = 0
    this.#begin(this.#head, 0)
    return taken
  }

  #begin(bytes: Buffer, at: number): void {
    const type = bytes[at] ?? 0
    if (type > SYSTEM_ERROR || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) {
      const shown = bytes.subarray(at, at + HEADER).toString('hex')
      this.#fault = new StreamFault('invalid', `expected the header of a frame, but found ${shown}`)
      return
    }
    this.#type = type
    this.#left = lengthAt(bytes, at + 4)
    if (type === SYSTEM_ERROR && this.#left === 0) this.#fault = new StreamFault('failed', 'no details')
  }

  #readPayload(chunk: Buffer, at: number, runs: Runs): number {
    if (this.#left === 0) return at
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    const stream = STREAMS[this.#type]
    if (stream === undefined) this.#readMessage(chunk.subarray(at, end))
    else runs.add(stream, at, end)
    return end
  }

  #readMessage(bytes: Buffer): void {
    this.#message = (this.#message + bytes.toString('latin1')).slice(0, LONGEST_MESSAGE)
    if (this.#left === 0) this.#fault = this.#failure()
  }

  #failure(): StreamFault {
    return new StreamFault('failed', Buffer.from(this.#message, 'latin1').toString('utf8').trim())
  }
}

/** Takes a quarter of the time of readUInt32BE(), which matters if lines are short. */
function lengthAt(bytes: Buffer, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return a * 0x1_00_00_00 + ((b << 16) | (c << 8) | d)
}

/** The payloads in one chunk. Consecutive payloads of the same stream are moved together. */
class Runs {
  readonly #chunk: Buffer
  readonly #chunks: OutputChunk[] = []
  #stream: Stream | undefined
  #from = 0
  #to = 0

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  add(stream: Stream, from: number, to: number): void {
    if (stream === this.#stream) {
      this.#chunk.copyWithin(this.#to, from, to)
      this.#to += to - from
      return
    }
    this.take()
    this.#stream = stream
    this.#from = from
    this.#to = to
  }

  take(): OutputChunk[] {
    if (this.#stream && this.#to > this.#from) {
      this.#chunks.push({ stream: this.#stream, data: this.#chunk.subarray(this.#from, this.#to) })
    }
    return this.#chunks
  }
}
