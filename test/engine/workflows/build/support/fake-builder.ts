import { once } from 'node:events'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2'
import net, { type Socket } from 'node:net'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { serveGrpc, type GrpcMethods, type GrpcServer } from '../../../../../lib/transport/grpc.ts'
import type { Cleanable } from '../../../../support/temporary.ts'

/** What a call of gRPC ended with. */
export interface Ended {
  readonly status: number
  readonly message: string
  readonly messages: readonly Buffer[]
}

/** A connection with what we serve at one end, and a client that says what it likes at the other. */
export interface FakeBuilder {
  readonly client: ClientHttp2Session
  readonly server: GrpcServer
  /** Our end of it. */
  readonly socket: Socket
}

/** BuildKit's side of a session, without any manners. */
export async function startFakeBuilder(t: Cleanable, methods: GrpcMethods): Promise<FakeBuilder> {
  const [ours, theirs] = await socketPair()
  const server = serveGrpc(ours, methods)
  const client = http2.connect('http://localhost', {
    createConnection: () => theirs,
    // Bytes of a head; Node's own limit is lower than Go's.
    maxSendHeaderBlockLength: 2 ** 20,
  })
  client.on('error', () => {})
  t.after(async () => {
    client.destroy()
    server.close()
    await server.closed
  })
  return { client, server, socket: ours }
}

/** Two ends of a connection. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const theirs = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1')
  const [ours] = (await once(listener, 'connection')) as [Socket]
  listener.close()
  return [ours, theirs]
}

export function frame(message: Uint8Array, compressed = 0): Buffer {
  const head = Buffer.from([compressed, 0, 0, 0, 0])
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** Begins a call; header fields may have several values. */
export function begin(client: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const call = client.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  call.on('error', () => {})
  return call
}

/** Reads a call to its end. */
export async function ended(call: ClientHttp2Stream, onMessage?: (message: Buffer) => void): Promise<Ended> {
  let fields: Record<string, string | string[] | number | undefined> = {}
  call.on('response', (headers) => (fields = { ...fields, ...headers }))
  call.on('trailers', (headers) => (fields = { ...fields, ...headers }))
  const messages: Buffer[] = []
  let rest = Buffer.alloc(0)
  call.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1)
      const message = rest.subarray(5, end)
      rest = rest.subarray(end)
      if (onMessage) onMessage(message)
      else messages.push(message)
    }
  })
  call.once('end', () => call.close())
  await once(call, 'close')
  const status = fields['grpc-status'] ?? (fields[':status'] === 200 ? -1 : Number(fields[':status']))
  return { status: Number(status), message: decodeURIComponent(String(fields['grpc-message'] ?? '')), messages }
}

/** A call with one message. */
export async function unary(client: ClientHttp2Session, path: string, message: Uint8Array): Promise<Ended> {
  const call = begin(client, path)
  call.end(frame(message))
  return ended(call)
}

/** A message with one field of text. */
export function text(value: string, field = 1): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish()
}

/** The fields of a message by number, the last of each. */
export function fieldsOf(message: Uint8Array): Map<number, Buffer | number> {
  const reader = new BinaryReader(message)
  const fields = new Map<number, Buffer | number>()
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    fields.set(field, wire === WireType.Varint ? Number(reader.uint64()) : Buffer.from(reader.bytes()))
  }
  return fields
}

/** A packet of fsutil's. */
export function packet(type: number, id = 0): Buffer {
  return frame(new BinaryWriter().tag(1, WireType.Varint).uint32(type).tag(3, WireType.Varint).uint32(id).finish())
}

export interface Synced extends Ended {
  /** Mode, size and target by path, as they were told. */
  readonly stats: Map<string, { mode: number; size: number; target: string; mtime: number; uid: number }>
  readonly files: Map<string, string>
}

const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy'

/**
 * Has a folder told and sent, as BuildKit does.
 *
 * @param wanted - whether it asks for a file; @defaultValue all
 */
export async function sync(
  client: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  wanted: (path: string) => boolean = () => true,
): Promise<Synced> {
  const call = begin(client, DIFF_COPY, headers)
  const stats: Synced['stats'] = new Map()
  const files = new Map<string, string>()
  const asked = new Map<number, { path: string; chunks: Buffer[] }>()
  let [id, told] = [0, false]
  const finish = (): void => {
    if (told && asked.size === 0) call.write(packet(3))
  }
  const result = await ended(call, (message) => {
    const fields = fieldsOf(message)
    const type = fields.get(1) ?? 0
    if (type === 0 && fields.has(2)) {
      const stat = fieldsOf(fields.get(2) as Buffer)
      const number = (field: number): number => Number(stat.get(field) ?? 0)
      const path = String(stat.get(1))
      const [mode, size, mtime, uid] = [number(2), number(5), number(6), number(3)]
      stats.set(path, { mode, size, mtime, uid, target: String(stat.get(7) ?? '') })
      if (mode < 2 ** 24 && wanted(path)) {
        asked.set(id, { path, chunks: [] })
        call.write(packet(1, id))
      } else if (mode < 2 ** 24) files.set(path, '')
      id++
    } else if (type === 0) {
      told = true
      finish()
    } else if (type === 2) {
      const at = Number(fields.get(3) ?? 0)
      const file = asked.get(at)
      const data = fields.get(4) as Buffer | undefined
      if (data) return void file?.chunks.push(data)
      if (file) files.set(file.path, Buffer.concat(file.chunks).toString('latin1'))
      asked.delete(at)
      finish()
    } else if (type === 3) call.end()
  })
  return { ...result, stats, files }
}
