import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { IdentityError, type GatewayOptions, type GatewayTls } from '../../lib/gateway.ts'
import { collect, hijack } from '../../lib/transport/send.ts'
import { createAuthority, createCrl, issueClient, issueServer, loadAuthority, type Authority } from '../../lib/pki.ts'
import { encode, explicit, octetString, oid, sequence } from '../../lib/pki/der.ts'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { foreignList } from '../support/foreign-list.ts'
import { makeCa, makeClient, type Made } from '../support/openssl-certs.ts'
import { until } from './support/until.ts'
import {
  credentials,
  dial,
  dispatcherTo,
  fakeDaemon,
  front,
  newClient,
  newServerTls,
  endOf,
  readUntil,
  serverTls,
  tickingDaemon,
  type Client,
  type Fronted,
} from './support/fixture.ts'
import { startOwnClock } from '../support/own-time.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'
/** The beginning of a request whose body never comes. */
const PART =
  'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{'
const DAY = 86_400_000
/** Longer than an answer takes on a loaded machine. */
const LONG_MS = 30_000

function crlOf(
  revoked: readonly Client[],
  {
    from = Date.now(),
    to = Date.now() + DAY,
    by = credentials.authority,
    number = 1,
  }: { from?: number; to?: number; by?: Authority; number?: number } = {},
): string {
  const entries = revoked.map(({ cert }) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() }))
  return createCrl(by, { revoked: entries, thisUpdate: new Date(from), nextUpdate: new Date(to), number }).pem
}

