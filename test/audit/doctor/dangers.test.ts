import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { rootCertificates } from 'node:tls'
import type { StepCode, StepName } from '../../../lib/audit/diagnose.ts'
import { expirySteps } from '../../../lib/audit/doctor/expiry.ts'
import { renderSentence } from '../../../lib/base/sentence.ts'
import { readCertificate } from '../../../lib/identity/certificate.ts'
import { daysFromNow, makeCa, makeClient, makeServer, writeIdentity, type Made } from '../../support/openssl-certs.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { startPeer } from '../../support/tls-servers.ts'
import { about, diagnoseInTime, only, shown } from './support/check.ts'
import { startDaemon, startPlainDaemon, type FakeOptions } from './support/fake-daemon.ts'

const skip = lacks('openssl')
/** An address of this machine that no other test uses, for well-known ports. */
const HOST = '127.0.93.1'

interface Scene {
  readonly ca: Made
  readonly server: Made
  readonly client: Made
}

let scene: Scene
before(async () => {
  if (skip !== false) return
  const ca = await makeCa({ commonName: 'One CA' })
  const names = ['DNS:localhost', 'IP:127.0.0.1', `IP:${HOST}`]
  const [server, client] = await Promise.all([makeServer(ca, { names }), makeClient(ca)])
  scene = { ca, server, client }
})

async function diagnosed(t: TestContext, server: Partial<Made & { ca: string }> = {}, options: FakeOptions = {}) {
  const port = await startDaemon(t, { ...scene.server, ca: scene.ca.cert, ...server }, { host: HOST, ...options })
  const certPath = join(await temporaryFolder(t), 'files')
  await writeIdentity(certPath, { ca: scene.ca.cert, ...scene.client })
  return diagnoseInTime({ host: `${HOST}:${port}`, certPath })
}

describe('a good daemon', { skip }, () => {
  test('has none of the dangers', async (t) => {
    const diagnosis = await diagnosed(t)
    assert.deepEqual(
      diagnosis.steps.filter(({ status }) => status !== 'ok'),
      [],
      shown(diagnosis),
    )
    assert.deepEqual(only(diagnosis, 'accepted-cas').facts['acceptedCas'], ['CN=One CA'])
    assert.match(only(diagnosis, 'expiry').finding, /expires first, in 90 days/)
  })
})

interface DangerRow {
  readonly name: string
  readonly server?: () => Promise<Partial<Made & { ca: string }>>
  readonly options?: FakeOptions
  /** Beside the daemon. */
  readonly beside?: (t: TestContext) => Promise<unknown>
  readonly step: StepName
  readonly status: 'failed' | 'warning' | 'unknown'
  readonly code?: StepCode
  readonly remedy?: RegExp
}

