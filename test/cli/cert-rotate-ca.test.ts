import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { writeSetupRecord } from '../../lib/keystore/setup-record.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { parseRotation, rotationText } from '../../lib/keystore/rotate/state.ts'
import { enter } from '../../lib/keystore/rotate/phases.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { startFakeDaemon } from './support/fake-daemon.ts'
import { runCli, type Ran, type RunOptions } from './support/run-cli.ts'

interface Place {
  /** The folder that everything of this test is in. */
  readonly base: string
  readonly folder: string
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
  readonly rotate: (argv?: readonly string[], options?: RunOptions) => Promise<Ran>
}

/** A folder as init leaves it: a server, and two clients. */
async function place(t: TestContext, passphrase?: string): Promise<Place> {
  const base = await temporaryFolder(t)
  const folder = join(base, 'keys')
  const secret = passphrase === undefined ? {} : { passphrase }
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority({ commonName: 'A', ...secret })
  await pki.ensureServer(['build01.example.com', '10.0.0.4'], secret)
  for (const name of ['alice', 'bob']) await pki.ensureClient(name, secret)
  const run: Place['run'] = (argv, options) => runCli([...argv, '--dir', folder], options)
  return { base, folder, run, rotate: (argv = [], options) => run(['cert', 'rotate-ca', ...argv], options) }
}

