import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Interrupted } from '../../lib/cli/terminal/io.ts'
import { PRIVILEGED, rawSnapshot, TARGET, UNPRIVILEGED } from '../audit/support/snapshots.ts'
import { GOOD_HOST } from '../audit/support/host-snapshots.ts'
import { CONTROLS } from '../audit/support/hostile.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { startFakeDaemon, type Answers } from './support/fake-daemon.ts'
import { runCli, runJson, type Ran } from './support/run-cli.ts'

interface Report {
  readonly format: number
  readonly profile: string
  readonly summary: { readonly failing: number; readonly notAudited: number; readonly incomplete: number }
  readonly hosts: readonly {
    readonly ok: boolean
    readonly target: string
    readonly error?: { readonly code: string; readonly message: string }
    readonly unread: readonly { readonly part: string }[]
    readonly findings: readonly { readonly check: string; readonly status: string; readonly change?: string }[]
  }[]
}

const HOME = await temporaryFolder()
const env = { HOME }
const folder = join(HOME, 'docker-mtls')
await runCli(['init', 'build01', '--client', 'alice', '--out', folder])
const certPath = join(folder, 'clients/alice')

/** Counts connections, and closes them. */
async function countingServer(t: Cleanable): Promise<{ host: string; asked: () => number }> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  return { host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => count }
}

/** As much of a daemon as an audit asks for. */
function answersOf(name: string, inspect: object, more: Answers = {}): Answers {
  return {
    '/info': { Debug: false, SecurityOptions: [] },
    '/containers/json': [{ Id: 'c1', Names: [`/${name}`] }],
    '/containers/c1/json': { Id: 'c1', Name: `/${name}`, State: { Running: true }, ExecIDs: null, ...inspect },
    '/networks': [],
    '/volumes': { Volumes: [] },
    ...more,
  }
}

const daemons = {
  bad: await startFakeDaemon(folder, '127.0.0.1', answersOf('web', PRIVILEGED)),
  good: await startFakeDaemon(folder, '127.0.0.1', answersOf('db', UNPRIVILEGED)),
  half: await startFakeDaemon(folder, '127.0.0.1', {
    ...answersOf('web', UNPRIVILEGED),
    '/containers/json': (response) => response.writeHead(500).end('{"message":"no"}'),
  }),
  slow: await startFakeDaemon(folder, '127.0.0.1', {
    ...answersOf('web', UNPRIVILEGED),
    '/info': (response) => response.on('error', () => {}),
  }),
}
after(() => Promise.all(Object.values(daemons).map((daemon) => daemon.close())))

/** A port on which nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `tcp://127.0.0.1:${port}`
}

const gone = await closedPort()

/** Two checks that exist in every version. */
const ONLY = ['--only', 'C-PRIV,D-DEBUG']

function audit(...argv: string[]): Promise<Ran> {
  return runCli(['audit', ...ONLY, '--cert-path', certPath, ...argv], { env })
}

const hosts = (...urls: string[]): string[] => urls.flatMap((url) => ['--host', url])

async function file(name: string, text: string | object): Promise<string> {
  const path = join(HOME, name)
  await writeFile(path, typeof text === 'string' ? text : JSON.stringify(text))
  return path
}

const snapshots = {
  bad: await file('bad.json', rawSnapshot([{ name: 'web', inspect: PRIVILEGED }])),
  good: await file('good.json', rawSnapshot([{ name: 'web', inspect: UNPRIVILEGED }])),
  blind: await file('blind.json', rawSnapshot([{ name: 'web' }])),
  debug: await file('debug.json', rawSnapshot([], { info: { value: { Debug: true } } })),
  half: await file('half.json', rawSnapshot([], { containers: { unknown: 'no answer' } })),
}
const replay = (...argv: string[]): Promise<Ran> => runCli(['audit', ...ONLY, ...argv], { env })

