import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseProxy } from '../../../lib/endpoint/proxy.ts'
import { apiError } from '../../../lib/engine/api-error.ts'
import { parseJson } from '../../../lib/engine/json.ts'
import { isDockerPing, notDocker, readPing } from '../../../lib/engine/version.ts'
import { createDispatcher, type DockerDispatcher } from '../../../lib/transport/dispatcher.ts'
import { openTunnel } from '../../../lib/transport/proxy.ts'
import { collect, hijack, open } from '../../../lib/transport/send.ts'
import { openWebSocket } from '../../../lib/transport/web-socket.ts'
import { chunksOf } from '../chunks.ts'
import { Random, seedOf } from '../random.ts'
import { demand, type Target } from '../target.ts'

const MOST_BYTES = 512 * 1024
const DEADLINE_MS = 3000
const REQUEST = { method: 'GET', path: '/containers/json' }

let answer: readonly Buffer[] = []
let dispatcher: DockerDispatcher | undefined
let proxyPort = 0

/** A server that answers the first bytes of each connection with the input, and closes it. */
async function startServer(): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      for (const chunk of answer) socket.write(chunk)
      socket.end()
    })
  })
  await Promise.resolve()
  return server
}

async function startDaemon(): Promise<() => Promise<void>> {
  const server = await startServer()
  const socketPath = join(mkdtempSync(join(tmpdir(), 'http-')), 'docker.sock')
  await once(server.listen(socketPath), 'listening')
  dispatcher = createDispatcher({ kind: 'unix', path: socketPath }, undefined, { maxAnswerBytes: MOST_BYTES })
  return async () => {
    await dispatcher?.destroy()
    server.close()
  }
}

async function startProxy(): Promise<() => void> {
  const server = await startServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  proxyPort = (server.address() as net.AddressInfo).port
  return () => void server.close()
}

type Read = (one: DockerDispatcher) => Promise<unknown>

async function readWhole(one: DockerDispatcher): Promise<unknown> {
  const { status, body } = await collect(one, { ...REQUEST, idleTimeout: DEADLINE_MS })
  demand(body.length <= MOST_BYTES, `the answer has ${body.length} bytes`)
  if (status >= 300) throw apiError(status, REQUEST, body)
  return parseJson(body, REQUEST, { status, limit: MOST_BYTES })
}

async function readPong(one: DockerDispatcher): Promise<unknown> {
  const { status, headers, body } = await collect(one, { ...REQUEST, idleTimeout: DEADLINE_MS })
  const ping = readPing(headers)
  if (!isDockerPing(status, ping, body)) throw notDocker('pinging', status, headers)
  return ping
}

async function readBody(one: DockerDispatcher): Promise<void> {
  const { body } = await open(one, REQUEST)
  for await (const chunk of body) demand((chunk as Buffer).length > 0, 'a chunk is empty')
}

async function readUpgraded(one: DockerDispatcher): Promise<void> {
  const answered = await hijack(one, { ...REQUEST, method: 'POST', idleTimeout: DEADLINE_MS }, 'tcp')
  if (!('socket' in answered)) throw apiError(answered.status, REQUEST, answered.body)
  for await (const _ of answered.socket) await Promise.resolve()
}

async function readWebSocket(one: DockerDispatcher): Promise<void> {
  const answered = await openWebSocket(one, REQUEST)
  if ('status' in answered) throw apiError(answered.status, REQUEST, answered.body)
  for await (const _ of answered) await Promise.resolve()
}

const READS: readonly Read[] = [readWhole, readWhole, readPong, readBody, readUpgraded, readWebSocket]

async function ask(bytes: Buffer): Promise<unknown> {
  answer = chunksOf(bytes)
  if (!dispatcher) throw new Error('not started')
  return new Random(seedOf(bytes) ^ 1).pick(READS)(dispatcher)
}

async function askProxy(bytes: Buffer): Promise<void> {
  answer = chunksOf(bytes)
  const proxy = parseProxy(`http://user:secret@127.0.0.1:${proxyPort}`)
  const carrier = await openTunnel(proxy, { kind: 'tls', host: 'h.example', port: 2376, pathPrefix: '' } as never, {
    timeout: DEADLINE_MS,
    signal: new AbortController().signal,
  })
  carrier.on('error', () => {})
  for await (const _ of carrier) await Promise.resolve()
}

const JSON_BODY = '[{"Id":"a","Names":["/web"]}]'
const SEEDS = [
  `HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Type: application/json\r\nContent-Length: ${JSON_BODY.length}\r\n\r\n${JSON_BODY}`,
  'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nOstype: linux\r\nServer: Docker/26.1.5 (linux)\r\nContent-Length: 2\r\n\r\nOK',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n{"message":"No such container: web"}',
  'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\u0001\0\0\0\0\0\0\u0002hi',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 301 Moved\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n',
]
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  '0\r\n\r\n',
]
const MORE_WORDS = [
  'Connection: close\r\n',
  'Trailer: x\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\n',
  'ffffffff\r\n',
  'Set-Cookie: a\r\n',
  '[],',
]
const PROXY_SEEDS = [
  'HTTP/1.1 200 Connection established\r\n\r\ntunnel bytes',
  'HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\n',
]

export const targets: readonly Target[] = [
  {
    name: 'http-answer',
    seeds: () => SEEDS,
    start: startDaemon,
    read: ask,
    words: [...WORDS, ...MORE_WORDS],
    pace: 10,
  },
  { name: 'proxy-answer', seeds: () => PROXY_SEEDS, start: startProxy, read: askProxy, words: WORDS, pace: 10 },
]
