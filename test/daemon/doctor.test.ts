import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { writeFiles } from '../probe/support/peers.ts'
import { about, assertFails, diagnoseInTime, only, shown } from '../audit/doctor/support/check.ts'
import { makeCertificate, makeClient, type Made } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { CLIENT_ROWS, SERVER_ROWS } from './support/acceptance-rows.ts'
import { makeCast, writeCertFolder, type Cast } from './support/cast.ts'
import { startPresenting } from './support/presented.ts'
import { startSshd, type Sshd } from './harness/sshd.ts'
import { freePort } from '../support/ports.ts'
import type { StepCode, StepName } from '../../lib/audit/diagnose.ts'

const skip = lacks('namespaces', 'dockerd', 'openssl', 'ip')

let cast: Cast
before(async () => {
  if (skip === false) cast = await makeCast('p256')
})

async function folderOf(t: TestContext, { cert, key }: Partial<Made> = cast.client): Promise<string> {
  return writeCertFolder(join(await temporaryFolder(t), 'certs'), { ca: cast.ca.cert, cert, key })
}

describe('a client presents to dockerd', { skip }, () => {
  let daemon: Daemon
  let host: string
  before(async () => {
    const { cert, key } = cast.server
    daemon = await startPresenting({ ca: cast.ca.cert, cert, key })
    host = `tcp://localhost:${daemon.place.port}`
  })
  after(() => daemon.stop())

  for (const { name, present, refusal, not } of CLIENT_ROWS.filter((row) => row.not !== 'p256')) {
    test(`${name}: ${refusal?.ours ?? 'accepted'}`, async (t) => {
      assert.notEqual(not, 'p256')
      const diagnosis = await diagnoseInTime({ host, certPath: await folderOf(t, await present(cast)) })
      if (refusal) assertFails(diagnosis, 'identity', refusal.ours)
      else assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
    })
  }

  test('a certificate of another CA, which dockerd itself refuses', async (t) => {
    const rows: [Made, RegExp][] = [
      [cast.otherCa, /The server accepts clients of CN=docker-mtls CA.*, but your certificate is of CN=Another CA/],
      [cast.sameNamedCa, /a CA with the same name.*the CA was replaced/],
    ]
    for (const [issuer, why] of rows) {
      const certPath = await folderOf(t, await makeClient(issuer, { key: cast.client.key }))
      const diagnosis = await diagnoseInTime({ host, certPath, foreignClientCa: true })
      const step = assertFails(diagnosis, 'client', 'ERR_CLIENT_CERT_UNTRUSTED')
      assert.equal(step.facts['alert'], 'unknown ca')
      assert.match(step.finding, why)
    }
  })

  test('the right one: every step is passed, and no danger found', async (t) => {
    const diagnosis = await diagnoseInTime({ host, certPath: await folderOf(t) })
    const others = diagnosis.steps.filter(({ status }) => status !== 'ok')
    assert.deepEqual(others, [], shown(diagnosis))
    assert.match(only(diagnosis, 'api').finding, /^Docker \d+\..* answers, with API 1\.\d+$/)
    assert.ok(Math.abs(Number(only(diagnosis, 'clock').facts['secondsAhead'])) <= 1)
  })

  test('its local socket', async () => {
    const diagnosis = await diagnoseInTime({ host: daemon.place.listen[0] })
    assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
  })
})

const STEPS: Readonly<Record<string, StepName>> = {
  ERR_SERVER_NAME_MISSING: 'names',
  ERR_SERVER_NAME_MISMATCH: 'names',
  ERR_SERVER_CERT_EXPIRED: 'dates',
  ERR_SERVER_CERT_NOT_YET_VALID: 'dates',
}

describe('dockerd presents to a client', { skip }, () => {
  for (const { name, present, fault } of SERVER_ROWS) {
    test(`${name}: ${fault}`, async (t) => {
      const daemon = await startPresenting({ ca: cast.ca.cert, ...(await present(cast)) })
      try {
        const host = `tcp://localhost:${daemon.place.port}`
        const diagnosis = await diagnoseInTime({ host, certPath: await folderOf(t) })
        assertFails(diagnosis, STEPS[fault] ?? 'ca', fault)
      } finally {
        await daemon.stop()
      }
    })
  }
})

