import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  BadRequestError,
  ConflictError,
  ConnectionError,
  ServerError,
  type DockerClient,
  type RunResult,
} from '../../../lib/index.ts'
import { frame, framed, pretend, UPGRADED, type Answer, type Pretender } from '../../support/pretend.ts'
import type { Cleanable } from '../../support/temporary.ts'

type Step = 'create' | 'start' | 'wait' | 'json' | 'logs' | 'DELETE'
type Answers = Partial<Record<Step, Answer>>

const json = (status: number, body: object) => (_: unknown, response: ServerResponse) => {
  response.writeHead(status).end(JSON.stringify(body))
}

function inspection(RestartPolicy: object): object {
  return { State: { ExitCode: 3, OOMKilled: false }, Config: { Tty: false }, HostConfig: { RestartPolicy } }
}

function logOf(...frames: Buffer[]): Answer {
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/vnd.docker.multiplexed-stream' }).end(Buffer.concat(frames))
  }
}

const GOOD: Readonly<Record<Step, Answer>> = {
  create: json(201, { Id: 'made', Warnings: [] }),
  start: (_, response) => response.writeHead(204).end(),
  wait: json(200, { StatusCode: 3 }),
  json: json(200, inspection({ Name: 'no' })),
  logs: logOf(frame(1, 'out'), frame(2, 'err')),
  DELETE: (_, response) => response.writeHead(204).end(),
}

const stepOf = ({ method, url = '' }: IncomingMessage): Step =>
  method === 'DELETE' ? 'DELETE' : ((/(create|start|wait|json|logs)(\?|$)/.exec(url)?.[1] ?? 'json') as Step)

/** A daemon whose every step may go wrong. */
function runner(t: Cleanable, answers: Answers = {}): Promise<Pretender> {
  const answer: Answer = (request, response) => {
    const step = stepOf(request)
    request.resume()
    const reply = answers[step] ?? GOOD[step]
    reply(request, response)
  }
  return pretend(t, { answer, upgrade: framed(frame(1, 'out'), frame(2, 'err')) })
}

const hangs: Answer = () => {}
const cut: Answer = (request) => void request.socket.destroy()
/** It begins, and goes on for ever. */
const startPull: Answer = (_, response) => void response.writeHead(200).write('{}\n')
const late = (says: RegExp): object => ({ code: 'ERR_CALL_TIMEOUT', message: says })

const run = (docker: DockerClient, options = {}): Promise<RunResult> => docker.run('image', ['true'], options)
const steps = (asked: readonly string[]): string[] => asked.map((line) => line.replace(/\?.*/, ''))

