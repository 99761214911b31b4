import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

type Read<Message> = (message: Message, reader: BinaryReader) => void
/** How to read each field of a message, by number. Other fields are skipped. */
export type Fields<Message> = Readonly<Record<number, readonly [wire: WireType, read: Read<Message>]>>

/**
 * Reads a message.
 *
 * @param message - has the values of absent fields, and receives the others
 * @throws Error for an invalid message
 */
export function readMessage<Message>(bytes: Uint8Array, fields: Fields<Message>, message: Message): Message {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    const known = fields[field]
    if (known?.[0] === wire) known[1](message, reader)
    else reader.skip(wire, field)
  }
  return message
}

/** The text of one field of a message; empty if absent, as in proto3. */
export function readText(bytes: Uint8Array, field: number): string {
  const fields: Fields<{ text: string }> = {
    [field]: [WireType.LengthDelimited, (message, reader) => (message.text = reader.string())],
  }
  return readMessage(bytes, fields, { text: '' }).text
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
