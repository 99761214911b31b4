import { Transform } from 'node:stream'
import { GrpcFrames } from '../../transport/grpc-frames.ts'
import { frameOf } from './message.ts'
import type { OwnIds } from './own-ids.ts'
import type { CallVerdict } from './shared.ts'

/** What buildx reads, too, in bytes. A record has what its client has sent, so that a lower limit would let one end the lists of all. */
const LONGEST_RECORD = 16 * 1024 * 1024

/**
 * Passes on the messages of an answer that are about builds of this identity, which may then read the blobs that they name.
 * What it can't read ends the answer.
 */
export function ownMessages(read: NonNullable<CallVerdict['answer']>, ownIds: OwnIds, key: string): Transform {
  const frames = new GrpcFrames(LONGEST_RECORD)
  const isOwn = (message: Uint8Array): boolean => {
    const { build, blobs } = read(message)
    if (!ownIds.isOwn(key, { kind: 'build', id: build })) return false
    ownIds.addBlobs(key, blobs)
    return true
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        for (const message of frames.push(chunk)) if (isOwn(message)) this.push(frameOf(message))
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
}
