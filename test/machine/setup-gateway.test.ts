import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CommandResult } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import type { Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { listeners, localDaemonAnswers, snapshot } from './support/daemon.ts'
import { bootOne, PENDING } from './support/setup-host.ts'
import { deskIn, killSsh, runUntil } from './support/setup.ts'

const URL = 'ssh://root@one.test'
const SETUP: readonly string[] = ['setup', '--gateway', URL, '--client', 'ann', '--yes']
const COPIES = '/usr/local/lib/docker-mtls'
const UNIT = 'docker-mtls-gateway.service'
const POLICY = `version: 1
rules:
  - { name: admins, who: { commonName: ann }, level: privileged }
  - { name: ci, who: { commonName: ci }, level: read-only }
`

/** For this whole file: a folder of a hook's would be gone when the hook ends. */
const desk = deskIn(await temporaryFolder())

function pingAs(client: string): Promise<CommandResult> {
  return desk.run(['ping', '--host', 'tcp://one.test:2376', '--cert-path', `docker-mtls/clients/${client}`])
}

/** The audit log is the user's, so both stay. */
function withoutAccount(files: string): string {
  return files.replaceAll(/^(?:\w{32} {2}etc\/(?:passwd|group)|docker-mtls:.*)\n/gm, '')
}

describe('setup --gateway', { skip: lacksMachine() }, () => {
  let machine: Machine
  /** All files of a bare host. */
  let old: string
  let bare: string

  before(async () => {
    machine = await bootOne({ node: true })
    bare = await snapshot(machine)
    old = await everything()
  })
  after(() => machine?.stop())

  /** With the account and the folder of the gateway, and the copies of docker-mtls. */
  async function everything(): Promise<string> {
    const script = `find /etc/docker-mtls ${COPIES} -printf '%p %m %u:%g\\n' 2>/dev/null | sort; getent passwd docker-mtls || true`
    return `${await snapshot(machine)}${await machine.must(['sh', '-c', script])}`
  }

  /** The copies of docker-mtls, whole or not. */
  async function copies(): Promise<string[]> {
    const listed = await machine.run(['ls', '-A', COPIES])
    return listed.stdout.split('\n').filter((name) => name !== '')
  }

  const property = async (name: string): Promise<string> =>
    (await machine.must(['systemctl', 'show', UNIT, '--value', '-p', name])).trim()

  /** Puts another program into the place of Node.js, until what it gives is called. */
  async function insteadOfNode(text: string, mode: number): Promise<() => Promise<unknown>> {
    await machine.write('/srv/other', text, mode)
    await machine.must(['mount', '-n', '--bind', '/srv/other', process.execPath])
    return () => machine.must(['umount', '-n', process.execPath])
  }

  const HOSTS: readonly (readonly [name: string, text: string, mode: number, says: RegExp])[] = [
    [
      'without Node.js',
      '',
      0o644,
      /^ERR_HOST_NO_NODE: .*ssh:\/\/root@one\.test.*: there is none in .*\n.*nodejs\.org/m,
    ],
    [
      'with an old Node.js',
      '#!/bin/sh\necho v18.20.4\n',
      0o755,
      /^ERR_HOST_NO_NODE: .*\/node: it is Node\.js 18\.20\.4, and docker-mtls needs 20\.19, 22\.12 or a later version/m,
    ],
    [
      'with a Node.js that everybody can replace',
      '#!/bin/sh\necho >/srv/ran\necho v22.20.0\n',
      0o777,
      /^ERR_HOST_NO_NODE: .*\/node: others than root can replace/m,
    ],
  ]
  for (const [name, text, mode, says] of HOSTS) {
    test(`a host ${name} is refused, and nothing is changed, there or here`, async () => {
      const undo = await insteadOfNode(text, mode)
      try {
        const { code, stderr, hosts } = await desk.lines(SETUP)
        assert.equal(code, 1)
        assert.equal(hosts[0]?.error?.code, 'ERR_HOST_NO_NODE')
        assert.match(stderr, says)
      } finally {
        await undo()
      }
      assert.equal(await everything(), old)
      // It was not even asked for its version.
      assert.equal(await machine.exists('/srv/ran'), false)
      assert.deepEqual(await readdir(desk.folder), [])
    })
  }

  test('a policy with a mistake and options of dockerd are refused before any host is contacted', async () => {
    await writeFile(join(desk.folder, 'wrong.yaml'), 'version: 1\nrules: [{ name: a }]\n')
    const rows: readonly (readonly [words: readonly string[], says: RegExp])[] = [
      [[...SETUP, '--policy', 'wrong.yaml'], /^ERR_POLICY_INVALID: /m],
      [[...SETUP, '--tlsdir', '/etc/x'], /--tlsdir has no meaning with --gateway/],
      [['setup', URL, '--policy', 'wrong.yaml'], /--policy works only with --gateway/],
    ]
    for (const [words, says] of rows) {
      const { code, stderr, steps } = await desk.lines(words)
      assert.notEqual(code, 0)
      assert.match(stderr, says)
      assert.deepEqual(steps, [])
    }
    assert.equal(await everything(), old)
  })

  test('a dry run shows the copy, the policy and the gateway, and changes nothing', async () => {
    const { code, stdout, stderr } = await desk.run(['setup', '--gateway', URL, '--client', 'ann', '--dry-run'])
    assert.equal(code, 0, stderr)
    for (const line of [
      /^one\.test\ncopy +docker-mtls \S+ +[\d.]+ MB to \/usr\/local\/lib\/docker-mtls\/\S+$/m,
      /^create +\/etc\/docker-mtls\/policy\.yaml +0640 root:docker-mtls$/m,
      /^ +\+ +- \{ name: administrator, who: \{ commonName: "ann" \}, level: privileged \}$/m,
      /^create +\/etc\/systemd\/system\/docker-mtls-gateway\.service/m,
    ])
      assert.match(stdout, line)
    assert.equal(await everything(), old)
    assert.deepEqual(await readdir(desk.folder), ['wrong.yaml'])
  })

  test('a copy that is cut off leaves nothing there, and a connection that is lost later is rolled back', async () => {
    const cut = await runUntil(desk, SETUP, ['copy'], killSsh)
    assert.equal(cut.code, 1)
    assert.equal(cut.hosts[0]?.error?.code, 'ERR_SSH_FAILED', cut.stderr)
    assert.equal((await everything()).replace(/^\/usr\/local\/lib\/docker-mtls 755 root:root\n/m, ''), old)
    const broken = await runUntil(desk, SETUP, ['write'], killSsh)
    assert.equal(broken.hosts[0]?.error?.code, 'ERR_APPLY_ROLLED_BACK', broken.stderr)
    assert.match(broken.stderr, /Everything is as it was, and the old daemon answers/)
    assert.equal(await snapshot(machine), bare)
    assert.deepEqual(await listeners(machine, 2376), [])
    assert.equal(await machine.exists(PENDING), false)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal((await copies()).length, 1)
  })

  test('a bare host gets the gateway, without a context if none is wanted', async () => {
    const { code, hosts, stderr } = await desk.lines([...SETUP, '--no-context'])
    assert.equal(code, 0, stderr)
    const [host] = hosts
    assert.deepEqual([host?.url, host?.context], ['tcp://one.test:2376', undefined])
    const proven = new Set(host?.proof.filter(({ ok }) => ok).map(({ name }) => name))
    for (const name of ['client', 'policy', 'gateway', 'daemon', 'no-certificate', 'foreign-ca'])
      assert.ok(proven.has(name), name)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
    // dockerd needs no other settings.
    assert.equal(await machine.exists('/etc/systemd/system/docker.service.d'), false)
  })

  test('the service runs the copy, which only root can change and which needs nothing else of the host', async () => {
    const [name, ...others] = await copies()
    assert.deepEqual(others, [])
    const script = `${COPIES}/${name}/dist/cli/main.js`
    assert.ok((await property('ExecStart')).includes(` ${script} gateway run `))
    const odd = await machine.must(['find', COPIES, '!', '-user', 'root', '-o', '-perm', '/022'])
    assert.equal(odd, '')
    const pid = await property('MainPID')
    const maps = await machine.must(['sh', '-c', `ls -l /proc/${pid}/fd /proc/${pid}/cwd; cat /proc/${pid}/maps`])
    assert.doesNotMatch(maps, /\.cache/)
    const status = await machine.run([process.execPath, script, 'gateway', 'status'])
    assert.equal(status.code, 0, status.stderr)
  })

  test('another client of the CA is refused by the policy', async () => {
    const made = await desk.run(['cert', 'client', 'ci'])
    assert.equal(made.code, 0, made.stderr)
    const { code, stderr } = await pingAs('ci')
    assert.equal(code, 1)
    assert.match(stderr, /ERR_API_FORBIDDEN: .*no rule/s)
    assert.equal((await pingAs('ann')).code, 0)
  })

  test('again, by somebody with sudo, it changes nothing and asks nothing', async () => {
    const [now, pid] = [await everything(), await property('MainPID')]
    const { code, hosts, stderr, steps } = await desk.lines([
      'setup',
      '--gateway',
      'ssh://deploy@one.test',
      '--client',
      'ann',
      '--no-context',
    ])
    assert.equal(code, 0, stderr)
    assert.deepEqual([hosts[0]?.written, hosts[0]?.restarted], [[], false])
    assert.equal(
      steps.some(({ step }) => step === 'copy'),
      false,
    )
    assert.deepEqual([await everything(), await property('MainPID')], [now, pid])
  })

  test('another policy is written without a restart, and the revocation list of the CA goes along', async () => {
    await writeFile(join(desk.folder, 'policy.yaml'), POLICY)
    const pid = await property('MainPID')
    const { code, hosts, stderr } = await desk.lines([...SETUP, '--policy', 'policy.yaml'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(hosts[0]?.written, ['/etc/docker-mtls/policy.yaml'])
    assert.equal(await property('MainPID'), pid)
    assert.equal((await pingAs('ci')).code, 0)
    assert.equal((await desk.run(['cert', 'revoke', 'ci', '--yes'])).code, 0)
    const kept = await desk.lines(SETUP)
    assert.deepEqual(kept.hosts[0]?.written, ['/etc/docker-mtls/crl.pem', `/etc/systemd/system/${UNIT}`])
    assert.match((await pingAs('ci')).stderr, /revoked/)
  })

  test('setup without --gateway refuses to put dockerd beside it', async () => {
    const now = await everything()
    const plain = await desk.lines(['setup', URL, '--client', 'ann', '--yes'])
    assert.equal(plain.hosts[0]?.error?.code, 'ERR_APPLY_CONFLICT')
    assert.match(plain.stderr, /has one, docker-mtls-gateway\.service, .*Keep the gateway: {2}--gateway/s)
    assert.equal(await everything(), now)
  })

  test('a damaged copy is replaced, and a host that fails beside it stops nothing', async () => {
    const [name = ''] = await copies()
    await machine.must(['sh', '-c', `echo >>${COPIES}/${name}/package.json`])
    const { code, hosts, stderr, steps } = await desk.lines([...SETUP, 'ssh://root@localhost:9'])
    assert.equal(code, 1)
    assert.deepEqual(
      hosts.map(({ ok }) => ok),
      [true, false],
      stderr,
    )
    assert.ok(steps.some(({ step, state }) => step === 'copy' && state === 'done'))
    assert.deepEqual(await copies(), [name])
  })

  test('--undo removes the gateway, its files, the copies and the context', async () => {
    await isUndone(/docker-mtls and its gateway were removed/)
  })

  test('a host with dockerd on TLS moves to the gateway on the same address', async () => {
    const plain = await desk.lines(['setup', URL, '--client', 'ann', '--yes'])
    assert.equal(plain.code, 0, plain.stderr)
    assert.deepEqual(await listeners(machine, 2376), ['dockerd'])
    const run = await desk.lines(SETUP)
    assert.equal(run.code, 0, run.stderr)
    const [host] = run.hosts
    assert.equal(host?.url, 'tcp://one.test:2376')
    assert.equal(host.context?.action, 'kept')
    assert.deepEqual(await listeners(machine, 2376), ['node'])
    const version = await desk.docker('--context', 'one.test', 'version', '--format', '{{.Server.Version}}')
    assert.match(version.stdout, /^\d+\.\d+/, version.stderr)
  })

  test('the command that it prints rolls back with all checks, and the script on the host leaves that to it', async () => {
    const files = await everything()
    await writeFile(join(desk.folder, 'other.yaml'), POLICY.replace('read-only', 'baseline'))
    const { code, stdout, stderr } = await desk.run([...SETUP, '--policy', 'other.yaml'])
    assert.equal(code, 0, stderr)
    const script = await machine.run([
      'sh',
      '-c',
      'sh /var/lib/docker-mtls/$(cat /var/lib/docker-mtls/last)/rollback.sh asked',
    ])
    const line = /^To roll back:\n {2}ssh -t ssh:\/\/root@one\.test (\S+ \S+ gateway rollback)$/m.exec(stdout)?.[1]
    assert.ok(line, stdout)
    assert.deepEqual([script.code, script.stderr.endsWith(`:  ${line}\n`)], [1, true], script.stderr)
    const back = await machine.run([...line.split(' '), '--yes'])
    assert.equal(back.code, 0, back.stderr)
    assert.equal(await everything(), files)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
  })

  test('--undo removes the settings and files of the dockerd before it, too', async () => {
    await isUndone(/docker-mtls and its gateway were removed/)
    const none = await desk.run(['setup', '--undo', URL, '--yes'])
    assert.match(none.stdout, /Nothing to undo/)
  })

  test("--undo puts back dockerd's own TLS files, although the gateway goes before them", async () => {
    assert.equal((await desk.run(['cert', 'server', 'one.test', '--host', 'own.test'])).code, 0)
    const names = ['ca.pem', 'server-cert.pem', 'server-key.pem']
    for (const name of names)
      await machine.write(
        `/etc/own/${name}`,
        await readFile(join(desk.folder, 'docker-mtls/hosts/own.test', name), 'utf8'),
      )
    const flags = `--tlsverify --tlscacert=/etc/own/ca.pem --tlscert=/etc/own/server-cert.pem --tlskey=/etc/own/server-key.pem`
    const start = `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376 ${flags}\n`
    await machine.write('/etc/systemd/system/docker.service.d/override.conf', start)
    await machine.must(['sh', '-c', 'systemctl daemon-reload; systemctl restart docker'])
    const own = await everything()
    const keys = await machine.must(['sh', '-c', 'sha256sum /etc/own/*'])
    assert.equal((await desk.lines(['setup', URL, '--client', 'ann', '--yes'])).code, 0)
    assert.equal((await desk.lines(SETUP)).code, 0)
    assert.notEqual(await machine.must(['sh', '-c', 'sha256sum /etc/own/*']), keys)
    const { code, stderr } = await desk.lines(['setup', '--undo', URL, '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(withoutAccount(await everything()), withoutAccount(own))
    assert.equal(await machine.must(['sh', '-c', 'sha256sum /etc/own/*']), keys)
    assert.deepEqual(await listeners(machine, 2376), ['dockerd'])
  })

  async function isUndone(says: RegExp): Promise<void> {
    const plan = await desk.run(['setup', '--undo', URL, '--dry-run'])
    for (const line of [/^remove +\/etc\/docker-mtls\/policy\.yaml$/m, /^remove +\/usr\/local\/lib\/docker-mtls /m])
      assert.match(plan.stdout, line)
    const { code, stdout, stderr } = await desk.run(['setup', '--undo', URL, '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, says)
    assert.equal(withoutAccount(await everything()), withoutAccount(old))
    assert.deepEqual(await listeners(machine, 2376), [])
    assert.equal(await localDaemonAnswers(machine), true)
    const contexts = await desk.docker('context', 'ls')
    assert.equal(contexts.code, 0, contexts.stderr)
    assert.doesNotMatch(contexts.stdout, /one\.test/)
  }
})
