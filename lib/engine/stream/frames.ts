/** A piece of output of one of a container's streams. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

/** What is wrong with a multiplexed stream, in words. */
export class FrameFault extends Error {
  readonly kind: 'invalid' | 'truncated' | 'failed'

  constructor(kind: FrameFault['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

const HEADER = 8
/** Stream types (Engine API, "Stream format"): standard input is echoed on standard output. */
const STREAMS: ReadonlyArray<OutputChunk['stream'] | undefined> = ['stdout', 'stdout', 'stderr']
/** moby, pkg/stdcopy: a failure of the daemon, in band. */
const SYSTEM_ERROR = 3
/** More of the daemon's words about a failure says nothing. In bytes. */
const LONGEST_MESSAGE = 64 * 1024

/**
 * Splits Docker's multiplexed streams: a byte for the stream, three of nothing, four for the length, and so many bytes.
 * A frame may have 4 GiB and is never held: what has come of it is handed on. What comes together of one stream is
 * handed on together, so that a log of short lines costs little more than its bytes.
 */
export class FrameSplitter {
  readonly #header: Buffer = Buffer.alloc(HEADER)
  #headerBytes = 0
  #type = 0
  /** Bytes of the current frame that are still to come. */
  #left = 0
  /** Bytes, since a character may be cut. */
  #message = ''
  #fault: FrameFault | undefined

  /** What a piece of the wire holds, in order, up to a fault: {@link FrameSplitter.check} throws that. */
  push(chunk: Buffer): OutputChunk[] {
    const runs = new Runs(chunk)
    for (let at = 0; at < chunk.length && !this.#fault;) {
      if (this.#left === 0) {
        at = this.#readHeader(chunk, at)
        continue
      }
      const end = Math.min(chunk.length, at + this.#left)
      this.#left -= end - at
      const stream = STREAMS[this.#type]
      if (stream === undefined) this.#readMessage(chunk.subarray(at, end))
      else runs.add(stream, at, end)
      at = end
    }
    return runs.take()
  }

  /** @throws FrameFault where what came is no frame, or says that the daemon failed */
  check(): void {
    if (this.#fault) throw this.#fault
  }

  /** Says that no more comes. @throws FrameFault in the middle of a frame */
  end(): void {
    this.check()
    if (this.#type === SYSTEM_ERROR && this.#left > 0) throw this.#failure()
    if (this.#left > 0) throw new FrameFault('truncated', `it ended ${this.#left} bytes before the end of a frame`)
    if (this.#headerBytes > 0) throw new FrameFault('truncated', "it ended inside a frame's header")
  }

  #readHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes === 0 && chunk.length - at >= HEADER) {
      this.#begin(chunk, at)
      return at + HEADER
    }
    const taken = Math.min(HEADER - this.#headerBytes, chunk.length - at)
    chunk.copy(this.#header, this.#headerBytes, at, at + taken)
    this.#headerBytes += taken
    if (this.#headerBytes < HEADER) return at + taken
    this.#headerBytes = 0
    this.#begin(this.#header, 0)
    return at + taken
  }

  #begin(bytes: Buffer, at: number): void {
    const type = bytes[at] ?? 0
    if (type > SYSTEM_ERROR || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) {
      const shown = bytes.subarray(at, at + HEADER).toString('hex')
      this.#fault = new FrameFault('invalid', `it has no frame where one has to begin, but ${shown}`)
      return
    }
    this.#type = type
    this.#left = bytes.readUInt32BE(at + 4)
    if (type === SYSTEM_ERROR && this.#left === 0) this.#fault = new FrameFault('failed', 'nothing more')
  }

  #readMessage(bytes: Buffer): void {
    this.#message = (this.#message + bytes.toString('latin1')).slice(0, LONGEST_MESSAGE)
    if (this.#left === 0) this.#fault = this.#failure()
  }

  #failure(): FrameFault {
    return new FrameFault('failed', Buffer.from(this.#message, 'latin1').toString('utf8').trim())
  }
}

/** Payloads of one piece of the wire, those of one stream that follow each other closed up to one. */
class Runs {
  readonly #chunk: Buffer
  readonly #chunks: OutputChunk[] = []
  #stream: OutputChunk['stream'] = 'stdout'
  /** Where the run is: in the piece itself, or in a copy of it from which the frames' heads are taken out. */
  #bytes: Buffer
  #from = 0
  #to = 0

  constructor(chunk: Buffer) {
    this.#chunk = chunk
    this.#bytes = chunk
  }

  add(stream: OutputChunk['stream'], from: number, to: number): void {
    if (stream !== this.#stream || this.#from === this.#to) return this.#begin(stream, from, to)
    if (this.#bytes === this.#chunk) {
      // One copy of all, and then moves inside of it: three times as fast as copying each payload.
      this.#bytes = Buffer.from(this.#chunk)
    }
    this.#bytes.copyWithin(this.#to, from, to)
    this.#to += to - from
  }

  take(): OutputChunk[] {
    if (this.#to > this.#from) {
      this.#chunks.push({ stream: this.#stream, data: this.#bytes.subarray(this.#from, this.#to) })
    }
    return this.#chunks
  }

  #begin(stream: OutputChunk['stream'], from: number, to: number): void {
    this.take()
    this.#stream = stream
    this.#from = from
    this.#to = to
  }
}