const ROWS: readonly DangerRow[] = [
  {
    name: 'it asks clients for no certificate',
    options: { tls: { requestCert: false, rejectUnauthorized: false } },
    step: 'anonymous',
    status: 'failed',
    code: 'CLIENT_CERTIFICATE_NOT_REQUIRED',
    remedy: /--tlsverify.*docker-mtls daemon apply/,
  },
  {
    name: 'it accepts clients without a certificate',
    options: { tls: { requestCert: true, rejectUnauthorized: false } },
    step: 'anonymous',
    status: 'failed',
    code: 'CLIENT_CERTIFICATE_NOT_REQUIRED',
    remedy: /--tlsverify/,
  },
  {
    name: 'its own certificate has no extended key usage',
    server: () => makeServer(scene.ca, { purposes: undefined as never, names: [`IP:${HOST}`] }),
    step: 'server-certificate',
    status: 'warning',
    code: 'SERVER_CERTIFICATE_IS_CLIENT',
    remedy: /docker-mtls cert server 127\.0\.93\.1 --force --renew/,
  },
  {
    name: 'its own certificate is for clients, too',
    server: () => makeServer(scene.ca, { purposes: ['serverAuth', 'clientAuth'], names: [`IP:${HOST}`] }),
    step: 'server-certificate',
    status: 'warning',
    code: 'SERVER_CERTIFICATE_IS_CLIENT',
    remedy: /cert server/,
  },
  {
    name: 'the same, seen only by TLS 1.3',
    server: () => makeServer(scene.ca, { purposes: ['serverAuth', 'clientAuth'], names: [`IP:${HOST}`] }),
    options: { tls: { minVersion: 'TLSv1.3' } },
    step: 'server-certificate',
    status: 'warning',
    code: 'SERVER_CERTIFICATE_IS_CLIENT',
    remedy: /cert server/,
  },
  {
    name: 'it accepts clients of a CA that is not ours',
    server: async () => ({ ca: scene.ca.cert + (await makeCa({ commonName: 'Another CA' })).cert }),
    step: 'accepted-cas',
    status: 'warning',
    code: 'OTHER_CA_ACCEPTED',
    remedy: /--tlscacert/,
  },
  {
    name: 'it accepts clients of a CA that sells certificates',
    server: async () => ({ ca: `${scene.ca.cert}${rootCertificates[0] ?? ''}\n` }),
    step: 'accepted-cas',
    status: 'failed',
    code: 'ANY_CA_ACCEPTED',
    remedy: /--tlscacert/,
  },
  {
    name: 'a daemon without TLS beside it',
    beside: (t) => startPlainDaemon(t, { host: HOST, port: 2375 }),
    step: 'neighbours',
    status: 'failed',
    code: 'PLAINTEXT_DOCKER',
    remedy: /docker-mtls setup ssh:\/\/USER@127\.0\.93\.1/,
  },
  {
    name: 'metrics without TLS beside it',
    beside: async (t) => {
      const { createServer } = await import('node:http')
      const server = createServer((_, response) => void response.writeHead(404).end('404 page not found'))
      await new Promise<void>((resolve) => server.listen(9323, HOST, resolve))
      t.after(() => void server.close())
    },
    step: 'neighbours',
    status: 'warning',
    code: 'PLAINTEXT_SERVICE',
    remedy: /metrics-addr.*systemctl restart docker/,
  },
  {
    name: 'a silent port beside it can not be judged',
    beside: async (t) => {
      const peer = await startPeer('silent before TLS', scene.server, { host: HOST, port: 2377 })
      t.after(() => peer.close())
    },
    step: 'neighbours',
    status: 'unknown',
  },
  {
    name: 'the daemon itself says that it listens without TLS elsewhere',
    options: {
      warnings: ['[DEPRECATION NOTICE]: API is accessible on http://127.0.0.1:2375 without encryption.\n  more'],
    },
    step: 'neighbours',
    status: 'failed',
    code: 'PLAINTEXT_DOCKER',
    remedy: /docker-mtls daemon apply/,
  },
  {
    name: 'it supports only TLS 1.3, which hides the CAs that it accepts',
    options: { tls: { minVersion: 'TLSv1.3' } },
    step: 'accepted-cas',
    status: 'unknown',
  },
  {
    name: 'its clock is ahead',
    options: { ahead: 3 * 3_600_000 },
    step: 'clock',
    status: 'warning',
    code: 'CLOCKS_DIFFER',
    remedy: /timedatectl set-ntp true/,
  },
  {
    name: 'its clock is behind',
    options: { ahead: -3 * 3_600_000 },
    step: 'clock',
    status: 'warning',
    code: 'CLOCKS_DIFFER',
    remedy: /date -u/,
  },
  {
    name: 'it refuses everything but the ping',
    options: { status: 403 },
    step: 'api',
    status: 'warning',
    code: 'API_LIMITED',
  },
  {
    name: 'its certificate expires soon',
    server: () => makeServer(scene.ca, { from: daysFromNow(-80), to: daysFromNow(10), names: [`IP:${HOST}`] }),
    step: 'expiry',
    status: 'warning',
    code: 'CERTIFICATE_EXPIRES_SOON',
    remedy: /docker-mtls cert renew --server/,
  },
]

