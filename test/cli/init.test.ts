import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { runCli, runJson, type Ran, type RunOptions } from './support/run-cli.ts'

interface Piece {
  readonly action: string
  readonly paths: Record<string, string>
  readonly certificate: {
    readonly names: { dns: string[]; ip: string[] }
    readonly daysLeft: number
    readonly key: object
  }
  readonly keptAside: string[]
  readonly notes: string[]
}
interface FileData {
  readonly path: string
  readonly action: string
  readonly differs: boolean
  readonly keptAside: string[]
}
interface InitData {
  readonly folder: string
  readonly host: string
  readonly daemon: { listen: string[]; tlsDir?: string; usernsRemap?: string }
  readonly unit: string[]
  readonly authority: Piece
  readonly server: Piece
  readonly override: FileData
  readonly clients: (Piece & { readonly name: string; readonly env: FileData })[]
  readonly others: string[]
  readonly warnings: string[]
}

const CE = '/usr/bin/dockerd --containerd=/run/containerd/containerd.sock -H fd://'
const TLS =
  '--tlsverify --tlscert=/etc/docker/tls/server-cert.pem --tlscacert=/etc/docker/tls/ca.pem --tlskey=/etc/docker/tls/server-key.pem'

/** A folder of a test, and `init` in it. */
async function place(t: TestContext): Promise<{
  folder: string
  init: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
  json: (argv: readonly string[], options?: RunOptions) => Promise<InitData>
  read: (path: string) => Promise<string>
}> {
  const folder = join(await temporaryFolder(t), 'docker-mtls')
  const line = (argv: readonly string[]): string[] => ['init', ...argv, '--out', folder]
  return {
    folder,
    init: (argv, options) => runCli(line(argv), options),
    json: (argv, options) => runJson<InitData>(line(argv), options),
    read: (path) => readFile(join(folder, path), 'utf8'),
  }
}

function ok({ code, stderr }: Ran): void {
  assert.equal(code, 0, stderr)
}

