const EMPTY: Buffer = Buffer.alloc(0)
const [CR, LF] = [13, 10]
/** Chunks that are smaller on average are joined, in bytes with their size and line ends. Docker clients send larger ones. */
const SMALL = 256
/** No chunk is so large that its size has more digits. */
const MOST_DIGITS = 12
/** Why the size of a chunk can't be read. */
const [INCOMPLETE, MALFORMED] = [-1, -2]

/** What has arrived of a body. */
interface Joined {
  /** Its chunks, which can be fewer. */
  readonly chunks: Buffer
  /** The last chunk, which is empty, and what is behind it. Undefined: it hasn't arrived. */
  readonly end?: Buffer
}

/**
 * Joins small chunks of a body (RFC 9112, section 7.1). A client chooses their size, and Node's parser takes microseconds for each: that is
 * seconds for a body of some MB in chunks of one byte.
 */
export class ChunkedBody {
  /** The beginning of the size of a chunk. */
  #held = EMPTY
  /** How many bytes of a chunk, and of the line end behind it, are still to come. */
  #missing = 0
  /** Of the chunk whose size was read last. */
  #size = 0

  /** @returns undefined if these are no chunks, or have extensions, which no Docker client sends */
  take(arrived: Buffer): Joined | undefined {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, arrived]) : arrived
    const first = Math.min(this.#missing, bytes.length)
    this.#missing -= first
    this.#held = EMPTY
    let [at, count] = [first, 0]
    for (;;) {
      const data = this.#readSize(bytes, at)
      if (data === MALFORMED) return undefined
      if (data === INCOMPLETE) {
        this.#held = bytes.subarray(at)
        return { chunks: this.#join(bytes.subarray(0, at), { first, at, count }) }
      }
      if (this.#size === 0)
        return { chunks: this.#join(bytes.subarray(0, at), { first, at, count }), end: bytes.subarray(at) }
      const next = data + this.#size + 2
      if (next > bytes.length) {
        this.#missing = next - bytes.length
        return { chunks: this.#join(bytes, { first, at, count }) }
      }
      if (bytes[next - 2] !== CR || bytes[next - 1] !== LF) return undefined
      count++
      at = next
    }
  }

  /** @returns where the data of the chunk begins */
  #readSize(bytes: Buffer, at: number): number {
    let size = 0
    for (let index = at; index < bytes.length; index++) {
      const code = bytes[index] ?? 0
      const digit = digitOf(code)
      if (digit < 0 || index - at === MOST_DIGITS) {
        if (code !== CR || index === at) return MALFORMED
        if (index + 1 === bytes.length) return INCOMPLETE
        this.#size = size
        return bytes[index + 1] === LF ? index + 2 : MALFORMED
      }
      size = size * 16 + digit
    }
    return INCOMPLETE
  }

  /** Writes the chunks from `first` to `at` as one, if they are small. */
  #join(bytes: Buffer, { first, at, count }: { first: number; at: number; count: number }): Buffer {
    if (at - first >= count * SMALL) return bytes
    const data = Buffer.allocUnsafe(at - first)
    let length = 0
    for (let chunk = first; chunk < at;) {
      const from = this.#readSize(bytes, chunk)
      // Faster than copy() for a few bytes.
      for (let index = 0; index < this.#size; index++) data[length++] = bytes[from + index] ?? 0
      chunk = from + this.#size + 2
    }
    const size = Buffer.from(`${length.toString(16)}\r\n`)
    const whole = [bytes.subarray(0, first), size, data.subarray(0, length), LINE_END, bytes.subarray(at)]
    return Buffer.concat(whole)
  }
}

const LINE_END = Buffer.from('\r\n')

/** The value of a hexadecimal digit; negative for anything else. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
