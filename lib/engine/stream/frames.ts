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
  #message = ''
  #out: OutputChunk[] = []
  #run: Run | undefined

  /** What a piece of the wire holds, in order. @throws FrameFault */
  push(chunk: Buffer): OutputChunk[] {
    this.#out = []
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) at = this.#readHeader(chunk, at)
      if (this.#left > 0 && at < chunk.length) at = this.#readPayload(chunk, at)
    }
    this.#flush()
    return this.#out
  }

  /** Says that no more comes. @throws FrameFault in the middle of a frame */
  end(): void {
    if (this.#type === SYSTEM_ERROR && this.#left > 0) throw new FrameFault('failed', this.#message.trim())
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
      throw new FrameFault('invalid', `it has no frame where one has to begin, but ${shown}`)
    }
    this.#type = type
    this.#left = bytes.readUInt32BE(at + 4)
    if (type === SYSTEM_ERROR && this.#left === 0) throw new FrameFault('failed', 'nothing more')
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    const stream = STREAMS[this.#type]
    if (stream === undefined) this.#readMessage(chunk.subarray(at, end))
    else this.#extend(stream, chunk, at, end)
    return end
  }

  #readMessage(bytes: Buffer): void {
    this.#message = (this.#message + bytes.toString('utf8')).slice(0, LONGEST_MESSAGE)
    if (this.#left === 0) throw new FrameFault('failed', this.#message.trim())
  }

  #extend(stream: OutputChunk['stream'], chunk: Buffer, from: number, to: number): void {
    if (this.#run?.stream !== stream) {
      this.#flush()
      this.#run = new Run(stream, chunk)
    }
    this.#run?.add(from, to)
  }

  #flush(): void {
    if (this.#run) this.#out.push(this.#run.take())
    this.#run = undefined
  }
}

/** Payloads of one stream that follow each other in one piece of the wire. */
class Run {
  readonly stream: OutputChunk['stream']
  readonly #chunk: Buffer
  readonly #bounds: number[] = []
  #length = 0

  constructor(stream: OutputChunk['stream'], chunk: Buffer) {
    this.stream = stream
    this.#chunk = chunk
  }

  add(from: number, to: number): void {
    this.#bounds.push(from, to)
    this.#length += to - from
  }

  take(): OutputChunk {
    const [first = 0, last = 0] = this.#bounds
    if (this.#bounds.length === 2) return { stream: this.stream, data: this.#chunk.subarray(first, last) }
    const data = Buffer.allocUnsafe(this.#length)
    let at = 0
    for (let index = 0; index < this.#bounds.length; index += 2) {
      at += this.#chunk.copy(data, at, this.#bounds[index], this.#bounds[index + 1])
    }
    return { stream: this.stream, data }
  }
}
