import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { ContextEntry } from '../entry.ts'
import { readMessage, type Fields } from './messages.ts'

/**
 * The packets of the file synchronization (tonistiigi/fsutil, types/wire.proto). The client sends a `stat` for each
 * file, and an empty one after the last. The daemon sends a `request` for each file that it needs, by its position in
 * that order. The client sends the file in `data` chunks, and an empty one after the last. At the end the daemon sends
 * `fin`, and so does the client.
 */
export const PACKET = { stat: 0, request: 1, data: 2, fin: 3, error: 4 } as const

/** A packet from the daemon. */
export interface Packet {
  type: number
  /** The requested file. */
  id: number
  /** The message of an error. */
  data: Uint8Array
}

const FIELDS: Fields<Packet> = {
  1: [WireType.Varint, (packet, reader) => (packet.type = reader.uint32())],
  3: [WireType.Varint, (packet, reader) => (packet.id = reader.uint32())],
  4: [WireType.LengthDelimited, (packet, reader) => (packet.data = reader.bytes())],
}

export function readPacket(bytes: Uint8Array): Packet {
  return readMessage(bytes, FIELDS, { type: 0, id: 0, data: new Uint8Array() })
}

/** A packet with only a type. */
export function writePacket(type: number): Uint8Array {
  return start(type).finish()
}

export function writeError(message: string): Uint8Array {
  return start(PACKET.error).tag(4, WireType.LengthDelimited).string(message).finish()
}

/** The beginning of a packet with a chunk of a file. The chunk itself follows without being copied. */
export function writeDataHead(id: number, length: number): Uint8Array {
  const packet = start(PACKET.data).tag(3, WireType.Varint).uint32(id)
  return (length === 0 ? packet : packet.tag(4, WireType.LengthDelimited).uint32(length)).finish()
}

export function writeStat(entry: ContextEntry): Uint8Array {
  const { path, size, mtime, target } = entry
  const stat = start(PACKET.stat).tag(2, WireType.LengthDelimited).fork()
  stat.tag(1, WireType.LengthDelimited).string(path)
  stat.tag(2, WireType.Varint).uint32(goMode(entry))
  // Neither uid nor gid: everything belongs to root, as in the Docker CLI's builds.
  if (entry.type !== 'directory')
    stat.tag(5, WireType.Varint).int64(entry.type === 'symlink' ? byteLength(target) : size)
  stat.tag(6, WireType.Varint).int64(mtime)
  if (target !== '') stat.tag(7, WireType.LengthDelimited).string(target)
  return stat.join().finish()
}

function start(type: number): BinaryWriter {
  const packet = new BinaryWriter()
  return type === 0 ? packet : packet.tag(1, WireType.Varint).uint32(type)
}

const byteLength = (text: string): number => Buffer.byteLength(text)

const TYPES: Readonly<Record<ContextEntry['type'], number>> = {
  file: 0,
  directory: 2 ** 31,
  symlink: 2 ** 27,
  fifo: 2 ** 25,
}

/** A file mode in Go's format (io/fs, FileMode). */
function goMode({ type, mode }: ContextEntry): number {
  const setuid = mode & 0o4000 ? 2 ** 23 : 0
  const setgid = mode & 0o2000 ? 2 ** 22 : 0
  const sticky = mode & 0o1000 ? 2 ** 20 : 0
  return TYPES[type] + setuid + setgid + sticky + (mode & 0o777)
}
