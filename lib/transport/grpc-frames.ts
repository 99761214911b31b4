import { GrpcFault } from './grpc-fault.ts'

/** What precedes a message: a compression flag (one byte) and the length (four bytes). */
export const PREFIX_BYTES = 5
/** The default limit of gRPC, in bytes. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

/**
 * Splits a byte stream into gRPC messages, regardless of chunk boundaries. Each message's buffer is allocated once,
 * when its prefix is complete.
 */
export class GrpcFrames {
  /** The prefix or message that is being received. */
  #part: Buffer = Buffer.alloc(PREFIX_BYTES)
  /** How many bytes of it have arrived. */
  #size = 0
  #inMessage = false
  readonly #most: number

  constructor(most = MAX_MESSAGE_BYTES) {
    this.#most = most
  }

  /** Returns the messages that this chunk completes. @throws {@link GrpcFault} */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    for (let at = 0; ;) {
      const copied = chunk.copy(this.#part, this.#size, at)
      at += copied
      this.#size += copied
      if (this.#size < this.#part.length) return messages
      if (this.#inMessage) messages.push(this.#part)
      this.#part = Buffer.allocUnsafe(this.#inMessage ? PREFIX_BYTES : lengthOf(this.#part, this.#most))
      this.#size = 0
      this.#inMessage = !this.#inMessage
    }
  }
}

function lengthOf(prefix: Buffer, most: number): number {
  if (prefix[0] !== 0) throw new GrpcFault('unimplemented', 'compressed messages are not supported')
  const length = prefix.readUInt32BE(1)
  if (length > most) throw new GrpcFault('resourceExhausted', `a message of ${length} bytes is too long`)
  return length
}