describe('one daemon', () => {
  test('with a finding: exit code 3', async () => {
    const { code, stdout, stderr } = await audit(...hosts(daemons.bad.url))
    assert.equal(code, 3, stderr)
    assert.match(stdout, /^Audit of tcp:\/\/127\.0\.0\.1:\d+, Docker 26\.1\.5\n/)
    assert.match(stdout, /^Containers\n {2}C-PRIV \(critical\): .*\n {4}FAIL {2}web: Privileged: true\n {4}Remedy: /m)
    assert.match(stdout, /\n1 failure of severity high or worse\.\n$/)
    assert.match(stderr, /read settings and containers: 1 container/)
  })

  test('without one: exit code 0', async () => {
    const { code, stdout } = await audit(...hosts(daemons.good.url))
    assert.equal(code, 0)
    assert.match(stdout, /^0 failures, 0 warnings, 0 unknown, 2 passed, 0 not applicable\.\n\nNo failure/m)
  })

  test('that does not answer in the time of --request-timeout: exit code 1', async () => {
    const started = performance.now()
    const { code, stdout } = await audit(...hosts(daemons.slow.url), '--request-timeout', '0.5')
    assert.equal(code, 1)
    assert.match(stdout, /^Could not be read\n {2}info: no answer within 0\.5 s$/m)
    assert.ok(performance.now() - started < 8_000)
  })

  test('by the environment', async () => {
    const variables = { HOME, DOCKER_HOST: daemons.good.url, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certPath }
    const { code, stderr } = await runCli(['audit', ...ONLY], { env: variables })
    assert.equal(code, 0, stderr)
  })

  test('of which a part can not be read: exit code 1, although nothing was found', async () => {
    const { code, stdout } = await audit(...hosts(daemons.half.url))
    assert.equal(code, 1)
    assert.match(stdout, /^Could not be read\n {2}containers: .*500/m)
    assert.match(stdout, /The audit is incomplete\. No failure of severity high or worse\.\n$/)
  })

  test('that is not reached: exit code 1, and the reason on stderr', async () => {
    const { code, stdout, stderr } = await audit(...hosts(gone))
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^ERR_\\w+: ${gone}: `, 'm'))
    assert.match(stdout, /Not audited: /)
  })
})

/** The checks that need no TLS. */
function whole(...argv: string[]): Promise<Ran> {
  return runCli(['audit', '--cert-path', certPath, '--skip', 'tls', ...argv], { env })
}

describe('the files of the host', () => {
  test('are not read over TCP, and the report says so once', async () => {
    const { stdout } = await whole(...hosts(daemons.good.url))
    assert.equal(stdout.split('files of the host were not read').length, 2)
    assert.doesNotMatch(stdout, /F-KEYMODE/)
  })

  test('of another host than the daemon runs on are not judged: exit code 1', async () => {
    const { code, stdout } = await whole('--local', '--only', 'F-DIR', ...hosts(daemons.good.url))
    assert.equal(code, 1)
    assert.match(
      stdout,
      /^Could not be read\n {2}files of the host: the daemon runs on an unnamed host, and these are/m,
    )
    assert.match(stdout, /^ {2}F-DIR .*the daemon runs on an unnamed host/m)
  })

  test('are those of one daemon', async () => {
    const { code, stderr } = await whole('--local', ...hosts(daemons.good.url, daemons.bad.url))
    assert.equal(code, 2)
    assert.match(stderr, /--local works only with one host/)
    assert.equal((await replay('--replay', snapshots.good, '--local')).code, 2)
  })
})

describe('several daemons', () => {
  test('one that is not reached does not stop the others', async () => {
    const { code, stdout, stderr } = await audit(...hosts(daemons.bad.url, gone, daemons.good.url))
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^CRITICAL {2}HIGH .* HOST$/m)
    assert.match(stdout, new RegExp(`^ +1 +0 +0 +0 .* ${daemons.bad.url}$`, 'm'))
    assert.match(stdout, new RegExp(`^ +0 +0 +0 +0 .* ${daemons.good.url}$`, 'm'))
    assert.match(stdout, new RegExp(`^not audited: ERR_\\w+ +${gone}$`, 'm'))
    assert.match(stdout, /^1 of 3 hosts could not be audited\. 1 failure of severity high or worse on 2 hosts\.$/m)
  })

  test('all of which were audited: exit code 3 for a finding on one', async () => {
    assert.equal((await audit(...hosts(daemons.good.url, daemons.bad.url))).code, 3)
  })

  test('from a file, and from contexts', async () => {
    const list = await file('hosts', `# ours\n${daemons.good.url}  # a good one\n\n context=nowhere \n`)
    const data = await runJson<Report>(['audit', ...ONLY, '--cert-path', certPath, '--hosts-file', list], { env })
    assert.deepEqual(
      data.hosts.map(({ ok, target }) => [ok, target]),
      [
        [true, daemons.good.url],
        [false, 'context nowhere'],
      ],
    )
    assert.equal(data.hosts[1]?.error?.code, 'ERR_CONTEXT_NOT_FOUND')
  })

  test('show a line of progress each on a terminal', async () => {
    const argv = ['audit', ...ONLY, '--cert-path', certPath, ...hosts(daemons.good.url, daemons.bad.url)]
    const { stderr } = await runCli(argv, { env, tty: true })
    assert.ok(stderr.includes(`${daemons.good.url}  `) && stderr.includes(`${daemons.bad.url}  `), stderr)
  })
})