describe('a first init', () => {
  test('makes exactly these files, with these modes', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['build01.example.com', '10.0.0.4', '--client', 'alice', '--client', 'ci', '--client', 'alice']))
    assert.deepEqual(modesOf(await treeOf(folder)), {
      '.gitignore': '0644',
      'ca/': '0700',
      'ca/ca-key.pem': '0600',
      'ca/ca.pem': '0644',
      'ca/ledger-heads.jsonl': '0600',
      'ca/ledger.jsonl': '0600',
      'clients/': '0700',
      'clients/alice/': '0700',
      'clients/alice/.env': '0600',
      'clients/alice/ca.pem': '0644',
      'clients/alice/cert.pem': '0644',
      'clients/alice/key.pem': '0600',
      'clients/ci/': '0700',
      'clients/ci/.env': '0600',
      'clients/ci/ca.pem': '0644',
      'clients/ci/cert.pem': '0644',
      'clients/ci/key.pem': '0600',
      'server/': '0700',
      'server/ca.pem': '0644',
      'server/override.conf': '0644',
      'server/server-cert.pem': '0644',
      'server/server-key.pem': '0600',
    })
  })

  test('renders the drop-in and the variables', async (t) => {
    const { folder, init, read } = await place(t)
    ok(await init(['*.example.com', 'Build01.Example.com', '10.0.0.4', '--client', 'alice']))
    assert.equal(
      await read('server/override.conf'),
      `[Service]\nExecStart=\nExecStart=${CE} ${TLS} -H tcp://0.0.0.0:2376\n`,
    )
    assert.equal(
      await read('clients/alice/.env'),
      [
        "DOCKER_TLS_VERIFY='1'",
        "DOCKER_HOST='tcp://build01.example.com:2376'",
        '# DOCKER_HOST again, for scripts that read this variable.',
        "DOCKER_HOST_IP='tcp://build01.example.com:2376'",
        `DOCKER_CERT_PATH='${join(folder, 'clients/alice')}'`,
        '',
      ].join('\n'),
    )
  })

  const HOSTS: readonly (readonly [string[], string])[] = [
    [['2001:DB8::1', 'b'], 'tcp://[2001:db8::1]:2376'],
    [['10.0.0.4', 'b', '--listen', '10.0.0.4:12376'], 'tcp://10.0.0.4:12376'],
    [['b', '--listen', '[::]:2377'], 'tcp://b:2377'],
    [['localhost'], 'tcp://localhost:2376'],
    [['bücher.example'], 'tcp://xn--bcher-kva.example:2376'],
  ]
  for (const [argv, host] of HOSTS) {
    test(`DOCKER_HOST for ${argv.join(' ')}`, async (t) => {
      const { json } = await place(t)
      assert.equal((await json([...argv, '--client', 'a'])).host, host)
    })
  }

  test('answers a program with these keys', async (t) => {
    const { folder, json } = await place(t)
    const data = await json(['build01', '--client', 'alice'])
    assert.deepEqual(Object.keys(data), [
      'folder',
      'host',
      'daemon',
      'unit',
      'authority',
      'server',
      'override',
      'clients',
      'others',
      'warnings',
    ])
    const { authority, server, override, clients } = data
    assert.equal(data.folder, folder)
    assert.deepEqual(data.daemon, { listen: ['tcp://0.0.0.0:2376'], tlsDir: '/etc/docker/tls' })
    assert.deepEqual([data.unit, data.others, data.warnings.length], [[], [], 1])
    assert.match(data.warnings[0] ?? '', /^No docker\.service is installed here/)
    assert.deepEqual(Object.keys(authority), ['action', 'paths', 'certificate', 'keptAside', 'notes'])
    assert.equal(authority.certificate.daysLeft, 3650)
    assert.equal(server.certificate.daysLeft, 397)
    assert.deepEqual(server.certificate.names, { dns: ['build01', 'localhost'], ip: ['127.0.0.1', '::1'] })
    assert.deepEqual(override, {
      path: join(folder, 'server/override.conf'),
      action: 'created',
      differs: false,
      keptAside: [],
    })
    assert.deepEqual([clients.length, clients[0]?.name, clients[0]?.env.action], [1, 'alice', 'created'])
    assert.equal(clients[0]?.paths['key'], join(folder, 'clients/alice/key.pem'))
  })

  test('fits a terminal of 80 columns', async (t) => {
    const { folder } = await place(t)
    const { stdout } = await runCli(['init', 'build01.example.com', '10.0.0.4', '--userns-remap', '--out', folder], {
      tty: true,
      env: { NO_COLOR: '1', HOME: '/nonexistent' },
    })
    const wide = stdout
      .replaceAll(folder, 'docker-mtls')
      .split('\n')
      .filter((line) => line.length > 80)
    assert.deepEqual(wide, [])
  })
})

