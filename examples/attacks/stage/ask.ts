import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect, type TLSSocket } from 'node:tls'
import { setImmediate } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { alertText } from '../../demo/bare-client.ts'
import { Refusal } from '../attack.ts'

/** A key with its certificate, as PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** How an attacker reaches the daemon. Its TCP port is always on loopback: no address can be given. */
export type Way =
  | { readonly name: string; readonly port: number; readonly tls?: Partial<Pair> }
  | { readonly name: string; readonly socketPath: string }

/** A request of the Engine API. */
export interface Question {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Reads a stream up to these characters. */
  readonly until?: string
}

const LOOPBACK = '127.0.0.1'
/** Without a byte for so long, an answer counts as lost, in milliseconds. */
const SILENCE_MS = 10_000

/**
 * Sends one request, without our library: this is what an attacker does.
 *
 * @returns the body of the answer
 * @throws {@link Refusal} for a TLS alert, and for an HTTP status that isn't a success
 */
export async function ask(way: Way, question: Question): Promise<string> {
  if (!inNamespaces()) throw new Error('attacks run only in namespaces of their own: npm run attacks')
  const [answer] = (await once(await send(way, question), 'response')) as [IncomingMessage]
  const text = await read(answer, question.until)
  const { statusCode = 0 } = answer
  if (statusCode >= 300) throw new Refusal(`HTTP ${statusCode}, ${messageOf(text)}`)
  return text
}

async function send(way: Way, { method = 'GET', path, body, headers }: Question): Promise<ClientRequest> {
  const socket = 'port' in way && way.tls ? await openTls(way.port, way.tls) : undefined
  const text = body && JSON.stringify(body)
  const asked = request({
    ...('socketPath' in way ? { socketPath: way.socketPath } : { host: LOOPBACK, port: way.port }),
    // Node ignores createConnection if there is an agent.
    ...(socket ? { createConnection: () => socket } : { agent: false }),
    method,
    path,
    headers: { ...(text !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    timeout: SILENCE_MS,
  })
  asked.once('timeout', () => asked.destroy(new Error(`no answer to ${method} ${path}`)))
  return asked.end(text)
}

/** An attacker doesn't verify who answers. */
async function openTls(port: number, pair: Partial<Pair>): Promise<TLSSocket> {
  const socket = connect({ host: LOOPBACK, port, servername: 'localhost', rejectUnauthorized: false, ...pair })
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the handshake did not end')))
  try {
    // The server sends a ticket when it has accepted the client (RFC 8446, section 4.6.1). A request before that could end
    // the connection with a reset, and the alert would be lost.
    await once(socket, 'session')
    await setImmediate()
    return socket
  } catch (error) {
    socket.destroy()
    const { code = '' } = error as NodeJS.ErrnoException
    throw code.startsWith('ERR_SSL_') ? new Refusal(`TLS alert, ${alertText(error as Error)}`, { cause: error }) : error
  }
}

async function read(answer: IncomingMessage, until: string | undefined): Promise<string> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    text += String(chunk)
    if (until !== undefined && text.includes(until)) break
  }
  return text
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message: string }).message
  } catch {
    return text.trim().replace(/\.$/, '')
  }
}

/**
 * Tries one way after the other.
 *
 * @throws {@link Refusal} with all reasons, if all were refused
 */
export async function byAnyOf(ways: readonly Way[], attempt: (way: Way) => Promise<string>): Promise<string> {
  const reasons: string[] = []
  for (const way of ways) {
    try {
      return await attempt(way)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      reasons.push(`${way.name}: ${error.message}`)
    }
  }
  throw new Refusal(reasons.join('; '))
}