describe('a saved snapshot', () => {
  test('gives the same findings when it is replayed', async () => {
    const path = join(HOME, 'saved.json')
    const argv = ['audit', ...ONLY, '--cert-path', certPath, ...hosts(daemons.bad.url)]
    const live = await runJson<Report>([...argv, '--snapshot', path], { env })
    const again = await runJson<Report>(['audit', ...ONLY, '--replay', path], { env })
    assert.deepEqual(again, live)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((JSON.parse(await readFile(path, 'utf8')) as { format: number }).format, 1)
  })

  test('of a daemon with a gateway: --fix names no command that refuses there', async () => {
    const services = [
      {
        unit: 'docker-mtls-gateway.service',
        kind: 'gateway',
        user: 'docker-mtls',
        groups: [],
        policy: null,
        folder: null,
        lists: [],
        log: null,
        daemon: null,
        revocation: { value: [] },
        powerful: { value: [] },
      },
    ]
    const access = { value: { services, listeners: { value: [] }, arePluginsHidden: false } }
    const info = { value: { Debug: true, LiveRestoreEnabled: false, Swarm: { LocalNodeState: 'inactive' } } }
    const rows: readonly (readonly [name: string, parts: Record<string, unknown>, isBeside: boolean])[] = [
      ['none', { gateway: { value: null } }, false],
      ['unknown', { gateway: { unknown: 'no answer' } }, false],
      ['through', { gateway: { value: { shows: 'all' } } }, true],
      ['beside', { gateway: { value: null }, host: { value: { ...GOOD_HOST, access } } }, true],
    ]
    for (const [name, parts, isBeside] of rows) {
      const path = await file(`fix-${name}.json`, rawSnapshot([], { info, ...parts }))
      const dir = join(HOME, `fix-${name}`)
      const only = ['--only', 'D-DEBUG,D-LIVE']
      const { stderr } = await runCli(['audit', ...only, '--replay', path, '--fix', dir], { env })
      const settings: unknown = JSON.parse(await readFile(join(dir, 'daemon-settings.json'), 'utf8'))
      assert.deepEqual(settings, isBeside ? { 'live-restore': true, debug: false } : { debug: false }, name)
      assert.equal(/^ {2}docker-mtls daemon apply --settings daemon-settings\.json/m.test(stderr), !isBeside, stderr)
      assert.equal(
        /^ {2}systemctl restart docker\n.* into\s\/etc\/docker\/daemon\.json/ms.test(stderr),
        isBeside,
        stderr,
      )
    }
  })

  test('several of them are one report', async () => {
    const { code, stdout } = await replay('--replay', snapshots.good, '--replay', snapshots.bad)
    assert.equal(code, 3)
    assert.match(stdout, /^CRITICAL/m)
  })

  test('from stdin', async () => {
    const input = await readFile(snapshots.bad)
    assert.equal((await runCli(['audit', '--replay', '-', ...ONLY], { env, input })).code, 3)
  })

  test('of another format is refused', async () => {
    const later = await file('later.json', { ...rawSnapshot(), format: 99 })
    const { code, stderr } = await replay('--replay', later)
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_AUDIT_SNAPSHOT_INVALID: reading the snapshot in .*later\.json: it has the format 99/)
  })
})

describe('exit codes', () => {
  const ROWS: readonly (readonly [string, string, string[], number])[] = [
    ['a critical failure', snapshots.bad, [], 3],
    ['from critical on', snapshots.bad, ['--fail-on', 'critical'], 3],
    ['no failure', snapshots.good, ['--fail-on', 'low'], 0],
    ['a low failure', snapshots.debug, [], 0],
    ['a low failure, from low on', snapshots.debug, ['--fail-on', 'low'], 3],
    ['an unknown result', snapshots.blind, [], 0],
    ['a snapshot that is incomplete', snapshots.half, [], 1],
    ['a failure that is skipped', snapshots.bad, ['--skip', 'container'], 0],
    ['a failure in another family', snapshots.bad, ['--skip', 'daemon'], 3],
  ]
  for (const [what, snapshot, argv, expected] of ROWS) {
    test(`${what}: ${expected}`, async () => {
      const { code, stdout, stderr } = await replay('--replay', snapshot, ...argv)
      assert.equal(code, expected, stdout + stderr)
    })
  }

  test('a signal ends it', async () => {
    const signal = AbortSignal.abort(new Interrupted(130))
    const argv = ['audit', '--cert-path', certPath, ...hosts(daemons.good.url)]
    const { code, stdout } = await runCli(argv, { env, signal })
    assert.deepEqual([code, stdout], [130, ''])
  })
})