describe('what a working connection hides', { skip }, () => {
  for (const { name, server, options, beside, step, status, code, remedy } of ROWS) {
    test(name, async (t) => {
      await beside?.(t)
      const diagnosis = await diagnosed(t, await server?.(), options)
      assert.equal(diagnosis.connects, true, shown(diagnosis))
      const [found] = about(diagnosis, step)
      assert.deepEqual([found?.status, found?.code], [status, code], shown(diagnosis))
      assert.equal(diagnosis.ok, status !== 'failed', shown(diagnosis))
      if (remedy) assert.match(found?.remedy ?? '', remedy)
    })
  }

  test("the CAs of a server whose own certificate isn't of our CA are not compared with ours", async (t) => {
    const port = await startDaemon(t, { ...scene.server, ca: scene.ca.cert }, { host: HOST })
    const other = await makeCa({ commonName: 'Another CA' })
    const certPath = join(await temporaryFolder(t), 'files')
    await writeIdentity(certPath, { ca: other.cert, ...(await makeClient(other)) })
    const diagnosis = await diagnoseInTime({ host: `${HOST}:${port}`, certPath })
    assert.equal(only(diagnosis, 'ca').status, 'failed', shown(diagnosis))
    const { status, finding, remedy } = only(diagnosis, 'accepted-cas')
    assert.deepEqual([status, finding, remedy], ['skipped', 'not checked, because the step ca failed', undefined])
  })

  test('a certificate for clients only is not said to be for servers as well', async (t) => {
    const server = await makeServer(scene.ca, { purposes: ['clientAuth'], names: [`IP:${HOST}`] })
    const diagnosis = await diagnosed(t, server)
    assert.equal(only(diagnosis, 'ca').code, 'ERR_SERVER_CERT_PURPOSE', shown(diagnosis))
    assert.match(only(diagnosis, 'server-certificate').finding, /certificate is for clients only/)
  })

  test('a pinned API version that the daemon refuses is no connection', async (t) => {
    const message = 'client version 1.99 is too new. Maximum supported API version is 1.45'
    const port = await startDaemon(t, { ...scene.server, ca: scene.ca.cert }, { host: HOST, status: 400, message })
    const certPath = join(await temporaryFolder(t), 'files')
    await writeIdentity(certPath, { ca: scene.ca.cert, ...scene.client })
    const diagnosis = await diagnoseInTime({ host: `${HOST}:${port}`, certPath, apiVersion: '1.99' })
    const { status, code, remedy } = only(diagnosis, 'api')
    assert.deepEqual([status, code, diagnosis.connects], ['failed', 'ERR_API_VERSION_UNSUPPORTED', false])
    assert.match(remedy ?? '', /DOCKER_API_VERSION/)
  })

  test('a daemon without TLS is found where nothing listens with it', async (t) => {
    await startPlainDaemon(t, { host: HOST, port: 2375 })
    const certPath = join(await temporaryFolder(t), 'files')
    await writeIdentity(certPath, { ca: scene.ca.cert, ...scene.client })
    const diagnosis = await diagnoseInTime({ host: `${HOST}:2376`, certPath })
    const failed = diagnosis.steps.filter(({ status }) => status === 'failed')
    assert.deepEqual(
      failed.map(({ step, code }) => [step, code]),
      [
        ['tcp', 'ERR_CONNECTION_REFUSED'],
        ['neighbours', 'PLAINTEXT_DOCKER'],
      ],
      shown(diagnosis),
    )
    assert.equal(only(diagnosis, 'anonymous').status, 'skipped')
  })

  test('a server without TLS is no less dangerous, and said to be', async (t) => {
    const port = await startPlainDaemon(t, { host: HOST })
    const certPath = join(await temporaryFolder(t), 'files')
    await writeIdentity(certPath, { ca: scene.ca.cert, ...scene.client })
    const diagnosis = await diagnoseInTime({ host: `${HOST}:${port}`, certPath })
    const step = only(diagnosis, 'tls')
    assert.deepEqual([step.status, step.code], ['failed', 'ERR_SERVER_PLAINTEXT'])
    assert.match(step.finding, /a Docker daemon: anyone who reaches the port controls it/)
  })
})

describe('certificates that expire', { skip }, () => {
  /** Days before and after now, and what is said. */
  const LIVES: readonly (readonly [before: number, after: number, code: StepCode | undefined])[] = [
    [1, 396, undefined],
    [250, 147, undefined],
    [270, 127, 'CERTIFICATE_DUE'],
    [380, 17, 'CERTIFICATE_EXPIRES_SOON'],
    // A certificate for a week is always in its last 30 days.
    [1, 6, undefined],
    [6, 1, 'CERTIFICATE_EXPIRES_SOON'],
    [3000, 650, 'CERTIFICATE_DUE'],
    [399, -2, 'CERTIFICATE_EXPIRES_SOON'],
  ]
  for (const [from, to, code] of LIVES) {
    test(`after ${from} days, with ${to} left: ${code ?? 'nothing'}`, async () => {
      const good = readCertificate(scene.client.cert)
      const life = { validFrom: daysFromNow(-from), validTo: daysFromNow(to) }
      for (const whose of ['server', 'client', 'ca'] as const) {
        const facts = { ...good, ...life, ...(whose === 'ca' && { isCa: true }) }
        const long = { ...good, validFrom: daysFromNow(-1), validTo: daysFromNow(4000) }
        const identity = { client: whose === 'client' ? facts : long, authorities: [whose === 'ca' ? facts : long] }
        const [step] = expirySteps({ certificate: whose === 'server' ? facts : long, identity, attempt: {} })
        assert.equal(step?.code, code)
        assert.equal(step?.status, code === undefined ? 'ok' : 'warning')
        if (code !== undefined) assert.equal(step?.facts['whose'], whose)
        assert.match(
          renderSentence(step?.finding ?? ''),
          to < 0 ? /expired 2 days ago/ : /expires (?:first, )?in \d+ (?:days|hours)/,
        )
      }
    })
  }
})
