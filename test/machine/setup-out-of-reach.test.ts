import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { bootBareHost, PENDING, SETUP, type BareHost } from './support/setup-host.ts'
import { deskIn, killSsh, runUntil, until } from './support/setup.ts'

/** For this whole file: a folder of a hook's would be gone when the hook ends. */
const desk = deskIn(await temporaryFolder())

describe('setup of a host that is out of reach for a while', { skip: lacksMachine() }, () => {
  let host: BareHost
  let machine: Machine

  before(async () => {
    host = await bootBareHost()
    machine = host.machine
  })
  after(() => machine?.stop())

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
    await host.isOld()
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
      await until('no key', async () => (await machine.run(['sh', '-c', 'ls -d /run/docker-mtls.*'])).code !== 0)
      await host.isOld()
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
    assert.match(
      hosts[0]?.error?.message ?? '',
      /It rolls back by itself, at the latest 10 seconds after the first change/,
    )
    await host.isOld()
    await host.finishes(desk)
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
    assert.match(hosts[0]?.error?.message ?? '', /It has kept the change, or rolls back by itself/)
    await host.isOld()
    await host.finishes(desk)
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
    await host.isOld()
    await host.finishes(desk)
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
  await machine.must(['iptables', '-F', 'INPUT'])
  const ofOurs = ['sh', '-c', 'pgrep -x sh | xargs -r ps -o args= -p | grep "^sh -s --"']
  await until('the end of our scripts', async () => (await machine.run(ofOurs)).code !== 0)
  // Not earlier: a shell remembers where a program is, and a sync(1) that is gone ends a script halfway.
  await machine.must(['rm', SYNC, '/run/go'])
}
