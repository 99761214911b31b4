import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** The text of one field of a message; empty if absent, as in proto3. */
export function readText(bytes: Uint8Array, field: number): string {
  const reader = new BinaryReader(bytes)
  let text = ''
  while (reader.pos < reader.len) {
    const [found, wire] = reader.tag()
    if (found === field && wire === WireType.LengthDelimited) text = reader.string()
    else reader.skip(wire, found)
  }
  return text
}

/** A message of texts and bytes, by field number. */
export function writeFields(fields: Readonly<Record<number, string | Uint8Array>>): Uint8Array {
  const writer = new BinaryWriter()
  for (const [field, value] of Object.entries(fields)) {
    writer.tag(Number(field), WireType.LengthDelimited)
    if (typeof value === 'string') writer.string(value)
    else writer.bytes(value)
  }
  return writer.finish()
}