describe('run', () => {
  test('in order: made, attached to, started, waited for, looked at, removed', async (t) => {
    const { docker, asked } = await runner(t)
    const { exitCode, stdout, stderr, id } = await run(docker)
    assert.deepEqual([exitCode, String(stdout), String(stderr), id], [3, 'out', 'err', 'made'])
    assert.deepEqual(steps(asked), [
      'POST /containers/create',
      'POST /containers/made/attach',
      'POST /containers/made/start',
      'POST /containers/made/wait',
      'GET /containers/made/json',
      'GET /containers/made/logs',
      'DELETE /containers/made',
    ])
    assert.match(asked.at(-1) ?? '', /\?v=true&force=true$/)
  })

  const failures: [Step, Answer, typeof ServerError | typeof BadRequestError][] = [
    ['start', json(400, { message: 'no such program' }), BadRequestError],
    ['wait', json(500, { message: 'broken' }), ServerError],
    ['json', json(500, { message: 'broken' }), ServerError],
  ]
  for (const [step, answer, ErrorClass] of failures) {
    test(`where ${step} fails, the container goes, and that failure is told`, async (t) => {
      const { docker, asked } = await runner(t, { [step]: answer })
      await assert.rejects(run(docker), ErrorClass)
      assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
      const both = await runner(t, { [step]: answer, DELETE: json(503, { message: 'busy' }) })
      await assert.rejects(run(both.docker), ErrorClass, 'what came first says more')
    })
  }

  test('a container that stays behind is told, but not one that somebody else removes', async (t) => {
    const stuck = await runner(t, { DELETE: json(500, { message: 'device or resource busy' }) })
    await assert.rejects(run(stuck.docker), ServerError)
    for (const [status, message, last] of [
      [404, 'No such container: made', 'DELETE /containers/made'],
      // It is gone only when that removal has ended.
      [409, 'removal of container made is already in progress', 'POST /containers/made/wait'],
    ] as const) {
      const { docker, asked } = await runner(t, { DELETE: json(status, { message }) })
      assert.equal((await run(docker)).exitCode, 3)
      assert.equal(steps(asked).at(-1), last)
    }
    const held = await runner(t, { DELETE: json(409, { message: 'container made is held' }) })
    await assert.rejects(run(held.docker), ConflictError)
  })

  test('a container that is left behind by a lost connection is named', async (t) => {
    const { docker } = await runner(t, { start: cut, DELETE: cut })
    const error: unknown = await run(docker).catch((reason: unknown) => reason)
    assert.ok(error instanceof ConnectionError, String(error))
    assert.match(error.got, /closed the connection[^]*\. The container made of run\(\) could not be removed/)
    assert.match(error.todo, /docker\.containers\.remove\('made', \{ force: true \}\)$/)
    const kept = await runner(t, { wait: cut })
    await assert.rejects(run(kept.docker, { remove: false }), (reason: ConnectionError) => {
      assert.match(reason.got, /\. The container made of run\(\) may go on$/)
      assert.match(reason.todo, /docker\.containers\.remove\('made', \{ force: true \}\)$/)
      return true
    })
    const removed = await runner(t, { start: cut })
    await assert.rejects(run(removed.docker), (reason: ConnectionError) => !reason.got.includes('The container'))
  })

  test('what can not be meant is refused before anything is made', async (t) => {
    const { docker, asked } = await runner(t)
    const ended = new PassThrough().end()
    const rows: [call: () => Promise<unknown>, says: RegExp][] = [
      [() => docker.run(undefined as never, ['true']), /^the image undefined of run\(\)/],
      [() => docker.run('', ['true']), /^the image "" of run\(\)/],
      [() => docker.run('image', 'ls -l' as never), /^the command of run\(\): it is "ls -l"/],
      [() => run(docker, { stdin: 5 }), /^the option stdin of run\(\), 5:/],
      [() => run(docker, { stdin: {} }), /^the option stdin of run\(\), an object:/],
      [() => run(docker, { stdout: 'x' }), /^the option stdout of run\(\), "x":/],
      [() => run(docker, { stderr: true }), /^the option stderr of run\(\), true:/],
      [() => docker.exec.run('c', ['true'], { stdout: {} as never }), /^the option stdout of exec\.run\(\)/],
    ]
    for (const [call, says] of rows) await assert.rejects(call(), { code: 'ERR_ARGUMENT_INVALID', message: says })
    assert.deepEqual(asked, [])
    for (const [options, says] of [
      [{ stdin: Readable.from([{ a: 1 }]) }, /^reading the option stdin of run\(\), which yielded an object/],
      [{ stdout: ended }, /^writing output .* ended or destroyed/],
    ] as const) {
      await assert.rejects(run(docker, options), { code: 'ERR_ARGUMENT_INVALID', message: says })
      assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
    }
  })

  test('kept, it is not asked to go', async (t) => {
    const { docker, asked } = await runner(t)
    await run(docker, { remove: false })
    assert.equal(steps(asked).at(-1), 'GET /containers/made/logs')
  })

  test('output that the log has and the stream had not is an error, also where it went to a stream', async (t) => {
    const logs = logOf(frame(1, 'out, and more'), frame(2, 'err'))
    for (const options of [{}, { stdout: new PassThrough().resume(), stderr: new PassThrough().resume() }]) {
      const { docker, asked } = await runner(t, { logs })
      await assert.rejects(run(docker, options), {
        code: 'ERR_API_STREAM_TRUNCATED',
        message: /the container's log has more/,
      })
      assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
    }
  })

  test('a log that cannot be read, or that has the output of several starts, says nothing', async (t) => {
    const unreadable = json(501, { message: 'configured logging driver does not support reading' })
    assert.equal((await run((await runner(t, { logs: unreadable })).docker)).exitCode, 3)
    const { docker, asked } = await runner(t, { json: json(200, inspection({ Name: 'on-failure' })) })
    assert.equal((await run(docker)).exitCode, 3)
    assert.ok(!steps(asked).includes('GET /containers/made/logs'))
  })

  test('an abort while it is being made waits for it, and it goes', async (t) => {
    const { docker, asked } = await runner(t, {
      create: (request, response) => void delay(300).then(() => GOOD.create(request, response)),
    })
    const stop = new AbortController()
    const reason = { any: 'thing' }
    setTimeout(() => stop.abort(reason), 50)
    await assert.rejects(run(docker, { signal: stop.signal }), (thrown) => thrown === reason)
    assert.deepEqual(steps(asked), ['POST /containers/create', 'DELETE /containers/made'])
  })

  test('a daemon that is silent for longer than allowed while it creates the container leaves none behind', async (t) => {
    const { docker, asked } = await runner(t, {
      create: (request, response) => void delay(2500).then(() => GOOD.create(request, response)),
    })
    assert.equal((await run(docker, { idleTimeout: 500 })).exitCode, 3)
    assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
  })

  describe('that does not end in time', { concurrency: true }, () => {
    for (const step of ['start', 'wait', 'json', 'logs'] as const) {
      test(`at ${step}: its container is removed, and the error says so`, async (t) => {
        const { docker, asked } = await runner(t, { [step]: hangs })
        await assert.rejects(
          run(docker, { timeout: 200 }),
          late(/with the container made: it .* after 200 ms, and was removed/),
        )
        assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
      })
    }

    test('a container that is kept or cannot be removed is named, with the command that removes it', async (t) => {
      const goesOn = late(/and may go on\..*\n.*docker\.containers\.remove\('made', \{ force: true \}\)/s)
      const kept = await runner(t, { wait: hangs })
      await assert.rejects(run(kept.docker, { timeout: 200, remove: false }), goesOn)
      assert.ok(!steps(kept.asked).includes('DELETE /containers/made'))
      const stuck = await runner(t, { wait: hangs, DELETE: json(500, { message: 'device or resource busy' }) })
      await assert.rejects(run(stuck.docker, { timeout: 200 }), goesOn)
    })

    test('before there is a container, the error names none', async (t) => {
      const missing = json(404, { message: 'No such image: image:latest' })
      const create: Answer = (request, response) =>
        request.url?.includes('/images/') === true ? startPull(request, response) : missing(request, response)
      const { docker } = await runner(t, { create })
      await assert.rejects(run(docker, { timeout: 100, pull: 'missing' }), late(/^calling run\(\): .*after 100 ms/))
    })

    test('its output may not be silent for longer than idleTimeout', async (t) => {
      const { docker, asked } = await pretend(t, {
        answer: (request, response) => GOOD[stepOf(request)](request, response),
        upgrade: (_, socket) => void socket.write(`${UPGRADED}\r\n`),
      })
      await assert.rejects(run(docker, { idleTimeout: 200, tty: true }), { code: 'ERR_RESPONSE_TIMEOUT' })
      assert.equal(steps(asked).at(-1), 'DELETE /containers/made')
    })

    test('a command in a container goes on, and the error says so', async (t) => {
      const { docker } = await pretend(t, {
        answer: json(201, { Id: 'e1' }),
        upgrade: (_, socket) => void socket.write(`${UPGRADED}\r\n`),
      })
      const says = /container web: the command .* after 200 ms, and goes on in the container/
      await assert.rejects(docker.exec.run('web', ['sleep', '9'], { timeout: 200 }), late(says))
      await assert.rejects(docker.exec.run('web', ['sleep', '9'], { idleTimeout: 200 }), {
        code: 'ERR_RESPONSE_TIMEOUT',
      })
      const mute = await pretend(t, { answer: hangs })
      await assert.rejects(
        mute.docker.exec.run('web', ['true'], { timeout: 200 }),
        late(/^calling exec\.run\(\): it had not/),
      )
    })
  })
})
