import assert from 'node:assert/strict'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { shellOf } from '../../lib/cli/terminal/shell.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { runCli, runJson, runProcess } from './support/run-cli.ts'

const folder = join(await temporaryFolder(), 'docker-mtls')
await runCli(['init', 'build01', '--client', 'alice', '--listen', '0.0.0.0:2377', '--out', folder])

/** What a shell has set afterwards. */
async function evaluated(script: string): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await runCommand('sh', ['-euc', `${script}\nenv`], {})
  assert.equal(code, 0, stderr)
  const lines = stdout.split('\n').filter((line) => line.startsWith('DOCKER_'))
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]))
}

describe('client env', () => {
  test('prints nothing but what a shell evaluates', async () => {
    const argv = ['client', 'env', '--host', 'build01', '--cert-path', '/home/ann/.docker']
    const { stdout } = await runCli(argv, { env: { SHELL: '/bin/bash' } })
    assert.equal(
      stdout,
      "export DOCKER_TLS_VERIFY='1'\nexport DOCKER_HOST='tcp://build01:2376'\n" +
        "export DOCKER_HOST_IP='tcp://build01:2376'\nexport DOCKER_CERT_PATH='/home/ann/.docker'\n",
    )
  })

  test('eval "$(docker-mtls client env ...)" works', async () => {
    const argv = ['client', 'env', 'alice', '--dir', folder]
    const { stdout } = await runProcess(argv, { env: { SHELL: '/bin/sh' } })
    assert.deepEqual(await evaluated(`eval "$(cat <<'END'\n${stdout}END\n)"`), {
      DOCKER_TLS_VERIFY: '1',
      DOCKER_HOST: 'tcp://build01:2377',
      DOCKER_HOST_IP: 'tcp://build01:2377',
      DOCKER_CERT_PATH: join(folder, 'clients/alice'),
    })
  })

  const home = join(homedir(), '.docker')
  const ROWS: readonly (readonly [string, string[], Record<string, string>, host: string, certPath: string])[] = [
    ['the notes’ variable', [], { DOCKER_HOST_IP: 'tcp://10.0.0.4:2376' }, 'tcp://10.0.0.4:2376', home],
    ['DOCKER_HOST before it', [], { DOCKER_HOST: 'b', DOCKER_HOST_IP: 'c' }, 'tcp://b:2376', home],
    ['--host before both', ['--host', 'a'], { DOCKER_HOST: 'b' }, 'tcp://a:2376', home],
    ['an empty variable is none', [], { DOCKER_HOST: '', DOCKER_HOST_IP: 'c' }, 'tcp://c:2376', home],
    ['where the files are', ['--host', 'a'], { DOCKER_CERT_PATH: '/c' }, 'tcp://a:2376', '/c'],
    ['or the configuration', ['--host', 'a'], { DOCKER_CONFIG: '/d' }, 'tcp://a:2376', '/d'],
    ['or the option', ['--host', 'a', '--cert-path', '/e'], { DOCKER_CERT_PATH: '/c' }, 'tcp://a:2376', '/e'],
    ['a relative path', ['--host', 'a', '--cert-path', 'e'], {}, 'tcp://a:2376', join(process.cwd(), 'e')],
    ['an IPv6 address', ['--host', '[::1]:2377'], {}, 'tcp://[::1]:2377', home],
    ['a gateway', ['--host', 'https://gw/docker'], {}, 'tcp://gw:443/docker', home],
    [
      'a client with another host',
      ['alice', '--dir', folder, '--host', 'z'],
      {},
      'tcp://z:2376',
      join(folder, 'clients/alice'),
    ],
  ]
  for (const [what, argv, env, host, certPath] of ROWS) {
    test(what, async () => {
      const { stdout, stderr } = await runCli(['client', 'env', '--shell', 'dotenv', ...argv], { env })
      assert.equal(
        stdout,
        `DOCKER_TLS_VERIFY='1'\nDOCKER_HOST='${host}'\n# DOCKER_HOST again, for scripts that read this variable.\nDOCKER_HOST_IP='${host}'\nDOCKER_CERT_PATH='${certPath}'\n`,
        stderr,
      )
    })
  }

  test('warns on stderr about a folder without the files, and stdout stays as it is', async (t) => {
    const place = await temporaryFolder(t)
    const env = { DOCKER_CERT_PATH: join(place, '.docker') }
    const variables = ['client', 'env', '--host', 'build01', '--shell', 'sh']
    const none = join(place, 'none')
    const rows = [[variables, join(place, '.docker')] as const, [[...variables, '--cert-path', none], none] as const]
    for (const [argv, missing] of rows) {
      const { code, stdout, stderr } = await runCli(argv, { env })
      assert.equal(code, 0)
      assert.match(stdout, /^(?:export \w+='.*'\n){4}$/)
      assert.ok(stderr.startsWith(`Warning: ${missing} does not have the three files on this machine, `), stderr)
      assert.match(stderr, /\. Name the folder that holds ca\.pem, cert\.pem and key\.pem\. .*client export NAME --out/)
    }
    const near = await runCli([...variables, '--cert-path', folder], { env })
    assert.ok(near.stderr.endsWith(`. Name the folder of the client:  ${join(folder, 'clients/alice')}\n`), near.stderr)
    const json = await runCli([...variables, '--json'], { env })
    assert.deepEqual(Object.keys(JSON.parse(json.stdout) as object).length, 4)
    assert.match(json.stderr, /^Warning: /)
    const good = await runCli([...variables, '--cert-path', join(folder, 'clients/alice')], { env })
    assert.equal(good.stderr, '')
  })

  test('port 2375 is answered with what this command can do', async () => {
    const { code, stdout, stderr } = await runCli(['client', 'env', '--host', 'tcp://h:2375'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^ERR_PLAINTEXT_PORT: .*\n.*--host tcp:\/\/h:2376$/m)
    assert.doesNotMatch(stderr, /tls-on-port/)
  })

  test('a client without a .env gets one by init, with the names of the server', async (t) => {
    const keys = join(await temporaryFolder(t), 'keys')
    await runCli(['init', 'build01', '10.0.0.4', '--client', 'bob', '--out', keys])
    await runCli(['cert', 'client', 'ann', '--dir', keys])
    const argv = ['client', 'env', 'ann', '--dir', keys, '--shell', 'sh']
    const { stderr } = await runCli(argv)
    const [, line = ''] =
      /Create it again: {2}docker-mtls (.*) {2}Or name the daemon: {2}--host HOST/.exec(stderr) ?? []
    assert.equal(line, `init build01 10.0.0.4 --client ann --out ${keys}`)
    assert.equal((await runCli(line.split(' '))).code, 0)
    assert.match((await runCli(argv)).stdout, /DOCKER_HOST='tcp:\/\/build01:2376'/)
  })

  test('a client that is not there is told who is', async (t) => {
    const keys = join(await temporaryFolder(t), 'keys')
    await runCli(['init', 'build01', '--client', 'bob', '--out', keys])
    for (const more of [[], ['--host', 'build01']]) {
      const typo = await runCli(['client', 'env', 'bbo', '--dir', keys, '--shell', 'sh', ...more])
      assert.deepEqual([typo.code, typo.stdout], [1, ''])
      assert.match(typo.stderr, /^ERR_CLIENT_NOT_FOUND: .*its only client is bob\.\nUse this name/)
      const wrong = await runCli(['client', 'env', 'bob', '--dir', join(keys, 'clients'), '--shell', 'sh', ...more])
      assert.match(
        wrong.stderr,
        /^ERR_CA_MISSING: .*it is a part of the folder \S+\/keys\.\nUse the CA .*docker-mtls client env --dir \S+\/keys bob/,
      )
      assert.doesNotMatch(`${typo.stderr}${wrong.stderr}`, /docker-mtls init|docker-mtls cert/)
    }
  })

  test('a shell by another name is told ours', async () => {
    for (const [shell, ours] of [
      ['pwsh', 'powershell'],
      ['dash', 'sh'],
    ] as const) {
      const { code, stderr } = await runCli(['client', 'env', '--host', 'b', '--shell', shell])
      assert.equal(code, 2)
      assert.ok(stderr.includes(`--shell ${ours}`), stderr)
    }
  })

  test('takes no file of the working directory that nobody named', async (t) => {
    const elsewhere = await temporaryFolder(t)
    await runCli(['init', 'evil', '--client', 'alice', '--out', join(elsewhere, 'docker-mtls')])
    const { code, stdout } = await runProcess(['client', 'env', '--shell', 'sh'], { cwd: elsewhere })
    assert.deepEqual([code, stdout], [1, ''])
  })

  test('guesses the shell', () => {
    const rows: readonly (readonly [string | undefined, NodeJS.Platform, string])[] = [
      ['/bin/bash', 'linux', 'bash'],
      ['/usr/bin/fish', 'linux', 'fish'],
      ['/bin/zsh', 'darwin', 'zsh'],
      ['/bin/dash', 'linux', 'sh'],
      ['/usr/bin/pwsh', 'linux', 'powershell'],
      ['/usr/bin/nu', 'linux', 'nu'],
      [undefined, 'linux', 'sh'],
      ['', 'linux', 'sh'],
      [undefined, 'win32', 'powershell'],
    ]
    for (const [SHELL, platform, expected] of rows) assert.equal(shellOf({ SHELL }, platform), expected)
  })
})

describe('client export', () => {
  test('packs exactly three files, for their owner alone', async (t) => {
    const out = join(await temporaryFolder(t), 'alice.tar')
    const data = await runJson(['client', 'export', 'alice', '--dir', folder, '--out', out])
    assert.deepEqual([data['path'], data['files']], [out, ['key.pem', 'cert.pem', 'ca.pem']])
    assert.deepEqual(Object.keys(data), ['path', 'files', 'certificate', 'warnings'])
    assert.equal((await stat(out)).mode & 0o777, 0o600)
    const { stdout } = await runCommand('tar', ['-tvf', out])
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, 10), line.split(' ').at(-1)]),
      [
        ['-rw-------', 'key.pem'],
        ['-rw-------', 'cert.pem'],
        ['-rw-------', 'ca.pem'],
      ],
    )
  })

  test('overwrites only by force', async (t) => {
    const place = await temporaryFolder(t)
    const out = join(place, 'alice.tar')
    await writeFile(out, 'mine', { mode: 0o600 })
    const before = await treeOf(place)
    const refused = await runCli(['client', 'export', 'alice', '--dir', folder, '--out', out])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_FILE_EXISTS: .*\n.*--force/)
    assert.deepEqual(await treeOf(place), before)
    assert.equal((await runCli(['client', 'export', 'alice', '--dir', folder, '--out', out, '--force'])).code, 0)
    assert.notEqual(await readFile(out, 'utf8'), 'mine')
  })

  test('to stdout, for a pipe', async () => {
    const { code, stdout, stderr } = await runCli(['client', 'export', 'alice', '--dir', folder, '--out', '-'])
    assert.deepEqual([code, stderr], [0, ''])
    const { stdout: list } = await runCommand('tar', ['-t'], { input: Buffer.from(stdout, 'latin1') })
    assert.equal(list, 'key.pem\ncert.pem\nca.pem\n')
  })

  test('hands out nothing that no daemon would take', async (t) => {
    const keys = join(await temporaryFolder(t), 'keys')
    await runCli(['init', 'b', '--client', 'alice', '--client', 'bob', '--out', keys])
    const out = join(keys, 'x.tar')
    const line = (name: string): string[] => ['client', 'export', name, '--dir', keys, '--out', out]
    await writeFile(join(keys, 'clients/alice/key.pem'), await readFile(join(keys, 'clients/bob/key.pem')))
    const mismatch = await runCli(line('alice'))
    assert.equal(mismatch.code, 1)
    assert.match(mismatch.stderr, /^ERR_IDENTITY_KEY_MISMATCH: .*clients\/alice/)
    await rm(join(keys, 'clients/bob/ca.pem'))
    assert.match((await runCli(line('bob'))).stderr, /^ERR_PKI_FILE_INVALID: /)
    assert.equal((await treeOf(keys))['x.tar'], undefined)
  })

  test('puts nothing in the place of a folder', async (t) => {
    const place = await temporaryFolder(t)
    await chmod(place, 0o700)
    const { stderr } = await runCli(['client', 'export', 'alice', '--dir', folder, '--out', place, '--force'])
    assert.match(stderr, /^ERR_FILE_WRITE: .*it is a folder/)
  })
})
