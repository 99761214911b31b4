import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect, type DockerClient } from '../../lib/index.ts'
import { temporaryFolder, type Cleanable } from './temporary.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void
export type Upgrade = (request: IncomingMessage, socket: Duplex) => void

/** What a daemon pretends. */
export interface Pretence {
  /** The newest API version that it serves. @defaultValue `1.45` */
  readonly version?: string
  /** To all but the ping. @defaultValue 404 */
  readonly answer?: Answer
  /** To requests that take their connection over. */
  readonly upgrade?: Upgrade
}

/** A client of a daemon that pretends. */
export interface Pretender {
  readonly docker: DockerClient
  /** Method and path of each request but the ping, without the version. */
  readonly asked: string[]
}

/** A daemon that only pretends, on a unix socket: for API versions and mistakes that the real one here hasn't. */
export async function pretend(t: Cleanable, { version = '1.45', answer, upgrade }: Pretence): Promise<Pretender> {
  const socket = join(await temporaryFolder(t), 'docker.sock')
  const asked: string[] = []
  const note = ({ method, url }: IncomingMessage): void =>
    void asked.push(`${method} ${url?.replace(`/v${version}`, '')}`)
  const server = createServer((request, response) => {
    response.setHeader('Api-Version', version)
    if (request.url === '/_ping') return void response.end('OK')
    note(request)
    if (answer) answer(request, response)
    else response.writeHead(404).end()
  }).listen(socket)
  server.on('upgrade', (request, connection) => {
    note(request)
    connection.on('error', () => {})
    upgrade?.(request, connection)
  })
  await once(server, 'listening')
  const docker = await connect({ host: `unix://${socket}` })
  t.after(async () => {
    await docker.close()
    server.closeAllConnections()
    server.close()
  })
  return { docker, asked }
}

/** A frame of a multiplexed stream: 1 for standard output, 2 for standard error, 3 for a failure of the daemon. */
export function frame(type: number, text: string, length: number = text.length): Buffer {
  const head = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(length, 4)
  return Buffer.concat([head, Buffer.from(text)])
}

export const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n'

/** Takes a connection over, sends frames, and ends it. */
export function framed(...frames: readonly Buffer[]): Upgrade {
  return (_, socket) => {
    const head = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`
    socket.end(Buffer.concat([Buffer.from(head), ...frames]))
  }
}
