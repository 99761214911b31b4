import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { before, describe, test } from 'node:test'
import { createDispatcher, loadIdentity, parseHost } from '../../lib/index.ts'
import { bridge } from '../../lib/interop.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startPeer } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from '../transport/support/credentials.ts'
import { soon } from './support/asking.ts'
import { bridged, dial, readToEnd } from './support/bridged.ts'

/** More than all buffers on the way hold together. */
const MUCH = 16 * 1024 * 1024

let credentials: Credentials
before(async () => (credentials = await makeCredentials()))

describe('bytes on a bridge', () => {
  test('go both ways as they are, and the end of the input lets the output come', async (t) => {
    const { made, count } = await bridged(t, credentials, (socket) => {
      void readToEnd(socket).then((input) => socket.end(Buffer.concat([Buffer.from([0, 255]), input])))
    })
    const input = randomBytes(MUCH)
    const socket = await dial(t, made)
    socket.end(input)
    const output = await soon(readToEnd(socket))
    assert.equal(Buffer.compare(output, Buffer.concat([Buffer.from([0, 255]), input])), 0)
    assert.equal(count(), 1)
  })

  test('the end of the output lets more input through', async (t) => {
    let received: Promise<Buffer> | undefined
    const { made } = await bridged(t, credentials, (socket) => {
      received = readToEnd(socket)
      socket.end('first and last')
    })
    const socket = await dial(t, made)
    assert.equal(String(await soon(readToEnd(socket))), 'first and last')
    await delay(50)
    socket.end('and still some input')
    assert.equal(String(await soon(received ?? Promise.reject(new Error('no connection')))), 'and still some input')
  })

  test('what was sent before a close arrives, however slowly it is read', async (t) => {
    const { made } = await bridged(t, credentials, (socket) => {
      socket.resume().once('end', () => socket.end(randomBytes(MUCH)))
    })
    const socket = await dial(t, made)
    socket.end('x')
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      socket.pause()
      setTimeout(() => socket.resume(), 1)
    })
    await soon(once(socket, 'end'))
    assert.equal(bytes, MUCH)
  })

  test('a tool that does not read slows the daemon down', async (t) => {
    let sent = 0
    const { made } = await bridged(t, credentials, (socket) => {
      const chunk = Buffer.alloc(65_536)
      const more = (): void => {
        sent += chunk.length
        if (socket.write(chunk)) setImmediate(more)
        else socket.once('drain', more)
      }
      more()
    })
    const socket = await dial(t, made)
    await delay(500)
    const stopped = sent
    assert.ok(stopped < MUCH, `${stopped} bytes were taken`)
    await delay(200)
    assert.equal(sent, stopped)
    socket.resume()
    await delay(200)
    assert.ok(sent > stopped, 'it never went on')
  })

  test('a daemon that does not read slows the tool down', async (t) => {
    const { made } = await bridged(t, credentials, (socket) => socket.pause())
    const socket = await dial(t, made)
    let sent = 0
    while (sent < MUCH && (socket.write(Buffer.alloc(65_536)) || (await drained(socket)))) sent += 65_536
    assert.ok(sent < MUCH, `${sent} bytes were taken`)
  })

  test('a side that goes away takes the other one along', async (t) => {
    const daemonSides: { destroy(): unknown; once: NodeJS.EventEmitter['once'] }[] = []
    const { made } = await bridged(t, credentials, (socket) => void daemonSides.push(socket.resume()))
    const first = await dial(t, made)
    first.resume().write('x')
    while (daemonSides.length < 1) await delay(5)
    daemonSides[0]?.destroy()
    await soon(once(first, 'end'))

    const second = await dial(t, made)
    second.write('x')
    while (daemonSides.length < 2) await delay(5)
    const closed = new Promise((resolve) => daemonSides[1]?.once('end', resolve))
    second.destroy()
    await soon(closed)
  })

  test('end with the bridge, also where the daemon takes nothing of what it was sent', async (t) => {
    const daemonSides: TLSSocket[] = []
    const { made } = await bridged(t, credentials, (socket) => void daemonSides.push(socket.pause()))
    const tool = await dial(t, made)
    tool.end(Buffer.alloc(MUCH))
    while (daemonSides.length < 1) await delay(5)
    await delay(100)
    const gone = soon(new Promise((resolve) => tool.once('close', resolve)))
    await made.close()
    await gone
    const cut = new Promise((resolve) => daemonSides[0]?.once('end', resolve).once('error', resolve))
    daemonSides[0]?.resume()
    await soon(cut)
    assert.ok((daemonSides[0]?.bytesRead ?? MUCH) < MUCH, 'it was all delivered')
  })

  test('of 100 connections at once stay apart', async (t) => {
    const { made, count } = await bridged(t, credentials, (socket) => {
      void readToEnd(socket).then((input) => socket.end(input))
    })
    const outputs = await soon(
      Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const socket = await dial(t, made)
          socket.end(`${index} `.repeat(20_000))
          return String(await readToEnd(socket)) === `${index} `.repeat(20_000)
        }),
      ),
      30_000,
    )
    assert.deepEqual(
      outputs,
      Array.from({ length: 100 }, () => true),
    )
    assert.equal(count(), 100)
  })

  test('go to a local socket as well', async (t) => {
    const folder = await temporaryFolder(t)
    const server = createHttpServer((_, response) => response.end('local')).listen(join(folder, 'daemon.sock'))
    await once(server, 'listening')
    const dispatcher = createDispatcher(parseHost(`unix://${join(folder, 'daemon.sock')}`))
    const made = await bridge(dispatcher, join(folder, 'bridge.sock'))
    t.after(async () => {
      await made.close()
      await dispatcher.destroy()
      server.close()
    })
    assert.equal((await asked(made.path)).body, 'local')
  })
})

