import { GrpcFault } from './grpc-fault.ts'

/** One byte for compression and four for the length. */
const PREFIX = 5
/** What gRPC takes unless told otherwise. In bytes. */
const LONGEST = 4 * 1024 * 1024

/** Splits a stream into the messages that it holds, however its bytes are cut. */
export class GrpcFrames {
  #pending: Buffer[] = []
  #size = 0
  /** Bytes until the next message, or the next prefix, is whole. */
  #wanted = PREFIX
  #inMessage = false

  /** The messages that are whole now. @throws {@link GrpcFault} */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    this.#pending.push(chunk)
    this.#size += chunk.length
    while (this.#size >= this.#wanted) {
      const bytes = this.#take(this.#wanted)
      if (this.#inMessage) messages.push(bytes)
      this.#wanted = this.#inMessage ? PREFIX : lengthOf(bytes)
      this.#inMessage = !this.#inMessage
    }
    return messages
  }

  #take(length: number): Buffer {
    const [first] = this.#pending
    const whole = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending)
    this.#pending = [whole.subarray(length)]
    this.#size = whole.length - length
    return whole.subarray(0, length)
  }
}

function lengthOf(prefix: Buffer): number {
  if (prefix[0] !== 0) throw new GrpcFault('unimplemented', 'compressed messages are not supported')
  const length = prefix.readUInt32BE(1)
  if (length > LONGEST) throw new GrpcFault('resourceExhausted', `a message of ${length} bytes is too long`)
  return length
}
