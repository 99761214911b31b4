import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliAs } from './support/cli.ts'
import { snapshot } from './support/daemon.ts'

/** systemd reads drop-ins in the second folder, too: `systemctl set-property` writes there. */
const FOLDERS = ['/etc/systemd/system/docker.socket.d', '/etc/systemd/system.control/docker.socket.d']
const POLICY = 'version: 1\nrules:\n  - { name: admins, who: { commonName: ann }, level: privileged }\n'
const FROM = ['--from', '/root/docker-mtls/server', '--yes', '--no-client-proof']
const GATEWAY = ['gateway', 'apply', '--policy', 'policy.yaml', ...FROM]
/** The remedy of each message. */
const REMEDY =
  /Remove the ListenStream= from docker\.socket \(systemctl cat docker\.socket\), then run {2}systemctl daemon-reload {2}and {2}systemctl restart docker\.socket docker\.service$/m

describe('a plaintext port that docker.socket passes to dockerd', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    await machine.write('/root/policy.yaml', POLICY)
  })
  after(() => machine?.stop())

  async function opened(folder: string, port = 2375): Promise<void> {
    await machine.write(`${folder}/tcp.conf`, `[Socket]\nListenStream=0.0.0.0:${port}\n`)
    await machine.must(['systemctl', 'daemon-reload'])
  }

  /** More often than systemd would allow. */
  async function restarted(): Promise<void> {
    await machine.run(['systemctl', 'reset-failed', 'docker.socket', 'docker.service'])
    await machine.must(['systemctl', 'restart', 'docker.socket', 'docker.service'])
  }

  async function closed(): Promise<void> {
    await machine.must(['rm', '-rf', ...FOLDERS])
    await machine.must(['systemctl', 'daemon-reload'])
    await restarted()
    assert.equal(await isPlaintext(), false)
  }

  const isPlaintext = async (): Promise<boolean> =>
    (await machine.run(['timeout', '10', 'docker', '-H', 'tcp://127.0.0.1:2375', 'version'])).code === 0

  /** Refused before anything is changed, with the one remedy. */
  async function refuses(
    words: readonly string[],
    what = /without TLS, dockerd lets everybody in on tcp:\/\/0\.0\.0\.0:2375/,
    remedy = REMEDY,
  ): Promise<void> {
    const old = await snapshot(machine)
    const { code, stdout, stderr } = await cli(machine, words)
    assert.equal(code, 1, stdout + stderr)
    assert.match(stderr, /^ERR_APPLY_CONFLICT: .*docker\.socket: /m)
    assert.match(stderr, what)
    assert.match(stderr, remedy)
    assert.equal(await snapshot(machine), old)
  }

  for (const folder of FOLDERS) {
    test(`in ${folder}: each command sees it, and none claims that dockerd listens locally alone`, async () => {
      assert.equal((await cli(machine, GATEWAY)).code, 0)
      const alone = await cli(machine, ['gateway', 'status'])
      assert.match(alone.stdout, /^dockerd +on its local socket alone$/m)
      assert.doesNotMatch(alone.stderr, /2375/)

      await opened(folder)
      const later = await cli(machine, ['gateway', 'status'])
      assert.match(later.stderr, /docker\.socket opens tcp:\/\/0\.0\.0\.0:2375 at its next start/)
      assert.match(later.stderr, REMEDY)
      await restarted()
      assert.equal(await isPlaintext(), true)

      const status = await cli(machine, ['gateway', 'status'])
      assert.match(status.stdout, /^dockerd +also on tcp:\/\/0\.0\.0\.0:2375 \(Docker's plaintext port\)$/m)
      assert.match(status.stderr, /tcp:\/\/0\.0\.0\.0:2375 \(Docker's plaintext port\) itself, where no policy applies/)
      assert.match(status.stderr, REMEDY)
      assert.match((await cli(machine, ['daemon', 'status'])).stderr, /0\.0\.0\.0:2375 answers everybody in plaintext/)
      await refuses(['gateway', 'rollback', '--yes'])
      await refuses(['gateway', 'remove', '--yes'])
      await refuses(GATEWAY)
      const local = ['--local', '--host', 'unix:///run/docker.sock']
      const audit = await cli(machine, ['audit', ...local, '--only', 'F-AROUND,D-TLS-PLAIN', '--format', 'json'])
      assert.match(audit.stdout, /"detail": "dockerd listens on 0\.0\.0\.0:2375 \(docker\.socket\)"/)
      assert.match(audit.stdout, /"detail": "0\.0\.0\.0:2375 \(docker\.socket\) without TLS"/)
      const doctor = await cli(machine, ['doctor', '--host', 'unix:///run/docker.sock'])
      assert.match(doctor.stdout, /doesn't report those of docker\.socket/)

      const nobody = await cliAs(machine, 'nosudo', ['gateway', 'status'])
      assert.match(nobody.stdout, /^dockerd +not visible without root$/m, nobody.stderr)
      const asNobody = await cliAs(machine, 'nosudo', ['daemon', 'status'])
      assert.match(asNobody.stdout, /^Listens +not readable without root$/m)
      assert.match(asNobody.stderr, /Only root can read .*on which addresses dockerd listens/)
      assert.doesNotMatch(asNobody.stderr, /doesn't listen on the network/)

      // While dockerd doesn't run, a connection starts it. Looking must not.
      await machine.must(['systemctl', 'stop', 'docker.service'])
      assert.match((await cli(machine, ['daemon', 'status'])).stdout, /0\.0\.0\.0:2375: a connection starts dockerd/)
      assert.match(
        (await cli(machine, ['gateway', 'status'])).stdout,
        /^dockerd +also on tcp:\/\/0\.0\.0\.0:2375 \(Docker's plaintext port\)$/m,
      )
      await refuses(['gateway', 'rollback', '--yes'])
      assert.notEqual((await machine.run(['systemctl', 'is-active', 'docker.service'])).code, 0)

      await closed()
      const { code, stdout, stderr } = await cli(machine, ['gateway', 'rollback', '--yes'])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /dockerd listens on its local socket alone, as before\./)
    })
  }

  test('a gateway comes back, but the port stays open: the rollback says so, and fails', async () => {
    assert.equal((await cli(machine, GATEWAY)).code, 0)
    await machine.write('/root/other.yaml', POLICY.replace('admins', 'others'))
    assert.equal((await cli(machine, ['gateway', 'apply', '--policy', 'other.yaml', ...FROM])).code, 0)
    await opened(FOLDERS[0] ?? '')
    await restarted()
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.equal(code, 1, stdout)
    assert.match(
      stderr,
      /^ERR_APPLY_ROLLBACK_FAILED: checking who listens on .* after a complete rollback: dockerd lets everybody in without a certificate on tcp:\/\/0\.0\.0\.0:2375/m,
    )
    assert.match(stderr, REMEDY)
    assert.doesNotMatch(stdout, /local socket alone/)
    assert.match(await machine.read('/etc/docker-mtls/policy.yaml'), /admins/)
    await closed()
    assert.equal((await cli(machine, ['gateway', 'rollback', '--yes'])).code, 0)
  })

  test('a dockerd that loses its TLS would open the port: said before, and refused where it can be', async () => {
    await opened(FOLDERS[1] ?? '')
    await restarted()
    assert.equal((await cli(machine, ['daemon', 'apply', ...FROM])).code, 0)
    assert.equal(await isPlaintext(), false)
    await refuses(['daemon', 'remove', '--yes'])
    await refuses(GATEWAY)
    const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, /dockerd will listen on tcp:\/\/0\.0\.0\.0:2375 again, where everybody gets in/)
    assert.equal(await isPlaintext(), true)
    await closed()
  })

  test('a port that dockerd does not use, since it has no fd://: the advice closes it, and works', async () => {
    const own = '/etc/systemd/system/docker.service.d/10-own.conf'
    await machine.write(own, '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H unix:///run/docker.sock\n')
    await opened(FOLDERS[0] ?? '')
    await restarted()
    const status = await cli(machine, ['gateway', 'status'])
    assert.match(
      status.stderr,
      /none can be in front of tcp:\/\/0\.0\.0\.0:2375, which systemd passes to dockerd\. Remove/,
    )
    assert.doesNotMatch((await cli(machine, ['daemon', 'status'])).stderr, /without a certificate/)
    const unanswered =
      /it listens on tcp:\/\/0\.0\.0\.0:2375, and dockerd answers nobody there without its host fd:\/\//
    await refuses(GATEWAY, unanswered)
    await refuses(['daemon', 'apply', ...FROM], unanswered)
    await closed()
    assert.match((await cli(machine, ['gateway', 'status'])).stderr, /on this host\. Install it: {2}/)
    assert.equal((await cli(machine, GATEWAY)).code, 0)
    assert.equal((await cli(machine, ['gateway', 'rollback', '--yes'])).code, 0)
    await machine.must(['rm', own])
    await restarted()
  })

  test('a port that docker.socket opens at its next start only, or cannot open: named before anything is done', async () => {
    const apply = ['daemon', 'apply', ...FROM]
    const clash = /its ListenStream= has 0\.0\.0\.0:2376, so that nothing else can listen on tcp:\/\/0\.0\.0\.0:2376/
    const choose = /Remove the ListenStream=.* Or choose another address or port/
    await opened(FOLDERS[0] ?? '', 2376)
    await refuses(apply, clash, choose)
    await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
    await refuses(apply, clash, choose)
    const listens = `require('net').createServer().listen(2376)`
    await machine.must([
      'sh',
      '-c',
      `systemd-run --quiet --unit=squatter "$(command -v node)" -e "${listens}"; sleep 1`,
    ])
    assert.notEqual((await machine.run(['systemctl', 'start', 'docker.service'])).code, 0)
    await refuses(
      [...apply, '--listen', '0.0.0.0:2377'],
      /2376, and node \(process \d+\) already/,
      /Stop that program, or/,
    )
    const status = await cli(machine, ['daemon', 'status'])
    assert.match(status.stderr, /docker\.service is inactive .* systemctl status docker\.socket$/m)
    await machine.must(['systemctl', 'stop', 'squatter'])
    await closed()
  })

  test('a docker.socket that does not start: an apply that fails names its log', async () => {
    await machine.write(`${FOLDERS[0]}/group.conf`, '[Socket]\nSocketGroup=nobody-here\n')
    await machine.must(['systemctl', 'daemon-reload'])
    await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
    const { code, stderr } = await cli(machine, ['daemon', 'apply', ...FROM])
    assert.equal(code, 1)
    // journald may lose the line of a process that ends at once, which names the group; systemd's own remains.
    assert.match(
      stderr,
      /^ERR_APPLY_ROLLED_BACK: starting docker\.socket on this machine: .*(?:nobody-here|216\/GROUP)/m,
    )
    assert.match(stderr, /Everything is as it was\. Read its log: {2}journalctl -u docker\.socket$/m)
    await closed()
  })
})
