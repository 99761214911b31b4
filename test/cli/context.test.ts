import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { contextPaths } from '../../lib/endpoint/context-layout.ts'
import { runCommand } from '../support/command.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { makeTar } from '../contexts/support/archives.ts'
import { metaText } from '../contexts/support/cast.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

const keys = join(await temporaryFolder(), 'docker-mtls')
await runCli(['init', 'build01', '--client', 'ann', '--listen', '0.0.0.0:2377', '--out', keys])
const annPath = join(keys, 'clients/ann')
const traces = tracesOf({ key: await readFile(join(annPath, 'key.pem'), 'utf8') })

/** Known CAs are none of what these tests expect in a home. */
const stateHome = await temporaryFolder()

/** A person's machine: a home, and our commands about its contexts. */
class Machine {
  readonly home: string

  constructor(home: string) {
    this.home = home
  }

  static async make(t: Cleanable): Promise<Machine> {
    return new Machine(await temporaryFolder(t))
  }

  get config(): string {
    return join(this.home, '.docker')
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await runCli(['context', ...argv], {
      ...options,
      env: { HOME: this.home, XDG_STATE_HOME: stateHome, ...options.env },
    })
    assert.deepEqual(leaksOf(ran.stderr, traces), [], 'a key is on stderr')
    return ran
  }

  json<Data = Record<string, unknown>>(argv: readonly string[], options: RunOptions = {}): Promise<Data> {
    return runJson<Data>(['context', ...argv], {
      ...options,
      env: { HOME: this.home, XDG_STATE_HOME: stateHome, ...options.env },
    })
  }

  /** Runs it, and it has to work. */
  async ok(...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv)
    assert.equal(code, 0, stderr)
    return stdout
  }

  async use(currentContext: string): Promise<void> {
    await mkdir(this.config, { recursive: true })
    await writeFile(join(this.config, 'config.json'), JSON.stringify({ currentContext, auths: {} }))
  }
}

const create = ['create', 'prod', '--client', 'ann', '--dir', keys]

