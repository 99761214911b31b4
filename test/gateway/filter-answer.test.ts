import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { GatewayLimits } from '../../lib/gateway.ts'
import { HeldAnswer } from '../../lib/gateway/forwarding/held-answer.ts'
import { collect } from '../../lib/transport/send.ts'
import { dispatcherTo, fakeDaemon, front } from './support/fixture.ts'

const filterAnswer = (list: unknown): unknown => (list as number[]).map((one) => one * 2)

/** What a client gets if each number of a list is doubled on the way. */
async function ask(
  t: TestContext,
  answer: RequestListener,
  limits: GatewayLimits = {},
): Promise<{ status: number; text: string }> {
  const { socketPath } = await fakeDaemon(t, { answer })
  const { port } = await front(t, { socketPath }, { authorize: () => ({ allow: true, filterAnswer }), limits })
  const { status, body } = await collect(await dispatcherTo(t, port), { method: 'GET', path: '/x' })
  return { status, text: String(body) }
}

test('a client gets the answer as it was filtered', async (t) => {
  const { status, text } = await ask(t, (_request, response) => {
    response.setHeader('Content-Length', 5)
    response.write('[1,')
    setTimeout(() => response.end('2]'), 20)
  })
  assert.deepEqual([status, text], [200, '[2,4]\n'])
})

test('errors pass as they are', async (t) => {
  const { status, text } = await ask(t, (_request, response) => response.writeHead(404).end('no'))
  assert.deepEqual([status, text], [404, 'no'])
})

test('an answer that can not be filtered does not pass', async (t) => {
  for (const body of ['no JSON', '{}']) {
    const { status, text } = await ask(t, (_request, response) => response.end(body))
    assert.equal(status, 502)
    assert.match(text, /can't be filtered/)
  }
})

test('nor does one whose filter returns a promise, also if that is rejected', async (t) => {
  for (const apply of [async () => [], () => Promise.reject(new Error('no'))]) {
    const { socketPath } = await fakeDaemon(t, { answer: (_request, response) => response.end('[1]') })
    const { port } = await front(t, { socketPath }, { authorize: () => ({ allow: true, filterAnswer: apply }) })
    const { status } = await collect(await dispatcherTo(t, port), { method: 'GET', path: '/x' })
    assert.equal(status, 502)
  }
})

test('an answer that is too large does not pass', async (t) => {
  const { status } = await ask(t, (_request, response) => response.end(`[${'1,'.repeat(9_000_000)}1]`))
  assert.equal(status, 502)
})

const large: RequestListener = (_request, response) => response.end(`[${'1,'.repeat(1_000_000)}1]`)

test('what is held of answers counts for its client', async (t) => {
  assert.equal((await ask(t, large)).status, 200)
  assert.equal((await ask(t, large, { bodyBytes: 1000, heldBytes: 1_000_000 })).status, 502)
})

test('an answer in chunks of one byte takes no more than a few times its bytes', () => {
  const held = new HeldAnswer([], { apply: filterAnswer, reserve: () => true, inTurn: (work) => work() })
  const before = process.memoryUsage()
  const size = 2 * 1024 * 1024
  for (let index = 0; index < size; index++) held.take(Buffer.alloc(1))
  const after = process.memoryUsage()
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  // Buffers of one byte that were not collected yet count as well.
  assert.ok(grown < 32 * size, `${grown} bytes for ${size}`)
})
