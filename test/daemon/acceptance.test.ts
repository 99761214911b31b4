import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDockerMtlsError, type ConnectionErrorCode } from '../../lib/base/errors.ts'
import { connect, createDispatcher, parseHost } from '../../lib/index.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { KEY_TYPES } from '../../lib/pki.ts'
import { explainFault } from '../../lib/transport/faults.ts'
import { RecordingServer } from '../support/recording-server.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import type { Daemon } from './harness/dockerd.ts'
import { chooseDaemonPlace, type DaemonPlace } from './harness/place.ts'
import { CLIENT_ROWS, SERVER_ROWS, type ClientRow, type Refusal, type ServerRow } from './support/acceptance-rows.ts'
import { dockerVersion, pingBarely, uncheckedIdentity, type Shown } from './support/bare-client.ts'
import { makeCast, writeCertFolder, type Cast } from './support/cast.ts'
import { startPresenting, startStandIn } from './support/presented.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'openssl', 'ip')

/** What a promise is rejected with; it mustn't be fulfilled. */
async function failure(promise: Promise<unknown>): Promise<NodeJS.ErrnoException> {
  return promise.then(
    (value) => assert.fail(`it should have failed, and gave ${String(value)}`),
    (error: NodeJS.ErrnoException) => error,
  )
}

function assertFault(error: unknown, code: ConnectionErrorCode, words: RegExp): void {
  assert.ok(isDockerMtlsError(error, code), String(error))
  assert.match(error.message, words)
}

/** The first way: our own check, and a server that would see the first byte. */
async function checkRefusedEarly(certPath: string, { ours }: Refusal): Promise<void> {
  const recording = await RecordingServer.start()
  try {
    const error = await failure(connect({ host: `tcp://localhost:${recording.port}`, certPath }))
    assert.equal(error.code, ours, error.message)
    assert.deepEqual((await recording.settled()).connections, [])
  } finally {
    await recording.close()
  }
}

/** Our transport, past our check of the identity: what dockerd answers must still reach the caller. */
async function requestUnchecked(port: number, shown: Shown): Promise<unknown> {
  const dispatcher = createDispatcher(parseHost(`tcp://localhost:${port}`), uncheckedIdentity(shown))
  try {
    const { body } = await dispatcher.request({ origin: dispatcher.origin, path: '/_ping', method: 'GET' })
    return await body.text()
  } finally {
    await dispatcher.destroy()
  }
}

/** dockerd writes its log a moment after it has answered. */
async function untilLogged(daemon: Daemon, from: number, words: RegExp): Promise<void> {
  for (let attempt = 0; attempt < 40 && !words.test(daemon.log().slice(from)); attempt++) await delay(50)
  assert.match(daemon.log().slice(from), words)
}

interface Scene {
  readonly daemon: Daemon
  readonly cast: Cast
}

async function checkClientRow(t: TestContext, { present, refusal }: ClientRow, { daemon, cast }: Scene): Promise<void> {
  const { port } = daemon.place
  const shown: Shown = { ca: cast.ca.cert, ...(await present(cast)) }
  const certPath = await writeCertFolder(join(await temporaryFolder(t), 'certs'), pem(shown))
  if (refusal === undefined) return checkAccepted(port, shown, certPath)
  await checkRefusedEarly(certPath, refusal)

  const error = await failure(pingBarely(port, shown))
  assert.equal(/ALERT_(\w+)$/.exec(error.code ?? '')?.[1], refusal.alert, `${error.code}: ${error.message}`)

  const explained = explainFault(error, { target: `tcp://localhost:${port}`, kind: 'tls', host: 'localhost' })
  assertFault(explained, refusal.fault, refusal.words)
  assert.equal((explained as Error).cause, error)
  assertFault(await failure(requestUnchecked(port, shown)), refusal.fault, refusal.words)

  const written = daemon.log().length
  const cli = await dockerVersion(port, certPath)
  assert.equal(cli.code, 1)
  assert.match(cli.stderr, refusal.cli)
  await untilLogged(daemon, written, refusal.log)
}