describe('context create', () => {
  test('of a client that init made: its host and its files', async (t) => {
    const machine = await Machine.make(t)
    const stdout = await machine.ok(...create, '--description', 'the build server')
    assert.match(
      stdout,
      /^created {3}prod\n +tcp:\/\/build01:2377\n +client certificate of ann, P-256, until .*\n +docker --context prod /,
    )
    const { meta, credentials } = contextPaths(machine.config, 'prod')
    assert.deepEqual(JSON.parse(await readFile(meta, 'utf8')), {
      Name: 'prod',
      Metadata: { Description: 'the build server' },
      Endpoints: { docker: { Host: 'tcp://build01:2377', SkipTLSVerify: false } },
    })
    assert.equal((await stat(join(credentials, 'key.pem'))).mode & 0o777, 0o600)
    const explained = await runCli(['explain', '--context', 'prod'], { env: { HOME: machine.home } })
    assert.match(explained.stdout, /^Endpoint +tcp:\/\/build01:2377/)
  })

  test('of a client with another host, or with files elsewhere', async (t) => {
    const machine = await Machine.make(t)
    const data = await machine.json([...create, '--host', '10.0.0.4'])
    assert.deepEqual(
      [data['name'], data['action'], data['host'], data['path'], data['certPath']],
      [
        'prod',
        'created',
        'tcp://10.0.0.4:2376',
        contextPaths(machine.config, 'prod').meta,
        contextPaths(machine.config, 'prod').credentials,
      ],
    )
    assert.equal((data['certificate'] as Record<string, unknown>)['commonName'], 'ann')
    await machine.ok('create', 'prod2', '--host', 'build02', '--cert-path', annPath)
    await machine.ok('create', 'prod3', '--host', 'https://gw/docker', '--cert-path', annPath)
    assert.match(await readFile(contextPaths(machine.config, 'prod3').meta, 'utf8'), /"tcp:\/\/gw:443\/docker"/)
  })

  test('of hosts that need no certificate', async (t) => {
    const machine = await Machine.make(t)
    for (const [name, host] of Object.entries({ sock: 'unix:///run/d.sock', lab: 'ssh://me@lab:22' })) {
      const data = await machine.json(['create', name, '--host', host])
      assert.deepEqual([data['host'], data['certPath'], data['certificate']], [host, undefined, undefined])
    }
  })

  test('in DOCKER_CONFIG', async (t) => {
    const machine = await Machine.make(t)
    const folder = join(machine.home, 'elsewhere')
    assert.equal((await machine.run(create, { env: { DOCKER_CONFIG: folder } })).code, 0)
    assert.deepEqual(
      Object.keys(await treeOf(machine.home)).filter((path) => !path.startsWith('elsewhere/')),
      [],
    )
  })

  test('replaces one by force alone', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const before = await treeOf(machine.home)
    const refused = await machine.run(create)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_CONTEXT_EXISTS: .*\n.*--force/)
    assert.deepEqual(await treeOf(machine.home), before)
    assert.match(await machine.ok(...create, '--force'), /^replaced {2}prod\n/)
  })

  const refused: readonly (readonly [string[], number, RegExp])[] = [
    [['prod'], 2, /neither --host nor --client/],
    [['prod', '--dir', keys], 2, /--dir has no effect without --client/],
    [['prod', '--host', 'tcp://h'], 1, /^ERR_IDENTITY_REQUIRED: .*plaintext.*\n.*--cert-path/],
    [
      ['prod', '--host', 'tcp://h:2375', '--cert-path', annPath],
      1,
      /^ERR_PLAINTEXT_PORT: .*\n.*--host tcp:\/\/h:2376$/m,
    ],
    [['prod', '--host', 'http://h', '--cert-path', annPath], 1, /^ERR_PLAINTEXT_REFUSED: /],
    [['prod', '--host', 'unix:///x', '--cert-path', annPath], 2, /unix:\/\/ uses no certificates/],
    [['prod', '--host', 'ssh://-oProxyCommand=id'], 2, /^ERR_HOST_INVALID: /],
    [['prod', '--host', 'tcp://h', '--cert-path', '/nonexistent'], 1, /^ERR_IDENTITY_FILE_MISSING: /],
    [['default', '--host', 'unix:///x'], 2, /^ERR_CONTEXT_NAME_INVALID: /],
    [['../x', '--host', 'unix:///x'], 2, /^ERR_CONTEXT_NAME_INVALID: /],
    [['prod', '--client', 'bob', '--dir', keys], 1, /^ERR_CLIENT_NOT_FOUND: /],
    [['prod', 'tcp://h'], 2, /is unexpected.*\n.*--host tcp:\/\/h/],
    [['prod', '--host', 'unix:///x', '--skip-tls-verify'], 2, /no option --skip-tls-verify/],
    [[], 2, /the argument name is missing/],
  ]
  for (const [argv, expected, words] of refused) {
    test(`${argv.join(' ')}: exit code ${expected}, and nothing is written`, async (t) => {
      const machine = await Machine.make(t)
      const { code, stdout, stderr } = await machine.run(['create', ...argv])
      assert.deepEqual([code, stdout], [expected, ''])
      assert.match(stderr, words)
      assert.deepEqual(await treeOf(machine.home), {})
    })
  }
})

