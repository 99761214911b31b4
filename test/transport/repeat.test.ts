import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer, type TLSSocket } from 'node:tls'
import { connect, path, type DockerClient } from '../../lib/index.ts'
import { makeCredentials } from './support/credentials.ts'

const OK = 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\n{}'

const hangsUp = (socket: TLSSocket): void => void socket.end()

describe('a request on a connection that the server has just closed', () => {
  /** All requests since the last reset, with the number of their connection. */
  let asked: string[]
  let connections = 0
  /** What a connection does with its second request, and the later ones; the first is answered. */
  let later: (socket: TLSSocket) => void
  /** What a new connection does with its first request. */
  let first: (socket: TLSSocket) => void
  let docker: DockerClient
  let open: () => Promise<DockerClient>
  let close: () => void

  before(async () => {
    const { server: shown, client } = await makeCredentials()
    const server = createServer({ ...shown, requestCert: true }, (socket) => {
      const number = ++connections
      let requests = 0
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        asked.push(`${chunk.toString('latin1').split(' HTTP/')[0]} on ${number}`)
        if (++requests === 1) first(socket)
        else later(socket)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    close = () => void server.close()
    asked = []
    first = (socket) => socket.write(OK)
    open = () => connect({ host: `tcp://localhost:${(server.address() as AddressInfo).port}`, ...client })
  })
  afterEach(() => docker.close())
  after(() => close())
  beforeEach(async () => {
    first = (socket) => socket.write(OK)
    later = (socket) => socket.write(OK)
    asked = []
    // One open connection, which has carried a request, and is idle after a moment.
    docker = await open()
    await delay(20)
    asked = []
  })

  const closed = { code: 'ERR_CONNECTION_CLOSED' }

  test('is sent once more, on a new connection', async () => {
    later = hangsUp
    await docker.info()
    assert.equal(asked.length, 2)
    assert.equal(new Set(asked).size, 2, 'on two connections')
  })

  test('also after a reset', async () => {
    later = (socket) => socket.destroy()
    await docker.info()
    assert.equal(asked.length, 2)
  })

  test('also for other callers of the dispatcher', async () => {
    later = hangsUp
    const { statusCode } = await docker.dispatcher.request({ path: '/v1.45/info', method: 'GET' })
    assert.equal(statusCode, 200)
    assert.equal(asked.length, 2)
  })

  test('but not again on a new connection', async () => {
    first = later = hangsUp
    await assert.rejects(docker.info(), closed)
    assert.equal(asked.length, 2)
  })

  test('on as many connections as were idle', async () => {
    later = (socket) => void setTimeout(() => socket.write(OK), 50)
    first = later
    await Promise.all([docker.info(), docker.info(), docker.info()])
    await delay(20)
    ;[asked, first, later] = [[], (socket) => socket.write(OK), hangsUp]
    await docker.info()
    assert.ok(asked.length >= 2 && asked.length <= 4, `${asked.length}`)
    assert.equal(new Set(asked).size, asked.length)
  })

  test('but not if it changes something', async () => {
    later = hangsUp
    await assert.rejects(docker.volumes.remove('x'), closed)
    assert.equal(asked.length, 1)
    // A POST is sent on a connection of the other pool.
    later = (socket) => socket.write(OK)
    await (await docker.request({ method: 'GET', path: path`/events` })).text()
    await delay(20)
    ;[asked, later] = [[], hangsUp]
    await assert.rejects(docker.request({ method: 'POST', path: path`/images/create` }), closed)
    assert.equal(asked.length, 1)
  })

  test('nor if an answer had begun', async () => {
    later = (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{')
    await assert.rejects(docker.info(), closed)
    assert.equal(asked.length, 1)
  })

  test('nor on a new connection', async () => {
    first = hangsUp
    later = (socket) => void setTimeout(() => socket.write(OK), 300)
    // The first keeps the open connection busy, so that the second needs a new one.
    const busy = docker.info()
    await assert.rejects(docker.info(), closed)
    await busy
    assert.equal(asked.length, 2)
  })

  test('nor after an abort', async () => {
    const stop = new AbortController()
    later = (socket) => {
      stop.abort()
      socket.end()
    }
    await assert.rejects(docker.info({ signal: stop.signal }), { name: 'AbortError' })
    assert.equal(asked.length, 1)
  })
})
