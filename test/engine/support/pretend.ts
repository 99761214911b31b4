import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { connect, type DockerClient } from '../../../lib/index.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

/** A request as it came, without the version before its path. */
export interface Asked {
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A daemon that only pretends, and a client of it. */
export interface Pretender {
  readonly docker: DockerClient
  readonly asked: Asked[]
}

/** How it answers: with a text, or in its own way. */
export type Answer = string | ((response: ServerResponse, request: IncomingMessage) => void)

/** Pretends on a unix socket to be a daemon: for API versions and mistakes that the real one here hasn't. */
export async function pretend(t: Cleanable, version: string, answer: Answer): Promise<Pretender> {
  const socket = join(await temporaryFolder(t), 'docker.sock')
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    response.setHeader('Api-Version', version)
    if (request.url === '/_ping') return void response.end('OK')
    const line = `${request.method} ${request.url?.replace(`/v${version}`, '')}`
    buffer(request).then(
      (body) => {
        asked.push({ line, headers: request.headers, body })
        if (typeof answer === 'string') response.end(answer)
        else answer(response, request)
      },
      // Whoever aborted needs no answer.
      () => undefined,
    )
  }).listen(socket)
  await once(server, 'listening')
  const docker = await connect({ host: `unix://${socket}` })
  t.after(async () => {
    await docker.close()
    server.closeAllConnections()
    server.close()
  })
  return { docker, asked }
}
