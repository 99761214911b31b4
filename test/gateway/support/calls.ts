import { once } from 'node:events'
import http2, { type ClientHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { detached } from '../../../lib/transport/detached.ts'
import { begin, ended, frame, type Ended } from '../../engine/workflows/build/support/fake-builder.ts'
import { readUntil } from './fixture.ts'

const UPGRADE = 'HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n'

/** Asks for a connection for calls, as the docker command does, and returns its client of HTTP/2. */
export async function openCalls(socket: Duplex, line = 'POST /grpc'): Promise<ClientHttp2Session> {
  await openGrpc(socket, line)
  const client = http2.connect('http://localhost', { createConnection: () => detached(socket) })
  client.on('error', () => {})
  await once(client, 'remoteSettings')
  return client
}

/** Switches a connection to HTTP/2 for calls. */
export async function openGrpc(socket: Duplex, line = 'POST /grpc'): Promise<void> {
  await upgrade(socket, `${line} ${UPGRADE}\r\n`)
}

/** Opens a session with this id, in which nothing is served. */
export async function openSession(socket: Duplex, id: string): Promise<void> {
  await upgrade(socket, `POST /session ${UPGRADE}X-Docker-Expose-Session-Uuid: ${id}\r\n\r\n`)
}

/**
 * Opens a session whose request announces a body, as dockerode does, and returns a client of HTTP/2 on its connection.
 *
 * @param parts - of the body: the first in the packet of the head, each of the others in a later one
 */
export async function openChunked(
  socket: Duplex,
  [first = '', ...later]: readonly string[],
  field = 'Transfer-Encoding: chunked\r\n',
): Promise<ClientHttp2Session> {
  await upgrade(socket, `POST /session ${UPGRADE}X-Docker-Expose-Session-Uuid: s1\r\n${field}\r\n${first}`)
  for (const part of later) {
    socket.write(part)
    await delay(20)
  }
  const client = http2.connect('http://localhost', { createConnection: () => detached(socket) })
  client.on('error', () => {})
  return client
}

async function upgrade(socket: Duplex, head: string): Promise<void> {
  socket.write(head)
  const answer = await readUntil(socket, '\r\n\r\n')
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error(answer)
  // The other side speaks HTTP/2 at once.
  const rest = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  socket.pause()
  if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'))
}

/** A call with one message, and fields of its header. */
export async function call(
  client: ClientHttp2Session,
  path: string,
  message: Uint8Array = new Uint8Array(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const stream = begin(client, path, headers)
  stream.end(frame(message))
  return ended(stream)
}
