/** Reads numbers and vectors of TLS (RFC 8446 section 3) one after the other; throws a RangeError if they end too early. */
export class ByteReader {
  #rest: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#rest = bytes
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0
  }

  take(length: number): Uint8Array {
    if (length > this.#rest.length) throw new RangeError('a message of TLS ends too early')
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  uint(width: 1 | 2 | 3): number {
    return this.take(width).reduce((value, byte) => value * 256 + byte, 0)
  }

  /** Bytes that follow their length. */
  vector(width: 1 | 2 | 3): Uint8Array {
    return this.take(this.uint(width))
  }

  /** A vector of vectors. */
  vectors(width: 2 | 3, each: 2 | 3): Uint8Array[] {
    const inner = new ByteReader(this.vector(width))
    const found: Uint8Array[] = []
    while (!inner.isEmpty) found.push(inner.vector(each))
    return found
  }

  /** Throws if there are bytes after the last field. */
  end(): void {
    if (!this.isEmpty) throw new RangeError('a message of TLS has bytes behind its end')
  }
}
