import { Readable } from 'node:stream'
import { Random, seedOf } from './random.ts'

/** No input is cut into more chunks, since each costs time in any stream. */
const MOST_CHUNKS = 20_000

/** Cuts an input: whole, in single bytes, or in chunks of random sizes. The same input is always cut in the same way. */
export function chunksOf(bytes: Buffer): Buffer[] {
  const random = new Random(seedOf(bytes))
  const longest = random.pick([Infinity, 1, 16, 1024, 64 * 1024])
  const least = Math.ceil(bytes.length / MOST_CHUNKS)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = longest === Infinity ? bytes.length : Math.max(least, random.scale(longest))
    // A copy: some readers work in the memory of a chunk.
    chunks.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return chunks
}

/** The input as a stream of such chunks. */
export function streamOf(bytes: Buffer): Readable {
  const chunks = chunksOf(bytes)
  return new Readable({
    read() {
      this.push(chunks.shift() ?? null)
    },
  })
}
