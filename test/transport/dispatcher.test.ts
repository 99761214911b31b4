import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { request } from 'undici'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../lib/index.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeMaterial, type Material } from './support/material.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** What fetch takes besides the types that Node 20 knows. */
const through = (dispatcher: DockerDispatcher, init: RequestInit = {}): RequestInit =>
  ({ ...init, dispatcher }) as object

const code = (wanted: string) => (error: unknown) => {
  const { cause } = error as { cause?: { code?: string } }
  assert.equal((error as { code?: string }).code ?? cause?.code, wanted)
  return true
}
/** fetch says "fetch failed", and why in its cause. */
const fetchCode = (wanted: string) => (error: unknown) => {
  assert.equal((error as { cause?: { code?: string } }).cause?.code, wanted)
  return true
}

describe('a dispatcher to a TLS endpoint', () => {
  let material: Material
  let server: Server
  let dispatcher: DockerDispatcher
  let sockets: Set<unknown>
  const open: ServerResponse[] = []

  const ANSWERS: Record<string, Answer> = {
    '/_ping': (_, response) => response.end('OK'),
    '/events': (_, response) => void open.push(response.writeHead(200).write('{}\n') ? response : response),
    '/moved': (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    '/unchanged': (_, response) => response.writeHead(304).end(),
    '/silent': () => {},
    '/echo': (incoming, response) => incoming.pipe(response),
  }

  before(async () => {
    material = await makeMaterial()
    sockets = new Set()
    const { ca, cert, key } = material.server
    server = createTlsServer({ ca, cert, key, requestCert: true }, (incoming, response) => {
      sockets.add(incoming.socket)
      const answer = ANSWERS[(incoming.url ?? '').replace(/\?.*/, '').replace(/^\/gate/, '')]
      if (answer) answer(incoming, response)
      else response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    dispatcher = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(material.client))
  })
  after(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    server.close()
  })
  const port = (): number => (server.address() as AddressInfo).port

  test("serves undici's request, its own methods and global fetch", async () => {
    const url = `${dispatcher.origin}/_ping`
    assert.equal(await (await request(url, { dispatcher })).body.text(), 'OK')
    assert.equal(await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.text(), 'OK')
    const answer = await fetch(url, through(dispatcher))
    assert.equal(await answer.text(), 'OK')
    const echo = await fetch(
      `${dispatcher.origin}/echo`,
      through(dispatcher, { method: 'POST', body: 'there and back' }),
    )
    assert.equal(await echo.text(), 'there and back')
  })

  test('refuses every other origin', async () => {
    const origins = [
      'https://other.example/y',
      'http://localhost:2375/y',
      `http://localhost:${port()}/_ping`,
      `https://127.0.0.1:${port()}/_ping`,
      'https://localhost/_ping',
    ]
    for (const url of origins) {
      await assert.rejects(fetch(url, through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'), url)
      await assert.rejects(request(url, { dispatcher }), code('ERR_WRONG_ORIGIN'), url)
    }
  })

  test('refuses redirects, in every mode of fetch, and takes 304', async () => {
    for (const redirect of ['follow', 'manual', 'error'] as const) {
      const moved = fetch(`${dispatcher.origin}/moved`, through(dispatcher, { redirect }))
      await assert.rejects(moved, fetchCode('ERR_REDIRECT_REFUSED'), redirect)
    }
    const unchanged = await dispatcher.request({ path: '/unchanged', method: 'GET' })
    assert.equal(unchanged.statusCode, 304)
    await unchanged.body.dump()
  })

  test("streams that stay open never take a short call's place", async () => {
    const streams = await Promise.all(
      Array.from({ length: 40 }, () => fetch(`${dispatcher.origin}/events`, through(dispatcher))),
    )
    const began = performance.now()
    await Promise.all(
      Array.from({ length: 64 }, async () => (await fetch(`${dispatcher.origin}/_ping`, through(dispatcher))).text()),
    )
    assert.ok(performance.now() - began < 5_000, 'the pings waited for the streams')
    assert.equal(streams.length, 40)
    for (const response of open.splice(0)) response.end()
    await Promise.all(streams.map((stream) => stream.text()))
  })

  test('short calls share 16 connections', async () => {
    sockets.clear()
    await Promise.all(
      Array.from({ length: 200 }, async () =>
        (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump(),
      ),
    )
    assert.ok(sockets.size <= 16, `${sockets.size} connections`)
    assert.ok(sockets.size > 1)
  })

  test("an abort comes back as the caller's own reason", async () => {
    const mine = new Error('I have had enough')
    const controller = new AbortController()
    const call = dispatcher.request({ path: '/silent', method: 'GET', signal: controller.signal })
    setTimeout(() => controller.abort(mine), 20)
    await assert.rejects(call, mine)
  })

  test('tells who answered', async () => {
    await (await dispatcher.request({ path: '/_ping', method: 'GET' })).body.dump()
    const { peer } = dispatcher
    assert.equal(peer?.tlsVersion, 'TLSv1.3')
    assert.deepEqual(peer.certificate.names.dns, ['localhost'])
    assert.equal(peer.client.commonName, 'alice')
  })

  test('keeps the prefix of a proxy', async () => {
    const gate = createDispatcher(parseHost(`https://localhost:${port()}/gate`), await loadIdentity(material.client))
    assert.equal(gate.prefix, '/gate')
    const answer = await fetch(`${gate.origin}${gate.prefix}/_ping`, through(gate))
    assert.equal(await answer.text(), 'OK')
    await gate.close()
  })

  test('a closed one refuses, and open requests end', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(material.client))
    const silent = mine.request({ path: '/silent', method: 'GET' })
    const refused = assert.rejects(silent, code('ERR_CLIENT_CLOSED'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await mine.destroy()
    await mine.destroy()
    await refused
    await assert.rejects(mine.request({ path: '/_ping', method: 'GET' }), code('ERR_CLIENT_CLOSED'))
  })

  test('close() lets a running request finish', async () => {
    const mine = createDispatcher(parseHost(`localhost:${port()}`), await loadIdentity(material.client))
    const call = mine.request({ path: '/_ping', method: 'GET' }).then(({ body }) => body.text())
    await mine.close()
    assert.equal(await call, 'OK')
  })

  test('a TLS endpoint without an identity has no dispatcher', () => {
    assert.throws(() => createDispatcher(parseHost('localhost:2376')), code('ERR_CLIENT_CERT_REQUIRED'))
    assert.throws(() => createDispatcher(parseHost('ssh://localhost')), code('ERR_TRANSPORT_UNSUPPORTED'))
  })
})

describe('a dispatcher to a unix socket', () => {
  test('speaks plain HTTP to http://localhost and nothing else', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const server = createServer((incoming, response) => response.end(incoming.headers.host)).listen(path)
    await once(server, 'listening')
    const dispatcher = createDispatcher(parseHost(`unix://${path}`))
    t.after(async () => {
      await dispatcher.destroy()
      server.close()
    })
    assert.equal(dispatcher.origin, 'http://localhost')
    assert.equal(await (await fetch('http://localhost/_ping', through(dispatcher))).text(), 'localhost')
    await assert.rejects(fetch('http://127.0.0.1/_ping', through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'))
    await assert.rejects(fetch('https://localhost/_ping', through(dispatcher)), fetchCode('ERR_WRONG_ORIGIN'))
  })
})
