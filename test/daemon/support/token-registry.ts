import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A registry that takes bearer tokens, which it gives out for a password: as Docker Hub and ghcr.io do. */
export interface TokenRegistry {
  readonly host: `127.0.0.1:${number}`
  /** For whom tokens were asked: a user, or `nobody`. */
  readonly asked: readonly string[]
  stop(): void
}

/**
 * Puts the check of tokens before a registry that lets everybody in.
 *
 * @param behind - that registry, as `HOST:PORT`
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export async function startTokenRegistry(
  behind: string,
  user: { readonly username: string; readonly password: string },
): Promise<TokenRegistry> {
  const basic = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`
  const asked: string[] = []
  const server = createServer((asking, answer) => {
    const { authorization } = asking.headers
    if (asking.url?.startsWith('/token') === true) {
      asked.push(authorization === basic ? user.username : 'nobody')
      const body = JSON.stringify({ token: authorization === basic ? 'good' : 'bad', expires_in: 60 })
      answer.writeHead(200, { 'content-type': 'application/json' }).end(body)
    } else if (authorization === 'Bearer good') handOn(behind, asking, answer)
    else {
      const realm = `http://${asking.headers.host}/token`
      const challenge = `Bearer realm="${realm}",service="tests",scope="repository:private/busybox:pull"`
      answer.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}` as const
  return { host, asked, stop: () => server.close().closeAllConnections() }
}

function handOn(behind: string, asking: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = asking
  const further = request(`http://${behind}${url}`, { method, headers: { accept: headers.accept ?? '*/*' } }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers)
    got.pipe(answer)
  })
  further.on('error', () => answer.destroy())
  asking.pipe(further)
}
