import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError, showProgress, type DockerClient } from '../../lib/index.ts'
import { frame, framed, pretend, UPGRADED, type Answer, type Pretender } from '../support/pretend.ts'
import type { Cleanable } from '../support/temporary.ts'

const OBJECT = JSON.stringify({
  Id: 'made',
  Config: { Tty: false },
  State: { ExitCode: 0, OOMKilled: false },
  HostConfig: { RestartPolicy: { Name: 'always' } },
})
const answer: Answer = (request, response) => {
  request.resume().once('end', () => {
    const creates = request.url?.includes('/create') === true || request.url?.endsWith('/exec') === true
    response.writeHead(creates ? 201 : 200).end(OBJECT)
  })
}

/** A daemon that answers when it has a complete body. */
function reader(t: Cleanable): Promise<Pretender> {
  return pretend(t, {
    answer,
    // It never ends by itself.
    upgrade: (_, socket) => void socket.write(`${UPGRADED}\r\n`),
  })
}

type Source = AsyncIterable<Uint8Array>
type Call = (docker: DockerClient, input: Readable) => unknown

/** Every call that reads a stream, and the name of the stream in errors. */
const CALLS: readonly (readonly [what: string, call: Call])[] = [
  ['the option stdin of run()', (docker, stdin) => docker.run('image', ['cat'], { stdin })],
  ['the option stdin of exec.run()', (docker, stdin) => docker.exec.run('web', ['cat'], { stdin })],
  ['the body of images.build()', (docker, tar) => docker.images.build(tar, { builder: 'classic' })],
  ['the body of images.load()', (docker, tar) => docker.images.load(tar)],
  ['the body of images.import()', (docker, tar) => docker.images.import(tar)],
  ['the body of images.create()', (docker, tar) => docker.images.create({ fromSrc: '-' }, tar)],
  ['the body of plugins.create()', (docker, tar) => docker.plugins.create('plugin', tar)],
  ['the body of containers.archive.put()', (docker, tar) => docker.containers.archive.put('web', '/', tar)],
  ['the body of request(POST /load)', (docker, body) => docker.request({ method: 'POST', path: '/load', body })],
  [
    'the content of "a" of containers.copyTo()',
    (docker, content) => docker.containers.copyTo('web', [{ path: 'a', content, size: 1 << 20 }], '/'),
  ],
]

const GONE = new Error('the disk is gone')

async function* breaking(after: number): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from('some')
  await delay(after)
  throw GONE
}

function failed(): Readable {
  const stream = new PassThrough()
  stream.on('error', () => {})
  return stream.destroy(GONE)
}

/** A stream of an old package: no Readable, and its loop ends without an error if it has failed before. */
function foreign(): Source {
  const old = new EventEmitter()
  setImmediate(() => old.emit('error', GONE))
  return Object.assign(old, {
    async *[Symbol.asyncIterator]() {
      await delay(20)
      yield Buffer.from('some')
    },
  })
}

const later = async (): Promise<void> => delay(50)

/** When and how a source fails. */
const FAILURES: Readonly<Record<string, readonly [make: () => Source, got: RegExp, cause: RegExp | undefined]>> = {
  'before the call': [failed, /its source failed: the disk is gone/, /^the disk is gone$/],
  'at once': [() => createReadStream('/no/such'), /its source failed: \/no\/such: there is no such file/, /^ENOENT/],
  'at once, a folder': [() => createReadStream('/'), /its source failed: it is a folder, not a file/, /^EISDIR/],
  'after its first bytes': [
    () => Readable.from(breaking(30)),
    /its source failed: the disk is gone/,
    /^the disk is gone$/,
  ],
  'as an async iterable': [() => breaking(30), /its source failed: the disk is gone/, /^the disk is gone$/],
  'as a stream of another package': [foreign, /its source failed: the disk is gone/, /^the disk is gone$/],
  'as a web stream': [
    () => new ReadableStream({ start: (controller) => controller.error(GONE) }),
    /its source failed: the disk is gone/,
    /^the disk is gone$/,
  ],
  'by being closed': [() => new PassThrough().destroy(), /it was closed before its end/, undefined],
  'by being closed later': [
    () => {
      const stream = new PassThrough()
      setTimeout(() => stream.destroy(), 30)
      return stream
    },
    /it was closed before its end/,
    undefined,
  ],
}

const codeIs = (what: string, got: RegExp, cause: RegExp | undefined) => (error: unknown) => {
  assert.ok(error instanceof FileError, String(error))
  assert.equal(error.code, 'ERR_INPUT_FAILED')
  assert.equal(error.tried, `reading ${what}`)
  assert.match(error.got, got)
  if (cause) assert.match((error.cause as Error).message, cause)
  return true
}

