import assert from 'node:assert/strict'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Change } from '../../lib/apply/changes.ts'
import { SETTLE_SCRIPT } from '../../lib/apply/rollback/pending.ts'
import { commitScript, transactionScript, type Written } from '../../lib/apply/transaction.ts'
import { PREAMBLE } from '../../lib/host/shell.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, nodeIn } from './support/cli.ts'
import { localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const SWEEP = fileURLToPath(new URL('support/sweep.sh', import.meta.url))
/** Measured: 30 s with other tests beside it, and three times that on a machine that others use as well. */
const SWEEP_MS = 540_000
const ID = '20261125T135613Z-08a151'
const PRINT = fileURLToPath(new URL('support/print-scripts.ts', import.meta.url))
const TRANSACTION = ['/root/transaction.sh'] as const
/** The same with a timer of ten seconds: time enough for all its commands on a machine that others use as well. */
const HURRIED = ['/root/hurried.sh'] as const
const BACK = `/var/lib/docker-mtls/${ID}/rollback.sh`
const PENDING = '/var/lib/docker-mtls/pending'
const ANN = '/root/docker-mtls/clients/ann'
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const TLS = ['/etc/docker/tls/ca.pem', '/etc/docker/tls/server-cert.pem', '/etc/docker/tls/server-key.pem']

/** A host as it is, by path, and what an apply writes. */
interface Row {
  readonly name: string
  readonly before: Readonly<Record<string, string>>
  readonly changes: readonly Change[]
  readonly reloadsFirst: boolean
}

const keyed = (text: string, action: Change['action']): Change[] =>
  TLS.map((path) => ({ path, text: `${text} ${path}\n`, mode: path.endsWith('key.pem') ? 0o600 : 0o644, action }))

const IN_DROP_IN = `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376 --tlscacert=${TLS[0]} --tlskey=${TLS[2]}\n`
const IN_JSON = `{ "hosts": ["fd://", "tcp://0.0.0.0:2376"], "tlscacert": "${TLS[0]}", "tlskey": "${TLS[2]}" }\n`
/** What a host starts by itself. */
const WANTED = '/etc/systemd/system/multi-user.target.wants/docker.service'
const SUBIDS = 'deploy:100000:65536\n'

const ROWS: readonly Row[] = [
  {
    name: 'all in the drop-in, on a host where nothing is yet',
    before: { '/etc/subuid': SUBIDS },
    changes: [...keyed('new', 'create'), { path: DROP_IN, text: IN_DROP_IN, mode: 0o644, action: 'create' }],
    reloadsFirst: false,
  },
  {
    name: 'from the drop-in to daemon.json, with other certificates, user namespaces and live-restore',
    before: {
      [DROP_IN]: IN_DROP_IN,
      '/etc/docker/daemon.json': '{ "debug": true }\n',
      ...Object.fromEntries(keyed('old', 'create').map(({ path, text }) => [path, text])),
      '/etc/subuid': SUBIDS,
      '/etc/subgid': SUBIDS,
    },
    changes: [
      { path: '/etc/subuid', text: `${SUBIDS}dockremap:165536:65536\n`, mode: 0o644, action: 'replace' },
      { path: '/etc/subgid', text: `${SUBIDS}dockremap:165536:65536\n`, mode: 0o644, action: 'replace' },
      ...keyed('new', 'replace'),
      { path: '/etc/docker/daemon.json', text: IN_JSON, mode: 0o640, action: 'replace' },
      { path: DROP_IN, text: '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n', mode: 0o644, action: 'replace' },
    ],
    reloadsFirst: true,
  },
  {
    name: 'daemon remove, which brings back a daemon.json',
    before: {
      [DROP_IN]: IN_DROP_IN,
      '/etc/docker/daemon.json': '{ "live-restore": true }\n',
      ...Object.fromEntries(keyed('old', 'create').map(({ path, text }) => [path, text])),
      '/etc/subuid': SUBIDS,
    },
    changes: [
      ...keyed('', 'remove'),
      { path: '/etc/docker/daemon.json', text: '{ "debug": true }\n', mode: 0o644, action: 'replace' },
      { path: DROP_IN, text: '', mode: 0o644, action: 'remove' },
    ],
    reloadsFirst: false,
  },
]

/** No process has this number (proc(5), pid_max). */
const GONE = '4194305 1'

/** How many states the host goes through in each script, at the least. */
const LEAST = {
  transaction: 30,
  commit: 4,
  'rollback-now': 12,
  'rollback-late': 11,
  'rollback-asked': 18,
  'rollback-boot': 10,
}

async function furnish(folder: string, row: Row): Promise<void> {
  const { changes, reloadsFirst } = row
  const files = {
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
    '/etc/group': 'root:x:0:\nadm:x:4:\n',
    [WANTED]: '',
    ...row.before,
  }
  for (const [path, text] of Object.entries(files)) {
    const place = join(folder, 'template', path)
    await mkdir(dirname(place), { recursive: true, mode: 0o755 })
    await writeFile(place, text)
    await chmod(place, path.endsWith('key.pem') ? 0o600 : 0o644)
    // As somebody has left it who has his own reasons.
    if (path.endsWith('daemon.json')) await chown(place, 0, 4)
  }
  await mkdir(join(folder, 'template', 'etc/docker'), { recursive: true, mode: 0o755 })
  const plan: Written = { changes, tlsDir: '/etc/docker/tls', reloadsFirst, remaps: false }
  const scripts = {
    transaction: transactionScript(plan, { id: ID, after: 180, owner: GONE }),
    commit: commitScript(ID),
    settle: SETTLE_SCRIPT,
  }
  for (const [name, script] of Object.entries(scripts)) await writeFile(join(folder, `${name}.sh`), PREAMBLE + script)
}

async function until(what: string, isSo: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > deadline) assert.fail(`${what}: not within ${seconds} s`)
    await delay(250)
  }
}

