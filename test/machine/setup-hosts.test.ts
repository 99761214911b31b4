import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { CLI } from '../cli/support/run-cli.ts'
import { cleanEnvironment } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { localDaemonAnswers, snapshot } from './support/daemon.ts'
import { deskIn, goBack, runUntil, sshProcesses, type Desk } from './support/setup.ts'

const NAMES = ['one.test', 'two.test'] as const
const SETUP = ['setup', 'ssh://root@one.test', 'ssh://deploy@two.test', '--client', 'ann']
const BLOCKED = ['INPUT', '-p', 'tcp', '--dport', '2376', '-j', 'DROP']

/** The folder of this whole file: one of a hook's would be gone when the hook ends. */
const folder = await temporaryFolder()

async function newDesk(): Promise<Desk> {
  return deskIn(await mkdtemp(join(folder, 'desk-')))
}

describe('setup of several hosts at once', { skip: lacksMachine() }, () => {
  const machines: Machine[] = []
  const olds: string[] = []

  before(async () => {
    const common = { docker: true, ssh: true, node: false }
    const all = NAMES.map((name, index) =>
      bootMachine({ ...common, network: { address: `10.77.0.${index + 2}` }, name }),
    )
    machines.push(...(await Promise.all(all)))
    for (const machine of machines) olds.push(await snapshot(machine))
  })
  after(() => Promise.all(machines.map((machine) => machine.stop())))

  const machineOf = (name: (typeof NAMES)[number]): Machine => {
    const machine = machines[NAMES.indexOf(name)]
    assert.ok(machine)
    return machine
  }
  async function isOld(name: (typeof NAMES)[number]): Promise<void> {
    const machine = machineOf(name)
    assert.equal(await snapshot(machine), olds[NAMES.indexOf(name)])
    assert.equal(await machine.exists('/var/lib/docker-mtls/pending'), false)
    assert.equal(await localDaemonAnswers(machine), true)
  }
  /** One of them lets nobody get to its daemon. */
  async function withBlocked<Result>(name: (typeof NAMES)[number], work: () => Promise<Result>): Promise<Result> {
    await machineOf(name).must(['iptables', '-I', ...BLOCKED])
    try {
      return await work()
    } finally {
      await machineOf(name).must(['iptables', '-D', ...BLOCKED])
    }
  }

  /** The first two tests share one; each other takes its own. */
  let desk: Desk
  test('one that fails is put back, and the other is done; then the rest is done, and no more', async () => {
    desk = await newDesk()
    const words = [...SETUP, '--yes']
    const first = await withBlocked('two.test', () => desk.lines(words))
    assert.equal(first.code, 1)
    assert.deepEqual(
      first.hosts.map(({ host, ok, error }) => [host, ok, error?.code]),
      [
        ['one.test', true, undefined],
        ['two.test', false, 'ERR_APPLY_ROLLED_BACK'],
      ],
    )
    assert.match(first.stderr, /^ERR_APPLY_ROLLED_BACK: two\.test: /m)
    assert.doesNotMatch(first.stderr, /one\.test: conn/)
    assert.ok(first.steps.every(({ subject }) => subject === 'one.test' || subject === 'two.test'))
    const ends = (name: string): string[] =>
      first.steps.filter(({ subject, state }) => subject === name && state !== 'running').map(({ step }) => step)
    assert.equal(ends('one.test').at(-1), 'context')
    assert.deepEqual(ends('two.test').slice(-3), ['prove', 'roll-back', 'old-daemon'])
    await isOld('two.test')
    assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)

    const second = await desk.lines(words)
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(
      second.hosts.map(({ restarted, written, server }) => [restarted, written.length, server.action]),
      [
        [false, 0, 'kept'],
        [true, 4, 'kept'],
      ],
    )
    for (const name of NAMES) assert.equal((await desk.docker('--context', name, 'version')).code, 0)
  })

  test('one authority has issued both certificates, each for its own names', async () => {
    const pem = (path: string): Promise<string> => readFile(join(desk.folder, 'docker-mtls', path), 'utf8')
    const ca = new X509Certificate(await pem('ca/ca.pem'))
    assert.deepEqual((await readdir(join(desk.folder, 'docker-mtls/hosts'))).toSorted(), NAMES)
    const keys = new Set<string>()
    for (const [name, other] of [NAMES, NAMES.toReversed()] as [string, string][]) {
      const cert = new X509Certificate(await pem(`hosts/${name}/server-cert.pem`))
      assert.ok(cert.verify(ca.publicKey))
      assert.match(cert.subjectAltName ?? '', new RegExp(`DNS:${name}`))
      assert.doesNotMatch(cert.subjectAltName ?? '', new RegExp(other))
      keys.add(await pem(`hosts/${name}/server-key.pem`))
    }
    assert.equal(keys.size, 2)
    for (const name of NAMES) await goBack(machineOf(name))
    for (const name of NAMES) await isOld(name)
  })

  test('one that ssh does not get to stops no other', async () => {
    desk = await newDesk()
    const two = machineOf('two.test')
    two.ssh.know(machineOf('one.test').ssh.hostKey)
    const { code, hosts } = await desk.lines([...SETUP, '--yes'])
    two.ssh.know(two.ssh.hostKey)
    assert.equal(code, 1)
    assert.deepEqual(
      hosts.map(({ error }) => error?.code),
      [undefined, 'ERR_SSH_HOST_KEY_CHANGED'],
    )
    // Nothing was made for a host that was never seen.
    assert.deepEqual(await readdir(join(desk.folder, 'docker-mtls/hosts')), ['one.test'])
    await isOld('two.test')
    await goBack(machineOf('one.test'))
  })

  for (const [name, output] of [
    ['a line without end', 'cat /dev/zero'],
    ['lines without end, as our shell', 'echo @docker-mtls a b c d; yes'],
  ] as const) {
    test(`one that prints ${name} stops no other`, async () => {
      desk = await newDesk()
      const two = machineOf('two.test')
      await two.must(['sh', '-c', 'printf "#!/bin/sh\\n%s\\n" "$1" >/usr/local/bin/sudo', 'sh', output])
      await two.must(['chmod', '0755', '/usr/local/bin/sudo'])
      const { code, hosts, stderr } = await desk.lines([...SETUP, '--yes'])
      await two.must(['rm', '/usr/local/bin/sudo'])
      assert.equal(code, 1, stderr)
      assert.deepEqual(
        hosts.map(({ error }) => error?.code),
        [undefined, 'ERR_HOST_UNREADABLE'],
      )
      assert.deepEqual(sshProcesses(), [])
      assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)
      await isOld('two.test')
      await goBack(machineOf('one.test'))
    })
  }

  test('two ways to one host are found out, and it is not set up twice', async () => {
    desk = await newDesk()
    await writeFile(join(machineOf('one.test').ssh.folder, 'config'), 'Host alias\n HostName one.test\n')
    const { code, hosts } = await desk.lines(['setup', 'ssh://root@one.test', 'ssh://deploy@alias', '--dry-run'])
    await rm(join(machineOf('one.test').ssh.folder, 'config'))
    assert.equal(code, 1)
    assert.equal(hosts.filter(({ ok }) => ok).length, 1)
    assert.equal(hosts.find(({ ok }) => !ok)?.error?.code, 'ERR_ARGUMENT_INVALID')
    assert.equal((await desk.run(['setup', 'ssh://root@one.test', 'ssh://deploy@ONE.test.', '--dry-run'])).code, 2)
  })

  test('Ctrl-C puts all of them back', async () => {
    desk = await newDesk()
    const words = [...SETUP, '--yes']
    const { code, hosts, stderr } = await runUntil(desk, words, ['restart', 'two.test'], (pid) => {
      process.kill(pid, 'SIGINT')
    })
    assert.equal(code, 137)
    assert.deepEqual(
      hosts.map(({ error }) => error?.code),
      ['ERR_INTERRUPTED', 'ERR_INTERRUPTED'],
    )
    for (const name of NAMES)
      assert.match(stderr, new RegExp(`^${name}: Everything is rolled back, .*answers\\.$`, 'm'))
    for (const name of NAMES) await isOld(name)
    assert.deepEqual(sshProcesses(), [])
  })

  test('on a terminal each has its own line, they are asked about at once, and a no changes nothing', async () => {
    desk = await newDesk()
    const { code, screen } = await onTerminal(desk, SETUP, 'n\n')
    assert.equal(code, 1)
    assert.equal(screen.split('Write these files and restart docker on one.test and two.test?').length, 2, screen)
    for (const name of NAMES) assert.match(screen, new RegExp(`^. ${name.replace('.', '\\.')} .*decide what to`, 'm'))
    assert.match(screen, /Nothing was changed on any host\. New certificates are in \S*docker-mtls/)
    for (const name of NAMES) await isOld(name)
  })

  test('on a terminal, a yes', async () => {
    desk = await newDesk()
    const { code, screen } = await onTerminal(desk, SETUP, 'y\n')
    assert.equal(code, 0, screen)
    for (const name of NAMES) assert.match(screen, new RegExp(`^ {2}docker --context ${name} ps`, 'm'))
    for (const name of NAMES)
      assert.match(screen, new RegExp(`^ {2}ssh ssh://\\w+@${name} (?:sudo )?sh /var/lib/`, 'm'))
    const [line] = /(?<=^ {2})ssh ssh:\/\/deploy@two\.test .*$/m.exec(screen) ?? []
    assert.ok(line)
    // The way back that it names is one that can be typed.
    assert.equal((await machineOf('two.test').ssh.run('deploy', line.trim().split('two.test ')[1] ?? '')).code, 0)
    await isOld('two.test')
    await goBack(machineOf('one.test'))
  })
})

/** Runs a command line of ours on a terminal (script(1)), and answers its question. */
async function onTerminal(
  { folder: cwd }: Desk,
  words: readonly string[],
  answer: string,
): Promise<{ code: number; screen: string }> {
  const env = cleanEnvironment({ DOCKER_CONFIG: join(cwd, '.docker'), TERM: 'xterm' })
  const line = [...CLI, ...words].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { cwd, env, stdio: 'pipe' })
  let screen = ''
  let asked = false
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk
    if (asked || !/restart docker on .*\?/.test(screen)) return
    asked = true
    child.stdin.write(answer)
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 137))
  })
  return { code, screen: stripVTControlCharacters(screen).replaceAll('\r', '') }
}
