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

/** In whole seconds, as certificates have. Until then, all connections have to be open. */
const soon = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + 4_000)

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

  test('a function can limit streams, too: what is no date has ended', async (t) => {
    const ends = { ann: new Date(Date.now() + 60_000), eve: new Date(NaN), bob: '2999-01-01' }
    const authorize: GatewayOptions['authorize'] = ({ identity }) => {
      const name = 'certificate' in identity ? identity.certificate.subject.replace('CN=', '') : ''
      return { allow: true, until: ends[name as 'ann'] } satisfies Verdict
    }
    const { port, events } = await front(t, { socketPath: await tickingDaemon(t) }, { authorize })
    const [ann, eve, bob] = await Promise.all(
      Object.keys(ends).map(async (name) => dial(t, port, { client: await newClient(name) })),
    )
    assert.ok(ann && eve && bob)
    // Those of eve and bob may end before the answer begins, and while the next one asks.
    const began = Date.now()
    const ended = [eve, bob].map((one) => endsAfter(one, began))
    assert.equal(await ask(ann, EVENTS), '200')
    for (const socket of [eve, bob]) assert.match(await ask(socket, EVENTS), /^(?:200)?$/)
    const asked = Date.now() - began
    for (const late of await Promise.all(ended)) assert.ok(late - asked < 1_000)
    assert.match(await readUntil(ann, 'tick'), /tick/)
    assert.deepEqual(cuts(events).toSorted(), ['CN=bob RULE_ENDED', 'CN=eve RULE_ENDED'])
  })
})
