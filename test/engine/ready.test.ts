import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ArgumentError, connect, isDockerMtlsError, type EndpointOptions, type ErrorCode } from '../../lib/index.ts'
import { createGateway } from '../../lib/gateway.ts'
import { passingFaults } from '../../lib/engine/can-pass.ts'
import { IdentityError } from '../../lib/base/errors.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { startFakeDaemon } from '../cli/support/fake-daemon.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

const pong =
  (version: string): RequestListener =>
  (_, response) =>
    response.setHeader('Api-Version', version).end('OK')

/** Listens on a unix socket until it is stopped. */
async function listen(t: Cleanable, socket: string, answer: RequestListener): Promise<() => Promise<void>> {
  const server = createServer(answer).listen(socket)
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  t.after(stop)
  return stop
}

const withCode = (wanted: ErrorCode) => (error: unknown) => {
  assert.ok(isDockerMtlsError(error, wanted), String(error))
  return true
}

async function timed(promise: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await promise
  return performance.now() - start
}

describe('connect() with waitFor', () => {
  test('waits for a daemon that starts later', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    const connecting = connect({ host: `unix://${socket}`, waitFor: 20_000 }, {})
    await delay(700)
    await listen(t, socket, pong('1.44'))
    const docker = await connecting
    t.after(() => docker.close())
    assert.equal(docker.apiVersion, '1.44')
  })

  test('waits for a daemon behind a gateway, which is there already', async (t) => {
    const folder = await temporaryFolder(t)
    const [socketPath, socket] = [join(folder, 'docker.sock'), join(folder, 'gateway.sock')]
    const gateway = await createGateway({
      listen: { socket, as: 'app' },
      daemon: { socketPath },
      authorize: () => ({ allow: true }),
    })
    t.after(() => gateway.close())
    const connecting = connect({ host: `unix://${socket}`, waitFor: 20_000 }, {})
    await Promise.race([delay(700), connecting])
    const stop = await listen(t, socketPath, pong('1.44'))
    await using docker = await connecting
    await stop()
    const ready = docker.ready()
    await Promise.race([delay(700), ready])
    await listen(t, socketPath, pong('1.43'))
    await ready
    assert.equal(docker.apiVersion, '1.43')
  })

  test('waits for certificates that somebody is writing', async (t) => {
    const folder = await temporaryFolder(t)
    const pki = new PkiFolder(join(folder, 'pki'))
    await pki.ensureAuthority()
    await pki.ensureServer(['localhost'])
    const { paths } = await pki.ensureClient('app')
    const daemon = await startFakeDaemon(join(folder, 'pki'))
    t.after(daemon.close)
    const certPath = join(folder, 'certs')
    const connecting = connect({ host: daemon.url, certPath, waitFor: 20_000 }, {})
    await delay(200)
    await mkdir(certPath)
    await cp(paths.ca, join(certPath, 'ca.pem'))
    await cp(paths.key, join(certPath, 'key.pem'))
    // openssl creates the file some time before it writes it.
    await writeFile(join(certPath, 'cert.pem'), '')
    await delay(900)
    await cp(paths.cert, join(certPath, 'cert.pem'))
    const docker = await connecting
    await docker.close()
  })

  test('throws the last failure when the time is up', async () => {
    const host = `unix:///nonexistent/docker.sock`
    const time = await timed(assert.rejects(connect({ host, waitFor: 1_200 }, {}), withCode('ERR_SOCKET_NOT_FOUND')))
    assert.ok(time > 1_190 && time < 4_000, `${time} ms`)
  })

  test('tries once more at the end of the time', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    const connecting = connect({ host: `unix://${socket}`, waitFor: 950 }, {})
    // After the second attempt.
    await delay(700)
    await listen(t, socket, pong('1.44'))
    await (await connecting).close()
  })

  test('a failure that stays ends it at once', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    await listen(t, socket, (_, response) => response.end('hello'))
    const waitFor = 20_000
    const rows: [EndpointOptions, ErrorCode][] = [
      [{ host: `unix://${socket}`, waitFor }, 'ERR_SERVER_NOT_DOCKER'],
      [{ host: 'tcp://127.0.0.1:2375', waitFor }, 'ERR_PLAINTEXT_PORT'],
      [{ context: 'nowhere', waitFor }, 'ERR_CONTEXT_NOT_FOUND'],
    ]
    for (const [options, wanted] of rows) {
      const time = await timed(assert.rejects(connect(options, { HOME: '/nonexistent' }), withCode(wanted)))
      assert.ok(time < 3_000, `${wanted}: ${time} ms`)
    }
  })

  test('a signal ends it at once', async () => {
    const signal = AbortSignal.timeout(300)
    const time = await timed(
      assert.rejects(
        connect({ host: 'unix:///nonexistent/docker.sock', waitFor: 60_000, signal }, {}),
        (error: unknown) => error === signal.reason,
      ),
    )
    assert.ok(time < 3_000, `${time} ms`)
  })

  test('refuses what is no time', async () => {
    for (const waitFor of [0, -1, NaN, Infinity, '60s', null]) {
      const options = { host: 'unix:///nonexistent/docker.sock', waitFor } as EndpointOptions
      await assert.rejects(connect(options, {}), (error: unknown) => {
        assert.ok(error instanceof ArgumentError, String(error))
        assert.match(error.message, /^the option waitFor: it is not a number of milliseconds/)
        return true
      })
    }
  })
})