describe('exceptions and baseline', () => {
  const exception = { check: 'C-PRIV', reason: 'Ann: it builds images', until: '2999-01-01' }

  test('an exception lets a failure pass, and says why', async () => {
    const path = await file('exceptions.json', { exceptions: [{ ...exception, subject: 'web' }] })
    const { code, stdout } = await replay('--replay', snapshots.bad, '--exceptions', path)
    assert.equal(code, 0)
    assert.match(stdout, /^Accepted\n {2}C-PRIV {2}web, until 2999-01-01: Ann: it builds images$/m)
  })

  test('one that has expired, and one that is not needed, are reported', async () => {
    const old = { ...exception, until: '2020-01-01' }
    const path = await file('old.json', { exceptions: [old, { ...exception, subject: 'gone' }] })
    const { code, stdout } = await replay('--replay', snapshots.bad, '--exceptions', path)
    assert.equal(code, 3)
    assert.match(stdout, /^Note: The exception for C-PRIV \(Ann: it builds images\) expired on 2020-01-01/m)
    assert.match(stdout, /^Note: The exception for C-PRIV of gone \(.*\) is not needed any more/m)
  })

  test('a wrong one stops the run', async () => {
    const path = await file('wrong.json', { exceptions: [{ ...exception, check: 'C-PRIW' }] })
    const { code, stdout, stderr } = await replay('--replay', snapshots.good, '--exceptions', path)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^ERR_AUDIT_EXCEPTIONS_INVALID: .*wrong\.json: exception 1 .*\nDid you mean C-PRIV\?\n$/)
  })

  test('with a baseline, only what got worse fails', async () => {
    const path = join(HOME, 'baseline.json')
    assert.equal((await replay('--replay', snapshots.bad, '--format', 'json', '--output', path)).code, 3)
    assert.equal((await replay('--replay', snapshots.bad, '--baseline', path)).code, 0)
    await replay('--replay', snapshots.good, '--format', 'json', '--output', path)
    assert.equal((await replay('--replay', snapshots.good, '--baseline', path)).code, 0)
    assert.equal((await replay('--replay', snapshots.bad, '--baseline', path)).code, 3)
    assert.equal((await replay('--replay', snapshots.blind, '--baseline', path)).code, 3)
  })

  test('a baseline of another version is compared, with a note', async () => {
    const { stdout } = await replay('--replay', snapshots.good, '--format', 'json')
    const path = await file('other.json', stdout.replace(/"version": "[^"]*"/, '"version": "0.0.1"'))
    const { code, stdout: text } = await replay('--replay', snapshots.bad, '--baseline', path)
    assert.equal(code, 3)
    assert.match(text, /^Note: The baseline was written by docker-mtls 0\.0\.1\./m)
    assert.match(text, /Privileged: true \(worse than the baseline\)/)
  })
})

