import { GrpcFault } from './grpc-fault.ts'

/** One byte for compression and four for the length. */
const PREFIX = 5
/** What gRPC takes unless told otherwise. In bytes. */
const LONGEST = 4 * 1024 * 1024

/** Splits a stream into the messages that it holds, however its bytes are cut. A message has its room from its begin on. */
export class GrpcFrames {
  /** The prefix or the message that comes. */
  #part: Buffer = Buffer.alloc(PREFIX)
  /** Bytes of it that are here. */
  #size = 0
  #inMessage = false

  /** The messages that are whole now. @throws {@link GrpcFault} */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    for (let at = 0; ;) {
      const taken = chunk.copy(this.#part, this.#size, at)
      at += taken
      this.#size += taken
      if (this.#size < this.#part.length) return messages
      if (this.#inMessage) messages.push(this.#part)
      this.#part = Buffer.allocUnsafe(this.#inMessage ? PREFIX : lengthOf(this.#part))
      this.#size = 0
      this.#inMessage = !this.#inMessage
    }
  }
}

function lengthOf(prefix: Buffer): number {
  if (prefix[0] !== 0) throw new GrpcFault('unimplemented', 'compressed messages are not supported')
  const length = prefix.readUInt32BE(1)
  if (length > LONGEST) throw new GrpcFault('resourceExhausted', `a message of ${length} bytes is too long`)
  return length
}
