import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { daemonPid, localDaemonAnswers, snapshot } from './support/daemon.ts'
import { bootOne } from './support/setup-host.ts'
import { deskIn, goBack, type Desk } from './support/setup.ts'

const FILES = ['ca.pem', 'server-cert.pem', 'server-key.pem'].map((name) => `/etc/docker/tls/${name}`)
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const CHECKS = [
  'authorities',
  'certificate',
  'client',
  'foreign-ca',
  'no-certificate',
  'plaintext',
  'same-named-ca',
  'server-certificate',
]

/** The folder of this whole file: one of a hook's would be gone when the hook ends. */
const folder = await temporaryFolder()

async function newDesk(): Promise<Desk> {
  return deskIn(await mkdtemp(join(folder, 'desk-')))
}

/** The body of a key in PEM, in one line of base64 and cut to what no line break falls into. */
async function keyLine(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  const line = lines.find((text) => !text.startsWith('-') && text.length > 40)
  assert.ok(line, path)
  return line
}

/** Checks of gateways and authorization plugins. */
const WITHOUT_GATEWAY = ['F-AROUND', 'F-POLICY', 'F-GWKEY', 'F-CRL', 'F-PRIVILEGED', 'F-SSHKEY', 'F-GWLOG', 'F-PLUGIN']

