import type { ServerHttp2Stream } from 'node:http2'
import { BodyRefused, readBody, type BodyLimits } from '../arriving/body.ts'
import { refusal } from '../refusal.ts'

/** What precedes a message: a compression flag (one byte) and the length (four bytes). */
const PREFIX_BYTES = 5

/** Reads the only message of a call, to its end. @throws {@link BodyRefused} */
export async function readOneMessage(stream: ServerHttp2Stream, limits: BodyLimits): Promise<Uint8Array> {
  return messageIn(await readBody(stream, undefined, { ...limits, bytes: limits.bytes + PREFIX_BYTES }))
}

/** @throws {@link BodyRefused} unless it is one whole message that isn't compressed */
function messageIn(bytes: Buffer): Uint8Array {
  const isWhole = bytes.length >= PREFIX_BYTES && bytes.readUInt32BE(1) === bytes.length - PREFIX_BYTES
  if (isWhole && bytes[0] === 0) return bytes.subarray(PREFIX_BYTES)
  throw new BodyRefused(
    isWhole ? COMPRESSED : refusal(400, 'MALFORMED_REQUEST', 'the call has not exactly one message'),
  )
}

export const COMPRESSED = refusal(
  400,
  'MALFORMED_REQUEST',
  'compressed messages are refused, because they are not read',
)

/** A message with its prefix. */
export function frameOf(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
