import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { StepCode, StepName } from '../../../lib/audit/diagnose.ts'
import { proxyPath } from '../../../lib/audit/doctor/proxy-path.ts'
import { loadIdentity } from '../../../lib/index.ts'
import { answerTimeout } from '../../../lib/transport/time-limits.ts'
import { makeCa, makeClient, makeServer, writeIdentity } from '../../support/openssl-certs.ts'
import { freePort } from '../../support/ports.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { says, startFakeProxy, tunnels } from '../../transport/support/proxies.ts'
import { assertFails, diagnoseInTime, only, shown } from './support/check.ts'
import { startDaemon, startLocalDaemon } from './support/fake-daemon.ts'

describe('a local socket', { skip: process.platform === 'win32' }, () => {
  test('that answers', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    await startLocalDaemon(t, path)
    await chmod(path, 0o660)
    const diagnosis = await diagnoseInTime({ host: `unix://${path}` })
    assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
    assert.equal(only(diagnosis, 'socket').facts['mode'], '0660')
    assert.equal(only(diagnosis, 'api').status, 'ok')
    assert.equal(only(diagnosis, 'neighbours').status, 'ok')
  })

  test('that every user may open', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'docker.sock')
    await startLocalDaemon(t, path)
    await chmod(path, 0o666)
    // Nobody else may enter the folder.
    const closed = await diagnoseInTime({ host: `unix://${path}` })
    assert.ok(closed.ok, shown(closed))
    await chmod(folder, 0o755)
    const step = assertFails(await diagnoseInTime({ host: `unix://${path}` }), 'socket', 'SOCKET_OPEN_TO_ALL')
    assert.equal(step.remedy, `Restrict it:  chmod 660 ${path}`)
  })

  test('of a daemon that also listens without TLS', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    await startLocalDaemon(t, path, {
      warnings: ['API is accessible on https://0.0.0.0:2376 without TLS client verification.'],
    })
    await chmod(path, 0o660)
    assertFails(await diagnoseInTime({ host: `unix://${path}` }), 'neighbours', 'PLAINTEXT_DOCKER')
  })

  test('of a daemon that refuses the API version that is set', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const message = 'client version 1.99 is too new. Maximum supported API version is 1.45'
    await startLocalDaemon(t, path, { status: 400, message })
    await chmod(path, 0o660)
    const diagnosis = await diagnoseInTime({ host: `unix://${path}`, apiVersion: '1.99' })
    assertFails(diagnosis, 'api', 'ERR_API_VERSION_UNSUPPORTED')
    assert.equal(diagnosis.connects, false)
  })

  test('that is not there, that nobody listens on, and that says nothing', async (t) => {
    const folder = await temporaryFolder(t)
    assertFails(await diagnoseInTime({ host: `unix://${folder}/none.sock` }), 'socket', 'ERR_SOCKET_NOT_FOUND')
    const file = join(folder, 'file')
    await writeFile(file, '')
    assertFails(await diagnoseInTime({ host: `unix://${file}` }), 'socket', 'ERR_CONNECTION_REFUSED')
    const silent = createServer(() => undefined).listen(join(folder, 'silent.sock'))
    await once(silent, 'listening')
    t.after(() => silent.close())
    await chmod(join(folder, 'silent.sock'), 0o600)
    const diagnosis = await diagnoseInTime({ host: `unix://${folder}/silent.sock`, connectTimeout: 500 })
    assertFails(diagnosis, 'api', 'ERR_RESPONSE_TIMEOUT')
  })
})

/** A program `ssh` that is the whole PATH while the test runs; it knows whether Docker was asked for. */
async function withSsh(t: TestContext, script: string | undefined): Promise<void> {
  const folder = await temporaryFolder(t)
  if (script !== undefined) {
    await writeFile(
      join(folder, 'ssh'),
      `#!/bin/sh\ncase "$*" in *dial-stdio) docker=1 ;; *) docker= ;; esac\n${script}\n`,
    )
    await chmod(join(folder, 'ssh'), 0o755)
  }
  const before = process.env['PATH']
  process.env['PATH'] = folder
  t.after(() => void (process.env['PATH'] = before))
}

const says255 = (text: string): string => `echo '${text}' >&2; exit 255`
const behindLogin = (text: string, code = 1): string => `[ "$docker" ] || exit 0; echo '${text}' >&2; exit ${code}`

