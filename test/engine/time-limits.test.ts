import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { connect, isDockerMtlsError, type DockerClient, type RequestOptions } from '../../lib/index.ts'
import { frame, pretend as pretendAnswers, UPGRADED, type Answer, type Upgrade } from '../support/pretend.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { CALLS } from './operations-table.ts'
import { startFakeScene, type FakeScene } from './support/fake-engine.ts'
import { loadOperations } from './support/operations.ts'

const code = (wanted: string) => (error: unknown) => isDockerMtlsError(error, wanted as never)
const LATE = code('ERR_CALL_TIMEOUT')
const SILENT = code('ERR_RESPONSE_TIMEOUT')

/** A daemon that reads everything and answers nothing but pings. */
function silent(t: TestContext): Promise<FakeScene> {
  return startFakeScene(t, { version: NEWEST_API_VERSION, answer: () => {}, upgrade: () => {} })
}

/** Answers the first ping, and nothing else. */
async function hostThatPingsOnce(t: TestContext): Promise<string> {
  const path = join(await temporaryFolder(t), 'docker.sock')
  let pings = 0
  const server = createServer((_, response) => {
    if (pings++ === 0) response.setHeader('Api-Version', '1.45').end('OK')
  }).listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `unix://${path}`
}

const MULTIPLEXED = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`

const haltUpgraded: Upgrade = (_, socket) =>
  void socket.write(Buffer.concat([Buffer.from(MULTIPLEXED), frame(1, 'out')]))

/** A daemon that begins every answer, and then stops. */
function halting(t: TestContext, type: string, beginning: Buffer | string): Promise<{ docker: DockerClient }> {
  const answer: Answer = (_, response) => void response.writeHead(200, { 'Content-Type': type }).write(beginning)
  return pretendAnswers(t, { answer, upgrade: haltUpgraded })
}

async function drain(items: AsyncIterable<unknown> | PromiseLike<AsyncIterable<unknown>>): Promise<void> {
  for await (const _ of await items) {
    // It ends with an error.
  }
}

const given = (options: RequestOptions): Parameters<(typeof CALLS)[string]>[1] => ({
  a: 'one',
  b: 'two',
  body: {},
  options,
})

/** Bytes in a trickle, for ever. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await delay(1)
    yield Buffer.alloc(64 * 1024)
  }
}

/** Stops in the middle for half a second. */
async function* slowly(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(10)
  await delay(500)
  yield Buffer.alloc(10)
}

/** Six frames, one every 60 ms. */
async function trickle(target: Writable, head = ''): Promise<void> {
  target.write(head)
  for (let frames = 0; frames < 6; frames++) {
    target.write(frame(1, 'x'))
    await delay(60)
  }
  target.end()
}

/** Reads nothing of the body. */
const deaf: Answer = (request) => request.pause()

describe('every call of the API that gets no answer ends after', () => {
  const calls = Object.entries(CALLS).filter(([name]) => !name.startsWith('system.ping'))

  test('its timeout', { timeout: 30_000 }, async (t) => {
    const { docker } = await silent(t)
    await Promise.all(
      calls.map(async ([name, call]) => {
        const began = performance.now()
        await assert.rejects(async () => call(docker, given({ timeout: 1_000 })), LATE, name)
        const took = performance.now() - began
        assert.ok(took > 990 && took < 5_000, `${name}: ${took} ms`)
      }),
    )
  })

  test('its idleTimeout', { timeout: 30_000 }, async (t) => {
    const { docker } = await silent(t)
    await Promise.all(
      calls.map(async ([name, call]) => {
        await assert.rejects(async () => call(docker, given({ idleTimeout: 100 })), SILENT, name)
        const named = /silent for 100 ms, the limit of the option idleTimeout\.\nIncrease idleTimeout/
        await assert.rejects(async () => call(docker, given({ idleTimeout: 100 })), { message: named }, name)
      }),
    )
  })

  test('and blames the daemon only if the call waits for nothing else', async (t) => {
    const { docker } = await silent(t)
    const options = { timeout: 50 }
    const rows: readonly (readonly [call: PromiseLike<unknown>, todo: RegExp])[] = [
      [docker.containers.list(options), /^Check the load of the daemon/],
      [docker.images.prune(options), /^Check the load of the daemon/],
      [docker.containers.wait('web', options), /^The container may still run: .*containers\.stop\('web'\)$/],
      [docker.containers.stop('web', { ...options, timeout: 1_000 }), /^Increase the option timeout, or omit it/],
      [docker.system.events(options), /^Increase the option timeout, or omit it/],
    ]
    await Promise.all(
      rows.map(async ([call, todo]) => assert.rejects(async () => call, { code: 'ERR_CALL_TIMEOUT', todo })),
    )
  })

  test('no less than that', async (t) => {
    const { docker } = await pretendAnswers(t, {
      answer: (_, response) => void setTimeout(() => response.end('[]'), 100),
    })
    assert.deepEqual(await docker.containers.list({ timeout: 10_000, idleTimeout: 10_000 }), [])
  })
})

test('pings and requests that the caller describes end after it, too', async (t) => {
  const { docker } = await silent(t)
  await assert.rejects(docker.request({ method: 'GET', path: '/x', timeout: 100 }), LATE)
  await assert.rejects(docker.request({ method: 'GET', path: '/x', idleTimeout: 100 }), SILENT)
  await assert.rejects(docker.request({ method: 'GET', path: '/containers/json', idleTimeout: 100 }), SILENT)
  const mute = await connect({ host: await hostThatPingsOnce(t) })
  t.after(() => mute.close())
  await assert.rejects(mute.ping({ timeout: 100 }), LATE)
  await assert.rejects(mute.system.pingHead({ idleTimeout: 100 }), SILENT)
})

test('without an option, only what may be silent for ever has no limit of silence', async () => {
  const operations = await loadOperations()
  const unlimited = operations.filter(({ lane, idle }) => lane === 'patient' && idle === undefined)
  assert.deepEqual([...new Set(unlimited.map(({ name }) => name))].toSorted(), [
    'containers.attach',
    'containers.attachWebSocket',
    'containers.logs',
    'containers.restart',
    'containers.stats',
    'containers.stop',
    'containers.wait',
    'exec.start',
    'services.logs',
    'session.open',
    'system.events',
    'tasks.logs',
  ])
})

describe('an answer that stops halfway ends after', { concurrency: 8 }, () => {
  const READS: Readonly<Record<string, (docker: DockerClient, options: RequestOptions) => PromiseLike<unknown>>> = {
    'a list': (docker, options) => docker.containers.list(options),
    'a log': (docker, options) => drain(docker.containers.logs('x', options)),
    'the lines of a log': async (docker, options) => drain((await docker.containers.logs('x', options)).lines()),
    events: (docker, options) => drain(docker.system.events(options)),
    'a pull': (docker, options) => docker.images.pull('x', options),
    'a build': (docker, options) => docker.images.build(Buffer.alloc(1024), { builder: 'classic', ...options }),
    'a download': async (docker, options) => drain(await docker.containers.export('x', options)),
    'an attached container': async (docker, options) => drain(await docker.containers.attach('x', options)),
    'an exec': async (docker, options) => drain(await docker.exec.start('x', {}, options)),
    'a described request': async (docker, options) =>
      (await docker.request({ method: 'GET', path: '/x', ...options })).text(),
  }
  for (const [name, read] of Object.entries(READS)) {
    test(`its timeout: ${name}`, { timeout: 10_000 }, async (t) => {
      const { docker } = await halting(
        t,
        'application/vnd.docker.multiplexed-stream',
        name === 'a log' ? frame(1, 'a') : '',
      )
      await assert.rejects(async () => read(docker, { timeout: 150 }), LATE)
    })
    test(`its idleTimeout: ${name}`, { timeout: 10_000 }, async (t) => {
      const { docker } = await halting(
        t,
        'application/vnd.docker.multiplexed-stream',
        name === 'a log' ? frame(1, 'a') : '',
      )
      await assert.rejects(async () => read(docker, { idleTimeout: 150 }), SILENT)
    })
  }

  test('and a slow reader is no silence', async (t) => {
    const { docker } = await pretendAnswers(t, { answer: (_, response) => response.end(Buffer.alloc(4 * 1024 * 1024)) })
    let size = 0
    for await (const chunk of await docker.containers.export('x', { idleTimeout: 100 })) {
      if (size === 0) await delay(400)
      size += (chunk as Buffer).length
    }
    assert.equal(size, 4 * 1024 * 1024)
  })

  test('and neither is an answer of which something arrives again and again', async (t) => {
    const { docker } = await pretendAnswers(t, {
      answer: (_, response) => void trickle(response),
      upgrade: (_, socket) => void trickle(socket, MULTIPLEXED),
    })
    const attached = await docker.containers.attach('x', { idleTimeout: 200, timeout: 10_000 })
    assert.equal((await attached.collect()).stdout.length, 6)
    assert.equal((await (await docker.containers.export('x', { idleTimeout: 200 })).toArray()).length > 0, true)
  })
})

describe('an upload that the daemon does not take', { concurrency: 8 }, () => {
  const UPLOADS: Readonly<Record<string, (docker: DockerClient, options: RequestOptions) => PromiseLike<unknown>>> = {
    'containers.archive.put': (docker, options) => docker.containers.archive.put('x', '/', endless(), options),
    'images.load': (docker, options) => docker.images.load(endless(), options),
    'images.build': (docker, options) => docker.images.build(endless(), { builder: 'classic', ...options }),
    'containers.copyTo': (docker, options) =>
      docker.containers.copyTo('x', [{ path: 'a', content: endless(), size: 2 ** 40 }], '/', options),
  }
  for (const [name, send] of Object.entries(UPLOADS)) {
    test(`ends after its idleTimeout and its timeout: ${name}`, { timeout: 20_000 }, async (t) => {
      const { docker } = await pretendAnswers(t, { answer: deaf })
      await assert.rejects(async () => send(docker, { idleTimeout: 400 }), SILENT)
      await assert.rejects(async () => send(docker, { timeout: 400 }), LATE)
    })
  }

  test('a source that pauses is not the silence of the daemon', async (t) => {
    const { docker } = await pretendAnswers(t, {
      answer: (request, response) => void request.resume().on('end', () => response.end()),
    })
    await docker.containers.archive.put('x', '/', slowly(), { idleTimeout: 150 })
  })
})

describe('copying', { concurrency: 8 }, () => {
  const stat = Buffer.from(JSON.stringify({ name: 'x', size: 0, mode: 0o644, mtime: '', linkTarget: '' })).toString(
    'base64',
  )

  test('ends in the middle of its requests, with the timeout of all of them', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'site'))
    const { docker } = await pretendAnswers(t, {
      answer: (request, response) => {
        if (request.method === 'PUT') return void request.resume()
        response.setHeader('X-Docker-Container-Path-Stat', stat)
        if (request.method === 'HEAD') response.writeHead(404).end()
        else response.write(Buffer.alloc(10))
      },
    })
    await assert.rejects(docker.containers.copyTo('x', join(folder, 'site'), '/a', { timeout: 200 }), LATE)
    await assert.rejects(docker.containers.copyFrom('x', '/a', join(folder, 'b'), { timeout: 200 }), LATE)
    await assert.rejects(docker.containers.copyTo('x', join(folder, 'site'), '/a', { idleTimeout: 200 }), SILENT)
    await assert.rejects(docker.containers.copyFrom('x', '/a', join(folder, 'c'), { idleTimeout: 200 }), SILENT)
  })
})

describe('wrong values are refused before anything is sent', () => {
  const WRONG: readonly object[] = [
    { timeout: 0 },
    { timeout: -1 },
    { timeout: NaN },
    { timeout: Infinity },
    { timeout: '1s' },
    { timeout: null },
    { idleTimeout: -1 },
    { idleTimeout: '1s' },
    { idleTimeout: NaN },
  ]
  const MADE: Readonly<Record<string, (docker: DockerClient, options: object) => PromiseLike<unknown>>> = {
    'containers.list()': (docker, options) => docker.containers.list(options),
    'containers.logs()': (docker, options) => docker.containers.logs('x', options),
    'run()': (docker, options) => docker.run('x', [], options),
    'exec.run()': (docker, options) => docker.exec.run('x', ['true'], options),
    'containers.copyTo()': (docker, options) => docker.containers.copyTo('x', [], '/', options),
    'containers.copyFrom()': (docker, options) => docker.containers.copyFrom('x', '/a', 'b', options),
    'containers.waitHealthy()': (docker, options) => docker.containers.waitHealthy('x', options),
    'images.build()': (docker, options) => docker.images.build('.', options),
    'request()': (docker, options) => docker.request({ method: 'GET', path: '/x', ...options }),
  }
  for (const [name, call] of Object.entries(MADE)) {
    test(name, async (t) => {
      const { docker, asked } = await pretendAnswers(t, {})
      for (const options of WRONG) {
        const [option = ''] = Object.keys(options)
        await assert.rejects(
          async () => call(docker, options),
          (error: Error) => {
            assert.equal((error as { code?: string }).code, 'ERR_ARGUMENT_INVALID', String(error))
            return error.message.startsWith(`the option ${option} of ${name}`)
          },
        )
      }
      assert.deepEqual(asked, [])
    })
  }
})

test('many calls may share one signal, with time limits as well', async (t) => {
  const { docker } = await silent(t)
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const stop = new AbortController()
  const options = { signal: stop.signal, timeout: 60_000 }
  const calls = Array.from({ length: 20 }, () => [
    docker.containers.list(options),
    drain(docker.containers.logs('x', options)),
    docker.exec.run('x', ['true'], options),
  ])
  setImmediate(() => stop.abort(new Error('enough')))
  await Promise.all(calls.flat().map((call) => assert.rejects(call, /enough/)))
  assert.deepEqual(warnings, [])
})

/** Says nothing before its input has ended. */
const quiet: Upgrade = (_, socket) => {
  socket.write(MULTIPLEXED)
  socket.resume().once('end', () => socket.end(frame(1, 'done')))
}
const answerExec: Answer = (request, response) => {
  response.end(JSON.stringify(request.url?.endsWith('/json') === true ? { Running: false, ExitCode: 0 } : { Id: 'x' }))
}
async function* input(pause: number, chunks: number): AsyncGenerator<string> {
  for (let sent = 0; sent < chunks; sent++) {
    yield 'x'
    await delay(pause)
  }
}

/** Says nothing at all. */
const mute: Upgrade = (_, socket) => void socket.resume().write(MULTIPLEXED)

describe('the silence of the daemon does not include', () => {
  for (const [what, pause, chunks] of [
    ['the time in which it accepts input', 50, 20],
    ['the time of the source of the input', 700, 2],
  ] as const) {
    test(what, async (t) => {
      const { docker } = await pretendAnswers(t, { answer: answerExec, upgrade: quiet })
      const options = { stdin: input(pause, chunks), idleTimeout: 300 }
      assert.equal((await docker.exec.run('x', ['wc'], options)).stdout.toString(), 'done')
    })
  }

  test('the time in which the caller of attach() writes', async (t) => {
    const { docker } = await pretendAnswers(t, { answer: answerExec, upgrade: quiet })
    const attached = await docker.containers.attach('x', { stdin: true, idleTimeout: 300 })
    const output = attached.text()
    for await (const text of input(50, 20)) attached.stdin.write(text)
    attached.stdin.end()
    assert.equal(await output, 'done')
  })

  test('but its silence after the input does', async (t) => {
    const { docker } = await pretendAnswers(t, { answer: answerExec, upgrade: mute })
    await assert.rejects(docker.exec.run('x', ['wc'], { stdin: input(10, 2), idleTimeout: 200 }), SILENT)
  })
})
