/** A reader who closes a stream ends its loops. Everybody else who ends a stream is an error. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { PassThrough, Readable, type Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isAborted, isDockerMtlsError, type DockerClient, type RequestOptions } from '../../lib/index.ts'
import { frame, pretend, UPGRADED, type Answer, type Upgrade } from '../support/pretend.ts'

/** What a reader has of a stream. */
interface Stream extends AsyncIterable<unknown>, AsyncDisposable {
  close?(): Promise<void>
  destroy?(): unknown
}

type Open = (docker: DockerClient, options: RequestOptions) => Stream | Promise<Stream>

const tar = (): Readable => Readable.from([Buffer.alloc(1024)])

/** Those that answer with a stream at once, and those that say how far they are. */
const STREAMS: Readonly<Record<string, Open>> = {
  events: async (docker, options) => docker.system.events(options),
  stats: async (docker, options) => docker.containers.stats('x', options),
  logs: async (docker, options) => docker.containers.logs('x', options),
  'logs of a service': async (docker, options) => docker.services.logs('x', options),
  'logs of a task': async (docker, options) => docker.tasks.logs('x', options),
  attach: (docker, options) => docker.containers.attach('x', options),
  'web socket': (docker, options) => docker.containers.attachWebSocket('x', options),
  exec: (docker, options) => docker.exec.start('x', {}, options),
  export: (docker, options) => docker.containers.export('x', options),
  archive: async (docker, options) => (await docker.containers.archive.get('x', '/', options)).tar,
  'saved images': (docker, options) => docker.images.save(['x'], options),
}
const OPENINGS: Readonly<Record<string, Open>> = {
  'unopened events': (docker, options) => docker.system.events(options),
  'unopened stats': (docker, options) => docker.containers.stats('x', options),
  'unopened logs': (docker, options) => docker.containers.logs('x', options),
}
const PROGRESS: Readonly<Record<string, Open>> = {
  pull: (docker, options) => docker.images.pull('x', options),
  push: (docker, options) => docker.images.push('x', options),
  create: (docker, options) => docker.images.create({ fromImage: 'x', ...options }),
  import: (docker, options) => docker.images.import(tar(), options),
  load: (docker, options) => docker.images.load(tar(), options),
  build: (docker, options) => docker.images.build(tar(), options),
  'pull of a plugin': (docker, options) => docker.plugins.pull('x', [], options),
  'push of a plugin': (docker, options) => docker.plugins.push('x', options),
}
const ALL = { ...STREAMS, ...OPENINGS, ...PROGRESS }

const UPGRADE_HEAD = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`

/** RFC 6455, section 1.3. */
function webSocketHead({ headers }: IncomingMessage): string {
  const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  return `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

/** Whether the answer has frames, JSON lines or a tar. */
function beginningOf(url: string): Buffer | string {
  if (url.includes('/logs')) return Buffer.concat([frame(1, 'one\ntwo\nthr'), frame(2, 'four\n')])
  return '{"status":"begun"}\n{"status":"on"}\n'
}

interface Scene {
  readonly docker: DockerClient
  /** Connections on which a call is answered. */
  readonly open: Set<Duplex>
  readonly cut: () => void
}

