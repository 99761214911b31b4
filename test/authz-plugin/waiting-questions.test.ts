import assert from 'node:assert/strict'
import { request, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AuthzPlugin } from '../../lib/authz-plugin/server.ts'
import { definePolicy } from '../../lib/policy.ts'
import { fakeDaemon, newClient } from '../gateway/support/fixture.ts'
import { until } from '../gateway/support/until.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

const RULE = { name: 'ann', who: { commonName: 'ann' }, level: 'baseline' } as const
const WEB = { Id: 'ab'.repeat(32), Config: { Image: 'x' }, HostConfig: { NetworkMode: 'none' } }

/** A plugin whose daemon answers inspections when the test says so. */
async function start(t: Cleanable) {
  const asked: ServerResponse[] = []
  const failures: unknown[] = []
  const daemon = await fakeDaemon(t, {
    answer: (heard, response) =>
      void (heard.url?.startsWith('/containers/') === true
        ? asked.push(response)
        : response.end('{"Version":"29.3.1"}')),
  })
  const socketPath = join(await temporaryFolder(t), 'p.sock')
  const plugin = new AuthzPlugin({
    socket: socketPath,
    daemon: daemon.socketPath,
    onBypass: () => {},
    onFailure: (error) => failures.push(error),
  })
  plugin.policy = definePolicy({ version: 1, rules: [RULE] })
  await plugin.listen()
  t.after(() => plugin.close())
  const own = (await newClient('ann')).cert
  const create = (config: object, pem = own): Promise<{ Allow: boolean; Msg?: string }> =>
    new Promise((resolve, reject) => {
      const options = { socketPath, path: '/AuthZPlugin.AuthZReq', method: 'POST', agent: false }
      const body = { Image: 'x', HostConfig: { NetworkMode: 'none', Links: ['web:web'], ...config } }
      const question = {
        RequestMethod: 'POST',
        RequestUri: '/v1.45/containers/create',
        RequestHeaders: { 'Content-Type': 'application/json' },
        RequestBody: Buffer.from(JSON.stringify(body)).toString('base64'),
        User: 'ann',
        UserAuthNMethod: 'TLS',
        RequestPeerCertificates: [Buffer.from(pem).toString('base64')],
      }
      request(options, (answer) => resolve(json(answer) as never))
        .once('error', reject)
        .end(JSON.stringify(question))
    })
  return { plugin, asked, failures, create }
}

const soon = () => ({ ...RULE, until: new Date(Date.now() + 2_000).toISOString() })

for (const [what, changeOf, wanted] of [
  ['that changes while the daemon is asked decides', () => [{ ...RULE, level: 'read-only' }], /OPERATION_REFUSED/],
  ['that ends while the daemon is asked decides', () => [soon()], /RULE_ENDED/],
  [
    'that ends while the daemon is asked leaves it to the next rule',
    () => [soon(), { ...RULE, name: 'next' }],
    /^allowed$/,
  ],
] as const) {
  test(`a rule ${what}`, async (t) => {
    const { plugin, asked, create } = await start(t)
    const changed = definePolicy({ version: 1, rules: changeOf() })
    const ends = Date.parse(changed.rules[0]?.until ?? '')
    if (ends) plugin.policy = changed
    const answer = create({})
    await until(() => asked.length > 0, 'the daemon is asked')
    plugin.policy = changed
    if (ends) await delay(ends - Date.now() + 100)
    // It may be asked again.
    const timer = setInterval(() => {
      for (const response of asked.splice(0)) response.end(JSON.stringify(WEB))
    }, 5)
    const { Allow, Msg } = await answer
    clearInterval(timer)
    assert.match(Allow ? 'allowed' : (Msg ?? ''), wanted)
  })
}

test('one caller has few large bodies in memory', async (t) => {
  const { asked, create } = await start(t)
  const DiskQuota = Array.from({ length: 90_000 }, () => ({}))
  const all = Array.from({ length: 16 }, () => create({ DiskQuota }).catch(() => ({ Msg: '' })))
  assert.match((await Promise.race(all)).Msg ?? '', /TOO_MANY_REQUESTS/)
  for (const response of asked) response.end('{}')
})

test('one caller fills only its own share of long questions, and no log', async (t) => {
  const { asked, failures, create } = await start(t)
  const long = { CpusetCpus: '0'.repeat(3_900_000) }
  let refused = 0
  const all = Array.from({ length: 16 }, async () => {
    const { Msg = '' } = await create(long)
    if (Msg.includes('TOO_MANY_REQUESTS')) refused++
  })
  // In base64, 12 have less than 64 MiB.
  await until(() => refused === 4, 'the others are refused')
  const other = (await newClient('ann')).cert
  assert.deepEqual(await create({ ...long, Links: [] }, other), { Allow: true })
  const timer = setInterval(() => {
    for (const response of asked.splice(0)) response.end(JSON.stringify(WEB))
  }, 5)
  await Promise.all(all)
  clearInterval(timer)
  assert.deepEqual([refused, failures], [4, []])
})
