/** Bytes of a server's first flight, by hand. */

const uint = (width: number, value: number): Buffer => {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}

export const vector = (width: number, ...parts: readonly Uint8Array[]): Buffer => {
  const contents = Buffer.concat(parts)
  return Buffer.concat([uint(width, contents.length), contents])
}

export const message = (type: number, ...body: readonly Uint8Array[]): Buffer =>
  Buffer.concat([uint(1, type), vector(3, ...body)])

export const record = (type: number, contents: Uint8Array, version = 0x0303): Buffer =>
  Buffer.concat([uint(1, type), uint(2, version), vector(2, contents)])

export const alert = (level: number, description: number): Buffer => record(21, Buffer.from([level, description]))

/** `extensions`: none at all, or type and contents of each. */
export function serverHello(version: number, extensions?: readonly (readonly [number, Uint8Array])[]): Buffer {
  const tail =
    extensions && vector(2, ...extensions.map(([type, bytes]) => Buffer.concat([uint(2, type), vector(2, bytes)])))
  const fixed = [uint(2, version), Buffer.alloc(32, 7), vector(1), uint(2, 0xc02b), uint(1, 0)]
  return message(2, ...fixed, ...(tail ? [tail] : []))
}

export const certificates = (...chain: readonly Uint8Array[]): Buffer =>
  message(11, vector(3, ...chain.map((der) => vector(3, der))))

export const certificateRequest = (...names: readonly Uint8Array[]): Buffer =>
  message(
    13,
    vector(1, Buffer.from([1, 64])),
    vector(2, uint(2, 0x0403)),
    vector(2, ...names.map((der) => vector(2, der))),
  )

export const helloDone: Buffer = message(14)

/** Messages in records of at most this many bytes each. */
export function inRecords(messages: readonly Uint8Array[], size: number): Buffer {
  const bytes = Buffer.concat(messages)
  const records: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) records.push(record(22, bytes.subarray(at, at + size)))
  return Buffer.concat(records)
}
