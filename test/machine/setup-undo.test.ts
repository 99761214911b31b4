import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { localDaemonAnswers, snapshot } from './support/daemon.ts'
import { ADDRESS, bootOne } from './support/setup-host.ts'
import { deskIn, sshProcesses, type Desk, type HostResult } from './support/setup.ts'

const SETUP = ['setup', 'ssh://root@one.test', '--client', 'ann', '--yes']
const UNDO = ['setup', '--undo', 'ssh://root@one.test']

interface Undone extends Pick<HostResult, 'host' | 'ok' | 'error'> {
  readonly removed?: boolean
  readonly closes: readonly string[]
  readonly contexts: readonly { readonly name: string; readonly action: string; readonly current: boolean }[]
  readonly server?: { readonly files: readonly string[]; readonly stays: readonly string[] }
}

/** The folder of this whole file: one of a hook's would be gone when the hook ends. */
const folder = await temporaryFolder()

/** How a connection to its port of the daemon ends. */
function portState(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(2376, ADDRESS)
    const ends = (state: string): void => {
      socket.destroy()
      resolve(state)
    }
    socket.once('connect', () => ends('open'))
    socket.once('error', (error: NodeJS.ErrnoException) => ends(error.code ?? ''))
  })
}

describe('setup --undo', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let old: string

  before(async () => {
    machine = await bootOne()
    desk = deskIn(await mkdtemp(join(folder, 'desk-')))
    old = await snapshot(machine)
  })
  after(() => machine?.stop())

  const inFolder = (path: string): string => join(desk.folder, 'docker-mtls', path)
  const undone = async (...flags: string[]): Promise<{ code: number; stderr: string; hosts: Undone[] }> => {
    const { code, stderr, hosts } = await desk.lines([...UNDO, ...flags])
    return { code, stderr, hosts: hosts as unknown as Undone[] }
  }
  async function setsUp(...flags: string[]): Promise<void> {
    const { code, stderr } = await desk.lines([...SETUP, ...flags])
    assert.equal(code, 0, stderr)
    assert.equal(await portState(), 'open')
  }
  async function isOld(): Promise<void> {
    assert.equal(await snapshot(machine), old)
    assert.equal(await machine.exists('/var/lib/docker-mtls'), false)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await portState(), 'ECONNREFUSED')
    assert.deepEqual(sshProcesses(), [])
  }
  async function isUntouched(): Promise<void> {
    assert.equal(await portState(), 'open')
    assert.ok((await readdir(inFolder('hosts/one.test'))).includes('server-key.pem'))
    assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)
  }

  test('says of a host that setup never touched that there is nothing to undo', async () => {
    const { code, hosts } = await undone()
    assert.deepEqual([code, hosts[0]?.removed], [0, false])
    assert.match((await desk.run(UNDO)).stdout, /^one\.test: Nothing to undo: /m)
    await isOld()
  })

  test('shows and asks first, and then takes everything back; a host that it cannot reach keeps its files', async () => {
    await setsUp()
    assert.equal((await desk.run(['cert', 'server', 'gone.test', '--host', 'gone.test'])).code, 0)
    assert.equal((await desk.docker('context', 'use', 'one.test')).code, 0)
    const shown = await desk.run([...UNDO, '--dry-run'])
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /^one\.test\nremove +\/etc\/docker\/tls\/ca\.pem$/m)
    assert.match(shown.stdout, /^remove +docker context one\.test {2}tcp:\/\/one\.test:2376; it is the current one/m)
    assert.match(shown.stdout, /^remove +\S+\/docker-mtls\/hosts\/one\.test /m)
    assert.match((await desk.run(UNDO)).stderr, /^ERR_CONFIRMATION_REQUIRED: /m)
    await isUntouched()

    const { code, hosts, stderr } = await undone('ssh://root@gone.test', '--yes')
    assert.equal(code, 1)
    assert.deepEqual(
      hosts.map(({ host, ok, removed }) => [host, ok, removed]),
      [
        ['one.test', true, true],
        ['gone.test', false, undefined],
      ],
      stderr,
    )
    assert.deepEqual(hosts[0]?.closes, ['tcp://0.0.0.0:2376'])
    assert.deepEqual(hosts[0].contexts, [
      { name: 'one.test', host: 'tcp://one.test:2376', action: 'remove', current: true },
    ])
    assert.match(stderr, /^Warning: gone\.test: its files in \S+hosts\/gone\.test stay/m)
    await isOld()
    assert.deepEqual(await readdir(inFolder('hosts')), ['gone.test'])
    assert.equal((await desk.docker('context', 'inspect', 'one.test')).code, 1)
    assert.equal((await desk.docker('context', 'show')).stdout.trim(), 'default')
    for (const kept of ['ca/ca.pem', 'ca/ca-key.pem', 'clients/ann/key.pem']) assert.ok(await readFile(inFolder(kept)))
    assert.match(await readFile(inFolder('ca/ledger.jsonl'), 'utf8'), /one\.test/)
    const again = await undone('--yes')
    assert.deepEqual([again.code, again.hosts[0]?.removed], [0, false])
  })

  test('works after another setup, by the name of its context, and leaves contexts of others alone', async () => {
    await rm(inFolder('hosts/gone.test'), { recursive: true })
    await setsUp('--context', 'lab')
    const own = ['--host', 'tcp://one.test:2376', '--client', 'ann', '--dir', 'docker-mtls']
    assert.equal((await desk.run(['context', 'create', 'mine', ...own])).code, 0)
    await writeFile(inFolder('hosts/one.test/notes.txt'), 'mine')
    const { code, hosts, stderr } = await undone('--yes')
    assert.equal(code, 0, stderr)
    assert.deepEqual(
      hosts[0]?.contexts.map(({ name, action }) => [name, action]),
      [
        ['lab', 'remove'],
        ['mine', 'keep'],
      ],
    )
    assert.match(stderr, /^Warning: The docker context mine .* stays, .*context rm mine/m)
    assert.deepEqual(hosts[0].server?.stays, ['notes.txt'])
    assert.deepEqual(await readdir(inFolder('hosts/one.test')), ['notes.txt'])
    await isOld()
    await rm(inFolder('hosts/one.test'), { recursive: true })
    assert.equal((await desk.run(['context', 'rm', 'mine', '--yes'])).code, 0)
  })

  test("puts back dockerd's own TLS files, which setup has replaced", async () => {
    assert.equal((await desk.run(['cert', 'server', 'one.test', '--host', 'own.test'])).code, 0)
    const paths = ['ca.pem', 'server-cert.pem', 'server-key.pem'].map((name) => `/etc/own/${name}`)
    for (const path of paths)
      await machine.write(path, await readFile(inFolder(path.replace('/etc/own', 'hosts/own.test')), 'utf8'), 0o640)
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const [ca, cert, key] = paths
    const flags = `-H fd:// -H tcp://0.0.0.0:2376 --tlsverify --tlscacert=${ca} --tlscert=${cert} --tlskey=${key}`
    await machine.write(dropIn, `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd ${flags}\n`)
    await machine.must(['sh', '-c', 'systemctl daemon-reload; systemctl restart docker'])
    const state = (): Promise<string> =>
      machine.must(['sh', '-c', `stat -c '%n %a %U:%G' ${paths.join(' ')}; sha256sum ${paths.join(' ')} ${dropIn}`])
    const own = await state()
    await setsUp()
    assert.notEqual(await state(), own)
    const { code, stderr } = await undone('--yes')
    assert.equal(code, 0, stderr)
    assert.equal(await state(), own)
    assert.equal(await portState(), 'open')
    await machine.must([
      'sh',
      '-c',
      `rm -r /etc/own ${dropIn.replace(/.[^/]*$/, '')}; systemctl daemon-reload; systemctl restart docker`,
    ])
    await rm(inFolder('hosts/own.test'), { recursive: true })
    await isOld()
  })

  test('changes nothing there or here if somebody has changed a file since, or if dockerd does not start', async () => {
    await setsUp()
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    await machine.must(['sh', '-c', `echo "# mine" >>${dropIn}`])
    const changed = await undone('--yes')
    assert.deepEqual([changed.code, changed.hosts[0]?.error?.code], [1, 'ERR_APPLY_CONFLICT'])
    await machine.must(['sed', '-i', '/# mine/d', dropIn])
    await isUntouched()
    const check = '/run/systemd/system/docker.service.d/10-check.conf'
    await machine.write(check, `[Service]\nExecStartPre=/usr/bin/test -e ${dropIn}\n`)
    await machine.must(['systemctl', 'daemon-reload'])
    const failed = await undone('--yes')
    assert.deepEqual([failed.code, failed.hosts[0]?.error?.code], [1, 'ERR_APPLY_ROLLED_BACK'])
    await machine.must(['sh', '-c', `rm ${check}; systemctl daemon-reload`])
    await isUntouched()
    assert.equal((await undone('--yes')).code, 0)
    await isOld()
    const { stdout } = await desk.run(UNDO)
    assert.match(stdout, /^The CA and the client ann in \S+ stay\. It has no server any more\..* rm -r /m)
  })
})
