import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StepCode, StepName } from '../../../lib/audit/diagnose.ts'
import { Deadline } from '../../../lib/audit/doctor/deadline.ts'
import { gatherTls } from '../../../lib/audit/doctor/tls-evidence.ts'
import { tlsPath } from '../../../lib/audit/doctor/tls-path.ts'
import { loadIdentity, resolveEndpoint } from '../../../lib/index.ts'
import {
  daysFromNow,
  encryptKey,
  makeCa,
  makeCertificate,
  makeClient,
  makeServer,
  writeIdentity,
  type Made,
} from '../../support/openssl-certs.ts'
import { freePort } from '../../support/ports.ts'
import { lacks } from '../../support/requirements.ts'
import { startServerWithoutTickets } from '../../support/server-without-tickets.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { startPeer, type PeerKind } from '../../support/tls-servers.ts'
import { assertFails, diagnoseInTime, only, shown } from './support/check.ts'
import { startDaemon } from './support/fake-daemon.ts'

const skip = lacks('openssl')

interface Scene {
  readonly ca: Made
  readonly otherCa: Made
  readonly namesake: Made
  readonly server: Made
  readonly client: Made
}

let scene: Scene
before(async () => {
  if (skip !== false) return
  const [ca, otherCa, namesake] = await Promise.all([
    makeCa({ commonName: 'One CA' }),
    makeCa({ commonName: 'Other CA' }),
    makeCa({ commonName: 'One CA' }),
  ])
  const [server, client] = await Promise.all([makeServer(ca), makeClient(ca)])
  scene = { ca, otherCa, namesake, server, client }
})

/** A folder of a client; a file of `undefined` is left out. */
async function folderOf(t: TestContext, { cert, key }: Partial<Made>, ca = scene.ca.cert): Promise<string> {
  const folder = join(await temporaryFolder(t), 'files')
  await writeIdentity(folder, { ca, cert: cert ?? '', key: key ?? '' })
  if (cert === undefined) await rm(join(folder, 'cert.pem'))
  if (key === undefined) await rm(join(folder, 'key.pem'))
  return folder
}

async function goodDaemon(t: TestContext): Promise<string> {
  return `localhost:${await startDaemon(t, { ...scene.server, ca: scene.ca.cert })}`
}

