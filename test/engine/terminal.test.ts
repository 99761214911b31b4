import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import type { DockerClient, RequestOptions } from '../../lib/index.ts'
import { frame, framed, pretend, UPGRADED, type Answer, type Upgrade } from '../support/pretend.ts'

interface Output {
  readonly tty: boolean
  text(): Promise<string>
}

type Read = (docker: DockerClient, options?: RequestOptions) => PromiseLike<Output>

/** What has output, where it is asked whether that is a terminal's, and how the answer says so. */
const READS: Readonly<Record<string, readonly [read: Read, question: string, answer: object]>> = {
  'containers.logs': [
    (docker, options) => docker.containers.logs('x', options),
    'GET /containers/x/json',
    { Config: { Tty: true } },
  ],
  'containers.attach': [
    (docker, options) => docker.containers.attach('x', options),
    'GET /containers/x/json',
    { Config: { Tty: true } },
  ],
  'services.logs': [
    (docker, options) => docker.services.logs('x', options),
    'GET /services/x',
    { Spec: { TaskTemplate: { ContainerSpec: { TTY: true } } } },
  ],
  'tasks.logs': [
    (docker, options) => docker.tasks.logs('x', options),
    'GET /tasks/x',
    { Spec: { ContainerSpec: { TTY: true } } },
  ],
}

const upgrade: Upgrade = (_, socket) => socket.end(`${UPGRADED}\r\nraw`)

/** Before API 1.42 the answer doesn't say it. */
describe('whether output is of a terminal, asked of an older daemon', () => {
  for (const [name, [read, question, answer]] of Object.entries(READS)) {
    const answers =
      (asked: (response: Parameters<Answer>[1]) => void): Answer =>
      (request, response) => {
        if (`GET ${request.url?.replace('/v1.41', '')}` === question) asked(response)
        else response.end('raw')
      }

    test(`${name}: it is`, async (t) => {
      const { docker, asked } = await pretend(t, {
        version: '1.41',
        answer: answers((response) => response.end(JSON.stringify(answer))),
        upgrade,
      })
      const output = await read(docker)
      assert.deepEqual([output.tty, await output.text()], [true, 'raw'])
      assert.equal(asked.at(-1), question)
    })

    test(`${name}: an abort ends the question`, { timeout: 10_000 }, async (t) => {
      const stop = new AbortController()
      const reason = new Error('not any more')
      const { docker } = await pretend(t, {
        version: '1.41',
        answer: answers(() => setImmediate(() => stop.abort(reason))),
        upgrade,
      })
      const reading = (async () => (await read(docker, { signal: stop.signal })).text())()
      await assert.rejects(reading, (error) => error === reason)
      assert.deepEqual(getEventListeners(stop.signal, 'abort'), [])
    })
  }
})

test('an abort ends the question why an exec never started', { timeout: 10_000 }, async (t) => {
  const stop = new AbortController()
  const reason = new Error('not any more')
  const { docker } = await pretend(t, {
    upgrade: framed(frame(1, 'OCI runtime exec failed: exec failed: no such file or directory: unknown\r\n')),
    answer: () => stop.abort(reason),
  })
  const started = await docker.exec.start('x', {}, { signal: stop.signal })
  await assert.rejects(started.collect(), (error) => error === reason)
})

test('an abort ends a session', { timeout: 10_000 }, async (t) => {
  const stop = new AbortController()
  const reason = new Error('not any more')
  const { docker } = await pretend(t, {
    upgrade: (_, socket) => socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
  })
  const socket = await docker.session.open('one', { signal: stop.signal })
  const ended = new Promise((resolve) => socket.once('error', resolve))
  stop.abort(reason)
  assert.equal(await ended, reason)
  assert.equal(socket.destroyed, true)
})
