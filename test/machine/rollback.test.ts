import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliAs, cliLines } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']
const ROLLBACK = ['daemon', 'rollback', '--yes']
const ANN = '/root/docker-mtls/clients/ann'
const STATE = '/var/lib/docker-mtls'

async function stateOf(machine: Machine, unit: string): Promise<string> {
  return (await machine.run(['systemctl', 'is-active', unit])).stdout.trim()
}

describe('daemon rollback', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    assert.equal(init.code, 0, init.stderr)
  })
  after(() => machine?.stop())

  const apply = async (...flags: string[]): Promise<void> => {
    const { code, stderr } = await cli(machine, [...APPLY, ...flags])
    assert.equal(code, 0, stderr)
  }
  const rollBack = async (): Promise<string> => {
    const { code, stdout, stderr } = await cli(machine, ROLLBACK)
    assert.equal(code, 0, stderr)
    return `${stderr}\n${stdout}`
  }
  const settled = async (): Promise<void> => {
    while ((await cli(machine, ROLLBACK)).code === 0);
    await machine.must(['sh', '-c', 'docker ps -aq | xargs -r docker rm -f'])
  }

  test('a docker that did not run before is stopped again, with its socket, and that is no failure', async () => {
    await apply()
    const first = await snapshot(machine)
    await machine.must(['systemctl', 'stop', 'docker.service', 'docker.socket'])
    await apply('--live-restore')
    const said = await rollBack()
    assert.match(said, /docker was not running before, and is stopped/)
    assert.doesNotMatch(said, /answers/)
    assert.equal(await stateOf(machine, 'docker.service'), 'inactive')
    assert.equal(await stateOf(machine, 'docker.socket'), 'inactive')
    assert.equal(await snapshot(machine), first)
    await machine.must(['systemctl', 'start', 'docker.service'])
    assert.equal(await pingAs(machine, ANN), 0)
    await settled()
  })

  test('a dockerd that starts slowly: an apply waits for it, restarts it only for other files, and rolls back to it', async () => {
    const slow = '/run/systemd/system/docker.service.d/10-slow.conf'
    await apply()
    const first = await snapshot(machine)
    await machine.write(slow, '[Service]\nExecStartPre=/bin/sleep 12\n')
    await machine.must(['systemctl', 'daemon-reload'])
    const late = await cli(machine, [...APPLY, '--live-restore', '--rollback-after', '10'])
    assert.equal(late.code, 1)
    assert.match(
      late.stderr,
      /^ERR_APPLY_ROLLED_BACK: .*dockerd was still starting.*and the old daemon answers.*--rollback-after/ms,
    )
    assert.equal(await snapshot(machine), first)
    assert.equal(await pingAs(machine, ANN), 0)
    await machine.must(['systemctl', 'restart', '--no-block', 'docker.service'])
    const again = await cliLines(machine, APPLY)
    assert.equal(again.code, 0, again.stderr)
    assert.deepEqual(again.result['restarted'], false)
    await machine.must(['rm', slow])
    await machine.must(['systemctl', 'daemon-reload'])
    await settled()
  })

  test('a daemon that does not start afterwards: what is said undoes no earlier apply', async () => {
    await apply()
    await apply('--live-restore')
    // Somebody has broken the unit meanwhile, so that what was before does not start either.
    const broken = '/etc/systemd/system/docker.service.d/aa-broken.conf'
    await machine.write(broken, '[Service]\nExecStartPre=/bin/false\n')
    const { code, stderr } = await cli(machine, ROLLBACK)
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_ROLLBACK_FAILED: /m)
    await machine.must(['sh', '-c', `rm ${broken}; systemctl daemon-reload; systemctl reset-failed docker.service`])
    // It is unfinished, and the same command goes on with that one alone. What was written to mend it stays.
    const json = '/etc/docker/daemon.json'
    await machine.write(json, '{ "debug": true }\n')
    await rollBack()
    assert.equal(await machine.read(json), '{ "debug": true }\n')
    assert.equal(await pingAs(machine, ANN), 0)
    await machine.must(['rm', json])
    await settled()
  })

  test('files that somebody has changed since are kept aside, of each apply, which the plans say', async () => {
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const changed: (readonly [path: string, text: string])[] = []
    for (const port of [2376, 2377]) {
      await apply('--listen', `127.0.0.1:${port}`)
      await machine.must(['sh', '-c', `echo '# mine, ${port}' >>${dropIn}`])
      const id = (await machine.read(`${STATE}/last`)).trim()
      changed.push([`${dropIn}.before-rollback.${id}`, await machine.read(dropIn)])
    }
    for (const [path] of changed.toReversed()) {
      const asked = await cli(machine, ['daemon', 'rollback'])
      assert.ok(asked.stderr.includes(`${dropIn} was changed since the apply. The changed file is kept as ${path}.`))
      await rollBack()
    }
    const kept = await machine.must(['find', '/etc', '-name', '*.before-rollback*'])
    assert.deepEqual(kept.trim().split('\n').toSorted(), changed.map(([path]) => path).toSorted())
    for (const [path, text] of changed) {
      assert.equal(await machine.read(path), text)
      await machine.must(['rm', path])
    }
    assert.equal(await machine.exists(dropIn), false)
    await settled()
  })

  test('says which containers stop, before and after', async () => {
    await apply()
    const image = await machine.makeImage()
    await machine.must(['docker', 'run', '-d', '--name', 'web', image, 'sleep', '1000'])
    const asked = await cli(machine, ['daemon', 'rollback'])
    assert.match(asked.stderr, /stops the one running container/)
    const said = await rollBack()
    assert.match(said, /The one container that ran was stopped/)
    assert.doesNotMatch(said, /Everything is as it was/)
    assert.equal(await machine.must(['docker', 'ps', '-q']), '')
    await settled()
  })

  test('with live-restore before and after they go on, and that is said', async () => {
    await apply('--live-restore')
    await apply('--listen', '127.0.0.1:2376')
    await machine.must(['docker', 'run', '-d', '--name', 'web', await machine.makeImage(), 'sleep', '1000'])
    const id = await machine.must(['docker', 'inspect', '-f', '{{.State.Pid}}', 'web'])
    const { code, stderr, result } = await cliLines(machine, ROLLBACK)
    assert.equal(code, 0, stderr)
    assert.equal(result['stopped'], 0)
    assert.equal(await machine.must(['docker', 'inspect', '-f', '{{.State.Pid}}', 'web']), id)
    // The way back before that one switches it off: dockerd then stops what it finds running.
    const said = await rollBack()
    assert.match(said, /stops the one running container/)
    assert.equal(await machine.must(['docker', 'ps', '-q']), '')
    await settled()
  })

  test('containers that would outlive a change of user namespaces are in the way', async () => {
    await apply('--live-restore')
    await apply('--userns-remap')
    await machine.must(['docker', 'run', '-d', '--name', 'web', await machine.makeImage(), 'sleep', '1000'])
    const [now, pid] = [await snapshot(machine), await daemonPid(machine)]
    const refused = await cli(machine, ROLLBACK)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_APPLY_CONFLICT: 1 running container: .*would no longer see them/m)
    assert.match(refused.stderr, /docker stop/)
    // The line that setup shows is held to the same.
    const id = (await machine.read(`${STATE}/last`)).trim()
    const shown = await machine.run(['sh', `${STATE}/${id}/rollback.sh`, 'asked'])
    assert.equal(shown.code, 77, shown.stderr)
    assert.match(shown.stderr, /Stop them first: +docker stop/)
    assert.equal(await snapshot(machine), now)
    assert.equal(await daemonPid(machine), pid)
    assert.equal(await machine.exists(`${STATE}/pending`), false)
    await machine.must(['sh', '-c', 'docker stop -t 0 $(docker ps -q)'])
    assert.match(await rollBack(), /Turning user namespaces off hides .*1 container /)
    await settled()
  })

  test('after more ways back than are kept, status and rollback say the same', async () => {
    const old = await snapshot(machine)
    const ports = [2381, 2382, 2383, 2384]
    for (const port of ports) await apply('--listen', `127.0.0.1:${port}`)
    for (let count = 0; count < 3; count++) await rollBack()
    const status = await cli(machine, ['daemon', 'status', '--json'])
    assert.equal((JSON.parse(status.stdout) as Record<string, unknown>)['wayBack'], 'none')
    const { code, stderr } = await cli(machine, ROLLBACK)
    assert.match(stderr, /^ERR_APPLY_NOTHING_TO_ROLL_BACK: /m)
    assert.equal(code, 1)
    assert.equal(await machine.exists(`${STATE}/last`), false)
    // A host of which that was not cleared away says the same.
    await machine.write(`${STATE}/last`, '20260101T000000Z-abcdef\n', 0o600)
    assert.match((await cli(machine, ['daemon', 'status'])).stdout, /^Rollback +none/m)
    await machine.must(['rm', `${STATE}/last`])
    assert.notEqual(await snapshot(machine), old)
    assert.equal(await localDaemonAnswers(machine), true)
  })
})

