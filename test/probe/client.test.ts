import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { tryClient, type ClientOptions, type Verdict } from '../../lib/probe.ts'
import { daysFromNow, makeCa, makeClient, makeServer, type Made } from '../support/openssl-certs.ts'
import { freePort } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { startPeer } from '../support/tls-servers.ts'
import { startNodeTls, startOpenssl, startStopped, startTcp, type Files } from './support/peers.ts'
import { startWatch } from '../support/watch.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const STRICT = ['-Verify', '3', '-verify_return_error', '-CAfile', 'CA']

let ca: Made
let otherCa: Made
let sameNamedCa: Made
let server: Made
let files: Files
let clients: Record<'fit' | 'foreign' | 'same-named' | 'expired' | 'server', Made>
const skip = lacks('openssl')
before(async () => {
  if (skip !== false) return
  ;[ca, otherCa, sameNamedCa] = await Promise.all([makeCa(), makeCa({ commonName: 'Another CA' }), makeCa()])
  server = await makeServer(ca)
  files = { ca: ca.cert, cert: server.cert, key: server.key }
  const [fit, foreign, sameNamed, expired] = await Promise.all([
    makeClient(ca),
    makeClient(otherCa),
    makeClient(sameNamedCa),
    makeClient(ca, { from: daysFromNow(-3), to: daysFromNow(-1) }),
  ])
  clients = { fit, foreign, 'same-named': sameNamed, expired, server }
})

const knock = (port: number, options: Partial<ClientOptions> = {}): Promise<Verdict> =>
  tryClient({ host: '127.0.0.1', servername: 'localhost', port, ca: ca.cert, timeout: 5_000, ...options })

