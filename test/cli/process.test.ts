import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { makeContext } from '../../lib/cli/command.ts'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { summaryText, trustedCas } from '../../lib/cli/reports/summary.ts'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import { hasColours, painter } from '../../lib/base/terminal/colours.ts'
import { widthOf } from '../../lib/cli/terminal/layout.ts'
import { wrap } from '../../lib/base/wrap.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { CLI, runCli, runJson, runProcess, SOURCES } from './support/run-cli.ts'

const write = (): void => undefined
const ESCAPE = '\u001B['

describe('help and version', () => {
  test('--version is that of package.json', async () => {
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
    const { version } = JSON.parse(text) as { version: string }
    for (const flag of ['--version', '-V']) {
      assert.deepEqual(await runCli([flag]).then(({ code, stdout }) => [code, stdout]), [0, `${version}\n`])
    }
  })

  test('no command at all is a mistake: help on stderr, exit code 2', async () => {
    for (const argv of [[], ['cert'], ['daemon'], ['gateway']]) {
      const { code, stdout, stderr } = await runCli(argv)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /^Usage: docker-mtls/)
    }
  })

  test('the overview names every command', async () => {
    const { code, stdout } = await runCli(['--help'])
    assert.equal(code, 0)
    for (const { words, summary } of COMMANDS) {
      const where = words.length === 1 ? stdout : (await runCli([words[0], '--help'])).stdout
      const group = words.length === 1 ? 'docker-mtls' : `docker-mtls ${words[0]}`
      assert.match(where, new RegExp(` {2}${group} COMMAND --help$`, 'm'))
      assert.match(where, new RegExp(`^ {2}${words.at(-1)} `, 'm'))
      assert.ok(where.replaceAll(/\s+/g, ' ').includes(summary), summary)
    }
  })

  for (const { words } of COMMANDS) {
    test(`${words.join(' ')} --help teaches`, async () => {
      const { code, stdout, stderr } = await runCli([...words, '--help'])
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, new RegExp(`^Usage: docker-mtls ${words.join(' ')} \\[options\\]`))
      assert.match(stdout, /^Examples:\n {2}\S.*\n {6}\S/m)
      if (stdout.includes('--json ')) assert.match(stdout, /^With --json: (?:lines )?\{/m)
      assert.doesNotMatch(stdout, /undefined|\(preset: /)
      assert.doesNotMatch(stdout.split(/^With --json: /m)[1] ?? '', / {2}/, 'what JSON has is one text')
      assert.equal((await runCli(['help', ...words])).stdout, stdout)
      const [group = '', ...rest] = words
      if (rest.length > 0) assert.equal((await runCli([group, 'help', ...rest])).stdout, stdout)
    })
  }

  test('every option with a default says it', async () => {
    for (const words of [
      ['init'],
      ['cert', 'ca'],
      ['cert', 'server'],
      ['daemon', 'render'],
      ['ping'],
      ['client', 'env'],
    ]) {
      const { stdout } = await runCli([...words, '--help'])
      const options = stdout.split(/^Options:$/m)[1]?.split(/^Examples:$/m)[0] ?? ''
      const entries = options.split(/\n {2}(?=-)/).map((entry) => entry.replaceAll(/\s+/g, ' '))
      for (const flag of [
        '--listen',
        '--tlsdir',
        '--key-type',
        '--days',
        '--dir',
        '--out',
        '--unit',
        '--timeout',
        '--shell',
      ]) {
        const entry = entries.find((text) => text.startsWith(`${flag} `))
        if (entry !== undefined) assert.match(entry, /default/, entry)
      }
    }
  })
})

/** Every file that a process loaded, by V8's own account. */
async function loadedBy(argv: readonly string[], folder: string): Promise<string[]> {
  const { code, stderr } = await runProcess(argv, { env: { NODE_V8_COVERAGE: folder }, program: SOURCES })
  assert.equal(code, 0, stderr)
  const reports = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return reports.flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url))
}

