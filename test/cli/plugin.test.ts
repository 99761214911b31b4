import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { COMMANDS } from '../../lib/cli/commands.ts'
import { complete } from '../../lib/cli/command-line/complete.ts'
import { optionsFromDocker } from '../../lib/cli/command-line/docker-flags.ts'
import { metadata } from '../../lib/cli/plugin/metadata.ts'
import type { DockerFlag } from '../../lib/base/docker-flags.ts'
import { parsePluginCall, PLUGIN_VARIABLE, variablesOf } from '../../lib/cli/plugin/call.ts'
import { renderTyped } from '../../lib/cli/terminal/sentence-style.ts'
import { ours, sentence } from '../../lib/base/sentence.ts'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { installPlugin, removePlugin, renderPlugin } from '../../lib/cli/plugin/plugin-file.ts'
import { cleanEnvironment, runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { CLI, runCli, runJson } from './support/run-cli.ts'

const BY_DOCKER = { [PLUGIN_VARIABLE]: 'docker' }

describe('a call by the docker command', () => {
  const ROWS: readonly (readonly [string, readonly string[], readonly DockerFlag[]])[] = [
    ['mtls ping', ['ping'], []],
    ['mtls', [], []],
    ['help mtls', ['help'], []],
    ['help mtls context rm', ['help', 'context', 'rm'], []],
    ['__complete mtls pi', ['__complete', 'pi'], []],
    ['-v mtls ping', ['--version'], [['--version', undefined]]],
    ['--host=unix:///x mtls ping -- -H y', ['ping', '--', '-H', 'y'], [['--host', 'unix:///x']]],
    ['-H unix:///x mtls ping', ['ping'], [['--host', 'unix:///x']]],
    ['-Hunix:///x mtls ping', ['ping'], [['--host', 'unix:///x']]],
    ['-H=unix:///x mtls ping', ['ping'], [['--host', 'unix:///x']]],
    ['-c mtls mtls ping', ['ping'], [['--context', 'mtls']]],
    [
      '-DH unix:///x mtls ping',
      ['ping'],
      [
        ['--debug', undefined],
        ['--host', 'unix:///x'],
      ],
    ],
    [
      '-D=false -l debug mtls ping',
      ['ping'],
      [
        ['--debug', 'false'],
        ['--log-level', 'debug'],
      ],
    ],
    [
      '--tlsverify --tlscacert a mtls ping',
      ['ping'],
      [
        ['--tlsverify', undefined],
        ['--tlscacert', 'a'],
      ],
    ],
    ['--new-flag mtls ping', ['ping'], [['--new-flag', undefined]]],
    ['mtls docker-cli-plugin-metadata', ['docker-cli-plugin-metadata'], []],
  ]
  for (const [typed, argv, flags] of ROWS) {
    test(typed, () => assert.deepEqual(parsePluginCall(typed.split(' '), BY_DOCKER), { argv, flags }))
  }

  test('is none without its variable, nor without its word: a plugin may have started us by our own name', () => {
    assert.equal(parsePluginCall(['mtls', 'ping'], {}), undefined)
    for (const typed of ['ping', 'context rm mtls', '', '-H unix:///x ping', 'help ping', 'ping --host mtls']) {
      assert.equal(parsePluginCall(typed.split(' '), BY_DOCKER), undefined, typed)
    }
  })

  test('--config and -D are variables; the last one counts', () => {
    const flags = [
      ['--config', '/a'],
      ['--config', '/b'],
      ['--debug', undefined],
      ['--log-level', 'x'],
    ] as const
    assert.deepEqual(variablesOf(flags), { DOCKER_CONFIG: '/b', NODE_DEBUG: 'docker-mtls' })
    assert.deepEqual(variablesOf([['--debug', 'false']]), {})
    assert.deepEqual(variablesOf([['--debug', '0']]), {})
    assert.deepEqual(
      variablesOf([
        ['--debug', undefined],
        ['--debug', 'false'],
      ]),
      {},
    )
    assert.deepEqual(variablesOf([['--debug', 'T']]), { NODE_DEBUG: 'docker-mtls' })
  })
})

describe("the docker command's own options", () => {
  const CONNECTS = ['--host', '--context', '--cert-path', '--json']
  const of = (typed: string, has = CONNECTS): string[] =>
    optionsFromDocker(parsePluginCall([...typed.split(' '), 'mtls'], BY_DOCKER)?.flags ?? [], has, ours('ping'))

  const TAKEN: readonly (readonly [string, readonly string[]])[] = [
    ['-H tcp://a:2376', ['--host', 'tcp://a:2376']],
    ['-c prod', ['--context', 'prod']],
    ['--host a --host b', ['--host', 'a', '--host', 'b']],
    ['--tlsverify -H tcp://a:2376', ['--host', 'tcp://a:2376']],
    ['--tlsverify=true', []],
    ['--tlsverify=1', []],
    ['--config /x -D -l debug', []],
    ['--tlscacert /x/ca.pem --tlscert=/x/cert.pem --tlskey /x/key.pem', ['--cert-path', '/x']],
    ['--tlscacert ca.pem --tlscert cert.pem --tlskey key.pem', ['--cert-path', '.']],
  ]
  for (const [typed, words] of TAKEN) test(typed, () => assert.deepEqual(of(typed), words))

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['--tls', /TLS without verification/],
    ['--tls=false', /no TLS, /],
    ['--tlsverify=false', /turns off verification/],
    ['--tlscacert /x/ca.pem', /not ca\.pem, cert\.pem and key\.pem in one folder.*--cert-path/s],
    ['--tlscacert /x/ca.pem --tlscert /y/cert.pem --tlskey /x/key.pem', /in one folder/],
    ['--tlscacert /x/key.pem --tlscert /x/cert.pem --tlskey /x/ca.pem', /in one folder/],
    ['--new-flag', /doesn't support the docker command's --new-flag/],
  ]
  for (const [typed, words] of REFUSED) {
    test(`${typed} is refused`, () => {
      assert.throws(
        () => of(typed),
        (error: unknown) => isDockerMtlsError(error, 'ERR_USAGE') && words.test(error.message),
      )
    })
  }

  test('a command that connects to nothing refuses what says where to', () => {
    for (const has of [['--json'], ['--host'], ['--host', '--cert-path']]) {
      assert.throws(() => of('-H tcp://a:2376', has), /selects a daemon, but docker-mtls ping doesn't connect/)
      assert.throws(() => of('--tlsverify', has), /the docker command's --tlsverify/)
      assert.deepEqual(of('-D --config /x', has), [])
    }
  })

  test('come to the command', async () => {
    const x = { env: BY_DOCKER, docker: [['--host', 'unix:///x']] } as const
    const explained = await runCli(['explain', '--json'], x)
    const { endpoint } = JSON.parse(explained.stdout) as { endpoint: { url: string } }
    assert.equal(endpoint.url, 'unix:///x')
    const twice = await runCli(['explain', '--host', 'unix:///y'], x)
    assert.match(twice.stderr, /^ERR_USAGE: the option --host: it is given twice/)
    const init = await runCli(['init', 'a'], x)
    assert.deepEqual([init.code, init.stdout], [2, ''])
    assert.match(
      init.stderr,
      /^ERR_USAGE: docker mtls init: the docker command's --host .*\n.* docker mtls init --help$/m,
    )
  })
})

describe('what it is called', () => {
  test('in every sentence, for every command there is', () => {
    for (const { words } of COMMANDS) {
      const line = sentence`Try:  ${ours(...words, 'x')}`
      const rest = `${words.join(' ')} x`
      assert.equal(renderTyped(line, BY_DOCKER), `Try:  docker mtls ${rest}`)
      assert.equal(renderTyped(line, {}), `Try:  docker-mtls ${rest}`)
      assert.equal(renderTyped(line, { npm_command: 'exec' }), `Try:  npx docker-mtls ${rest}`)
    }
    assert.equal(renderTyped('in docker-mtls/ca, of docker-mtls.', BY_DOCKER), 'in docker-mtls/ca, of docker-mtls.')
  })

  test('in help, and no line gets longer', async () => {
    for (const words of [[], ['cert'], ...COMMANDS.map((command) => command.words)]) {
      const own = await runCli([...words, '--help'])
      const { stdout } = await runCli([...words, '--help'], { env: BY_DOCKER })
      assert.match(stdout, new RegExp(`^Usage: docker mtls${words.map((word) => ` ${word}`).join('')} `))
      assert.equal(stdout.replaceAll('docker mtls', 'docker-mtls'), own.stdout.replaceAll('docker mtls', 'docker-mtls'))
      assert.doesNotMatch(stdout, /^ {2}docker-mtls /m)
    }
  })
})

describe('completion', () => {
  const ROWS: readonly (readonly [readonly string[], RegExp])[] = [
    [[''], /^init\t.*\nsetup\t.*\ncert\t.*\n(?:.*\n)*bridge\t.*\n(?:.*\n)*:4\n$/],
    [['pi'], /^ping\t.*\n:4\n$/],
    [['context', ''], /^create\t.*\n(?:.*\n)*rm\t.*\n:4\n$/],
    [['context', 'r'], /^rm\t.*\n:4\n$/],
    [['nonsense', ''], /^:0\n$/],
    [['ping', '--dotenv', ''], /^:0\n$/],
    [['context', 'rm', ''], /^:0\n$/],
    [['constructor', ''], /^:0\n$/],
    [['zz'], /^:4\n$/],
  ]
  for (const [words, answer] of ROWS) {
    test(JSON.stringify(words), () => assert.match(complete(['__complete', ...words]), answer))
  }

  test('names each word once, and with __completeNoDesc nothing else', () => {
    const lines = complete(['__completeNoDesc', '']).trimEnd().split('\n')
    assert.deepEqual(lines, [...new Set(COMMANDS.map(({ words }) => words[0])), ':4'])
  })
})

/** A program that stands for node and prints what it is given. */
async function echoProgram(folder: string): Promise<{ node: string; script: string }> {
  const place = join(folder, `it's a "$HOME" \\ \`id\` *`)
  await mkdir(place, { recursive: true })
  const [node, script] = [join(place, 'node\n2'), join(place, 'main.js')]
  await writeFile(node, `#!/bin/sh\nprintf '<%s>' "$@"\n`, { mode: 0o755 })
  await writeFile(script, '')
  return { node, script }
}

async function isInstalled(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function hasCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isDockerMtlsError(error, code)
}

describe('installing', () => {
  test('makes one file, which hands every word on as it is', async (t) => {
    const home = await temporaryFolder(t)
    const folder = join(home, '.docker/cli-plugins')
    const program = await echoProgram(home)
    const place = { folder, makeFolder: true }
    const made = await installPlugin(place, program, false)
    const path = join(folder, 'docker-mtls')
    assert.deepEqual(made, { path, action: 'created', program })
    assert.equal((await stat(path)).mode & 0o777, 0o755)
    const words = ['mtls', 'a b', '', '$X', `'`, '--', '-x']
    const ran = await runCommand(path, words)
    assert.deepEqual([ran.code, ran.stdout], [0, `<${[program.script, ...words].join('><')}>`], ran.stderr)
    const before = await readFile(path)
    assert.equal((await installPlugin(place, program, false)).action, 'kept')
    assert.deepEqual(await readFile(path), before)
    await chmod(path, 0o644)
    assert.equal((await installPlugin(place, program, false)).action, 'replaced', 'a file that does not run')
    assert.equal((await installPlugin(place, { ...program, script: program.node }, false)).action, 'replaced')
    assert.deepEqual(await removePlugin(folder), { path, removed: true })
    assert.deepEqual(await removePlugin(folder), { path, removed: false })
  })

  test('says so once what it runs is gone', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'docker-mtls')
    for (const gone of [
      ['/nonexistent/node', '/bin/true'],
      ['/bin/sh', '/nonexistent/main.js'],
    ]) {
      await writeFile(path, renderPlugin(gone), { mode: 0o755 })
      const { code, stderr } = await runCommand(path, ['mtls'])
      assert.equal(code, 127)
      assert.match(stderr, /^\/nonexistent\/\S+ is gone\. .* {2}docker-mtls plugin install\n$/)
    }
  })

  test('leaves what is not ours, but by force', async (t) => {
    const home = await temporaryFolder(t)
    const program = await echoProgram(home)
    const path = join(home, 'docker-mtls')
    const place = { folder: home, makeFolder: false }
    await writeFile(join(home, 'else'), 'else')
    const makers = [
      () => writeFile(path, '#!/bin/sh\necho other\n'),
      () => writeFile(path, ''),
      () => symlink(join(home, 'else'), path),
      () => symlink('/nonexistent', path),
    ]
    for (const make of makers) {
      await make()
      await assert.rejects(installPlugin(place, program, false), hasCode('ERR_PLUGIN_FOREIGN'))
      await assert.rejects(removePlugin(home), hasCode('ERR_PLUGIN_FOREIGN'))
      assert.equal((await installPlugin(place, program, true)).action, 'replaced')
      assert.equal(await readFile(join(home, 'else'), 'utf8'), 'else', 'what a link leads to is written to')
      assert.equal((await removePlugin(home)).removed, true)
    }
    await mkdir(path)
    await assert.rejects(installPlugin(place, program, false), hasCode('ERR_PLUGIN_FOREIGN'))
    await assert.rejects(installPlugin(place, program, true), hasCode('ERR_FILE_WRITE'))
  })

  test('a link in the place of the plugin, by which we were started, does not become a loop', async (t) => {
    const home = await temporaryFolder(t)
    const { node, script } = await echoProgram(home)
    const path = join(home, 'docker-mtls')
    await symlink(script, path)
    await installPlugin({ folder: home, makeFolder: false }, { node, script: path }, true)
    assert.equal((await runCommand(path, ['x'])).stdout, `<${await realpath(script)}><x>`)
  })

  test('not from the cache of npx, also behind a link, but by force', async (t) => {
    const home = await temporaryFolder(t)
    const program = await echoProgram(join(home, '_npx/0a'))
    const link = join(home, 'docker')
    await symlink(program.script, link)
    const place = { folder: join(home, 'plugins'), makeFolder: true }
    for (const script of [program.script, link]) {
      await assert.rejects(installPlugin(place, { ...program, script }, false), hasCode('ERR_PLUGIN_FROM_CACHE'))
      assert.equal(await isInstalled(place.folder), false)
    }
    assert.equal((await installPlugin(place, program, true)).action, 'created')
    const like = await echoProgram(join(home, 'my_npx'))
    assert.equal((await installPlugin(place, like, false)).action, 'replaced')
  })

  test('not on Windows, and not into a folder that is not there', async (t) => {
    const home = await temporaryFolder(t)
    const program = await echoProgram(home)
    const place = { folder: join(home, 'a/b'), makeFolder: false }
    await assert.rejects(installPlugin(place, program, true, 'win32'), hasCode('ERR_PLUGIN_UNSUPPORTED'))
    await assert.rejects(installPlugin(place, program, false), (error: Error) => {
      assert.match(error.message, /there is no folder \S+a\/b.*mkdir -p \S+a\/b$/s)
      return hasCode('ERR_FILE_WRITE')(error)
    })
    assert.equal(await isInstalled(join(home, 'a')), false)
  })

  test('plugin install and plugin remove do so in DOCKER_CONFIG, in ~/.docker and in --dir', async (t) => {
    const home = await temporaryFolder(t)
    const [config, dir] = [join(home, 'config'), join(home, 'dir')]
    await mkdir(dir)
    const rows = [
      [{ HOME: home }, [], join(home, '.docker/cli-plugins')],
      [{ HOME: home, DOCKER_CONFIG: config }, [], join(config, 'cli-plugins')],
      [{ HOME: home, DOCKER_CONFIG: config }, ['--dir', dir], dir],
    ] as const
    for (const [env, argv, folder] of rows) {
      const path = join(folder, 'docker-mtls')
      const { stdout, code } = await runCli(['plugin', 'install', ...argv], { env })
      assert.equal(code, 0)
      assert.match(
        stdout,
        new RegExp(`^created {3}${path}\n {10}runs \\S+\n {10}by .*\n {10}try it: docker mtls ping\n$`),
      )
      const program = { node: process.execPath, script: process.argv[1] }
      assert.deepEqual(await runJson(['plugin', 'install', ...argv], { env }), { path, action: 'kept', program })
      assert.deepEqual(await runJson(['plugin', 'remove', ...argv], { env }), { path, removed: true })
      assert.equal((await runCli(['plugin', 'remove', ...argv], { env })).stdout, `There is no ${path}.\n`)
    }
    const stray = await runCli(['plugin', 'install', 'x'])
    assert.match(stray.stderr, /the argument "x" is unexpected.*--dir x/s)
  })
})