describe('a connection that works', { skip }, () => {
  test('passes every step, and names what was seen', async (t) => {
    const diagnosis = await diagnoseInTime({ host: await goodDaemon(t), certPath: await folderOf(t, scene.client) })
    assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
    const path = ['endpoint', 'identity', 'resolve', 'tcp', 'tls', 'ca', 'names', 'dates', 'client', 'api', 'clock']
    assert.deepEqual(
      diagnosis.steps.slice(0, path.length).map(({ step, status }) => [step, status]),
      path.map((step) => [step, 'ok']),
      shown(diagnosis),
    )
    assert.match(only(diagnosis, 'endpoint').finding, /^tcp:\/\/localhost:\d+, selected by option host$/)
    assert.match(
      only(diagnosis, 'tls').finding,
      /TLSv1\.2 and TLSv1\.3, with a certificate for localhost, 127\.0\.0\.1, ::1.*; the key exchange of this connection is X25519(?:MLKEM768)?$/,
    )
    assert.match(only(diagnosis, 'api').finding, /^Docker 26\.1\.5 answers, with API 1\.45$/)
    assert.match(JSON.stringify(diagnosis), /"endpoint":"tcp:\/\/localhost/)
  })

  test('contains neither the key nor its passphrase', async (t) => {
    const passphrase = 'correct horse'
    const key = await encryptKey(scene.client.key, passphrase, 'pkcs8')
    const certPath = await folderOf(t, { ...scene.client, key })
    const diagnosis = await diagnoseInTime({ host: await goodDaemon(t), certPath, passphrase })
    assert.ok(diagnosis.connects, shown(diagnosis))
    assert.doesNotMatch(JSON.stringify(diagnosis), /PRIVATE KEY|correct horse/)
    const wrong = await diagnoseInTime({ host: await goodDaemon(t), certPath, passphrase: 'battery staple' })
    assertFails(wrong, 'identity', 'ERR_IDENTITY_PASSPHRASE')
    assert.doesNotMatch(JSON.stringify(wrong), /PRIVATE KEY|battery staple/)
  })

  test('sends no request to a server that it has not verified', async (t) => {
    const rows: readonly (readonly [Made, boolean])[] = [
      [await makeServer(scene.otherCa), false],
      [await makeServer(scene.ca, { names: ['DNS:build01'] }), false],
      // The witness: to a good one it does.
      [scene.server, true],
    ]
    for (const [server, isTold] of rows) {
      let told = 0
      const listener = createTls({ ...server, ca: scene.ca.cert, requestCert: true }, (socket) => {
        socket.on('error', () => undefined).on('data', ({ length }: Buffer) => (told += length))
      }).listen(0, '127.0.0.1')
      listener.on('tlsClientError', () => undefined)
      await once(listener, 'listening')
      t.after(() => void listener.close())
      const { port } = listener.address() as { port: number }
      const certPath = await folderOf(t, scene.client)
      await diagnoseInTime({ host: `localhost:${port}`, certPath, connectTimeout: 500 })
      assert.equal(told > 0, isTold)
    }
  })

  test('an unknown option is a mistake of the caller', async () => {
    await assert.rejects(diagnoseInTime({ certpath: 'x' } as never), { code: 'ERR_OPTION_UNKNOWN' })
  })

  test('the abort of the caller ends it', async (t) => {
    const peer = await startPeer('silent before TLS', scene.server)
    t.after(() => peer.close())
    const reason = new Error('enough')
    const signal = AbortSignal.any([AbortSignal.timeout(100)])
    const options = { host: `localhost:${peer.port}`, certPath: await folderOf(t, scene.client), signal }
    await assert.rejects(diagnoseInTime(options), { name: 'TimeoutError' })
    const aborted = diagnoseInTime({ ...options, signal: AbortSignal.abort(reason) })
    await assert.rejects(aborted, (error) => error === reason)
  })
})

/** "client presents": seen before a byte leaves. */
const CLIENTS: readonly (readonly [string, () => Promise<Partial<Made>>, StepCode, RegExp])[] = [
  ["the server's certificate", async () => scene.server, 'ERR_IDENTITY_PURPOSE', /cert client/],
  [
    'expired',
    () => makeClient(scene.ca, { from: daysFromNow(-3), to: daysFromNow(-1) }),
    'ERR_IDENTITY_EXPIRED',
    /cert renew alice/,
  ],
  ['not yet valid', () => makeClient(scene.ca, { from: daysFromNow(1) }), 'ERR_IDENTITY_NOT_YET_VALID', /clock/],
  ['of another CA', () => makeClient(scene.otherCa), 'ERR_IDENTITY_ISSUER', /files of one CA/],
  ['of a CA with the same name', () => makeClient(scene.namesake), 'ERR_IDENTITY_ISSUER', /one CA, or issue/],
  ['a signature with SHA-1', () => makeClient(scene.ca, { digest: 'sha1' }), 'ERR_IDENTITY_SIGNATURE', /cert client/],
  ['none', async () => ({}), 'ERR_IDENTITY_FILE_MISSING', /client export/],
  [
    'a key of another certificate',
    async () => ({ ...scene.client, key: scene.server.key }),
    'ERR_IDENTITY_KEY_MISMATCH',
    /created together/,
  ],
  [
    'a key of an unknown curve',
    () => makeClient(scene.ca, { keyType: 'secp256k1' }),
    'ERR_IDENTITY_KEY_TYPE',
    /cert client/,
  ],
  ['no PEM', async () => ({ cert: 'nonsense', key: scene.client.key }), 'ERR_IDENTITY_NOT_PEM', /complete file again/],
]

describe('our files', { skip }, () => {
  for (const [name, present, code, remedy] of CLIENTS) {
    test(`${name}: ${code}`, async (t) => {
      const certPath = await folderOf(t, await present())
      const diagnosis = await diagnoseInTime({ host: await goodDaemon(t), certPath })
      assert.match(assertFails(diagnosis, 'identity', code).remedy ?? '', remedy)
      assert.equal(only(diagnosis, 'api').status, 'skipped')
      assert.equal(diagnosis.connects, false)
    })
  }

  test('a key that others can read is a warning, with the command', async (t) => {
    const certPath = await folderOf(t, scene.client)
    await chmod(join(certPath, 'key.pem'), 0o644)
    const diagnosis = await diagnoseInTime({ host: await goodDaemon(t), certPath })
    const warning = diagnosis.steps.find(({ status }) => status === 'warning')
    assert.deepEqual([warning?.step, warning?.code], ['identity', 'KEY_OPEN_TO_OTHERS'])
    assert.match(warning?.finding ?? '', /Other users can access \S+key\.pem \(mode 0644\)\.$/)
    assert.equal(warning?.remedy, `Restrict it:  chmod 600 ${join(certPath, 'key.pem')}`)
    assert.ok(diagnosis.ok)
  })
})

/** "server presents". */
const SERVERS: readonly (readonly [string, () => Promise<Made>, StepName, StepCode, RegExp])[] = [
  [
    'a common name only',
    () => makeServer(scene.ca, { names: [] }),
    'names',
    'ERR_SERVER_NAME_MISSING',
    /cert server localhost/,
  ],
  [
    'another name',
    () => makeServer(scene.ca, { names: ['DNS:build01', 'IP:10.0.0.4'] }),
    'names',
    'ERR_SERVER_NAME_MISMATCH',
    /cert server build01 10\.0\.0\.4 localhost/,
  ],
  [
    'a certificate for clients only',
    () => makeServer(scene.ca, { purposes: ['clientAuth'] }),
    'ca',
    'ERR_SERVER_CERT_PURPOSE',
    /server-cert\.pem/,
  ],
  [
    'expired',
    () => makeServer(scene.ca, { from: daysFromNow(-3), to: daysFromNow(-1) }),
    'dates',
    'ERR_SERVER_CERT_EXPIRED',
    /cert renew --server/,
  ],
  [
    'not yet valid',
    () => makeServer(scene.ca, { from: daysFromNow(1) }),
    'dates',
    'ERR_SERVER_CERT_NOT_YET_VALID',
    /date -u/,
  ],
  ['of an unknown CA', () => makeServer(scene.otherCa), 'ca', 'ERR_SERVER_CERT_UNTRUSTED', /don't connect/],
  ['of a CA with the same name', () => makeServer(scene.namesake), 'ca', 'ERR_SERVER_CA_KEY_DIFFERS', /ca\.pem again/],
  [
    'signed by itself',
    () => makeCertificate({ commonName: 'localhost', names: ['DNS:localhost'] }),
    'ca',
    'ERR_SERVER_CERT_UNTRUSTED',
    /don't connect/,
  ],
  // A stranger's certificate for another name is a stranger's first.
  [
    'another name, of an unknown CA',
    () => makeServer(scene.otherCa, { names: ['DNS:build01'] }),
    'ca',
    'ERR_SERVER_CERT_UNTRUSTED',
    /don't connect/,
  ],
  [
    'another name, and expired',
    () => makeServer(scene.ca, { names: ['DNS:build01'], from: daysFromNow(-3), to: daysFromNow(-1) }),
    'names',
    'ERR_SERVER_NAME_MISMATCH',
    /cert server build01/,
  ],
]

describe('the certificate of the server', { skip }, () => {
  for (const [name, present, step, code, remedy] of SERVERS) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`${name}, ${version}: ${code}`, async (t) => {
        const tls = { minVersion: version, maxVersion: version }
        const port = await startDaemon(t, { ...(await present()), ca: scene.ca.cert }, { tls })
        const certPath = await folderOf(t, scene.client)
        const diagnosis = await diagnoseInTime({ host: `localhost:${port}`, certPath })
        assert.match(assertFails(diagnosis, step, code).remedy ?? '', remedy)
        assert.equal(only(diagnosis, 'api').status, 'skipped')
      })
    }
  }

  test('a weak key: ERR_SERVER_CERT_WEAK', async (t) => {
    const weak = await makeServer(scene.ca, { keyType: 'rsa1024' })
    const peer = await startPeer('answers with a weak certificate', weak)
    t.after(() => peer.close())
    const diagnosis = await diagnoseInTime({
      host: `localhost:${peer.port}`,
      certPath: await folderOf(t, scene.client),
    })
    assertFails(diagnosis, 'ca', 'ERR_SERVER_CERT_WEAK')
  })
})

