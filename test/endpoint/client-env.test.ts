import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parse } from 'dotenv'
import { isDockerMtlsError, type ErrorCode } from '../../lib/base/errors.ts'
import { type ClientEnvOptions, renderClientEnv, type Shell, SHELLS } from '../../lib/daemon.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { refuses } from '../daemon-config/support/refuses.ts'
import { carriable } from '../daemon-config/support/strings.ts'
import { assertProperty, assertSamples, fc } from '../support/properties.ts'

const host = 'tcp://build01.example.com:2376'
const certPath = '/home/ann/.docker'
const NAMES = ['DOCKER_TLS_VERIFY', 'DOCKER_HOST', 'DOCKER_HOST_IP', 'DOCKER_CERT_PATH'] as const

/** How each shell reads a file of ours and then shows the variables, as a child process sees them. */
const READ: readonly (readonly [shell: Shell, program: string, script: (file: string) => string[]])[] = [
  ['sh', 'sh', (file) => ['-c', '. "$0"; exec env -0', file]],
  ['bash', 'bash', (file) => ['-c', '. "$0"; exec env -0', file]],
  ['bash', 'bash', (file) => ['-c', 'eval "$(cat "$0")"; exec env -0', file]],
  ['zsh', 'zsh', (file) => ['-f', '-c', '. "$0"; exec env -0', file]],
  ['zsh', 'zsh', (file) => ['-f', '-o', 'rcquotes', '-c', '. "$0"; exec env -0', file]],
  ['fish', 'fish', (file) => ['--no-config', '-c', 'source $argv[1]; exec env -0', file]],
  ['dotenv', 'sh', (file) => ['-c', 'set -a; . "$0"; exec env -0', file]],
  ['dotenv', 'bash', (file) => ['-c', 'set -a; . "$0"; exec env -0', file]],
  ['dotenv', 'zsh', (file) => ['-f', '-a', '-c', '. "$0"; exec env -0', file]],
]

function expected(options: ClientEnvOptions): Record<string, string> {
  return {
    DOCKER_TLS_VERIFY: '1',
    DOCKER_HOST: options.host,
    DOCKER_HOST_IP: options.host,
    DOCKER_CERT_PATH: options.certPath,
  }
}

/** fish makes folders in whichever home it is given. */
const home = mkdtempSync(join(tmpdir(), 'home-'))
after(() => rmSync(home, { recursive: true, force: true }))

