import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A field of a message, as clients write it: by another library than the one that is tested. */
export function bytesField(number: number, value: Uint8Array | string): Buffer {
  const writer = new BinaryWriter().tag(number, WireType.LengthDelimited)
  return Buffer.from((typeof value === 'string' ? writer.string(value) : writer.bytes(value)).finish())
}

export function numberField(number: number, value: number | bigint): Buffer {
  return Buffer.from(new BinaryWriter().tag(number, WireType.Varint).uint64(value).finish())
}

export function mapField(number: number, entries: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(entries).map(([key, value]) => bytesField(number, entryOf(key, value))))
}

export const entryOf = (key: string, value: string): Buffer => Buffer.concat([bytesField(1, key), bytesField(2, value)])

/** An exporter, or a cache: its type and its attributes. */
export const typed = (number: number, type: string, attributes: Readonly<Record<string, string>> = {}): Buffer =>
  bytesField(number, Buffer.concat([bytesField(1, type), mapField(2, attributes)]))

/** What every build has: an id, and an empty message for its caches. */
export const solve = (...fields: Buffer[]): Buffer =>
  Buffer.concat([bytesField(1, 'build-1'), bytesField(8, ''), ...fields])

/** The attributes of the frontend, in both methods. */
export const ATTRIBUTES = { control: 7, bridge: 3 } as const

export const CONTROL = '/moby.buildkit.v1.Control/'
export const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge/'