describe('context ls', () => {
  interface Listed {
    readonly current: { readonly name: string; readonly source: string }
    readonly contexts: readonly Readonly<Record<string, unknown>>[]
    readonly warnings: readonly string[]
  }

  test('shows each, which is current and why, and what we would refuse', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create, '--description', 'the build\u001b[2J server')
    await machine.ok('create', 'lab', '--host', 'ssh://me@lab')
    const plain = contextPaths(machine.config, 'plain').meta
    await mkdir(join(plain, '..'), { recursive: true })
    await writeFile(plain, metaText('plain', 'tcp://me:hunter2@h:2376'))
    await mkdir(join(machine.config, 'contexts/meta/junk'))
    await writeFile(join(machine.config, 'contexts/meta/junk/meta.json'), '{')
    await machine.use('prod')
    const { code, stdout, stderr } = await machine.run(['ls'])
    assert.equal(code, 0)
    const rows = stdout.split('\n').map((line) => line.trimEnd().split(/ {2,}/))
    assert.deepEqual(rows[0], ['', 'NAME', 'HOST', 'STATE', 'DESCRIPTION'])
    assert.deepEqual(rows[1]?.slice(0, 2), ['', 'default'])
    assert.deepEqual(rows[2], ['', 'lab', 'ssh://me@lab', 'good'])
    assert.deepEqual(rows[3], ['', 'plain', 'tcp://***@h:2376', 'refused'])
    assert.deepEqual(rows[4], ['*', 'prod', 'tcp://build01:2377', 'good', 'the build<U+001B>[2J server'])
    assert.match(rows[5]?.join(' ') ?? '', /junk\/meta\.json broken$/)
    assert.match(stdout, /^prod is current: .*config\.json$/m)
    assert.match(stderr, /docker-mtls refuses plain: .*user/)
    assert.match(stderr, /junk\/meta\.json is broken, and docker context ls fails/)
    for (const hidden of ['hunter2', '\u001b'])
      assert.ok(!(stdout + stderr).includes(hidden), `${JSON.stringify(hidden)} is shown`)
  })

  test('with --json', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const { current, contexts, warnings } = await machine.json<Listed>(['ls'])
    assert.deepEqual([current, warnings], [{ name: 'default', source: 'nothing names one' }, []])
    assert.deepEqual(
      contexts.map(({ name, current: is, host, state, daysLeft }) => [name, is, host, state, daysLeft]),
      [
        ['default', true, contexts[0]?.['host'], 'good', undefined],
        ['prod', false, 'tcp://build01:2377', 'good', 397],
      ],
    )
  })

  test('by variables, and where the current one is not there', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const host = await machine.json<Listed>(['ls'], { env: { DOCKER_HOST: 'tcp://x:1', DOCKER_CONTEXT: 'prod' } })
    assert.deepEqual(host.current, { name: 'default', source: 'DOCKER_HOST' })
    assert.deepEqual([host.contexts[0]?.['host'], host.contexts[0]?.['current']], ['tcp://x:1', true])
    const gone = await machine.json<Listed>(['ls'], { env: { DOCKER_CONTEXT: 'gone', DOCKER_HOST_IP: '10.0.0.4' } })
    assert.match(
      gone.warnings.join('\n'),
      /DOCKER_CONTEXT names the context gone, which does not exist.\n.*DOCKER_HOST_IP/,
    )
    assert.ok(
      gone.contexts.every((one) => one['current'] === false),
      'none is current',
    )
  })

  test('of no store at all', async (t) => {
    const machine = await Machine.make(t)
    assert.match(await machine.ok('ls'), /^\* +default /m)
    assert.deepEqual(await treeOf(machine.home), {})
  })
})