/** A DOCKER_CONFIG whose only plugin is this very code. */
async function withPlugin(t: TestContext): Promise<{ config: string; env: Record<string, string> }> {
  const config = await temporaryFolder(t)
  await mkdir(join(config, 'cli-plugins'))
  await writeFile(join(config, 'cli-plugins/docker-mtls'), renderPlugin(CLI), { mode: 0o755 })
  return { config, env: { DOCKER_CONFIG: config, HOME: config } }
}

describe('with the real docker command', { skip: lacks('docker') }, () => {
  test('it is listed, and valid', async (t) => {
    const { config, env } = await withPlugin(t)
    const { ShortDescription, Version } = JSON.parse(metadata()) as { ShortDescription: string; Version: string }
    const help = await runCommand('docker', ['--help'], { env })
    assert.match(help.stdout, new RegExp(`^ {2}mtls\\* +${ShortDescription}$`, 'm'))
    const info = await runCommand('docker', ['info', '--format', '{{json .ClientInfo.Plugins}}'], { env })
    const plugins = JSON.parse(info.stdout) as { Name: string; Path: string; Version: string; Err?: string }[]
    const own = plugins.find(({ Name }) => Name === 'mtls')
    assert.deepEqual([own?.Path, own?.Version, own?.Err], [join(config, 'cli-plugins/docker-mtls'), Version, undefined])
  })

  const ROWS: readonly (readonly [string, number, RegExp])[] = [
    ['mtls --version', 0, /^\d+\.\d+\.\d+\n$/],
    ['mtls --help', 0, /^Usage: docker mtls \[options\]/],
    ['help mtls', 0, /^Usage: docker mtls \[options\]/],
    ['mtls ping --help', 0, /^Usage: docker mtls ping /],
    ['help mtls ping', 0, /^Usage: docker mtls ping /],
    ['mtls', 2, /^Usage: docker mtls \[options\]/],
    ['mtls pong', 2, /^ERR_USAGE: docker mtls: there is no command pong\.\nDid you mean {2}docker mtls ping \?/],
    ['mtls explain --host unix:///x', 0, /^Endpoint +unix:\/\/\/x\nSelected by +option --host$/m],
    ['-H unix:///x mtls explain', 0, /^Endpoint +unix:\/\/\/x\nSelected by +option --host$/m],
    ['-H unix:///nonexistent mtls ping', 1, /^ERR_SOCKET_NOT_FOUND: connecting to unix:\/\/\/nonexistent/],
    ['--context nope mtls ping', 1, /^ERR_CONTEXT_NOT_FOUND: the context nope \(option --context\)/],
    [
      '-H tcp://a:2376 --tls mtls ping',
      2,
      /^ERR_USAGE: docker mtls ping: docker --tls asks for TLS without verification/,
    ],
    ['-H tcp://a:2375 mtls explain', 1, /ERR_PLAINTEXT_PORT/],
    ['-H unix:///x mtls cert list', 2, /^ERR_USAGE: docker mtls cert list: the docker command's --host/],
    ['__complete mtls pi', 0, /^ping\tconnect, and show who answered\n:4\n$/],
  ]
  test('a call comes through as it was typed, with its exit code', async (t) => {
    const { env } = await withPlugin(t)
    for (const [typed, expected, words] of ROWS) {
      const { code, stdout, stderr } = await runCommand('docker', typed.split(' '), { env })
      assert.match(stdout + stderr, words, typed)
      assert.equal(code, expected, typed)
    }
  })

  test('--config is where contexts are', async (t) => {
    const { config, env } = await withPlugin(t)
    const other = { ...env, DOCKER_CONFIG: '/nonexistent' }
    const docker = (...argv: string[]): Promise<CommandResult> =>
      runCommand('docker', ['--config', config, ...argv], { env: other })
    assert.equal((await docker('mtls', 'context', 'create', 'lab', '--host', 'unix:///x')).code, 0)
    assert.match((await docker('context', 'ls')).stdout, /^lab +unix:\/\/\/x/m)
    assert.match((await docker('--context', 'lab', 'mtls', 'explain')).stdout, /^Endpoint +unix:\/\/\/x/)
  })

  test('what a plugin starts by our own name is no plugin', async (t) => {
    const { env } = await withPlugin(t)
    const [file = '', ...argv] = CLI
    const ran = await runCommand(file, [...argv, 'pong'], { env: { ...env, ...BY_DOCKER } })
    assert.match(ran.stderr, /^ERR_USAGE: docker-mtls: there is no command pong\.\nDid you mean {2}docker-mtls ping/)
  })

  test('a signal to the docker command alone ends it as well, and it tidies up', async (t) => {
    const { config, env } = await withPlugin(t)
    const folder = join(config, 'pki')
    assert.equal((await runCli(['init', '127.0.0.1', '--client', 'alice', '--out', folder])).code, 0)
    const daemon = await startFakeDaemon(folder)
    t.after(daemon.close)
    // Node 20 can't open the socket by which it would hear of the docker command's SIGTERM.
    const isOld = Number(process.versions.node.split('.')[0]) < 22
    for (const signal of isOld ? (['SIGKILL'] as const) : (['SIGTERM', 'SIGINT', 'SIGKILL'] as const)) {
      const socket = join(config, 'bridge.sock')
      const argv = [
        '-H',
        daemon.url,
        'mtls',
        'bridge',
        '--cert-path',
        join(folder, 'clients/alice'),
        '--socket',
        socket,
      ]
      const docker = spawn('docker', argv, { env: cleanEnvironment(env), stdio: 'ignore' })
      const closed = once(docker, 'close')
      await until(() => isInstalled(socket), 'no bridge')
      docker.kill(signal)
      await until(async () => !(await isInstalled(socket)), `${signal} leaves the bridge open`)
      const [code] = (await closed) as [number | null]
      assert.equal(code, signal === 'SIGKILL' ? null : 143)
    }
  })
})

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await holds())) {
    assert.ok(Date.now() < end, otherwise)
    await sleep(50)
  }
}