describe('docker.ready()', () => {
  test('waits for a daemon that restarts, and negotiates again', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    const stop = await listen(t, socket, pong('1.44'))
    const docker = await connect({ host: `unix://${socket}` }, {})
    t.after(() => docker.close())
    await docker.ready()
    await stop()
    await assert.rejects(docker.ping(), withCode('ERR_SOCKET_NOT_FOUND'))
    const ready = docker.ready({ timeout: 20_000 })
    await delay(600)
    // While it starts, it may say so.
    const stopStarting = await listen(t, socket, (_, response) => {
      response.setHeader('Api-Version', '1.43').writeHead(503).end('{"message":"starting"}')
    })
    await delay(600)
    await stopStarting()
    await listen(t, socket, pong('1.43'))
    await ready
    assert.equal(docker.apiVersion, '1.43')
  })

  test('throws the last failure when the time is up', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    const stop = await listen(t, socket, pong('1.44'))
    const docker = await connect({ host: `unix://${socket}` }, {})
    t.after(() => docker.close())
    await stop()
    await listen(t, socket, () => undefined)
    const time = await timed(assert.rejects(docker.ready({ timeout: 1_200 }), withCode('ERR_RESPONSE_TIMEOUT')))
    assert.ok(time < 6_000, `${time} ms`)
    assert.ok(time > 1_190, `${time} ms`)
    await assert.rejects(docker.ready({ timeout: 0 }), withCode('ERR_ARGUMENT_INVALID'))
    await assert.rejects(docker.ready({ wait: 1 } as object), withCode('ERR_OPTION_UNKNOWN'))
  })

  test('a closed client and an aborted call end it', async (t) => {
    const socket = join(await temporaryFolder(t), 'docker.sock')
    const stop = await listen(t, socket, pong('1.44'))
    const docker = await connect({ host: `unix://${socket}` }, {})
    await stop()
    const signal = AbortSignal.timeout(200)
    await assert.rejects(docker.ready({ signal }), (error: unknown) => error === signal.reason)
    const ready = docker.ready()
    await docker.close()
    await assert.rejects(ready, withCode('ERR_CLIENT_CLOSED'))
  })
})

test('files that are half written pass for a while, not for ever', async (t) => {
  const failure = { tried: 'x', got: 'y', todo: 'z' }
  const mismatch = new IdentityError('ERR_IDENTITY_KEY_MISMATCH', failure)
  const mayPass = passingFaults()
  let now = 1_000
  t.mock.method(performance, 'now', () => now)
  assert.ok(mayPass(mismatch))
  now += 2_900
  assert.ok(mayPass(mismatch))
  now += 200
  assert.ok(!mayPass(mismatch))
  assert.ok(!mayPass(new IdentityError('ERR_IDENTITY_EXPIRED', failure)))
  assert.ok(mayPass(mismatch), 'others have come since')
})
