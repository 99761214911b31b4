import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliAs, cliLines, cliRunning } from './support/cli.ts'
import { daemonPid, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const JSON_PATH = '/etc/docker/daemon.json'
const DROP_INS = '/etc/systemd/system/docker.service.d'
const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']

/** Something that somebody did to a host before we came. */
interface Row {
  readonly name: string
  /** Shell text. */
  readonly before: string
  /** What takes it back. */
  readonly after: string
  readonly flags?: readonly string[]
  readonly code: string
  /** Who is named, and what to do. */
  readonly says: readonly RegExp[]
}

const ROWS: readonly Row[] = [
  {
    name: 'hosts in daemon.json',
    before: `echo '{"hosts":["fd://","tcp://127.0.0.1:2376"]}' >${JSON_PATH}`,
    after: `rm ${JSON_PATH}`,
    flags: ['--systemd'],
    code: 'ERR_DIRECTIVE_CONFLICT',
    says: [/"hosts" in \/etc\/docker\/daemon\.json/, /docker-mtls daemon apply --daemon-json/],
  },
  {
    name: 'a key of TLS in daemon.json',
    before: `echo '{"tlscacert":"/etc/ca.pem"}' >${JSON_PATH}`,
    after: `rm ${JSON_PATH}`,
    code: 'ERR_DIRECTIVE_CONFLICT',
    says: [/"tlscacert" in \/etc\/docker\/daemon\.json/, /--daemon-json/],
  },
  {
    name: 'a daemon.json that is none',
    before: `echo '{"debug": tru' >${JSON_PATH}`,
    after: `rm ${JSON_PATH}`,
    code: 'ERR_DAEMON_JSON_INVALID',
    says: [/daemon\.json/, /dockerd --validate/],
  },
  {
    name: 'a drop-in that sorts later',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd://\\n' >${DROP_INS}/zz-proxy.conf; systemctl daemon-reload`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    code: 'ERR_APPLY_CONFLICT',
    says: [/docker\.service\.d\/zz-proxy\.conf/, /sorts after override\.conf/, /mv .*zz-proxy\.conf/],
  },
  {
    name: 'a unit that starts a dockerd that is elsewhere',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/dockerd -H fd://\\n' >${DROP_INS}/override.conf; systemctl daemon-reload`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    code: 'ERR_APPLY_CONFLICT',
    says: [/^ERR_APPLY_CONFLICT: \/usr\/bin\/dockerd: /, /begins with \/usr\/sbin\/dockerd/],
  },
  {
    name: '-H in DOCKER_OPTS',
    before: `echo 'DOCKER_OPTS="-H tcp://0.0.0.0:2375 --dns 8.8.8.8"' >/etc/default/docker`,
    after: 'rm /etc/default/docker',
    code: 'ERR_APPLY_CONFLICT',
    says: [/\/etc\/default\/docker/, /--host tcp:\/\/0\.0\.0\.0:2375/, /Remove --host \(-H\) from/],
  },
  {
    name: 'another program on the port',
    before:
      'systemd-run --quiet --unit=squatter "$(command -v node)" -e "require(\'net\').createServer().listen(2376)"; sleep 1',
    after: 'systemctl stop squatter',
    code: 'ERR_APPLY_CONFLICT',
    says: [/tcp:\/\/0\.0\.0\.0:2376/, /node \(process \d+\) already listens on/, /--listen/],
  },
  {
    name: 'user namespaces beside the containerd image store',
    before: `echo '{"features":{"containerd-snapshotter":true}}' >${JSON_PATH}`,
    after: `rm ${JSON_PATH}`,
    flags: ['--userns-remap'],
    code: 'ERR_APPLY_CONFLICT',
    says: [/\/etc\/docker\/daemon\.json/, /containerd image store/, /--no-userns-remap/],
  },
  {
    name: 'a user for user namespaces that is not there',
    before: 'true',
    after: 'true',
    flags: ['--userns-remap=nobodyhere'],
    code: 'ERR_USERNS_INVALID',
    says: [/nobodyhere/],
  },
  {
    name: 'a folder above the data that the containers could not get through',
    before: 'chmod 0700 /var/lib',
    after: 'chmod 0755 /var/lib',
    flags: ['--userns-remap'],
    code: 'ERR_APPLY_CONFLICT',
    says: [/\/var\/lib \(drwx------\)/, /chmod o\+x \/var\/lib/],
  },
  {
    name: 'another daemon.json than everybody knows',
    before: `mkdir -p ${DROP_INS}; echo '{}' >/etc/docker/own.json; printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// --config-file=/etc/docker/own.json\\n' >${DROP_INS}/override.conf; systemctl daemon-reload`,
    after: `rm -r ${DROP_INS} /etc/docker/own.json; systemctl daemon-reload`,
    flags: ['--daemon-json'],
    code: 'ERR_APPLY_CONFLICT',
    says: [/\/etc\/docker\/own\.json/, /remove --config-file from/],
  },
  {
    name: 'a unit with an open quote',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd "-H fd://\\n' >${DROP_INS}/override.conf`,
    after: `rm -r ${DROP_INS}`,
    code: 'ERR_UNIT_INVALID',
    says: [/override\.conf/, /open quote/, /systemctl cat docker\.service/],
  },
  {
    name: 'a flag that this dockerd does not know',
    before: `mkdir -p ${DROP_INS}; printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// --no-such-flag\\n' >${DROP_INS}/override.conf; systemctl daemon-reload`,
    after: `rm -r ${DROP_INS}; systemctl daemon-reload`,
    code: 'ERR_APPLY_INVALID',
    says: [/dockerd --validate/, /no-such-flag/],
  },
  {
    name: 'a key of daemon.json that dockerd does not know',
    before: `echo '{"no-such-key":1}' >${JSON_PATH}`,
    after: `rm ${JSON_PATH}`,
    code: 'ERR_APPLY_INVALID',
    says: [/no-such-key/],
  },
  {
    name: 'a masked unit',
    before: 'ln -s /dev/null /etc/systemd/system/docker.service; systemctl daemon-reload',
    after: 'rm /etc/systemd/system/docker.service; systemctl daemon-reload',
    code: 'ERR_HOST_NO_DOCKER',
    says: [/masked/, /systemctl unmask docker\.service/],
  },
  {
    name: "a server's certificate that is damaged",
    before: 'cp -r docker-mtls/server kept; head -c 300 kept/server-cert.pem >docker-mtls/server/server-cert.pem',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    code: 'ERR_PKI_FILE_INVALID',
    says: [/server-cert\.pem/],
  },
  {
    name: "a server's key of another certificate",
    before: 'cp -r docker-mtls/server kept; openssl genpkey -algorithm ed25519 -out docker-mtls/server/server-key.pem',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    code: 'ERR_PKI_FILE_INVALID',
    says: [/server-key\.pem/, /not the key of server-cert\.pem/],
  },
  {
    name: "a client's certificate in place of the server's",
    before:
      'cp -r docker-mtls/server kept; cp docker-mtls/clients/ann/cert.pem docker-mtls/server/server-cert.pem; cp docker-mtls/clients/ann/key.pem docker-mtls/server/server-key.pem',
    after: 'rm -r docker-mtls/server; mv kept docker-mtls/server',
    code: 'ERR_PKI_FILE_INVALID',
    says: [/clientAuth, not serverAuth/],
  },
]

describe('what is in the way of daemon apply', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    assert.equal(init.code, 0, init.stderr)
  })
  after(() => machine?.stop())

  for (const row of ROWS) {
    test(`${row.name}: named, with the way out, and nothing is changed`, async () => {
      await machine.must(['sh', '-c', `cd /root; ${row.before}`])
      try {
        const [old, pid] = [await snapshot(machine), await daemonPid(machine)]
        const { code, stderr } = await cli(machine, [...APPLY, ...(row.flags ?? [])])
        // A user that isn't there is a wrong value of --userns-remap.
        assert.equal(code, row.code === 'ERR_USERNS_INVALID' ? 2 : 1, stderr)
        assert.match(stderr, new RegExp(`^${row.code}: `, 'm'))
        const said = stderr.slice(stderr.indexOf(row.code))
        for (const words of row.says) assert.match(said, words)
        assert.equal(await snapshot(machine), old)
        assert.equal(await daemonPid(machine), pid)
      } finally {
        await machine.must(['sh', '-c', `cd /root; ${row.after}`])
      }
    })
  }

  test('several at once are told at once, and by a dry run, too', async () => {
    const both = ROWS.filter(({ name }) => /sorts later|containerd image store/.test(name))
    await machine.must(['sh', '-c', both.map((row) => row.before).join('; ')])
    try {
      const dry = await cliLines(machine, ['daemon', 'apply', '--dry-run', '--userns-remap'])
      assert.equal(dry.code, 1)
      const conflicts = dry.result['conflicts'] as { what: string }[]
      assert.deepEqual(
        conflicts.map(({ what }) => what),
        [`${DROP_INS}/zz-proxy.conf`, JSON_PATH],
      )
      assert.deepEqual([dry.result['files'], dry.result['losses'], dry.result['restarts']], [[], [], false])
      const { stdout: shown } = await cli(machine, ['daemon', 'apply', '--dry-run', '--userns-remap'])
      assert.match(shown, /^Conflict: .*\nNothing would be changed\.$/ms)
      assert.doesNotMatch(shown, /^(?:create|change|remove) /m)
      const { stderr } = await cli(machine, [...APPLY, '--userns-remap'])
      assert.match(stderr, /zz-proxy\.conf/)
      assert.match(stderr, /containerd image store/)
    } finally {
      await machine.must(['sh', '-c', both.map((row) => row.after).join('; ')])
    }
  })

  test('a read-only /etc', async () => {
    const [old, writable] = [await snapshot(machine), await machine.readOnly('/etc')]
    const { code, stderr } = await cli(machine, APPLY)
    await writable()
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_READ_ONLY: .*\/etc\/systemd\/system is read-only/m)
    assert.equal(await snapshot(machine), old)
  })

  test('a full disk', async () => {
    const old = await snapshot(machine)
    await machine.fillDisk()
    const { code, stderr } = await cli(machine, APPLY)
    await machine.freeDisk()
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_DISK_FULL: .*KiB left/m)
    assert.equal(await snapshot(machine), old)
  })

  for (const step of ['validate', 'backup', 'arm']) {
    test(`a disk that fills up at ${step}: everything is put back`, async () => {
      const old = await snapshot(machine)
      const running = cliRunning(machine, [...APPLY, '--json'])
      assert.notEqual(await running.line(new RegExp(`"step":"${step}".*running`)), undefined)
      await machine.fillDisk()
      const { code } = await running.ended
      await machine.freeDisk()
      // It may have been through before the disk was full.
      if (code === 0) assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
      assert.equal(await snapshot(machine), old)
      assert.equal(await localDaemonAnswers(machine), true)
    })
  }

  test('a disk that is full when the apply begins: nothing is left behind', async () => {
    const old = await snapshot(machine)
    // transaction.sh syncs a second time right before it marks the apply as unfinished.
    const fills = `#!/bin/sh
n=$(($(cat /run/syncs 2>/dev/null || echo 0) + 1))
echo $n >/run/syncs
if test $n = 2; then dd if=/dev/zero of=/fill bs=64k 2>/dev/null; dd if=/dev/zero of=/fill2 bs=1 2>/dev/null; fi
exit 0
`
    await machine.write('/usr/local/sbin/sync', fills, 0o755)
    const { code, stderr } = await cli(machine, APPLY)
    await machine.must(['rm', '-f', '/usr/local/sbin/sync', '/run/syncs', '/fill', '/fill2'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: /m)
    assert.equal(await snapshot(machine), old)
    assert.equal(await machine.exists('/var/lib/docker-mtls/pending'), false)
  })

  test('an address that is not of this host: the restart fails, and everything is put back', async () => {
    const old = await snapshot(machine)
    const { code, stderr } = await cli(machine, [...APPLY, '--listen', '10.99.99.99:2376'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: .*cannot assign requested address/m)
    assert.match(stderr, /the old daemon answers/)
    assert.equal(await snapshot(machine), old)
    assert.equal(await localDaemonAnswers(machine), true)
  })

  test('a program that takes the port during the restart is named, for dockerd and for a gateway', async () => {
    await machine.write(
      '/opt/thief.sh',
      `systemd-run --quiet --unit=thief "$(command -v node)" -e "require('net').createServer().listen($1)"\nuntil ss -Hltn "sport = :$1" | grep -q .; do sleep 0.1; done\n`,
    )
    await machine.write(
      '/root/policy.yaml',
      'version: 1\nrules: [{ name: ann, who: { commonName: ann }, level: privileged }]\n',
    )
    const gateway = ['gateway', 'apply', '--policy', 'policy.yaml', '--yes', '--no-client-proof']
    const rows = [
      { unit: 'docker', port: 2376, words: APPLY, tried: 'changing this machine' },
      {
        unit: 'docker-mtls-gateway',
        port: 2376,
        words: gateway,
        tried: 'starting docker-mtls-gateway.service on this machine',
      },
      {
        unit: 'docker-mtls-gateway',
        port: 9323,
        words: [...gateway, '--metrics', '9323'],
        tried: 'starting docker-mtls-gateway.service on this machine',
      },
    ]
    for (const { unit, port, words, tried } of rows) {
      const thief = `/etc/systemd/system/${unit}.service.d/05-thief.conf`
      await machine.write(thief, `[Service]\nExecStartPre=-+/bin/sh /opt/thief.sh ${port}\n`)
      await machine.must(['systemctl', 'daemon-reload'])
      const old = await snapshot(machine)
      const { code, stderr } = await cli(machine, words)
      assert.equal(code, 1)
      const said = stderr.slice(stderr.indexOf('ERR_'))
      assert.ok(said.startsWith(`ERR_APPLY_ROLLED_BACK: ${tried}: node (process `), said)
      assert.match(
        said,
        new RegExp(`already listens on \\*:${port}\\.\nEverything is as it was.*Stop that program, or choose`),
      )
      assert.equal(await snapshot(machine), old)
      await machine.must(['sh', '-c', `systemctl stop thief; rm -r ${thief}; systemctl daemon-reload`])
      await machine.must(['sh', '-c', 'systemctl reset-failed; systemctl restart docker.service'])
    }
  })

  test('a client of another CA: the proof fails, and everything is put back', async () => {
    const old = await snapshot(machine)
    await cli(machine, ['init', 'other', '--out', 'other', '--client', 'eve'])
    const { code, stderr } = await cli(machine, ['daemon', 'apply', '--yes', '--probe-identity', 'other/clients/eve'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: .*it refuses the client certificate: unknown ca/m)
    assert.equal(await snapshot(machine), old)
    assert.equal(await machine.exists('/root/other/clients/eve/key.pem'), true)
  })

  test('not as root', async () => {
    const { code, stderr } = await cliAs(machine, 'nosudo', APPLY)
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_NOT_ROOT: .*runs as nosudo/m)
    assert.match(stderr, /sudo docker-mtls/)
  })

  test('a rootless daemon', async () => {
    await machine.must(['systemctl', 'stop', 'docker.socket', 'docker.service'])
    await machine.must(['sh', '-c', 'cp /bin/sleep /usr/local/bin/dockerd'])
    const rootless = machine.spawn(['/usr/local/bin/dockerd', '600'], { user: 'nosudo' })
    const old = await snapshot(machine)
    const { code, stderr } = await cli(machine, APPLY)
    await rootless.kill()
    await machine.must(['rm', '/usr/local/bin/dockerd'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_HOST_ROOTLESS: .*runs rootless/m)
    assert.equal(await snapshot(machine), old)
    await machine.must(['systemctl', 'start', 'docker.service'])
  })

  test('a drop-in with other settings keeps them', async () => {
    await machine.write(
      `${DROP_INS}/override.conf`,
      '# mine\n[Service]\nEnvironment=HTTP_PROXY=http://proxy:3128\nLimitNOFILE=1000000\n',
    )
    await machine.must(['systemctl', 'daemon-reload'])
    const { code, stderr } = await cli(machine, APPLY)
    assert.equal(code, 0, stderr)
    const shown = await machine.must(['systemctl', 'show', 'docker.service', '-p', 'Environment,LimitNOFILE,ExecStart'])
    assert.match(shown, /HTTP_PROXY=http:\/\/proxy:3128/)
    assert.match(shown, /LimitNOFILE=1000000/)
    assert.match(shown, /--tlsverify/)
    assert.equal(await pingAs(machine, '/root/docker-mtls/clients/ann'), 0)
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
    await machine.must(['sh', '-c', `rm -r ${DROP_INS}; systemctl daemon-reload; systemctl restart docker`])
  })

  test('without docker.socket dockerd gets a socket of its own', async () => {
    await machine.must([
      'sh',
      '-c',
      'systemctl stop docker.service docker.socket; systemctl mask docker.socket; sed -i s/^Requires=docker.socket// /usr/lib/systemd/system/docker.service; systemctl daemon-reload',
    ])
    const { code, stderr } = await cli(machine, APPLY)
    assert.equal(code, 0, stderr)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await pingAs(machine, '/root/docker-mtls/clients/ann'), 0)
  })
})
