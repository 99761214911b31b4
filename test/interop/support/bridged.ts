import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import type { TestContext } from 'node:test'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../../lib/index.ts'
import { bridge, type Bridge, type BridgeOptions } from '../../../lib/interop.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import type { Credentials } from '../../transport/support/credentials.ts'

/** A bridge to a server that does with each connection what the test says. All of it ends with the test. */
export interface Bridged {
  readonly made: Bridge
  readonly dispatcher: DockerDispatcher
  /** How many connections came to the server. */
  readonly count: () => number
}

export async function bridged(
  t: TestContext,
  credentials: Credentials,
  serve: (socket: TLSSocket) => void,
  options: BridgeOptions = {},
): Promise<Bridged> {
  const sockets = new Set<TLSSocket>()
  let count = 0
  const server = createServer({ ...credentials.server, requestCert: true, allowHalfOpen: true }, (socket) => {
    count++
    sockets.add(socket.on('error', () => undefined))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dispatcher = createDispatcher(parseHost(`localhost:${port}`), await loadIdentity(credentials.client))
  const made = await bridge(dispatcher, join(await temporaryFolder(t), 'docker.sock'), options)
  t.after(async () => {
    await made.close()
    await dispatcher.destroy()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { made, dispatcher, count: () => count }
}

/** A tool's connection to a bridge, which may half-close. */
export async function dial(t: TestContext, { path }: Bridge): Promise<Socket> {
  const socket = connectSocket({ path, allowHalfOpen: true })
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Reads to the end, without destroying what may still be written to. */
export function readToEnd(socket: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('end', () => resolve(Buffer.concat(chunks))).once('error', reject)
  })
}
