import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import { createServer, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { detached } from '../../../lib/transport/detached.ts'

const CHUNKED = (type: string, chunk: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n`
const JSON_ANSWER = (status: string, value: unknown): string => {
  const body = JSON.stringify(value)
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
const UPGRADED = (protocol: string): string =>
  `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`
const FRAME = '\x01\0\0\0\0\0\0\x05hello'
const STAT = Buffer.from(JSON.stringify({ name: 'etc', size: 0, mode: 2147484141, mtime: '', linkTarget: '' }))
const STAT_FIELD = `X-Docker-Container-Path-Stat: ${STAT.toString('base64')}\r\n`
const PONG = 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK'

/** What it says to a request; it never ends what it begins, and never answers what isn't here. */
const ANSWERS: readonly (readonly [RegExp, (socket: Duplex, head: string) => unknown])[] = [
  [/^(GET|HEAD) \/_ping/, (socket) => socket.write(PONG)],
  [/^POST \S*\/session/, serveSession],
  [/^GET \S*\/attach\/ws/, (socket, head) => socket.write(webSocketHead(head), 'latin1')],
  [/^POST \S*\/(attach|start)[? ][^]*^upgrade:/im, (socket) => socket.write(UPGRADED('tcp') + FRAME, 'latin1')],
  [/^POST \S*\/start/, (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')],
  [/^POST \S*\/(containers\/create|exec) /, (socket) => socket.write(JSON_ANSWER('201 Created', { Id: 'x' }))],
  [
    /^GET \S*\/containers\/x\/json/,
    (socket) =>
      socket.write(JSON_ANSWER('200 OK', { State: { Health: { Status: 'starting', Log: [] }, Running: true } })),
  ],
  [/^GET \S*\/logs/, (socket) => socket.write(CHUNKED('application/vnd.docker.multiplexed-stream', FRAME), 'latin1')],
  [/^HEAD \S*\/archive/, (socket) => socket.write(`HTTP/1.1 200 OK\r\n${STAT_FIELD}\r\n`)],
  [
    /^GET \S*\/archive/,
    (socket) => socket.write(CHUNKED(`application/x-tar\r\n${STAT_FIELD.trim()}`, 'x'.repeat(512))),
  ],
  [/^GET \S*\/export/, (socket) => socket.write(CHUNKED('application/x-tar', 'x'.repeat(512)))],
  [/^(GET|POST) \S*\/(events|images|build)/, (socket) => socket.write(CHUNKED('application/json', '{"status":"y"}\n'))],
]

function webSocketHead(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
  return `HTTP/1.1 101 Switching Protocols\r\n${fields}\x82\x02hi`
}

/** As BuildKit does: a client of HTTP/2 with a call that is never over. */
function serveSession(socket: Duplex): void {
  socket.write(UPGRADED('h2c'))
  socket.removeAllListeners('data')
  const session = http2.connect('http://localhost', { createConnection: () => detached(socket) })
  session.on('error', () => {})
  const headers = { ':method': 'POST', ':path': '/moby.filesync.v1.FileSync/DiffCopy', 'dir-name': 'context' }
  session.request({ ...headers, 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => {})
}

const LONGEST_HEAD = 8192

/** Where it listens: with TLS on a free port, or at a path. */
export type Listening = { readonly tls: TlsOptions } | { readonly path: string }

/** A daemon that begins everything, and finishes nothing. */
export async function startBusyDaemon(how: Listening): Promise<{ host: string; close(): Promise<void> }> {
  const sockets = new Set<Duplex>()
  const serve = (socket: Duplex): void => {
    sockets.add(socket.on('error', () => {}))
    socket.once('close', () => sockets.delete(socket))
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) {
        // Part of a body, or of a stream in both directions.
        if (head.length > LONGEST_HEAD) head = ''
        return
      }
      // What follows a head is its body, which nothing here reads.
      ANSWERS.find(([pattern]) => pattern.test(head))?.[1](socket, head)
      head = ''
    })
  }
  const server =
    'tls' in how
      ? createTlsServer({ ...how.tls, requestCert: true, rejectUnauthorized: true }, serve)
      : createServer(serve)
  server.on('tlsClientError', () => {})
  if ('tls' in how) server.listen(0, '127.0.0.1')
  else server.listen(how.path)
  await once(server, 'listening')
  return {
    host: 'tls' in how ? `tcp://localhost:${(server.address() as AddressInfo).port}` : `unix://${how.path}`,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
