import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { daemonPid, localDaemonAnswers, snapshot } from './support/daemon.ts'
import { bootOne } from './support/setup-host.ts'
import { deskIn, goBack, runUntil, type Desk } from './support/setup.ts'
import { printing } from '../daemon/harness/image.ts'

/** The folder of this whole file: one of a hook's would be gone when the hook ends. */
const folder = await temporaryFolder()

async function newDesk(): Promise<Desk> {
  return deskIn(await mkdtemp(join(folder, 'desk-')))
}

/** `~/.ssh/config`, for as long as some work takes. */
async function withConfig<Result>(
  machine: Machine,
  lines: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const path = join(machine.ssh.folder, 'config')
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  try {
    return await work()
  } finally {
    await rm(path)
  }
}

describe('ways to a host', { skip: lacksMachine() }, () => {
  let machine: Machine
  let old: string
  before(async () => {
    machine = await bootOne()
    old = await snapshot(machine)
    await machine.must(['/usr/sbin/sshd', '-p', '2222', '-o', 'PidFile=/run/sshd-2222.pid'])
    const others = ['[one.test]:2222', 'fd77::2', 'hidden.test'].map((host) => `${host} ${machine.ssh.hostKey}\n`)
    await appendFile(join(machine.ssh.folder, 'known_hosts'), others.join(''))
  })
  after(() => machine?.stop())

  async function isSuccess(desk: Desk, context: string): Promise<void> {
    const { code, stderr } = await desk.docker('--context', context, 'version')
    assert.equal(code, 0, stderr)
    await goBack(machine)
    assert.equal(await snapshot(machine), old)
  }

  test('an alias of the ssh configuration, with user, port and a command of its own', async () => {
    const desk = await newDesk()
    const alias = [
      'Host short',
      'HostName one.test',
      'User deploy',
      'Port 2222',
      'RemoteCommand tmux',
      'RequestTTY yes',
    ]
    const { code, hosts, stderr } = await withConfig(machine, alias, () =>
      desk.lines(['setup', 'ssh://short', '--yes']),
    )
    assert.equal(code, 0, stderr)
    // The daemon's port is not that of ssh, and its name is none that only ssh knows.
    assert.equal(hosts[0]?.url, 'tcp://one.test:2376')
    assert.ok(!hosts[0]?.names.includes('short'))
    assert.equal(hosts[0]?.context?.name, 'short')
    await isSuccess(desk, 'short')
  })

  test('a port in the URL', async () => {
    const desk = await newDesk()
    const { code, hosts, stderr } = await desk.lines(['setup', 'ssh://root@one.test:2222', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(hosts[0]?.url, 'tcp://one.test:2376')
    await isSuccess(desk, 'one.test')
  })

  test('an IPv6 address', async () => {
    const shown = await runCommand('ip', ['-o', 'address', 'show', 'to', '10.77.255.254'])
    const device = /^\d+: (\S+)/.exec(shown.stdout)?.[1] ?? ''
    await runCommand('ip', ['-6', 'address', 'add', 'fd77::1/64', 'dev', device, 'nodad'])
    await machine.must(['ip', '-6', 'address', 'add', 'fd77::2/64', 'dev', 'eth0', 'nodad'])
    const desk = await newDesk()
    const { code, hosts, stderr } = await desk.lines(['setup', 'ssh://root@[fd77::2]', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(hosts[0]?.url, 'tcp://[fd77::2]:2376')
    assert.ok(hosts[0]?.names.includes('fd77::2'))
    await isSuccess(desk, 'fd77--2')
  })

  test('another name of a host that is set up: who is lost is said, and how to keep them', async () => {
    const desk = await newDesk()
    assert.equal((await desk.run(['setup', 'ssh://root@one.test', '--yes'])).code, 0)
    const words = ['setup', 'ssh://root@10.77.0.2', '--dry-run']
    const plan = await desk.run(words)
    assert.match(
      plan.stdout,
      /^The server's current certificate is also for one\.test\. .*keep it: {2}--name one\.test$/m,
    )
    const kept = await desk.run([...words, '--name', '10.77.0.2', '--name', 'one.test'])
    assert.equal(kept.code, 0, kept.stderr)
    assert.doesNotMatch(kept.stdout, /Its certificate was for/)
    await isSuccess(desk, 'one.test')
  })

  test('a connection that ssh shares is used, and stays; none is made', async () => {
    const desk = await newDesk()
    const socket = join(machine.ssh.folder, 'shared')
    const alias = ['Host one.test', 'ControlMaster auto', `ControlPath ${socket}`, 'ControlPersist 60']
    const setup = (): ReturnType<Desk['lines']> => desk.lines(['setup', 'ssh://root@one.test', '--yes'])
    const logins = async (): Promise<number> => {
      // What sshd has said may not be in the journal yet.
      await machine.must(['journalctl', '--sync'])
      return (await machine.must(['journalctl', '-u', 'ssh', '--no-pager'])).split('Accepted publickey').length
    }
    await withConfig(machine, alias, async () => {
      assert.equal((await setup()).code, 0)
      assert.ok(!(await readdir(machine.ssh.folder)).includes('shared'), 'it made none')
      const master = await runCommand('ssh', ['-f', '-N', 'root@one.test'])
      assert.equal(master.code, 0, master.stderr)
      const count = await logins()
      assert.equal((await setup()).code, 0)
      assert.equal(await logins(), count)
      assert.equal((await runCommand('ssh', ['-O', 'check', 'root@one.test'])).code, 0)
      await runCommand('ssh', ['-O', 'exit', 'root@one.test'])
    })
    await isSuccess(desk, 'one.test')
  })

  test('a key of the host that ssh is configured not to look at is refused before it is called', async () => {
    const desk = await newDesk()
    const unchecked: [string[], RegExp][] = [
      [['StrictHostKeyChecking no'], /\(StrictHostKeyChecking no\)/],
      [['StrictHostKeyChecking off'], /\(StrictHostKeyChecking no\)/],
      [['StrictHostKeyChecking accept-new', 'UserKnownHostsFile /dev/null'], /accept-new, and UserKnownHostsFile/],
    ]
    for (const [lines, says] of unchecked) {
      const run = await withConfig(machine, lines, () => desk.lines(['setup', 'ssh://root@one.test', '--yes']))
      assert.equal(run.hosts[0]?.error?.code, 'ERR_SSH_HOST_KEY_UNKNOWN')
      assert.match(run.stderr, says)
      assert.match(run.stderr, /man in the middle.*\n.*StrictHostKeyChecking ask/)
    }
    assert.equal(await snapshot(machine), old)
    const fine = ['StrictHostKeyChecking accept-new']
    const dry = await withConfig(machine, fine, () => desk.run(['setup', 'ssh://root@one.test', '--dry-run']))
    assert.equal(dry.code, 0, dry.stderr)
  })

  test("the passphrase of the authority's key is not in the environment of ssh, which may send all of it", async () => {
    const desk = await newDesk()
    const env = { DOCKER_MTLS_CA_PASSPHRASE: 'correct horse', OTHER_MARK: 'seen' }
    await machine.write('/etc/ssh/sshd_config.d/env.conf', 'AcceptEnv *\n')
    await machine.must(['systemctl', 'reload', 'ssh'])
    await machine.write('/root/.bashrc', 'env >>/run/environment\n')
    try {
      const run = (): ReturnType<Desk['run']> => desk.run(['setup', 'ssh://root@one.test', '--dry-run'], { env })
      const { code, stderr } = await withConfig(machine, ['SendEnv *'], run)
      assert.equal(code, 0, stderr)
      const seen = await machine.read('/run/environment')
      assert.match(seen, /^OTHER_MARK=seen$/m)
      assert.doesNotMatch(seen, /correct horse|DOCKER_MTLS_/)
    } finally {
      await machine.must(['sh', '-c', 'rm /etc/ssh/sshd_config.d/env.conf /root/.bashrc; systemctl reload ssh'])
    }
  })

  test('a way that only ssh knows needs a name that this machine knows, too', async () => {
    const desk = await newDesk()
    const alias = ['Host hidden.test', 'ProxyCommand busybox nc 10.77.0.2 22']
    await withConfig(machine, alias, async () => {
      const words = ['setup', 'ssh://root@hidden.test', '--yes']
      const first = await desk.lines(words)
      assert.equal(first.hosts[0]?.error?.code, 'ERR_NAME_NOT_RESOLVED')
      assert.match(first.stderr, /reach the daemon: {2}--name NAME_OR_ADDRESS/)
      assert.equal(await snapshot(machine), old)
      const { code, hosts, stderr } = await desk.lines([...words, '--name', 'one.test'])
      assert.equal(code, 0, stderr)
      assert.equal(hosts[0]?.url, 'tcp://one.test:2376')
      assert.deepEqual(hosts[0]?.names.slice(0, 2), ['one.test', 'hidden.test'])
    })
    await isSuccess(desk, 'hidden.test')
  })

  test('with daemon.json, by somebody with sudo', async () => {
    const desk = await newDesk()
    const { code, hosts, stderr } = await desk.lines(['setup', 'ssh://deploy@one.test', '--daemon-json', '--yes'])
    assert.equal(code, 0, stderr)
    assert.ok(hosts[0]?.written.includes('/etc/docker/daemon.json'))
    assert.match(await machine.read('/etc/docker/daemon.json'), /"tcp:\/\/0\.0\.0\.0:2376"/)
    await isSuccess(desk, 'one.test')
  })

  test('a host with a lot to say for itself: none of it is believed, and none of it reaches the terminal', async () => {
    const desk = await newDesk()
    const rc = [
      'echo Welcome; printf "\\033[31mno end of line"',
      'printf "\\033]0;title\\007" >&2',
      "export SSH_CONNECTION='10.0.0.9 1 two.test 22'",
      'alias sudo=false',
      '',
    ]
    const release = await machine.read('/etc/os-release')
    await machine.write('/home/deploy/.bashrc', rc.join('\n'))
    await machine.write('/home/nosudo/.bashrc', rc.join('\n'))
    await machine.write('/etc/os-release', 'PRETTY_NAME="\u001b[2JLinux\u009b1m"\n')
    try {
      const { code, stdout, stderr } = await desk.run(['setup', 'ssh://deploy@one.test', '--yes'])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^Server +one\.test, localhost, 127\.0\.0\.1, ::1$/m)
      assert.match(stderr, /<U\+001B>\[2JLinux<U\+009B>1m/)
      const refused = await desk.run(['setup', 'ssh://nosudo@one.test', '--yes'])
      assert.match(refused.stderr, /^ERR_HOST_SUDO_PASSWORD/m)
      await machine.write('/home/nosudo/.bashrc', 'printf "\\033]0;title\\007 go away\\n" >&2; exit 3\n')
      const silent = await desk.run(['setup', 'ssh://nosudo@one.test', '--yes'])
      assert.match(silent.stderr, /^ERR_HOST_UNREADABLE.*<U\+001B>\]0;title<U\+0007> go away/m)
      for (const text of [stdout, stderr, refused.stderr, silent.stderr])
        assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
    } finally {
      await machine.write('/etc/os-release', release)
      await machine.must(['rm', '/home/deploy/.bashrc', '/home/nosudo/.bashrc'])
    }
    await isSuccess(desk, 'one.test')
  })

  test("the server's key travels by stdin: it is in no command line, neither here nor there, and in no output", async () => {
    const desk = await newDesk()
    const seen: string[] = []
    const run = await runUntil(desk, ['setup', 'ssh://root@one.test', '--yes'], ['write'], async () => {
      seen.push((await runCommand('ps', ['-eww', '-o', 'args='])).stdout)
      seen.push(await machine.must(['sh', '-c', 'tr "\\0" " " </proc/self/cmdline; ps -eww -o args=']))
    })
    assert.equal(run.code, 0)
    assert.match(seen[0] ?? '', /ssh .*one\.test sh -c/)
    const key = await readFile(join(desk.folder, 'docker-mtls/hosts/one.test/server-key.pem'), 'utf8')
    const [, line = ''] = key.split('\n')
    assert.ok(line.length > 40)
    for (const text of [...seen, JSON.stringify(run), run.stderr]) {
      assert.ok(!text.includes(line))
      assert.doesNotMatch(text, /PRIVATE KEY/)
    }
    await isSuccess(desk, 'one.test')
  })
})

describe("setup with daemon apply's options", { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  before(async () => {
    machine = await bootOne()
    desk = await newDesk()
  })
  after(() => machine?.stop())

  test('live-restore: a container goes on from the first restart on', async () => {
    const image = await machine.makeImage()
    const id = (await machine.must(['docker', 'run', '-d', image, 'sleep', '1000'])).trim()
    const pidOf = (): Promise<string> =>
      machine.must(['docker', 'inspect', '-f', '{{.State.Pid}} {{.State.Running}}', id])
    const running = await pidOf()
    const plan = await desk.run(['setup', 'ssh://root@one.test', '--dry-run'])
    assert.match(plan.stdout, /stops the one running container\. .*--live-restore/)
    const { code, steps, stderr } = await desk.lines(['setup', 'ssh://root@one.test', '--live-restore', '--yes'])
    assert.equal(code, 0, stderr)
    assert.ok(steps.some(({ step, state }) => step === 'live-restore' && state === 'done'))
    assert.equal(await pidOf(), running)
    // Asked for nothing, it stays as it is there.
    const pid = await daemonPid(machine)
    const again = await desk.lines(['setup', 'ssh://root@one.test'])
    assert.equal(again.code, 0, again.stderr)
    assert.equal(await daemonPid(machine), pid)
    await machine.must(['docker', 'rm', '-f', id])
  })

  test('user namespaces: setup counts what they hide, and a container gets remapped ids', async () => {
    const words = ['setup', 'ssh://deploy@one.test', '--userns-remap']
    const plan = await desk.run([...words, '--dry-run'])
    assert.match(plan.stdout, /^User namespaces hide 1 image in \/var\/lib\/docker\./m)
    const run = await desk.lines([...words, '--yes'])
    assert.equal(run.code, 0, run.stderr)
    const userns = run.result['hosts'] as { userns?: { verified?: boolean; remappedRoot?: number } }[]
    assert.deepEqual([userns[0]?.userns?.verified, userns[0]?.userns?.remappedRoot], [true, 165536])
    const image = await machine.makeImage()
    const shown = await desk.docker(
      '--context',
      'one.test',
      'run',
      '--rm',
      image,
      ...printing('cat /proc/self/uid_map'),
    )
    assert.match(shown.stdout, /^ +0 +165536 +65536$/m)
    const text = await desk.run(words)
    assert.match(text.stdout, /^User namespaces +default: ids 165536 to 231071 of dockremap$/m)
    const off = await desk.lines(['setup', 'ssh://root@one.test', '--no-userns-remap', '--yes'])
    assert.equal(off.code, 0, off.stderr)
    assert.equal(await localDaemonAnswers(machine), true)
  })

  test('another port, which the context then has, and the old one is closed', async () => {
    const run = await desk.lines(['setup', 'ssh://root@one.test', '--listen', '0.0.0.0:2377', '--yes'])
    assert.equal(run.code, 0, run.stderr)
    assert.equal(run.hosts[0]?.url, 'tcp://one.test:2377')
    assert.equal(run.hosts[0]?.context?.action, 'replaced')
    assert.equal((await desk.docker('--context', 'one.test', 'version')).code, 0)
    assert.doesNotMatch(await machine.must(['ss', '-Hltn']), /:2376\b/)
    const again = await desk.lines(['setup', 'ssh://root@one.test'])
    assert.deepEqual([again.code, again.hosts[0]?.url], [0, 'tcp://one.test:2377'])
  })

  test('options that mean nothing are refused before anybody is called', async () => {
    const rows: [string[], number, RegExp][] = [
      [['--listen', '0.0.0.0:2375'], 2, /ERR_LISTEN_PLAINTEXT/],
      [['--systemd', '--daemon-json'], 2, /ERR_USAGE/],
      [['--rollback-after', '5'], 2, /from 10 to 3600/],
      [['--userns-remap=a:b:c'], 2, /ERR_USERNS_INVALID/],
      [['--client', 'a.b/c'], 2, /ERR_NAME_INVALID/],
      [['--context', 'a/b'], 2, /ERR_CONTEXT_NAME_INVALID/],
      [['ssh://root@two.test', '--name', 'x'], 2, /--name works only with one host/],
      [['ssh://root@two.test', '--context', 'x1'], 2, /--context works only with one host/],
    ]
    for (const [words, code, says] of rows) {
      const ran = await desk.run(['setup', 'ssh://root@nowhere.invalid', '--yes', ...words])
      assert.equal(ran.code, code, words.join(' '))
      assert.match(ran.stderr, says)
      assert.doesNotMatch(ran.stderr, /inspect it over ssh/, words.join(' '))
    }
  })
})
