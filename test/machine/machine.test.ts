import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DOCKER_CE_UNIT_TEXT } from '../daemon/support/units.ts'
import { bootMachine, type Machine, PASSWORD, type Ran } from './machine.ts'
import { lacksMachine } from './requirements.ts'

function whoIs(machine: Machine, user: string, ...words: readonly string[]): Promise<Ran> {
  return machine.run([...words, 'id', '-un'], { user, input: `${PASSWORD}\n` })
}

describe('a machine with docker', { skip: lacksMachine() }, () => {
  let machine: Machine

  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
  })
  // Without one, booting has failed.
  after(() => machine?.stop())

  test('runs, with nothing failed, and with a defined start', async () => {
    assert.equal((await machine.must(['systemctl', 'is-system-running'])).trim(), 'running')
    assert.equal((await machine.must(['hostname'])).trim(), 'build01')
    assert.equal(await machine.exists('/etc/docker/daemon.json'), false)
    const cat = await machine.must(['systemctl', 'cat', 'docker.service'])
    assert.match(cat, /^ExecStart=\/usr\/sbin\/dockerd .*\$DOCKER_OPTS$/m)
    assert.doesNotMatch(cat, /\.d\//)
    assert.doesNotMatch(await machine.read('/etc/passwd'), /dockremap/)
    assert.deepEqual(await machine.run(['docker', 'images', '-q']), { code: 0, stdout: '', stderr: '' })
  })

  test('reads, writes and says what failed', async () => {
    await machine.write('/var/run/some/where', 'ü\n', 0o640)
    assert.equal(await machine.read('/run/some/where'), 'ü\n')
    assert.match(await machine.must(['stat', '-c', '%a %U', '/run/some/where']), /^640 root$/m)
    await assert.rejects(machine.read('/run/no/where'), /No such file/)
    assert.equal(await machine.exists('/run/no/where'), false)
    const ran = await machine.run(['sh', '-c', 'cat; echo $X >&2; exit 3'], { input: 'in', env: { X: 'y z' } })
    assert.deepEqual(ran, { code: 3, stdout: 'in', stderr: 'y z\n' })
  })

  test('has this checkout, and the node that runs this', async () => {
    const main = new URL('../../lib/cli/main.ts', import.meta.url).pathname
    const options = { env: { TMPDIR: '/tmp' } }
    assert.match(
      await machine.must(['sh', '-c', `cd '${main}/../../..' && node --import tsx '${main}' --version`], options),
      /^\d/,
    )
    assert.equal((await machine.must(['node', '--version'])).trim(), process.version)
  })

  test('kills the whole group of what it has started', async () => {
    const running = machine.spawn(['sh', '-c', 'sleep 1234 & echo ready; wait'])
    assert.equal(await running.line(/^ready$/), 'ready')
    assert.equal((await machine.run(['pgrep', '-f', 'sleep 1234'])).code, 0)
    assert.deepEqual(await running.kill(), { code: 137, stdout: 'ready\n', stderr: '' })
    assert.equal((await machine.run(['pgrep', '-f', 'sleep 1234'])).code, 1)
    const short = machine.spawn(['cat'], { input: 'a\nb' })
    assert.equal(await short.line(/^c$/), undefined)
    assert.deepEqual(await short.ended, { code: 0, stdout: 'a\nb\n', stderr: '' })
  })

  test('has users who are somebody, nobody, and somebody with a password', async () => {
    assert.equal((await whoIs(machine, 'deploy')).stdout, 'deploy\n')
    assert.equal((await whoIs(machine, 'deploy', 'sudo', '-n')).stdout, 'root\n')
    assert.equal((await whoIs(machine, 'asks', 'sudo', '-n')).code, 1)
    assert.equal((await whoIs(machine, 'asks', 'sudo', '-S')).stdout, 'root\n')
    assert.equal((await whoIs(machine, 'nosudo', 'sudo', '-S')).code, 1)
  })

  test('runs a container, and one in a user namespace', async () => {
    const show = ['docker', 'run', '--rm', 'busybox:made-here', 'cat', '/proc/self/uid_map']
    await machine.makeImage()
    assert.match(await machine.must(show), /^ +0 +0 +4294967295$/m)
    await machine.write('/etc/docker/daemon.json', '{ "userns-remap": "default" }')
    await machine.must(['systemctl', 'restart', 'docker'])
    await machine.makeImage()
    assert.match(await machine.must(show), /^ +0 +165536 +65536$/m)
    assert.equal(await machine.read('/etc/subuid'), 'deploy:100000:65536\ndockremap:165536:65536\n')
  })
})

test("docker-ce's unit, and no node", { skip: lacksMachine() }, async (t) => {
  const machine = await bootMachine({ docker: true, unit: 'docker-ce', node: false })
  t.after(() => machine.stop())
  const unit = await machine.read('/usr/lib/systemd/system/docker.service')
  for (const line of DOCKER_CE_UNIT_TEXT.split('\n')) assert.ok(unit.split('\n').includes(line), line)
  assert.equal(await machine.exists('/usr/sbin/dockerd'), false)
  assert.match(await machine.must(['docker', 'version']), /Server:/)
  assert.equal(await machine.run(['sh', '-c', 'command -v node']).then(({ code }) => code), 127)
})
