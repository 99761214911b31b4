import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, test } from 'node:test'
import { ROLLBACK_PROGRAM } from '../../lib/apply/rollback/state.ts'
import { GATEWAY_UNIT } from '../../lib/daemon-config/gateway-unit.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = await temporaryFolder()
const [state, units, systemd, etc] = ['state', 'units', 'systemd', 'etc'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
  string,
]
const own = join(state, '2')

/** A systemd that keeps the state of each unit in a file. `$at` may intervene. */
const FAKES = `
systemctl() {
  $at "$*"
  case $* in
  *InvocationID) cat ${systemd}/start ;;
  'show docker'*) cat ${systemd}/sub ;;
  'show '*) cat ${systemd}/gateway ;;
  'stop '*timer*) ;;
  'stop ${GATEWAY_UNIT}') echo inactive >${systemd}/gateway ;;
  *'start '*${GATEWAY_UNIT}) echo active >${systemd}/gateway ;;
  'restart docker.service') cat ${etc}/daemon.json >${systemd}/docker ;;
  'stop docker.service'*) echo inactive >${systemd}/docker ;;
  esac
}
timeout() { shift; "$@"; }
sync() { :; }
arm_timer() { :; }
# Both runs are there at the same time.
mv() { sleep 0.02; command mv "$@"; }
`
const PROGRAM = ROLLBACK_PROGRAM.replaceAll('/var/lib/docker-mtls', state)
  .replaceAll('/etc/systemd/system', units)
  .replaceAll('/var/log/docker-mtls', join(folder, 'log'))
  .replaceAll('/etc/docker-mtls/', `${etc}/`)
  .replace(/^set -u$/m, `set -u\n${FAKES}`)

/** The host in the middle of the second apply of a gateway, which has restarted dockerd. */
async function unfinishedApply(): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const path of [join(state, '1'), own, units, systemd, etc]) await mkdir(path, { recursive: true })
  const files = ['daemon.json', 'policy.yaml', 'cert.pem', GATEWAY_UNIT].map((name) => join(etc, name))
  for (const [index, path] of files.entries()) {
    await writeFile(path, 'new')
    await writeFile(join(own, String(index)), 'old')
  }
  const texts: Readonly<Record<string, string>> = {
    'state/1/rollback.sh': ':\n',
    'state/last': '1\n',
    'state/pending': '2\n',
    'state/2/rollback.sh': PROGRAM,
    'state/2/entries': files.map((path, index) => `${index} ${path}\n`).join(''),
    'state/2/previous': '1\n',
    'state/2/gateway-was-active': 'active\n',
    'systemd/gateway': 'active\n',
    'systemd/docker': 'new',
    'systemd/start': 'first\n',
    'systemd/sub': 'running\n',
    [`units/${GATEWAY_UNIT}`]: '[Service]\n',
  }
  for (const [path, text] of Object.entries(texts)) await writeFile(join(folder, path), text)
  for (const name of ['gateway', 'was-active', 'restarted', 'writer']) await writeFile(join(own, name), '')
}

interface Run {
  readonly pid: number
  /** Its exit code, and what it printed. */
  readonly ended: Promise<string>
}

/** Starts the program of the second apply. `$at`, a command, gets each call of systemctl. */
function start(how: string, at = ':'): Run {
  const child = spawn('/bin/sh', [join(own, 'rollback.sh'), how], { env: { ...process.env, at }, detached: true })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)))
  return { pid: child.pid ?? assert.fail(), ended: once(child, 'close').then(([code]) => `${code} ${printed}`) }
}

/** What the host has after a rollback. */
const found = async (): Promise<readonly string[]> => [
  ...(await readdir(state)).toSorted(),
  await readFile(join(state, 'last'), 'utf8'),
  await readFile(join(systemd, 'gateway'), 'utf8'),
  await readFile(join(systemd, 'docker'), 'utf8'),
]
const ROLLED_BACK = ['1', 'last', '1\n', 'active\n', 'old']

