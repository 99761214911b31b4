import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { join } from 'node:path'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import {
  createGateway,
  type Gateway,
  type GatewayEvent,
  type GatewayOptions,
  type GatewayTls,
} from '../../../lib/gateway.ts'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../../lib/index.ts'
import { issueClient, issueServer, type Authority } from '../../../lib/pki.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'
import { makeCredentials, type Credentials } from '../../transport/support/credentials.ts'

/** What a client shows. */
export type Client = Credentials['client']

export const credentials: Credentials = await makeCredentials()

/** The server end of every gateway here. */
export const serverTls: GatewayTls = await newServerTls()

export async function newServerTls(): Promise<GatewayTls> {
  const { ca, cert, key } = await issueServer(credentials.authority, {
    names: ['localhost', '127.0.0.1'],
    keyType: 'p256',
  })
  return { ca, cert, key }
}

export const newClient = (name: string): Promise<Client> => clientOf(credentials.authority, name)

/** A client of any CA, for the gateways here. */
export async function clientOf(authority: Authority, name: string): Promise<Client> {
  const { cert, key } = await issueClient(authority, { name, keyType: 'p256' })
  return { ca: credentials.authority.certificate, cert, key }
}

/** A daemon that answers as the test says, and records all it gets. */
export interface FakeDaemon {
  readonly socketPath: string
  /** All bytes of all connections. */
  readonly received: () => string
  /** `GET /_ping`, ... */
  readonly requests: string[]
  /** How many connections are open. */
  readonly open: () => number
  /** Ends its connections. */
  readonly cut: (but?: { readonly except: readonly Duplex[] }) => void
  readonly close: () => Promise<void>
}

export interface FakeOptions {
  readonly answer?: RequestListener
  /** To `HEAD /_ping`, by which a gateway asks for the version. It isn't recorded. @defaultValue without a version */
  readonly ping?: RequestListener
  /** To the ping by which a new connection shows whether it leads to dockerd. @defaultValue an answer with the name */
  readonly firstPing?: RequestListener
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** What it calls itself; null for nothing. Unless told otherwise, dockerd. */
  readonly server?: string | null
}

/** No test counts it. */
const FIRST_PING = 'HEAD /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n'
const isFirstPing = ({ method, rawHeaders }: IncomingMessage): boolean => method === 'HEAD' && rawHeaders.length === 2

const okay = (_request: IncomingMessage, response: ServerResponse): void => void response.end('OK')
const ended = (_request: IncomingMessage, response: ServerResponse): void => void response.end()

export async function fakeDaemon(
  t: Cleanable,
  { answer = okay, ping = ended, firstPing = ended, upgrade, server: name = 'Docker/26.1.5 (linux)' }: FakeOptions = {},
): Promise<FakeDaemon> {
  const socketPath = join(await temporaryFolder(t), 'd.sock')
  const requests: string[] = []
  let received = ''
  const sockets = new Set<Duplex>()
  const note = (request: IncomingMessage): number => requests.push(`${request.method} ${request.url}`)
  const server = createServer((request, response) => {
    if (name !== null) response.setHeader('Server', name)
    if (isFirstPing(request)) return firstPing(request, response)
    if (request.method === 'HEAD' && request.url === '/_ping') return ping(request, response)
    note(request)
    answer(request, response)
  })
  // dockerd closes no connection that is idle.
  server.keepAliveTimeout = 0
  if (upgrade) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      note(request)
      socket.on('error', () => {})
      upgrade(request, socket, head)
    })
  }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      if (received.length < 1_000_000 && chunk.toString('latin1') !== FIRST_PING) received += chunk.toString('latin1')
    })
  })
  server.listen(socketPath)
  await once(server, 'listening')
  const cut: FakeDaemon['cut'] = ({ except = [] } = { except: [] }) => {
    for (const socket of sockets) if (!except.includes(socket)) socket.destroy()
  }
  const close = async (): Promise<void> => {
    cut()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.after(close)
  return { socketPath, received: () => received, requests, open: () => sockets.size, cut, close }
}

/** A daemon whose events tick until the client leaves, and which answers everything else at once. */
export function tickingDaemon(t: Cleanable): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    answer: (request, response) => {
      if (request.url?.includes('/events') !== true) return void response.end('OK')
      const timer = setInterval(() => response.write('tick\n'), 20)
      response.once('close', () => clearInterval(timer))
    },
  })
}

export interface Fronted {
  readonly gateway: Gateway
  readonly port: number
  readonly events: GatewayEvent[]
}

/** A gateway on loopback, which allows everything unless the test says otherwise. */
export async function front(
  t: Cleanable,
  daemon: GatewayOptions['daemon'],
  options: Partial<GatewayOptions> = {},
): Promise<Fronted> {
  const events: GatewayEvent[] = []
  const gateway = await createGateway({
    listen: { host: '127.0.0.1', port: 0 },
    tls: serverTls,
    daemon,
    authorize: () => ({ allow: true }),
    log: (event) => events.push(event),
    ...options,
  })
  t.after(() => gateway.close())
  return { gateway, port: 'port' in gateway.address ? gateway.address.port : 0, events }
}

/** Our own client's transport. */
export async function dispatcherTo(
  t: Cleanable,
  port: number,
  client: Client = credentials.client,
): Promise<DockerDispatcher> {
  const dispatcher = createDispatcher(parseHost(`tcp://localhost:${port}`), await loadIdentity(client))
  t.after(() => dispatcher.destroy())
  return dispatcher
}

/** A TLS connection for bytes of the test's own. */
export async function dial(
  t: Cleanable,
  port: number,
  { client = credentials.client, ...options }: ConnectionOptions & { client?: Client | undefined } = {},
): Promise<TLSSocket> {
  const halfOpen = { allowHalfOpen: true } as object
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ...halfOpen, ...client, ...options })
  socket.on('error', () => {})
  t.after(async () => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** Reads until the text has come, or the connection has ended. */
export function readUntil(socket: Duplex, wanted: string | RegExp, milliseconds = 5_000): Promise<string> {
  let text = ''
  const has = (): boolean => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only this came: ${text.slice(0, 500)}`)), milliseconds)
    const done = (): void => {
      clearTimeout(timer)
      socket.off('data', take).off('close', done).off('end', done)
      resolve(text)
    }
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (has()) done()
    }
    socket.on('data', take).once('close', done).once('end', done)
  })
}

/** Resolves when the other side has ended the connection, properly or not. */
export function endOf(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve())
    socket.resume()
  })
}
