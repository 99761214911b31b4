import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { before, describe, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { IdentityError } from '../../lib/base/errors.ts'
import { loadIdentity, type Identity } from '../../lib/identity/identity.ts'
import { lacks } from '../support/requirements.ts'
import { daysFromNow, makeCa, makeClient, makeServer, type Made, type TestKeyType } from '../support/openssl-certs.ts'
import { failureOf } from './support/refusals.ts'

const needs = { skip: lacks('openssl') }
const POLICY = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const

let ca: Made
before(async () => {
  if (needs.skip === false) ca = await makeCa()
})

/** One handshake with a server that asks for a client's certificate; gives the name that the server saw. */
async function shake(
  identity: Identity,
  server: { cert: string; key: string; clientCa: string },
): Promise<string | undefined> {
  const set = await identity.current()
  const listener = createServer({ cert: server.cert, key: server.key, ca: server.clientCa, requestCert: true })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>
  const refused = once(listener, 'tlsClientError').then(([error]) => Promise.reject(error as Error))
  const socket = connect({
    host: '127.0.0.1',
    port,
    secureContext: set.secureContext(POLICY),
    rejectUnauthorized: true,
  })
  try {
    const [[seen]] = await Promise.all([Promise.race([accepted, refused]), once(socket, 'secureConnect')])
    seen.on('error', () => undefined)
    const subject = seen.getPeerX509Certificate()?.subject
    seen.destroy()
    return subject
  } finally {
    socket.on('error', () => undefined).destroy()
    listener.close()
    for (const promise of [accepted, refused]) promise.catch(() => undefined)
  }
}

describe('the TLS context of an identity', needs, () => {
  for (const keyType of ['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] satisfies TestKeyType[]) {
    test(`connects with a key ${keyType} on both ends`, async () => {
      const own = await makeCa({ keyType })
      const identity = await loadIdentity({ ca: own.cert, ...(await makeClient(own, { keyType })) })
      assert.equal(await shake(identity, { ...(await makeServer(own, { keyType })), clientCa: own.cert }), 'CN=alice')
    })
  }

  test('trusts ca.pem alone, whichever name the other CA has', async () => {
    const identity = await loadIdentity({ ca: ca.cert, ...(await makeClient(ca)) })
    for (const commonName of ['Test CA', 'Other CA']) {
      const other = await makeCa({ commonName })
      const error = await failureOf(async () => shake(identity, { ...(await makeServer(other)), clientCa: ca.cert }))
      assert.ok(error instanceof Error)
    }
  })

  test('sends the intermediate CAs of cert.pem', async () => {
    const middle = await makeCa({ commonName: 'Middle CA', issuer: ca })
    const made = await makeClient(middle)
    const identity = await loadIdentity({ ca: ca.cert, cert: made.cert + middle.cert, key: made.key })
    assert.equal(await shake(identity, { ...(await makeServer(ca)), clientCa: ca.cert }), 'CN=alice')
  })

  test('trusts a CA of ca.pem that is not self-signed, as Docker does', async () => {
    const middle = await makeCa({ commonName: 'Middle CA', issuer: ca })
    const identity = await loadIdentity({ ca: middle.cert, ...(await makeClient(middle)) })
    assert.equal(await shake(identity, { ...(await makeServer(middle)), clientCa: middle.cert + ca.cert }), 'CN=alice')
  })

  test('trusts each CA of ca.pem, while one replaces the other', async () => {
    const next = await makeCa({ commonName: 'Next CA' })
    const identity = await loadIdentity({ ca: ca.cert + next.cert, ...(await makeClient(ca)) })
    for (const issuer of [ca, next]) {
      assert.equal(await shake(identity, { ...(await makeServer(issuer)), clientCa: ca.cert }), 'CN=alice')
    }
  })

  test('passes over an expired CA of the same name and key', async () => {
    const renewed = await makeCa()
    const old = await makeCa({ key: renewed.key, from: daysFromNow(-9), to: daysFromNow(-1) })
    for (const both of [old.cert + renewed.cert, renewed.cert + old.cert]) {
      const identity = await loadIdentity({ ca: both, ...(await makeClient(renewed)) })
      assert.equal(await shake(identity, { ...(await makeServer(renewed)), clientCa: renewed.cert }), 'CN=alice')
    }
  })

  test('is one for each set', async () => {
    const set = await (await loadIdentity({ ca: ca.cert, ...(await makeClient(ca)) })).current()
    assert.equal(set.secureContext(POLICY), set.secureContext(POLICY))
    assert.notEqual(set.secureContext(POLICY), set.secureContext({ ...POLICY }))
  })

  test('that OpenSSL refuses is an error of ours', async () => {
    const set = await (await loadIdentity({ ca: ca.cert, ...(await makeClient(ca)) })).current()
    const error = await failureOf(() => set.secureContext({ ciphers: 'none' }))
    assert.match(String(error), /using the option cert for TLS: OpenSSL refuses it \(ERR_/)
  })

  test('that fails for another reason says that reason, and no secret', async () => {
    const set = await (await loadIdentity({ ca: ca.cert, ...(await makeClient(ca)) })).current()
    const rows: [object, string][] = [
      [{ minVersion: 'TLSv9' }, 'ERR_TLS_INVALID_PROTOCOL_VERSION'],
      [{ ciphers: 7 }, 'ERR_INVALID_ARG_TYPE'],
    ]
    for (const [policy, code] of rows) {
      const error = await failureOf(() => set.secureContext(policy))
      assert.equal((error as { code?: string }).code, code)
      assert.ok(!(error instanceof IdentityError))
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /PRIVATE KEY/)
    }
  })
})
