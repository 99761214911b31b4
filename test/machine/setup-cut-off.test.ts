import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { localDaemonAnswers, snapshot } from './support/daemon.ts'
import { deskIn, goBack, killSsh, runUntil, sshProcesses, until, type Desk } from './support/setup.ts'

const PENDING = '/var/lib/docker-mtls/pending'
const SETUP = ['setup', 'ssh://root@one.test', '--client', 'ann', '--yes']
/** What is done before anything is changed, and after the first change. */
const BEFORE = ['look', 'plan', 'validate'] as const
const AFTER = ['backup', 'arm', 'write', 'reload', 'restart'] as const

/** The folder of this whole file: one of a hook's would be gone when the hook ends. */
const folder = await temporaryFolder()

async function newDesk(): Promise<Desk> {
  return deskIn(await mkdtemp(join(folder, 'desk-')))
}

describe('setup that is cut off', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let old: string

  before(async () => {
    const network = { address: '10.77.0.2' }
    machine = await bootMachine({ docker: true, ssh: true, node: false, network, name: 'one.test' })
    desk = await newDesk()
    old = await snapshot(machine)
  })
  after(() => machine?.stop())

  /** All is as it was, and nothing of ours is left, there or here. */
  async function isOld(): Promise<void> {
    assert.equal(await snapshot(machine), old)
    assert.equal(await machine.exists(PENDING), false)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await machine.must(['sh', '-c', 'ls -d /run/docker-mtls.* 2>/dev/null || true']), '')
    assert.deepEqual(sshProcesses(), [])
  }

  async function finishesWhenRunAgain(): Promise<void> {
    const { code, stderr, hosts } = await desk.lines(SETUP)
    assert.equal(code, 0, stderr)
    assert.ok(hosts[0]?.proof.every(({ ok }) => ok))
    assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)
    await goBack(machine)
    await isOld()
  }

  for (const step of BEFORE) {
    test(`the connection is lost at ${step}: nothing is changed, and running it again finishes`, async () => {
      const { code, hosts } = await runUntil(desk, SETUP, [step], killSsh)
      assert.equal(code, 1)
      assert.equal(hosts[0]?.error?.code, 'ERR_SSH_FAILED')
      await isOld()
      await finishesWhenRunAgain()
    })
  }

  for (const step of AFTER) {
    test(`the connection is lost at ${step}: everything is put back, and running it again finishes`, async () => {
      const { code, hosts, stderr } = await runUntil(desk, SETUP, [step], killSsh)
      assert.equal(code, 1)
      assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK', stderr)
      assert.match(stderr, /Everything is as it was, and the old daemon answers/)
      await isOld()
      await finishesWhenRunAgain()
    })
  }

  test('the connection is lost at commit: it is asked for again, and done', async () => {
    const { code, hosts, stderr } = await runUntil(desk, SETUP, ['commit'], killSsh)
    assert.equal(code, 0, stderr)
    assert.equal(hosts[0]?.restarted, true)
    assert.equal(await machine.exists(PENDING), false)
    await goBack(machine)
    await isOld()
  })

  for (const step of ['write', 'restart', 'prove', 'commit']) {
    test(`kill -9 of the command at ${step}: the host goes back by itself, or is done`, async () => {
      const words = [...SETUP, '--rollback-after', '10']
      await runUntil(desk, words, [step], (pid) => void process.kill(pid, 'SIGKILL'))
      // What it runs on the host goes on there for a moment.
      await until('the end of ssh', () => sshProcesses().length === 0)
      await until('going back', async () => !(await machine.exists(PENDING)))
      if (step === 'commit' && (await snapshot(machine)) !== old) await goBack(machine)
      await isOld()
    })
  }

  for (const step of ['look', 'plan', 'validate', 'write', 'restart', 'prove']) {
    test(`Ctrl-C at ${step}: everything is as it was`, async () => {
      const { code, hosts } = await runUntil(desk, SETUP, [step], (pid) => void process.kill(pid, 'SIGINT'))
      // It ends by the signal itself, as a shell wants it.
      assert.equal(code, 137)
      assert.equal(hosts[0]?.error?.code, 'ERR_INTERRUPTED')
      await isOld()
    })
  }
  test('after all of that, it finishes', finishesWhenRunAgain)

  test('a port that is blocked on the way: everything is put back, and it is said what is in the way', async () => {
    const rule = ['INPUT', '-p', 'tcp', '--dport', '2376', '-j', 'DROP']
    await machine.must(['iptables', '-I', ...rule])
    const { code, hosts, stderr } = await desk.lines(SETUP)
    await machine.must(['iptables', '-D', ...rule])
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK')
    assert.match(stderr, /ssh gets to that host, and nothing gets to port 2376 \(no answer in time\)/)
    assert.match(stderr, /^Everything is as it was, and the old daemon answers\. Open port 2376 .*ufw allow 2376\/tcp/m)
    await isOld()
  })

  test('a login that only seems to be gone, and goes on after everything was put back, begins nothing', async () => {
    await holdUp(machine)
    const { code, hosts } = await runUntil(desk, SETUP, ['backup'], async () => {
      await until('the last thing before the first change', () => isHeldUp(machine))
      // The host hears nothing of the end of that connection; a new one has another port.
      const shown = await runCommand('ss', ['-Htn', 'state', 'established', 'dst', '10.77.0.2'])
      const port = /:(\d+)\s+10\.77\.0\.2:22\s/.exec(shown.stdout)?.[1]
      assert.ok(port, shown.stdout)
      await machine.must(['iptables', '-I', 'INPUT', '-p', 'tcp', '--sport', port, '-j', 'DROP'])
      await killSsh()
    })
    const goesOn = await isHeldUp(machine)
    await letGo(machine)
    assert.equal(goesOn, true)
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK')
    await isOld()
  })

  test('a validation whose words nobody hears any more leaves no key behind', async () => {
    const waits = '#!/bin/sh\nwhile test ! -e /run/went; do sleep 0.1; done\necho no good >&2; exit 1\n'
    await machine.write('/usr/local/bin/systemd-analyze', waits, 0o755)
    try {
      await runUntil(desk, SETUP, ['validate'], async () => {
        const staged = ['sh', '-c', 'ls /run/docker-mtls.*/*.pem']
        await until('the key', async () => (await machine.run(staged)).code === 0)
        await killSsh()
      })
      await machine.write('/run/went', '')
      await until('its end', async () => (await machine.run(['pgrep', '-f', 'bin/systemd-analyze'])).code !== 0)
      await until('no key', async () => (await machine.run(['sh', '-c', 'ls -d /run/docker-mtls.*'])).code !== 0, 5)
      await isOld()
    } finally {
      await machine.must(['rm', '/usr/local/bin/systemd-analyze'])
    }
  })

  test('a host that can not be reached any more goes back by itself, and this is said', async () => {
    const words = [...SETUP, '--rollback-after', '10']
    await holdUp(machine)
    const { code, hosts } = await runUntil(desk, words, ['backup'], async () => {
      await until('the last thing before the first change', () => isHeldUp(machine))
      await machine.must(['iptables', '-I', ...LOGINS])
      await machine.write('/run/go', '')
    })
    await letGo(machine)
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLBACK_FAILED')
    assert.match(hosts[0]?.error?.message ?? '', /It puts everything back by itself, 10 seconds after the first change/)
    await isOld()
    await finishesWhenRunAgain()
  })

  test('one that can not be reached for the last word is said to be either', async () => {
    const words = [...SETUP, '--rollback-after', '10']
    const { code, hosts } = await runUntil(desk, words, ['prove'], async () => {
      await holdUp(machine)
      await until('the last word', () => isHeldUp(machine))
      await machine.must(['iptables', '-I', ...LOGINS])
    })
    await letGo(machine)
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLBACK_FAILED')
    assert.match(hosts[0]?.error?.message ?? '', /It has kept the change, or puts everything back by itself/)
    await isOld()
    await finishesWhenRunAgain()
  })

  test('a host whose timer was faster than the last word is not taken for a finished one', async () => {
    const words = [...SETUP, '--rollback-after', '10']
    const { code, hosts } = await runUntil(desk, words, ['prove'], async () => {
      await holdUp(machine)
      await until('going back', async () => !(await machine.exists(PENDING)))
      await until('its end', async () => (await machine.run(['pgrep', '-f', 'rollback.sh late'])).code !== 0)
      await machine.write('/run/go', '')
    })
    await letGo(machine)
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK')
    assert.match(hosts[0]?.error?.message ?? '', /--rollback-after SECONDS/)
    await isOld()
    await finishesWhenRunAgain()
  })
})

