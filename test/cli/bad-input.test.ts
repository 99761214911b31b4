import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, type RunOptions } from './support/run-cli.ts'

/** What is wrong, the command line, its exit code, the error's code, and words that the message must have. */
type Row = readonly [
  what: string,
  argv: readonly string[],
  code: number,
  error: string,
  words: RegExp,
  options?: RunOptions,
]

const USAGE: readonly Row[] = [
  ['an unknown command', ['frobnicate'], 2, 'ERR_USAGE', /no command frobnicate/],
  ['a command with a slip', ['pnig'], 2, 'ERR_USAGE', /Did you mean {2}docker-mtls ping \?/],
  ['a slip in a command that issues', ['inti', 'build01'], 2, 'ERR_USAGE', /no command inti\.\nSee: /],
  ["docker's own -H", ['ping', '-H', 'b'], 2, 'ERR_USAGE', /no option -H\.\nDid you mean {2}--host \?/],
  ['the same with its value', ['ping', '-Hb'], 2, 'ERR_USAGE', /no option -H\.\nDid you mean {2}--host \?/],
  ['-H before the command', ['-H', 'b', 'ping'], 2, 'ERR_USAGE', /Did you mean {2}docker-mtls COMMAND --host \?/],
  ['-H without such an option', ['cert', 'list', '-H', 'b'], 2, 'ERR_USAGE', /no option -H\.\nSee: /],
  ["docker's own -v", ['-v'], 2, 'ERR_USAGE', /no option -v\.\nDid you mean {2}docker-mtls --version \?/],
  ['-v of a command', ['ping', '-v'], 2, 'ERR_USAGE', /Did you mean {2}docker-mtls --version \?/],
  ['an option that replaces', ['cert', 'client', 'a', '--foce'], 2, 'ERR_USAGE', /no option --foce\.\nSee: /],
  ['a command of a group with a slip', ['cert', 'sho', 'x'], 2, 'ERR_USAGE', /Did you mean {2}docker-mtls cert show/],
  ['an unknown option', ['init', 'b', '--days', '3'], 2, 'ERR_USAGE', /no option --days/],
  ['the folder of keys by its other name', ['init', 'b', '--dir', 'x'], 2, 'ERR_USAGE', /Did you mean {2}--out \?/],
  ['and the other way round', ['cert', 'list', '--out', 'x'], 2, 'ERR_USAGE', /Did you mean {2}--dir \?/],
  ['an option with a slip', ['init', 'b', '--lisen', 'x'], 2, 'ERR_USAGE', /Did you mean {2}--listen/],
  ['an option before the command', ['--json', 'ping'], 2, 'ERR_USAGE', /no option --json/],
  ['no names', ['init'], 2, 'ERR_USAGE', /argument name is missing.*\n.*docker-mtls init build01/],
  ['no names behind a switch', ['init', '--userns-remap'], 2, 'ERR_USAGE', /argument name is missing/],
  ['no client', ['cert', 'client'], 2, 'ERR_USAGE', /docker-mtls cert client alice/],
  ['two clients', ['cert', 'client', 'a', 'b'], 2, 'ERR_USAGE', /the argument "b" is unexpected/],
  ['no host to undo', ['setup', '--undo'], 2, 'ERR_USAGE', /argument ssh-url is missing.*\n.* setup --undo ssh:/],
  ['no host', ['setup'], 2, 'ERR_USAGE', /argument ssh-url is missing.*\n.* setup ssh:/],
  ['no file', ['cert', 'show'], 2, 'ERR_USAGE', /argument file is missing/],
  [
    'no --out: the example has the name',
    ['client', 'export', 'ann'],
    2,
    'ERR_USAGE',
    /--out <file> is missing\.\nFor example: {2}docker-mtls client export alice --out alice\.tar$/m,
  ],
  ['no --out and no plain name', ['client', 'export', 'a/b'], 2, 'ERR_USAGE', /client export alice --out alice\.tar$/m],
  ['no name: the example has its own', ['client', 'rm'], 2, 'ERR_USAGE', /example: {2}docker-mtls client rm alice$/m],
  ['a value for a flag', ['ping', '--json=true'], 2, 'ERR_USAGE', /: --json takes no value\.\nWrite --json alone\.$/m],
  ['a value for another flag', ['client', 'rm', 'ann', '--yes=1'], 2, 'ERR_USAGE', /: --yes takes no value/],
  ['a value for --version', ['--version=1'], 2, 'ERR_USAGE', /--version takes no value/],
  ['a value for --help', ['ping', '--help=1'], 2, 'ERR_USAGE', /--help takes no value/],
  ['an unknown flag with a value', ['ping', '--jsn=true'], 2, 'ERR_USAGE', /there is no option --jsn\.$/m],
  ['no value at the end', ['init', 'b', '--listen'], 2, 'ERR_USAGE', /--listen <addr:port> has no value/],
  ['no value before an option', ['init', 'b', '--listen', '--json'], 2, 'ERR_USAGE', /--listen has no value: --json/],
  ['no value, which an example has', ['ping', '--host'], 2, 'ERR_USAGE', /\nFor example: {2}docker-mtls ping --host b/],
  ['no value, which no example has', ['ping', '--timeout'], 2, 'ERR_USAGE', /\nSee: {2}docker-mtls ping --help/],
  ['an unknown command with a quote', ["it's"], 2, 'ERR_USAGE', /no command it's\.$/m],
  ["one of docker's commands", ['context', 'use', 'x'], 2, 'ERR_USAGE', /no command use.*\n.*docker context use$/m],
  ['the same elsewhere', ['cert', 'use', 'x'], 2, 'ERR_USAGE', /no command use.*\nSee: {2}docker-mtls cert/],
  ['another word for rm', ['context', 'remove', 'x'], 2, 'ERR_USAGE', /Did you mean {2}docker-mtls context rm \?/],
  ['an empty value', ['init', 'b', '--listen', ''], 2, 'ERR_USAGE', /--listen: its value is empty/],
  ['an empty optional value', ['init', 'b', '--userns-remap='], 2, 'ERR_USAGE', /--userns-remap: its value is empty/],
  ['an empty client', ['init', 'b', '--client='], 2, 'ERR_USAGE', /--client: its value is empty/],
  ['an option twice', ['init', 'b', '--listen', '0.0.0.0:1', '--listen', '0.0.0.0:2'], 2, 'ERR_USAGE', /twice/],
  ['a switch twice', ['init', 'b', '--userns-remap', '--userns-remap'], 2, 'ERR_USAGE', /twice/],
  [
    'two forms',
    ['daemon', 'render', '--systemd', '--daemon-json'],
    2,
    'ERR_USAGE',
    /--systemd and --daemon-json can't be combined/,
  ],
  ['a host without its option', ['ping', 'tcp://b:2376'], 2, 'ERR_USAGE', /docker-mtls ping --host tcp:\/\/b:2376/],
  ['the same for explain', ['explain', 'b'], 2, 'ERR_USAGE', /docker-mtls explain --host b/],
  ['a time-out that is none', ['ping', '--timeout', 'soon'], 2, 'ERR_USAGE', /--timeout "soon"/],
  ['no time at all', ['ping', '--timeout', '0'], 2, 'ERR_USAGE', /--timeout "0"/],
  ['two daemons', ['ping', '--host', 'b', '--context', 'c'], 2, 'ERR_ARGUMENT_INVALID', /--host and --context/],
  [
    'a tar file on a terminal',
    ['client', 'export', 'a', '--out', '-'],
    2,
    'ERR_USAGE',
    /is a terminal/,
    { tty: true, env: { NO_COLOR: '1' } },
  ],
  ['a tar file and JSON', ['client', 'export', 'a', '--out', '-', '--json'], 2, 'ERR_USAGE', /both need stdout/],
]

const INIT: readonly Row[] = [
  ['a port in a name', ['init', 'build01:2376'], 2, 'ERR_NAME_INVALID', /Use {2}build01 {2}instead/],
  ['a URL', ['init', 'https://build01/'], 2, 'ERR_NAME_INVALID', /Use {2}build01 {2}instead/],
  ['the second of two names', ['init', 'good', 'b d'], 2, 'ERR_NAME_INVALID', /"b d"/],
  ['an empty name', ['init', ''], 2, 'ERR_NAME_INVALID', /empty/],
  ['a network', ['init', '10.0.0.0/24'], 2, 'ERR_NAME_INVALID', /single hosts/],
  ['where a daemon listens', ['init', '0.0.0.0'], 2, 'ERR_NAME_INVALID', /no client can connect to it/],
  ['nothing but a wildcard', ['init', '*.example.com'], 2, 'ERR_NAME_INVALID', /wildcard/],
  ['a dot in a client', ['init', 'b', '--client', 'a.b'], 2, 'ERR_NAME_INVALID', /Use {2}a-b/],
  ['a path as a client', ['init', 'b', '--client', '../x'], 2, 'ERR_NAME_INVALID', /"..\/x"/],
  ['a type of key', ['init', 'b', '--key-type', 'rsa'], 2, 'ERR_USAGE', /rsa4096/],
  ['a port alone', ['init', 'b', '--listen', '2376'], 2, 'ERR_LISTEN_INVALID', /0\.0\.0\.0:2376/],
  ['the plaintext port', ['init', 'b', '--listen', '0.0.0.0:2375'], 2, 'ERR_LISTEN_PLAINTEXT', /:2376/],
  ['a relative tlsdir', ['init', 'b', '--tlsdir', 'etc'], 2, 'ERR_PATH_INVALID', /option --tlsdir/],
  ['an unclean tlsdir', ['init', 'b', '--tlsdir', '/etc/../x'], 2, 'ERR_PATH_INVALID', /option --tlsdir/],
  ['a line break in tlsdir', ['init', 'b', '--tlsdir', '/etc/x\ny'], 2, 'ERR_PATH_INVALID', /U\+000A/],
  ['root as the remapped user', ['init', 'b', '--userns-remap=root'], 2, 'ERR_USERNS_INVALID', /Use the value default/],
  ['a user that is none', ['init', 'b', '--userns-remap=a:b:c'], 2, 'ERR_USERNS_INVALID', /colon/],
  ['a unit that is not there', ['init', 'b', '--unit', 'DIR/nope'], 1, 'ERR_UNIT_NOT_FOUND', /systemctl cat/],
  ['a folder as a unit', ['init', 'b', '--unit', 'DIR'], 1, 'ERR_FILE_READ', /Name a file with --unit/],
  [
    'a host whose name is none for a context',
    ['setup', 'ssh://root@x', '--dry-run'],
    1,
    'ERR_CONTEXT_INVALID',
    /naming the docker context after the host, x: .*at least two characters\.\n.*--context NAME/,
  ],
  ['a unit of something else', ['init', 'b', '--unit', 'DIR/nginx.service'], 1, 'ERR_UNIT_INVALID', /nginx\.service/],
  ['a unit that is binary', ['init', 'b', '--unit', 'DIR/binary'], 1, 'ERR_UNIT_INVALID', /NUL/],
  ['a folder that is a file', ['init', 'b', '--out', 'DIR/binary'], 1, 'ERR_CA_MISSING', /it is a file, not a folder/],
  ['a path that .env has no quotes for', ['init', 'b', '--out', "DIR/it's"], 1, 'ERR_SHELL_UNQUOTABLE', /single quote/],
  ['no passphrase', ['init', 'b', '--encrypt-ca-key'], 1, 'ERR_CA_PASSPHRASE', /--ca-passphrase-file/],
  [
    'a short passphrase',
    ['init', 'b'],
    1,
    'ERR_CA_PASSPHRASE',
    /7 characters/,
    { env: { DOCKER_MTLS_CA_PASSPHRASE: 'abcdefg' } },
  ],
  ['an empty passphrase', ['init', 'b', '--ca-passphrase-file', 'DIR/empty'], 1, 'ERR_FILE_READ', /is empty/],
  [
    'a passphrase file that is not there',
    ['init', 'b', '--ca-passphrase-file', 'DIR/n'],
    1,
    'ERR_FILE_READ',
    /the passphrase in DIR\/n: there is no such file\./,
  ],
  ['no authority', ['cert', 'server', 'b'], 1, 'ERR_CA_MISSING', /docker-mtls cert ca --dir/],
  ['no days', ['cert', 'ca', '--days', '0'], 2, 'ERR_DAYS_INVALID', /1 to 36500/],
  ['days that are no number', ['cert', 'ca', '--days', '1e3'], 2, 'ERR_DAYS_INVALID', /"1e3"/],
  ['half a day', ['cert', 'ca', '--days', '1.5'], 2, 'ERR_DAYS_INVALID', /1\.5/],
  ['negative days', ['cert', 'ca', '--days=-1'], 2, 'ERR_DAYS_INVALID', /-1/],
  ['an authority without a name', ['cert', 'ca', '--name', ' '], 2, 'ERR_NAME_INVALID', /empty/],
  ['no folder to list', ['cert', 'list'], 1, 'ERR_CA_MISSING', /init/],
  ['no client to export', ['client', 'export', 'a', '--out', 'DIR/a.tar'], 1, 'ERR_CLIENT_NOT_FOUND', /no clients/],
  ['no client for variables', ['client', 'env', 'a'], 1, 'ERR_CLIENT_NOT_FOUND', /--host/],
]

const OTHERS: readonly Row[] = [
  ['a certificate that is not there', ['cert', 'show', 'DIR/n'], 1, 'ERR_FILE_READ', /no such file/],
  ['a file without end as a certificate', ['cert', 'show', '/dev/zero'], 1, 'ERR_FILE_READ', /more than 1048576 bytes/],
  [
    'a folder as a certificate',
    ['cert', 'show', 'DIR'],
    1,
    'ERR_FILE_READ',
    /it is a folder, not a file\.\nName a file in it: DIR\/csr\.pem or DIR\/half\.pem\.$/m,
  ],
  [
    'a folder without a certificate',
    ['cert', 'show', 'DIR/keys'],
    1,
    'ERR_FILE_READ',
    /it is a folder, not a file\.\nName a certificate file/,
  ],
  [
    'a folder of a CA as a certificate',
    ['cert', 'show', 'DIR/made'],
    1,
    'ERR_FILE_READ',
    /\nName a file in it: DIR\/made\/ca\/ca\.pem, DIR\/made\/server\/ca\.pem or DIR\/made\/server\/server-cert\.pem\.$/m,
  ],
  [
    'a folder as a request',
    ['cert', 'sign', 'DIR/ann'],
    1,
    'ERR_FILE_READ',
    /\nName a file in it: DIR\/ann\/ann\.csr\.$/m,
  ],
  [
    'a folder as an answer',
    ['client', 'install', 'DIR'],
    1,
    'ERR_FILE_READ',
    /\nName a file in it: DIR\/csr\.pem or DIR\/half\.pem\.$/m,
  ],
  ['a key as a certificate', ['cert', 'show', 'DIR/key.pem'], 1, 'ERR_CERTIFICATE_INVALID', /private key/],
  ['a key that is cut short', ['cert', 'show', 'DIR/half-key.pem'], 1, 'ERR_CERTIFICATE_INVALID', /private key/],
  ['a request as a certificate', ['cert', 'show', 'DIR/csr.pem'], 1, 'ERR_CERTIFICATE_INVALID', /request/],
  ['half a certificate', ['cert', 'show', 'DIR/half.pem'], 1, 'ERR_CERTIFICATE_INVALID', /no complete certificate/],
  ['an empty file', ['cert', 'show', 'DIR/empty'], 1, 'ERR_CERTIFICATE_INVALID', /DIR\/empty/],
  ['a binary file', ['cert', 'show', 'DIR/binary'], 1, 'ERR_CERTIFICATE_INVALID', /DIR\/binary/],
  ['no daemon to render variables for', ['client', 'env'], 1, 'ERR_HOST_REQUIRED', /--host/],
  ['a socket as a client', ['client', 'env', '--host', 'unix:///x'], 2, 'ERR_HOST_INVALID', /over TLS/],
  ['the plaintext port', ['client', 'env', '--host', 'b:2375'], 1, 'ERR_PLAINTEXT_PORT', /2376/],
  ['a shell', ['client', 'env', '--host', 'b', '--shell', 'tcsh'], 2, 'ERR_USAGE', /fish/],
  [
    'a shell by $SHELL',
    ['client', 'env', '--host', 'b'],
    2,
    'ERR_SHELL_UNKNOWN',
    /"nu"/,
    { env: { SHELL: '/bin/nu' } },
  ],
  [
    'a path for cmd',
    ['client', 'env', '--host', 'b', '--shell', 'cmd', '--cert-path', '/a%b'],
    1,
    'ERR_SHELL_UNQUOTABLE',
    /%/,
  ],
  ['a daemon.json that is not there', ['daemon', 'render', '--merge', 'DIR/n'], 1, 'ERR_DAEMON_JSON_INVALID', /DIR\/n/],
  [
    'a daemon.json that is none',
    ['daemon', 'render', '--merge', 'DIR/bad.json'],
    1,
    'ERR_DAEMON_JSON_INVALID',
    /bad\.json/,
  ],
  [
    'a directive in both places',
    ['daemon', 'render', '--merge', 'DIR/hosts.json'],
    1,
    'ERR_DIRECTIVE_CONFLICT',
    /hosts\.json.*\n.*--daemon-json/,
  ],
  ['writing over a folder', ['daemon', 'render', '--write', 'DIR'], 1, 'ERR_FILE_WRITE', /DIR\/override\.conf/],
  ['writing over a file', ['daemon', 'render', '--write', 'DIR/key.pem'], 1, 'ERR_FILE_EXISTS', /--force/],
  [
    'writing two files over one',
    ['daemon', 'render', '--daemon-json', '--write', 'DIR/empty'],
    1,
    'ERR_FILE_WRITE',
    /DIR\/empty/,
  ],
  ['a host', ['ping', '--host', 'udp://b'], 2, 'ERR_HOST_INVALID', /udp/],
  ['a plaintext host', ['ping', '--host', 'http://b', '--cert-path', 'DIR'], 1, 'ERR_PLAINTEXT_REFUSED', /http/],
  [
    'no certificates named',
    ['ping', '--host', 'b'],
    1,
    'ERR_IDENTITY_REQUIRED',
    /^[^\n]*: option --host "b": [^\n]*\nSet --cert-path to a folder with ca\.pem, cert\.pem and key\.pem\.$/m,
  ],
  ['no passphrase for the key', ['ping', '--key-passphrase-file', 'DIR/n'], 1, 'ERR_FILE_READ', /DIR\/n/],
  ['no certificates', ['ping', '--host', 'b', '--cert-path', 'DIR/n'], 1, 'ERR_IDENTITY_FILE_MISSING', /DIR\/n/],
  ['an env file', ['ping', '--dotenv', 'DIR/n'], 1, 'ERR_ENV_FILE_INVALID', /DIR\/n/],
]

const folder = await temporaryFolder()
// The default folder is in the working directory.
process.chdir(folder)

const pem = (label: string, body = 'AAAA'): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`

before(async () => {
  const files: Record<string, string> = {
    empty: '',
    binary: '\0\x01\x02',
    'nginx.service': '[Service]\nExecStart=/usr/sbin/nginx\n',
    'key.pem': pem('PRIVATE KEY'),
    'half-key.pem': pem('EC PRIVATE KEY').slice(0, 40),
    'csr.pem': pem('CERTIFICATE REQUEST'),
    'half.pem': pem('CERTIFICATE').slice(0, 35),
    'bad.json': '{',
    'hosts.json': '{ "hosts": ["fd://"] }',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  await mkdir(join(folder, 'keys'))
  await runCli(['init', 'build01', '--client', 'ann', '--out', join(folder, 'made')])
  await runCli(['client', 'request', 'ann', '--out', join(folder, 'ann')])
})

function check(rows: readonly Row[]): void {
  for (const [what, argv, exitCode, error, words, options] of rows) {
    test(`${what}: ${argv.join(' ').replace('\n', ' (line feed) ')}`, async () => {
      const untouched = await treeOf(folder)
      const given = argv.map((word) => word.replace('DIR', folder))
      const { code, stdout, stderr } = await runCli(given, options)
      assert.equal(code, exitCode, stderr)
      assert.match(stderr, new RegExp(`^${error}: `))
      assert.match(stderr.replaceAll(folder, 'DIR'), words)
      assert.equal(stdout.startsWith('{') || stdout === '', true, `stdout: ${stdout}`)
      assert.ok(stderr.trimEnd().split('\n').length <= 3, stderr)
      assert.deepEqual(await treeOf(folder), untouched, 'something was written')
    })
  }
}

describe('a command line that is wrong', () => check(USAGE))
describe('what init and cert refuse, before anything is written', () => check(INIT))
describe('what the others refuse', () => check(OTHERS))

describe('errors for a program', () => {
  test('one object on stdout, the same words on stderr', async () => {
    const { code, stdout, stderr } = await runCli(['init', 'a:1', '--json', '--out', join(folder, 'keys')])
    const { error } = JSON.parse(stdout) as { error: Record<string, string> }
    assert.equal(code, 2)
    assert.deepEqual(Object.keys(error), ['code', 'message', 'tried', 'got', 'todo'])
    assert.equal(stderr, `${error['code']}: ${error['message']}\n`)
  })

  test('a mistake in the command line too', async () => {
    const { code, stdout } = await runCli(['init', '--json'])
    assert.equal(code, 2)
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'ERR_USAGE')
  })

  test('but not behind --', async () => {
    const { stdout } = await runCli(['cert', 'client', '--', '--json', 'x'])
    assert.equal(stdout, '')
  })
})

describe('a fault of our own', () => {
  const broken = {
    get HOME(): string {
      throw new RangeError('made up\u001B[31m\nsecond line')
    },
  }

  test('is one line, with the way to more', async () => {
    const { code, stderr } = await runCli(['explain'], { env: broken })
    assert.equal(code, 1)
    assert.equal(
      stderr,
      'ERR_UNEXPECTED: RangeError: made up<U+001B>[31m. This is a bug in docker-mtls. Set NODE_DEBUG=docker-mtls to see where.\n',
    )
  })

  test('has its stack where NODE_DEBUG asks for it', async () => {
    const env = Object.defineProperty({ NODE_DEBUG: 'http,docker-mtls' }, 'HOME', {
      enumerable: true,
      get: () => {
        throw new RangeError('made up')
      },
    })
    const { stderr } = await runCli(['explain'], { env })
    assert.match(stderr, /\n {4}at /)
  })
})

test('a folder that nobody can make, root neither', async () => {
  const { code, stderr } = await runCli(['init', 'b', '--out', '/proc/docker-mtls'])
  assert.equal(code, 1)
  assert.match(stderr, /^ERR_FILE_WRITE: /)
})