async function checkAccepted(port: number, shown: Shown, certPath: string): Promise<void> {
  assert.match(await pingBarely(port, shown), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nOK$/)
  const docker = await connect({ host: `tcp://localhost:${port}`, certPath })
  try {
    assert.equal((await docker.ping()).osType, 'linux')
    assert.equal(docker.dispatcher.peer?.client.fingerprint256, readCertificate(shown.cert ?? '').fingerprint256)
  } finally {
    await docker.close()
  }
  const cli = await dockerVersion(port, certPath)
  assert.equal(cli.code, 0, cli.stderr)
  assert.match(cli.stdout, /^Server:/m)
}

/** Only the three parts: what we issue has more than that. */
function pem({ ca, cert, key }: Shown): Shown {
  return { ca, cert, key }
}

for (const keyType of KEY_TYPES) {
  describe(`${keyType}: a client presents to dockerd`, { skip }, () => {
    let scene: Scene
    before(async () => {
      const cast = await makeCast(keyType)
      const { cert, key } = cast.server
      scene = { cast, daemon: await startPresenting({ ca: cast.ca.cert + cast.crl, cert, key }) }
    })
    after(() => scene.daemon.stop())

    for (const row of CLIENT_ROWS.filter(({ not }) => not !== keyType)) {
      test(`${row.name}: ${row.refusal?.fault ?? 'accepted'}`, (t) => checkClientRow(t, row, scene))
    }
  })
}

async function checkServerRow(
  t: TestContext,
  { cli, node, fault, words }: ServerRow,
  { port, cast, cert }: { port: number; cast: Cast; cert: string },
): Promise<void> {
  const shown: Shown = { ca: cast.ca.cert, cert: cast.client.cert, key: cast.client.key }
  const certPath = await writeCertFolder(join(await temporaryFolder(t), 'certs'), shown)
  assertFault(await failure(connect({ host: `tcp://localhost:${port}`, certPath })), fault, words)

  const command = await dockerVersion(port, certPath)
  assert.equal(command.code, 1)
  assert.match(command.stderr, cli)

  if (node === undefined) return
  const error = await failure(pingBarely(port, shown))
  assert.equal(error.code, node)
  const explained = explainFault(error, {
    target: `tcp://localhost:${port}`,
    kind: 'tls',
    host: 'localhost',
    server: readCertificate(cert),
    authorities: [readCertificate(cast.ca.cert)],
  })
  assertFault(explained, fault, words)
}

describe('dockerd presents to a client', { skip }, () => {
  let cast: Cast
  let place: DaemonPlace
  let daemon: Daemon | undefined
  before(async () => {
    cast = await makeCast('p256')
    place = await chooseDaemonPlace()
  })
  after(async () => daemon?.stop())

  for (const row of SERVER_ROWS) {
    test(`${row.name}: ${row.fault}`, async (t) => {
      // The same folder each time: it has to be set up only once.
      await daemon?.stop({ keep: true })
      const presented = await row.present(cast)
      daemon = await startPresenting({ ca: cast.ca.cert, ...presented }, place)
      await checkServerRow(t, row, { port: place.port, cast, cert: presented.cert })
      if (row.node === undefined) {
        const { ca, client } = cast
        assert.match(await pingBarely(place.port, { ca: ca.cert, cert: client.cert, key: client.key }), /OK$/)
      }
    })
  }
})

for (const keyType of KEY_TYPES) {
  describe(`${keyType}: a server presents to a client`, { skip: lacks('docker', 'openssl') }, () => {
    let cast: Cast
    before(async () => {
      cast = await makeCast(keyType)
    })

    for (const row of SERVER_ROWS) {
      test(`${row.name}: ${row.fault}`, async (t) => {
        const { cert, key } = await row.present(cast)
        const server = await startStandIn({ ca: cast.ca.cert, cert, key })
        t.after(() => server.close())
        await checkServerRow(t, row, { port: server.port, cast, cert })
        assert.equal(server.told(), 0, 'not a byte of a request goes to a server that is refused')
      })
    }
  })
}