const wrong = (options: object): Promise<Verdict> => knock(1, options)

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => assert.fail(`it should have failed, and gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

async function assertFails(promise: Promise<unknown>, code: ErrorCode, words = /./): Promise<void> {
  const error = await failure(promise)
  assert.ok(isDockerMtlsError(error, code), String(error))
  assert.match(error.message, words)
}

/** What OpenSSL's server says of each: in 1.3, and below where it differs. */
const REFUSED: Record<'foreign' | 'same-named' | 'expired' | 'server' | 'none', readonly [string, string?]> = {
  foreign: ['unknown ca'],
  'same-named': ['unknown ca'],
  expired: ['certificate expired'],
  server: ['unsupported certificate'],
  none: ['certificate required', 'handshake failure'],
}

for (const protocol of VERSIONS) {
  describe(`openssl s_server, ${protocol}`, { skip }, () => {
    test('takes a client of its CA', async (t) => {
      const port = await startOpenssl(t, files, STRICT)
      assert.deepEqual(await knock(port, { ...clients.fit, protocol }), { accepted: true, protocol })
    })

    for (const [name, [alert, old = alert]] of Object.entries(REFUSED)) {
      test(`refuses ${name}: ${protocol === 'TLSv1.3' ? alert : old}`, async (t) => {
        const port = await startOpenssl(t, files, STRICT)
        const shown = name === 'none' ? {} : clients[name as keyof typeof clients]
        const expected = { accepted: false, protocol, alert: protocol === 'TLSv1.3' ? alert : old }
        assert.deepEqual(await knock(port, { ...shown, protocol }), expected)
      })
    }

    test('takes whoever it does not ask', async (t) => {
      const port = await startOpenssl(t, files, [])
      for (const shown of [clients.fit, clients.foreign, {}]) {
        assert.deepEqual(await knock(port, { ...shown, protocol }), { accepted: true, protocol })
      }
    })

    test('without tickets it takes one, and refuses another', async (t) => {
      const port = await startOpenssl(t, files, [...STRICT, '-num_tickets', '0', '-no_ticket'])
      assert.deepEqual(await knock(port, { ...clients.fit, protocol }), { accepted: true, protocol })
      assert.equal((await knock(port, { ...clients.foreign, protocol })).accepted, false)
      assert.equal((await knock(port, { protocol })).accepted, false)
    })

    test('is not believed where its certificate does not hold, taking us or refusing us', async (t) => {
      const shown = [clients.fit, clients.foreign, {}]
      const foreign = await makeServer(otherCa)
      const elsewhere = await makeServer(ca, { names: ['DNS:elsewhere.example'] })
      const expired = await makeServer(ca, { from: daysFromNow(-3), to: daysFromNow(-1) })
      const rows = [
        [foreign, 'ERR_SERVER_CERT_UNTRUSTED'],
        [elsewhere, 'ERR_SERVER_NAME_MISMATCH'],
        [expired, 'ERR_SERVER_CERT_EXPIRED'],
      ] as const
      for (const [made, code] of rows) {
        const port = await startOpenssl(t, { ...made, ca: ca.cert }, STRICT)
        for (const each of shown) await assertFails(knock(port, { ...each, protocol }), code)
      }
    })
  })

  describe(`a server of node:tls, ${protocol}`, { skip }, () => {
    test('judges as openssl does, and is told nothing', async (t) => {
      const { port, told } = await startNodeTls(t, { ...files, requestCert: true, rejectUnauthorized: true })
      assert.deepEqual(await knock(port, { ...clients.fit, protocol }), { accepted: true, protocol })
      // It sends a ticket, then looks at the certificate, and closes without an alert.
      for (const name of ['foreign', 'expired', 'server', 'same-named'] as const) {
        const verdict = await knock(port, { ...clients[name], protocol })
        assert.deepEqual(verdict, { accepted: false, protocol, alert: 'none: it closed the connection' }, name)
      }
      assert.equal((await knock(port, { protocol })).accepted, false)
      assert.equal(told(), 0)
    })

    test('has refused a client where it closes a moment after the handshake, with a word or without', async (t) => {
      for (const word of ['', 'go away']) {
        const { port } = await startNodeTls(t, { ...files, requestCert: true, rejectUnauthorized: false }, (socket) => {
          if (!socket.authorized) setTimeout(() => socket.end(word), 40)
        })
        assert.equal((await knock(port, { ...clients.foreign, protocol })).accepted, false)
        assert.equal((await knock(port, { ...clients.fit, protocol })).accepted, true)
      }
    })
  })
}

describe('no verdict', { skip }, () => {
  test('nothing there, no TLS, silence, an end', async (t) => {
    await assertFails(knock(await freePort()), 'ERR_CONNECTION_REFUSED')
    await assertFails(tryClient({ host: 'no-such-host.invalid', port: 1, ca: ca.cert }), 'ERR_NAME_NOT_RESOLVED')
    const rows = [
      ['plaintext HTTP', 'ERR_SERVER_PLAINTEXT'],
      ['closes in the handshake', 'ERR_CONNECTION_RESET'],
      ['resets in the handshake', 'ERR_CONNECTION_RESET'],
      ['silent before TLS', 'ERR_HANDSHAKE_TIMEOUT'],
      ['TLS 1.1 only', 'ERR_SERVER_TLS_TOO_OLD'],
      ['TLS 1.2 with CBC suites only', 'ERR_SERVER_NO_COMMON_CIPHER'],
    ] as const
    for (const [kind, code] of rows) {
      const peer = await startPeer(kind, files)
      t.after(() => peer.close())
      await assertFails(knock(peer.port, { ...clients.fit, timeout: 500 }), code)
    }
    await assertFails(knock(await startStopped(t), { timeout: 300 }), 'ERR_CONNECT_TIMEOUT')
    const other = await startOpenssl(t, files, ['-tls1_3'])
    await assertFails(knock(other, { ...clients.fit, protocol: 'TLSv1.2' }), 'ERR_SERVER_TLS_TOO_OLD')
  })

  test('a silent server ends with the time or with the signal, and nothing stays open', async (t) => {
    const peer = await startTcp(t, () => undefined)
    const start = startWatch()
    await assertFails(knock(peer.port, { timeout: 300 }), 'ERR_HANDSHAKE_TIMEOUT')
    const controller = new AbortController()
    const reason = new Error('enough of it')
    setTimeout(() => controller.abort(reason), 100)
    assert.equal(await failure(knock(peer.port, { signal: controller.signal })), reason)
    assert.equal(await failure(knock(peer.port, { signal: controller.signal })), reason)
    assert.ok(start() < 1_500)
    for (let attempt = 0; attempt < 100 && peer.open() > 0; attempt++) await delay(20)
    assert.equal(peer.open(), 0)
  })

  test('mistakes in a call show no key', async () => {
    const { cert, key } = clients.fit
    await assertFails(wrong({ certificate: cert }), 'ERR_OPTION_UNKNOWN')
    await assertFails(wrong({ ca: undefined }), 'ERR_ARGUMENT_INVALID')
    await assertFails(wrong({ ca: 'no PEM' }), 'ERR_IDENTITY_NOT_PEM')
    await assertFails(wrong({ protocol: 'TLSv1' }), 'ERR_ARGUMENT_INVALID')
    for (const options of [
      { cert },
      { key },
      { cert, key: clients.foreign.key },
      { cert: key, key },
      { cert, key: cert },
    ]) {
      const error = await failure(wrong(options))
      assert.ok(isDockerMtlsError(error, 'ERR_ARGUMENT_INVALID'), String(error))
      assert.ok(!error.message.includes(key.slice(40, 60)))
    }
  })
})
