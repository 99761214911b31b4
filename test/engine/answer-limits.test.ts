import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { path, type DockerClient, type EndpointOptions } from '../../lib/index.ts'
import { hasMoreValues } from '../../lib/engine/json.ts'
import { startBadPeer, untilIdle, type BadPeer } from './support/bad-peer.ts'

const MIB = 1024 * 1024
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

/** Sends a whole answer. */
function answer(socket: TLSSocket, body: Buffer): void {
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n`)
  socket.write(body)
}

/** A list with as many elements as fit. */
function listOf(element: string, bytes: number): Buffer {
  return Buffer.from(`[${`${element},`.repeat(Math.floor(bytes / (element.length + 1)) - 1)}${element}]`)
}

/** About what dockerd says of a container with a compose project's labels. */
function containers(count: number): Buffer {
  const labels = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`com.example.label.${index}`, `${'value'.repeat(20)}${index}`]),
  )
  const networks = {
    web: { IPAMConfig: {}, NetworkID: 'n'.repeat(64), EndpointID: 'e'.repeat(64), Gateway: '10.0.0.1' },
  }
  const mounts = Array.from({ length: 8 }, (_, index) => ({ Type: 'bind', Source: `/srv/data/${index}`, RW: true }))
  const one = {
    Id: 'a'.repeat(64),
    Names: ['/web'],
    Image: 'web',
    Labels: labels,
    NetworkSettings: { Networks: networks },
  }
  const text = JSON.stringify({ ...one, Mounts: mounts, Command: 'x'.repeat(1800) })
  return Buffer.from(`[${Array.from({ length: count }, () => text).join()}]`)
}

describe('an answer that a call reads whole', () => {
  let peer: BadPeer
  let docker: DockerClient
  before(async () => {
    peer = await startBadPeer()
    docker = await peer.connect()
  })
  beforeEach(() => untilIdle(peer))
  after(async () => {
    await docker.close()
    await peer.close()
  })

  async function withClient(options: EndpointOptions, work: (client: DockerClient) => Promise<void>): Promise<void> {
    const client = await peer.connect(options)
    try {
      await work(client)
    } finally {
      await client.close()
    }
  }

  test('of 10,000 containers is read by default', async () => {
    const body = containers(10_000)
    assert.ok(body.length > 50e6 && body.length < 60e6, `${body.length}`)
    peer.behave = ({ socket }) => answer(socket, body)
    assert.equal((await docker.containers.list({ all: true })).length, 10_000)
  })

  test('in chunks of one byte takes little more memory than its bytes', async () => {
    const size = 2 * MIB
    const text = JSON.stringify({ Name: 'x'.repeat(size - 11) })
    peer.behave = ({ socket }) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
      for (let at = 0; at < size; at += 64 * 1024)
        socket.write(text.slice(at, at + 64 * 1024).replaceAll(/./g, '1\r\n$&\r\n'))
      socket.write('0\r\n\r\n')
    }
    globalThis.gc?.()
    const began = process.memoryUsage().rss
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - began)), 20)
    const { Name } = await docker.info()
    clearInterval(timer)
    assert.equal(Name.length, size - 11)
    // The server of this test keeps its own 12 MiB; each chunk as an object of its own took over 400 MiB.
    assert.ok(most < 200 * MIB, `${most / MIB} MiB`)
  })

  test('is cut off at 64 MiB by default', async () => {
    peer.behave = ({ socket }) => answer(socket, Buffer.alloc(64 * MIB + 1, ' '))
    await assert.rejects(docker.info(), { code: 'ERR_ANSWER_TOO_LARGE' })
  })

  for (const call of ['info', 'request'] as const) {
    const ask = (client: DockerClient): Promise<unknown> =>
      call === 'info'
        ? client.info()
        : client.request({ method: 'GET', path: path`/info` }).then((opened) => opened.json())

    test(`${call}: is not parsed if it holds too many values`, async () => {
      // A parser would take a second for each 8 MiB of these.
      const body = listOf('[]', 5 * MIB)
      peer.behave = ({ socket }) => answer(socket, body)
      await withClient({ maxAnswerBytes: 8 * MIB }, async (client) => {
        await assert.rejects(ask(client), { code: 'ERR_ANSWER_TOO_LARGE', message: /more than 524288 JSON values/ })
      })
      await withClient({ maxAnswerBytes: 64 * MIB }, async (client) => void (await ask(client)))
    })

    test(`${call}: maxAnswerBytes sets the limit`, async () => {
      peer.behave = ({ socket }) => answer(socket, Buffer.from(`{"Name":"${'x'.repeat(989)}"}`))
      await withClient({ maxAnswerBytes: 1000 }, async (client) => void (await ask(client)))
      await withClient({ maxAnswerBytes: 999 }, async (client) => {
        await assert.rejects(ask(client), { code: 'ERR_ANSWER_TOO_LARGE' })
      })
    })
  }

  test('a line of a stream with millions of values is refused', async () => {
    const line = Buffer.concat([Buffer.from('{"a":'), listOf('[]', 13 * MIB), Buffer.from('}\n')])
    peer.behave = ({ socket }) => answer(socket, line)
    const events = docker.system.events()
    await assert.rejects(
      events.then((stream) => stream[Symbol.asyncIterator]().next()),
      { code: 'ERR_API_STREAM_INVALID' },
    )
  })

  test('the option must be a number of bytes', async () => {
    for (const maxAnswerBytes of [0, -1, 1.5, Number.NaN, '5']) {
      const options = { maxAnswerBytes } as EndpointOptions
      await assert.rejects(peer.connect(options), { code: 'ERR_ARGUMENT_INVALID' }, String(maxAnswerBytes))
    }
  })
})

test('values are counted only where that matters', () => {
  assert.equal(hasMoreValues(listOf('1', 3 * MIB), 10), false)
  assert.equal(hasMoreValues(listOf('1', 5 * MIB), 10), true)
  assert.equal(hasMoreValues(Buffer.alloc(5 * MIB, 'x'), 10), false)
})
