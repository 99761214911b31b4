import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { inNamespaces } from '../../../scripts/namespaces.ts'

/** What dockerd asks an authorization plugin (docs.docker.com, "Access authorization plugin"). */
export interface AuthorizationQuestion {
  /** The common name of the client's certificate; absent on the local socket. */
  readonly User?: string
  readonly RequestMethod: string
  readonly RequestUri: string
  /** PEM in base64, the client's own first. */
  readonly RequestPeerCertificates?: readonly string[]
  /** Of an answer that dockerd is about to send. */
  readonly ResponseStatusCode?: number
}

/**
 * Why something is refused; undefined allows it. What throws is a failure of the plugin. dockerd asks about each request, and about its
 * answer, of which it leaves the status out if it is an error.
 */
export type Decide = (question: AuthorizationQuestion, isOfAnswer: boolean) => string | undefined

export interface AuthorizationPlugin {
  /** For `--authorization-plugin`. */
  readonly name: string
  /** Takes the place of what decided before; at first everything is allowed. */
  decide: Decide
  stop(): Promise<void>
}

/** dockerd looks for plugins there alone, by the names of their sockets. */
const FOLDER = '/run/docker/plugins'

/** Starts an authorization plugin in this process. */
export async function startAuthorization(name: string): Promise<AuthorizationPlugin> {
  if (!inNamespaces()) throw new Error('a plugin is started only in namespaces of its own: npm test -- FILE')
  await mkdir(FOLDER, { recursive: true })
  const socket = `${FOLDER}/${name}.sock`
  const answer = async (request: IncomingMessage): Promise<object> => {
    if (request.url === '/Plugin.Activate') return { Implements: ['authz'] }
    const isOfAnswer = request.url === '/AuthZPlugin.AuthZRes'
    const refusal = plugin.decide((await json(request)) as AuthorizationQuestion, isOfAnswer)
    return { Allow: refusal === undefined, Msg: refusal ?? '' }
  }
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  }).listen(socket)
  const plugin: AuthorizationPlugin = {
    name,
    decide: () => undefined,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await rm(socket, { force: true })
    },
  }
  await once(server, 'listening')
  server.unref()
  return plugin
}