describe('context export and import', () => {
  test('go from one machine to another', async (t) => {
    const [desk, laptop] = [await Machine.make(t), await Machine.make(t)]
    await desk.ok(...create, '--description', 'x')
    const out = join(desk.home, 'prod.dockercontext')
    const data = await desk.json(['export', 'prod', out])
    assert.deepEqual(data, { path: out, name: 'prod', host: 'tcp://build01:2377', holdsKey: true, warnings: [] })
    assert.equal((await stat(out)).mode & 0o777, 0o600)
    assert.equal((await runCommand('tar', ['-tf', out])).code, 0)
    assert.match(
      await laptop.ok('import', 'build', out),
      /^created {3}build\n +tcp:\/\/build01:2377\n +client certificate of ann/,
    )
    assert.match(await readFile(contextPaths(laptop.config, 'build').meta, 'utf8'), /^\{"Name":"build"/)

    const piped = await desk.run(['export', 'prod', '-'])
    assert.match(piped.stderr, /It contains a private key/)
    const input = Buffer.from(piped.stdout, 'latin1')
    assert.equal((await laptop.run(['import', 'piped', '-'], { input })).code, 0)
    assert.equal((await laptop.run(['import', 'piped', '-'], { input })).code, 1)
    assert.equal((await laptop.json(['import', 'piped', '-', '--force'], { input }))['action'], 'replaced')
  })

  test('say what they are about', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok('create', 'lab', '--host', 'ssh://me@lab')
    await machine.ok(...create)
    const at = (name: string): string => join(machine.home, name)
    assert.match(await machine.ok('export', 'prod', at('a')), /It contains a private key/)
    assert.doesNotMatch(await machine.ok('export', 'lab', at('b')), /There is a key/)
  })

  test('export to a terminal or with --json to stdout is refused, and so is a file that is there', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const terminal = await machine.run(['export', 'prod', '-'], { tty: true })
    assert.deepEqual([terminal.code, terminal.stdout], [2, ''])
    assert.match(terminal.stderr, /stdout is a terminal/)
    assert.equal((await machine.run(['export', 'prod', '-', '--json'])).code, 2)
    const out = join(machine.home, 'x')
    await writeFile(out, 'mine')
    assert.match((await machine.run(['export', 'prod', out])).stderr, /^ERR_FILE_EXISTS: .*\n.*--force/)
    assert.equal(await readFile(out, 'utf8'), 'mine')
    await machine.ok('export', 'prod', out, '--force')
    assert.match((await machine.run(['export', 'prod', machine.home])).stderr, /^ERR_FILE_WRITE: .*folder/)
    for (const [name, code] of [
      ['gone', 1],
      ['default', 2],
      ['../x', 2],
    ] as const) {
      assert.equal((await machine.run(['export', name, join(machine.home, 'y')])).code, code)
    }
    assert.equal((await treeOf(machine.home))['y'], undefined)
  })

  const archives: readonly (readonly [string, () => Promise<Buffer> | Buffer, RegExp])[] = [
    ['no archive', () => Buffer.from('hello'), /^ERR_CONTEXT_ARCHIVE_INVALID: /],
    ['a trick', () => makeTar([[{ name: '../../x' }, 'x']]), /^ERR_CONTEXT_ARCHIVE_INVALID: .*does not belong/],
    ['no TLS', () => makeTar([[{ name: 'meta.json' }, metaText('a', 'tcp://h')]]), /^ERR_CONTEXT_INSECURE: /],
    ['more than 10 MiB', () => Buffer.alloc(11 * 1024 * 1024), /larger than 10485760|more than 10485760 bytes/],
  ]
  for (const [what, make, words] of archives) {
    test(`import of ${what} is refused, and nothing is written`, async (t) => {
      const machine = await Machine.make(t)
      const input = await make()
      const file = join(await temporaryFolder(t), 'archive')
      await writeFile(file, input)
      for (const ran of [
        await machine.run(['import', 'prod', '-'], { input }),
        await machine.run(['import', 'prod', file]),
      ]) {
        assert.deepEqual([ran.code, ran.stdout], [1, ''])
        assert.match(ran.stderr, words)
      }
      assert.deepEqual(await treeOf(machine.home), {})
    })
  }

  test('import of a file that is not there, or no archive, and from a terminal', async (t) => {
    const machine = await Machine.make(t)
    assert.match((await machine.run(['import', 'prod', '/nonexistent'])).stderr, /^ERR_FILE_READ: .*no such file/)
    const file = join(machine.home, 'none.tar')
    await writeFile(file, 'no archive')
    assert.ok(
      (await machine.run(['import', 'prod', file])).stderr.includes(`archive of a context, ${file}: `),
      'the file',
    )
    const { stderr } = await machine.run(['import', 'prod', '-'], { input: '' })
    assert.match(stderr, /^ERR_CONTEXT_ARCHIVE_INVALID: reading the archive of a context on stdin: it is empty/)
    const terminal = await machine.run(['import', 'prod', '-'], { tty: true })
    assert.equal(terminal.code, 2)
    assert.match(terminal.stderr, /stdin is a terminal/)
  })
})

