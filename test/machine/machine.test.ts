import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { DOCKER_CE_UNIT_TEXT } from '../daemon-config/support/units.ts'
import { machineGroupPrefix } from '../../scripts/namespaces.ts'
import { runCommand } from '../support/command.ts'
import { processesNaming } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, CHECKOUT_THERE, type Machine, PASSWORD, type Ran } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { printing } from '../daemon/harness/image.ts'

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
    assert.equal((await machine.must(['docker', 'info', '-f', '{{.Driver}}'])).trim(), 'overlay2')
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
    const main = `${CHECKOUT_THERE}/lib/cli/main.ts`
    const options = { env: { TMPDIR: '/tmp' } }
    assert.match(
      await machine.must(['sh', '-c', `cd ${CHECKOUT_THERE} && node --import tsx ${main} --version`], options),
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
    const show = ['docker', 'run', '--rm', 'busybox:made-here', ...printing('cat /proc/self/uid_map')]
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

describe('machines with a network and sshd', { skip: lacksMachine() }, () => {
  const machines: Machine[] = []

  before(async () => {
    const options = { ssh: true, docker: true }
    machines.push(
      ...(await Promise.all([
        bootMachine({ ...options, network: { address: '10.77.0.2' }, name: 'one.test' }),
        bootMachine({ ...options, network: { address: '10.77.0.3' }, name: 'two.test', diskMegabytes: 64 }),
      ])),
    )
  })
  after(() => Promise.all(machines.map((machine) => machine.stop())))

  test('two at once, each with its own name, host key and users', async () => {
    const [one, two] = both(machines)
    assert.notEqual(one.ssh.hostKey, two.ssh.hostKey)
    const said = await Promise.all([one.ssh.run('root', 'hostname; id -un'), two.ssh.run('deploy', 'hostname; id -un')])
    assert.deepEqual(said, [
      { code: 0, stdout: 'one.test\nroot\n', stderr: '' },
      { code: 0, stdout: 'two.test\ndeploy\n', stderr: '' },
    ])
    const byName = await runCommand('ssh', ['-o', 'BatchMode=yes', 'nosudo@two.test', 'cat; sudo -n id'], {
      input: 'in',
    })
    assert.equal(byName.stdout, 'in')
    assert.match(byName.stderr, /a password is required/)
    assert.equal((await one.ssh.run('deploy', 'sudo -n id -un')).stdout, 'root\n')
    assert.equal((await one.ssh.run('asks', 'sudo -S id -un', `${PASSWORD}\n`)).stdout, 'root\n')
    for (const machine of machines)
      assert.equal((await machine.must(['systemctl', 'is-system-running'])).trim(), 'running')
  })

  test('ssh refuses another host key, and sshd another user', async () => {
    const [one, two] = both(machines)
    one.ssh.know(two.ssh.hostKey)
    assert.match((await one.ssh.run('root', 'id')).stderr, /Host key verification failed/)
    one.ssh.know(one.ssh.hostKey)
    assert.match((await one.ssh.run('games', 'id')).stderr, /Permission denied/)
    assert.equal((await one.ssh.run('root', 'id')).code, 0)
  })

  test('a power cut keeps the disk, and nothing else', async () => {
    const [one] = both(machines)
    const { pid } = one
    await one.makeImage()
    await one.must(['docker', 'run', '-d', '--restart=always', '--name=stays', 'busybox:made-here', 'sleep', '1000'])
    for (const path of ['/etc/kept', '/var/lib/docker-mtls/kept', '/run/lost', '/tmp/lost']) await one.write(path, 'x')
    const running = one.spawn(['sh', '-c', 'echo up; sleep 1000'])
    await running.line(/up/)
    await one.reboot()
    assert.equal((await running.ended).code, 137)
    assert.notEqual(one.pid, pid)
    for (const path of ['/etc/kept', '/var/lib/docker-mtls/kept']) assert.equal(await one.read(path), 'x')
    for (const path of ['/run/lost', '/tmp/lost']) assert.equal(await one.exists(path), false)
    assert.equal((await one.must(['systemctl', 'is-system-running'])).trim(), 'running')
    assert.equal((await one.must(['docker', 'inspect', '-f', '{{.State.Running}}', 'stays'])).trim(), 'true')
    assert.equal((await one.ssh.run('root', 'hostname')).stdout, 'one.test\n', 'with the same host key')
  })

  test('a full disk refuses, until there is room again', async () => {
    const [, two] = both(machines)
    await two.write('/etc/old', 'old')
    await two.fillDisk()
    await assert.rejects(two.write('/etc/new', 'new'), /No space left on device/)
    await assert.rejects(two.write('/var/lib/docker/new', 'new'), /No space left on device/)
    assert.equal(await two.read('/etc/old'), 'old')
    await two.write('/run/new', 'new')
    await two.freeDisk()
    await two.fillDisk(8192)
    await two.write('/etc/new', 'new')
    await assert.rejects(two.write('/etc/large', 'x'.repeat(10_000)), /No space left on device/)
    await two.freeDisk()
    await two.write('/etc/large', 'x'.repeat(10_000))
  })

  test('a folder is read-only for as long as it is wanted', async () => {
    const [, two] = both(machines)
    const undo = await two.readOnly('/etc')
    await assert.rejects(two.write('/etc/other', 'x'), /Read-only file system/)
    assert.match((await two.ssh.run('root', 'touch /etc/other')).stderr, /Read-only file system/)
    await undo()
    await two.write('/etc/other', 'x')
  })
})

function both([one, two]: readonly Machine[]): [Machine, Machine] {
  assert.ok(one && two)
  return [one, two]
}

/** Boots a machine, says which processes, and waits to be killed. */
const BOOTS = `
  import { bootMachine } from ${JSON.stringify(new URL('machine.ts', import.meta.url).href)}
  const machine = await bootMachine({ docker: true, ssh: true, network: { address: '10.77.0.9' }, name: 'nine.test' })
  await machine.makeImage()
  await machine.must(['docker', 'run', '-d', 'busybox:made-here', 'sleep', '4321'])
  console.log('up')
  if (process.argv.includes('stop')) await machine.stop()
  if (process.argv.includes('kill -9')) setInterval(() => undefined, 1000)
`

describe('nothing is left of a machine', { skip: lacksMachine() }, () => {
  for (const how of ['stop', 'no stop', 'kill -9'] as const) {
    test(`after ${how}`, async (t) => {
      const folder = await temporaryFolder(t)
      await writeFile(join(folder, 'boots.mts'), BOOTS)
      const clean = await remains()
      const child = spawn(process.execPath, ['--import', 'tsx', join(folder, 'boots.mts'), how], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
      })
      const closed = once(child, 'close')
      for await (const line of createInterface(child.stdout)) {
        if (line !== 'up') continue
        if (how === 'kill -9') {
          assert.notDeepEqual(await remains(), clean)
          child.kill('SIGKILL')
        }
        break
      }
      await closed
      for (let attempt = 0; attempt < 100 && !isDeepStrictEqual(await remains(), clean); attempt++) await delay(50)
      assert.deepEqual(await remains(), clean)
      // Who was killed could not take the name away.
      if (how === 'stop') assert.doesNotMatch(await readFile('/etc/hosts', 'utf8'), /nine\.test/)
    })
  }
})

/** Processes, mounts, cgroups, network devices and temporary folders. */
async function remains(): Promise<Record<string, string[]>> {
  const groups = await runCommand('unshare', ['-m', 'sh', '-c', 'mount -n -t cgroup2 none /mnt && ls /mnt'])
  const words = ['dockerd', 'containerd', 'systemd --log', 'boot.sh', 'sleep 4321', 'sshd']
  return {
    processes: words.flatMap(processesNaming).toSorted(),
    mounts: (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').toSorted(),
    // Of this file alone: others boot machines of their own at the same time.
    groups: groups.stdout.split('\n').filter((name) => name.startsWith(machineGroupPrefix())),
    devices: (await readdir('/sys/class/net')).toSorted(),
    folders: (await readdir(tmpdir())).filter((name) => name.startsWith('docker-mtls-')).toSorted(),
  }
}
