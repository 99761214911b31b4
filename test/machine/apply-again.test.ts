import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, snapshot } from './support/daemon.ts'

const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']
const DIR = '/etc/docker/other tls'

/** From one way of being to the next, there and back. */
const WALKS: readonly (readonly [from: readonly string[], to: readonly string[]])[] = [
  [['--daemon-json'], ['--systemd', '--live-restore', '--userns-remap=deploy']],
  [
    ['--daemon-json', '--userns-remap', '--live-restore'],
    ['--systemd', '--userns-remap', '--live-restore'],
  ],
  [
    ['--systemd', '--userns-remap', '--live-restore'],
    ['--daemon-json', '--no-userns-remap', '--no-live-restore'],
  ],
  [['--systemd', '--tlsdir', DIR], ['--daemon-json']],
  [
    ['--daemon-json', '--tlsdir', DIR],
    ['--daemon-json', '--tlsdir', '/etc/docker/tls'],
  ],
  [
    ['--systemd', '--listen', '[::1]:2376'],
    ['--systemd', '--listen', '[::]:2376'],
  ],
  [
    ['--daemon-json', '--listen', '[0:0:0:0:0:0:0:1]:2376'],
    ['--systemd', '--listen', '127.0.0.1:2377'],
  ],
]

describe('daemon apply again', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    // What dockerd makes of user namespaces stays, as the user that it makes for them.
    assert.equal((await cli(machine, [...APPLY, '--userns-remap'])).code, 0)
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

  /** What is in force, but for what is another one after each start. */
  async function statusNow(): Promise<Record<string, unknown>> {
    const { stdout } = await cli(machine, ['daemon', 'status', '--json'])
    const { pid: _, since: __, ...rest } = JSON.parse(stdout) as Record<string, unknown>
    return rest
  }

  async function applyTwice(flags: readonly string[]): Promise<void> {
    const first = await cliLines(machine, [...APPLY, ...flags])
    assert.equal(first.code, 0, first.stderr)
    assert.equal(first.result['restarted'], true)
    const [pid, now] = [await daemonPid(machine), await snapshot(machine)]
    const second = await cliLines(machine, [...APPLY, ...flags])
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual([second.result['written'], second.result['restarted']], [[], false])
    assert.deepEqual([await daemonPid(machine), await snapshot(machine)], [pid, now])
    const { code, stderr } = await cli(machine, ['daemon', 'status'])
    assert.equal(code, 0, stderr)
  }

  async function goBack(): Promise<void> {
    const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(await localDaemonAnswers(machine), true)
  }

  /** What `cert list` says of the server. */
  async function listed(): Promise<string> {
    const { stdout } = await cli(machine, ['cert', 'list', '--json'])
    const { certificates } = JSON.parse(stdout) as { certificates: { kind: string; state: string }[] }
    return certificates.findLast(({ kind }) => kind === 'server')?.state ?? ''
  }

  for (const [from, to] of WALKS) {
    test(`${from.join(' ')}, then ${to.join(' ')}: each once, and back`, async () => {
      const { code, stderr } = await cli(machine, [...APPLY, ...from])
      assert.equal(code, 0, stderr)
      const [status, files] = [await statusNow(), await snapshot(machine)]
      await applyTwice(to)
      assert.notEqual(await snapshot(machine), files)
      await goBack()
      assert.equal(await snapshot(machine), files)
      assert.deepEqual(await statusNow(), status)
      await goBack()
      assert.equal(await snapshot(machine), bare)
    })
  }

  test('an apply delivers a renewed certificate, and status notes what the host presents', async () => {
    const first = await cli(machine, APPLY)
    assert.equal(first.code, 0, first.stderr)
    const renew = ['cert', 'renew', '--server']
    assert.equal((await cli(machine, renew)).code, 0)
    await cli(machine, ['daemon', 'status'])
    assert.equal(await listed(), 'not delivered')
    const second = await cli(machine, APPLY)
    assert.equal(second.code, 0, second.stderr)
    assert.equal(await listed(), 'in use')
    // Somebody brings the next one by hand.
    assert.equal((await cli(machine, renew)).code, 0)
    await machine.must(['sh', '-ec', 'cp /root/docker-mtls/server/server-*.pem /etc/docker/tls/'])
    await machine.must(['systemctl', 'restart', 'docker'])
    assert.equal(await listed(), 'not delivered')
    await cli(machine, ['daemon', 'status'])
    assert.equal(await listed(), 'in use')
    // What was there before the second apply is there again.
    await goBack()
    await cli(machine, ['daemon', 'status'])
    assert.equal(await listed(), 'not delivered')
  })
})