/** The words behind `docker-mtls` of each line that a text shows. */
function commandsIn(text: string): string[][] {
  return Array.from(text.matchAll(/^ +docker-mtls (.*?)(?: +#.*)?$/gm), ([, line = '']) => line.split(' '))
}

/** The one command of a text that has these words in it. */
function commandWith(text: string, ...words: readonly string[]): string[] {
  const found = commandsIn(text).filter((command) => words.every((word) => command.includes(word)))
  assert.equal(found.length, 1, `${words.join(' ')} in:\n${text}`)
  return found[0] ?? []
}

/** Runs a command line as it stands in a text; what it writes goes into the folder of the test. */
async function follow({ base }: Place, command: readonly string[]): Promise<Ran> {
  const out = command.indexOf('--out') + 1
  const ran = await runCli(out === 0 ? command : command.with(out, join(base, command[out] ?? '')))
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

/** Runs the line that looks at a daemon, with this one in its place; it ends afterwards. */
async function lookAt(
  where: Place,
  command: readonly string[],
  daemon: Awaited<ReturnType<typeof startFakeDaemon>>,
): Promise<Ran> {
  try {
    return await follow(where, [...command.slice(0, -1), daemon.url])
  } finally {
    await daemon.close()
  }
}

/** Asserts that it is refused, and that nothing has changed. */
async function refused({ folder }: Place, act: () => Promise<Ran>, words: RegExp, code = 1): Promise<Ran> {
  const before = await treeOf(folder)
  const ran = await act()
  assert.match(ran.stderr, words)
  assert.equal(ran.code, code)
  assert.equal(ran.stdout, '')
  assert.deepEqual(await treeOf(folder), before)
  return ran
}

/** What a phase is followed to by: all that it waits for. */
const STEPS = [
  ['--name', 'B'],
  ['--phase', 'trust', '--confirm', 'alice', '--confirm', 'bob', '--confirm-server', 'server'],
  ['--phase', 'server', '--confirm-server', 'server'],
  ['--phase', 'clients', '--confirm', 'alice', '--confirm', 'bob', '--yes'],
  ['--phase', 'finish', '--confirm-server', 'server'],
]

async function upTo(length: number, { rotate }: Place): Promise<void> {
  for (const step of STEPS.slice(0, length)) {
    const { code, stderr } = await rotate(step)
    assert.equal(code, 0, stderr)
  }
}

describe('cert rotate-ca', () => {
  test('leads to its end by the lines that it shows, and by nothing else', async (t) => {
    const where = await place(t)
    const { folder, rotate } = where
    let { stdout: text, stderr } = await rotate(['--name', 'B'])
    assert.match(stderr, /^\+ create a new CA {2}\d/)
    const marks = (): (string | undefined)[] => Array.from(text.matchAll(/^ {2}(\w*) +\d (\w+)/gm), ([, mark]) => mark)
    for (const [index, phase] of ['trust', 'server', 'clients'].entries()) {
      assert.match(text, /^From A to B:\n/)
      assert.deepEqual(
        marks(),
        ['trust', 'server', 'clients', 'finish'].map((_, at) => (at < index ? 'done' : at === index ? 'now' : '')),
      )
      if (phase !== 'server') {
        for (const name of ['alice', 'bob']) {
          await follow(where, commandWith(text, 'export', name))
          text = (await follow(where, commandWith(text, '--confirm', name))).stdout
        }
      }
      if (phase !== 'clients') {
        assert.match(
          text,
          /^On the server, as root, with a copy of .*\/server:\n {2}docker-mtls daemon apply --from server --no-client-proof$/m,
        )
        const line = commandWith(text, '--host', 'tcp://build01.example.com:2376')
        const daemon = await startFakeDaemon(folder)
        const looked = await lookAt(where, line, daemon)
        assert.match(
          looked.stderr,
          phase === 'trust' ? /accepts clients of CN=A; CN=B/ : /presents a certificate issued by CN=B/,
        )
        text = looked.stdout
      }
    }
    assert.match(text, /^No machine needs the old CA any more\. To drop it:$/m)
    text = (await follow(where, commandWith(text, '--yes'))).stdout
    assert.deepEqual(marks(), ['done', 'done', 'done', 'now'])
    const daemon = await startFakeDaemon(folder)
    text = (await lookAt(where, commandWith(text, '--host'), daemon)).stdout
    assert.match(text, /^Done: B has replaced A\. The ca\.pem of clients/)
    const names = ['server/server-cert.pem', 'clients/alice/cert.pem', 'clients/bob/cert.pem']
    for (const name of names) {
      assert.equal(new X509Certificate(await readFile(join(folder, name))).issuer, 'CN=B')
    }
    await refused(
      where,
      () => rotate(['--status']),
      /^ERR_ROTATION_NONE: .*the last one is complete, see .*rotation\.json/,
    )
  })

  test('says which daemon is not as it should be, and why', async (t) => {
    const { folder, rotate } = await place(t)
    const daemon = await startFakeDaemon(folder)
    t.after(() => daemon.close())
    await rotate(['--name', 'B'])
    const { code, stdout } = await rotate(['--host', daemon.url])
    assert.equal(code, 0)
    assert.ok(stdout.includes(`${daemon.url} doesn't have its new files yet: it accepts clients of CN=A.`), stdout)
    const { stdout: lines } = await rotate(['--host', daemon.url, '--json'])
    const steps = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { step?: string; state?: string; note?: string })
    assert.deepEqual(
      steps.filter(({ step }) => step === 'look').map(({ state, note }) => [state, note]),
      [
        ['running', undefined],
        ['failed', 'it accepts clients of CN=A'],
      ],
    )
  })

  test('--probe is for the proof that an apply makes', async (t) => {
    const { rotate } = await place(t)
    const { stdout } = await rotate(['--name', 'B', '--probe'])
    assert.match(stdout, /^ {2}docker-mtls daemon apply --from server$/m)
  })

  test('of several servers, those that setup has made get theirs by setup', async (t) => {
    const { folder, rotate } = await place(t)
    await new PkiFolder(folder).ensureServer(['b.example.com'], { host: 'b.example.com' })
    const { stdout } = await rotate()
    assert.match(
      stdout,
      /^For b\.example\.com, run setup again, as before:\n {2}docker-mtls setup ssh:\/\/USER@b\.example\.com --dir .*\n {2}docker-mtls setup --gateway ssh:\/\/USER@b\.example\.com --dir .*if it has a gateway$/m,
    )
    assert.match(
      stdout,
      /--phase trust --host tcp:\/\/b\.example\.com:2376\n.* {2}--confirm-server hosts\/b\.example\.com$/m,
    )
    const ssh = 'ssh://deploy@b.example.com'
    await writeSetupRecord(folder, 'b.example.com', { ssh, client: 'alice', names: [], gateway: true })
    assert.match(
      (await rotate(['--status'])).stdout,
      /as before:\n {2}docker-mtls setup --gateway ssh:\/\/deploy@b\.example\.com --client alice --dir \S+\nthen here/,
    )
  })

  test('of several servers, a name that only one of them has is inspected; without one, the server is confirmed', async (t) => {
    const { folder, rotate } = await place(t)
    await new PkiFolder(folder).ensureServer(['build01.example.com', '10.0.0.4'], { host: 'twin' })
    const { stdout } = await rotate()
    assert.doesNotMatch(stdout, /--host /)
    assert.match(stdout, /^then here:\n {2}docker-mtls cert rotate-ca .*--phase trust --confirm-server server$/m)
    const { code, stderr } = await rotate(['--phase', 'trust', '--host', 'tcp://localhost:2376'])
    assert.equal(code, 2, stderr)
    assert.match(stderr, /each server is localhost to itself, and the folder has several: server and hosts\/twin\.$/m)
  })

  test('of a named phase, a daemon that is not as it should be fails the command', async (t) => {
    const { folder, rotate } = await place(t)
    const daemon = await startFakeDaemon(folder)
    t.after(() => daemon.close())
    await rotate(['--name', 'B'])
    await daemon.close()
    const { code, stdout } = await rotate(['--phase', 'trust', '--host', daemon.url])
    assert.equal(code, 1)
    assert.match(stdout, /doesn't have its new files yet/)
  })

  test('a client whose key is elsewhere: the lines for it work', async (t) => {
    const where = await place(t)
    const { base, run, rotate } = where
    const there = join(base, 'carol')
    await runCli(['client', 'request', 'carol', '--out', there])
    const answer = join(base, 'first.pem')
    assert.equal((await run(['cert', 'sign', join(there, 'carol.csr'), '--out', answer])).code, 0)
    await runCli(['client', 'install', answer, '--dir', there])
    for (const step of [STEPS[0], STEPS[1], STEPS[2], STEPS[3]].map((one) => one ?? [])) {
      const { stdout } = await rotate([...step, ...(step.includes('alice') ? ['--confirm', 'carol'] : [])])
      const cat = /^ {2}cat (\S+) (\S+) > carol\.pem$/m.exec(stdout)
      if (cat === null) continue
      const [certificate, authorities] = await Promise.all([cat[1] ?? '', cat[2] ?? ''].map((path) => readFile(path)))
      await writeFile(
        join(base, 'carol.pem'),
        Buffer.concat([certificate ?? Buffer.alloc(0), authorities ?? Buffer.alloc(0)]),
      )
      const install = commandWith(stdout, 'install').slice(0, -1)
      await follow(where, [...install, join(base, 'carol.pem'), '--dir', there])
    }
    assert.equal(new X509Certificate(await readFile(join(there, 'cert.pem'))).issuer, 'CN=B')
  })
})

describe('--json', () => {
  test('is a line for each step, and one for the result', async (t) => {
    const { folder, rotate } = await place(t)
    const lines = async (argv: readonly string[]): Promise<Record<string, unknown>[]> => {
      const { code, stdout, stderr } = await rotate([...argv, '--json'])
      assert.deepEqual([code, stderr], [0, ''])
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    }
    const seen: unknown[] = []
    for (const step of STEPS) {
      const all = await lines(step)
      const { type, outcome, phase } = all.at(-1) ?? {}
      const steps = all.slice(0, -1)
      assert.ok(steps.every((line) => line['type'] === 'step'))
      const done = steps.filter(({ state }) => state === 'done')
      assert.ok(done.every(({ milliseconds }) => typeof milliseconds === 'number'))
      seen.push([done.map(({ step: name, subject }) => [name, subject].join(' ').trim()), type, outcome, phase])
    }
    assert.deepEqual(seen, [
      [['begin'], 'result', 'under way', 'trust'],
      [['certify server'], 'result', 'under way', 'server'],
      [['certify alice', 'certify bob'], 'result', 'under way', 'clients'],
      [['install'], 'result', 'under way', 'finish'],
      [[], 'result', 'ended', 'finish'],
    ])
    const [begun = {}] = (await lines(['--name', 'C'])).slice(-1)
    assert.deepEqual(Object.keys(begun).toSorted(), [
      'begun',
      'confirmed',
      'folder',
      'from',
      'issuers',
      'left',
      'lists',
      'looks',
      'lost',
      'outcome',
      'phase',
      'startedAt',
      'to',
      'type',
      'waiting',
      'warnings',
    ])
    assert.deepEqual([begun['folder'], begun['begun']], [folder, true])
    assert.deepEqual(begun['waiting'], {
      clients: [
        { name: 'alice', keyElsewhere: false },
        { name: 'bob', keyElsewhere: false },
      ],
      servers: [
        {
          name: 'server',
          names: ['build01.example.com', '10.0.0.4', 'localhost', '127.0.0.1', '::1'],
          inspectAs: 'build01.example.com',
          probe: false,
        },
      ],
      consent: false,
    })
  })

  test('a failure is one line', async (t) => {
    const where = await place(t)
    const { code, stdout } = await where.rotate(['--confirm', 'alice', '--json'])
    const { type, error } = JSON.parse(stdout) as { type: string; error: { code: string } }
    assert.deepEqual([code, type, error.code], [1, 'error', 'ERR_ROTATION_NONE'])
  })
})

describe('--status', () => {
  test('says how far it is in each phase, and changes nothing', async (t) => {
    const where = await place(t)
    const { folder, rotate } = where
    await refused(
      where,
      () => rotate(['--status']),
      /^ERR_ROTATION_NONE: .*no rotation is in progress\.\nStart one: {2}docker-mtls cert rotate-ca --dir /,
    )
    for (const [index, phase] of ['trust', 'server', 'clients', 'finish'].entries()) {
      await rotate(STEPS[index])
      const before = await treeOf(folder)
      const { code, stdout } = await rotate(['--status'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^ {2}now +\\d ${phase} `, 'm'))
      assert.deepEqual(await treeOf(folder), before)
    }
  })

  test('says that only a word is missing', async (t) => {
    const { rotate } = { ...(await place(t)) }
    for (const step of STEPS.slice(0, 3)) await rotate(step)
    const confirmed = await rotate(['--confirm', 'alice', '--confirm', 'bob'])
    // Without a terminal and without --yes: what was said is taken down, and that is no failure.
    assert.equal(confirmed.code, 0)
    const { stdout } = await rotate(['--status'])
    assert.equal(stdout, confirmed.stdout)
    assert.match(stdout, /To drop it:\n {2}docker-mtls cert rotate-ca --dir \S+ --phase clients --yes\n$/)
  })
})

describe('--abort', () => {
  test('goes back, and says what is to be done then', async (t) => {
    const where = await place(t)
    const { folder, rotate } = where
    await refused(where, () => rotate(['--abort']), /^ERR_ROTATION_NONE/)
    await upTo(2, where)
    const { code, stdout } = await rotate(['--abort'])
    assert.equal(code, 0)
    assert.match(stdout, /^Aborted: A stays\. .*each\s+daemon\s+first, and then to its clients/)
    assert.equal(new X509Certificate(await readFile(join(folder, 'server/server-cert.pem'))).issuer, 'CN=A')
    await refused(where, () => rotate(['--status']), /^ERR_ROTATION_NONE/)
  })

  test('is refused once a daemon presents a certificate from the new CA', async (t) => {
    const where = await place(t)
    await upTo(3, where)
    await refused(
      where,
      () => where.rotate(['--abort']),
      /^ERR_ROTATION_PHASE: .*in the phase clients: a daemon already uses a certificate issued by B/,
    )
  })

  test('that was cut off is ended by itself alone', async (t) => {
    const where = await place(t)
    const { folder, rotate } = where
    await upTo(2, where)
    const path = join(folder, 'ca/next/rotation.json')
    const state = parseRotation(await readFile(path, 'utf8'), path)
    await writeFile(path, rotationText(enter(state, 'abort', new Date())))
    await refused(where, () => rotate(), /^ERR_ROTATION_PHASE: .*it is being aborted\.\n.*--abort/)
    const { stdout } = await rotate(['--status'])
    assert.match(stdout, /^The rotation is being aborted: A stays\. To finish that:\n/)
    await follow(where, commandWith(stdout, '--abort'))
    assert.equal(new X509Certificate(await readFile(join(folder, 'ca/ca.pem'))).subject, 'CN=A')
  })
})

describe('what is not meant', () => {
  test('flags that say two things', async (t) => {
    const where = await place(t)
    await where.rotate(['--name', 'B'])
    const others = [
      ['--confirm', 'alice'],
      ['--confirm-server', 'server'],
      ['--host', 'build01'],
      ['--phase', 'trust'],
      ['--probe'],
      ['--name', 'X'],
      ['--key-type', 'p384'],
      ['--days', '5'],
    ]
    for (const first of ['--status', '--abort']) {
      for (const other of others) {
        await refused(
          where,
          () => where.rotate([first, ...other]),
          new RegExp(`^ERR_USAGE: .*${first} and ${other[0]} can't be combined`),
          2,
        )
      }
    }
    await refused(
      where,
      () => where.rotate(['--abort', '--status']),
      /^ERR_USAGE: .*--status and --abort can't be combined/,
      2,
    )
    await refused(where, () => where.rotate(['alice']), /^ERR_USAGE/, 2)
  })

  test('words for nobody, or for another phase', async (t) => {
    const where = await place(t)
    const { rotate } = where
    for (const argv of [
      ['--phase', 'trust'],
      ['--confirm', 'alice'],
      ['--host', 'build01.example.com'],
    ]) {
      await refused(where, () => rotate(argv), /^ERR_ROTATION_NONE/)
    }
    await rotate(['--name', 'B'])
    const rows: [argv: string[], words: RegExp][] = [
      [['--confirm', 'eve'], /^ERR_CLIENT_NOT_FOUND: .*the client eve .*in use are alice and bob/],
      [['--confirm', '../x'], /^ERR_NAME_INVALID/],
      [['--confirm-server', 'build01'], /^ERR_CLIENT_NOT_FOUND: .*the server build01 .*servers in use are server/],
      [['--phase', 'clients', '--confirm', 'alice'], /^ERR_ROTATION_PHASE: .*it is in the phase trust/],
      [['--phase', 'later'], /^ERR_USAGE: .*\n.*trust, server, clients, finish/],
      [['--host', 'tcp://build01:2375'], /^ERR_PLAINTEXT_PORT/],
      [['--host', 'unix:///x.sock'], /^ERR_HOST_INVALID: .*over TLS/],
      [['--name', 'X'], /^ERR_ROTATION_UNDERWAY: .*already exists: B/],
      [['--days', 'x'], /^ERR_DAYS_INVALID/],
      [['--key-type', 'dsa'], /^ERR_USAGE: .*\n.*p256/],
    ]
    for (const [argv, words] of rows) {
      const code = /ERR_(?:USAGE|NAME_INVALID|HOST_INVALID|DAYS_INVALID)/.test(words.source) ? 2 : 1
      await refused(where, () => rotate(argv), words, code)
    }
    await refused(
      where,
      () => where.run(['cert', 'ca', '--replace-ca']),
      /^ERR_ROTATION_UNDERWAY: .*in the phase trust.*\n.*--abort/,
    )
  })

  test('a folder without an authority, a ledger that disagrees', async (t) => {
    const where = await place(t)
    const nowhere = await runCli(['cert', 'rotate-ca', '--dir', join(where.base, 'nowhere')])
    assert.match(nowhere.stderr, /^ERR_CA_MISSING/)
    const ledger = join(where.folder, 'ca/ledger.jsonl')
    const text = await readFile(ledger, 'utf8')
    for (const damaged of ['', text.replace('"name":"bob"', '"name":"eve"')]) {
      await writeFile(ledger, damaged)
      await refused(where, () => where.rotate(), /^ERR_LEDGER_MISMATCH/)
    }
    await writeFile(ledger, text)
    await upTo(2, where)
    await writeFile(ledger, (await readFile(ledger, 'utf8')).replace('"name":"bob"', '"name":"eve"'))
    for (const argv of [[], ['--abort'], ['--confirm-server', 'server']]) {
      await refused(where, () => where.rotate(argv), /^ERR_LEDGER_MISMATCH/)
    }
  })
})

/** A folder where everybody has everything. */
async function ready(t: TestContext): Promise<Place> {
  const where = await place(t)
  await upTo(3, where)
  await where.rotate(['--confirm', 'alice', '--confirm', 'bob'])
  return where
}

describe('what a gateway needs besides', () => {
  const line = /^ +docker-mtls gateway apply --from server .*$/m

  test('its lists are in the line that applies them, and an issuer of the old authority is named until it is renewed', async (t) => {
    const where = await place(t)
    for (const words of [
      ['cert', 'issuer', 'old'],
      ['cert', 'crl'],
    ])
      assert.equal((await where.run(words)).code, 0)
    const first = await where.rotate(['--name', 'B'])
    assert.match(line.exec(first.stdout)?.[0] ?? '', /--from server --no-client-proof --crl crl\.pem +# instead/)
    assert.match(
      first.stdout,
      /^On the server, as root, with a copy of .*server, and for a gateway of\s+\S+ca\/crl\.pem:$/m,
    )
    assert.doesNotMatch(first.stderr, /issuer/)
    for (const step of STEPS.slice(1, 3)) await where.rotate(step)
    const warned = /The issuer old is of A, and its gateway refuses .*docker-mtls cert issuer old --renew/s
    const clients = await where.rotate(['--status'])
    assert.match(clients.stderr.replaceAll(/\s+/g, ' '), warned)
    assert.equal((await where.run(['cert', 'issuer', 'old', '--renew'])).code, 0)
    assert.doesNotMatch((await where.rotate(['--status'])).stderr, /issuer/)
  })

  test('without any, the line is short', async (t) => {
    const where = await ready(t)
    const { stdout, stderr } = await where.rotate(['--yes'])
    assert.match(line.exec(stdout)?.[0] ?? '', /--from server --no-client-proof +# instead/)
    assert.doesNotMatch(stderr, /issuer/)
  })
})

describe('the old authority is dropped', () => {
  test('only where somebody says so', async (t) => {
    const where = await ready(t)
    await refused(
      where,
      () => where.rotate(),
      /^ERR_CONFIRMATION_REQUIRED: .*Drop the CA A.*isn't running in a terminal, so it can't ask you\.\n.*--yes/,
    )
    const no = await refused(
      where,
      () => where.rotate([], { tty: true, typed: ['no\n'] }),
      /Drop the CA A, .*\? \(yes or no\): /s,
    )
    assert.match(no.stderr, /The old CA is still trusted/)
    const yes = await where.rotate([], { tty: true, typed: ['yes\n'], env: { NO_COLOR: '1' } })
    assert.equal(yes.code, 0, yes.stderr)
    assert.match(yes.stdout, /^ {2}now +4 finish/m)
  })

  test('with --json nobody is asked, and it is refused', async (t) => {
    const where = await ready(t)
    const { code, stdout } = await where.rotate(['--json'])
    const { type, error } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      type: string
      error: { code: string }
    }
    assert.deepEqual([code, type, error.code], [1, 'error', 'ERR_CONFIRMATION_REQUIRED'])
    assert.equal((await where.rotate(['--json', '--yes'])).code, 0)
  })
})

test('a locked authority: a wrong passphrase changes nothing, and a person is asked', async (t) => {
  const where = await place(t, 'correct horse')
  const { folder, rotate } = where
  const secret = join(where.base, 'secret')
  await writeFile(secret, 'correct horse\n', { mode: 0o600 })
  await refused(where, () => rotate(), /^ERR_CA_PASSPHRASE: .*\n.*--ca-passphrase-file/)
  const wrong = { env: { DOCKER_MTLS_CA_PASSPHRASE: 'wrong horse!' } }
  await refused(where, () => rotate([], wrong), /^ERR_CA_PASSPHRASE: .*the passphrase does not decrypt it/)
  assert.equal((await rotate(['--name', 'B', '--ca-passphrase-file', secret])).code, 0)
  assert.match(await readFile(join(folder, 'ca/next/ca-key.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  // What signs nothing needs none.
  assert.equal((await rotate(['--status'])).code, 0)
  const words = STEPS[1] ?? []
  await refused(where, () => rotate(words, wrong), /^ERR_CA_PASSPHRASE/)
  const asked = await rotate(words, { tty: true, typed: ['wrong\n', 'correct horse\n'] })
  assert.equal(asked.code, 0, asked.stderr)
  assert.doesNotMatch(asked.stdout + asked.stderr, /correct horse/)
})

describe('cert list during a rotation', () => {
  test('says what is under way, and alarms nobody', async (t) => {
    const where = await place(t)
    const { run } = where
    const states = async (): Promise<string[]> => {
      const { stdout } = await run(['cert', 'list', '--json'])
      const { certificates } = JSON.parse(stdout) as { certificates: { name: string; state: string }[] }
      return certificates.map(({ name, state }) => `${name} ${state}`)
    }
    const at: [length: number, phase: string, states: string[]][] = [
      [1, 'trust', ['A in use', 'build01.example.com in use', 'alice in use', 'bob in use', 'B in use']],
      [
        2,
        'server',
        [
          'A in use',
          'build01.example.com replaced',
          'alice in use',
          'bob in use',
          'B in use',
          'build01.example.com in use',
        ],
      ],
      [
        3,
        'clients',
        [
          'A in use',
          'build01.example.com replaced',
          'alice replaced',
          'bob replaced',
          'B in use',
          'build01.example.com in use',
          'alice in use',
          'bob in use',
        ],
      ],
      [
        4,
        'finish',
        [
          'A replaced',
          'build01.example.com replaced',
          'alice replaced',
          'bob replaced',
          'B in use',
          'build01.example.com in use',
          'alice in use',
          'bob in use',
        ],
      ],
    ]
    for (const [length, phase, expected] of at) {
      await where.rotate(STEPS[length - 1])
      assert.deepEqual(await states(), expected, phase)
      const { code, stderr } = await run(['cert', 'list', '--expiring', '30d'])
      assert.equal(code, 0)
      assert.equal(
        stderr,
        `Warning: A rotation from A to B is in the phase ${phase}:  docker-mtls cert rotate-ca --status --dir ${where.folder}\n`,
      )
    }
    await where.rotate(STEPS[4])
    assert.equal((await run(['cert', 'list'])).stderr, '')
    assert.deepEqual(await states(), at[3]?.[2])
  })
})
