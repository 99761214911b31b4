import { ByteQueue } from './byte-queue.ts'
import { WIRE_VERSION } from './client-hello.ts'
import { MESSAGE, parseCertificateRequest, parseCertificates, parseServerHello } from './messages.ts'

/** The unencrypted answer of a server to a ClientHello, as far as it has arrived. */
export interface ServerFlight {
  /** The chosen version, as on the wire. */
  readonly version?: number
  /** Its certificates as DER, its own first; empty for TLS 1.3, which encrypts them. */
  readonly chain: readonly Uint8Array[]
  /** The CAs whose clients it accepts; `undefined` if it didn't ask for a certificate, or if that is unknown. */
  readonly authorities?: readonly Uint8Array[]
  /** The number of the alert that it ended with. */
  readonly alert?: number
  /**
   * `whole`: the answer is complete. `alert`: the server refused. `broken`: it isn't TLS, or violates its rules. `partial`:
   * the answer is incomplete.
   */
  readonly state: 'whole' | 'alert' | 'broken' | 'partial'
}

/** Types of records (RFC 8446 section 5.1). */
const RECORD = { alert: 21, handshake: 22 } as const
const FATAL = 2
const CLOSE_NOTIFY = 0
/** RFC 8446 section 5.1: the limit for an unencrypted record. */
const LONGEST_RECORD = 16_384
/** Enough for a chain of certificates and for 64 KiB of names, the limit of TLS. */
const LONGEST_FLIGHT = 1_048_576

type Writable = { -readonly [Key in keyof ServerFlight]: ServerFlight[Key] }

/**
 * Reads a server's first flight from the bytes of a connection, in any chunks: a record contains a part of a message, or
 * several messages (RFC 8446 section 5.1). Never throws: an invalid answer is `broken`.
 */
export class FlightReader {
  readonly #seen: Writable = { chain: [], state: 'partial' }
  readonly #records = new ByteQueue()
  readonly #messages = new ByteQueue()
  #total = 0

  get flight(): ServerFlight {
    return this.#seen
  }

  /** Adds bytes, and returns whether more are needed. */
  push(bytes: Uint8Array): boolean {
    if (this.#seen.state !== 'partial') return false
    this.#total += bytes.length
    this.#records.push(bytes)
    try {
      if (this.#total > LONGEST_FLIGHT) throw new RangeError('it does not end')
      while (this.#seen.state === 'partial' && this.#readRecord());
    } catch {
      this.#seen.state = 'broken'
    }
    return this.#seen.state === 'partial'
  }

  /** Whether there was a whole record. */
  #readRecord(): boolean {
    // The first byte is enough to recognize an answer that isn't TLS: there may be no more bytes.
    const type = this.#records.peek(1)?.[0]
    if (type === undefined) return false
    if (type !== RECORD.alert && type !== RECORD.handshake) throw new RangeError('no record of a handshake in clear')
    const head = this.#records.peek(5)
    if (head === undefined) return false
    const length = head.readUInt16BE(3)
    if (head[1] !== 3 || length === 0 || length > LONGEST_RECORD) throw new RangeError('no head of a record')
    const contents = this.#records.peek(5 + length)?.subarray(5)
    if (contents === undefined) return false
    this.#records.drop(5 + length)
    if (type === RECORD.alert) this.#readAlert(contents)
    else this.#readHandshake(contents)
    return true
  }

  #readAlert(contents: Buffer): void {
    const [level, description] = contents
    if (contents.length !== 2 || description === undefined) throw new RangeError('no alert')
    // Warnings are ignored: old servers warn about an unknown name, and continue (RFC 6066 section 3).
    if (level !== FATAL && description !== CLOSE_NOTIFY) return
    this.#seen.alert = description
    this.#seen.state = 'alert'
  }

  #readHandshake(contents: Buffer): void {
    this.#messages.push(contents)
    while (this.#seen.state === 'partial') {
      const head = this.#messages.peek(4)
      if (head === undefined) return
      const end = 4 + head.readUIntBE(1, 3)
      if (end > LONGEST_FLIGHT) throw new RangeError('no length of a message')
      const message = this.#messages.peek(end)
      if (message === undefined) return
      this.#messages.drop(end)
      this.#readMessage(message.readUInt8(0), message.subarray(4))
    }
  }

  /** Ignores other messages (ServerKeyExchange, CertificateStatus), but a ServerHello has to be first. */
  #readMessage(type: number, body: Buffer): void {
    const seen = this.#seen
    if ((type === MESSAGE.serverHello) !== (seen.version === undefined)) throw new RangeError('out of order')
    if (type === MESSAGE.serverHello) {
      seen.version = parseServerHello(body)
      if (seen.version === WIRE_VERSION['TLSv1.3']) seen.state = 'whole'
    } else if (type === MESSAGE.certificate) {
      seen.chain = parseCertificates(body)
    } else if (type === MESSAGE.certificateRequest) {
      seen.authorities = parseCertificateRequest(body, seen.version ?? 0)
    } else if (type === MESSAGE.serverHelloDone) {
      seen.state = 'whole'
    }
  }
}