describe('--userns-remap takes a value with = alone', () => {
  test('and a word that looks like one is noted', async (t) => {
    const { init } = await place(t)
    const NOTE =
      /^Note: "ann" is used as a name of the server\. To give --userns-remap a value, write {2}--userns-remap=ann$/m
    assert.match((await init(['--client', 'a', '--userns-remap', 'ann'])).stderr, NOTE)
    for (const word of [['build01.example.com'], ['::1'], ['--', 'b']]) {
      const { init: again } = await place(t)
      assert.doesNotMatch((await again(['--client', 'a', '--userns-remap', ...word])).stderr, /Note/)
    }
  })

  test('--no-userns-remap switches them off again, by force where they are rendered', async (t) => {
    const { init, json, read } = await place(t)
    ok(await init(['b', '--client', 'a', '--userns-remap']))
    const refused = await init(['b', '--client', 'a', '--no-userns-remap'])
    assert.match(refused.stderr, /^ERR_FILE_EXISTS: .*in the file, userns-remap is default, but you requested off/)
    const { daemon } = await json(['b', '--client', 'a', '--no-userns-remap', '--force'])
    assert.equal(daemon.usernsRemap, undefined)
    assert.doesNotMatch(await read('server/override.conf'), /userns/)
    ok(await init(['b', '--client', 'a', '--no-userns-remap']))
  })

  const ROWS: readonly (readonly [string[], string | undefined, string[]])[] = [
    [['b'], undefined, ['b']],
    [['--userns-remap', 'build01'], 'default', ['build01']],
    [['build01', '--userns-remap'], 'default', ['build01']],
    [['a', '--userns-remap', 'b'], 'default', ['a', 'b']],
    [['--userns-remap=dockremap', 'build01'], 'dockremap', ['build01']],
    [['build01', '--userns-remap=1000:1000'], '1000:1000', ['build01']],
    [['--userns-remap', '--', 'build01'], 'default', ['build01']],
  ]
  for (const [argv, remap, names] of ROWS) {
    test(argv.join(' '), async (t) => {
      const { folder } = await place(t)
      const { daemon, server } = await runJson<InitData>(['init', '--out', folder, ...argv])
      assert.equal(daemon.usernsRemap, remap)
      assert.deepEqual(server.certificate.names.dns, [...names, 'localhost'])
    })
  }
})