describe('a server that rejects our certificate', { skip }, () => {
  test('with an alert: it says whose clients it accepts', async (t) => {
    const folder = await temporaryFolder(t)
    const files = { cert: join(folder, 'cert'), key: join(folder, 'key'), ca: join(folder, 'ca') }
    await writeFile(files.cert, scene.server.cert)
    await writeFile(files.key, scene.server.key, { mode: 0o600 })
    await writeFile(files.ca, scene.otherCa.cert)
    const server = await startServerWithoutTickets(files)
    t.after(() => server.close())
    const diagnosis = await diagnoseInTime({
      host: `localhost:${server.port}`,
      certPath: await folderOf(t, scene.client),
    })
    const step = assertFails(diagnosis, 'client', 'ERR_CLIENT_CERT_UNTRUSTED')
    assert.equal(step.facts['alert'], 'unknown ca')
    assert.match(step.remedy ?? '', /--tlscacert/)
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`without an alert, ${version}`, async (t) => {
      const tls = { minVersion: version, maxVersion: version }
      const port = await startDaemon(t, { ...scene.server, ca: scene.otherCa.cert }, { tls })
      const diagnosis = await diagnoseInTime({ host: `localhost:${port}`, certPath: await folderOf(t, scene.client) })
      const step = assertFails(diagnosis, 'client', 'ERR_CONNECTION_RESET')
      assert.match(step.finding, /after the server had received your certificate/)
    })
  }
})

