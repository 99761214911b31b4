import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { writeCertFolder } from './cast.ts'
import type { Daemon } from '../harness/dockerd.ts'
import { chooseDaemonPlace, type DaemonPlace } from '../harness/place.ts'
import { startTlsDaemon } from '../harness/secured.ts'

/** What a server is started with, as PEM: whose clients it takes, and what it shows. */
export interface Presented {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Starts dockerd by a rendered command line, with a certificate that may be anything: dockerd doesn't check its own. */
export async function startPresenting(presented: Presented, place?: DaemonPlace): Promise<Daemon> {
  const where = place ?? (await chooseDaemonPlace())
  const folder = join(where.folder, 'tls')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeCertFolder(folder, presented)
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => join(folder, `${name}.pem`)) as [string, string, string]
  return startTlsDaemon(where, { ca, cert, key })
}

/** A server of node:tls that asks for a client's certificate as dockerd does, and counts what it is told. */
export interface StandIn {
  readonly port: number
  /** Bytes that came inside TLS: a client that refuses us sends none. */
  readonly told: () => number
  close(): Promise<void>
}

export async function startStandIn({ ca, cert, key }: Presented): Promise<StandIn> {
  let told = 0
  const sockets = new Set<TLSSocket>()
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => (told += chunk.length))
  })
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    told: () => told,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