/** The status of one request, and the reason of the gateway. */
async function ask(socket: TLSSocket, request = PING): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)|tick/, LONG_MS)
  const reason = /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${reason === undefined ? '' : ` ${reason}`}`
}

/** Whether a new connection gets an answer. */
async function comes(t: TestContext, { port }: Fronted, client?: Client): Promise<string> {
  const socket = await dial(t, port, { client })
  try {
    return await ask(socket)
  } finally {
    socket.destroy()
  }
}

async function start(t: TestContext, options: Partial<GatewayOptions> = {}): Promise<Fronted> {
  const daemon = await tickingDaemon(t)
  return front(t, { socketPath: daemon.socketPath }, options)
}

test('a revoked certificate takes no place of its successor', async (t) => {
  const [thief, successor] = [await newClient('bob'), await newClient('bob')]
  const limits = { connections: 3, requests: 1, streams: 1 }
  const fronted = await start(t, { crl: crlOf([]), limits })
  const before = await Promise.all([1, 2, 3].map(() => dial(t, fronted.port, { client: thief })))
  for (const socket of before) assert.equal(await ask(socket), '200')
  fronted.gateway.reload({ crl: crlOf([thief], { number: 2 }) })
  const after = await Promise.all([1, 2, 3].map(() => dial(t, fronted.port, { client: thief })))
  // The gateway waits for the rest of a body before it ends the connection.
  for (const socket of [...before, ...after]) socket.write(PART)
  await Promise.all([...before, ...after].map((socket) => readUntil(socket, 'CERTIFICATE_REVOKED')))
  const sockets = await Promise.all([1, 2, 3].map(() => dial(t, fronted.port, { client: successor })))
  for (const socket of sockets) assert.equal(await ask(socket), '200')
  // Its own connections are still counted.
  await endOf(await dial(t, fronted.port, { client: successor }))
  for (const socket of before) await endOf(socket)
  await endOf(await dial(t, fronted.port, { client: successor }))
})

describe('a new revocation list', () => {
  test('the next request of the revoked client is refused, its streams are cut, and others go on', async (t) => {
    const bob = await newClient('bob')
    const fronted = await start(t, { crl: crlOf([]) })
    const [idle, stream, other] = [
      await dial(t, fronted.port, { client: bob }),
      await dial(t, fronted.port, { client: bob }),
      await dial(t, fronted.port),
    ]
    assert.equal(await ask(idle), '200')
    assert.equal(await ask(stream, EVENTS), '200')
    assert.equal(await ask(other, EVENTS), '200')
    const ended = endOf(stream)
    const ownTime = startOwnClock()
    fronted.gateway.reload({ crl: crlOf([bob], { number: 2 }) })
    await ended
    assert.ok(ownTime() < 1_000)
    assert.equal(await ask(idle), '403 CERTIFICATE_REVOKED')
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    assert.match(await readUntil(other, 'tick'), /tick/)
    assert.equal(await comes(t, fronted), '200')
    const cut = fronted.events.filter(({ event }) => event === 'cut')
    const fingerprint = new X509Certificate(bob.cert).fingerprint256
    const who = { identity: 'CN=bob', fingerprint, address: '127.0.0.1' }
    assert.deepEqual(cut, [{ event: 'cut', ...who, reason: 'CERTIFICATE_REVOKED' }])
    // Also those of a new connection are logged with their certificate.
    const refused = fronted.events.filter((event) => event.event === 'request' && event.fingerprint === fingerprint)
    assert.deepEqual(
      refused.slice(-2).map((event) => event.event === 'request' && [event.identity, event.reason]),
      [
        ['CN=bob', 'CERTIFICATE_REVOKED'],
        ['CN=bob', 'CERTIFICATE_REVOKED'],
      ],
    )
  })

  test('a list that is older than the one in force, or no list, changes nothing', async (t) => {
    const bob = await newClient('bob')
    const fronted = await start(t, { crl: crlOf([bob]) })
    const older = crlOf([], { from: Date.now() - DAY })
    for (const crl of [older, 'none', ''])
      assert.throws(() => fronted.gateway.reload({ crl }), { code: 'ERR_CRL_INVALID' })
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    assert.equal(await comes(t, fronted), '200')
    // Nor by a detour.
    fronted.gateway.reload({ crl: null })
    assert.equal(await comes(t, fronted), '503 CRL_MISSING')
    assert.throws(() => fronted.gateway.reload({ crl: older }), { code: 'ERR_CRL_INVALID' })
    assert.equal(await comes(t, fronted), '503 CRL_MISSING')
    fronted.gateway.reload({ crl: crlOf([bob], { from: Date.now() }) })
    assert.equal(await comes(t, fronted), '200')
  })

  test('a newer list that is only a part changes nothing, although it does not say so by a critical extension', async (t) => {
    const bob = await newClient('bob')
    const fronted = await start(t, { crl: crlOf([bob], { from: Date.now() - 60_000 }) })
    for (const id of ['2.5.29.27', '2.5.29.28']) {
      const extension = sequence(oid(id), octetString(encode(sequence())))
      const { certificate } = credentials.authority
      const crl = foreignList(certificate, await credentials.authority.exportKey(), explicit(0, sequence(extension)))
      assert.throws(() => fronted.gateway.reload({ crl }), { code: 'ERR_CRL_INVALID' })
      assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    }
    assert.equal(await comes(t, fronted), '200')
  })

  test('an older list of the same second changes nothing, nor does an older one after one of the future', async (t) => {
    const bob = await newClient('bob')
    const from = Date.now() - 60_000
    const fronted = await start(t, { crl: crlOf([bob], { number: 2, from }) })
    const refused = (crl: string): void =>
      assert.throws(() => fronted.gateway.reload({ crl }), { code: 'ERR_CRL_INVALID' })
    refused(crlOf([], { number: 1, from }))
    fronted.gateway.reload({ crl: crlOf([], { number: 3, from: Date.now() + DAY, to: Date.now() + 2 * DAY }) })
    // Until then, the list before it counts as well.
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    assert.equal(await comes(t, fronted), '200')
    refused(crlOf([], { number: 1, from }))
    // A newer one than the last in force, with all revocations, is right, whichever number that of the future had.
    fronted.gateway.reload({ crl: crlOf([bob], { number: 2, from }) })
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    // Of two lists of one second, the one with the greater number counts, in whatever order they are.
    const both = [crlOf([], { number: 4, from }), crlOf([bob], { number: 5, from })]
    const back = [crlOf([], { number: 6, from }), crlOf([bob], { number: 7, from: from - DAY })]
    for (const lists of [both, both.toReversed(), back, back.toReversed()]) {
      fronted.gateway.reload({ crl: lists.join('') })
      assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    }
  })
})

describe('a revocation list that is dated back, because the clock of its CA was', () => {
  test('is the newer one by its number, and an older one with a later date is not', async (t) => {
    const bob = await newClient('bob')
    const fronted = await start(t, { crl: crlOf([], { number: 1 }) })
    assert.equal(await comes(t, fronted, bob), '200')
    fronted.gateway.reload({ crl: crlOf([bob], { number: 2, from: Date.now() - DAY / 24 }) })
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    assert.throws(() => fronted.gateway.reload({ crl: crlOf([], { number: 1 }) }), { code: 'ERR_CRL_INVALID' })
    // Nor by a detour.
    fronted.gateway.reload({ crl: null })
    assert.throws(() => fronted.gateway.reload({ crl: crlOf([], { number: 1 }) }), { code: 'ERR_CRL_INVALID' })
    fronted.gateway.reload({ crl: crlOf([bob], { number: 2, from: Date.now() - DAY / 24 }) })
    assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
  })
})

const load = ({ cert, key }: Made): Promise<Authority> => loadAuthority({ certificate: cert, key })

async function twoTiers(): Promise<{
  tls: GatewayTls
  root: Authority
  middle: Authority
  middleCert: string
  client: Client
}> {
  const root = await makeCa({ commonName: 'Root' })
  const middle = await makeCa({ commonName: 'Middle', issuer: root })
  // Our own code signs with root CAs alone. This one has its name and key, and so signs the same lists.
  const twin = await makeCa({ commonName: 'Middle', key: middle.key })
  const own = await makeClient(middle)
  return {
    tls: { ...serverTls, ca: `${middle.cert}${root.cert}` },
    root: await load(root),
    middle: await load(twin),
    middleCert: middle.cert,
    client: { ca: serverTls.ca, cert: own.cert, key: own.key },
  }
}
const listed = (by: Authority, revoked: readonly string[], to = Date.now() + DAY): string => {
  const entries = revoked.map((cert) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() }))
  return createCrl(by, { revoked: entries, thisUpdate: new Date(), nextUpdate: new Date(to), number: 1 }).pem
}

describe('a CA below another one', () => {
  test('is refused on open connections once the other one has revoked it', async (t) => {
    const { tls, root, middle, middleCert, client } = await twoTiers()
    const fronted = await start(t, { tls, crl: listed(root, []) + listed(middle, []) })
    const socket = await dial(t, fronted.port, { client })
    assert.equal(await ask(socket), '200')
    fronted.gateway.reload({ crl: listed(root, [middleCert]) + listed(middle, []) })
    assert.equal(await ask(socket), '403 CERTIFICATE_REVOKED')
  })

  test('is refused if the list of the other one has expired', async (t) => {
    const { tls, root, middle, client } = await twoTiers()
    const fronted = await start(t, { tls, crl: listed(root, [], Date.now() + 6_000) + listed(middle, []) })
    assert.equal(await comes(t, fronted, client), '200')
    await delay(6_100)
    assert.equal(await comes(t, fronted, client), '503 CRL_EXPIRED')
  })
})

describe('a CA with a certificate of its own, and one of another CA', () => {
  test('is refused once the latter is revoked, but not if the gateway trusts it as a root', async (t) => {
    const { tls, root, middle, middleCert, client } = await twoTiers()
    const crl = listed(root, [middleCert]) + listed(middle, [])
    const below = await start(t, { tls, crl })
    assert.equal(await comes(t, below, client), '403 CERTIFICATE_REVOKED')
    for (const ca of [`${tls.ca}${middle.certificate}`, `${middle.certificate}${tls.ca}`]) {
      const fronted = await start(t, { tls: { ...tls, ca }, crl })
      assert.equal(await comes(t, fronted, client), '200')
      const own = new X509Certificate(client.cert).serialNumber
      const revoked = createCrl(middle, {
        revoked: [{ serialNumber: own, at: new Date() }],
        nextUpdate: new Date(Date.now() + DAY),
        number: 2,
      })
      fronted.gateway.reload({ crl: listed(root, [middleCert]) + revoked.pem })
      assert.equal(await comes(t, fronted, client), '403 CERTIFICATE_REVOKED')
    }
  })
})

describe('a list that cannot be used refuses everybody, and says why', () => {
  const cases: Record<string, () => Promise<string | null>> = {
    '503 CRL_MISSING null': async () => null,
    '503 CRL_MISSING foreign': async () => crlOf([], { by: await createAuthority() }),
    '503 CRL_MISSING of a CA with the same name': async () =>
      crlOf([], { by: await createAuthority({ commonName: credentials.authority.facts.commonName ?? '' }) }),
    '503 CRL_EXPIRED past': async () => crlOf([], { from: Date.now() - 2 * DAY, to: Date.now() - DAY }),
    '503 CRL_EXPIRED future': async () => crlOf([], { from: Date.now() + DAY, to: Date.now() + 2 * DAY }),
  }
  for (const [name, crl] of Object.entries(cases)) {
    test(name, async (t) => {
      const fronted = await start(t, { crl: await crl() })
      assert.equal(await comes(t, fronted), name.split(' ').slice(0, 2).join(' '))
      fronted.gateway.reload({
        crl: crlOf([], { from: Date.now() + (name.includes('future') ? DAY + 1000 : 0), to: Date.now() + 3 * DAY }),
      })
      assert.equal(await comes(t, fronted), name.includes('future') ? '503 CRL_EXPIRED' : '200')
    })
  }

  test('a list that expires while the gateway runs', async (t) => {
    const fronted = await start(t, { crl: crlOf([], { to: Date.now() + 5_000 }) })
    const [socket, stream] = [await dial(t, fronted.port), await dial(t, fronted.port)]
    assert.equal(await ask(socket), '200')
    assert.equal(await ask(stream, EVENTS), '200')
    await delay(5_700)
    assert.equal(await ask(socket), '503 CRL_EXPIRED')
    assert.equal(await comes(t, fronted), '503 CRL_EXPIRED')
    // Nobody says that this client is bad.
    assert.match(await readUntil(stream, 'tick'), /tick/)
  })
})

describe('a resumed session', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`does not get a revoked client in (${version})`, async (t) => {
      const bob = await newClient('bob')
      const fronted = await start(t)
      const limits = { client: bob, minVersion: version, maxVersion: version }
      const first = await dial(t, fronted.port, limits)
      assert.equal(await ask(first), '200')
      const session = first.getSession()
      const second = await dial(t, fronted.port, { ...limits, session })
      assert.equal(second.isSessionReused(), true)
      assert.equal(await ask(second), '200')
      fronted.gateway.revoke(new X509Certificate(bob.cert).serialNumber)
      const third = await dial(t, fronted.port, { ...limits, session })
      assert.equal(third.isSessionReused(), true)
      assert.equal(await ask(third), '403 CERTIFICATE_REVOKED')
      fronted.gateway.reload({ tls: await newServerTls() })
      const fourth = await dial(t, fronted.port, { ...limits, session })
      assert.equal(fourth.isSessionReused(), false)
      assert.equal(await ask(fourth), '403 CERTIFICATE_REVOKED')
    })
  }
})

describe('gateway.revoke()', () => {
  test('a hijacked stream that it cuts does not look complete to our client', async (t) => {
    const daemon = await fakeDaemon(t, {
      upgrade: (_request, socket) =>
        void socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\noutput'),
    })
    const { gateway, port } = await front(t, { socketPath: daemon.socketPath })
    const bob = await newClient('bob')
    const dispatcher = await dispatcherTo(t, port, bob)
    const hijacked = await hijack(dispatcher, { method: 'POST', path: '/containers/a/attach' }, 'tcp')
    assert.ok('socket' in hijacked)
    const read = text(hijacked.socket)
    setTimeout(() => gateway.revoke(new X509Certificate(bob.cert)), 50)
    await assert.rejects(read, /TCP ended before TLS|ECONNRESET/)
  })

  test('reports once that it cuts a connection, also if two changes come in one turn of the event loop', async (t) => {
    const { gateway, port, events } = await start(t)
    const bob = await newClient('bob')
    const stream = await dial(t, port, { client: bob })
    stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    gateway.revoke(new X509Certificate(bob.cert))
    gateway.revoke('00')
    await endOf(stream)
    assert.equal(events.filter(({ event }) => event === 'cut').length, 1)
  })

  test('takes a certificate, a serial number and a fingerprint', async (t) => {
    const fronted = await start(t)
    const forms = [
      (x: X509Certificate) => x,
      (x: X509Certificate) => x.serialNumber,
      (x: X509Certificate) => x.fingerprint256,
    ]
    for (const form of forms) {
      const bob = await newClient('bob')
      assert.equal(await comes(t, fronted, bob), '200')
      fronted.gateway.revoke(form(new X509Certificate(bob.cert)))
      assert.equal(await comes(t, fronted, bob), '403 CERTIFICATE_REVOKED')
    }
    assert.equal(await comes(t, fronted), '200')
    for (const wrong of ['', 'bob', 'f'.repeat(50), 7, undefined])
      assert.throws(() => fronted.gateway.revoke(wrong as string), { code: 'ERR_ARGUMENT_INVALID' })
  })
})

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
/** Other than what anybody else asks for. */
const FOR_BOB = 'GET /containers/bob/json HTTP/1.1\r\nHost: x\r\n\r\n'

/** How a client connects. The context spares reading its files for each connection. */
type Way = Pick<ConnectionOptions, 'secureContext' | 'session'>

/** One way for each version of TLS. */
function waysOf(client: Client): Way[] {
  return VERSIONS.map((version) => ({
    secureContext: createSecureContext({ ...client, minVersion: version, maxVersion: version }),
  }))
}

/** The same ways, with sessions to resume. */
function resuming(t: TestContext, { port }: Fronted, ways: readonly Way[]): Promise<Way[]> {
  return Promise.all(
    ways.map(async (way) => {
      const socket = await dial(t, port, way)
      await ask(socket)
      return { ...way, session: socket.getSession() }
    }),
  )
}

interface Asked {
  /** How often each answer came. */
  readonly answers: Record<string, number>
  /** How many of the connections have resumed a session. */
  resumed: number
}

/** Sends as many requests, each on a connection of its own, 20 at a time, and in each of some ways. */
async function askOften({ port }: Fronted, count: number, ways: readonly Way[]): Promise<Asked> {
  const asked: Asked = { answers: {}, resumed: 0 }
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      let close: (() => Promise<void>) | undefined
      const socket = await dial({ after: (cleanup) => void (close = cleanup) }, port, ways[index % ways.length])
      const answer = await ask(socket, FOR_BOB)
      asked.answers[answer] = (asked.answers[answer] ?? 0) + 1
      if (socket.isSessionReused()) asked.resumed++
      await close?.()
    }
  }
  await Promise.all(Array.from({ length: 20 }, work))
  return asked
}

describe('after a client is revoked', () => {
  const ways: readonly (readonly [way: string, count: number, revoke: (fronted: Fronted, client: Client) => void])[] = [
    ['gateway.revoke()', 1_000, ({ gateway }, { cert }) => gateway.revoke(new X509Certificate(cert))],
    ['a new list', 10_000, ({ gateway }, client) => gateway.reload({ crl: crlOf([client], { number: 2 }) })],
  ]
  for (const [way, count, revoke] of ways) {
    test(`by ${way}: 0 of ${count} requests pass, 20 streams are cut within a second, and others go on`, async (t) => {
      const [bob, carl] = [await newClient('bob'), await newClient('carl')]
      let decided = 0
      const authorize: GatewayOptions['authorize'] = ({ identity }) => {
        if ('certificate' in identity && identity.certificate.subject === 'CN=bob') decided++
        return { allow: true }
      }
      const daemon = await tickingDaemon(t)
      const fronted = await front(t, { socketPath: daemon.socketPath }, { authorize, crl: crlOf([]) })
      const dials = (length: number, client?: Client): Promise<TLSSocket[]> =>
        Promise.all(Array.from({ length }, () => dial(t, fronted.port, { client })))
      const [open, streams, others] = [await dials(20, bob), await dials(20, bob), await dials(4)]
      const theirs = await dispatcherTo(t, fronted.port, carl)
      const bobs = waysOf(bob)
      const before = await resuming(t, fronted, bobs)
      assert.deepEqual((await askOften(fronted, 8, [...bobs, ...before])).answers, { '200': 8 })
      assert.deepEqual(await all(open.map((socket) => ask(socket, FOR_BOB))), ['200'])
      assert.deepEqual(await all([...streams, ...others].map((socket) => ask(socket, EVENTS))), ['200'])
      const answersOfOthers: string[] = []
      const work = { isDone: false }
      const repeat = async (call: () => Promise<string>): Promise<void> => {
        while (!work.isDone) {
          answersOfOthers.push(await call())
          await delay(10)
        }
      }
      const ping = async (): Promise<string> =>
        String((await collect(theirs, { method: 'GET', path: '/_ping' })).status)
      const calls = [repeat(ping), repeat(ping), repeat(ping), repeat(() => comes(t, fronted, carl))]
      const ofBob = (): number =>
        fronted.events.filter((event) => event.event === 'request' && event.identity === 'CN=bob').length
      await until(() => ofBob() === bobs.length + 8 + open.length, 'all of his requests but the streams have ended')

      const ended = Promise.all(streams.map((socket) => endOf(socket)))
      const ownTime = startOwnClock()
      revoke(fronted, bob)
      const [decidedBefore, carriedOut] = [decided, countOf(daemon.requests)]
      await Promise.race([ended, delay(5_000, undefined, { ref: false })])
      const took = ownTime()
      assert.ok(took < 1_000, 'the streams were cut too late')
      const cut = fronted.events.flatMap((event) =>
        event.event === 'cut' ? [`${event.identity} ${event.reason}`] : [],
      )
      assert.deepEqual(cut, Array(20).fill('CN=bob CERTIFICATE_REVOKED'))

      // The answer to the first ends the connection, and those behind it are not carried out.
      assert.deepEqual(await all(open.map((socket) => ask(socket, FOR_BOB.repeat(400)))), ['403 CERTIFICATE_REVOKED'])
      await Promise.all(open.map((socket) => (socket.readableEnded ? Promise.resolve() : endOf(socket))))
      // One in ten resumes no session, and one in ten a session of before: a new list ends those.
      const later = await resuming(t, fronted, bobs)
      const mix = [...bobs, ...before, ...Array<Way[]>(8).fill(later).flat()]
      const { answers, resumed } = await askOften(fronted, count, mix)
      assert.deepEqual(answers, { '403 CERTIFICATE_REVOKED': count })
      assert.ok(resumed >= count * 0.7, `only ${resumed} have resumed a session`)
      assert.deepEqual([decided, countOf(daemon.requests)], [decidedBefore, carriedOut])
      work.isDone = true
      await Promise.all(calls)
      assert.ok(answersOfOthers.length > 100, `only ${answersOfOthers.length} requests of others`)
      assert.deepEqual([...new Set(answersOfOthers)], ['200'])
      for (const socket of others) assert.match(await readUntil(socket, 'tick'), /tick/)
      t.diagnostic(`${Math.round(took)} ms, ${resumed} resumed, ${answersOfOthers.length} of others`)
    })
  }
})

/** How many of the requests that have reached the daemon are bob's. */
const countOf = (requests: readonly string[]): number => requests.filter((one) => one.includes('/bob/')).length

/** The different ones of some answers. */
const all = async (answers: readonly Promise<string>[]): Promise<string[]> => [...new Set(await Promise.all(answers))]

const codeOf = (by: Trust, pem: string): string | undefined =>
  by.check(new Peer(new X509Certificate(pem)), Date.now())?.code

/** The header field Connection of the next answer. */
async function connectionField(socket: TLSSocket): Promise<string> {
  socket.write(PING)
  return /^connection: (\S+)/im.exec(await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)/))?.[1] ?? ''
}

describe('a client that got another certificate shows it', () => {
  test('after a minute, since the gateway then closes its connection after an answer', async (t) => {
    const fronted = await start(t)
    const socket = await dial(t, fronted.port)
    const began = performance.now()
    assert.equal(await connectionField(socket), 'keep-alive')
    t.mock.method(performance, 'now', () => began + 59_000)
    assert.equal(await connectionField(socket), 'keep-alive')
    t.mock.method(performance, 'now', () => began + 61_000)
    assert.equal(await connectionField(socket), 'close')
    await endOf(socket)
  })

  test('after the first refusal, once it was revoked or its CA taken away, since that ends its connection', async (t) => {
    const fronted = await start(t)
    const [bob, ann] = [await newClient('bob'), await newClient('ann')]
    const [revoked, foreign] = [
      await dial(t, fronted.port, { client: bob }),
      await dial(t, fronted.port, { client: ann }),
    ]
    fronted.gateway.revoke(new X509Certificate(bob.cert))
    assert.equal(await connectionField(revoked), 'close')
    await endOf(revoked)
    const { certificate: ca } = await createAuthority({ commonName: 'B' })
    fronted.gateway.reload({ tls: { ...(await newServerTls()), ca } })
    assert.equal(await connectionField(foreign), 'close')
    await endOf(foreign)
  })
})

describe('who may come', () => {
  test('nobody without a certificate, of another CA, or of a server', async (t) => {
    const fronted = await start(t)
    const other = await createAuthority()
    const foreign = await issueClient(other, { name: 'alice' })
    const clients: Record<string, Partial<Client>> = {
      none: { ca: serverTls.ca },
      foreign: { ca: serverTls.ca, cert: foreign.cert, key: foreign.key },
      server: serverTls,
    }
    for (const [name, client] of Object.entries(clients)) {
      const socket = await dial(t, fronted.port, { client: { ca: '', cert: '', key: '', ...client } })
      assert.equal(await ask(socket), '', name)
    }
    assert.deepEqual(
      fronted.events.filter(({ event }) => event === 'request'),
      [],
    )
    assert.equal(fronted.events.filter(({ event }) => event === 'handshake refused').length, 3)
    assert.equal(await comes(t, fronted), '200')
  })

  test('a certificate that expires: its streams are cut, and its requests refused', async (t) => {
    const authority = await makeCa({ commonName: 'Short' })
    const to = new Date(Date.now() + 6_000)
    const made = await makeClient(authority, { to })
    const client = { ca: serverTls.ca, cert: made.cert, key: made.key }
    const fronted = await start(t, { tls: { ...serverTls, ca: serverTls.ca + authority.cert } })
    const [idle, stream] = [await dial(t, fronted.port, { client }), await dial(t, fronted.port, { client })]
    assert.deepEqual([await ask(idle), await ask(stream, EVENTS)], ['200', '200'])
    await endOf(stream)
    // A certificate ends with a whole second.
    const late = Date.now() - Math.floor(to.getTime() / 1_000) * 1_000
    assert.ok(late >= 0 && late <= 1_000, `the stream was cut ${late} ms after the end`)
    assert.equal(await ask(idle), '403 CERTIFICATE_EXPIRED')
    assert.equal(await comes(t, fronted, client), '')
    const cut = fronted.events.filter(({ event }) => event === 'cut')
    assert.deepEqual(
      cut.map((event) => event.event === 'cut' && event.reason),
      ['CERTIFICATE_EXPIRED'],
    )
  })

  test('a CA that is taken away: its streams are cut, and its open connections refused', async (t) => {
    const other = await createAuthority()
    const { cert, key } = await issueClient(other, { name: 'old' })
    const old = { ca: serverTls.ca, cert, key }
    const both = { ...serverTls, ca: serverTls.ca + other.certificate }
    const fronted = await start(t, { tls: both })
    const [idle, stream, mine] = [
      await dial(t, fronted.port, { client: old }),
      await dial(t, fronted.port, { client: old }),
      await dial(t, fronted.port),
    ]
    assert.deepEqual([await ask(idle), await ask(stream, EVENTS), await ask(mine, EVENTS)], ['200', '200', '200'])
    const ended = endOf(stream)
    fronted.gateway.reload({ tls: serverTls })
    await ended
    assert.equal(await ask(idle), '403 CERTIFICATE_UNTRUSTED')
    assert.match(await readUntil(mine, 'tick'), /tick/)
  })

  test('a certificate of another purpose is refused by the gateway itself, also if the handshake let it pass', async () => {
    const trust = new Trust(serverTls, undefined)
    const made = await makeCa({ commonName: 'Purposes' })
    const foreign = new Trust({ ...serverTls, ca: made.cert }, undefined)
    const withPurposes = async (...purposes: string[]): Promise<string> => (await makeClient(made, { purposes })).cert
    assert.equal(codeOf(trust, serverTls.cert), 'CERTIFICATE_PURPOSE')
    assert.equal(codeOf(foreign, await withPurposes('codeSigning')), 'CERTIFICATE_PURPOSE')
    assert.equal(codeOf(foreign, await withPurposes('serverAuth', 'clientAuth')), undefined)
    assert.equal(codeOf(foreign, await withPurposes('anyExtendedKeyUsage')), undefined)
    assert.equal(codeOf(trust, credentials.client.cert), undefined)
  })

  test('reload() with files that do not fit changes nothing', async (t) => {
    const fronted = await start(t)
    const other = await issueServer(credentials.authority, { names: ['localhost'] })
    for (const tls of [
      { ...serverTls, key: other.key },
      { ...serverTls, ca: '' },
      { ...serverTls, cert: 'x' },
    ]) {
      assert.throws(
        () => fronted.gateway.reload({ tls }),
        (error) => error instanceof IdentityError,
      )
    }
    assert.equal(await comes(t, fronted), '200')
  })
})
