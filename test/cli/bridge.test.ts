import assert from 'node:assert/strict'
import { existsSync, lstatSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Interrupted, SIGINT_CODE } from '../../lib/cli/terminal/io.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, runJson, runProcess, type Ran, type RunOptions } from './support/run-cli.ts'

const folder = await temporaryFolder()
await runCli(['init', 'build01', '--client', 'alice', '--out', join(folder, 'pki')])
const daemon = await startFakeDaemon(join(folder, 'pki'))
after(() => daemon.close())
const flags = ['--host', daemon.url, '--cert-path', join(folder, 'pki/clients/alice')]

/** Runs it until it has a socket, uses that, and interrupts it. */
async function whileItRuns(argv: string[], options: RunOptions, use: () => Promise<void>): Promise<Ran> {
  const interruption = new AbortController()
  const running = runCli(argv, { ...options, signal: interruption.signal })
  const path = argv[argv.indexOf('--socket') + 1] ?? ''
  for (let round = 0; round < 500 && !existsSync(path); round++) await delay(10)
  try {
    assert.ok(existsSync(path), `there is no ${path}`)
    await use()
  } finally {
    interruption.abort(new Interrupted(SIGINT_CODE))
  }
  return running
}

async function ask(socketPath: string): Promise<unknown> {
  const asked = request({ socketPath, path: '/version', agent: false })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return json(answer)
}

describe('bridge', () => {
  test('makes a socket, says what to do with it, and removes it when it is interrupted', async () => {
    const path = join(folder, 'docker.sock')
    const { code, stdout, stderr } = await whileItRuns(['bridge', '--socket', path, ...flags], {}, async () => {
      assert.equal(lstatSync(path).mode & 0o7777, 0o600)
      assert.equal(((await ask(path)) as { Version: string }).Version, '26.1.5')
    })
    assert.deepEqual([code, stdout], [SIGINT_CODE, `export DOCKER_HOST=unix://${path}\n`])
    assert.match(stderr, new RegExp(`^Bridge to ${daemon.url} \\(--host\\), until Ctrl-C`))
    assert.equal(existsSync(path), false)
  })

  test('--json is one object, whatever happens later', async () => {
    const path = join(folder, 'docker.sock')
    const ran = await whileItRuns(['bridge', '--socket', path, '--json', ...flags], {}, () => Promise.resolve())
    assert.deepEqual(JSON.parse(ran.stdout), {
      socket: path,
      dockerHost: `unix://${path}`,
      endpoint: { url: daemon.url, kind: 'tls', source: 'option host' },
      warnings: [],
    })
  })

  test('what it prints is for a shell: quoted, and without TLS, which the socket does not speak', async () => {
    const path = join(folder, `it's $HOME.sock`)
    const env = { HOME: '/nonexistent', DOCKER_TLS_VERIFY: '1', DOCKER_TLS: '' }
    const { stdout } = await whileItRuns(['bridge', '--socket', path, ...flags], { env }, () => Promise.resolve())
    assert.match(stdout, /\nunset DOCKER_TLS_VERIFY\n$/)
    const script = 'eval "$1"; printf "%s|%s" "$DOCKER_HOST" "$DOCKER_TLS_VERIFY"'
    const shell = await runCommand('sh', ['-c', script, 'sh', stdout], { env: { DOCKER_TLS_VERIFY: '1' } })
    assert.equal(shell.stdout, `unix://${path}|`)
  })

  test('a connection that fails is told once, however often it is tried', async () => {
    const path = join(folder, 'docker.sock')
    const gone = await startFakeDaemon(join(folder, 'pki'))
    const argv = ['bridge', '--socket', path, '--host', gone.url, ...flags.slice(2)]
    const { stderr } = await whileItRuns(argv, {}, async () => {
      await gone.close()
      for (let attempt = 0; attempt < 3; attempt++) {
        assert.match(((await ask(path)) as { message: string }).message, /ERR_CONNECTION_REFUSED/)
      }
    })
    assert.equal(
      stderr.match(/^ERR_CONNECTION_REFUSED: connecting to tcp:.*nothing listens on that port$/gm)?.length,
      1,
    )
  })

  test('without a daemon there is no socket', async () => {
    const path = join(folder, 'docker.sock')
    const argv = ['bridge', '--socket', path, '--host', 'tcp://127.0.0.1:1', ...flags.slice(2)]
    const { error } = await runJson<{ error: { code: string } }>(argv)
    assert.equal(error.code, 'ERR_CONNECTION_REFUSED')
    assert.equal(existsSync(path), false)
  })

  test('what is in the way stays', async () => {
    const path = join(folder, 'precious')
    await writeFile(path, 'precious')
    const { code, stdout, stderr } = await runCli(['bridge', '--socket', path, ...flags])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^ERR_FILE_EXISTS: listening at .*precious: .*no socket/)
    assert.equal(lstatSync(path).isFile(), true)
  })

  test('a command line that can not be meant', async () => {
    const rows: [argv: string[], says: RegExp][] = [
      [[], /--socket <path> is missing/],
      [['/run/docker.sock'], /--socket/],
      [['--socket', ''], /its value is empty/],
      [['--socket', 'a', '--socket', 'b'], /given twice/],
      [['--socket', `/tmp/${'x'.repeat(110)}`, ...flags], /107 bytes at most|103 bytes at most/],
    ]
    for (const [argv, says] of rows) {
      const { code, stderr } = await runCli(['bridge', ...argv])
      assert.equal(code, 2, stderr)
      assert.match(stderr, says)
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`a process of its own leaves nothing behind, and ends by the signal: ${signal}`, async () => {
      const path = join(folder, `${signal}.sock`)
      const argv = ['bridge', '--socket', path, ...flags]
      const seen: boolean[] = []
      const stop = (pid: number): void => {
        seen.push(existsSync(path))
        process.kill(pid, signal)
      }
      const ended = await runProcess(argv, { when: [/Bridge to/, stop] })
      assert.deepEqual([ended.signal, seen], [signal, [true]])
      assert.equal(existsSync(path), false)
      assert.match(ended.stdout, /^(export DOCKER_HOST=unix:.*\n)?$/)
    })
  }

  test('a socket that a killed one left is replaced by the next', async () => {
    const path = join(folder, 'killed.sock')
    const argv = ['bridge', '--socket', path, ...flags]
    await runProcess(argv, { when: [/Bridge to/, (pid) => process.kill(pid, 'SIGKILL')] })
    assert.equal(lstatSync(path).isSocket(), true)
    const { code } = await whileItRuns(argv, {}, async () => {
      // Made a moment later than it can be seen: the dead one was there before.
      for (let round = 0; round < 100; round++) {
        if ((await ask(path).catch(() => undefined)) !== undefined) return
        await delay(20)
      }
      assert.fail('it never answered')
    })
    assert.equal(code, SIGINT_CODE)
    assert.equal(existsSync(path), false)
  })
})