describe('setup of one host', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  let old: string

  before(async () => {
    machine = await bootOne()
    desk = await newDesk()
    old = await snapshot(machine)
  })
  after(() => machine?.stop())

  test('a dry run shows what would be done, and changes nothing, there or here', async () => {
    const { code, stdout, stderr } = await desk.run(['setup', 'ssh://root@one.test', '--dry-run'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^one\.test\ncreate +\/etc\/docker\/tls\/ca\.pem/)
    assert.match(stdout, /^create +\/etc\/docker\/tls\/server-key\.pem +0600 root:root$/m)
    assert.match(stdout, /^ +\+ExecStart=\/usr\/sbin\/dockerd .*-H tcp:\/\/0\.0\.0\.0:2376$/m)
    assert.equal(await snapshot(machine), old)
    assert.deepEqual(await readdir(desk.folder), [])
  })

  test('without a terminal and without --yes nothing is changed, there or here', async () => {
    const { code, stderr } = await desk.run(['setup', 'ssh://root@one.test'])
    assert.equal(code, 1)
    assert.match(stderr, /ERR_CONFIRMATION_REQUIRED.*restart docker on one\.test.*\n.*--yes/)
    assert.equal(await snapshot(machine), old)
    assert.deepEqual(await readdir(desk.folder), [])
  })

  test('secures a bare host, proves it, and makes the context', async () => {
    const run = await desk.lines(['setup', 'ssh://root@one.test', '--client', 'ann', '--yes'])
    assert.equal(run.code, 0, run.stderr)
    const [host] = run.hosts
    assert.ok(host?.ok)
    assert.deepEqual([run.hosts.length, host.url, host.restarted], [1, 'tcp://one.test:2376', true])
    assert.deepEqual(host.names.toSorted(), ['10.77.0.2', '127.0.0.1', '::1', 'localhost', 'one.test'])
    assert.deepEqual(host.written, [...FILES, DROP_IN])
    assert.deepEqual(host.proof.map(({ name }) => name).toSorted(), CHECKS)
    assert.ok(host.proof.every(({ ok }) => ok))
    assert.deepEqual(host.context, { name: 'one.test', action: 'created' })
    assert.equal(host.variables['DOCKER_CERT_PATH'], join(desk.folder, 'docker-mtls', 'clients', 'ann'))
    const done = run.steps.filter(({ state, subject }) => state === 'done' && subject === 'one.test')
    const steps = 'look plan validate backup arm write reload restart prove commit verify context'.split(' ')
    assert.deepEqual(
      done.map(({ step }) => step),
      steps,
    )
  })

  test("Docker's own command gets there through the context, and by the variables", async () => {
    const by = await desk.docker('--context', 'one.test', 'version', '--format', '{{.Server.Version}}')
    assert.match(by.stdout, /^\d+\.\d+/, by.stderr)
    assert.match((await desk.docker('context', 'ls')).stdout, /one\.test .*tcp:\/\/one\.test:2376/)
    const listed = await desk.run(['cert', 'list'])
    assert.match(listed.stdout, /^server +one\.test .* in use$/m)
    const ping = await desk.run(['ping', '--host', 'tcp://10.77.0.2:2376', '--cert-path', 'docker-mtls/clients/ann'])
    assert.equal(ping.code, 0, ping.stderr)
  })

  test('an audit finds only failures that docs/audit.md explains, and none of severity high', async () => {
    const reach = ['--host', 'tcp://one.test:2376', '--cert-path', 'docker-mtls/clients/ann']
    const { code, stdout, stderr } = await desk.run(['audit', ...reach, '--json'])
    assert.equal(code, 0, stderr)
    const { hosts } = JSON.parse(stdout) as { hosts: { findings: { check: string; status: string }[] }[] }
    const failed = hosts.flatMap(({ findings }) => findings.filter(({ status }) => status === 'fail'))
    assert.deepEqual(failed.map(({ check }) => check).toSorted(), ['D-ICC', 'D-MAC', 'D-NNP', 'D-USERNS'])
  })

  test("the authority's key and the client's were never on the host", async () => {
    for (const name of ['ca/ca-key.pem', 'clients/ann/key.pem']) {
      const line = await keyLine(join(desk.folder, 'docker-mtls', name))
      assert.equal(await holders(machine, line), '', name)
    }
    // This is how a key that is there looks.
    const own = await keyLine(join(desk.folder, 'docker-mtls/hosts/one.test/server-key.pem'))
    assert.match(await holders(machine, own), /^\/etc\/docker\/tls\/server-key\.pem$/m)
  })

  test('a second run, by somebody with sudo, changes nothing, restarts nothing and asks nothing', async () => {
    const [pid, now] = [await daemonPid(machine), await snapshot(machine)]
    const ledger = await readFile(join(desk.folder, 'docker-mtls/ca/ledger.jsonl'), 'utf8')
    const run = await desk.lines(['setup', 'ssh://deploy@one.test', '--client', 'ann'])
    assert.equal(run.code, 0, run.stderr)
    const [host] = run.hosts
    assert.ok(host)
    assert.deepEqual(
      [host.written, host.restarted, host.server.action, host.context?.action],
      [[], false, 'kept', 'kept'],
    )
    assert.deepEqual(host.proof.map(({ name }) => name).toSorted(), CHECKS)
    assert.equal(await daemonPid(machine), pid)
    assert.equal(await snapshot(machine), now)
    assert.equal(await readFile(join(desk.folder, 'docker-mtls/ca/ledger.jsonl'), 'utf8'), ledger)
  })

  test('an audit of its files over ssh finds only what is true of the machine', async () => {
    const found = await hostFindings('root')
    assert.deepEqual(found, {
      'F-AUDIT': 'fail',
      'D-PROXY': 'warn',
      'F-DAEMONJSON': 'not-applicable',
      'F-CERTSD': 'not-applicable',
      ...Object.fromEntries(WITHOUT_GATEWAY.map((check) => [check, 'not-applicable'])),
    })
  })

  test('and by somebody with sudo, a drop-in that others can change and a conflict in daemon.json', async (t) => {
    const [later, json] = [DROP_IN.replace('override', 'zz'), '/etc/docker/daemon.json']
    t.after(() => machine.must(['sh', '-c', `rm -f ${later} ${json}; chmod 0660 /run/docker.sock`]))
    // Only the daemon's socket keeps a user from the API; the files need sudo.
    const spoil = `printf '[Service]\\nNice=0\\n' >${later}; chmod 0666 ${later} /run/docker.sock; echo '{"tlsverify":true}' >${json}`
    await machine.must(['sh', '-c', spoil])
    const {
      'F-UNIT': unit,
      'F-OVERRIDE': override,
      'F-SOCK': socket,
      'F-DAEMONJSON': file,
    } = await hostFindings('deploy')
    assert.deepEqual([unit, override, socket, file], ['fail', 'fail', 'fail', undefined])
  })

  /** The checks of the host that don't pass, with their status. */
  async function hostFindings(user: string): Promise<Record<string, string>> {
    const argv = ['audit', '--only', 'host', '--host', `ssh://${user}@one.test`, '--json']
    const { stdout, stderr } = await desk.run(argv)
    const { hosts } = JSON.parse(stdout) as { hosts: { findings?: { check: string; status: string }[] }[] }
    assert.ok(hosts[0]?.findings, stderr)
    const others = hosts[0].findings.filter(({ status }) => status !== 'pass')
    return Object.fromEntries(others.map(({ check, status }) => [check, status]))
  }

  test('one more name, or a renewed certificate, changes the certificate and nothing else', async () => {
    const words = ['setup', 'ssh://deploy@one.test', '--client', 'ann', '--yes']
    const named = await desk.lines([...words, '--name', '10.77.0.2', '--name', 'other.test'])
    assert.equal(named.code, 0, named.stderr)
    const changed = FILES.slice(1)
    assert.deepEqual(named.hosts[0]?.written, changed)
    assert.equal(named.hosts[0]?.url, 'tcp://10.77.0.2:2376')
    const { stdout } = await desk.run(['cert', 'renew', '--server'])
    const line = /^ +docker-mtls (setup .*)$/m.exec(stdout)?.[1] ?? ''
    assert.equal(line, 'setup ssh://deploy@one.test --client ann --name 10.77.0.2 --name other.test')
    assert.match((await desk.run(['cert', 'list'])).stdout, /^server .* not delivered$/m)
    const renewed = await desk.lines([...line.split(' '), '--yes'])
    assert.doesNotMatch((await desk.run(['cert', 'list'])).stdout, /not delivered/)
    assert.deepEqual(renewed.hosts[0]?.written, changed)
    assert.ok(renewed.hosts[0]?.names.includes('other.test'))
    assert.equal(renewed.hosts[0]?.context?.action, 'kept')
  })

  test('without --client, the client that is there is used; the context of another is not replaced', async () => {
    const again = await desk.lines(['setup', 'ssh://deploy@one.test', '--name', '10.77.0.2', '--yes'])
    assert.equal(again.hosts[0]?.context?.action, 'kept', again.stderr)
    const now = await snapshot(machine)
    const { code, hosts } = await desk.lines(['setup', 'ssh://deploy@one.test', '--client', 'root', '--yes'])
    assert.deepEqual([code, hosts[0]?.error?.code], [1, 'ERR_CONTEXT_EXISTS'])
    assert.equal(await snapshot(machine), now)
    assert.deepEqual(await readdir(join(desk.folder, 'docker-mtls/clients')), ['ann'])
  })

  test('a context of that name that leads elsewhere is left alone, and so is the host', async () => {
    const other = await newDesk()
    const made = ['context', 'create', 'one.test', '--docker', 'host=ssh://elsewhere']
    assert.equal((await other.docker(...made)).code, 0)
    const now = await snapshot(machine)
    const { code, hosts } = await other.lines(['setup', 'ssh://root@one.test', '--yes'])
    assert.equal(code, 1)
    assert.equal(hosts[0]?.error?.code, 'ERR_CONTEXT_EXISTS')
    assert.equal(await snapshot(machine), now)
    assert.match((await other.docker('context', 'ls')).stdout, /ssh:\/\/elsewhere/)
    assert.deepEqual((await readdir(other.folder)).toSorted(), ['.docker'])
  })

  test('another authority in its place is said to lock out the old clients', async () => {
    const other = await newDesk()
    const dryRun = ['setup', 'ssh://root@one.test', '--dry-run', '--no-context']
    const { stdout, code } = await other.run([...dryRun, '--replace-ca'])
    assert.equal(code, 0)
    assert.match(stdout, /^Clients of the CA CN=docker-mtls CA \w+ can no longer connect\.$/m)
  })

  test('and without a word for it the host is left alone', async () => {
    const other = await newDesk()
    const now = await snapshot(machine)
    const { code, hosts } = await other.lines(['setup', 'ssh://root@one.test', '--no-context', '--yes'])
    assert.equal(code, 1)
    const { error } = hosts[0] ?? {}
    assert.equal(error?.code, 'ERR_APPLY_CONFLICT')
    assert.match(error.message, /accepts clients of CN=docker-mtls CA \w+, a CA that is not in docker-mtls/)
    assert.match(error.message, /--dir DIR .* --replace-ca/)
    assert.equal(await snapshot(machine), now)
    // Neither was an authority made that nobody needs.
    assert.deepEqual(await readdir(other.folder), [])
  })

  test('goes back by what it has left on the host', async () => {
    while (await machine.exists('/var/lib/docker-mtls/last')) await goBack(machine)
    assert.equal(await snapshot(machine), old)
    assert.equal(await localDaemonAnswers(machine), true)
  })
})

