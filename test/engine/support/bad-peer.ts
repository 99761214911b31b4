import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { connect, type DockerClient, type EndpointOptions } from '../../../lib/index.ts'
import { makeCredentials } from '../../transport/support/credentials.ts'

/** What it does with a connection on which the head of a request has come. */
export type Behave = (peer: {
  readonly socket: TLSSocket
  readonly request: string
  readonly reset: () => void
  /** The TCP connection below TLS. */
  readonly carrier: Socket | undefined
}) => void

/** A daemon over TLS that is well until it has answered the ping, and then whatever a test wants it to be. */
export interface BadPeer {
  /** Takes the place of what it did before; at first it never answers. */
  behave: Behave
  /** Whether it still speaks TLS with new connections; the old ones stay as they are. */
  accepts: boolean
  /** Connections on which something other than a ping was asked, or which wait for TLS. */
  readonly busy: () => number
  /** A client of it. Each ping has had a connection of its own, so that all else needs a new one. */
  connect(options?: EndpointOptions): Promise<DockerClient>
  close(): Promise<void>
}

const PONG = 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK'
/** A connection that is given up is closed at once; loaded machines take longer. */
const CLOSED_MS = 5_000

export async function startBadPeer(): Promise<BadPeer> {
  const { server: shown, client } = await makeCredentials()
  const raw = new Set<Socket>()
  const busy = new Set<Socket>()
  const carriers = new Map<number | undefined, Socket>()
  const tls = createTlsServer({ ...shown, requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.on('error', () => {})
    let request = ''
    socket.on('data', (chunk: Buffer) => {
      // Also on a connection that was asked something else before, and that the client has kept.
      if (request !== '' && chunk.toString('latin1').startsWith('GET /_ping')) return void socket.end(PONG)
      const begun = request.includes('\r\n\r\n')
      request += chunk.toString('latin1')
      if (begun || !request.includes('\r\n\r\n')) return
      if (request.startsWith('GET /_ping')) return void socket.end(PONG)
      const carrier = carriers.get(socket.remotePort)
      if (carrier) busy.add(carrier)
      peer.behave({ socket, request, carrier, reset: () => carrier?.resetAndDestroy() })
    })
  })
  tls.on('tlsClientError', () => {})
  const server = createServer((socket) => {
    raw.add(socket)
    carriers.set(socket.remotePort, socket)
    socket.on('error', () => {})
    socket.once('close', () => [raw, busy].forEach((set) => set.delete(socket)))
    if (peer.accepts) tls.emit('connection', socket)
    else busy.add(socket.resume())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const peer: BadPeer = {
    behave: () => {},
    accepts: true,
    busy: () => busy.size,
    connect: (options = {}) => connect({ host: `tcp://localhost:${port}`, ...client, ...options }),
    close: async () => {
      for (const socket of raw) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return peer
}

/** Waits until no connection is left that was asked anything. */
export async function untilIdle({ busy }: BadPeer): Promise<void> {
  for (let waited = 0; busy() > 0; waited += 20) {
    if (waited > CLOSED_MS) throw new Error(`${busy()} connections are still open`)
    await delay(20)
  }
}