/** Servers that misbehave: test/support/tls-servers.ts. */
const PEERS: readonly (readonly [PeerKind, StepName, StepCode])[] = [
  ['silent before TLS', 'tls', 'ERR_HANDSHAKE_TIMEOUT'],
  ['silent after TLS', 'api', 'ERR_RESPONSE_TIMEOUT'],
  ['resets at once', 'tls', 'ERR_CONNECTION_RESET'],
  ['resets in the handshake', 'tls', 'ERR_CONNECTION_RESET'],
  ['resets after TLS', 'client', 'ERR_CONNECTION_RESET'],
  ['resets on the request', 'api', 'ERR_CONNECTION_RESET'],
  ['closes at once', 'tls', 'ERR_CONNECTION_RESET'],
  ['closes in the handshake', 'tls', 'ERR_CONNECTION_RESET'],
  ['plaintext HTTP', 'tls', 'ERR_SERVER_PLAINTEXT'],
  ['speaks first, as SSH does', 'tls', 'ERR_SERVER_PLAINTEXT'],
  ['a proxy with a 404 page', 'api', 'ERR_SERVER_NOT_DOCKER'],
  ['a web server with a 200 page', 'api', 'ERR_SERVER_NOT_DOCKER'],
  ['answers no HTTP', 'api', 'ERR_SERVER_NOT_DOCKER'],
  ['TLS 1.1 only', 'tls', 'ERR_SERVER_TLS_TOO_OLD'],
  ['TLS 1.2 with CBC suites only', 'tls', 'ERR_SERVER_NO_COMMON_CIPHER'],
  ['redirects elsewhere', 'api', 'ERR_REDIRECT_REFUSED'],
  ['half a head', 'api', 'ERR_CONNECTION_CLOSED'],
  ['half a body', 'api', 'ERR_CONNECTION_CLOSED'],
]

