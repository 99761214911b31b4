import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { RENEWAL_PATH } from '../../lib/gateway/renewal/path.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { createIssuer, createRequest, loadAuthority } from '../../lib/pki.ts'
import { caExtensions } from '../../lib/pki/extensions.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { distinguishedName } from '../../lib/pki/sign.ts'
import { definePolicy } from '../../lib/policy.ts'
import { makeCa, makeClient, makeKey, type Made } from '../support/openssl-certs.ts'
import {
  dial,
  endOf,
  front,
  readUntil,
  serverTls,
  tickingDaemon,
  type Client,
  type Fronted,
} from './support/fixture.ts'

const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'
const EVENTS = 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'
const HOUR = 3_600_000
const PAST = { from: new Date(Date.now() - 2 * HOUR), to: new Date(Date.now() - HOUR) }

const pemOf = (cas: readonly Pick<Made, 'cert'>[]): string => cas.map(({ cert }) => cert).join('')
const clientOf = ({ cert, key }: Made): Client => ({ ca: serverTls.ca, cert, key })
const tlsOf = (...cas: Pick<Made, 'cert'>[]) => ({ ...serverTls, ca: pemOf(cas) })

async function ask(socket: TLSSocket, request = PING): Promise<string> {
  socket.write(request)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)|tick/)
  return [answer.slice(9, 12), ...(/(?<=x-docker-mtls-reason: )\S+/i.exec(answer) ?? [])].join(' ').trim()
}

async function start(t: TestContext, options: Parameters<typeof front>[2]): Promise<Fronted> {
  const { socketPath } = await tickingDaemon(t)
  return front(t, { socketPath }, options)
}

/** What a client gets with a new connection: the status, or nothing if the handshake is refused. */
async function comes(t: TestContext, { port }: Fronted, client: Client): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ...client })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')])
  return ask(socket)
}