describe('what is loaded', () => {
  const HEAVY = /\/node_modules\/(zod|undici|node-forge|dotenv|tar-stream)\//

  for (const argv of [['--version'], ['--help'], ['init', '--help'], ['ping', '--help']]) {
    test(argv.join(' '), async (t) => {
      const loaded = await loadedBy(argv, await temporaryFolder(t))
      assert.ok(loaded.some((url) => url.endsWith('/lib/cli/main.ts')))
      assert.deepEqual(
        loaded.filter((url) => HEAVY.test(url)),
        [],
      )
      const commands = loaded.filter((url) => url.includes('/lib/cli/commands/'))
      assert.equal(commands.length, argv.length - 1)
    })
  }

  test('daemon render needs no zod and no undici', async (t) => {
    const loaded = await loadedBy(['daemon', 'render'], await temporaryFolder(t))
    assert.deepEqual(
      loaded.filter((url) => /\/node_modules\/(zod|undici)\//.test(url)),
      [],
    )
  })
})

describe('colours', () => {
  const ROWS: readonly (readonly [boolean, Record<string, string>, boolean])[] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ]
  for (const [isTTY, env, expected] of ROWS) {
    test(`${isTTY ? 'terminal' : 'pipe'} ${JSON.stringify(env)}`, () => {
      assert.equal(hasColours({ write, isTTY }, env), expected)
      assert.equal(painter({ write, isTTY }, env)('red', 'x').includes(ESCAPE), expected)
    })
  }

  test('are in help, answers and errors alike, or in none of them', async () => {
    for (const argv of [['--help'], ['explain'], ['init', 'a:1'], ['init']]) {
      const options = { columns: 100, env: { HOME: '/nonexistent' } }
      const bare = await runCli(argv, options)
      const plain = await runCli(argv, { ...options, tty: true, env: { ...options.env, NO_COLOR: '1' } })
      const coloured = await runCli(argv, { ...options, tty: true })
      assert.ok(!`${bare.stdout}${bare.stderr}${plain.stdout}${plain.stderr}`.includes(ESCAPE))
      assert.ok(`${coloured.stdout}${coloured.stderr}`.includes(ESCAPE), argv.join(' '))
      // oxlint-disable-next-line no-control-regex -- what colours are made of
      assert.equal(coloured.stdout.replaceAll(/\u001B\[\d+m/g, ''), plain.stdout)
    }
  })
})

/** A command, which stays whole to be copied, or a single word. */
const isWhole = (line: string): boolean =>
  /^(?:Usage: | {2,4}(?:ssh|eval|npx)|.*\bdocker)[ -]/.test(line) || !/\S \S/.test(line)

describe('the width', () => {
  test('of a terminal, within reason', () => {
    for (const [columns, width] of [
      [undefined, 80],
      [0, 80],
      [60, 60],
      [200, 80],
      [10, 40],
    ] as const) {
      assert.equal(widthOf({ write, ...(columns !== undefined && { columns }) }), width)
    }
  })

  test('help has no line over 80', async () => {
    for (const words of [[], ['cert'], ...COMMANDS.map((command) => command.words)]) {
      const { stdout } = await runCli([...words, '--help'])
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 80),
        [],
      )
    }
  })

  test('help keeps to a narrow terminal, but for commands and for single words', async () => {
    for (const words of [[], ['cert'], ...COMMANDS.map((command) => command.words)]) {
      const { stdout } = await runCli([...words, '--help'], { columns: 44 })
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 44 && !isWhole(line)),
        [],
        words.join(' '),
      )
    }
  })

  test('commands are as who came by npx types them, in errors and warnings too', async (t) => {
    const dir = join(await temporaryFolder(t), 'docker-mtls')
    const env = { npm_command: 'exec' }
    const missing = await runCli(['cert', 'list', '--dir', dir], { env })
    assert.match(missing.stderr, /: {2}npx docker-mtls cert ca --dir /)
    await runCli(['cert', 'ca', '--dir', dir, '--days', '20'])
    assert.match(
      (await runCli(['cert', 'list', '--expiring', '30d', '--dir', dir], { env })).stderr,
      /: {2}npx docker-mtls cert rotate-ca --dir /,
    )
    const { error } = await runJson<{ error: { todo: string } }>(['cert', 'show'], { env })
    assert.match(error.todo, /^For example: {2}npx docker-mtls cert show docker-mtls\/server\//)
  })

  test('--json is one object on stdout, whatever is wrong', async () => {
    const gone = AbortSignal.abort(new Interrupted(130))
    const rows: readonly (readonly [string[], string, AbortSignal?])[] = [
      [['--json'], 'ERR_USAGE'],
      [['cert', '--json'], 'ERR_USAGE'],
      [['nonsense', '--json'], 'ERR_USAGE'],
      [['ping', '--env-file', 'x', '--json'], 'ERR_USAGE'],
      [['completion', '--json'], 'ERR_USAGE'],
      [['client', 'env', '--json'], 'ERR_HOST_REQUIRED'],
      [['ping', '--host', 'tcp://127.0.0.1:1', '--cert-path', '/nonexistent', '--json'], 'ERR_INTERRUPTED', gone],
    ]
    for (const [argv, code, signal] of rows) {
      const { stdout } = await runCli(argv, signal && { signal })
      assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, code, argv.join(' '))
    }
  })

  test('a signal ends a command that waits for stdin', async () => {
    for (const argv of [
      ['cert', 'show', '-'],
      ['cert', 'sign', '-'],
      ['client', 'install', '-'],
      ['context', 'import', 'x', '-'],
    ]) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Interrupted(130)), 50)
      const { code, stdout, stderr } = await runCli(argv, { signal: controller.signal })
      assert.deepEqual([code, stdout, stderr], [130, '', ''], argv.join(' '))
    }
  })

  test('a summary escapes characters that could disguise a name', () => {
    const [stdout, signal] = [{ write }, new AbortController().signal]
    const io = { stdin: new PassThrough(), stdout, stderr: stdout, env: {}, signal, root: '/' }
    const context = makeContext(io, { jsonLines: false, done: write })
    const about = trustedCas([{ subject: 'CN=a\u202Eb', fingerprint256: 'AB' }])
    const text = summaryText({ action: 'created', path: 'x/', about }, context)
    assert.equal(text, 'created   x/\n          trusts servers of CN=a<U+202E>b, SHA-256 AB')
  })

  test('words stay whole', () => {
    assert.equal(wrap('a bb ccc', 4, ''), 'a bb\nccc')
    assert.equal(wrap('aaaaaaaa b', 4, '  '), '  aaaaaaaa\n  b')
    assert.equal(wrap('', 4, '  '), '')
  })

  test('warnings fold on a terminal, and are one line each otherwise', async (t) => {
    const folder = await temporaryFolder(t)
    const argv = ['cert', 'ca', '--key-type', 'ed25519', '--dir', join(folder, 'a')]
    const lines = (await runCli(argv)).stderr.trimEnd().split('\n')
    assert.equal(lines.length, 1)
    const folded = await runCli([...argv.slice(0, -1), join(folder, 'b')], { tty: true, env: { NO_COLOR: '1' } })
    assert.ok(
      folded.stderr
        .trimEnd()
        .split('\n')
        .every((line) => line.length <= 80),
    )
  })
})

