import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { localDaemonAnswers, snapshot } from './support/daemon.ts'

const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']

/** What a new container's root is on the host, by the kernel. */
async function rootOnHost(machine: Machine, image: string): Promise<string> {
  const id = (await machine.must(['docker', 'run', '-d', image, 'sleep', '60'])).trim()
  const map = await machine.must(['sh', '-c', `cat /proc/$(docker inspect -f '{{.State.Pid}}' ${id})/uid_map`])
  await machine.must(['docker', 'rm', '-f', id])
  return map.trim().split(/\s+/).join(' ')
}

describe('user namespaces by daemon apply', { skip: lacksMachine() }, () => {
  let machine: Machine
  let old: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    await machine.must(['docker', 'run', '-d', '--name', 'web', await machine.makeImage(), 'sleep', '1000'])
    await machine.must(['docker', 'volume', 'create', 'data'])
    old = await snapshot(machine)
  })
  after(() => machine?.stop())

  test('says before the change what stops, what docker will no longer show, and which lines are missing', async () => {
    const { code, stdout, stderr } = await cli(machine, ['daemon', 'apply', '--userns-remap', '--dry-run'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^User namespaces hide 1 image, 1 container and 1 volume in \/var\/lib\/docker/m)
    assert.match(stdout, /stops the one running container/)
    assert.match(stdout, /^replace +\/etc\/subuid +0644 root:root\n(?: +.*\n)* +\+dockremap:165536:65536$/m)
    assert.equal(await snapshot(machine), old)
  })

  for (const form of ['systemd', 'daemon-json']) {
    test(`--${form}: makes the ranges, restarts, and sees what a container's root is on the host`, async () => {
      const { code, result, stderr, lines } = await cliLines(machine, [...APPLY, `--${form}`, '--userns-remap'])
      assert.equal(code, 0, stderr)
      assert.ok(lines.some(({ step, state }) => step === 'userns' && state === 'done'))
      const { verified, remappedRoot } = result['userns'] as Record<string, unknown>
      assert.deepEqual({ verified, remappedRoot }, { verified: true, remappedRoot: 165_536 })
      assert.match(await machine.read('/etc/subuid'), /^dockremap:165536:65536$/m)
      assert.equal(await rootOnHost(machine, await machine.makeImage()), '0 165536 65536')
      assert.match(await machine.must(['docker', 'ps', '-aq']), /^$/)
      const status = await cli(machine, ['daemon', 'status'])
      assert.match(status.stdout, /User namespaces +default\n +dockremap:165536:65536 in \/etc\/subuid/)
      // Nothing of the proof stays behind.
      assert.doesNotMatch(await machine.must(['docker', 'images']), /docker-mtls-userns/)
    })

    test(`--${form}: can be undone, and everything is in sight again`, async () => {
      assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
      assert.equal(await localDaemonAnswers(machine), true)
      assert.match(await machine.must(['docker', 'ps', '-a', '--format', '{{.Names}}']), /^web$/m)
      assert.equal(await rootOnHost(machine, await machine.makeImage()), '0 0 4294967295')
      // dockerd itself has made the user.
      await machine.must([
        'sh',
        '-c',
        'userdel dockremap 2>/dev/null; groupdel dockremap 2>/dev/null; sed -i /dockremap/d /etc/subuid /etc/subgid; rm -f /etc/*- ',
      ])
    })
  }

  test('a dockremap without ranges, with which dockerd would not start', async () => {
    await machine.must([
      'sh',
      '-c',
      'useradd --system --no-create-home dockremap; sed -i /dockremap/d /etc/subuid /etc/subgid',
    ])
    const { code, result, stderr } = await cliLines(machine, [...APPLY, '--userns-remap'])
    assert.equal(code, 0, stderr)
    assert.equal((result['userns'] as Record<string, unknown>)['verified'], true)
    const off = await cli(machine, [...APPLY, '--no-userns-remap'])
    assert.equal(off.code, 0, off.stderr)
    assert.equal(await rootOnHost(machine, await machine.makeImage()), '0 0 4294967295')
  })

  test('containers that would outlive the change are in the way of it', async () => {
    await machine.must(['docker', 'start', 'web'])
    const refused = async (flags: readonly string[]): Promise<void> => {
      const { code, stderr } = await cli(machine, [...APPLY, '--userns-remap', ...flags])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_CONFLICT: 1 running container: .*would no longer see them/m)
      assert.match(stderr, /docker stop/)
    }
    // dockerd reads it before it is restarted, so that it counts for this very restart.
    await refused(['--live-restore'])
    assert.equal((await cli(machine, [...APPLY, '--live-restore'])).code, 0)
    await refused([])
    assert.match(await machine.must(['docker', 'ps', '--format', '{{.Names}}']), /^web$/m)
  })

  test('live-restore on a node of a swarm is in the way', async () => {
    await machine.must(['sh', '-c', 'docker rm -f web'])
    assert.equal((await cli(machine, [...APPLY, '--no-live-restore'])).code, 0)
    await machine.must(['docker', 'swarm', 'init', '--advertise-addr', '127.0.0.1'])
    const { code, stderr } = await cli(machine, [...APPLY, '--live-restore'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_CONFLICT: the swarm: .*doesn't start with live-restore/m)
    await machine.must(['docker', 'swarm', 'leave', '--force'])
  })
})
