import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { definePolicy } from '../../lib/policy.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'

const RULE = { name: 'ann', who: { commonName: 'ann' }, level: 'baseline' } as const
const policyOf = (level: string) => definePolicy({ version: 1, rules: [{ ...RULE, level }] })

function create(config: object): string {
  const body = JSON.stringify({ Image: 'x', HostConfig: { NetworkMode: 'none', Links: ['web:web'], ...config } })
  const head = 'POST /v1.45/containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json'
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const WEB = { Id: 'ab'.repeat(32), Config: { Image: 'x' }, HostConfig: { NetworkMode: 'none' } }

test('a policy that changes while the daemon is asked decides', async (t) => {
  const asked: ServerResponse[] = []
  const daemon = await fakeDaemon(t, {
    answer: (request, response) =>
      void (request.url?.endsWith('/json') === true ? asked.push(response) : response.end('{}')),
  })
  const options = { authorize: undefined, policy: policyOf('baseline') }
  const { gateway, port } = await front(t, { socketPath: daemon.socketPath }, options)
  const socket = await dial(t, port, { client: await newClient('ann') })
  socket.write(create({}))
  while (asked.length === 0) await delay(5)
  gateway.reload({ policy: policyOf('read-only') })
  asked[0]?.end(JSON.stringify(WEB))
  assert.match(await readUntil(socket, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 403 [^]*OPERATION_REFUSED/)
  assert.deepEqual(daemon.requests, ['GET /containers/web/json'])
})

test('what bodies take while the daemon is asked counts as held, and not only their bytes', async (t) => {
  const daemon = await fakeDaemon(t, { answer: () => {} })
  const options = { authorize: undefined, policy: policyOf('baseline') }
  const { port } = await front(t, { socketPath: daemon.socketPath }, options)
  const client = await newClient('ann')
  const DiskQuota = Array.from({ length: 90_000 }, () => ({}))
  const first = await dial(t, port, { client })
  first.write(create({ DiskQuota }))
  while (daemon.requests.length === 0) await delay(5)
  const second = await dial(t, port, { client })
  second.write(create({ DiskQuota }))
  assert.match(await readUntil(second, /\r\n\r\n.*\}/s), /^HTTP\/1\.1 429 /)
  first.destroy()
  await once(first, 'close')
})