describe('a process of its own', () => {
  test('init in the working directory, then a ping that finds nobody', async (t) => {
    const cwd = await temporaryFolder(t)
    const made = await runProcess(['init', 'build01', '--client', 'alice'], { cwd })
    assert.equal(made.code, 0, made.stderr)
    const before = await treeOf(cwd)
    assert.ok('docker-mtls/clients/alice/key.pem' in before)
    assert.match(made.stdout, /docker-mtls ping --dotenv docker-mtls\/clients\/alice\/\.env/)
    assert.ok(!`${made.stdout}${made.stderr}`.includes(ESCAPE))
    assert.equal((await runProcess(['init', 'build01', '--client', 'alice'], { cwd })).code, 0)
    assert.deepEqual(await treeOf(cwd), before)
  })

  test('a file that is named may hold any NODE_OPTIONS: Node does not see them', async (t) => {
    const cwd = await temporaryFolder(t)
    await writeFile(join(cwd, 'evil.cjs'), "require('node:fs').writeFileSync('ran', '')")
    const lines = `NODE_OPTIONS="--require ${join(cwd, 'evil.cjs')}"\nDOCKER_HOST=unix:///nonexistent.sock\n`
    await writeFile(join(cwd, '.env'), lines)
    for (const flag of [['--dotenv', '.env'], ['--dotenv=.env']]) {
      const { code, stdout, stderr } = await runProcess(['explain', ...flag], { cwd })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^Endpoint +unix:\/\/\/nonexistent\.sock/)
      assert.ok(!('ran' in (await treeOf(cwd))))
    }
  })

  test('| head ends it quietly, and it does all its work', async (t) => {
    const cwd = await temporaryFolder(t)
    const line = CLI.map((word) => `'${word}'`).join(' ')
    const script = `{ ${line} init build01 --client alice; echo "exit $?" >&2; } | true`
    const { code, stderr } = await runCommand('sh', ['-c', script], { cwd })
    assert.deepEqual([code, stderr.split('\n').filter((words) => !words.startsWith('Warning'))], [0, ['exit 0', '']])
    assert.ok('docker-mtls/clients/alice/.env' in (await treeOf(cwd)))
  })

  test(
    'an output that can not be written is a failure',
    { skip: process.platform !== 'linux' && 'no /dev/full' },
    async () => {
      const line = CLI.map((word) => `'${word}'`).join(' ')
      const { code, stderr } = await runCommand('sh', ['-c', `${line} --help > /dev/full`])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_FILE_WRITE: .*no space left/)
    },
  )

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} leaves nothing half-written`, async (t) => {
      const cwd = await temporaryFolder(t)
      const argv = ['init', 'build01', '--client', 'alice', '--client', 'bob', '--key-type', 'rsa2048']
      const stop = [/the server's key/, (pid: number) => process.kill(pid, signal)] as const
      const ended = await runProcess(argv, { cwd, when: stop })
      assert.deepEqual([ended.signal, ended.stdout], [signal, ''], ended.stderr)
      const paths = Object.keys(await treeOf(cwd))
      assert.ok(!paths.some((path) => path.includes('alice')), 'it went on')
      assert.deepEqual(
        paths.filter((path) => /\/\.[^/]+$/.test(path)),
        ['docker-mtls/.gitignore'],
      )
      const again = await runProcess(argv, { cwd })
      assert.equal(again.code, 0, again.stderr)
      assert.match(again.stdout, /^kept {6}docker-mtls\/ca\//)
    })
  }
})