describe('output', () => {
  test('in each format', async () => {
    const starts = { json: /^\{/, sarif: /^\{\n {2}"\$schema"/, junit: /^<\?xml/, markdown: /^## /, text: /^Audit of / }
    for (const [format, start] of Object.entries(starts)) {
      const { code, stdout } = await replay('--replay', snapshots.bad, '--format', format)
      assert.equal(code, 3)
      assert.match(stdout, start)
    }
  })

  test('in a file, with the result on stderr', async () => {
    const path = join(HOME, 'report.sarif')
    const { code, stdout, stderr } = await replay('--replay', snapshots.bad, '--format', 'sarif', '--output', path)
    assert.deepEqual([code, stdout], [3, ''])
    assert.equal(stderr, `1 failure of severity high or worse. The report is in ${path}.\n`)
    assert.match(await readFile(path, 'utf8'), /"2\.1\.0"/)
  })

  test('in a file that can not be written: exit code 1', async () => {
    const { code, stderr } = await replay('--replay', snapshots.good, '--output', join(HOME, 'none/report'))
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_FILE_WRITE: /)
  })

  test('refuses a place for its files before it connects to a daemon', async (t) => {
    const { host, asked } = await countingServer(t)
    const taken = join(HOME, 'a-file')
    await writeFile(taken, '')
    const rows: readonly (readonly [flags: readonly string[], says: RegExp])[] = [
      [['--output', HOME], /it is a folder.*\n.*Name a file in it: /],
      [['--output', join(HOME, 'none/x.json')], /there is no folder \S+none\.\nCreate that folder first/],
      [['--snapshot', HOME], /it is a folder.*\n.*Name a file in it: /],
      [['--snapshot', join(HOME, 'none/x.json')], /there is no folder \S+none\.\nCreate that folder first/],
      [['--fix', taken], /it is a file, not a folder/],
    ]
    for (const [flags, says] of rows) {
      const { code, stderr } = await runCli(['audit', '--host', host, '--cert-path', certPath, ...flags], { env })
      assert.deepEqual([code, asked()], [1, 0], stderr)
      assert.match(stderr, says)
    }
    await runCli(['audit', '--host', host, '--cert-path', certPath, '--output', join(HOME, 'x.json')], { env })
    assert.notEqual(asked(), 0)
  })

  test('with all, lists what has passed', async () => {
    const { stdout } = await replay('--replay', snapshots.good, '--all')
    assert.match(stdout, /^Passed\n {2}D-DEBUG /m)
    assert.doesNotMatch((await replay('--replay', snapshots.good)).stdout, /^Passed/m)
  })

  test('--json is --format json', async () => {
    const { stdout } = await replay('--replay', snapshots.good, '--format', 'json')
    assert.deepEqual(await runJson(['audit', ...ONLY, '--replay', snapshots.good], { env }), JSON.parse(stdout))
  })

  test('fits the terminal, and is not controlled by names', async () => {
    const name = `\u001B[31m${'long '.repeat(40)}`
    const path = await file('odd.json', rawSnapshot([{ name, inspect: PRIVILEGED }]))
    const { stdout } = await runCli(['audit', '--replay', path], {
      env: { HOME, NO_COLOR: '1' },
      tty: true,
      columns: 60,
    })
    assert.ok(!CONTROLS.test(stdout))
    assert.match(stdout, /<U\+001B>/)
  })
})

describe('a wrong command line', () => {
  const ROWS: readonly (readonly [string, string[], RegExp])[] = [
    ['an unknown check', ['--only', 'C-NOTHING'], /^ERR_ARGUMENT_INVALID: the option --only: .*"C-NOTHING"/],
    ['an unknown family', ['--skip', 'containers'], /Did you mean container\?/],
    ['no check left', ['--only', 'C-PRIV', '--skip', 'C-PRIV'], /it leaves no check to run/],
    [
      'an unknown profile',
      ['--profile', 'cis'],
      /^ERR_USAGE: the option --profile: "cis" is not.*\n.*docker-mtls, cis-1\.8/,
    ],
    ['an unknown format', ['--format', 'pdf'], /^ERR_USAGE: the option --format: "pdf" is not/],
    ['an unknown severity', ['--fail-on', 'worst'], /^ERR_USAGE: the option --fail-on: "worst" is not/],
    ['a replay with a host', ['--replay', 'x', '--host', 'b'], /--replay and --host can't be combined/],
    ['a replay that is saved', ['--replay', 'x', '--snapshot', 'y'], /--replay and --snapshot can't be combined/],
    ['one snapshot of two', ['--snapshot', 'x', '--host', 'a', '--host', 'b'], /--snapshot works only with one host/],
    ['a host twice', ['--host', 'a', '--host', 'a'], /"a" is given twice/],
    ['an argument', ['build01'], /docker-mtls audit --host build01/],
  ]
  for (const [what, argv, message] of ROWS) {
    test(`${what}: exit code 2`, async () => {
      const { code, stdout, stderr } = await runCli(['audit', ...argv], { env })
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, message)
    })
  }

  test('two formats: exit code 2', async () => {
    const { code, stderr } = await runCli(['audit', '--json', '--format', 'json'], { env })
    assert.equal(code, 2)
    assert.match(stderr, /--json and --format can't be combined/)
  })

  test('an empty list of hosts: exit code 2', async () => {
    const { code, stderr } = await runCli(['audit', '--hosts-file', await file('empty', '# none\n')], { env })
    assert.equal(code, 2)
    assert.match(stderr, /names no daemon/)
  })
})

test('its help names the exit codes', async () => {
  const { stdout } = await runCli(['audit', '--help'])
  assert.match(stdout.replaceAll(/\s+/g, ' '), /Exit codes: 0 no failures .*; 1 a host .*; 2 invalid command line; 3 /)
})

test('the target of a replay is that of its snapshot', async () => {
  const { hosts: replayed } = await runJson<Report>(['audit', '--replay', snapshots.good], { env })
  assert.equal(replayed[0]?.target, TARGET)
})