describe('servers that misbehave', { skip }, () => {
  test('a port that never says a byte, where the time for everything is shorter than that of the handshake', async (t) => {
    const peer = await startPeer('silent before TLS', scene.server)
    t.after(() => peer.close())
    const certPath = await folderOf(t, scene.client)
    const endpoint = await resolveEndpoint({ host: `localhost:${peer.port}`, certPath })
    assert.ok(endpoint.kind === 'tls')
    const deadline = new Deadline(new AbortController().signal, 1_000)
    // As on a busy machine.
    await delay(700)
    const evidence = await gatherTls(endpoint, await loadIdentity(certPath), {}, deadline)
    const steps = tlsPath(evidence).map(({ step, status, code }) => [step, status, code])
    assert.deepEqual(steps.at(-1), ['tls', 'failed', 'ERR_HANDSHAKE_TIMEOUT'], JSON.stringify(steps))
  })

  for (const [kind, step, code] of PEERS) {
    test(`${kind}: ${step}, ${code}`, async (t) => {
      const peer = await startPeer(kind, { ...scene.server, ca: scene.ca.cert })
      t.after(() => peer.close())
      const certPath = await folderOf(t, scene.client)
      assertFails(await diagnoseInTime({ host: `localhost:${peer.port}`, certPath, connectTimeout: 1_000 }), step, code)
    })
  }

  test("bytes that trickle, or never end, don't delay it", async (t) => {
    for (const [pause, chunk] of [
      [50, 'H'],
      [1, 'x'.repeat(65_536)],
    ] as const) {
      const server = createServer((socket) => {
        const timer = setInterval(() => socket.write(chunk), pause)
        socket.on('error', () => undefined).on('close', () => clearInterval(timer))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.after(() => server.close())
      const { port } = server.address() as { port: number }
      const certPath = await folderOf(t, scene.client)
      const diagnosis = await diagnoseInTime({ host: `127.0.0.1:${port}`, certPath, connectTimeout: 1_000 })
      assert.equal(diagnosis.steps.find(({ status }) => status === 'failed')?.step, 'tls', shown(diagnosis))
    }
  })

  test("an answer that trickles, or never ends, doesn't either", async (t) => {
    for (const [pause, chunk] of [
      [50, 'x'],
      [1, 'x'.repeat(65_536)],
    ] as const) {
      const server = createTls({ ...scene.server, ca: scene.ca.cert, requestCert: true }, (socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 100000000\r\n\r\n')
          const timer = setInterval(() => socket.write(chunk), pause)
          socket.on('close', () => clearInterval(timer))
        })
      }).listen(0, '127.0.0.1')
      server.on('tlsClientError', () => undefined)
      await once(server, 'listening')
      t.after(() => server.close())
      const { port } = server.address() as { port: number }
      const certPath = await folderOf(t, scene.client)
      const diagnosis = await diagnoseInTime({ host: `127.0.0.1:${port}`, certPath, connectTimeout: 1_000 })
      assert.equal(diagnosis.steps.find(({ status }) => status === 'failed')?.step, 'api', shown(diagnosis))
    }
  })
})

describe('on the way to the server', { skip }, () => {
  test('a port where nothing listens', async (t) => {
    const certPath = await folderOf(t, scene.client)
    const diagnosis = await diagnoseInTime({ host: `127.0.0.1:${await freePort()}`, certPath })
    const step = assertFails(diagnosis, 'tcp', 'ERR_CONNECTION_REFUSED')
    assert.match(step.remedy ?? '', /systemctl status docker/)
    assert.deepEqual(step.facts['addresses'], [{ address: '127.0.0.1', cause: 'ECONNREFUSED' }])
  })

  test('a name that nobody knows', async (t) => {
    const certPath = await folderOf(t, scene.client)
    const diagnosis = await diagnoseInTime({ host: 'no-such-host.invalid', certPath, connectTimeout: 8_000 })
    assert.match(assertFails(diagnosis, 'resolve', 'ERR_NAME_NOT_RESOLVED').remedy ?? '', /DNS/)
  })

  test('an endpoint that is refused', async () => {
    const rows: readonly (readonly [Record<string, string>, StepCode, RegExp])[] = [
      [{ DOCKER_HOST: 'tcp://h:2376' }, 'ERR_TLS_VERIFY_REQUIRED', /export DOCKER_TLS_VERIFY=1/],
      [{ DOCKER_HOST: 'tcp://h:2375', DOCKER_TLS_VERIFY: '1' }, 'ERR_PLAINTEXT_PORT', /2376/],
      [{ DOCKER_HOST: 'http://h' }, 'ERR_PLAINTEXT_REFUSED', /tcp:\/\//],
      [{ DOCKER_TLS_VERIFY: '1' }, 'ERR_HOST_REQUIRED', /export DOCKER_HOST/],
      [{ DOCKER_CONTEXT: 'nowhere', DOCKER_CONFIG: '/nonexistent' }, 'ERR_CONTEXT_NOT_FOUND', /context/],
    ]
    for (const [env, code, remedy] of rows) {
      const diagnosis = await diagnoseInTime({}, env)
      assert.match(assertFails(diagnosis, 'endpoint', code).remedy ?? '', remedy)
      assert.equal(diagnosis.endpoint, undefined)
      assert.equal(only(diagnosis, 'tcp').status, 'skipped')
    }
  })

  test('a variable that has no effect is a warning', async (t) => {
    const env = {
      DOCKER_HOST: await goodDaemon(t),
      DOCKER_TLS_VERIFY: '0',
      DOCKER_CERT_PATH: await folderOf(t, scene.client),
    }
    const diagnosis = await diagnoseInTime({}, env)
    const warning = diagnosis.steps.find(({ status }) => status === 'warning')
    assert.deepEqual([warning?.step, warning?.facts['about']], ['endpoint', 'verification-stays-on'])
    assert.ok(diagnosis.ok)
  })
})
