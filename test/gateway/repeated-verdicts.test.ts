import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AskedRequest, Verdict } from '../../lib/gateway.ts'
import { RepeatedVerdicts } from '../../lib/gateway/deciding/repeated-verdicts.ts'
import { definePolicy } from '../../lib/policy.ts'
import { dial, fakeDaemon, front, readUntil } from './support/fixture.ts'

const ALICE = { socket: 'alice' }
const BOB = { socket: 'bob' }
const RULE = { name: 'a', who: { any: true }, level: 'baseline' } as const

const inspect = (): Promise<unknown> => Promise.resolve({})

function ask(changes: Partial<AskedRequest> = {}): AskedRequest {
  const head = { method: 'GET', target: '/_ping', headers: { host: 'x' }, body: undefined, upgrade: undefined }
  return { identity: ALICE, ...head, inspect, ...changes }
}

/** Asks twice, and says how often it was decided. */
async function decisions(
  first: AskedRequest,
  second: AskedRequest = first,
  { identities = [ALICE, ALICE], rule = {} }: { identities?: (typeof ALICE)[]; rule?: object } = {},
): Promise<number> {
  const repeated = new RepeatedVerdicts(definePolicy({ version: 1, rules: [{ ...RULE, ...rule }] }))
  let count = 0
  const decide = async (asked: AskedRequest): Promise<Verdict> => {
    if (asked.target.includes('inspected')) await asked.inspect('container', 'a')
    return { allow: true, decided: { operation: `decision ${++count}` } }
  }
  for (const [index, one] of [first, second].entries()) await repeated.get(identities[index] ?? ALICE, one, decide)
  return count
}

describe('a verdict is used again', () => {
  test('for the same request of the same client', async () => assert.equal(await decisions(ask()), 1))
  test('for a HEAD', async () => assert.equal(await decisions(ask({ method: 'HEAD' })), 1))
})

describe('it is decided again', () => {
  const rows: [string, () => Promise<number>][] = [
    ['for another client', () => decisions(ask(), ask(), { identities: [ALICE, BOB] })],
    ['for another path', () => decisions(ask(), ask({ target: '/_ping?a=b' }))],
    ['for another method', () => decisions(ask(), ask({ method: 'HEAD' }))],
    ['for other headers', () => decisions(ask(), ask({ headers: { host: 'x', 'x-registry-auth': 'e30=' } }))],
    ['for a method that changes something', () => decisions(ask({ method: 'POST' }))],
    ['for a body', () => decisions(ask({ body: Buffer.from('{}') }))],
    ['for a stream', () => decisions(ask({ body: 'unseen' }))],
    ['for an upgrade', () => decisions(ask({ upgrade: 'tcp' }))],
    ['for a question', () => decisions(ask({ isQuestion: true }))],
    ['if the daemon was asked about something', () => decisions(ask({ target: '/containers/inspected/json' }))],
    ['if a rule of the policy ends', () => decisions(ask(), ask(), { rule: { until: '2099-01-01T00:00:00Z' } })],
    ['for a request of more than 500 characters', () => decisions(ask({ target: `/_ping?a=${'b'.repeat(500)}` }))],
  ]
  for (const [why, count] of rows) test(why, async () => assert.equal(await count(), 2))

  test('after eight other requests', async () => {
    const repeated = new RepeatedVerdicts(definePolicy({ version: 1, rules: [RULE] }))
    const seen: string[] = []
    const decide = (asked: AskedRequest): Promise<Verdict> => {
      seen.push(asked.target)
      return Promise.resolve({ allow: true })
    }
    const targets = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `/${number}`)
    for (const target of [...targets, '/9', '/2', '/1']) await repeated.get(ALICE, ask({ target }), decide)
    assert.deepEqual(seen, [...targets, '/1'])
  })

  test('after a change of the policy, on an open connection', async (t) => {
    const daemon = await fakeDaemon(t)
    const { gateway, port } = await front(
      t,
      { socketPath: daemon.socketPath },
      { policy: definePolicy({ version: 1, rules: [RULE] }), authorize: undefined },
    )
    const socket = await dial(t, port)
    const get = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const _ of [1, 2]) {
      socket.write(get)
      assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200 /)
    }
    gateway.reload({ policy: definePolicy({ version: 1, rules: [{ ...RULE, who: { commonName: ['other'] } }] }) })
    socket.write(get)
    assert.match(await readUntil(socket, '}'), /^HTTP\/1\.1 403 [^]*no rule of the policy/)
  })
})
