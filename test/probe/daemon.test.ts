import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { readCertificate, splitPem } from '../../lib/identity/certificate.ts'
import { KEY_TYPES } from '../../lib/pki.ts'
import { namesAuthority, namesOnly, probeServer, tryClient } from '../../lib/probe.ts'
import { CLIENT_ROWS } from '../daemon/support/acceptance-rows.ts'
import { makeCast, type Cast } from '../daemon/support/cast.ts'
import { startPresenting } from '../daemon/support/presented.ts'
import { startDockerd, type Daemon } from '../daemon/harness/dockerd.ts'
import { testedEngine } from '../daemon/harness/engine.ts'
import { chooseDaemonPlace } from '../daemon/harness/place.ts'
import { makeClient } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { writeFiles } from './support/peers.ts'

const skip = lacks('namespaces', 'dockerd', 'openssl', 'ip')
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

for (const keyType of KEY_TYPES) {
  describe(`dockerd with our certificates, ${keyType}`, { skip }, () => {
    let cast: Cast
    let daemon: Daemon
    let at: { host: string; servername: string; port: number }
    before(async () => {
      cast = await makeCast(keyType)
      const { cert, key } = cast.server
      daemon = await startPresenting({ ca: cast.ca.cert, cert, key })
      at = { host: '127.0.0.1', servername: 'localhost', port: daemon.place.port }
    })
    after(() => daemon.stop())

    test('is closed to everybody but our clients, and says so', async () => {
      const report = await probeServer(at)
      assert.equal(report.plaintext, 'refused')
      assert.deepEqual(report.protocols, ['TLSv1.2', 'TLSv1.3'])
      assert.equal(report.clientCertificate, 'required')
      assert.deepEqual(report.certificate, readCertificate(cast.server.cert))
      assert.deepEqual(report.chain, splitPem(cast.server.cert))
      assert.equal(namesOnly(report, cast.ca.cert), true)
      assert.equal(namesAuthority(report, cast.otherCa.cert), false)
      assert.deepEqual(report.acceptedAuthorities.length, 1)
      const [first] = report.acceptedAuthorities
      assert.equal(typeof first === 'object' && first.name, readCertificate(cast.ca.cert).subject)
    })

    for (const { name, present, refusal, not } of CLIENT_ROWS) {
      // OpenSSL itself shows none with a signature of SHA-1.
      if (not === keyType || /SHA-1/.test(name)) continue
      test(`${name}: ${refusal?.alert ?? 'accepted'}`, async () => {
        const { cert, key } = await present(cast)
        for (const protocol of VERSIONS) {
          const shown = cert !== undefined && key !== undefined ? { cert, key } : {}
          const verdict = await tryClient({ ...at, ca: cast.ca.cert, ...shown, protocol })
          assert.equal(verdict.accepted, refusal === undefined, JSON.stringify(verdict))
          assert.equal(verdict.protocol, protocol)
          // Go names a missing certificate so from 1.3 on (RFC 8446 section 4.4.2.4).
          const unnamed = testedEngine().major < 28 ? 'BAD_CERTIFICATE' : 'HANDSHAKE_FAILURE'
          const old = name === 'none' && protocol === 'TLSv1.2' ? unnamed : refusal?.alert
          if (!verdict.accepted) assert.equal(verdict.alert, old?.toLowerCase().replaceAll('_', ' '))
        }
      })
    }

    test('has been told no request', () => {
      assert.doesNotMatch(daemon.log(), /GET|_ping|Calling/)
    })
  })
}

describe('dockerd while its CA is rotated, and dockerd set up wrong', { skip }, () => {
  let cast: Cast
  let daemon: Daemon | undefined
  before(async () => {
    cast = await makeCast('p256')
  })
  after(async () => daemon?.stop())

  test('names the old CA and the new one', async () => {
    const { cert, key } = cast.server
    daemon = await startPresenting({ ca: cast.ca.cert + cast.otherCa.cert, cert, key })
    const at = { host: 'localhost', port: daemon.place.port }
    const report = await probeServer(at)
    assert.ok(namesAuthority(report, cast.ca.cert) && namesAuthority(report, cast.otherCa.cert))
    assert.equal(namesOnly(report, cast.ca.cert), false)
    assert.equal(namesOnly(report, cast.otherCa.cert + cast.ca.cert), true)
    for (const client of [cast.client, await makeClient(cast.otherCa)]) {
      assert.equal((await tryClient({ ...at, ca: cast.ca.cert, ...client })).accepted, true)
    }
    await daemon.stop()
  })

  test('with an empty --tlscacert it names none: it would take any CA of its system', async (t) => {
    const report = await startedWith(t, (tls) => ['--tlsverify', '--tlscacert=', ...tls])
    assert.equal(report.clientCertificate, 'required')
    assert.deepEqual(report.acceptedAuthorities, [])
    assert.equal(namesOnly(report, cast.ca.cert), false)
    assert.equal(report.plaintext, 'refused')
  })

  test('with --tlsverify=false it asks for no certificate', async (t) => {
    const report = await startedWith(t, (tls) => ['--tlsverify=false', '--tlscacert=', ...tls])
    assert.equal(report.clientCertificate, 'not asked for')
    assert.equal(report.acceptedAuthorities, 'not asked for')
  })

  test('without TLS it answers everybody', async (t) => {
    const report = await startedWith(t, () => ['--tls=false'])
    assert.equal(report.plaintext, 'docker')
    assert.deepEqual(report.protocols, [])
    assert.deepEqual([report.clientCertificate, report.acceptedAuthorities], ['unknown', 'unknown'])
  })

  async function startedWith(
    t: Parameters<typeof writeFiles>[0],
    flags: (tls: string[]) => string[],
  ): ReturnType<typeof probeServer> {
    const place = await chooseDaemonPlace()
    const { cert, key } = await writeFiles(t, { cert: cast.server.cert, key: cast.server.key })
    const hosts = place.listen.map((listen) => `--host=${listen}`)
    const argv = [place.dockerd, ...hosts, ...flags([`--tlscert=${cert}`, `--tlskey=${key}`])]
    daemon = await startDockerd({ place, argv })
    try {
      return await probeServer({ host: '127.0.0.1', port: place.port })
    } finally {
      await daemon.stop()
    }
  }
})
