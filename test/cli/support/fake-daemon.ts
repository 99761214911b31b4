import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** What `GET /version` of a daemon says, as far as anyone here asks. */
const VERSION = {
  Version: '26.1.5',
  ApiVersion: '1.45',
  MinAPIVersion: '1.24',
  GitCommit: 'a72d7cd',
  GoVersion: 'go1.24',
  Os: 'linux',
  Arch: 'amd64',
}

/** Further answers by the end of their path. A function never answers, or answers what it likes. */
export type Answers = Readonly<Record<string, object | ((response: ServerResponse) => void)>>

/** Serves `/_ping` and `/version` over mutual TLS, with the server's files of a folder that `init` made. */
export async function startFakeDaemon(
  folder: string,
  host = '127.0.0.1',
  answers: Answers = {},
  wantedPort = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const [cert, key, ca] = await Promise.all(
    ['server-cert.pem', 'server-key.pem', 'ca.pem'].map((name) => readFile(join(folder, 'server', name))),
  )
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    response.setHeader('Api-Version', VERSION.ApiVersion)
    response.setHeader('Ostype', 'linux')
    response.setHeader('Server', 'Docker/26.1.5 (linux)')
    if (request.url?.endsWith('/_ping') === true) return response.end('OK')
    const path = request.url?.replace(/\?.*$/s, '') ?? ''
    const answer = Object.entries(answers).find(([end]) => path.endsWith(end))?.[1]
    if (typeof answer === 'function') return answer(response)
    if (answer !== undefined) return response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer))
    if (request.url?.endsWith('/version') !== true) return response.writeHead(404).end('{"message":"page not found"}')
    response.setHeader('Content-Type', 'application/json')
    return response.end(JSON.stringify(VERSION))
  })
  server.listen(wantedPort, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `tcp://${host}:${port}`, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
