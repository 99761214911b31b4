import { once } from 'node:events'
import { createServer, request as requestTo } from 'node:http'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../../support/temporary.ts'

/** Another socket of a daemon, where something is done before a request is passed on. */
export async function interposed(
  t: TestContext,
  socketPath: string,
  first: (line: string) => Promise<void>,
): Promise<string> {
  const path = join(await temporaryFolder(t), 'daemon.sock')
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    const pass = (): void => {
      const passed = requestTo({ socketPath, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(passed)
    }
    void first(`${method} ${url}`).then(pass)
  })
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(path)
  await once(server, 'listening')
  return path
}