describe('two runs of a rollback at the same time', () => {
  beforeEach(unfinishedApply)

  for (const turn of [1, 2, 3, 4, 5])
    test(`both end well, and the gateway runs: ${turn}`, async () => {
      const [late, now] = [start('late'), start('now')]
      assert.deepEqual([await late.ended, await now.ended], ['0 ', '0 '])
      assert.deepEqual(await found(), ROLLED_BACK)
    })

  test('the second one goes on at once if the first one is killed, also while that waits for systemd', async () => {
    const [hook, waits] = [join(folder, 'hook'), join(folder, 'waits')]
    const script = `#!/bin/sh\ncase $1 in 'restart docker.service') : >${waits}; exec sleep 20 ;; esac\n`
    await writeFile(hook, script, { mode: 0o755 })
    const first = start('late', hook)
    while ((await stat(waits).catch(() => undefined)) === undefined) await setTimeout(10)
    const second = start('now')
    process.kill(first.pid, 'SIGKILL')
    const began = Date.now()
    assert.equal(await second.ended, '0 ')
    assert.ok(Date.now() - began < 10_000)
    assert.deepEqual(await found(), ROLLED_BACK)
    process.kill(-first.pid, 'SIGKILL')
    await first.ended
  })

  test('one whose folder the other has removed does not stop dockerd', async () => {
    const hook = join(folder, 'hook')
    // The other one has no lock: flock is missing.
    const script = `#!/bin/sh\ncase $1 in 'reset-failed docker'*) rm -rf ${own} ${state}/pending; echo old >${systemd}/docker ;; esac\n`
    await writeFile(hook, script, { mode: 0o755 })
    assert.equal(await start('now', hook).ended, '0 ')
    assert.deepEqual(await found(), [...ROLLED_BACK.slice(0, -1), 'old\n'])
  })
})

describe('a dockerd that needs longer than a rollback waits', () => {
  const calls = join(folder, 'calls')
  /** From its restart on, dockerd starts. `timeout` gives up, or the run is killed. */
  const slow = async (then: string): Promise<string> => {
    const hook = join(folder, 'hook')
    const restarted = `echo start >${systemd}/sub; echo second >${systemd}/start; cat ${etc}/daemon.json >${systemd}/docker`
    const script = `#!/bin/sh\necho "$1" >>${calls}\ncase $1 in 'restart docker.service') ${restarted}; ${then} ;; esac\n`
    await writeFile(hook, script, { mode: 0o755 })
    return hook
  }
  const givesUp = PROGRAM.replace(
    'timeout() { shift; "$@"; }',
    'timeout() { shift; "$@"; case $* in *docker.service) return 124 ;; esac; }',
  )
  beforeEach(unfinishedApply)

  test('the rollback is complete, and systemd starts the gateway after dockerd', async () => {
    await writeFile(join(own, 'rollback.sh'), givesUp)
    const hook = await slow(':')
    assert.equal(await start('now', hook).ended, '0 systemctl restart docker.service has not ended after 90 seconds\n')
    assert.deepEqual(await found(), ROLLED_BACK)
    assert.match(await readFile(calls, 'utf8'), new RegExp(`^restart --no-block ${GATEWAY_UNIT}$`, 'm'))
  })

  test('the next run does not restart it, but waits', async () => {
    const hook = await slow('kill -KILL $PPID')
    await start('now', hook).ended
    assert.equal(await start('late', hook).ended, '0 ')
    assert.deepEqual(await found(), ROLLED_BACK)
    const ofDocker = (await readFile(calls, 'utf8')).match(/^(re)?start docker\.service$/gm)
    assert.deepEqual(ofDocker, ['restart docker.service', 'start docker.service'])
  })

  test('one that hangs before it starts, or that fails again, is a failure that says why', async () => {
    await writeFile(join(own, 'rollback.sh'), givesUp)
    for (const sub of ['stop-sigterm', 'auto-restart']) {
      await writeFile(join(systemd, 'sub'), sub)
      assert.equal(await start('now').ended, '1 systemctl restart docker.service has not ended after 90 seconds\n')
    }
  })
})

test('a rollback without the copy of its predecessor is not complete', async () => {
  await unfinishedApply()
  await writeFile(join(state, 'last'), '2\n')
  const full = PROGRAM.replace('sync() { :; }', 'sync() { :; }\ncp() { return 1; }')
  await writeFile(join(own, 'rollback.sh'), full)
  assert.equal(await start('now').ended, '0 ')
  assert.deepEqual(await found(), ROLLED_BACK)
  await unfinishedApply()
  await writeFile(join(state, 'last'), '2\n')
  // Not even a hard link.
  await writeFile(
    join(own, 'rollback.sh'),
    full.replace('cp() {', 'ln() { case $* in *last*) return 1 ;; esac; command ln "$@"; }\ncp() {'),
  )
  assert.match(await start('now').ended, /^1 /)
  assert.deepEqual((await readdir(state)).toSorted(), ['1', '2', 'last', 'pending'])
  await writeFile(join(own, 'rollback.sh'), PROGRAM)
  assert.equal(await start('now').ended, '0 ')
  assert.deepEqual(await found(), ROLLED_BACK)
})