describe('context rm', () => {
  test('asks on a terminal', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const found = await treeOf(machine.home)
    for (const typed of ['no\n', '\n', 'yess\n', 'prod\n']) {
      const ran = await machine.run(['rm', 'prod'], { tty: true, typed: [typed] })
      assert.deepEqual([ran.code, ran.stdout], [1, ''])
      assert.match(ran.stderr, /Remove prod, with certificates and key\? \(yes or no\): Nothing was removed\.\n$/)
    }
    const left = await machine.run(['rm', 'prod'], { tty: true, typed: ['\u0004'] })
    assert.equal(left.code, 130)
    assert.match(left.stderr, /\(yes or no\): \n$/, 'the shell goes on in a line of its own')
    assert.deepEqual(await treeOf(machine.home), found)
    const ran = await machine.run(['rm', 'prod'], { tty: true, typed: ['yes\n'] })
    assert.deepEqual([ran.code, ran.stdout], [0, 'prod\n'])
    assert.deepEqual(Object.keys(await treeOf(machine.config)), ['contexts/', 'contexts/meta/', 'contexts/tls/'])
  })

  test('without a terminal wants --yes', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const refused = await machine.run(['rm', 'prod'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_CONFIRMATION_REQUIRED: the question "Remove prod, .*\?": .* --yes\n$/s)
    await machine.ok('create', 'lab', '--host', 'unix:///x')
    assert.deepEqual(await machine.json(['rm', 'prod', 'lab', 'prod', '--yes']), {
      removed: ['prod', 'lab'],
      warnings: [],
    })
  })

  test('removes all or none', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    const found = await treeOf(machine.home)
    for (const [other, exitCode, code] of [
      ['gone', 1, 'ERR_CONTEXT_NOT_FOUND'],
      ['default', 2, 'ERR_CONTEXT_NAME_INVALID'],
      ['../x', 2, 'ERR_CONTEXT_NAME_INVALID'],
    ] as const) {
      const ran = await machine.run(['rm', 'prod', other, '--yes', '--force'])
      assert.deepEqual([ran.code, ran.stderr.split(':')[0]], [exitCode, code])
    }
    const { stderr } = await machine.run(['rm', 'default', '--yes'])
    assert.match(stderr, /removing the context default: it can't be removed: .*\n.*docker-mtls context ls$/m)
    assert.doesNotMatch(stderr, /Choose another name/)
    assert.deepEqual(await treeOf(machine.home), found)
  })

  test('keeps the current one but by force, and then docker has another', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    await machine.use('prod')
    const byFile = await machine.run(['rm', 'prod', '--yes'], { env: { DOCKER_HOST: 'unix:///x' } })
    assert.match(byFile.stderr, /^ERR_CONTEXT_IN_USE: .*docker context use.*\n.*--force/)
    await machine.ok('rm', 'prod', '--yes', '--force')
    assert.deepEqual(JSON.parse(await readFile(join(machine.config, 'config.json'), 'utf8')), { auths: {} })
    await machine.ok(...create)
    const env = { DOCKER_CONTEXT: 'prod' }
    assert.match((await machine.run(['rm', 'prod', '--yes'], { env })).stderr, /^ERR_CONTEXT_IN_USE: .*DOCKER_CONTEXT/)
    const forced = await machine.run(['rm', 'prod', '--yes', '--force'], { env })
    assert.deepEqual([forced.code, forced.stdout], [0, 'prod\n'])
    assert.match(forced.stderr, /DOCKER_CONTEXT still names prod\. Unset it/)
  })

  test('removes one that is broken, and what is left of one', async (t) => {
    const machine = await Machine.make(t)
    await machine.ok(...create)
    await writeFile(contextPaths(machine.config, 'prod').meta, '{')
    await machine.ok('rm', 'prod', '--yes')
    await mkdir(contextPaths(machine.config, 'left').credentials, { recursive: true })
    await machine.ok('rm', 'left', '--yes')
    assert.deepEqual(Object.keys(await treeOf(machine.config)), ['contexts/', 'contexts/meta/', 'contexts/tls/'])
  })
})