describe('daemon status of somebody else', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    assert.equal((await cli(machine, [...APPLY, '--live-restore'])).code, 0)
  })
  after(() => machine?.stop())

  test('says what only root can read, and how', async () => {
    const { code, stdout, stderr } = await cliAs(machine, 'nosudo', ['daemon', 'status'])
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^Certificate +not readable without root$/m)
    assert.match(stdout, /^Rollback +not readable without root$/m)
    assert.match(stdout, /^Live restore +on; running containers: not readable without root$/m)
    assert.match(stdout, /client certificate required, issued by CN=docker-mtls CA/)
    const warnings = stderr.split('\n').filter((line) => line !== '')
    assert.equal(warnings.length, 1, stderr)
    assert.match(stderr, /the server's certificate, .*the available rollback.* sudo docker-mtls daemon status/)
  })

  test('JSON has nothing that was not seen', async () => {
    const { stdout } = await cliAs(machine, 'nosudo', ['daemon', 'status', '--json'])
    const status = JSON.parse(stdout) as Record<string, unknown>
    for (const name of ['certificate', 'authorities', 'showsOther', 'running', 'wayBack'])
      assert.equal(status[name], undefined, name)
    assert.deepEqual(status['unreadable'], ['certificate', 'authorities', 'running', 'wayBack', 'listeners'])
    assert.equal((status['problems'] as string[]).length, 1)
    const listeners = status['listeners'] as { isSecure: boolean }[]
    assert.deepEqual(
      listeners.map(({ isSecure }) => isSecure),
      [true],
    )
  })

  test('of root there is nothing unreadable', async () => {
    const { code, stdout } = await cli(machine, ['daemon', 'status', '--json'])
    assert.equal(code, 0, stdout)
    const status = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(status['unreadable'], [])
    assert.equal(status['wayBack'], 'last')
  })
})