/** Reads a rendered text with a real shell; each variable is what a program started by it would get. */
async function readWith(program: string, args: readonly string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await runCommand(program, args, { env: { HOME: home } })
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  const all = new Map(
    stdout.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  return Object.fromEntries(NAMES.map((name) => [name, all.get(name) ?? '(unset)']))
}

/** The text, or undefined where that syntax can't carry the path; any other failure fails the test. */
function tryRender(options: ClientEnvOptions, shell: Shell): string | undefined {
  try {
    return renderClientEnv(options, shell)
  } catch (error) {
    assert.ok(isDockerMtlsError(error, 'ERR_SHELL_UNQUOTABLE'), String(error))
    return undefined
  }
}

describe('the variables of a client', () => {
  const odd = "/home/o'brien/$x \\ `id` ‘’‚‛"
  const rows: readonly (readonly [shell: Shell, path: string, line: string])[] = [
    ['sh', odd, `export DOCKER_CERT_PATH='/home/o'\\''brien/$x \\ \`id\` ‘’‚‛'`],
    ['bash', odd, `export DOCKER_CERT_PATH='/home/o'\\''brien/$x \\ \`id\` ‘’‚‛'`],
    ['zsh', odd, `export DOCKER_CERT_PATH='/home/o'\\''brien/$x \\ \`id\` ‘’‚‛'`],
    ['fish', odd, `set -gx DOCKER_CERT_PATH '/home/o\\'brien/$x \\\\ \`id\` ‘’‚‛'`],
    ['powershell', odd, `$env:DOCKER_CERT_PATH = '/home/o''brien/$x \\ \`id\` ‘‘’’‚‚‛‛'`],
    ['powershell', 'C:\\Users\\ann\\.docker', `$env:DOCKER_CERT_PATH = 'C:\\Users\\ann\\.docker'`],
    ['powershell', 'C:\\"; $(calc)\\`n', `$env:DOCKER_CERT_PATH = 'C:\\"; $(calc)\\\`n'`],
    [
      'cmd',
      'C:\\Users\\ann & bob (x) ^ <y> | z\\.docker\\',
      `set "DOCKER_CERT_PATH=C:\\Users\\ann & bob (x) ^ <y> | z\\.docker\\"`,
    ],
    ['cmd', '\\\\server\\share\\.docker', `set "DOCKER_CERT_PATH=\\\\server\\share\\.docker"`],
    ['cmd', "C:\\o'brien", `set "DOCKER_CERT_PATH=C:\\o'brien"`],
    ['dotenv', '/home/$x \\ "y" `id`', `DOCKER_CERT_PATH='/home/$x \\ "y" \`id\`'`],
  ]
  for (const [shell, folder, line] of rows) {
    test(`${shell}: ${folder}`, () => {
      const rendered = renderClientEnv({ host, certPath: folder }, shell).split('\n')
      const lines = rendered.filter((one) => !one.startsWith('#'))
      // A file says why it names the daemon twice; the others are evaluated.
      assert.equal(rendered.length - lines.length, shell === 'dotenv' ? 1 : 0)
      assert.equal(lines.length, 5)
      assert.equal(lines[3], line)
      assert.equal(lines[4], '')
      for (const [index, name] of NAMES.entries()) assert.ok(lines[index]?.includes(name))
      assert.equal(lines.filter((other) => other.includes(host)).length, 2)
    })
  }

  test('the whole of it', () => {
    assert.equal(
      renderClientEnv({ host, certPath }, 'bash'),
      `export DOCKER_TLS_VERIFY='1'
export DOCKER_HOST='tcp://build01.example.com:2376'
export DOCKER_HOST_IP='tcp://build01.example.com:2376'
export DOCKER_CERT_PATH='/home/ann/.docker'
`,
    )
  })

  const unquotable: readonly (readonly [shell: Shell, path: string])[] = [
    ...SHELLS.flatMap((shell) =>
      ['/a\nb', '/a\rb', '/a\0b', '/a\u001b[2Jb', '/a\u0085b', '/a\ud800b'].map((path) => [shell, path] as const),
    ),
    ['cmd', 'C:\\%PATH%'],
    ['cmd', 'C:\\100%'],
    ['cmd', 'C:\\wow!'],
    ['cmd', 'C:\\" & calc & "'],
    ['dotenv', "/o'brien"],
    ['dotenv', '/a\\'],
  ]
  for (const [shell, folder] of unquotable) {
    test(`${shell}: ${JSON.stringify(folder)} is refused`, () =>
      refuses(() => renderClientEnv({ host, certPath: folder }, shell), 'ERR_SHELL_UNQUOTABLE', /DOCKER_CERT_PATH/))
  }

  for (const good of [
    'tcp://10.0.0.5:2376',
    'tcp://[::1]:2376',
    'tcp://[fe80::1%25eth0]:2376',
    'tcp://h:1/docker/prod',
    'tcp://bücher.example:65535',
  ]) {
    test(`${good} is taken`, () =>
      assert.ok(renderClientEnv({ host: good, certPath }, 'sh').includes(`DOCKER_HOST='${good}'`)))
  }

  const refused: readonly (readonly [what: string, options: unknown, shell: unknown, code: ErrorCode])[] = [
    ['the plaintext port', { host: 'tcp://h:2375', certPath }, 'sh', 'ERR_PLAINTEXT_PORT'],
    ['no port, which the CLI reads as 2375', { host: 'tcp://h', certPath }, 'sh', 'ERR_PLAINTEXT_PORT'],
    ['no port before a prefix', { host: 'tcp://h/x', certPath }, 'sh', 'ERR_PLAINTEXT_PORT'],
    ['an empty port', { host: 'tcp://h:', certPath }, 'sh', 'ERR_PLAINTEXT_PORT'],
    ['http', { host: 'http://h:2376', certPath }, 'sh', 'ERR_PLAINTEXT_REFUSED'],
    ['https', { host: 'https://h:2376', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['a bare name', { host: 'h:2376', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['a socket', { host: 'unix:///x', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['port 0', { host: 'tcp://h:0', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['port 65536', { host: 'tcp://h:65536', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['port 02375', { host: 'tcp://h:02375', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['userinfo', { host: 'tcp://u:p@h:2376', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['a line break', { host: 'tcp://h:2376\nid', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['a quote', { host: "tcp://h';id;':2376", certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['an empty host', { host: '', certPath }, 'sh', 'ERR_HOST_INVALID'],
    ['a relative folder', { host, certPath: '.docker' }, 'sh', 'ERR_PATH_INVALID'],
    ['a ~ that nobody would expand', { host, certPath: '~/.docker' }, 'sh', 'ERR_PATH_INVALID'],
    ['an empty folder', { host, certPath: '' }, 'sh', 'ERR_PATH_INVALID'],
    ['no folder', { host }, 'sh', 'ERR_ARGUMENT_INVALID'],
    ['no options', undefined, 'sh', 'ERR_ARGUMENT_INVALID'],
    ['an unknown option', { host, certPath, tlsVerify: false }, 'sh', 'ERR_OPTION_UNKNOWN'],
    ['an unknown shell', { host, certPath }, 'csh', 'ERR_SHELL_UNKNOWN'],
    ['a shell of another kind', { host, certPath }, 'toString', 'ERR_SHELL_UNKNOWN'],
    ['no shell', { host, certPath }, undefined, 'ERR_SHELL_UNKNOWN'],
  ]
  for (const [what, options, shell, code] of refused) {
    test(`${what} is refused`, () => refuses(() => renderClientEnv(options as ClientEnvOptions, shell as Shell), code))
  }
})

describe('read by real shells', () => {
  const paths = [
    certPath,
    '/',
    '/a:b::c:',
    `/home/o'brien`,
    `/'`,
    `/''`,
    `/\\'\\\\'`,
    '/$HOME/`id`/$(id)',
    '/*?[a-z]~{a,b}',
    '/ ; id # x',
    '/!!',
    '/ä文😀',
    '/=~',
    '/-n',
    '/\t"x"',
    '//./x',
    'C:\\Users\\ann\\.docker\\x',
    '\\\\server\\share',
  ]
  for (const [shell, program, script] of READ) {
    test(`${shell} by ${[program, ...script('FILE')].join(' ')}`, { skip: lacks(program) }, async (t) => {
      const file = join(await temporaryFolder(t), 'variables')
      for (const folder of paths) {
        const options = { host: 'tcp://[::1]:2376', certPath: folder }
        const text = tryRender(options, shell)
        if (text === undefined) {
          assert.equal(shell, 'dotenv', 'only .env has paths that it can not carry')
          continue
        }
        writeFileSync(file, text)
        assert.deepEqual(await readWith(program, script(file)), expected(options))
      }
    })
  }

  // A process for each run would take minutes: many paths go into one file, each printed as soon as it is set.
  // In quotes, since fish splits a variable whose name ends in PATH at its colons, and joins it again there.
  const print = `printf '%s\\0' "$DOCKER_CERT_PATH"\n`
  for (const [shell, program, script] of READ) {
    test(`${shell} by ${[program, ...script('FILE')].join(' ')}: any path`, { skip: lacks(program) }, async (t) => {
      const file = join(await temporaryFolder(t), 'variables')
      const folders = carriable().map((text) => `/${text}`)
      await assertSamples(t, folders, { numRuns: 400 }, async (samples) => {
        const rendered = samples.map((folder) => [folder, tryRender({ host, certPath: folder }, shell)] as const)
        const kept = rendered.filter(([, text]) => text !== undefined)
        assert.ok(kept.length >= (shell === 'dotenv' ? samples.length / 4 : samples.length))
        writeFileSync(file, kept.map(([, text]) => `${text ?? ''}${print}`).join(''))
        const { code, stdout, stderr } = await runCommand(program, script(file), { env: { HOME: home } })
        assert.equal(code, 0, stderr)
        assert.equal(stderr, '')
        assert.deepEqual(
          stdout.split('\0').slice(0, kept.length),
          kept.map(([folder]) => folder),
        )
      })
    })
  }
})

describe('read by dotenv', () => {
  test('any path: what dotenv reads is what was meant', (t) => {
    let count = 0
    let refusedCount = 0
    assertProperty(
      t,
      fc.property(carriable(), (text) => {
        const options = { host, certPath: `/${text}` }
        const rendered = tryRender(options, 'dotenv')
        count++
        if (rendered === undefined) refusedCount++
        else assert.deepEqual({ ...parse(rendered) }, expected(options))
      }),
      { numRuns: 1000 },
    )
    assert.ok(refusedCount < count * 0.9, `${refusedCount} of ${count} refused`)
  })

  test('also with more behind it', () => {
    const rendered = `${renderClientEnv({ host, certPath: '/a\\b' }, 'dotenv')}OTHER='x'\n`
    assert.deepEqual({ ...parse(rendered) }, { ...expected({ host, certPath: '/a\\b' }), OTHER: 'x' })
  })
})
