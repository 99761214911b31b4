import assert from 'node:assert/strict'
import { existsSync, lstatSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Interrupted, SIGINT_CODE } from '../../lib/cli/terminal/io.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli, runProcess, type Ran } from './support/run-cli.ts'

const folder = await temporaryFolder()
const policy = join(folder, 'policy.yaml')
await writeFile(policy, 'version: 1\nrules:\n  - name: a\n    who: { commonName: a }\n    level: baseline\n')
const socket = join(folder, 'plugins', 'guard.sock')
const ARGS = ['authz-plugin', '--policy', policy, '--socket', socket, '--daemon', join(folder, 'none.sock')]

async function whileItRuns(argv: readonly string[], use: () => Promise<void> | void): Promise<Ran> {
  const interruption = new AbortController()
  const running = runCli(argv, { signal: interruption.signal })
  for (let round = 0; round < 500 && !existsSync(socket); round++) await delay(10)
  // It asks the daemon for its version before it announces itself.
  await delay(100)
  await use()
  interruption.abort(new Interrupted(SIGINT_CODE))
  return running
}

describe('authz-plugin', () => {
  test('creates a socket with its folder, says how to put it in, and removes the socket in the end', async () => {
    const { code, stdout, stderr } = await whileItRuns(ARGS, () => {
      assert.equal(lstatSync(socket).mode & 0o7777, 0o600)
      assert.equal(lstatSync(join(folder, 'plugins')).mode & 0o7777, 0o700)
    })
    assert.deepEqual([code, stdout], [SIGINT_CODE, '"authorization-plugins": ["guard"]\n'])
    assert.match(stderr, /policy\.yaml is in force: 1 rule\.\n.*The plugin guard runs until Ctrl-C/s)
    assert.equal(existsSync(socket), false)
  })

  test('--json is one object', async () => {
    const { stdout } = await whileItRuns([...ARGS, '--json', '--local-name', 'host'], () => undefined)
    const daemon = join(folder, 'none.sock')
    assert.deepEqual(JSON.parse(stdout), { name: 'guard', socket, daemon, rules: 1, localName: 'host' })
  })

  test('with a broken policy it runs, and says that it refuses everything', async () => {
    const broken = join(folder, 'broken.yaml')
    await writeFile(broken, 'version: 1\nrul')
    const argv = ARGS.map((word) => (word === policy ? broken : word))
    const { stderr, stdout } = await whileItRuns([...argv, '--json'], () => undefined)
    assert.match(stderr, /^ERR_POLICY_INVALID: .*\nUntil the file is correct, every request is refused\.$/m)
    assert.equal((JSON.parse(stdout) as { rules: unknown }).rules, null)
  })

  test('a signal ends a process of its own, which leaves no socket', async () => {
    const { signal } = await runProcess(ARGS, { when: [/runs until/, (pid) => process.kill(pid, 'SIGTERM')] })
    assert.equal(signal, 'SIGTERM')
    assert.equal(existsSync(socket), false)
  })

  test('a command line that can not be meant', async () => {
    const rows: [argv: string[], code: number, says: RegExp][] = [
      [['--socket', socket], 2, /--policy <file> is missing/],
      [['--policy', '-', '--socket', socket], 2, /--policy is stdin/],
      [['--policy', policy, '--socket', join(folder, 'x')], 2, /ends in \.sock/],
      [['--policy', policy, '--socket', join(folder, '.sock')], 2, /ends in \.sock/],
      [[...ARGS.slice(1), '--ca', join(folder, 'none.pem')], 1, /ERR_FILE_READ: reading the CAs/],
      [[...ARGS.slice(1), '--ca', policy], 1, /ERR_IDENTITY_NOT_PEM/],
      [[...ARGS.slice(1), '--local-name', ''], 2, /its value is empty/],
    ]
    for (const [argv, code, says] of rows) {
      const ran = await runCli(['authz-plugin', ...argv])
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stderr, says)
    }
  })

  test('its help says how to put it in, and how to repair it', async () => {
    const { stdout } = await runCli(['authz-plugin', '--help'])
    assert.match(
      stdout.replaceAll(/\s+/g, ' '),
      /"authorization-plugins": \["docker-mtls"\].*systemctl reload docker.*remove the line/,
    )
  })
})
