import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, IdentityError } from '../../lib/base/errors.ts'
import { readTime } from '../../lib/cli/command-line/options.ts'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import { canPass } from '../../lib/engine/can-pass.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, type RunOptions } from './support/run-cli.ts'

const HOME = await temporaryFolder()
const folder = join(HOME, 'docker-mtls')
await runCli(['init', 'build01', '--client', 'alice', '--out', folder])
const certPath = join(folder, 'clients/alice')

/** A server of plain TCP, and its connections. */
async function tcpServer(t: TestContext, answer = ''): Promise<{ port: number; count: () => number }> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined).resume()
    if (answer !== '') socket.end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, count: () => connections }
}

/** Runs `ping`, and measures it in milliseconds. */
async function ping(argv: readonly string[], options: RunOptions = {}) {
  const start = performance.now()
  const ran = await runCli(['ping', ...argv], { env: { HOME, LANG: 'C' }, ...options })
  return { ...ran, time: performance.now() - start }
}

const at = (port: number, certs = certPath): string[] => ['--host', `tcp://127.0.0.1:${port}`, '--cert-path', certs]

describe('ping --wait', () => {
  test('waits for a daemon that starts later, and shows that on stderr', async (t) => {
    const port = await freePort()
    const running = ping([...at(port), '--wait', '20s', '--json'])
    await sleep(700)
    const daemon = await startFakeDaemon(folder, '127.0.0.1', {}, port)
    t.after(daemon.close)
    const { code, stdout, stderr, time } = await running
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^\+ wait for the daemon {2}[\d.]+ m?s\n$/)
    assert.equal((JSON.parse(stdout) as { endpoint: { url: string } }).endpoint.url, `tcp://127.0.0.1:${port}`)
    assert.ok(time > 600 && time < 10_000, `${time} ms`)
  })

  test('waits for the certificates', async (t) => {
    const daemon = await startFakeDaemon(folder)
    t.after(daemon.close)
    const later = join(await temporaryFolder(t), 'certs')
    const running = ping(['--host', daemon.url, '--cert-path', later, '--wait', '20s'])
    await sleep(300)
    await mkdir(later)
    await sleep(600)
    await cp(certPath, later, { recursive: true })
    const { code, stderr } = await running
    assert.equal(code, 0, stderr)
  })

  test('when the time is over, the last error says why, and doctor is told nothing of it', async () => {
    const port = await freePort()
    const { code, stdout, stderr, time } = await ping([...at(port), '--wait', '1.5s'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^x wait for the daemon {2}1\.\d s\nERR_CONNECTION_REFUSED: connecting to /)
    assert.match(stderr, /: {2}docker-mtls doctor --host \S+ --cert-path \S+\n$/)
    assert.ok(time > 1_490 && time < 4000, `${time} ms`)
  })

  test("tries again after a handshake that doesn't end", async (t) => {
    const { port, count } = await tcpServer(t)
    const { code, stderr } = await ping([...at(port), '--wait', '2s', '--timeout', '0.2s'])
    assert.equal(code, 1)
    assert.match(stderr, /\nERR_HANDSHAKE_TIMEOUT: /)
    assert.ok(count() >= 2, `${count()} attempts`)
  })

  test('says on a terminal what it waits for', async () => {
    const port = await freePort()
    const { stderr } = await ping([...at(port), '--wait', '1.2s'], { tty: true, columns: 120 })
    assert.match(stderr, /wait for the daemon: waiting for another attempt: nothing listens on that port/)
  })

  test('a signal ends it at once', async () => {
    const port = await freePort()
    const controller = new AbortController()
    const running = ping([...at(port), '--wait', '60s'], { signal: controller.signal })
    await sleep(300)
    controller.abort(new Interrupted(130))
    const { code, time } = await running
    assert.equal(code, 130)
    assert.ok(time < 2000, `${time} ms`)
  })

  const other = join(HOME, 'other')
  const AT_ONCE: readonly (readonly [string, (t: TestContext) => Promise<string[]>, number, string])[] = [
    [
      'a certificate of another CA',
      async (t) => {
        const daemon = await startFakeDaemon(folder)
        t.after(daemon.close)
        await runCli(['init', 'build01', '--client', 'eve', '--out', other])
        return ['--host', daemon.url, '--cert-path', join(other, 'clients/eve')]
      },
      1,
      'ERR_SERVER_CERT_UNTRUSTED',
    ],
    [
      'an address that the certificate has not',
      async (t) => {
        const daemon = await startFakeDaemon(folder, '127.0.0.2')
        t.after(daemon.close)
        return ['--host', daemon.url, '--cert-path', certPath]
      },
      1,
      'ERR_SERVER_NAME_MISMATCH',
    ],
    [
      'plaintext',
      async (t) => at((await tcpServer(t, 'HTTP/1.1 400 Bad Request\r\n\r\n')).port),
      1,
      'ERR_SERVER_PLAINTEXT',
    ],
    ['the plaintext port', async () => at(2375), 1, 'ERR_PLAINTEXT_PORT'],
    ['a context that is not there', async () => ['--context', 'nowhere'], 1, 'ERR_CONTEXT_NOT_FOUND'],
    ['two daemons', async () => [...at(1), '--context', 'x'], 2, 'ERR_ARGUMENT_INVALID'],
    ['a time-out that is none', async () => [...at(1), '--timeout', 'soon'], 2, 'ERR_USAGE'],
  ]
  for (const [what, argv, exitCode, error] of AT_ONCE) {
    test(`${what} is an error at once`, async (t) => {
      const { code, stderr, time } = await ping([...(await argv(t)), '--wait', '60s'])
      assert.equal(code, exitCode, stderr)
      assert.match(stderr, new RegExp(`^(?:x wait [^\n]*\n)?${error}: `))
      assert.ok(time < 5000, `${time} ms`)
    })
  }

  for (const wrong of ['', 's', '0', '0s', '-1s', '1d', '1e3', '60 s', '700h', 'ten']) {
    test(`refuses the time ${JSON.stringify(wrong)}`, async () => {
      const { code, stderr } = await ping([...at(1), `--wait=${wrong}`])
      assert.equal(code, 2)
      assert.match(stderr, /^ERR_USAGE: the option --wait/)
    })
  }
})

test('a time has a unit, or is in seconds', () => {
  const times = ['10', '10s', '0.5s', '1.5m', '2m', '1h'].map((text) => readTime('--x', text))
  assert.deepEqual(times, [10_000, 10_000, 500, 90_000, 120_000, 3_600_000])
})

test('only failures that may end without anybody doing something pass with time', () => {
  const texts = { tried: 'x', got: 'y', todo: 'z' }
  for (const code of ['ERR_NAME_NOT_RESOLVED', 'ERR_HOST_UNREACHABLE', 'ERR_CONNECTION_RESET'] as const) {
    assert.ok(canPass(new ConnectionError(code, texts)), code)
  }
  for (const code of ['ERR_CLIENT_CERT_REFUSED', 'ERR_SOCKET_PERMISSION', 'ERR_SSH_LOGIN_REFUSED'] as const) {
    assert.ok(!canPass(new ConnectionError(code, texts)), code)
  }
  assert.ok(!canPass(new IdentityError('ERR_IDENTITY_EXPIRED', texts)))
  assert.ok(!canPass(new Error('ECONNREFUSED')))
})