/** A root of the same name as an older one, whose key signed it, without the identifiers of keys. */
async function newWithOld(old: Made): Promise<Made> {
  const keys = await generateKeys('p256')
  const authority = await loadAuthority({ certificate: old.cert, key: old.key })
  const extensions = caExtensions(keys).slice(0, 2)
  const period = { notBefore: PAST.from, notAfter: new Date(Date.now() + HOUR) }
  const { commonName = '' } = authority.facts
  const cert = authority.sign({ subject: distinguishedName(commonName), keys, period, extensions }).toString()
  return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

describe('a client of a CA below others', () => {
  test('may send requests exactly if a new handshake finds a chain of valid CAs up to a root', async (t) => {
    const [root, other, key] = [await makeCa({ commonName: 'R' }), await makeCa({ commonName: 'D' }), await makeKey()]
    const middle = { commonName: 'I', key }
    const made = {
      R: root,
      D: other,
      'D expired': await makeCa({ commonName: 'D', key: other.key, ...PAST }),
      'I by R': await makeCa({ ...middle, issuer: root }),
      'I by R, shorter': await makeCa({ ...middle, issuer: root, to: new Date(Date.now() + HOUR) }),
      'I by R, expired': await makeCa({ ...middle, issuer: root, ...PAST }),
      'I by D': await makeCa({ ...middle, issuer: other }),
      'I by itself': await makeCa(middle),
      'I by itself, expired': await makeCa({ ...middle, ...PAST }),
      'D by R': await makeCa({ commonName: 'D', key: other.key, issuer: root }),
      'R by D': await makeCa({ commonName: 'R', key: root.key, issuer: other }),
    }
    const client = clientOf(await makeClient(made['I by R']))
    const rows: readonly (readonly [isIn: boolean, ...cas: (keyof typeof made)[]])[] = [
      [true, 'I by R', 'R'],
      [false, 'I by R'],
      [false, 'I by D', 'R'],
      [false, 'I by D', 'D expired'],
      [false, 'I by R, expired', 'R'],
      [true, 'I by D', 'D expired', 'I by R', 'R'],
      [true, 'I by D', 'D expired', 'I by R, shorter', 'R'],
      [true, 'R', 'I by R', 'D expired', 'I by D'],
      [true, 'I by D', 'I by R', 'R'],
      [true, 'I by D', 'D expired', 'D'],
      [true, 'I by D', 'D expired', 'I by itself'],
      [true, 'I by itself, expired', 'I by R', 'R'],
      [true, 'I by R, expired', 'R', 'I by itself'],
      [true, 'I by D', 'D by R', 'R'],
      [true, 'D expired', 'I by D', 'D by R', 'R'],
      [false, 'I by D', 'D by R', 'R by D'],
      [true, 'I by D', 'D by R', 'R by D', 'R'],
    ]
    const peer = new Peer(new X509Certificate(client.cert))
    for (const [isIn, ...cas] of rows) {
      const tls = tlsOf(...cas.map((name) => made[name]))
      const fault = new Trust(tls, undefined).check(peer, Date.now())
      const came = await comes(t, await start(t, { tls }), client)
      const wanted = isIn ? [undefined, '200'] : ['CERTIFICATE_UNTRUSTED', '']
      assert.deepEqual([fault?.code, came], wanted, cas.join('; '))
    }
  })

  test('may come if its CA looks like a root to OpenSSL, although the key of an older root has signed it', async (t) => {
    const valid = await makeCa({ commonName: 'Same' })
    const old = await makeCa({ commonName: 'Same', key: valid.key, ...PAST })
    const next = await newWithOld(valid)
    const client = clientOf(await makeClient(next))
    const fronted = await start(t, { tls: tlsOf(next, old) })
    assert.equal(await comes(t, fronted, client), '200')
  })

  test('is refused on open connections and resumed sessions once the CA above has expired, and its streams are cut', async (t) => {
    const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_000)
    const root = await makeCa({ commonName: 'Ends', to: end })
    const middle = await makeCa({ commonName: 'Middle', issuer: root })
    const [lasting, other] = [await makeCa({ commonName: 'Lasts' }), await makeCa({ commonName: 'Other' })]
    const crossed = await makeCa({ commonName: 'Crossed', issuer: root })
    const again = await makeCa({ commonName: 'Crossed', key: crossed.key, issuer: lasting })
    const [client, both, standing] = [
      clientOf(await makeClient(middle)),
      clientOf(await makeClient(crossed)),
      clientOf(await makeClient(other)),
    ]
    const fronted = await start(t, { tls: tlsOf(root, middle, crossed, again, lasting, other) })
    const open = (one: Client, more: object = {}): Promise<TLSSocket> => dial(t, fronted.port, { client: one, ...more })
    const versions = ['TLSv1.2', 'TLSv1.3'] as const
    const limited = versions.map((version) => ({ minVersion: version, maxVersion: version }))
    const firsts = await Promise.all(limited.map((limits) => open(client, limits)))
    for (const socket of firsts) assert.equal(await ask(socket), '200')
    const sessions = firsts.map((socket) => socket.getSession())
    const [idle, stream, others, crosseds] = await Promise.all([client, client, standing, both].map((one) => open(one)))
    assert.ok(idle && stream && others && crosseds)
    assert.equal(await ask(idle), '200')
    for (const socket of [stream, others, crosseds]) assert.equal(await ask(socket, EVENTS), '200')
    assert.ok(Date.now() < end.getTime(), 'this machine is too slow')
    const timer = setTimeout(() => stream.destroy(), end.getTime() + 3_000 - Date.now())
    await endOf(stream)
    clearTimeout(timer)
    const late = Date.now() - end.getTime()
    assert.ok(late >= 0 && late < 1_000, `the stream ended ${late} ms after the CA`)
    assert.equal(await ask(idle), '403 CERTIFICATE_UNTRUSTED')
    for (const [index, limits] of limited.entries()) {
      const resumed = await open(client, { ...limits, session: sessions[index] })
      assert.equal(resumed.isSessionReused(), true)
      assert.equal(await ask(resumed), '403 CERTIFICATE_UNTRUSTED')
    }
    await delay(Math.max(0, end.getTime() + 1_000 - Date.now()))
    assert.equal(await comes(t, fronted, client), '')
    // Another CA has signed the CA of this one, too.
    assert.equal(await comes(t, fronted, both), '200')
    for (const socket of [others, crosseds]) assert.match(await readUntil(socket, 'tick'), /tick/)
    const cut = fronted.events.flatMap((event) => (event.event === 'cut' ? [event.reason] : []))
    assert.deepEqual(cut, ['CERTIFICATE_UNTRUSTED'])
  })

  test('gets no renewed certificate that lasts longer than the CA above', async (t) => {
    const to = new Date(Math.ceil(Date.now() / 1000) * 1000 + 300_000)
    const root = await makeCa({ commonName: 'Ends', to })
    const middle = await makeCa({ commonName: 'Middle', issuer: root })
    // Our own code signs with root CAs alone: this one has the same name and key.
    const twin = await makeCa({ commonName: 'Middle', key: middle.key })
    const authority = await loadAuthority({ certificate: twin.cert, key: twin.key })
    const { cert, key } = await createIssuer(authority, { name: 'renewals' })
    const policy = definePolicy({
      version: 1,
      rules: [{ name: 'all', who: { commonName: 'alice' }, level: 'read-only', renew: { for: '1h' } }],
    })
    const options = { issuer: { cert, key }, policy, authorize: undefined }
    const fronted = await start(t, { tls: tlsOf(root, middle), ...options })
    const { request } = await createRequest({ name: 'x' })
    const socket = await dial(t, fronted.port, { client: clientOf(await makeClient(middle)) })
    socket.write(`POST ${RENEWAL_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${request.length}\r\n\r\n${request}`)
    const body = (await readUntil(socket, /\}\n/)).split('\r\n\r\n')[1] ?? ''
    const { certificate, until } = JSON.parse(body) as { certificate: string; until: string }
    assert.equal(until, to.toISOString())
    assert.equal(Date.parse(new X509Certificate(certificate).validTo), to.getTime())
  })
})
