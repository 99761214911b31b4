/** Chunks below this size are copied, because each object costs about 100 bytes besides its contents. */
const SMALL = 4 * 1024
const BLOCK = 64 * 1024
const EMPTY: Buffer = Buffer.alloc(0)

/** Collects chunks of bytes. Many small chunks take hardly more memory than their bytes. */
export class ByteList {
  #chunks: Buffer[] = []
  #size = 0
  /** The rest of it is free for the next small chunks. */
  #block: Buffer = EMPTY
  /** Bytes at the beginning of the block that are not in the list yet. */
  #filled = 0

  /** How many bytes it has. */
  get size(): number {
    return this.#size
  }

  push(chunk: Buffer): void {
    this.#size += chunk.length
    if (chunk.length >= SMALL || this.#isEmpty) {
      this.#closeBlock()
      this.#chunks.push(chunk)
      return
    }
    if (this.#block.length - this.#filled < chunk.length) {
      this.#closeBlock()
      this.#block = Buffer.allocUnsafeSlow(BLOCK)
    }
    this.#filled += chunk.copy(this.#block, this.#filled)
  }

  /** All bytes as one buffer; a single chunk is not copied. Empties the list. */
  take(): Buffer {
    this.#closeBlock()
    const chunks = this.#chunks
    this.#chunks = []
    this.#size = 0
    const [only] = chunks
    return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks)
  }

  /** Most answers are a single small chunk. */
  get #isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#filled === 0
  }

  #closeBlock(): void {
    if (this.#filled === 0) return
    this.#chunks.push(this.#block.subarray(0, this.#filled))
    this.#block = this.#block.subarray(this.#filled)
    this.#filled = 0
  }
}
