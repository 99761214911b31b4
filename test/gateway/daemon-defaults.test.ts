import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { KeptInfo } from '../../lib/gateway/deciding/kept-info.ts'
import { definePolicy } from '../../lib/policy.ts'
import { collect } from '../../lib/transport/send.ts'
import { dispatcherTo, fakeDaemon, front, newClient } from './support/fixture.ts'

const POLICY = definePolicy({
  version: 1,
  rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }],
})
const ann = await newClient('ann')

/** A gateway in front of a daemon with a sandbox as its default runtime, in which a container runs. */
async function start(t: TestContext, infos: readonly (object | number)[]) {
  const container = { Id: 'ab'.repeat(32), Config: { Image: 'x' }, HostConfig: { Runtime: 'runsc' } }
  let asked = 0
  const daemon = await fakeDaemon(t, {
    answer: ({ url = '' }, response) => {
      const info = url === '/info' ? (infos[Math.min(asked++, infos.length - 1)] ?? 500) : {}
      const value = url.endsWith('/web/json') ? container : info
      response.writeHead(typeof value === 'number' ? value : 200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(typeof value === 'number' ? { message: 'no' } : value))
    },
  })
  const { port } = await front(t, { socketPath: daemon.socketPath }, { policy: POLICY, authorize: undefined })
  const dispatcher = await dispatcherTo(t, port, ann)
  const send = async (path: string, body?: object): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path, ...(body && { headers, body: JSON.stringify(body) }) }
    const { status, headers: got } = await collect(dispatcher, request)
    return `${status} ${String(got['x-docker-mtls-reason'] ?? '')}`.trim()
  }
  const create = (Runtime: string): Promise<string> =>
    send('/containers/create', { Image: 'x', HostConfig: { Runtime, NetworkMode: 'none' } })
  return { create, send, countOfInfo: () => daemon.requests.filter((one) => one === 'GET /info').length }
}

test('the default runtime of the daemon is right, whatever its name, and the daemon is asked once', async (t) => {
  const { create, send, countOfInfo } = await start(t, [{ DefaultRuntime: 'runsc' }])
  assert.deepEqual([await create(''), countOfInfo()], ['200', 0])
  assert.deepEqual([await create('runsc'), await create('runc')], ['200', '403 RUNTIME'])
  assert.equal(await send('/containers/web/start'), '200')
  assert.equal(countOfInfo(), 1)
})

test('without an answer, what depends on it is refused, and the daemon is asked again', async (t) => {
  const { create, send } = await start(t, [500, { DefaultRuntime: 'runsc' }])
  assert.equal(await send('/containers/web/start'), '503 AUTHORIZATION_FAILED')
  assert.equal(await create('runsc'), '200')
})

test('an answer counts for ten seconds, but none is asked for again', async (t) => {
  let [asked, now] = [-1, 1000]
  t.mock.method(performance, 'now', () => now)
  const info = new KeptInfo(async () => ++asked || null)
  assert.equal(await info.get(), null)
  assert.deepEqual([await info.get(), await info.get()], [1, 1])
  now += 9_999
  assert.equal(await info.get(), 1)
  now += 1
  assert.equal(await info.get(), 2)
})