const LOGINS = ['INPUT', '-p', 'tcp', '--dport', '22', '-j', 'DROP']
const SYNC = '/usr/local/sbin/sync'

/**
 * Holds up the scripts of an apply where they call sync(1): last before the first change, and before the last word. Who
 * goes back is let through.
 */
async function holdUp(machine: Machine): Promise<void> {
  const lines = [
    '#!/bin/sh',
    'if tr "\\0" " " <"/proc/$PPID/cmdline" | grep -q rollback.sh; then exit 0; fi',
    'while test ! -e /run/go; do sleep 0.1; done',
    '',
  ]
  await machine.write(SYNC, lines.join('\n'), 0o755)
}

async function isHeldUp(machine: Machine): Promise<boolean> {
  return (await machine.run(['pgrep', '-f', SYNC])).code === 0
}

/** Lets everything go on, to its end. */
async function letGo(machine: Machine): Promise<void> {
  await machine.write('/run/go', '')
  await until('the end of what was held up', async () => !(await isHeldUp(machine)))
  await machine.must(['sh', '-c', `rm ${SYNC} /run/go; iptables -F INPUT`])
  const ofOurs = ['sh', '-c', 'pgrep -x sh | xargs -r ps -o args= -p | grep "^sh -s --"']
  await until('the end of our scripts', async () => (await machine.run(ofOurs)).code !== 0)
}
