import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, type Ran, type RunOptions } from './support/run-cli.ts'

const SECRET = 'correct horse'
const NO_COLOR = { NO_COLOR: '1' }

/** Half a second of PBKDF2 each time: few tests, and each asks for much. */
async function place(t: TestContext): Promise<{
  folder: string
  run: (argv: readonly string[], options?: RunOptions) => ReturnType<typeof runCli>
  isEncrypted: () => Promise<boolean>
}> {
  const folder = join(await temporaryFolder(t), 'keys')
  return {
    folder,
    run: (argv, options = {}) => {
      const line = [...argv, argv[0] === 'init' ? '--out' : '--dir', folder]
      return runCli(line, { ...options, env: { ...NO_COLOR, ...options.env } })
    },
    isEncrypted: async () => (await readFile(join(folder, 'ca/ca-key.pem'), 'utf8')).includes('BEGIN ENCRYPTED'),
  }
}

function holdsNoSecret({ stdout, stderr }: Ran, ...secrets: string[]): void {
  for (const secret of secrets) {
    assert.ok(!stdout.includes(secret), 'the passphrase is on stdout')
    assert.ok(!stderr.includes(secret), 'the passphrase is on stderr')
  }
}

describe('the passphrase of the authority’s key', () => {
  test('is asked for twice, and shown never', async (t) => {
    const { run, isEncrypted } = await place(t)
    const typed = [`${SECRET}\r`, 'another one\r', `${SECRET}X\u007F\r`, `oops\u0015${SECRET}\n`]
    const made = await run(['init', 'b', '--client', 'a', '--encrypt-ca-key'], { tty: true, typed })
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stderr, /^New passphrase.*: \nRepeat the passphrase: \nThe passphrases differ\.\nNew passphrase/)
    assert.deepEqual(made.raw, [true, false, true, false, true, false, true, false])
    assert.ok(await isEncrypted())
    holdsNoSecret(made, SECRET, 'another one', 'oops')

    const keys = ['\u001B[A', 'correct', ' horse', '\r']
    const right = await run(['cert', 'client', 'bob'], { tty: true, typed: ['wrong one\r', keys] })
    assert.equal(right.code, 0, right.stderr)
    assert.match(right.stderr, /Wrong passphrase\.\nPassphrase/)
    holdsNoSecret(right, SECRET, 'wrong one')
  })

  test('three wrong ones are enough', async (t) => {
    const { folder, run } = await place(t)
    await run(['cert', 'ca', '--encrypt'], { env: { DOCKER_MTLS_CA_PASSPHRASE: SECRET } })
    const before = await treeOf(folder)
    const typed = ['one\r', 'two\r', 'three\r', `${SECRET}\r`]
    const { code, stderr } = await run(['cert', 'client', 'bob'], { tty: true, typed })
    assert.equal(code, 1)
    assert.match(stderr, /ERR_CA_PASSPHRASE: .*does not decrypt it/)
    assert.deepEqual(await treeOf(folder), before)
  })

  test('a key of the authority that others can read is told wherever it is used', async (t) => {
    const { folder, run } = await place(t)
    for (const argv of [['ca'], ['server', 'b'], ['client', 'a']]) await run(['cert', ...argv])
    const key = join(folder, 'ca/ca-key.pem')
    const uses = [
      ['cert', 'client', 'c'],
      ['cert', 'renew', 'a'],
      ['cert', 'rotate-ca'],
    ]
    await chmod(key, 0o640)
    for (const argv of uses) {
      const { code, stderr } = await run(argv)
      assert.equal(code, 0)
      assert.ok(stderr.includes(`Warning: Other users can read ${key}. Restrict it:  chmod 600 ${key}`), stderr)
    }
    await chmod(key, 0o600)
    for (const argv of uses) assert.doesNotMatch((await run(argv)).stderr, /Other users can read/)
  })

  test('comes from a file or a variable, and the file wins', async (t) => {
    const { folder, run, isEncrypted } = await place(t)
    const file = join(await temporaryFolder(t), 'passphrase')
    await writeFile(file, `${SECRET}\r\n`, { mode: 0o600 })
    const ca = await run(['cert', 'ca', '--encrypt', '--ca-passphrase-file', file], {
      env: { DOCKER_MTLS_CA_PASSPHRASE: 'not this one' },
    })
    assert.equal(ca.code, 0, ca.stderr)
    assert.ok(await isEncrypted())
    assert.equal((await run(['cert', 'client', 'a'], { env: { DOCKER_MTLS_CA_PASSPHRASE: SECRET } })).code, 0)
    await chmod(file, 0o644)
    const server = await run(['cert', 'server', 'b', '--ca-passphrase-file', file])
    assert.match(server.stderr, /^Warning: Other users can read .*passphrase\. Restrict it: {2}chmod 600/)
    holdsNoSecret(server, SECRET)

    const before = await treeOf(folder)
    const wrong = await run(['cert', 'client', 'c'], { env: { DOCKER_MTLS_CA_PASSPHRASE: 'wrong one' }, tty: true })
    assert.match(wrong.stderr, /^ERR_CA_PASSPHRASE: .*does not decrypt it/)
    holdsNoSecret(wrong, 'wrong one')
    const none = await run(['cert', 'client', 'c'], { env: { DOCKER_MTLS_CA_PASSPHRASE: '' } })
    assert.match(none.stderr, /^ERR_CA_PASSPHRASE: .*\n.*--ca-passphrase-file FILE , or set DOCKER_MTLS_CA_PASSPHRASE/)
    assert.deepEqual(await treeOf(folder), before)
    // What is there and good needs no key.
    assert.match((await run(['cert', 'client', 'a'])).stdout, /^kept/)
  })

  test('is no word of the command line', async (t) => {
    const { run } = await place(t)
    for (const words of [['--ca-passphrase', SECRET], [`--ca-passphrase=${SECRET}`]]) {
      const ran = await run(['init', 'b', ...words])
      const { code, stderr } = ran
      assert.equal(code, 2)
      assert.match(stderr, /no option --ca-passphrase\./)
      assert.match(stderr, /Did you mean {2}--ca-passphrase-file/)
      holdsNoSecret(ran, SECRET)
    }
  })

  test('is not asked for where the rest is refused anyway', async (t) => {
    const { run } = await place(t)
    for (const argv of [
      ['init', 'b:1', '--encrypt-ca-key'],
      ['cert', 'ca', '--encrypt', '--days', '0'],
    ]) {
      const { code, stderr, raw } = await run(argv, { tty: true })
      assert.equal(code, 2)
      assert.match(stderr, /^ERR_(NAME|DAYS)_INVALID/)
      assert.deepEqual(raw, [])
    }
  })

  test('can not be put on a key that is there', async (t) => {
    const { folder, run } = await place(t)
    await run(['init', 'b', '--client', 'a'])
    const before = await treeOf(folder)
    for (const argv of [
      ['init', 'b', '--client', 'a', '--encrypt-ca-key'],
      ['cert', 'ca', '--encrypt'],
    ]) {
      const { code, stderr } = await run(argv, { env: { DOCKER_MTLS_CA_PASSPHRASE: SECRET } })
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_CA_EXISTS: encrypting .*\n.*openssl pkcs8 -topk8/)
    }
    assert.deepEqual(await treeOf(folder), before)
  })
})

describe('giving up at the prompt', () => {
  for (const [what, key] of [
    ['Ctrl-C', 'abc\u0003'],
    ['Ctrl-D', '\u0004'],
  ] as const) {
    test(what, async (t) => {
      const { folder, run } = await place(t)
      const { code, stderr, raw } = await run(['cert', 'ca', '--encrypt'], { tty: true, typed: [key] })
      assert.equal(code, 130)
      assert.equal(stderr, 'New passphrase for the CA key: \n')
      assert.deepEqual(raw, [true, false])
      assert.deepEqual(await treeOf(folder), {})
    })
  }

  test('a signal', async (t) => {
    const { folder, run } = await place(t)
    const controller = new AbortController()
    const running = run(['cert', 'ca', '--encrypt'], { tty: true, signal: controller.signal })
    setTimeout(() => controller.abort(new Interrupted(143)), 200)
    const { code, raw } = await running
    assert.deepEqual([code, raw], [143, [true, false]])
    assert.deepEqual(await treeOf(folder), {})
  })
})
