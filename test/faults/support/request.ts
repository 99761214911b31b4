/** A request that has arrived. */
export interface Request {
  readonly nth: number
  readonly head: string
}

const NO_BODY = 0

/** Reads requests from a connection, one after the other. */
export class RequestReader {
  readonly #done: (request: Request) => void
  readonly #progress: (size: number, nth: number) => void
  readonly #count: () => number
  #head = ''
  #nth = 0
  /** Bytes that are still to come; undefined: until the last chunk. */
  #left: number | undefined = NO_BODY
  #size = 0
  #tail = ''

  /**
   * @param done - called for a request that is complete
   * @param progress - called with the bytes of a body, or of what follows an upgrade, that have arrived
   * @param count - called for each head; returns the number of its request
   */
  constructor(done: (request: Request) => void, progress: (size: number, nth: number) => void, count: () => number) {
    this.#done = done
    this.#progress = progress
    this.#count = count
  }

  push(chunk: Buffer): void {
    if (this.#head !== '') return this.#body(chunk)
    this.#tail += chunk.toString('latin1')
    const end = this.#tail.indexOf('\r\n\r\n')
    if (end < 0) return
    const rest = Buffer.from(this.#tail.slice(end + 4), 'latin1')
    this.#head = this.#tail.slice(0, end + 4)
    this.#tail = ''
    this.#size = 0
    this.#nth = this.#count()
    const length = /^content-length: (\d+)/im.exec(this.#head)?.[1]
    this.#left = /^transfer-encoding: chunked/im.test(this.#head) ? undefined : Number(length ?? NO_BODY)
    if (this.#left === NO_BODY) this.#finish()
    if (rest.length > 0) this.#body(rest)
  }

  #body(chunk: Buffer): void {
    this.#size += chunk.length
    this.#progress(this.#size, this.#nth)
    if (this.#left === undefined) {
      this.#tail = (this.#tail + chunk.toString('latin1')).slice(-7)
      if (/(^|\r\n)0\r\n\r\n$/.test(this.#tail)) this.#finish()
    } else if (this.#left > 0) {
      this.#left -= chunk.length
      if (this.#left <= 0) this.#finish()
    }
  }

  #finish(): void {
    const head = this.#head
    this.#left = NO_BODY
    this.#tail = ''
    // What follows an upgrade is no request.
    if (!/^upgrade: /im.test(head)) this.#head = ''
    this.#done({ nth: this.#nth, head })
  }
}
