import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Diagnosis } from '../../lib/audit/diagnose.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, runJson } from './support/run-cli.ts'

const HOME = await temporaryFolder()
const folder = join(HOME, 'docker-mtls')
await runCli(['init', 'build01', '--client', 'alice', '--out', folder])
const daemon = await startFakeDaemon(folder)
after(() => daemon.close())
const closedPort = await freePort()
const certPath = join(folder, 'clients/alice')
const env = { HOME, DOCKER_TLS_VERIFY: '1', DOCKER_HOST: daemon.url, DOCKER_CERT_PATH: certPath }

describe('doctor', () => {
  test('prints a line for each step, and the conclusion', async () => {
    const { code, stdout, stderr } = await runCli(['doctor'], { env })
    assert.deepEqual([code, stderr], [0, ''], stdout)
    assert.match(stdout, /^ok {7}Endpoint: tcp:\/\/127\.0\.0\.1:\d+, selected by DOCKER_HOST\.$/m)
    assert.match(stdout, /^ok {7}Your certificate: the server accepts the certificate of alice\.$/m)
    assert.match(stdout, /^ok {7}API: Docker 26\.1\.5 answers, with API 1\.45\.$/m)
    assert.match(stdout, /\n\nYou can connect\.\n$/)
  })

  test('stops at the first fault, with the remedy on its own line and exit code 1', async () => {
    const { code, stdout } = await runCli(['doctor'], { env: { ...env, DOCKER_HOST: `tcp://127.0.0.1:${closedPort}` } })
    assert.equal(code, 1)
    assert.match(stdout, /^failed {3}TCP: connecting to .*: nothing listens on that port\.$/m)
    assert.match(stdout, /^ {9}Start the daemon, or correct the port\. On the server:\n {11}systemctl status docker$/m)
    assert.match(stdout, /^skipped {2}TLS, Server's CA, .*API, .*: not checked/m)
    assert.match(stdout, /\n\nYou can't connect: see "TCP"\.\n$/)
  })

  test('the same for a program', async () => {
    const good = await runJson<Diagnosis>(['doctor'], { env })
    assert.deepEqual([good.ok, good.connects, good.endpoint], [true, true, env.DOCKER_HOST])
    const bad = await runJson<Diagnosis>(['doctor', '--host', 'tcp://h', '--cert-path', '/nonexistent'], { env })
    const failed = bad.steps.filter(({ status }) => status === 'failed')
    assert.deepEqual(
      failed.map(({ step, code }) => [step, code]),
      [['identity', 'ERR_IDENTITY_FILE_MISSING']],
    )
  })

  test('fits into narrow and wide terminals, and keeps commands whole', async () => {
    const there = { ...env, DOCKER_HOST: `tcp://127.0.0.1:${closedPort}`, NO_COLOR: '1' }
    for (const columns of [40, 80, 200]) {
      const { stdout } = await runCli(['doctor'], { env: there, tty: true, columns })
      const long = stdout.split('\n').filter((line) => line.length > Math.min(columns, 80))
      // A word that is too long stays whole, such as a path; so does a command.
      assert.deepEqual(
        long.filter((line) => line.trim().includes(' ') && !line.startsWith(' '.repeat(11))),
        [],
        stdout,
      )
      assert.match(stdout, /^ {11}systemctl status docker$/m)
    }
  })

  test('a mistake in the command line is one', async () => {
    const { code, stderr } = await runCli(['doctor', 'build01'], { env })
    assert.equal(code, 2)
    assert.match(stderr, /docker-mtls doctor --host build01/)
  })
})

describe('ping points to it', () => {
  test('below its error, with the same options', async () => {
    const argv = ['--host', `tcp://127.0.0.1:${closedPort}`, '--cert-path', certPath]
    const { code, stderr } = await runCli(['ping', ...argv], { env })
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_CONNECTION_REFUSED: /)
    assert.ok(stderr.endsWith(`To check the connection step by step:  docker-mtls doctor ${argv.join(' ')}\n`), stderr)
  })

  test('once: a remedy that names it has the same options', async (t) => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
    t.after(() => {
      silent.close()
      for (const socket of sockets) socket.destroy()
    })
    await once(silent, 'listening')
    const host = `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const argv = ['--timeout', '1', '--host', host, '--cert-path', certPath]
    const { stderr } = await runCli(['ping', ...argv], { env })
    assert.match(stderr, /^ERR_HANDSHAKE_TIMEOUT: /)
    assert.ok(stderr.endsWith(`\nFind the step that fails:  docker-mtls doctor ${argv.join(' ')}\n`), stderr)
    assert.equal(stderr.split('doctor').length, 2)
    const { stdout } = await runCli(['ping', ...argv, '--json'], { env })
    const { error } = JSON.parse(stdout) as { error: { code: string; todo: string } }
    assert.equal(error.todo, `Find the step that fails:  docker-mtls doctor ${argv.join(' ')}`)
  })

  test('not below a mistake in the command line', async () => {
    const { stderr } = await runCli(['ping', '--nonsense'], { env })
    assert.doesNotMatch(stderr, /doctor/)
  })
})