async function sweep(t: TestContext, row: Row): Promise<string[]> {
  const folder = await temporaryFolder(t)
  await furnish(folder, row)
  const { code, stdout, stderr } = await runCommand('unshare', ['--mount', 'bash', SWEEP, 'outer', folder, ID], {
    timeout: SWEEP_MS,
  })
  assert.equal(code, 0, stderr)
  return stdout.trim().split('\n')
}

/** Runs a script until before its command of this number, where it is killed; gives how many there were. */
const KILLED = [
  'set -T; at=0; trap "at=\\$((at + 1)); echo \\$at >|/run/at; if test \\$at -eq $1; then kill -9 \\$\\$; fi" DEBUG',
  'shift; . "$0"',
].join('; ')

describe('daemon apply that is killed before any of its commands', { skip: lacksMachine(), concurrency: 2 }, () => {
  for (const row of ROWS) {
    test(`${row.name}: all is old or all is new, and dockerd runs with it`, async (t) => {
      const lines = await sweep(t, row)
      t.diagnostic(lines.filter((line) => !line.startsWith('WRONG')).join(', '))
      assert.deepEqual(
        lines.filter((line) => line.startsWith('WRONG')),
        [],
      )
      const counts = new Map(lines.map((line) => line.split(' ') as [string, string]))
      for (const [script, least] of Object.entries(LEAST)) {
        assert.ok(Number(counts.get(script)) >= least, `${script}: ${counts.get(script)}`)
      }
    })
  }

  for (const form of ['systemd', 'daemon-json'] as const) {
    describe(`--${form}, in a real systemd`, { concurrency: 1 }, () => {
      let machine: Machine
      let old: string
      let count: number
      let asked: number
      before(async () => {
        machine = await bootMachine({ docker: true, name: 'build01' })
        assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
        const printed = JSON.parse(await machine.must(nodeIn(PRINT, ID, form))) as Record<string, string>
        for (const [name, script] of Object.entries(printed)) await machine.write(`/root/${name}.sh`, script)
        old = await snapshot(machine)
        // Once to its end, and back.
        count = await runUntil(0, TRANSACTION)
        assert.equal(await pingAs(machine, ANN), 0)
        await machine.must(['sh', BACK, 'now'])
        await isOld('the whole of it')
        await applied()
        asked = await runUntil(0, [BACK, 'asked'])
        await isOld('asked for')
      })
      after(() => machine?.stop())

      /** The number of the command before which it was killed, or of the last one. */
      async function runUntil(command: number, script: readonly string[]): Promise<number> {
        const { code, stderr } = await machine.run([
          'bash',
          '--norc',
          '-c',
          KILLED,
          script[0] ?? '',
          String(command),
          ...script.slice(1),
        ])
        assert.equal(code, command === 0 ? 0 : 137, stderr)
        return Number(await machine.read('/run/at'))
      }

      async function applied(): Promise<void> {
        await machine.must(['sh', TRANSACTION[0]])
        await machine.must(['sh', '/root/commit.sh'])
        assert.equal(await pingAs(machine, ANN), 0)
      }

      async function isOld(when: string): Promise<void> {
        assert.equal(await machine.exists(PENDING), false, when)
        assert.equal(await snapshot(machine), old, when)
        assert.equal(await localDaemonAnswers(machine), true, when)
        assert.notEqual(await pingAs(machine, ANN), 0, when)
      }

      /** It goes on for a moment after the host is as it was, and removes its folder. */
      async function rollbackRuns(): Promise<boolean> {
        return (
          (await machine.run(['systemctl', 'is-active', '--quiet', `docker-mtls-rollback-${ID}.service`])).code === 0
        )
      }

      const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
        'a power cut': () => machine.reboot(),
        'its timer': () =>
          until('rolled back', async () => !(await machine.exists(PENDING)) && !(await rollbackRuns())),
        'the next apply': async () => {
          const { code, stderr } = await cli(machine, ['daemon', 'apply', '--yes', '--no-client-proof', `--${form}`])
          assert.equal(code, 0, stderr)
          assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
        },
      }

      for (const [index, way] of [...Object.keys(WAYS), ...Object.keys(WAYS)].entries()) {
        test(`${index + 1} of 7 parts of it are done; then ${way}: all is as it was`, async () => {
          const command = Math.round((count * (index + 1)) / 7)
          await runUntil(command, way === 'its timer' ? HURRIED : TRANSACTION)
          await WAYS[way]?.()
          await isOld(`before command ${command} of ${count}`)
        })
      }

      for (const [part, way] of [
        [4, 'a power cut'],
        [5, 'the next apply'],
        [6, 'its timer'],
      ] as const) {
        test(`a rollback that was asked for, ${part} of 7 parts of it; then ${way}: all is as it was`, async () => {
          await applied()
          // Three minutes would be long for a test.
          if (way === 'its timer') await machine.must(['sed', '-i', 's/^retry_s=180$/retry_s=10/', BACK])
          await runUntil(Math.round((asked * part) / 7), [BACK, 'asked'])
          assert.equal(await machine.exists(PENDING), true)
          await WAYS[way]?.()
          await isOld(way)
        })
      }
    })
  }
})
