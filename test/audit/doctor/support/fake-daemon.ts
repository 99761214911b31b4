import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Cleanable } from '../../../support/temporary.ts'

/** How a daemon of the tests differs from a good one. */
export interface FakeOptions {
  readonly host?: string
  readonly port?: number
  /** How far its clock is ahead, in milliseconds. */
  readonly ahead?: number
  /** What `GET /info` warns about. */
  readonly warnings?: readonly string[]
  /** The status of `/version` and `/info`. @defaultValue 200 */
  readonly status?: number
  /** The message of `/version` and `/info`, if their status isn't 200. */
  readonly message?: string
  /** Does `/_ping` have that status and message, too? A plugin is asked about every request. */
  readonly refusesPing?: boolean
  readonly tls?: TlsOptions
}

/** What a server shows, and whose clients it accepts. */
export interface Shown {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

const VERSION = { Version: '26.1.5', ApiVersion: '1.45', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' }

/** Serves `/_ping`, `/version` and `/info` over TLS. With a `ca`, it accepts its clients only. */
export async function startDaemon(t: Cleanable, { cert, key, ca }: Shown, options: FakeOptions = {}): Promise<number> {
  const accepting = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }
  return listen(t, createServer({ cert, key, ...accepting, ...options.tls }, answering(options)), options)
}

/** The same without TLS. */
export async function startPlainDaemon(t: Cleanable, options: FakeOptions = {}): Promise<number> {
  return listen(t, createPlainServer(answering(options)), options)
}

/** The same on a socket. */
export async function startLocalDaemon(t: Cleanable, path: string, options: FakeOptions = {}): Promise<void> {
  const server = createPlainServer(answering(options))
  server.listen(path)
  await once(server, 'listening')
  closeAfter(t, server)
}

function answering({ ahead = 0, warnings = [], status = 200, message = 'refused', refusesPing }: FakeOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const now = new Date(Date.now() + ahead)
    response.setHeader('Api-Version', VERSION.ApiVersion)
    response.setHeader('Date', now.toUTCString())
    if (refusesPing !== true && request.url?.endsWith('/_ping') === true) return void response.end('OK')
    response.statusCode = status
    response.setHeader('Content-Type', 'application/json')
    if (status !== 200) return void response.end(JSON.stringify({ message }))
    const info = { SystemTime: now.toISOString(), Warnings: warnings }
    response.end(JSON.stringify(request.url?.endsWith('/info') === true ? info : VERSION))
  }
}

async function listen(t: Cleanable, server: Server, { host = '127.0.0.1', port = 0 }: FakeOptions): Promise<number> {
  server.on('tlsClientError', () => undefined)
  server.listen(port, host)
  await once(server, 'listening')
  closeAfter(t, server)
  return (server.address() as AddressInfo).port
}

function closeAfter(t: Cleanable, server: Server): void {
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
}
