import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { appendFile, chmod, copyFile, cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { noteDelivered } from '../../lib/keystore/presented.ts'
import { writeSetupRecord, type SetupRecord } from '../../lib/keystore/setup-record.ts'
import { createAuthority, issueClient, PkiFolder } from '../../lib/pki.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { runFaked } from '../support/faketime.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { CLI, runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface RenewData {
  readonly renewed: readonly { kind: string; name: string; reason: string; days: number; action?: string }[]
  readonly elsewhere: readonly { name: string }[]
  readonly authority?: { name: string }
  readonly next?: { kind: string; name: string; on: string }
  readonly warnings: readonly string[]
}

interface Place {
  readonly folder: string
  readonly cert: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
  readonly json: (argv: readonly string[], options?: RunOptions) => Promise<RenewData>
  readonly read: (path: string) => Promise<string>
}

/** A folder as init leaves it: a server, and two clients with lives of their own. */
async function place(t: TestContext, { passphrase = '' } = {}): Promise<Place> {
  const folder = join(await temporaryFolder(t), 'keys')
  const pki = new PkiFolder(folder)
  const secret = passphrase === '' ? {} : { passphrase }
  await pki.ensureAuthority({ commonName: 'CA', ...secret })
  await pki.ensureServer(['build01.example.com', '10.0.0.4'], secret)
  await pki.ensureClient('alice', { days: 90, keyType: 'p384', ...secret })
  await pki.ensureClient('bob', { days: 30, ...secret })
  const line = (argv: readonly string[]): string[] => ['cert', ...argv, '--dir', folder]
  return {
    folder,
    cert: (argv, options) => runCli(line(argv), options),
    json: (argv, options) => runJson<RenewData>(line(argv), options),
    read: (path) => readFile(join(folder, path), 'utf8'),
  }
}

/** Asserts that it is refused, and that nothing has changed. */
async function refused({ folder, cert }: Place, argv: readonly string[], words: RegExp, code = 1): Promise<void> {
  const before = await treeOf(folder)
  const ran = await cert(argv)
  assert.match(ran.stderr, words)
  assert.equal(ran.code, code)
  assert.deepEqual(await treeOf(folder), before)
}

/** The command line at another time of day: the clock of its process alone is moved. */
function later(offset: string, argv: readonly string[]): Promise<CommandResult> {
  const env = { FAKETIME_DONT_FAKE_MONOTONIC: '1' }
  return runFaked(offset, [...CLI, ...argv], { env })
}

describe('cert renew', () => {
  test('has nothing to do in the beginning, and says what is next', async (t) => {
    const { folder, cert, json } = await place(t)
    const before = await treeOf(folder)
    assert.match((await cert(['renew'])).stdout, /^Nothing is due\. Next is the client bob, on \d{4}-\d\d-\d\d\.\n$/)
    assert.deepEqual(await cert(['renew', '--due']), { code: 0, stdout: '', stderr: '', raw: [] })
    const { renewed, next } = await json(['renew'])
    assert.deepEqual([renewed, next?.name], [[], 'bob'])
    assert.deepEqual(await treeOf(folder), before)
  })

  test('what is named gets a new key of the same type, for the same names, as long as before', async (t) => {
    const { folder, json, read } = await place(t)
    const rows = [
      [['renew', 'alice'], 'clients/alice/', 'cert.pem', 'key.pem', 90, 'P-384'],
      [['renew', '--server'], 'server/', 'server-cert.pem', 'server-key.pem', 397, 'P-256'],
    ] as const
    for (const [argv, at, cert, key, days, curve] of rows) {
      const old = new X509Certificate(await read(at + cert))
      const untouched = await read('clients/bob/cert.pem')
      const { renewed } = await json(argv)
      assert.deepEqual(
        renewed.map((one) => [one.reason, one.days, one.action]),
        [['asked for', days, 'replaced']],
      )
      const now = new X509Certificate(await read(at + cert))
      assert.notEqual(now.serialNumber, old.serialNumber)
      assert.ok(!now.publicKey.equals(old.publicKey))
      assert.ok(now.checkPrivateKey(createPrivateKey(await read(at + key))))
      assert.deepEqual([now.subject, now.subjectAltName], [old.subject, old.subjectAltName])
      assert.equal(Math.round((Date.parse(now.validTo) - Date.now()) / 86_400_000), days)
      assert.equal(
        { prime256v1: 'P-256', secp384r1: 'P-384' }[now.publicKey.asymmetricKeyDetails?.namedCurve ?? ''],
        curve,
      )
      assert.equal(await read('clients/bob/cert.pem'), untouched)
      assert.equal(
        (
          await runCommand('openssl', [
            'verify',
            '-x509_strict',
            '-CAfile',
            join(folder, 'ca/ca.pem'),
            join(folder, at, cert),
          ])
        ).code,
        0,
      )
    }
  })

  test('says where it has to be carried', async (t) => {
    const { folder, cert } = await place(t)
    const { stdout } = await cert(['renew', '--all'])
    assert.ok(stdout.includes(`docker-mtls client export alice --dir ${folder} --out alice.tar --force`))
    assert.ok(stdout.includes(`docker-mtls client export bob --dir ${folder} --out bob.tar --force`))
    assert.match(
      stdout,
      /on the server, as root, with a copy of .*server:\n +docker-mtls daemon apply .*\n +docker-mtls gateway apply --from server .*if it has a gateway\n/,
    )
    assert.equal(stdout.match(/^replaced /gm)?.length, 3)
    assert.equal(stdout.match(/; renewed because you asked for it$/gm)?.length, 3)
    assert.equal(stdout.match(/^ +dockerd also accepts the old certificate, until \d{4}-/gm)?.length, 2)
    // The line for a client works as it stands.
    const line = /docker-mtls (client export alice .*)/.exec(stdout)?.[1]?.split(' ') ?? []
    assert.equal((await runCli([...line.slice(0, -2), join(folder, 'alice.tar'), '--force'])).code, 0)
  })

  test('--probe is for the proof that an apply makes, and of a server alone', async (t) => {
    const { folder, cert } = await place(t)
    const probe = join(folder, 'server/probe/cert.pem')
    await cert(['renew', 'alice', '--probe'])
    await assert.rejects(readFile(probe))
    await cert(['renew', '--server', '--probe', '--dry-run'])
    await assert.rejects(readFile(probe))
    assert.match(
      (await cert(['renew', '--server'])).stdout,
      /^ {4}docker-mtls daemon apply --from server --no-client-proof$/m,
    )
    assert.match((await cert(['renew', '--server', '--probe'])).stdout, /^ {4}docker-mtls daemon apply --from server$/m)
    assert.match(new X509Certificate(await readFile(probe)).subject, /^CN=probe-/)
  })

  test('--days, and a dry run', async (t) => {
    const { folder, cert, json } = await place(t)
    const before = await treeOf(folder)
    assert.match(
      (await cert(['renew', '--all', '--dry-run'])).stdout,
      /^would renew the server build01\.example\.com for 397 days: you asked for it, until .*\nwould renew the client alice for 90 days.*\nwould renew the client bob for 30 days.*\n$/,
    )
    assert.equal((await json(['renew', '--all', '--dry-run'])).renewed.length, 3)
    assert.deepEqual(await treeOf(folder), before)
    assert.deepEqual((await json(['renew', 'bob', '--days', '7'])).renewed[0]?.days, 7)
  })

  test('what is asked for must be there, and be meant', async (t) => {
    const where = await place(t)
    await refused(where, ['renew', 'eve'], /^ERR_CLIENT_NOT_FOUND: renewing the client eve .*\n.*cert client eve/)
    await refused(where, ['renew', 'alice', 'eve'], /^ERR_CLIENT_NOT_FOUND/)
    await refused(where, ['renew', '../x'], /^ERR_NAME_INVALID/, 2)
    await refused(where, ['renew', '--days', '0', '--all'], /^ERR_DAYS_INVALID/, 2)
    await refused(where, ['renew', '--days', 'x', '--all'], /^ERR_DAYS_INVALID/, 2)
    for (const both of [
      ['--all', 'alice'],
      ['--due', '--server'],
      ['--all', '--due'],
      ['--due', 'alice'],
    ]) {
      await refused(where, ['renew', ...both], /^ERR_USAGE: .* can't be combined/, 2)
    }
    await rm(join(where.folder, 'server'), { recursive: true })
    await refused(where, ['renew', '--server'], /^ERR_CLIENT_NOT_FOUND: renewing the server/)
  })

  test('a docker context with the old files is named, until it has the new ones', async (t) => {
    const { folder } = await place(t)
    const env = { DOCKER_CONFIG: join(folder, 'docker'), HOME: folder }
    const run = (...argv: readonly string[]): Promise<Ran> => runCli([...argv, '--dir', folder], { env })
    const made = await run('context', 'create', 'xx', '--client', 'alice', '--host', 'b', '--description', 'our own')
    assert.equal(made.code, 0, made.stderr)
    await run('context', 'create', 'yy', '--client', 'bob', '--host', 'b')
    assert.equal((await run('cert', 'renew', 'alice', '--dry-run')).stderr, '')
    const refreshed = async (...argv: readonly string[]): Promise<string[]> => {
      const { stderr } = await run(...argv)
      const lines = Array.from(stderr.matchAll(/^Warning: The docker context (\w+) .*: {2}docker-mtls (.*)$/gm))
      for (const [, , line = ''] of lines) {
        const words = line.match(/'[^']*'|\S+/g) ?? []
        const ran = await runCli(
          words.map((word) => word.replaceAll("'", '')),
          { env },
        )
        assert.equal(ran.code, 0, ran.stderr)
      }
      return lines.map(([, name = '']) => name)
    }
    assert.deepEqual(await refreshed('cert', 'renew', 'alice'), ['xx'])
    assert.equal((await run('cert', 'renew', '--due')).stderr, '')
    const { stdout: lines } = await run('cert', 'rotate-ca', '--json')
    const { warnings } = JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '') as { warnings: unknown[] }
    assert.match(String(warnings[0]), /^The docker context xx .*: {2}docker-mtls context create xx /)
    // They now need another ca.pem; their certificates stay.
    assert.deepEqual(await refreshed('cert', 'rotate-ca'), ['xx', 'yy'])
    assert.deepEqual(await refreshed('cert', 'rotate-ca', '--status'), [])
    const { stdout } = await runCli(['context', 'ls'], { env })
    assert.match(stdout, /xx .*our own/)
  })

  test('one of several servers is renewed alone, by its folder or a name in it', async (t) => {
    const where = await place(t)
    const { folder, json, read } = where
    const pki = new PkiFolder(folder)
    await pki.ensureServer(['build02.example.com', '10.0.0.5'], { host: 'build02.example.com' })
    await pki.ensureServer(['build03.example.com', '10.0.0.4'], { host: 'web' })
    const files = ['server', 'hosts/build02.example.com', 'hosts/web'].map((at) => `${at}/server-cert.pem`)
    const renews = async (argv: readonly string[], at: readonly number[]): Promise<void> => {
      const before = await Promise.all(files.map(read))
      await json(['renew', ...argv])
      const after = await Promise.all(files.map(read))
      const changed = after.flatMap((text, index) => (text === before[index] ? [] : [index]))
      assert.deepEqual(changed, at, argv.join(' '))
    }
    await renews(['--host', 'server'], [0])
    await renews(['--host', 'build01.example.com'], [0])
    await renews(['--host', 'hosts/web'], [2])
    await renews(['--host', 'web', '--host', '10.0.0.5'], [1, 2])
    await renews(['alice', '--host', 'BUILD03.example.com'], [2])
    await renews(['--server'], [0, 1, 2])
    const rows: [argv: string[], words: RegExp, code?: number][] = [
      [['--host', '10.0.0.4'], /^ERR_CLIENT_NOT_FOUND: .*server \(build01.*\) and hosts\/web \(build03/],
      [
        ['--host', 'localhost'],
        /^ERR_CLIENT_NOT_FOUND: .*: every server certificate contains localhost, and the only servers are server \(build01/,
      ],
      [['--host', 'eve'], /^ERR_CLIENT_NOT_FOUND: renewing the server eve .*\n.*cert list/],
      [['--host', 'web', '--all'], /^ERR_USAGE: .*--all and --host can't be combined/, 2],
      // As a client's name.
      [['build02.example.com'], /^ERR_CLIENT_NOT_FOUND: .* is a server\.\n.*cert renew --host build02\.example\.com/],
      [['alice', 'web'], /^ERR_CLIENT_NOT_FOUND: .*web is a server\.\n.*--host web --dir/],
      [['build04.example.com'], /^ERR_NAME_INVALID/, 2],
    ]
    for (const [argv, words, code] of rows) await refused(where, ['renew', ...argv], words, code)
    await pki.ensureClient('web')
    await renews(['web'], [])
    const { stderr } = await where.cert(['list'])
    assert.ok(!stderr.includes('renew --host'))
    for (const path of files) await noteDelivered(join(folder, dirname(path)))
    const far = await where.cert(['list', '--expiring', '400d'])
    assert.match(
      far.stderr,
      /^Warning: The certificate of build03.* expires within 400d: .*cert renew --host web --dir/m,
    )
    const ending = await later('+380d', ['cert', 'list', '--expiring', '30d', '--dir', folder])
    assert.match(ending.stderr, /cert renew --host web --dir/)
  })

  test('the commands that bring certificates to their hosts are those that set the hosts up', async (t) => {
    const { folder, cert } = await place(t)
    const record = { ssh: 'ssh://deploy@build02:2222', client: 'alice', names: ['build02.test'], gateway: false }
    const rows: [record: SetupRecord, line: string][] = [
      [record, 'setup ssh://deploy@build02:2222 --client alice --name build02.test'],
      [{ ...record, gateway: true, names: [] }, 'setup --gateway ssh://deploy@build02:2222 --client alice'],
      [{ ...record, names: [], context: 'two' }, 'setup ssh://deploy@build02:2222 --client alice --context two'],
      [{ ...record, names: [], context: false }, 'setup ssh://deploy@build02:2222 --client alice --no-context'],
      // Without her files, setup would issue new ones.
      [{ ...record, names: [], client: 'eve' }, 'setup ssh://deploy@build02:2222'],
    ]
    await new PkiFolder(folder).ensureServer(['build02'], { host: 'build02' })
    const printed = async (): Promise<string[]> => {
      const { stdout } = await cert(['renew', '--host', 'build02'])
      return [...stdout.matchAll(/^ +docker-mtls (setup .*)$/gm)].map(([, line = '']) => line)
    }
    for (const [one, line] of rows) {
      await writeSetupRecord(folder, 'build02', one)
      assert.deepEqual(await printed(), [`${line} --dir ${folder}`])
    }
    for (const damaged of ['', '{}', JSON.stringify({ ...record, ssh: '--undo' })]) {
      await writeFile(join(folder, 'hosts/build02/setup.json'), damaged)
      const lines = await printed()
      assert.deepEqual([lines.length, lines[0]], [2, `setup ssh://USER@build02 --dir ${folder}`])
    }
  })

  test('a server that has only the names of every server is renewed by each of them', async (t) => {
    const folder = join(await temporaryFolder(t), 'docker-mtls')
    const pki = new PkiFolder(folder)
    await pki.ensureAuthority()
    await pki.ensureServer(['build02.example.com'], { host: 'build02.example.com' })
    const cert = (argv: readonly string[]): Promise<Ran> => runCli(['cert', ...argv, '--dir', folder])
    const one = await cert(['renew', '--host', '127.0.0.1'])
    assert.match(one.stderr, /contains 127\.0\.0\.1, and the only server is hosts\/build02/)
    await pki.ensureServer(['localhost'])
    for (const name of ['localhost', 'LOCALHOST', '127.0.0.1', '::1']) {
      const { code, stdout, stderr } = await cert(['renew', '--host', name])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /server certificate of localhost/)
      assert.doesNotMatch(stdout, /build02/)
    }
    for (const command of ['renew', 'revoke']) {
      const asClient = await cert([command, 'localhost'])
      assert.match(asClient.stderr, /: localhost is a server\.\n.*--host localhost --dir/)
    }
    await pki.ensureServer(['localhost'], { host: 'other' })
    const several = await cert(['renew', '--host', 'localhost'])
    assert.match(several.stderr, /the name belongs to server \(localhost\) and hosts\/other \(localhost\)/)
  })

  test('a client that holds its key itself is told what to do', async (t) => {
    const where = await place(t)
    const { folder, json } = where
    const ledger = join(folder, 'ca/ledger.jsonl')
    const lines = (await readFile(ledger, 'utf8')).replace(/("name":"bob".*)}/, '$1,"keyHeld":"client"}')
    await writeFile(ledger, lines)
    await rm(join(folder, 'clients/bob/key.pem'))
    await refused(where, ['renew', 'bob'], /^ERR_CLIENT_KEY_ELSEWHERE: .*\n.*client request bob .* cert sign bob\.csr/)
    const { renewed, elsewhere, warnings } = await json(['renew', '--all'])
    assert.deepEqual(
      [renewed.map(({ name }) => name), elsewhere.map(({ name }) => name)],
      [['build01.example.com', 'alice'], ['bob']],
    )
    assert.match(
      warnings.join('\n'),
      /^The client certificate of bob is due: .* Its key is on its own machine\. On the client's machine, create a request: {2}docker-mtls client request bob/m,
    )
  })

  test('a wrong passphrase is refused before anything is changed', async (t) => {
    const where = await place(t, { passphrase: 'correct horse' })
    const env = { DOCKER_MTLS_CA_PASSPHRASE: 'wrong horse!' }
    const before = await treeOf(where.folder)
    const ran = await where.cert(['renew', '--all'], { env })
    assert.match(ran.stderr, /^ERR_CA_PASSPHRASE: .*the passphrase does not decrypt it/)
    await refused(where, ['renew', '--all'], /^ERR_CA_PASSPHRASE: .*\n.*--ca-passphrase-file/)
    assert.deepEqual(await treeOf(where.folder), before)
    // What is only said needs none.
    assert.equal((await where.json(['renew', '--all', '--dry-run'])).renewed.length, 3)
    const right = { env: { DOCKER_MTLS_CA_PASSPHRASE: 'correct horse' } }
    assert.equal((await where.json(['renew', '--all'], right)).renewed.length, 3)
    const asked = await where.cert(['renew', 'bob'], { tty: true, typed: ['wrong\n', 'correct horse\n'] })
    assert.equal(asked.code, 0, asked.stderr)
  })

  test('what an authority that was replaced has issued is due', async (t) => {
    const { cert, json, folder } = await place(t)
    await cert(['ca', '--replace-ca', '--yes', '--name', 'CA 2'])
    const { renewed } = await json(['renew', '--due'])
    assert.deepEqual(
      renewed.map(({ name, reason }) => [name, reason]),
      ['build01.example.com', 'alice', 'bob'].map((name) => [name, 'of a replaced CA']),
    )
    assert.match((await cert(['list'])).stderr, /^Warning: The newest certificate of build01.* was not delivered.*\n$/)
    const verify = ['verify', '-CAfile', join(folder, 'clients/bob/ca.pem'), join(folder, 'clients/bob/cert.pem')]
    assert.equal((await runCommand('openssl', verify)).code, 0)
  })
})

const line = (folder: string, ...argv: string[]): string[] => ['cert', ...argv, '--dir', folder]

describe('with another time of day', { skip: lacks('faketime') }, () => {
  test('what is past two thirds of its life is renewed, and nothing else', async (t) => {
    const { folder } = await place(t)
    const due = async (offset: string): Promise<string[]> => {
      const { stdout, stderr } = await later(offset, line(folder, 'renew', '--due', '--dry-run', '--json'))
      assert.notEqual(stdout, '', stderr)
      return (JSON.parse(stdout) as RenewData).renewed.map(({ name }) => name)
    }
    assert.deepEqual(await due('+19d'), [])
    assert.deepEqual(await due('+21d'), ['bob'])
    assert.deepEqual(await due('+61d'), ['alice', 'bob'])
    assert.deepEqual(await due('+266d'), ['build01.example.com', 'alice', 'bob'])
    const ran = await later('+21d', line(folder, 'renew', '--due'))
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(ran.stdout, /^replaced .*\n +client certificate of bob, .*30 days left/)
    // From then on it has 30 days again.
    assert.deepEqual(await due('+40d'), [])
    assert.deepEqual(await due('+42d'), ['bob'])
  })

  test('what has ended is renewed, too, and an authority that is past two thirds is named', async (t) => {
    const { folder } = await place(t)
    const ran = await later('+2500d', line(folder, 'renew', '--due', '--json'))
    const { renewed, authority, warnings } = JSON.parse(ran.stdout) as RenewData
    assert.deepEqual(
      renewed.map(({ reason }) => reason),
      ['ended', 'ended', 'ended'],
    )
    assert.equal(authority?.name, 'CA')
    assert.match(warnings.join(), /The CA CA has used two thirds of its lifetime, .*cert rotate-ca --dir/)
    const ended = await later('+3700d', line(folder, 'renew', '--due'))
    assert.match(ended.stderr, /^ERR_CA_EXPIRED: .*\n.*cert ca --replace-ca/)
    assert.equal(ended.code, 1)
  })

  test('cert list --expiring is a monitor', async (t) => {
    const { folder } = await place(t)
    const rows: [offset: string, within: string, code: number, names: string[]][] = [
      ['+0d', '29d', 0, []],
      ['+0d', '31d', 1, ['bob']],
      ['+0d', '5w', 1, ['bob']],
      ['+29d', '12h', 0, []],
      ['+29d', '25h', 1, ['bob']],
      ['+31d', '12h', 1, ['bob']],
      ['+100d', '300d', 1, ['bob', 'alice', 'build01.example.com']],
    ]
    for (const [offset, within, code, names] of rows) {
      const ran = await later(offset, line(folder, 'list', '--expiring', within))
      assert.equal(ran.code, code, `${offset} ${within}: ${ran.stderr}`)
      const shown = ran.stdout
        .split('\n')
        .slice(1, -1)
        .map((row) => row.split(/ +/)[1])
      assert.deepEqual(shown, names)
      if (names.length === 0) assert.equal(ran.stdout, '')
    }
  })
})

describe('cert list --expiring and --prometheus', () => {
  test('refuse what can not be meant, and write nothing then', async (t) => {
    const where = await place(t)
    for (const bad of ['30', '30m', '0d', '', '1y', '-1d']) {
      await refused(where, ['list', `--expiring=${bad}`], /^ERR_(?:ARGUMENT_INVALID|USAGE): .*--expiring/, 2)
    }
    await refused(
      where,
      ['list', '--prometheus', join(where.folder, 'metrics.txt')],
      /^ERR_ARGUMENT_INVALID: .*\.prom/,
      2,
    )
  })

  test('both at once, and for a program', async (t) => {
    const { folder, cert } = await place(t)
    const path = join(folder, 'x.prom')
    const ran = await cert(['list', '--expiring', '31d', '--prometheus', path, '--json'])
    assert.equal(ran.code, 1)
    const { certificates } = JSON.parse(ran.stdout) as { certificates: { name: string; daysLeft: number }[] }
    assert.deepEqual(
      certificates.map(({ name, daysLeft }) => [name, daysLeft]),
      [['bob', 30]],
    )
    // The metrics have all that is in use, whatever is shown.
    assert.equal((await readFile(path, 'utf8')).match(/^docker_mtls_certificate_not_after/gm)?.length, 4)
  })

  test('what was replaced is no alarm', async (t) => {
    const { cert } = await place(t)
    await cert(['renew', 'bob', '--days', '200'])
    assert.deepEqual(await cert(['list', '--expiring', '31d']), { code: 0, stdout: '', stderr: '', raw: [] })
  })
})

type Damage = (folder: string) => Promise<void>
const edit =
  (from: RegExp, to: string | ((...found: string[]) => string)): Damage =>
  async (folder) => {
    const path = join(folder, 'ca/ledger.jsonl')
    const text = await readFile(path, 'utf8')
    assert.match(text, from)
    await writeFile(path, typeof to === 'string' ? text.replace(from, to) : text.replace(from, to))
  }
const foreign: Damage = async (folder) => {
  const { cert, key } = await issueClient(await createAuthority({ commonName: 'Theirs' }), { name: 'bob' })
  await writeFile(join(folder, 'clients/bob/cert.pem'), cert)
  await writeFile(join(folder, 'clients/bob/key.pem'), key)
}
const unlisted: Damage = async (folder) => {
  const { cert, key } = await issueClient(await new PkiFolder(folder).openAuthority(), { name: 'bob' })
  await writeFile(join(folder, 'clients/bob/cert.pem'), cert)
  await writeFile(join(folder, 'clients/bob/key.pem'), key)
}

describe('a ledger that disagrees with the certificates', () => {
  const rows: [what: string, damage: Damage, words: RegExp, adopts: string[]][] = [
    [
      'a certificate that it has no line of',
      unlisted,
      /bob\/cert\.pem: the ledger does not list its serial number, \w+; the latest certificate of the client bob is \w+/,
      ['bob'],
    ],
    ['a certificate of somebody else', foreign, /bob\/cert\.pem: the ledger does not list its serial number/, []],
    [
      'another certificate under the same serial',
      // One in 256 begins with 00.
      edit(/(bob".*"fingerprint256":")(..)/, (_, before = '', first = '') => before + (first === '00' ? '01' : '00')),
      /bob\/cert\.pem: the ledger lists another certificate with its serial number/,
      [],
    ],
    ['another name', edit(/"name":"bob"/, '"name":"eve"'), /the ledger lists name eve, the certificate has bob/, []],
    [
      'another kind',
      edit(/"client","name":"bob"/, '"server","name":"bob"'),
      /the ledger lists kind server, the certificate has client/,
      [],
    ],
    ['another end', edit(/(bob".*"notAfter":")..../, '$12099'), /the ledger lists notAfter 2099/, []],
    ['no certificate at all', (folder) => writeFile(join(folder, 'clients/bob/cert.pem'), 'x'), /bob\/cert\.pem: /, []],
    [
      'no ledger',
      (folder) => rename(join(folder, 'ca/ledger.jsonl'), join(folder, 'ledger.old')),
      /ca\/ca\.pem: .*nor any certificate of the ca CA \(and 3 more/,
      ['CA', 'build01.example.com', 'alice', 'bob'],
    ],
  ]
  for (const [what, damage, words, adopts] of rows) {
    test(`${what}: nothing is renewed, and the way out works`, async (t) => {
      const where = await place(t)
      const { folder, cert } = where
      await damage(folder)
      for (const argv of [
        ['renew', '--all'],
        ['renew', '--due'],
        ['renew', 'alice', '--dry-run'],
      ]) {
        await refused(where, argv, new RegExp(`^ERR_LEDGER_MISMATCH: .*${words.source}.*\\n.+`))
      }
      const listed = await cert(['list'])
      assert.equal(listed.code, 0)
      assert.match(listed.stderr, /disagrees with the ledger: /)
      // Nothing ends within the hour, and a monitor fails all the same.
      const watched = await cert(['list', '--expiring', '1h'])
      assert.deepEqual([watched.code, watched.stdout], [1, ''])
      assert.match(watched.stderr, /disagrees with the ledger: /)
      const before = await treeOf(folder)
      const plan = await cert(['adopt', '--dry-run', '--json'])
      assert.deepEqual(await treeOf(folder), before)
      const adopted = await cert(['adopt', '--json'])
      for (const { stdout } of [plan, adopted]) {
        const data = JSON.parse(stdout) as { adopted: { name: string }[]; refused: object[] }
        assert.deepEqual(
          data.adopted.map(({ name }) => name),
          adopts,
        )
        assert.equal(data.refused.length, adopts.length === 0 ? 1 : 0)
      }
      assert.equal(adopted.code, adopts.length === 0 ? 1 : 0)
      if (adopts.length > 0) assert.equal((await cert(['renew', '--all'])).code, 0)
    })
  }

  test('what is in its place is watched and measured without a ledger, too', async (t) => {
    const { folder, cert } = await place(t)
    interface Listed {
      readonly certificates: readonly { name: string; state: string; path?: string }[]
      readonly conflicts: readonly { path: string; kind: string }[]
    }
    const watch = async (): Promise<[code: number, Listed]> => {
      const { code, stdout } = await cert(['list', '--expiring', '400d', '--json'])
      return [code, JSON.parse(stdout) as Listed]
    }
    const names = ({ certificates }: Listed): string[] => certificates.map(({ name }) => name)
    const [, before] = await watch()
    assert.deepEqual([names(before), before.conflicts], [['bob', 'alice', 'build01.example.com'], []])
    await rm(join(folder, 'ca/ledger.jsonl'))
    const [code, after] = await watch()
    assert.deepEqual([code, names(after)], [1, names(before)])
    assert.deepEqual(
      after.certificates.map(({ path }) => path),
      before.certificates.map(({ path }) => path),
    )
    assert.deepEqual(
      after.conflicts.map(({ kind }) => kind),
      ['unknown', 'unknown', 'unknown', 'unknown'],
    )
    const metrics = join(folder, 'x.prom')
    await cert(['list', '--prometheus', metrics])
    assert.match(await readFile(metrics, 'utf8'), /not_after_seconds\{kind="client",name="bob"/)
  })

  test('of servers that are called alike the folder is told, and of a client that was removed that it is', async (t) => {
    const { folder, cert } = await place(t)
    assert.match((await cert(['list'])).stdout, /^server {2}build01\.example\.com {2}/m)
    await new PkiFolder(folder).ensureServer(['build01.example.com'], { host: 'b' })
    await cert(['renew', 'alice'])
    await rm(join(folder, 'clients/bob'), { recursive: true })
    const { stdout } = await cert(['list'])
    assert.match(stdout, /^server {2}build01\.example\.com \(server\) {2}/m)
    assert.match(stdout, /^server {2}build01\.example\.com \(hosts\/b\) {2}/m)
    assert.match(stdout, /^client {2}bob .* removed$/m)
    assert.match(stdout, /^client {2}alice .* replaced$/m)
    assert.match(stdout, /^client {2}alice .* in use$/m)
    const later400 = await later('+400d', ['cert', 'list', '--dir', folder])
    assert.match(later400.stdout, /^client {2}bob .* replaced$/m)
  })

  test('an older certificate of the ledger in its place is none', async (t) => {
    const { folder, cert } = await place(t)
    await cp(join(folder, 'clients/bob'), join(folder, 'backup'), { recursive: true })
    await cert(['renew', 'bob'])
    for (const name of ['cert.pem', 'key.pem'])
      await copyFile(join(folder, 'backup', name), join(folder, 'clients/bob', name))
    await chmod(join(folder, 'clients/bob/key.pem'), 0o600)
    assert.equal((await cert(['renew', 'bob'])).code, 0)
  })

  test('a line that can not be read is named', async (t) => {
    const where = await place(t)
    await appendFile(join(where.folder, 'ca/ledger.jsonl'), '{"x":1}\n{"y":2}\n')
    await refused(where, ['renew', '--all'], /^ERR_LEDGER_INVALID: reading line 5 /)
  })

  test('a folder without an authority has nothing to adopt', async (t) => {
    const { code, stdout, stderr } = await runCli(['cert', 'adopt', '--dir', await temporaryFolder(t)])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^ERR_CA_MISSING: .*there is no CA in \//)
  })

  test('an adopted client whose key is not here holds it itself', async (t) => {
    const { folder, cert } = await place(t)
    await rename(join(folder, 'ca/ledger.jsonl'), join(folder, 'ledger.old'))
    await rm(join(folder, 'clients/bob/key.pem'))
    await cert(['adopt'])
    const bob = (await new PkiFolder(folder).list()).find(({ name }) => name === 'bob')
    assert.equal(bob?.keyHeld, 'client')
    assert.match((await cert(['adopt'])).stdout, /^The ledger is complete/)
  })
})