const SSH_ROWS: readonly (readonly [string, string | undefined, StepName, StepCode])[] = [
  ['no program ssh', undefined, 'ssh', 'ERR_SSH_NOT_INSTALLED'],
  ['an unknown host key', says255('Host key verification failed.'), 'login', 'ERR_SSH_HOST_KEY_UNKNOWN'],
  ['a changed host key', says255('REMOTE HOST IDENTIFICATION HAS CHANGED!'), 'login', 'ERR_SSH_HOST_KEY_CHANGED'],
  ['no key that is accepted', says255('u@h: Permission denied (publickey).'), 'login', 'ERR_SSH_LOGIN_REFUSED'],
  [
    'no such name',
    says255('ssh: Could not resolve hostname h: Name or service not known'),
    'login',
    'ERR_NAME_NOT_RESOLVED',
  ],
  ['no ssh server', says255('ssh: connect to host h port 22: Connection refused'), 'login', 'ERR_CONNECTION_REFUSED'],
  ['a login that fails in another way', says255('something else'), 'login', 'ERR_SSH_FAILED'],
  ['no docker command', behindLogin('sh: docker: not found', 127), 'remote-docker', 'ERR_SSH_DOCKER_MISSING'],
  [
    'an old docker command',
    behindLogin('docker: dial-stdio is not a docker command.'),
    'remote-docker',
    'ERR_SSH_DOCKER_MISSING',
  ],
  ['no daemon', behindLogin('connect: connection refused'), 'remote-docker', 'ERR_CONNECTION_REFUSED'],
  ['no socket', behindLogin('connect: no such file or directory'), 'remote-docker', 'ERR_SOCKET_NOT_FOUND'],
  ['no right to the socket', behindLogin('connect: permission denied'), 'remote-docker', 'ERR_SOCKET_PERMISSION'],
  ['a shell that greets', 'echo Welcome; exec /bin/cat', 'remote-docker', 'ERR_SERVER_NOT_DOCKER'],
  ['silence', 'exec /bin/sleep 30', 'login', 'ERR_CONNECT_TIMEOUT'],
]

describe('ssh', { skip: process.platform === 'win32' }, () => {
  for (const [name, script, step, code] of SSH_ROWS) {
    test(`${name}: ${step}, ${code}`, async (t) => {
      await withSsh(t, script)
      const diagnosis = await diagnoseInTime({ host: 'ssh://u@h' })
      assertFails(diagnosis, step, code)
      assert.equal(diagnosis.connects, false)
    })
  }
})

async function behindProxy(t: TestContext): Promise<{ port: number; certPath: string }> {
  const ca = await makeCa()
  const certPath = join(await temporaryFolder(t), 'files')
  await writeIdentity(certPath, { ca: ca.cert, ...(await makeClient(ca)) })
  const port = await startDaemon(t, { ...(await makeServer(ca)), ca: ca.cert })
  return { port, certPath }
}

describe('through a proxy', { skip: lacks('openssl') }, () => {
  test('it works, and says what can not be seen', async (t) => {
    const { port, certPath } = await behindProxy(t)
    const proxy = await startFakeProxy(tunnels())
    t.after(() => proxy.close())
    const diagnosis = await diagnoseInTime({
      host: `localhost:${port}`,
      certPath,
      proxy: `http://127.0.0.1:${proxy.port}`,
    })
    assert.ok(diagnosis.ok && diagnosis.connects, shown(diagnosis))
    assert.equal(only(diagnosis, 'proxy').status, 'ok')
    assert.equal(only(diagnosis, 'anonymous').status, 'unknown')
  })

  test('a server behind it that never says a byte has not accepted our certificate', async (t) => {
    const { certPath } = await behindProxy(t)
    const steps = proxyPath({ error: answerTimeout('tcp://silent:2376') }, await loadIdentity(certPath))
    assert.deepEqual(
      steps.map(({ step, status }) => [step, status]),
      [
        ['proxy', 'ok'],
        ['tls', 'failed'],
      ],
    )
  })

  test('a proxy that is not there, and one that refuses', async (t) => {
    const { port, certPath } = await behindProxy(t)
    const host = `localhost:${port}`
    const nowhere = await diagnoseInTime({ host, certPath, proxy: `http://127.0.0.1:${await freePort()}` })
    assertFails(nowhere, 'proxy', 'ERR_PROXY_UNREACHABLE')
    const proxy = await startFakeProxy(says('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'))
    t.after(() => proxy.close())
    const refused = await diagnoseInTime({ host, certPath, proxy: `http://127.0.0.1:${proxy.port}` })
    assertFails(refused, 'proxy', 'ERR_PROXY_AUTH_REQUIRED')
    assert.equal(only(refused, 'tls').status, 'skipped')
  })
})
