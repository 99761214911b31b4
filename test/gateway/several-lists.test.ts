import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test, type TestContext } from 'node:test'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { createAuthority, createCrl, createIssuer, issueClient, loadAuthority, type Authority } from '../../lib/pki.ts'
import { loadIssuer } from '../../lib/pki/issuer.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { makeCa, makeClient } from '../support/openssl-certs.ts'
import { dial, endOf, front, readUntil, serverTls, tickingDaemon, type Client } from './support/fixture.ts'

const HOUR = 3_600_000

const at = (hours: number): Date => new Date(Date.now() + hours * HOUR)

interface Listed {
  readonly revoked?: readonly string[]
  readonly isOver?: boolean
}

function listOf(by: Authority, { revoked = [], isOver = false }: Listed = {}): string {
  const entries = revoked.map((cert) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() }))
  return createCrl(by, { revoked: entries, thisUpdate: at(-3), nextUpdate: at(isOver ? -1 : 3), number: 1 }).pem
}

/** A client whose certificate the issuer of another CA has renewed. */
async function renewedClient() {
  const [own, other] = await Promise.all(['A', 'B'].map((commonName) => createAuthority({ commonName })))
  if (!own || !other) throw new TypeError('no CA')
  const made = await createIssuer(other, { name: 'renewals' })
  const issuer = loadIssuer({ cert: made.cert, key: made.key })
  const tls = { ...serverTls, ca: `${own.certificate}${other.certificate}` }
  const first = new Peer(new X509Certificate((await issueClient(own, { name: 'bob' })).cert))
  const origin = new Trust(tls, undefined, issuer).originOf(first)
  if (!origin) throw new TypeError('it is not trusted')
  const { publicKey, privateKey } = await generateKeys('p256')
  const cert = issuer.renew({ old: first.certificate, origin, publicKey, life: 600_000, ends: [] }).toString()
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { own, other, issuer: made, loaded: issuer, tls, first, client: { ca: serverTls.ca, cert, key } }
}

/** A client of a CA below another one. */
async function clientBelow() {
  const root = await makeCa({ commonName: 'Root' })
  const middle = await makeCa({ commonName: 'Middle', issuer: root })
  // Our own code signs with root CAs alone. This one has its name and key, and so signs the same lists.
  const twin = await makeCa({ commonName: 'Middle', key: middle.key })
  const { cert, key } = await makeClient(middle)
  const [above, below] = await Promise.all(
    [root, twin].map((one) => loadAuthority({ certificate: one.cert, key: one.key })),
  )
  if (!above || !below) throw new TypeError('no CA')
  const tls = { ...serverTls, ca: `${middle.cert}${root.cert}` }
  return { root: above, middle: below, middleCert: middle.cert, tls, client: { ca: serverTls.ca, cert, key } }
}

/** What comes once a stream is open, and then another list: the reason for which it is cut. */
async function cutBy(
  t: TestContext,
  options: Parameters<typeof front>[2],
  client: Client,
  crl: string,
): Promise<unknown> {
  const { socketPath } = await tickingDaemon(t)
  const { gateway, port, events } = await front(t, { socketPath }, options)
  const stream = await dial(t, port, { client })
  stream.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
  await readUntil(stream, 'tick')
  gateway.reload({ crl })
  await Promise.race([endOf(stream), readUntil(stream, /tick[^]*tick[^]*tick[^]*tick/)])
  return events.flatMap((event) => (event.event === 'cut' ? [event.reason] : []))
}

describe('what one list revokes stays revoked if another list is missing or has expired', () => {
  test('of a renewed certificate: its issuer, and the first certificate of its line', async (t) => {
    const { own, other, issuer, loaded, tls, first, client } = await renewedClient()
    const peer = new Peer(new X509Certificate(client.cert))
    const [bob, renewals] = [{ revoked: [first.certificate.toString()] }, { revoked: [issuer.cert] }]
    const over = { isOver: true }
    const rows: readonly (readonly [lists: string, code: string | undefined])[] = [
      [listOf(own) + listOf(other), undefined],
      [listOf(own, over) + listOf(other), 'CRL_EXPIRED'],
      [listOf(own, over) + listOf(other, renewals), 'CERTIFICATE_REVOKED'],
      [listOf(other, renewals), 'CERTIFICATE_REVOKED'],
      [listOf(own, bob) + listOf(other, over), 'CERTIFICATE_REVOKED'],
      [listOf(own, bob), 'CERTIFICATE_REVOKED'],
    ]
    for (const [index, [lists, code]] of rows.entries())
      assert.equal(new Trust(tls, lists, loaded).check(peer, Date.now())?.code, code, `row ${index}`)
    const options = { tls, issuer: { cert: issuer.cert, key: issuer.key }, crl: listOf(own) + listOf(other) }
    assert.deepEqual(await cutBy(t, options, client, listOf(other, renewals)), ['CERTIFICATE_REVOKED'])
  })

  test('of a CA below another one: the CA itself', async (t) => {
    const { root, middle, middleCert, tls, client } = await clientBelow()
    const peer = new Peer(new X509Certificate(client.cert))
    const inForce = listOf(root) + listOf(middle)
    const revoked = listOf(root, { revoked: [middleCert] })
    const rows: readonly (readonly [lists: string, code: string | undefined])[] = [
      [inForce, undefined],
      [listOf(root) + listOf(middle, { isOver: true }), 'CRL_EXPIRED'],
      [revoked + listOf(middle, { isOver: true }), 'CERTIFICATE_REVOKED'],
      [revoked, 'CERTIFICATE_REVOKED'],
    ]
    for (const [index, [lists, code]] of rows.entries())
      assert.equal(new Trust(tls, lists).check(peer, Date.now())?.code, code, `row ${index}`)
    assert.deepEqual(await cutBy(t, { tls, crl: inForce }, client, revoked), ['CERTIFICATE_REVOKED'])
  })

  test('of the issuer itself, which renews nothing then', async () => {
    const { root, middle, middleCert, tls } = await clientBelow()
    const { cert, key } = await createIssuer(middle, { name: 'renewals' })
    const issuer = loadIssuer({ cert, key })
    const faultWith = (lists: string): string | undefined => new Trust(tls, lists, issuer).issuerFault(Date.now())
    assert.equal(faultWith(listOf(root)), 'unlisted')
    assert.equal(faultWith(listOf(root, { revoked: [middleCert] })), 'ca-revoked')
    assert.equal(faultWith(listOf(middle, { revoked: [cert] })), 'revoked')
  })
})
