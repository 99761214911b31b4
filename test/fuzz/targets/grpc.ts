import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileSync } from '../../../lib/engine/workflows/build/buildkit/file-sync.ts'
import { readPacket } from '../../../lib/engine/workflows/build/buildkit/packet.ts'
import { readText } from '../../../lib/engine/workflows/build/buildkit/messages.ts'
import { readStatus } from '../../../lib/engine/workflows/build/buildkit/status.ts'
import { foldersOf } from '../../../lib/engine/workflows/build/buildkit/synced-folder.ts'
import type { BuildFiles } from '../../../lib/engine/workflows/build/files.ts'
import { GrpcFault } from '../../../lib/transport/grpc-fault.ts'
import { GrpcFrames } from '../../../lib/transport/grpc-frames.ts'
import { serveGrpc } from '../../../lib/transport/grpc.ts'
import { frame, packet, text } from '../../engine/workflows/build/support/fake-builder.ts'
import { chunksOf } from '../chunks.ts'
import { demand, type Target } from '../target.ts'

const FRAMES = [Buffer.concat([frame(text('one')), frame(Buffer.alloc(0)), frame(text('two'))]), packet(1, 3)]

function readFrames(bytes: Buffer): void {
  const found = [[bytes], chunksOf(bytes)].map((chunks) => {
    const frames = new GrpcFrames()
    return Buffer.concat(chunks.flatMap((chunk) => frames.push(chunk)))
  })
  demand(found[0]?.equals(found[1] ?? Buffer.alloc(1)) === true, 'chunks change the messages')
}

/** Each reader of protobuf that the daemon's messages reach. */
function readMessages(bytes: Buffer): void {
  const { vertexes, logs } = readStatus(bytes)
  demand(Array.isArray(vertexes) && Array.isArray(logs), 'there are no lists')
  demand(typeof readPacket(bytes).type === 'number', 'there is no type')
  demand(typeof readText(bytes, 1) === 'string', 'there is no text')
}

let folder = ''

function files(): BuildFiles {
  const dockerfile = {
    name: 'Dockerfile',
    path: join(folder, 'Dockerfile'),
    inside: 'Dockerfile',
    ignoreFile: undefined,
  }
  return { root: folder, ignored: ['*.secret'], dockerfile, rootIgnoreFile: undefined }
}

/** Bytes of HTTP/2 on a connection that BuildKit has taken over, with a folder that it may read. */
async function serve(bytes: Buffer): Promise<void> {
  const chunks = chunksOf(bytes)
  const socket = new Duplex({
    read() {
      // The peer stays for a moment after its last byte, so that its calls begin.
      const next = chunks.shift()
      if (next) this.push(next)
      else setTimeout(() => this.push(null), 2)
    },
    write: (_chunk, _encoding, done) => done(),
  })
  socket.on('error', () => {})
  const server = serveGrpc(
    socket,
    fileSync(foldersOf(files()), () => {}),
  )
  await Promise.race([server.closed, delay(1000)])
  server.close()
  await server.closed
}

/** What a client of ours sends when it synchronizes the folder. */
async function captured(): Promise<Buffer[]> {
  folder = mkdtempSync(join(tmpdir(), 'context-'))
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n')
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const theirs = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1')
  const [ours] = (await once(listener, 'connection')) as [net.Socket]
  listener.close()
  const sent: Buffer[] = []
  ours.on('error', () => {}).on('data', (chunk: Buffer) => sent.push(chunk))
  const client = http2.connect('http://localhost', { createConnection: () => theirs })
  client.on('error', () => {})
  const headers = { 'dir-name': 'context', 'include-patterns': ['**/*.txt', 'Dockerfile'], 'exclude-patterns': 'a*' }
  const call = client.request({
    ':method': 'POST',
    ':path': '/moby.filesync.v1.FileSync/DiffCopy',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  call.on('error', () => {})
  call.write(packet(1, 0))
  call.end(packet(3))
  await delay(200)
  client.destroy()
  ours.destroy()
  return [Buffer.concat(sent)]
}

export const targets: readonly Target[] = [
  {
    name: 'grpc-frames',
    seeds: () => FRAMES,
    read: readFrames,
    mayThrow: (error) => error instanceof GrpcFault,
    accepts: 0.05,
  },
  {
    name: 'grpc-messages',
    seeds: () => [text('one'), packet(1, 3).subarray(5)],
    read: readMessages,
    // As the callers do: the stream or the call fails.
    mayThrow: (error) => error instanceof Error,
    pace: 2,
    accepts: 0.05,
  },
  { name: 'grpc-server', seeds: captured, read: serve, pace: 10, longest: 256 * 1024 },
]
