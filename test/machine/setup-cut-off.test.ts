import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { bootBareHost, PENDING, SETUP, type BareHost } from './support/setup-host.ts'
import { deskIn, goBack, killSsh, runUntil, sshProcesses, until } from './support/setup.ts'

/** What is done before anything is changed, and after the first change. */
const BEFORE = ['look', 'plan', 'validate'] as const
const AFTER = ['backup', 'arm', 'write', 'reload', 'restart'] as const

/** For this whole file: a folder of a hook's would be gone when the hook ends. */
const desk = deskIn(await temporaryFolder())

describe('setup that is cut off', { skip: lacksMachine() }, () => {
  let host: BareHost
  let machine: Machine

  before(async () => {
    host = await bootBareHost()
    machine = host.machine
  })
  after(() => machine?.stop())

  for (const step of BEFORE) {
    test(`the connection is lost at ${step}: nothing is changed, and running it again finishes`, async () => {
      const { code, hosts } = await runUntil(desk, SETUP, [step], killSsh)
      assert.equal(code, 1)
      assert.equal(hosts[0]?.error?.code, 'ERR_SSH_FAILED')
      await host.isOld()
      await host.finishes(desk)
    })
  }

  for (const step of AFTER) {
    test(`the connection is lost at ${step}: everything is put back, and running it again finishes`, async () => {
      const { code, hosts, stderr } = await runUntil(desk, SETUP, [step], killSsh)
      assert.equal(code, 1)
      assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK', stderr)
      assert.match(stderr, /Everything is as it was, and the old daemon answers/)
      await host.isOld()
      await host.finishes(desk)
    })
  }

  test('the connection is lost at commit: it is asked for again, and done', async () => {
    const { code, hosts, stderr } = await runUntil(desk, SETUP, ['commit'], killSsh)
    assert.equal(code, 0, stderr)
    assert.equal(hosts[0]?.restarted, true)
    assert.equal(await machine.exists(PENDING), false)
    await goBack(machine)
    await host.isOld()
  })

  for (const step of ['write', 'restart', 'prove', 'commit']) {
    test(`kill -9 of the command at ${step}: the host goes back by itself, or is done`, async () => {
      const words = [...SETUP, '--rollback-after', '10']
      await runUntil(desk, words, [step], (pid) => void process.kill(pid, 'SIGKILL'))
      // What it runs on the host goes on there for a moment.
      await until('the end of ssh', () => sshProcesses().length === 0)
      await until('going back', async () => !(await machine.exists(PENDING)))
      if (step === 'commit' && (await machine.exists('/var/lib/docker-mtls/last'))) await goBack(machine)
      await host.isOld()
    })
  }

  for (const step of ['look', 'plan', 'validate', 'write', 'restart', 'prove']) {
    test(`Ctrl-C at ${step}: everything is as it was`, async () => {
      const { code, hosts } = await runUntil(desk, SETUP, [step], (pid) => void process.kill(pid, 'SIGINT'))
      // It ends by the signal itself, as a shell wants it.
      assert.equal(code, 137)
      assert.equal(hosts[0]?.error?.code, 'ERR_INTERRUPTED')
      await host.isOld()
    })
  }
  test('after all of that, it finishes', () => host.finishes(desk))

  test('a port that is blocked on the way: everything is put back, and it is said what is in the way', async () => {
    const rule = ['INPUT', '-p', 'tcp', '--dport', '2376', '-j', 'DROP']
    await machine.must(['iptables', '-I', ...rule])
    const { code, hosts, stderr } = await desk.lines(SETUP)
    await machine.must(['iptables', '-D', ...rule])
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK')
    assert.match(stderr, /ssh reaches that host, but port 2376 can't be reached \(no answer arrived in time\)/)
    assert.match(stderr, /^Everything is as it was, and the old daemon answers\. Open port 2376 .*ufw allow 2376\/tcp/m)
    await host.isOld()
  })
})