describe('a stream as input whose source fails', () => {
  for (const [what, call] of CALLS) {
    for (const [when, [make, got, cause]] of Object.entries(FAILURES)) {
      test(`${what} fails ${when}: the call names it`, { timeout: 5000 }, async (t) => {
        const { docker } = await reader(t)
        await assert.rejects(async () => call(docker, make() as Readable), codeIs(what, got, cause))
      })
    }
  }

  test('run() creates nothing if it has failed before, and starts nothing if it fails meanwhile', async (t) => {
    const stdin = new PassThrough()
    const { docker, asked } = await pretend(t, {
      answer: (request, response) => {
        stdin.destroy(GONE)
        answer(request, response)
      },
      upgrade: (_, socket) => void socket.write(`${UPGRADED}\r\n`),
    })
    await assert.rejects(docker.run('image', ['cat'], { stdin: failed() }))
    assert.equal(asked.length, 0)
    await assert.rejects(docker.run('image', ['cat'], { stdin }))
    assert.ok(!asked.some((line) => line.includes('/start')), String(asked))
  })

  test('run() removes its container', async (t) => {
    const { docker, asked } = await reader(t)
    await assert.rejects(docker.run('image', ['cat'], { stdin: breaking(30) }), { code: 'ERR_INPUT_FAILED' })
    assert.match(String(asked.at(-1)), /^DELETE \/containers\/made/)
  })

  test('an input that was read to its end before is refused', async (t) => {
    const { docker } = await reader(t)
    const stdin = Readable.from(['once'])
    for await (const _ of stdin);
    await assert.rejects(docker.run('image', ['cat'], { stdin }), {
      code: 'ERR_INPUT_FAILED',
      message: /read to its end/,
    })
  })
})

describe('a failure of a stream that no call reads is not unhandled', () => {
  for (const [what, call] of CALLS) {
    test(`${what}, after a call that ended`, async (t) => {
      const { docker } = await pretend(t, {
        answer: (request, response) => {
          request.resume().once('end', () => response.writeHead(404).end('{}'))
        },
      })
      const input = Readable.from([Buffer.alloc(1 << 20)])
      await assert.rejects(async () => call(docker, input), { status: 404 })
      input.emit('error', GONE)
      await later()
      assert.equal(input.destroyed, true)
    })
  }

  const NEVER_READ: Readonly<Record<string, Call>> = {
    'a call that is refused': (docker, tar) => docker.images.load(tar, { quite: true } as object),
    'run() without a command': (docker, stdin) => docker.run('image', undefined as never, { stdin }),
    'a source that must be a path': (docker, source) => docker.containers.copyTo('web', source as never, '/x'),
    'a path that is refused': (docker, tar) => docker.containers.archive.put('', '/', tar),
    'a request that is refused': (docker, body) => docker.request({ method: 'post', path: '/load', body }),
  }
  for (const [what, call] of Object.entries(NEVER_READ)) {
    test(what, async (t) => {
      const { docker } = await reader(t)
      await assert.rejects(async () => call(docker, createReadStream('/no/such')), TypeError)
      await later()
    })
  }

  test('calls that nobody awaits', async (t) => {
    const { docker, asked } = await reader(t)
    docker.images.load(createReadStream('/no/such'))
    docker.images.build(createReadStream('/no/such'))
    docker.images.import(createReadStream('/no/such'))
    await later()
    assert.deepEqual(asked, [])
  })
})

describe('a stream for output that fails before there is output', () => {
  for (const [what, upgrade] of [
    ['some', framed(frame(1, 'out'))],
    ['no', framed()],
  ] as const) {
    test(`run() fails with its error, with ${what} output`, async (t) => {
      const { docker, asked } = await pretend(t, { answer, upgrade })
      const stdout = new PassThrough()
      setImmediate(() => stdout.destroy(GONE))
      await assert.rejects(docker.run('image', ['true'], { stdout }), (error) => error === GONE)
      assert.match(String(asked.at(-1)), /^DELETE/)
      await delay(20)
      assert.equal(stdout.listenerCount('error'), 0)
    })
  }

  for (const body of [frame(1, 'out'), Buffer.alloc(0)]) {
    test(`copyTo() of a log fails with its error, with ${body.length} bytes of output`, async (t) => {
      const type = 'application/vnd.docker.multiplexed-stream'
      const { docker } = await pretend(t, {
        answer: (_, response) => response.writeHead(200, { 'Content-Type': type }).end(body),
      })
      const target = createWriteStream('/no/such/file')
      await assert.rejects(docker.containers.logs('web').copyTo(target), { code: 'ENOENT' })
      await delay(20)
      assert.equal(target.listenerCount('error'), 0)
    })
  }

  test('showProgress() goes on', async (t) => {
    const { docker } = await pretend(t, { answer: (_, response) => response.end('{"stream":"Loaded image: a:1\\n"}') })
    const output = createWriteStream('/no/such/file')
    assert.deepEqual(await showProgress(docker.images.load(Buffer.from('tar')), { output }), { images: ['a:1'] })
    await delay(20)
    assert.equal(output.listenerCount('error'), 0)
  })
})