describe('a second init', () => {
  test('keeps every byte, mode and date', async (t) => {
    const { folder, init } = await place(t)
    const argv = ['build01', '10.0.0.4', '--client', 'alice', '--listen', '0.0.0.0:2377', '--userns-remap']
    ok(await init(argv))
    const before = await treeOf(folder)
    const again = await init(argv)
    ok(again)
    assert.deepEqual(await treeOf(folder), before)
    assert.doesNotMatch(again.stdout, /^(created|replaced)/m)
    ok(await init(['10.0.0.4', 'build01', '--client', 'alice', '--force']))
    const { 'clients/alice/.env': _, ...rest } = await treeOf(folder)
    for (const [path, state] of Object.entries(rest)) if (path in before) assert.equal(state, before[path], path)
  })

  test('makes only what is missing, on the port that is there', async (t) => {
    const { folder, init, read } = await place(t)
    ok(await init(['b', '--client', 'alice', '--listen', '0.0.0.0:2377', '--tlsdir', '/srv/tls', '--userns-remap']))
    const before = await treeOf(folder)
    const data = JSON.parse((await init(['b', '--client', 'bob', '--json'])).stdout) as InitData
    assert.deepEqual(data.daemon, { listen: ['tcp://0.0.0.0:2377'], tlsDir: '/srv/tls', usernsRemap: 'default' })
    assert.deepEqual([data.authority.action, data.server.action, data.override.action], ['kept', 'kept', 'kept'])
    assert.deepEqual(data.others, ['alice'])
    assert.match(await read('clients/bob/.env'), /DOCKER_HOST='tcp:\/\/b:2377'/)
    const after = await treeOf(folder)
    for (const [path, state] of Object.entries(before)) {
      if (!path.startsWith('ca/ledger')) assert.equal(after[path], state, path)
    }
    await rm(join(folder, 'server/override.conf'))
    await rm(join(folder, 'clients/alice/key.pem'))
    ok(await init(['b', '--client', 'alice']))
    assert.deepEqual(Object.keys(await treeOf(folder)).filter((path) => path.includes('.pem.')).length, 1)
  })

  test('does not leave an explicit wish unheard', async (t) => {
    const { folder, init, read, json } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    const before = await treeOf(folder)
    const wishes = [['--listen', '0.0.0.0:2377'], ['--tlsdir', '/srv/tls'], ['--userns-remap']]
    for (const wish of wishes) {
      const { code, stderr } = await init(['b', '--client', 'alice', '--client', 'bob', ...wish])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_FILE_EXISTS: rendering .*override\.conf: .*, but you requested .*\.\nSet --force/)
      assert.deepEqual(await treeOf(folder), before)
    }
    const old = await read('server/override.conf')
    const forced = await json(['b', '--client', 'alice', '--listen', '0.0.0.0:2377', '--force'])
    assert.deepEqual([forced.server.action, forced.override.action], ['kept', 'replaced'])
    assert.equal(await readFile(forced.override.keptAside[0] ?? '', 'utf8'), old)
    assert.match(forced.override.keptAside[0] ?? '', /override\.conf\.\d{4}-\d\d-\d\dT/)
    assert.match(await read('clients/alice/.env'), /tcp:\/\/b:2377'/)
    assert.equal(forced.clients[0]?.env.action, 'replaced')
  })

  test('renders the .env of clients that were not asked for only by force', async (t) => {
    const { init, read, json } = await place(t)
    ok(await init(['b', '--client', 'alice', '--client', 'bob']))
    await json(['b', '--client', 'alice', '--listen', '0.0.0.0:2377', '--force'])
    assert.match(await read('clients/bob/.env'), /tcp:\/\/b:2377'/)
  })

  test('refuses other names, and re-issues with --force', async (t) => {
    const { folder, init, read, json } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    const before = await treeOf(folder)
    const refused = await init(['c', 'b', '--client', 'alice', '--client', 'new'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_SERVER_NAMES_CHANGED: .*added: c.*\n.*--force/)
    assert.deepEqual(await treeOf(folder), before)
    const data = await json(['c', 'b', '--client', 'alice', '--force'])
    assert.deepEqual([data.authority.action, data.server.action, data.clients[0]?.action], ['kept', 'replaced', 'kept'])
    assert.equal(data.server.keptAside.length, 2)
    assert.match(await read('clients/alice/.env'), /tcp:\/\/c:2376'/)
    const cert = new X509Certificate(await read('server/server-cert.pem'))
    assert.match(cert.subjectAltName ?? '', /DNS:c, DNS:b/)
  })

  test('looks at what is there before it makes anything new', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    await writeFile(join(folder, 'clients/alice/cert.pem'), 'no certificate')
    await rm(join(folder, 'server'), { recursive: true })
    const before = await treeOf(folder)
    const { code, stderr } = await init(['b', '--client', 'bob', '--client', 'alice'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_PKI_FILE_INVALID: .*alice.*\n.*--force/)
    assert.deepEqual(await treeOf(folder), before)
    ok(await init(['b', '--client', 'bob', '--client', 'alice', '--force']))
    const names = await readdir(join(folder, 'clients/alice'))
    assert.equal(names.filter((name) => /^cert\.pem\.\d/.test(name)).length, 1)
  })

  test('makes no second authority beside certificates of a lost one', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    await rm(join(folder, 'ca'), { recursive: true })
    const before = await treeOf(folder)
    const { code, stderr } = await init(['b', '--client', 'alice'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_CA_MISSING: .*\n.*--force/)
    assert.deepEqual(await treeOf(folder), before)
    const forced = await init(['b', '--client', 'alice', '--force'])
    ok(forced)
    assert.equal(forced.stdout.match(/^replaced/gm)?.length, 2)
  })

  test('refuses half an authority, whatever is forced', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    await rm(join(folder, 'ca/ca-key.pem'))
    const before = await treeOf(folder)
    const { code, stderr } = await init(['b', '--client', 'alice', '--force'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_CA_INVALID: .*\n.*cert ca --replace-ca/)
    assert.deepEqual(await treeOf(folder), before)
  })

  test('does not pass over a drop-in that it can not read', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    await writeFile(join(folder, 'server/override.conf'), 'mine')
    const { code, stderr } = await init(['b', '--client', 'alice'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_UNIT_INVALID: reading .*override\.conf.*\n.*--force/)
    ok(await init(['b', '--client', 'alice', '--force']))
    const names = await readdir(join(folder, 'server'))
    assert.equal(names.filter((name) => name.startsWith('override.conf.')).length, 1)
  })

  test('keeps a drop-in that was edited, and says so', async (t) => {
    const { folder, init, read } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    const edited = (await read('server/override.conf')).replace('-H fd://', '-H fd:// --live-restore')
    await writeFile(join(folder, 'server/override.conf'), edited)
    const { code, stderr } = await init(['b', '--client', 'alice'])
    assert.equal(code, 0)
    assert.match(stderr, /^Warning: .*override\.conf stays as it is/)
    assert.equal(await read('server/override.conf'), edited)
  })

  test('in another place: the .env files are old, and that is said', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    const moved = join(dirname(folder), 'moved')
    await rename(folder, moved)
    const { code, stderr } = await runCli(['init', 'b', '--client', 'alice', '--out', moved])
    assert.equal(code, 0)
    assert.match(stderr, /^Warning: .*alice\/\.env stays as it is/)
    ok(await runCli(['init', 'b', '--client', 'alice', '--out', moved, '--force']))
    assert.match(await readFile(join(moved, 'clients/alice/.env'), 'utf8'), /moved\/clients\/alice'/)
  })
})

test('a .env that stays says what is old in it; another name of the server is not', async (t) => {
  const { init } = await place(t)
  ok(await init(['b', '10.0.0.4', '--client', 'alice', '--client', 'bob']))
  const { stderr } = await init(['10.0.0.4', 'b', '--client', 'alice'])
  assert.match(stderr, /^Warning: \S+alice\/\.env stays as it is: DOCKER_HOST is "tcp:\/\/b:2376", and would be /)
  assert.doesNotMatch(stderr, /bob/)
  const other = await init(['c'])
  assert.match(other.stderr, /^ERR_SERVER_NAMES_CHANGED: .*\n.*--force.*cert server NAME --host NAME --dir \S+$/m)
})

const clients = async (folder: string): Promise<string[]> => (await readdir(join(folder, 'clients'))).toSorted()

describe('the client that nobody named', () => {
  test('is who typed the command, also behind sudo, and that is said', async (t) => {
    const { folder, init } = await place(t)
    const { stdout } = await init(['b'], { env: { SUDO_USER: 'ann.b' } })
    assert.deepEqual(await clients(folder), ['ann-b'])
    assert.match(stdout, /named after your login, because --client is not given/)
    assert.match(stdout, /sudo docker-mtls client export ann-b/)
    const before = await treeOf(folder)
    ok(await init(['b'], { env: { SUDO_USER: 'ann.b' } }))
    assert.deepEqual(await treeOf(folder), before)
  })

  test('is nobody where there are clients already', async (t) => {
    const { folder, init } = await place(t)
    ok(await init(['b', '--client', 'alice']))
    const { stdout } = await init(['b'], { env: { SUDO_USER: 'ann' } })
    assert.deepEqual(await clients(folder), ['alice'])
    assert.match(stdout, /Not touched: the client alice\./)
  })

  test('is asked for where the login name would do as none', async (t) => {
    const { folder, init } = await place(t)
    const { code, stderr } = await init(['b'], { env: { SUDO_USER: '...' } })
    assert.equal(code, 2)
    assert.match(stderr, /^ERR_NAME_INVALID: .*\nName one with --client NAME/)
    assert.deepEqual(await treeOf(folder), {})
  })
})

async function installed(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, dirname(path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

describe("the daemon's command", () => {
  const UNIT = '[Service]\nExecStart=/opt/bin/dockerd -H fd:// --data-root=/srv/docker\n'

  test("is the installed unit's, and the report names it", async (t) => {
    const { init, read } = await place(t)
    const root = await installed(t, { 'usr/lib/systemd/system/docker.service': UNIT })
    const { stdout } = await init(['b', '--client', 'a'], { root })
    assert.match(stdout, /ExecStart= is from\s+\S+docker\.service\s+of\s+this\s+machine/)
    assert.match(await read('server/override.conf'), /^ExecStart=\/opt\/bin\/dockerd --data-root=\/srv\/docker -H fd:/m)
  })

  test('is that of a unit that was named, whatever is installed', async (t) => {
    const { init, read } = await place(t)
    const root = await installed(t, {
      'usr/lib/systemd/system/docker.service': UNIT,
      'etc/docker/daemon.json': '{ "hosts": [] }',
      'server.unit': UNIT.replace('/opt', '/usr/local'),
    })
    ok(await init(['b', '--client', 'a', '--unit', join(root, 'server.unit')], { root }))
    assert.match(await read('server/override.conf'), /^ExecStart=\/usr\/local\/bin\/dockerd/m)
  })

  test('stays the same once our drop-in is a part of it', async (t) => {
    const service = 'lib/systemd/system/docker.service'
    for (const [unit, argv] of [
      [UNIT, []],
      [UNIT, ['--userns-remap', '--listen', '10.0.0.4:2376']],
      [UNIT.replace('-H fd:', '--userns-remap=dockremap -D -H fd:'), []],
    ] as const) {
      const { folder, init, read } = await place(t)
      ok(await init(['b', '--client', 'a', ...argv], { root: await installed(t, { [service]: unit }) }))
      const dropIn = await read('server/override.conf')
      const before = await treeOf(folder)
      const root = await installed(t, { [service]: unit, 'etc/systemd/system/docker.service.d/override.conf': dropIn })
      const { code, stderr } = await init(['b', '--client', 'a', ...argv], { root })
      assert.deepEqual([code, stderr], [0, ''])
      assert.deepEqual(await treeOf(folder), before)
      ok(await init(['b', '--client', 'a', ...argv, '--force'], { root }))
      assert.deepEqual(await treeOf(folder), before)
    }
  })

  test("is docker-ce's where none is installed, and that is said", async (t) => {
    const { init } = await place(t)
    const { stdout, stderr } = await init(['*.example.com', 'b.example.com', '--client', 'a'])
    assert.match(stdout, /docker-ce's unit, because none is\s+installed here/)
    assert.match(stdout.replaceAll(/\s+/g, ' '), /compare ExecStart= in override\.conf with systemctl cat docker there/)
    assert.match(
      stderr,
      /^Warning: .*\/usr\/sbin\/dockerd.* ssh b\.example\.com systemctl cat docker\.service > docker\.service/,
    )
    assert.equal((await init(['*.example.com', 'b.example.com', '--client', 'a'])).stderr, '')
  })

  test('is not to be compared where it was named', async (t) => {
    const { folder, init } = await place(t)
    const unit = join(dirname(folder), 'docker.service')
    await writeFile(unit, UNIT)
    const { stdout, stderr } = await init(['b', '--client', 'a', '--unit', unit])
    assert.equal(stderr, '')
    assert.doesNotMatch(stdout, /compare/)
  })

  test('is not rendered against the daemon.json that is there', async (t) => {
    const { folder, init } = await place(t)
    const root = await installed(t, {
      'usr/lib/systemd/system/docker.service': UNIT,
      'etc/docker/daemon.json': '{ "hosts": ["fd://"] }',
    })
    const { code, stderr } = await init(['b', '--client', 'a'], { root })
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_DIRECTIVE_CONFLICT: .*etc\/docker\/daemon\.json.*\nRemove "hosts" .*--daemon-json/)
    assert.deepEqual(await treeOf(folder), {})
  })
})

describe('keys of other types', () => {
  test('RSA is slow, and says on stderr what it is at', async (t) => {
    const { init } = await place(t)
    const { stderr } = await init(['b', '--client', 'a', '--key-type', 'rsa2048'])
    const [ca = '', ...others] = stderr.split('\n').slice(0, 3)
    assert.match(ca, /^Creating the (?:CA|authority)'s key \(rsa2048\) \.\.\.$/)
    assert.deepEqual(others, ["Creating the server's key (rsa2048) ...", 'Creating the key of a (rsa2048) ...'])
  })

  test('Ed25519 says who refuses it', async (t) => {
    const { json } = await place(t)
    const { warnings, server } = await json(['b', '--client', 'a', '--key-type', 'ed25519'])
    assert.deepEqual(server.certificate.key, { type: 'ed25519' })
    assert.match(warnings.join(), /NSS/)
  })

  test('the default is P-256', async (t) => {
    const { json } = await place(t)
    assert.deepEqual((await json(['b', '--client', 'a'])).authority.certificate.key, { type: 'ec', curve: 'P-256' })
  })
})

/** The commands under a heading: the lines that are indented by two. */
function commandsUnder(stdout: string, heading: RegExp): string {
  const block = stdout.split('\n\n').find((part) => heading.test(part)) ?? ''
  const lines = block.slice(block.search(heading)).split('\n').slice(1)
  return lines.filter((line) => line.startsWith('  ')).join('\n')
}

describe('what it says to do next', () => {
  test('on the server by hand', async (t) => {
    const { folder, init } = await place(t)
    const etc = join(dirname(folder), 'etc of the server')
    const { stdout } = await init(['b', '--client', 'alice', '--tlsdir', join(etc, 'docker/tls')])
    const script = commandsUnder(stdout, /^Or by hand/m)
      .replace('/etc/systemd', `'${etc}/systemd'`)
      .replaceAll(/^ *systemctl (.*)$/gm, (_line, words) => `echo ${words}`)
    const { code, stdout: said, stderr } = await runCommand('sh', ['-euc', script], { cwd: join(folder, 'server') })
    assert.equal(code, 0, stderr)
    assert.deepEqual(said.split('\n'), ['daemon-reload', 'restart docker', ''])
    const modes = modesOf(await treeOf(etc))
    assert.deepEqual(
      { ...modes, 'systemd/': '', 'systemd/system/': '', 'systemd/system/docker.service.d/': '', 'docker/': '' },
      {
        'docker/': '',
        'docker/tls/': '0700',
        'docker/tls/ca.pem': '0644',
        'docker/tls/server-cert.pem': '0644',
        'docker/tls/server-key.pem': '0600',
        'systemd/': '',
        'systemd/system/': '',
        'systemd/system/docker.service.d/': '',
        'systemd/system/docker.service.d/override.conf': '0644',
      },
    )
  })

  test('on the server by daemon apply, which tries a client where there is one for it', async (t) => {
    const { folder, init } = await place(t)
    const bare = await init(['b', '--client', 'alice'])
    assert.equal(commandsUnder(bare.stdout, /^On the server/m), '  docker-mtls daemon apply --no-client-proof')
    assert.match(bare.stdout, /^This tests no client certificate; the ping below does/m)
    const probed = await init(['b', '--probe'])
    assert.equal(commandsUnder(probed.stdout, /^On the server/m), '  docker-mtls daemon apply')
    assert.doesNotMatch(probed.stdout, /No client is tried/)
    const again = await init(['b'])
    assert.equal(commandsUnder(again.stdout, /^On the server/m), '  docker-mtls daemon apply')
    assert.match(again.stdout, /^kept .*server\/probe\//m)
    await rm(join(folder, 'server/probe/cert.pem'))
    const lost = await init(['b'])
    assert.equal(commandsUnder(lost.stdout, /^On the server/m), '  docker-mtls daemon apply --no-client-proof')
    const { stdout } = await runCli(['cert', 'list', '--dir', folder])
    assert.match(stdout, /^client +probe-[0-9a-f]{8} .* one-day client$/m)
  })

  test('on the client', async (t) => {
    const { folder, init } = await place(t)
    const { stdout } = await init(['b', '--client', 'alice'])
    const home = await temporaryFolder(t)
    ok(await runCli(['client', 'export', 'alice', '--dir', folder, '--out', join(home, 'alice.tar')]))
    const script = commandsUnder(stdout, /^and there/m)
      .split('\n')
      .slice(0, 2)
      .join('\n')
    const { code, stderr } = await runCommand('sh', ['-euc', script], { cwd: home, env: { HOME: home } })
    assert.equal(code, 0, stderr)
    assert.deepEqual(modesOf(await treeOf(join(home, '.docker/b'))), {
      'ca.pem': '0600',
      'cert.pem': '0600',
      'key.pem': '0600',
    })
    assert.match(
      stdout,
      /eval "\$\(docker-mtls client env --host tcp:\/\/b:2376 \\\n {4}--cert-path "\$HOME\/\.docker\/b"\)"/,
    )
    assert.match(stdout, /docker-mtls ping --dotenv \S+alice\/\.env/)
  })

  test('for another machine only if that can connect', async (t) => {
    for (const [listen, isReachable] of [
      ['127.0.0.1:2376', false],
      ['[::1]:2376', false],
      ['10.0.0.4:2376', true],
    ] as const) {
      const { init } = await place(t)
      const { stdout } = await init(['b', '--client', 'alice', '--listen', listen])
      assert.equal(/on another machine/.test(stdout), isReachable, stdout)
      const said = `because dockerd listens only on tcp://${listen}.`
      assert.equal(stdout.replaceAll(/\s+/g, ' ').includes(said), !isReachable, stdout)
    }
  })

  test('with user namespaces it says what happens to what is there', async (t) => {
    const { init } = await place(t)
    assert.match((await init(['b', '--client', 'a', '--userns-remap'])).stdout, /hidden while user namespaces/)
    const other = await place(t)
    assert.doesNotMatch((await other.init(['b', '--client', 'a'])).stdout, /user namespaces/)
  })

  test('by npx, for who came by npx', async (t) => {
    const { init } = await place(t)
    const { stdout } = await init(['b', '--client', 'a'], { env: { npm_command: 'exec' } })
    const lines = stdout.split('\n').filter((line) => /^ {2}.*docker-mtls (ping|client)/.test(line))
    assert.equal(lines.length, 4)
    assert.ok(lines.every((line) => line.includes('npx docker-mtls ')))
  })

  test('quotes what a shell would take apart', async (t) => {
    const { folder } = await place(t)
    const odd = join(dirname(folder), 'keys of $HOME')
    const { stdout } = await runCli(['init', 'b', '--client', 'alice', '--out', odd])
    assert.match(stdout, /ping --dotenv '[^']*keys of \$HOME\/clients\/alice\/\.env'/)
    assert.match(stdout, /client export alice --dir '[^']*keys of \$HOME' --out/)
  })
})

test('two at once make one set', async (t) => {
  const { folder, init } = await place(t)
  const both = await Promise.all([init(['b', '--client', 'alice']), init(['b', '--client', 'alice'])])
  const again = await init(['b', '--client', 'alice'])
  ok(again)
  assert.ok(both.some(({ code }) => code === 0))
  const left = Object.keys(await treeOf(folder)).filter((path) => /\/\.(?!env)/.test(path))
  assert.deepEqual(left, [])
})

test('a copy of the folder is as good as the folder', async (t) => {
  const { folder, init } = await place(t)
  ok(await init(['b', '--client', 'alice']))
  const copy = join(dirname(folder), 'copy')
  await cp(folder, copy, { recursive: true })
  const data = await runJson<InitData>(['init', 'b', '--client', 'bob', '--out', copy])
  assert.deepEqual([data.authority.action, data.server.action, data.clients[0]?.action], ['kept', 'kept', 'created'])
})
