/**
 * Uses node:https with this connection, for a program that sends Engine API requests itself. It runs an exec whose
 * output still arrives after its input has ended.
 *
 *     tsx examples/interop-https-agent.ts IMAGE
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request, type Agent } from 'node:https'
import type { Duplex } from 'node:stream'
import { buffer, json } from 'node:stream/consumers'
import { connect } from 'docker-mtls'
import { toHttpsAgent } from 'docker-mtls/interop'

/** A daemon, for a program that doesn't use our client. */
interface Daemon {
  readonly origin: string
  readonly agent: Agent
}

async function call(daemon: Daemon, method: string, path: string, body?: object): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json' }
  const asked = request(daemon.origin + path, { method, headers, agent: daemon.agent })
  asked.end(body && JSON.stringify(body))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  if ((answer.statusCode ?? 0) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode}`)
  return answer
}

async function create(daemon: Daemon, path: string, body: object): Promise<string> {
  return ((await json(await call(daemon, 'POST', path, body))) as { Id: string }).Id
}

/** Returns the connection itself, after the daemon's 101. */
async function hijack({ origin, agent }: Daemon, path: string): Promise<Duplex> {
  const headers = { 'content-type': 'application/json', connection: 'Upgrade', upgrade: 'tcp' }
  const asked = request(origin + path, { method: 'POST', headers, agent })
  asked.end(JSON.stringify({ Detach: false, Tty: false }))
  const [, socket, first] = (await once(asked, 'upgrade')) as [IncomingMessage, Duplex, Buffer]
  if (first.length > 0) socket.unshift(first)
  return socket
}

async function main(image: string): Promise<void> {
  const client = await connect()
  const daemon = { origin: client.dispatcher.origin, agent: toHttpsAgent(client) }
  const container = await create(daemon, '/containers/create', { Image: image, Cmd: ['sleep', '60'] })
  try {
    await buffer(await call(daemon, 'POST', `/containers/${container}/start`))
    const wanted = { Cmd: ['wc', '-c'], AttachStdin: true, AttachStdout: true }
    const exec = await create(daemon, `/containers/${container}/exec`, wanted)
    const socket = await hijack(daemon, `/exec/${exec}/start`)
    const input = Buffer.alloc(2_000_000, 'through the agent\n')
    socket.end(input)
    // Docker's frames: a header of 8 bytes before each chunk of output.
    const output = (await buffer(socket)).subarray(8).toString()
    console.log(`node:https: ${input.length} bytes sent, wc counts ${output}`)
  } finally {
    await buffer(await call(daemon, 'DELETE', `/containers/${container}?force=true`))
    await client.close()
  }
}

main(process.argv[2] ?? 'busybox').catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
