import { Transform } from 'node:stream'

/** The end of a chunked body without chunks and trailers (RFC 9112, section 7.1). */
const END = Buffer.from('0\r\n\r\n')

/**
 * Drops the end of an empty chunked body in front of what follows. dockerode sends one with `POST /session`, and BuildKit discards it
 * with what has arrived of the body. Anything else passes as it is: `END` can't begin a frame of HTTP/2 that the daemon accepts.
 */
export function withoutEmptyBody(): Transform {
  let held: Buffer | undefined = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      if (held === undefined) return callback(null, chunk)
      held = Buffer.concat([held, chunk])
      if (held.length < END.length && END.subarray(0, held.length).equals(held)) return callback()
      const rest = held.subarray(0, END.length).equals(END) ? held.subarray(END.length) : held
      held = undefined
      callback(null, rest)
    },
    flush(callback) {
      callback(null, held)
    },
  })
}
