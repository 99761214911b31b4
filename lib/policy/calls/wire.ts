import { Unreadable } from '../reading/unreadable.ts'

/** How a field of a message is read. A shape: another message. */
export type Kind = 'text' | 'texts' | 'bytes' | 'flag' | 'number' | 'map' | Shape | { readonly list: Shape }

/** The fields of a message, by number. */
export interface Shape {
  readonly [number: number]: readonly [name: string, kind: Kind]
}

/** A message that was read. What is absent, or has the default value of proto3, isn't in it; messages always are. */
export interface Message {
  readonly [name: string]: Value
}
export type Value = string | bigint | boolean | Uint8Array | readonly string[] | Fields | Message | readonly Message[]
/** A map from texts to texts. */
export type Fields = ReadonlyMap<string, string>

const VARINT = 0
const BYTES = 2

/** The fields of a message with all that are in it. Reading them takes the time of everybody. */
interface Count {
  fields: number
}
const MOST_FIELDS = 20_000

/**
 * Reads a message of protocol buffers so that there is one reading. Go's reader skips unknown fields, takes the last of several
 * values, and merges several messages; no client relies on that, so it is refused.
 *
 * @param at - where the message is, for reasons. Empty: it is the message of a call
 * @throws {@link Unreadable}
 */
export function readMessage(bytes: Uint8Array, shape: Shape, at = '', count: Count = { fields: 0 }): Message {
  const message: Record<string, Value> = Object.create(null) as Record<string, Value>
  for (const { number, value } of rawFields(bytes, at)) {
    if (++count.fields > MOST_FIELDS) throw new Unreadable('BODY_TOO_LARGE', THE_MESSAGE, 'it has too many fields')
    const [name, kind] = shape[number] ?? [undefined, undefined]
    if (name === undefined || kind === undefined) throw unknownField(number, at)
    const where = at === '' ? name : `${at}.${name}`
    if (typeof value === 'bigint' ? kind !== 'flag' && kind !== 'number' : kind === 'flag' || kind === 'number')
      throw invalid(where, 'it has another type')
    const earlier = message[name]
    if (earlier !== undefined && !isRepeated(kind)) throw new Unreadable('BODY_AMBIGUOUS', where, 'it is there twice')
    message[name] =
      typeof value === 'bigint' ? readNumber(value, kind, where) : readBytes(value, kind, where, earlier, count)
  }
  return message
}

const isRepeated = (kind: Kind): boolean => kind === 'texts' || kind === 'map' || isList(kind)
const isList = (kind: Kind): kind is { list: Shape } => typeof kind === 'object' && 'list' in kind

function readNumber(value: bigint, kind: Kind, where: string): bigint | boolean {
  if (kind === 'number') return value
  if (value > 1n) throw invalid(where, 'it is neither true nor false')
  return value === 1n
}

function readBytes(bytes: Uint8Array, kind: Kind, where: string, earlier: Value | undefined, count: Count): Value {
  if (kind === 'bytes') return bytes
  if (kind === 'text') return readText(bytes, where)
  if (kind === 'texts') return append(earlier as string[] | undefined, readText(bytes, where))
  if (kind === 'map') return addEntry((earlier ?? new Map()) as Map<string, string>, bytes, where, count)
  if (isList(kind)) {
    const list = (earlier ?? []) as Message[]
    return append(list, readMessage(bytes, kind.list, `${where}.${list.length}`, count))
  }
  return readMessage(bytes, kind as Shape, where, count)
}

/** Not a new list for each: a message may have a million. */
function append<T>(list: T[] = [], one: T): T[] {
  list.push(one)
  return list
}

const ENTRY: Shape = { 1: ['key', 'text'], 2: ['value', 'text'] }

function addEntry(map: Map<string, string>, bytes: Uint8Array, where: string, count: Count): Map<string, string> {
  const { key = '', value = '' } = readMessage(bytes, ENTRY, where, count) as { key?: string; value?: string }
  if (map.has(key)) throw new Unreadable('BODY_AMBIGUOUS', where, 'it has a key twice')
  return map.set(key, value)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readText(bytes: Uint8Array, where: string): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw invalid(where, "it isn't UTF-8")
  }
}

interface RawField {
  readonly number: number
  readonly value: bigint | Uint8Array
}

/** All fields of a message, also unknown ones. @throws {@link Unreadable} */
export function* rawFields(bytes: Uint8Array, at: string): Generator<RawField> {
  let offset = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset++]
      if (byte === undefined) throw invalid(at, 'it is cut')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value >= 1n << 64n) throw invalid(at, 'a number is too large')
        return value
      }
    }
    throw invalid(at, 'a number is too long')
  }
  while (offset < bytes.length) {
    const tag = varint()
    const [number, wire] = [tag >> 3n, Number(tag & 7n)]
    if (number === 0n || number >= 1n << 29n) throw invalid(at, 'a field has no valid number')
    if (wire === VARINT) yield { number: Number(number), value: varint() }
    else if (wire === BYTES) {
      const length = varint()
      if (length > BigInt(bytes.length - offset)) throw invalid(at, 'it is cut')
      const end = offset + Number(length)
      yield { number: Number(number), value: bytes.subarray(offset, end) }
      offset = end
    } else throw unknownField(number, at)
  }
}

const THE_MESSAGE = 'the message'

function invalid(where: string, got: string): Unreadable {
  return new Unreadable('BODY_INVALID', where === '' ? THE_MESSAGE : where, got)
}

function unknownField(number: number | bigint, at: string): Unreadable {
  return new Unreadable('FIELD_UNKNOWN', at === '' ? THE_MESSAGE : at, `docker-mtls doesn't know its field ${number}`)
}

/** Writes a message that was read, in one way for each reading. */
export function writeMessage(message: Message, shape: Shape): Buffer {
  const chunks: Uint8Array[] = []
  for (const [number, [name, kind]] of Object.entries(shape) as unknown as [string, readonly [string, Kind]][]) {
    const value = message[name]
    if (value !== undefined) for (const chunk of written(BigInt(number), value, kind)) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function* written(number: bigint, value: Value, kind: Kind): Generator<Uint8Array> {
  if (typeof value === 'boolean' || typeof value === 'bigint') {
    yield varintOf((number << 3n) | BigInt(VARINT))
    yield varintOf(BigInt(value))
    return
  }
  for (const bytes of parts(value, kind)) {
    yield varintOf((number << 3n) | BigInt(BYTES))
    yield varintOf(BigInt(bytes.length))
    yield bytes
  }
}

function* parts(value: Exclude<Value, boolean | bigint>, kind: Kind): Generator<Uint8Array> {
  if (typeof value === 'string') yield Buffer.from(value)
  else if (value instanceof Uint8Array) yield value
  else if (value instanceof Map) {
    for (const [key, one] of value as Fields) yield writeMessage({ key, value: one }, ENTRY)
  } else if (Array.isArray(value)) {
    for (const one of value as readonly (string | Message)[])
      yield typeof one === 'string' ? Buffer.from(one) : writeMessage(one, (kind as { list: Shape }).list)
  } else yield writeMessage(value as Message, kind as Shape)
}

function varintOf(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 0x7fn) | 0x80)
  }
}
