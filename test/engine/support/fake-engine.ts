import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { connect, type DockerClient } from '../../../lib/index.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

/** A request that came. */
export interface Asked {
  /** Method, path and query as they were on the wire, without the version. */
  readonly line: string
  readonly method: string
  /** Without the version; as it was on the wire. */
  readonly path: string
  /** The version in its path; undefined where there is none. */
  readonly version: string | undefined
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export type Answer = (asked: Asked, response: ServerResponse) => void

export interface FakeEngine {
  readonly host: string
  /** All but pings, in order. */
  readonly asked: Asked[]
  /** The methods of those. */
  readonly pings: string[]
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>
}

export interface FakeEngineOptions {
  /** What its ping says, and the head of each answer. */
  readonly version: string
  /** Of its ping. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>
  /** To all but pings. @defaultValue 404 */
  readonly answer?: Answer
  /** To whoever asks for an upgrade, the request's body still to be read. @defaultValue as to all others */
  readonly upgrade?: (asked: Asked, socket: Duplex) => void
}

const notFound: Answer = (_, response) => response.writeHead(404).end('{"message":"no such thing"}')

/** A daemon that only pretends, on a unix socket: for API versions that there is no daemon of here. */
export async function startFakeEngine(t: Cleanable, options: FakeEngineOptions): Promise<FakeEngine> {
  const path = join(await temporaryFolder(t), 'docker.sock')
  const asked: Asked[] = []
  const pings: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => void serve(request, response, { asked, pings }, options))
  server.on('upgrade', (request, socket, head) => void upgrade({ request, socket, head, asked }, options))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(path)
  await once(server, 'listening')
  t.after(() => end(server, sockets))
  return { host: `unix://${path}`, asked, pings, sockets }
}

/** Such a daemon, and a client of it. */
export interface FakeScene {
  readonly docker: DockerClient
  readonly fake: FakeEngine
}

export async function startFakeScene(t: Cleanable, options: FakeEngineOptions): Promise<FakeScene> {
  const fake = await startFakeEngine(t, options)
  const docker = await connect({ host: fake.host })
  t.after(() => docker.close())
  return { docker, fake }
}

function end(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  server.close()
  return Promise.resolve()
}

function describe({ method = '', url = '', headers }: IncomingMessage, body: Buffer): Asked {
  const [whole = '', query = ''] = url.split(/\?(.*)/s)
  const [, version, path = whole] = /^\/v(\d+\.\d+)(\/.*)$/s.exec(whole) ?? []
  const line = `${method} ${version === undefined ? url : url.slice(`/v${version}`.length)}`
  return { line, method, path, version, query: new URLSearchParams(query), headers, body }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { asked, pings }: Pick<FakeEngine, 'asked' | 'pings'>,
  { version, headers = {}, answer = notFound }: FakeEngineOptions,
): Promise<void> {
  response.setHeader('Api-Version', version)
  if (request.url === '/_ping') {
    pings.push(request.method ?? '')
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.end(request.method === 'HEAD' ? undefined : 'OK')
    return
  }
  // Whoever hangs up in the middle of a request is no failure of this server's.
  const body = await buffer(request).catch(() => Buffer.alloc(0))
  const one = describe(request, body)
  asked.push(one)
  answer(one, response)
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly asked: Asked[]
}

async function upgrade({ request, socket, head, asked }: Upgrade, options: FakeEngineOptions): Promise<void> {
  socket.on('error', () => {})
  const length = Number(request.headers['content-length'] ?? 0)
  const chunks = [head]
  // Node 26 hands the body of such a request out by the request, and the versions before by the socket.
  for (let size = head.length; size < length;) {
    const next = new AbortController()
    const some = [request, socket].map((stream) => once(stream, 'data', next) as Promise<[Buffer]>)
    const [chunk] = await Promise.race(some)
    for (const one of some) one.catch(() => {})
    next.abort()
    chunks.push(chunk)
    size += chunk.length
  }
  const one = describe(request, Buffer.concat(chunks))
  asked.push(one)
  if (options.upgrade) options.upgrade(one, socket)
  else
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\nConnection: close\r\n\r\n{"message":"no such thing"}')
}
