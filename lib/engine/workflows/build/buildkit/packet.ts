import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { ContextEntry } from '../entry.ts'

/**
 * What both sides say to each other while files are compared and sent (tonistiigi/fsutil, types/wire.proto): we tell of
 * every file, an empty `stat` after the last; they ask for those that they lack, by their place in that order; we send
 * each in chunks, an empty one after the last; they say `fin`, and so do we.
 */
export const PACKET = { stat: 0, request: 1, data: 2, fin: 3, error: 4 } as const

/** A packet of the daemon's, as far as we read it. */
export interface Packet {
  readonly type: number
  /** Which file, for a request. */
  readonly id: number
  /** Its words, for an error. */
  readonly data: Uint8Array
}

export function readPacket(bytes: Uint8Array): Packet {
  const reader = new BinaryReader(bytes)
  let [type, id, data]: [number, number, Uint8Array] = [0, 0, new Uint8Array()]
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (field === 1 && wire === WireType.Varint) type = reader.uint32()
    else if (field === 3 && wire === WireType.Varint) id = reader.uint32()
    else if (field === 4 && wire === WireType.LengthDelimited) data = reader.bytes()
    else reader.skip(wire, field)
  }
  return { type, id, data }
}

/** A packet that says no more than what it is. */
export function writePacket(type: number): Uint8Array {
  return start(type).finish()
}

export function writeError(message: string): Uint8Array {
  return start(PACKET.error).tag(4, WireType.LengthDelimited).string(message).finish()
}

/** The begin of a packet with a chunk of a file: the chunk itself follows, and is copied nowhere. */
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

/** A mode as Go has it (io/fs, FileMode). */
function goMode({ type, mode }: ContextEntry): number {
  const setuid = mode & 0o4000 ? 2 ** 23 : 0
  const setgid = mode & 0o2000 ? 2 ** 22 : 0
  const sticky = mode & 0o1000 ? 2 ** 20 : 0
  return TYPES[type] + setuid + setgid + sticky + (mode & 0o777)
}