/** Whether there is room again, within a time in which there would be. */
async function drained(socket: NodeJS.WritableStream): Promise<boolean> {
  const room = once(socket, 'drain').then(() => true)
  return Promise.race([room, delay(300).then(() => false)])
}

interface Asked {
  readonly status: number | undefined
  readonly body: string
}

async function asked(socketPath: string, method = 'GET', body?: Buffer): Promise<Asked> {
  const sent = request({ socketPath, path: '/_ping', method, agent: false })
  sent.on('error', () => undefined).end(body)
  const [answer] = (await soon(once(sent, 'response'))) as [IncomingMessage]
  return { status: answer.statusCode, body: await text(answer) }
}

describe('a connection that fails', () => {
  test('is answered with the reason, in the form of a daemon, and told to whoever wants to know', async (t) => {
    const foreign = await makeCredentials()
    const peer = await startPeer('answers every ping', foreign.server)
    const dispatcher = createDispatcher(parseHost(`localhost:${peer.port}`), await loadIdentity(credentials.client))
    const told: unknown[] = []
    const onFailure = (error: unknown): void => void told.push((error as { code?: string }).code)
    const made = await bridge(dispatcher, join(await temporaryFolder(t), 'docker.sock'), { onFailure })
    t.after(async () => {
      await made.close()
      await dispatcher.destroy()
      await peer.close()
    })
    const { status, body } = await asked(made.path)
    assert.equal(status, 502)
    const { message } = JSON.parse(body) as { message: string }
    assert.match(message, /^docker-mtls: ERR_SERVER_CERT_UNTRUSTED: connecting to tcp:\/\/localhost:\d+: .*ca\.pem/)
    const head = await dial(t, made)
    head.end('HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n')
    assert.match(String(await soon(readToEnd(head))), /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\n\r\n$/)
    assert.equal((await asked(made.path, 'POST', Buffer.alloc(MUCH))).status, 502)
    assert.deepEqual(
      told,
      Array.from({ length: 3 }, () => 'ERR_SERVER_CERT_UNTRUSTED'),
    )

    const silent = await dial(t, made)
    silent.end()
    assert.equal(String(await soon(readToEnd(silent))), '')
  })

  test('is answered also where whoever is told throws, or rejects', async (t) => {
    const identity = await loadIdentity(credentials.client)
    const dispatcher = createDispatcher(parseHost(`localhost:${await freePort()}`), identity)
    t.after(() => dispatcher.destroy())
    const rude: (() => unknown)[] = [
      () => {
        throw new Error('rude')
      },
      () => Promise.reject(new Error('rude')),
    ]
    for (const onFailure of rude) {
      const made = await bridge(dispatcher, join(await temporaryFolder(t), 'docker.sock'), { onFailure })
      t.after(() => made.close())
      for (const _ of [1, 2]) assert.match((await asked(made.path)).body, /ERR_CONNECTION_REFUSED/)
    }
    for (const options of [{ onFailure: 'tell me' }, { signal: {} }] as never[]) {
      await assert.rejects(bridge(dispatcher, '/nonexistent/docker.sock', options), { code: 'ERR_ARGUMENT_INVALID' })
    }
  })

  test('for a daemon that is gone, and works again when it is back', async (t) => {
    const first = await startPeer('answers every ping', credentials.server)
    const dispatcher = createDispatcher(parseHost(`localhost:${first.port}`), await loadIdentity(credentials.client))
    const made = await bridge(dispatcher, join(await temporaryFolder(t), 'docker.sock'))
    t.after(async () => {
      await made.close()
      await dispatcher.destroy()
    })
    assert.equal((await asked(made.path)).status, 200)
    await first.close()
    assert.match((await asked(made.path)).body, /ERR_CONNECTION_REFUSED/)
    const second = await startPeer('answers every ping', credentials.server, { port: first.port })
    t.after(() => second.close())
    assert.equal((await asked(made.path)).status, 200)
  })

  test('because the client was closed: what runs ends, what comes is told so', async (t) => {
    const { made, dispatcher } = await bridged(t, credentials, (socket) => socket.write('running'))
    const running = await dial(t, made)
    await once(running, 'data')
    const ended = soon(once(running, 'end'))
    await dispatcher.destroy()
    await ended
    assert.match((await asked(made.path)).body, /ERR_CLIENT_CLOSED/)
  })
})
