import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { runCommand, untilAlert, type CommandResult } from '../support/command.ts'
import { processesNaming } from '../support/processes.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { startDockerd } from './harness/dockerd.ts'
import { IMAGE, makeImage, printing } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { mountsBelow } from './harness/unmount.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'curl', 'busybox', 'ip')

function curl(...args: string[]): Promise<CommandResult> {
  return runCommand('curl', ['-sS', '--max-time', '10', '-w', ' %{http_code}', ...args])
}

describe('a dockerd that runs by a rendered command line', { skip }, () => {
  let daemon: SecuredDaemon

  before(async () => {
    daemon = await startSecuredDaemon({ config: { usernsRemap: 'default' } })
  })
  after(() => daemon.stop())

  test('answers over its own socket', async () => {
    const { stdout } = await curl('--unix-socket', daemon.place.socketPath, 'http://localhost/_ping')
    assert.equal(stdout, 'OK 200')
  })

  test('answers over mutual TLS, and refuses whoever shows no certificate', async () => {
    const { ca, cert, key } = daemon.client
    const url = `https://localhost:${daemon.place.port}/_ping`
    assert.equal((await curl('--cacert', ca, '--cert', cert, '--key', key, url)).stdout, 'OK 200')
    const refused = await untilAlert(() => curl('--cacert', ca, url))
    assert.equal(refused.code, 56)
    assert.match(refused.stderr, /certificate required/)
  })

  test('runs a container whose root is nobody on the host', async () => {
    await makeImage(daemon)
    const { code, stdout, stderr } = await dockerLocally(daemon, [
      'run',
      '--rm',
      IMAGE,
      ...printing('cat /proc/self/uid_map'),
    ])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^\s*0\s+[1-9]\d{4,}\s+65536$/m)
    assert.match(readFileSync('/etc/subuid', 'utf8'), /^dockremap:/m)
  })

  test('sees no network but loopback and its own', async () => {
    const { stdout } = await runCommand('ip', ['-o', 'link'])
    const devices = stdout.match(/(?<=^\d+: )[^:@]+/gm) ?? []
    assert.deepEqual([...new Set(devices.map((name) => name.replace(/^veth.*/, 'veth')))].toSorted(), ['docker0', 'lo'])
  })

  test('is the only one at its time', async () => {
    await assert.rejects(startSecuredDaemon(), /one daemon at a time/)
  })

  test('leaves no process, no mount and no folder, with a container that ignores SIGTERM still running', async () => {
    await dockerLocally(daemon, ['run', '-d', IMAGE, 'sleep', '1000'])
    const { folder } = daemon.place
    assert.notDeepEqual(processesNaming(folder), [])
    assert.notDeepEqual(mountsBelow(folder), [])
    const start = Date.now()
    await daemon.stop()
    assert.ok(Date.now() - start < 9_000, 'it did not wait for the container')
    assert.deepEqual(processesNaming(folder), [])
    assert.deepEqual(processesNaming('sleep 1000'), [])
    assert.deepEqual(mountsBelow(folder), [])
    assert.equal(existsSync(folder), false)
  })
})

test('a dockerd that does not start fails with what it said, and leaves nothing', { skip }, async () => {
  const place = await chooseDaemonPlace()
  const start = startDockerd({ place, argv: [place.dockerd, '-H', place.listen[0], '--no-such-flag'] })
  // Docker 28 prints its usage behind that.
  await assert.rejects(start, /unknown flag: --no-such-flag|dockerd ended with 1[^]*--validate/)
  assert.equal(existsSync(place.folder), false)
})

test('a daemon ends with a test process that is killed, and the next one can start', { skip }, async () => {
  const modules = ['dockerd', 'place'].map((name) => new URL(`harness/${name}.ts`, import.meta.url).href)
  const script = `
    const { startDockerd } = await import('${modules[0]}')
    const { chooseDaemonPlace } = await import('${modules[1]}')
    const place = await chooseDaemonPlace()
    await startDockerd({ place, argv: [place.dockerd, '-H', place.listen[0]] })
    console.log(place.folder)
    setInterval(() => undefined, 1000)`
  const owner = spawn(process.execPath, [...TYPESCRIPT, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const folder = line.toString().trim()
  assert.notDeepEqual(processesNaming(folder), [])
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  for (let waited = 0; processesNaming(folder).length > 0; waited++) {
    assert.ok(waited < 100, 'it ended by itself')
    await delay(100)
  }
  const next = await startSecuredDaemon()
  await next.stop()
  assert.equal(existsSync(folder), false)
})