const STARTED = Math.floor(Date.now() / 1000)

/** The files on the machine's disk, and in its memory, that hold a text. What is older than this test is this machine's. */
async function holders(machine: Machine, text: string): Promise<string> {
  const places = '/ /run /tmp /dev/shm /var/lib/docker /var/lib/containerd'
  const script = `find ${places} -xdev -type f -newerct @${STARTED} -print0 | xargs -0 -r grep -lFs -e "$0" -- || true`
  return machine.must(['sh', '-c', script, text])
}

/** What nothing may be changed of: all of /etc, and what we keep on a host. */
function everything(machine: Machine): Promise<string> {
  const script = 'find /etc /var/lib/docker-mtls -printf "%p %m %u %s %T@ %l\\n" 2>/dev/null | sort'
  return machine.must(['sh', '-c', script])
}

interface Refusal {
  readonly title: string
  readonly url: string
  readonly code: string
  readonly says: RegExp
  /** Makes the host so, and undoes it. */
  readonly arrange?: (machine: Machine) => Promise<() => Promise<unknown> | void>
}

/** Takes files away, until what it gives is called. */
async function away(machine: Machine, ...paths: readonly string[]): Promise<() => Promise<unknown>> {
  for (const path of paths) await machine.must(['mv', path, `${path}.away`])
  return async () => {
    for (const path of paths) await machine.must(['mv', `${path}.away`, path])
  }
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'sudo that asks for a password',
    url: 'ssh://asks@one.test',
    code: 'ERR_HOST_SUDO_PASSWORD',
    says: /ssh:\/\/root@one\.test\. .*asks ALL=\(root\) NOPASSWD: ALL/,
  },
  {
    title: 'a user without sudo',
    url: 'ssh://nosudo@one.test',
    code: 'ERR_HOST_SUDO_PASSWORD',
    says: /ssh:\/\/root@one\.test/,
  },
  {
    title: 'no sudo at all',
    url: 'ssh://deploy@one.test',
    code: 'ERR_HOST_NOT_ROOT',
    says: /deploy is not root there, and can't run sudo/,
    arrange: (machine) => away(machine, '/usr/bin/sudo'),
  },
  {
    title: 'a wrong host key',
    url: 'ssh://root@one.test',
    code: 'ERR_SSH_HOST_KEY_CHANGED',
    says: /Don't connect/,
    arrange: async (machine) => {
      machine.ssh.know('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
      return () => machine.ssh.know(machine.ssh.hostKey)
    },
  },
  {
    title: 'an unknown host key',
    url: 'ssh://root@one.test',
    code: 'ERR_SSH_HOST_KEY_UNKNOWN',
    says: /ssh ssh:\/\/root@one\.test/,
    arrange: async (machine) => {
      machine.ssh.know(undefined)
      return () => machine.ssh.know(machine.ssh.hostKey)
    },
  },
  { title: 'another user', url: 'ssh://games@one.test', code: 'ERR_SSH_LOGIN_REFUSED', says: /authorized_keys/ },
  { title: 'another port', url: 'ssh://root@one.test:2222', code: 'ERR_CONNECTION_REFUSED', says: /port/ },
  {
    title: 'a login that runs no commands',
    url: 'ssh://nosudo@one.test',
    code: 'ERR_HOST_UNREADABLE',
    says: /runs no commands there \(.*not available/,
    arrange: async (machine) => {
      await machine.must(['sed', '-i', '/^nosudo:/s#/bin/bash$#/usr/sbin/nologin#', '/etc/passwd'])
      return () => machine.must(['sed', '-i', '/^nosudo:/s#/usr/sbin/nologin$#/bin/bash#', '/etc/passwd'])
    },
  },
  {
    title: 'a Docker of which only the script in /etc/init.d is left',
    url: 'ssh://root@one.test',
    code: 'ERR_HOST_NO_DOCKER',
    says: /apt-get install docker\.io/,
    arrange: async (machine) => {
      await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
      const undo = await away(machine, '/usr/sbin/dockerd', '/usr/lib/systemd/system/docker.service')
      await machine.must(['systemctl', 'daemon-reload'])
      return async () => {
        await undo()
        await machine.must(['sh', '-c', 'systemctl daemon-reload; systemctl start docker.socket docker.service'])
      }
    },
  },
  {
    title: 'a read-only /etc',
    url: 'ssh://root@one.test',
    code: 'ERR_HOST_READ_ONLY',
    says: /remount,rw/,
    arrange: (machine) => machine.readOnly('/etc'),
  },
  {
    title: 'a full disk',
    url: 'ssh://root@one.test',
    code: 'ERR_HOST_DISK_FULL',
    says: /KiB left/,
    arrange: async (machine) => {
      await machine.fillDisk()
      return () => machine.freeDisk()
    },
  },
  {
    title: 'a rootless daemon',
    url: 'ssh://deploy@one.test',
    code: 'ERR_HOST_ROOTLESS',
    says: /runs rootless, as the user 2003/,
    arrange: async (machine) => {
      await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
      await machine.must(['cp', '/bin/sleep', '/usr/local/bin/dockerd'])
      const rootless = machine.spawn(['/usr/local/bin/dockerd', '600'], { user: 'nosudo' })
      return async () => {
        await rootless.kill()
        await machine.must(['rm', '/usr/local/bin/dockerd'])
        await machine.must(['systemctl', 'start', 'docker.socket', 'docker.service'])
      }
    },
  },
  {
    title: 'no systemd',
    url: 'ssh://root@one.test',
    code: 'ERR_HOST_NO_SYSTEMD',
    says: /daemon render --without-systemd/,
    // Whether systemd has booted a machine is told by that folder (sd_booted(3)).
    arrange: async (machine) => {
      await machine.must(['mount', '-n', '-t', 'tmpfs', 'none', '/run/systemd'])
      return () => machine.must(['umount', '-n', '/run/systemd'])
    },
  },
]

describe('what setup refuses: nothing is changed', { skip: lacksMachine() }, () => {
  let machine: Machine
  let desk: Desk
  before(async () => {
    machine = await bootOne()
    desk = await newDesk()
  })
  after(() => machine?.stop())

  for (const { title, url, code, says, arrange } of REFUSALS) {
    test(title, async () => {
      const undo = await arrange?.(machine)
      try {
        const old = await everything(machine)
        const { hosts, result, stderr, ...ran } = await desk.lines(['setup', url, '--yes'])
        assert.equal(ran.code, 1)
        assert.deepEqual([hosts[0]?.ok, hosts[0]?.error?.code], [false, code], JSON.stringify(result))
        assert.match(stderr, new RegExp(`^${code}: one\\.test: `, 'm'))
        assert.match(stderr, says)
        assert.equal(await everything(machine), old)
        assert.deepEqual(await readdir(desk.folder), [])
      } finally {
        await undo?.()
      }
    })
  }

  test('a passphrase that opens nothing, or none: nothing is changed, there or here', async () => {
    const own = await newDesk()
    const words = ['setup', 'ssh://root@one.test', '--yes']
    const right = { env: { DOCKER_MTLS_CA_PASSPHRASE: 'correct horse' } }
    const init = await own.run(['init', 'other.test', '--client', 'eve', '--encrypt-ca-key'], right)
    assert.equal(init.code, 0, init.stderr)
    const [there, here] = [await everything(machine), await filesBelow(own.folder)]
    for (const env of [{}, { DOCKER_MTLS_CA_PASSPHRASE: 'battery staple' }]) {
      const { code, stderr } = await own.run(words, { env })
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_CA_PASSPHRASE: /m)
      assert.equal(await everything(machine), there)
      assert.deepEqual(await filesBelow(own.folder), here)
    }
    assert.equal((await own.run(words, right)).code, 0)
    await goBack(machine)
  })
})

/** All files, with when they were written. */
async function filesBelow(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true })
  const times = names.map(async (name) => `${name} ${(await stat(join(root, name))).mtimeMs}`)
  return (await Promise.all(times)).toSorted()
}
