/** Bytes that arrive in chunks, and are joined only when enough of them have arrived: tiny chunks cost no more than large ones. */
export class ByteQueue {
  #parts: Uint8Array[] = []
  #length = 0

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#parts.push(bytes)
    this.#length += bytes.length
  }

  /** The next bytes, which stay in the queue; undefined as long as there are fewer. */
  peek(length: number): Buffer | undefined {
    if (length > this.#length) return undefined
    let [first = new Uint8Array()] = this.#parts
    if (first.length < length) {
      first = Buffer.concat(this.#parts)
      this.#parts = [first]
    }
    return Buffer.from(first.buffer, first.byteOffset, length)
  }

  /** Removes the bytes that {@link peek} has returned. */
  drop(length: number): void {
    const [first = new Uint8Array(), ...others] = this.#parts
    const rest = first.subarray(length)
    this.#parts = rest.length === 0 ? others : [rest, ...others]
    this.#length -= length
  }
}