/** A daemon that begins every answer, and then stays silent. */
async function scene(t: TestContext, isSilent = false): Promise<Scene> {
  const open = new Set<Duplex>()
  const keep = (socket: Duplex): void => {
    if (open.has(socket)) return
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const answer: Answer = (request, response) => {
    keep(request.socket)
    request.resume()
    if (isSilent) return
    const stat = Buffer.from('{"name":"x"}').toString('base64')
    response.writeHead(200, {
      'Content-Type': 'application/vnd.docker.multiplexed-stream',
      'X-Docker-Container-Path-Stat': stat,
    })
    response.write(beginningOf(request.url ?? ''))
  }
  const upgrade: Upgrade = (request, socket) => {
    keep(socket)
    socket.resume().on('end', () => socket.end())
    if (request.headers.upgrade === 'websocket') socket.write(`${webSocketHead(request)}\x82\x05hello`, 'latin1')
    else socket.write(Buffer.concat([Buffer.from(UPGRADE_HEAD), frame(1, 'hello\r\n')]))
  }
  const { docker } = await pretend(t, { answer, upgrade })
  // The end of an upgraded connection is the end of its output. Only within a frame it is a cut.
  return { docker, open, cut: () => open.forEach((socket) => void socket.end(frame(1, 'half', 9))) }
}

async function untilClosed({ open }: Scene): Promise<void> {
  for (let waited = 0; open.size > 0; waited += 5) {
    assert.ok(waited < 2_000, 'the connection is still open')
    await delay(5)
  }
}

/** Loops, and says when the first item has come. The items that have come follow at once, so it waits then. */
function loop(items: AsyncIterable<unknown>): { ended: Promise<string>; begun: Promise<void> } {
  const [begin, begun] = signalled()
  const ended = (async () => {
    for await (const _ of items) begin()
    return 'ended'
  })()
  ended.catch(begin)
  return { ended: Promise.race([ended, delay(2_000, 'it still waits', { ref: false })]), begun }
}

function signalled(): [() => void, Promise<void>] {
  let signal: (() => void) | undefined
  const promise = new Promise<void>((resolve) => (signal = resolve))
  return [() => signal?.(), promise]
}

/** How a reader ends a stream while its loop waits. */
const WAYS: Readonly<Record<string, (stream: Stream) => unknown>> = {
  'close() or destroy()': (stream) => stream.close?.() ?? stream.destroy?.(),
  'await using': (stream) => stream[Symbol.asyncDispose](),
}

for (const [kind, open] of Object.entries(ALL)) {
  describe(kind, { concurrency: true }, () => {
    for (const [way, end] of Object.entries(WAYS)) {
      test(`${way} elsewhere ends the loop that waits, without an error`, async (t) => {
        const daemon = await scene(t)
        const stream = await heldOf(open(daemon.docker, {}))
        const { ended, begun } = loop(stream.it)
        await begun
        await delay(10)
        await end(stream.it)
        assert.equal(await ended, 'ended')
        await untilClosed(daemon)
      })
    }

    test('return() of the iterator ends the loop that waits', async (t) => {
      const daemon = await scene(t)
      const stream = await heldOf(open(daemon.docker, {}))
      const items = stream.it[Symbol.asyncIterator]()
      const { ended, begun } = loop({ [Symbol.asyncIterator]: () => items })
      await begun
      await delay(10)
      await items.return?.()
      assert.equal(await ended, 'ended')
      await untilClosed(daemon)
    })

    test('break closes the connection', async (t) => {
      const daemon = await scene(t)
      const stream = await heldOf(open(daemon.docker, {}))
      for await (const _ of stream.it) break
      await untilClosed(daemon)
    })

    test('closed in its loop, there is no further item', async (t) => {
      const { docker } = await scene(t)
      const stream = await heldOf(open(docker, {}))
      let seen = 0
      for await (const _ of stream.it) {
        seen += 1
        WAYS['close() or destroy()']?.(stream.it)
      }
      assert.equal(seen, 1)
    })

    test('a client that is closed meanwhile is an error', async (t) => {
      const { docker } = await scene(t)
      const stream = await heldOf(open(docker, {}))
      const { ended, begun } = loop(stream.it)
      await begun
      await Promise.all([docker.close(), assert.rejects(ended, { code: 'ERR_CLIENT_CLOSED' })])
      await assert.rejects(loop(stream.it).ended, isDockerMtlsError)
    })

    test('a connection that is cut is an error, and stays one when the reader closes the stream', async (t) => {
      const { docker, cut } = await scene(t)
      const stream = await heldOf(open(docker, {}))
      const { ended, begun } = loop(stream.it)
      await begun
      cut()
      await assert.rejects(ended, (error) => isDockerMtlsError(error) && error.code !== 'ERR_CLIENT_CLOSED')
      await WAYS['close() or destroy()']?.(stream.it)
    })

    test('an abort is the reason of the signal', async (t) => {
      const daemon = await scene(t)
      for (const reason of [new Error('mine'), undefined]) {
        const controller = new AbortController()
        const { signal } = controller
        const stream = await heldOf(open(daemon.docker, { signal }))
        const { ended, begun } = loop(stream.it)
        await begun
        controller.abort(reason)
        await assert.rejects(ended, (error) => error === signal.reason && isAborted(error, signal))
        await untilClosed(daemon)
      }
    })

    test('silence is an error', async (t) => {
      const { docker } = await scene(t)
      const { it } = await heldOf(open(docker, { idleTimeout: 100 }))
      await assert.rejects(loop(it).ended, { code: 'ERR_RESPONSE_TIMEOUT' })
    })
  })
}

/** An opening would be awaited as the result of an async function. */
async function heldOf(opened: Stream | Promise<Stream>): Promise<{ readonly it: Stream }> {
  return { it: Symbol.asyncIterator in opened ? opened : await opened }
}

describe('closed before the daemon has answered', () => {
  for (const [kind, open] of Object.entries({ ...OPENINGS, ...PROGRESS })) {
    test(`${kind}: the loop ends, the request is cancelled, and there is nothing to await`, async (t) => {
      const daemon = await scene(t, true)
      const { it } = await heldOf(open(daemon.docker, {}))
      const { ended } = loop(it)
      while (daemon.open.size === 0) await delay(5)
      await it.close?.()
      assert.equal(await ended, 'ended')
      await untilClosed(daemon)
      await assert.rejects(Promise.resolve(it), isDockerMtlsError)
    })

    test(`${kind}: nothing is sent by one that was closed`, async (t) => {
      const daemon = await scene(t)
      const { it } = await heldOf(open(daemon.docker, {}))
      await it.close?.()
      assert.equal(await loop(it).ended, 'ended')
      await assert.rejects(Promise.resolve(it), isDockerMtlsError)
      assert.equal(daemon.open.size, 0)
    })
  }
})

describe('what looks whole is whole', () => {
  for (const [kind, open] of Object.entries(PROGRESS)) {
    test(`${kind}: it has no result when it was closed before its end`, async (t) => {
      const { docker } = await scene(t)
      const { it } = await heldOf(open(docker, {}))
      const result = assert.rejects(Promise.resolve(it), { code: 'ERR_ARGUMENT_INVALID', message: /closed it/ })
      await delay(20)
      await it.close?.()
      await result
      await assert.rejects(Promise.resolve(it), { code: 'ERR_ARGUMENT_INVALID' })
    })
  }

  test('text() and collect() of output that was closed reject, and copyTo() resolves', async (t) => {
    const { docker } = await scene(t)
    for (const read of ['text', 'collect', 'copyTo'] as const) {
      const logs = await docker.containers.logs('x')
      const target = new PassThrough()
      const ended = read === 'copyTo' ? logs.copyTo(target) : logs[read]()
      const outcome = Promise.resolve(ended).then(
        () => 'resolved',
        (error: { code?: string }) => error.code,
      )
      await delay(20)
      await logs.close()
      assert.equal(await outcome, read === 'copyTo' ? 'resolved' : 'ERR_CLIENT_CLOSED')
      if (read === 'copyTo') assert.equal(String(target.read()), 'one\ntwo\nthrfour\n')
    }
  })

  test('a line that was cut by closing is not a line, and no line follows the close', async (t) => {
    const { docker } = await scene(t)
    const seen: string[] = []
    const waits = await docker.containers.logs('x')
    const { ended, begun } = loop(noting(waits.lines(), seen))
    await begun
    await delay(10)
    await waits.close()
    assert.deepEqual([await ended, seen], ['ended', ['one', 'two', 'four']])
    const logs = await docker.containers.logs('x')
    for await (const line of logs.lines()) {
      assert.equal(line, 'one')
      await logs.close()
    }
  })

  test('an exec that was closed is not asked whether it started', async (t) => {
    const { docker } = await scene(t)
    const exec = await docker.exec.start('x')
    const { ended, begun } = loop(exec)
    await begun
    await exec.close()
    assert.equal(await ended, 'ended')
  })
})

async function* noting(lines: AsyncIterable<string>, seen: string[]): AsyncGenerator<string> {
  for await (const line of lines) {
    seen.push(line)
    yield line
  }
}