describe(
  'a daemon behind ssh',
  { skip: lacks('namespaces', 'dockerd', 'docker', 'openssl', 'ip', 'ssh', 'sshd') },
  () => {
    let daemon: Daemon
    let sshd: Sshd
    before(async () => {
      daemon = await startPresenting({ ca: cast.ca.cert, cert: cast.server.cert, key: cast.server.key })
      const users = [
        { name: 'nodocker', config: ['SetEnv PATH=/usr/nonexistent'] },
        { name: 'nosocket', config: ['SetEnv DOCKER_HOST=unix:///usr/nonexistent/docker.sock'] },
        { name: 'outsider' },
        { name: 'stranger', config: ['AuthorizedKeysFile none'] },
      ]
      sshd = await startSshd({ dockerHost: daemon.place.listen[0], users })
    })
    after(async () => {
      await sshd.stop()
      await daemon.stop()
    })

    test('is reached', async () => {
      const diagnosis = await diagnoseInTime({ host: `ssh://127.0.0.1:${sshd.port}`, connectTimeout: 10_000 })
      assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
      assert.equal(only(diagnosis, 'neighbours').status, 'ok')
    })

    const ROWS: readonly (readonly [user: string, step: StepName, code: StepCode])[] = [
      ['nodocker', 'remote-docker', 'ERR_SSH_DOCKER_MISSING'],
      ['nosocket', 'remote-docker', 'ERR_SOCKET_NOT_FOUND'],
      ['outsider', 'remote-docker', 'ERR_SOCKET_PERMISSION'],
      ['stranger', 'login', 'ERR_SSH_LOGIN_REFUSED'],
    ]
    for (const [user, step, code] of ROWS) {
      test(`as ${user}: ${step}, ${code}`, async () => {
        const host = `ssh://${user}@127.0.0.1:${sshd.port}`
        assertFails(await diagnoseInTime({ host, connectTimeout: 10_000 }), step, code)
      })
    }

    test('where no ssh server listens', async () => {
      const host = `ssh://127.0.0.1:${await freePort()}`
      assertFails(await diagnoseInTime({ host }), 'login', 'ERR_CONNECTION_REFUSED')
    })
  },
)

interface Danger {
  readonly name: string
  /** The flags of dockerd, given those of its certificate. */
  readonly flags: (tls: readonly string[], caFile: string) => readonly string[]
  readonly present?: () => Promise<Made>
  readonly step: StepName
  readonly status: 'failed' | 'warning'
  readonly code: StepCode
}

const strictly = (tls: readonly string[], ca: string): string[] => ['--tlsverify', `--tlscacert=${ca}`, ...tls]

const DANGERS: readonly Danger[] = [
  {
    name: 'it lets in a client without a certificate',
    flags: (tls) => ['--tls', '--tlsverify=false', '--tlscacert=', ...tls],
    step: 'anonymous',
    status: 'failed',
    code: 'CLIENT_CERTIFICATE_NOT_REQUIRED',
  },
  {
    name: "it lets in the server's own certificate",
    flags: strictly,
    present: () =>
      makeCertificate({
        commonName: 'localhost',
        issuer: cast.ca,
        key: cast.server.key,
        names: ['DNS:localhost', 'IP:127.0.0.1'],
      }),
    step: 'server-certificate',
    status: 'warning',
    code: 'SERVER_CERTIFICATE_IS_CLIENT',
  },
  {
    name: 'it lets in clients of any CA of its system',
    flags: (tls) => ['--tlsverify', '--tlscacert=', ...tls],
    step: 'accepted-cas',
    status: 'failed',
    code: 'ANY_CA_ACCEPTED',
  },
  {
    name: 'plaintext 2375 is open beside it',
    // dockerd has one TLS setting for all listeners, so the other is a forwarder of its local socket: see below.
    flags: strictly,
    step: 'neighbours',
    status: 'failed',
    code: 'PLAINTEXT_DOCKER',
  },
  {
    name: 'its metrics are open',
    flags: (tls, ca) => [...strictly(tls, ca), '--metrics-addr=127.0.0.1:9323', '--experimental'],
    step: 'neighbours',
    status: 'warning',
    code: 'PLAINTEXT_SERVICE',
  },
]

describe('dockerd with a danger that nobody notices', { skip }, () => {
  for (const { name, flags, present, step, status, code } of DANGERS) {
    test(`${name}: ${code}`, async (t) => {
      const place = await chooseDaemonPlace()
      const { cert, key } = (await present?.()) ?? cast.server
      const files = await writeFiles(t, { cert, key, ca: cast.ca.cert })
      const tls = [`--tlscert=${files.cert}`, `--tlskey=${files.key}`]
      const hosts = place.listen.map((listen) => `--host=${listen}`)
      const daemon = await startDockerd({ place, argv: [place.dockerd, ...hosts, ...flags(tls, files.ca)] })
      try {
        if (code === 'PLAINTEXT_DOCKER') await forward(t, place.socketPath)
        const diagnosis = await diagnoseInTime({
          host: `tcp://localhost:${place.port}`,
          certPath: await folderOf(t),
        })
        const [found] = about(diagnosis, step)
        assert.deepEqual([found?.status, found?.code], [status, code], shown(diagnosis))
        assert.ok((found?.remedy?.length ?? 0) > 10)
      } finally {
        await daemon.stop()
      }
    })
  }
})

/** Serves a daemon's socket on 2375 without TLS, as `socat` in many old guides does. */
async function forward(t: TestContext, socketPath: string): Promise<void> {
  const { connect, createServer } = await import('node:net')
  const server = createServer((client) => {
    const upstream = connect(socketPath)
    client.on('error', () => upstream.destroy()).pipe(upstream)
    upstream.on('error', () => client.destroy()).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(2375, '127.0.0.1', resolve))
  t.after(() => void server.close())
}
