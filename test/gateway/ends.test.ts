import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { GatewayEvent, GatewayOptions, Verdict } from '../../lib/gateway.ts'
import { definePolicy, type Policy } from '../../lib/policy.ts'
import { issueClient } from '../../lib/pki.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { credentials, dial, endOf, fakeDaemon, front, newClient, readUntil, type Client } from './support/fixture.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'

async function tickingDaemon(t: TestContext): Promise<string> {
  const daemon = await fakeDaemon(t, {
    answer: (request, response) => {
      if (request.url?.startsWith('/events') !== true) return void response.end('OK')
      const timer = setInterval(() => response.write('tick\n'), 20)
      response.once('close', () => clearInterval(timer))
    },
  })
  return daemon.socketPath
}

/** The status of one request, and the reason of the gateway. */
async function ask(socket: Duplex, request = PING): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)|tick/)
  const reason = /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${reason === undefined ? '' : ` ${reason}`}`
}

/** How long after a moment a stream ended, in milliseconds: after three seconds, the test ends it. */
async function endsAfter(socket: Duplex, moment: number): Promise<number> {
  const timer = setTimeout(() => socket.destroy(), moment + 3_000 - Date.now())
  await endOf(socket)
  clearTimeout(timer)
  return Date.now() - moment
}

const cuts = (events: readonly GatewayEvent[]): string[] =>
  events.flatMap((event) => (event.event === 'cut' ? [`${event.identity} ${event.reason}`] : []))

/** In whole seconds, as certificates have. Until then, all connections have to be open, on a busy machine as well. */
const soon = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + 8_000)

const wait = (until: Date): Promise<unknown> =>
  new Promise((resolve) => setTimeout(resolve, until.getTime() + 50 - Date.now()))

const policyOf = (until: Date): Policy =>
  definePolicy({
    version: 1,
    rules: [
      { name: 'grant', who: { commonName: ['ann', 'eve'] }, level: 'baseline', until: until.toISOString() },
      { name: 'ann', who: { commonName: 'ann' }, level: 'read-only' },
      { name: 'ben', who: { commonName: 'ben' }, level: 'baseline' },
    ],
  })

async function start(t: TestContext, until: Date): Promise<{ port: number; events: readonly GatewayEvent[] }> {
  const options: Partial<GatewayOptions> = { policy: policyOf(until), authorize: undefined }
  return front(t, { socketPath: await tickingDaemon(t) }, options)
}

describe('open connections and streams', { concurrency: true }, () => {
  test('a certificate that expires: its streams are cut within a second, and its open connections are refused', async (t) => {
    const until = soon()
    const { ca, cert, key } = await issueClient(credentials.authority, { name: 'brief', until, keyType: 'p256' })
    const client: Client = { ca, cert, key }
    const { port, events } = await front(t, { socketPath: await tickingDaemon(t) })
    const [idle, stream, other] = [
      await dial(t, port, { client }),
      await dial(t, port, { client }),
      await dial(t, port),
    ]
    assert.equal(await ask(idle), '200')
    assert.equal(await ask(stream, EVENTS), '200')
    assert.equal(await ask(other, EVENTS), '200')
    const late = await endsAfter(stream, until.getTime())
    assert.ok(late >= 0 && late < 1_000, `it ended ${late} ms after the certificate`)
    assert.equal(await ask(idle), '403 CERTIFICATE_EXPIRED')
    assert.match(await readUntil(other, 'tick'), /tick/)
    assert.deepEqual(cuts(events), ['CN=brief CERTIFICATE_EXPIRED'])
  })

  const CREATE =
    'POST /v1.47/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'

  test('a rule that ends leaves its callers with their standing rule, or none, and cuts the streams that it allowed', async (t) => {
    const until = soon()
    const { port, events } = await start(t, until)
    const [ann, eve, ben] = await Promise.all(['ann', 'eve', 'ben'].map(newClient))
    const open = (client: Client | undefined): Promise<TLSSocket> => dial(t, port, { client })
    const [idle, eves, hers, streamOfEve, his] = await Promise.all([ann, eve, ann, eve, ben].map(open))
    assert.ok(idle && eves && hers && streamOfEve && his)
    assert.equal(await ask(idle, CREATE), '200')
    assert.equal(await ask(eves), '200')
    for (const stream of [hers, streamOfEve, his]) assert.equal(await ask(stream, EVENTS), '200')
    const late = await Promise.all([hers, streamOfEve].map((stream) => endsAfter(stream, until.getTime())))
    for (const one of late) assert.ok(one >= 0 && one < 1_000, `it ended ${one} ms after the rule`)
    assert.match(await readUntil(his, 'tick'), /tick/)
    assert.deepEqual(cuts(events).toSorted(), ['CN=ann RULE_ENDED', 'CN=eve RULE_ENDED'])
    assert.equal(await ask(idle, CREATE), '403 OPERATION_REFUSED')
    assert.equal(await ask(idle), '200')
    assert.equal(await ask(eves), '403 RULE_ENDED')
    // A stream that the standing rule allows goes on.
    const again = await open(ann)
    assert.equal(await ask(again, EVENTS), '200')
    await wait(new Date(Date.now() + 600))
    assert.match(await readUntil(again, 'tick'), /tick/)
  })

  test('a rule that ends on a local socket', async (t) => {
    const until = soon()
    const socket = join(await temporaryFolder(t), 'agent.sock')
    const policy = definePolicy({
      version: 1,
      rules: [{ name: 'agent', who: { socket: 'agent' }, level: 'read-only', until: until.toISOString() }],
    })
    const { events } = await front(
      t,
      { socketPath: await tickingDaemon(t) },
      { listen: { socket, as: 'agent' }, tls: undefined, policy, authorize: undefined },
    )
    const stream = connect(socket)
    t.after(() => void stream.destroy())
    await once(stream, 'connect')
    assert.equal(await ask(stream, EVENTS), '200')
    const late = await endsAfter(stream, until.getTime())
    assert.ok(late >= 0 && late < 1_000, `it ended ${late} ms after the rule`)
    assert.deepEqual(cuts(events), ['agent RULE_ENDED'])
  })

  test('a function can limit streams, too', async (t) => {
    const until = soon()
    const { port, events } = await front(
      t,
      { socketPath: await tickingDaemon(t) },
      { authorize: () => ({ allow: true, until }) },
    )
    const stream = await dial(t, port)
    assert.equal(await ask(stream, EVENTS), '200')
    const late = await endsAfter(stream, until.getTime())
    assert.ok(late >= 0 && late < 1_000, `it ended ${late} ms after the permission`)
    assert.deepEqual(cuts(events).toSorted(), ['CN=alice RULE_ENDED'])
  })

  test('a permission of a function that has ended, or whose end is no date, is none', async (t) => {
    const ends: unknown[] = [new Date(Date.now() - 1), new Date(0), new Date(NaN), '2999-01-01', null, 0]
    const left = [...ends]
    const daemon = await fakeDaemon(t)
    const { port, events } = await front(
      t,
      { socketPath: daemon.socketPath },
      { authorize: () => ({ allow: true, until: left.shift() }) as Verdict },
    )
    const socket = await dial(t, port)
    const answers: string[] = []
    for (const _ of ends) answers.push(await ask(socket))
    assert.deepEqual(answers, [
      '403 RULE_ENDED',
      '403 RULE_ENDED',
      ...Array.from({ length: 4 }, () => '503 AUTHORIZATION_FAILED'),
    ])
    assert.deepEqual(daemon.requests, [])
    assert.equal(events.filter(({ event }) => event === 'failure').length, 4)
  })

  test('a question that is refused has no end: it cuts no stream before it', async (t) => {
    const socketPath = await tickingDaemon(t)
    const { port, events } = await front(t, { socketPath }, { policy: policyOf(soon()), authorize: undefined })
    const socket = await dial(t, port, { client: await newClient('ben') })
    const question = 'POST /_docker-mtls/may HTTP/1.1\r\nHost: x\r\nX-Docker-Mtls-Method: POST\r\n'
    socket.write(`${EVENTS}${question}X-Docker-Mtls-Target: /swarm/leave\r\nContent-Length: 0\r\n\r\n`)
    assert.match(await readUntil(socket, 'tick'), /^HTTP\/1\.1 200 /)
    await wait(new Date(Date.now() + 1_200))
    assert.match(await readUntil(socket, 'tick'), /tick/)
    assert.deepEqual(cuts(events), [])
  })
})
