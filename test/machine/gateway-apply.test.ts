import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bootMachine, type Machine, type Ran } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines, cliRunning, COMMAND_THERE } from './support/cli.ts'
import { daemonPid, listeners, localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const FOLDER = '/etc/docker-mtls'
const UNIT = 'docker-mtls-gateway.service'
const CLIENTS = '/root/docker-mtls/clients'
const ANN = `${CLIENTS}/ann`
const PENDING = '/var/lib/docker-mtls/pending'
const POLICY = `version: 1
rules:
  - { name: admins, who: { commonName: ann }, level: privileged }
  - { name: ci, who: { commonName: ci }, level: baseline }
`
interface Check {
  readonly name: string
  readonly ok: boolean
  readonly got: string
}

const proofOf = (result: Record<string, unknown>): Check[] => result['proof'] as Check[]
const gotOf = (proof: readonly Check[], name: string): string => proof.find((one) => one.name === name)?.got ?? ''

const APPLY = ['gateway', 'apply', '--policy', 'policy.yaml', '--yes', '--no-client-proof'] as const

/** With the certificate of a client, who is no one-day client, and so is not deleted. */
function withProbe(client: string, policy = 'policy.yaml'): string[] {
  return ['gateway', 'apply', '--policy', policy, '--yes', '--probe-identity', `${CLIENTS}/${client}`]
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 150; round++) {
    if (await isSo()) return
    await delay(100)
  }
  assert.fail('it did not come to that within 15 s')
}

describe('gateway apply, status and rollback', { skip: lacksMachine() }, () => {
  let machine: Machine
  /** All files, with dockerd on TLS. */
  let secured: string[]
  let image: string

  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    await must(['init', 'build01', '--client', 'ann', '--client', 'ci', '--client', 'bob'])
    await must(['daemon', 'apply', '--yes', '--no-client-proof', '--live-restore'])
    await machine.write('/root/policy.yaml', POLICY)
    image = await machine.makeImage()
    secured = await everything()
    assert.equal(await pingAs(machine, ANN), 0)
  })
  after(() => machine?.stop())

  async function must(words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await cli(machine, words)
    assert.equal(code, 0, stderr)
    return stdout
  }

  /** With the account and the folder of the gateway, too. */
  async function everything(): Promise<string[]> {
    const folder = `find ${FOLDER} -printf '%p %m %u:%g\\n' -type f -exec md5sum {} + 2>/dev/null | sort`
    const more = await machine.must(['sh', '-c', `${folder}; getent passwd docker-mtls || true`])
    return `${await snapshot(machine)}${more}`.split('\n')
  }

  function docker(client: string, ...words: readonly string[]): Promise<Ran> {
    const env = {
      DOCKER_HOST: 'tcp://localhost:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: `${CLIENTS}/${client}`,
    }
    return machine.run(['timeout', '30', 'docker', ...words], { env })
  }

  const property = async (name: string): Promise<string> =>
    (await machine.must(['systemctl', 'show', UNIT, '--value', '-p', name])).trim()

  /** dockerd alone answers, as before. */
  async function isAsBefore(): Promise<void> {
    assert.deepEqual(await everything(), secured)
    assert.deepEqual(await listeners(machine, 2376), ['dockerd'])
    assert.equal(await pingAs(machine, ANN), 0)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.notEqual(await property('ActiveState'), 'active')
    assert.equal(await machine.exists(PENDING), false)
  }

  async function status(): Promise<Record<string, unknown>> {
    const { stdout } = await cli(machine, ['gateway', 'status', '--json'])
    return JSON.parse(stdout) as Record<string, unknown>
  }

  test('without a gateway, status and rollback say so', async () => {
    const none = await cli(machine, ['gateway', 'status'])
    assert.equal(none.code, 1)
    assert.match(none.stderr, /No gateway is installed on this host/)
    const { code, stderr } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_NOTHING_TO_ROLL_BACK: .*the last apply there was one of dockerd/m)
    await isAsBefore()
  })

  test('--dry-run shows all changes, and makes none', async () => {
    const { code, stdout } = await cli(machine, [...APPLY, '--dry-run'])
    assert.equal(code, 0, stdout)
    for (const line of [
      /^create +user docker-mtls /m,
      /^create +\/etc\/docker-mtls\/server-key\.pem +0640 root:docker-mtls\n +a private key, not shown$/m,
      /^replace +\/etc\/systemd\/system\/docker\.service\.d\/override\.conf/m,
      /^ +- ?ExecStart=.*-H tcp:\/\/0\.0\.0\.0:2376/m,
      /^dockerd stops listening on tcp:\/\/0\.0\.0\.0:2376\.$/m,
    ])
      assert.match(stdout, line)
    assert.doesNotMatch(stdout, /PRIVATE KEY/)
    await isAsBefore()
  })

  test('an SSH key of root that builds could use is refused, and named', async (t) => {
    t.after(() => machine.must(['rm', '-r', '/root/.ssh']))
    const key = '/root/.ssh/id_ed25519'
    await machine.must(['sh', '-c', `mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f ${key}`])
    const { code, stderr } = await cli(machine, APPLY)
    assert.equal(code, 1)
    assert.match(stderr, /\/root\/\.ssh\/id_ed25519: dockerd fetches .* these rules let callers build: ci\.\nRename it/)
    // A gateway that root starts beside dockerd warns of it. Both end at once, since they can't write their log.
    const run = [
      'gateway',
      'run',
      '--policy',
      'policy.yaml',
      '--socket',
      '/run/x.sock',
      '--as',
      'x',
      '--log',
      '/no/log',
    ]
    const beside = await cli(machine, run)
    assert.match(beside.stderr, /^Warning: \/root\/\.ssh\/id_ed25519: .* build: ci\. Rename it.*\nERR_FILE/m)
    const elsewhere = ['--host', 'tcp://localhost:2376', '--cert-path', ANN]
    assert.match((await cli(machine, [...run, ...elsewhere])).stderr, /^ERR_FILE/)
    const exec = await cli(machine, ['gateway', 'exec', '--level', 'baseline', '--', 'true'])
    assert.match(exec.stderr, /^Warning: \/root\/\.ssh\/id_ed25519: .* build: exec\. Rename it/m)
    await isAsBefore()
  })

  test('the gateway takes the place of dockerd, and a container goes on meanwhile', async () => {
    await machine.must(['docker', 'run', '-d', '--name', 'web', image, 'sleep', '1000'])
    const pidOf = (): Promise<string> => machine.must(['docker', 'inspect', '-f', '{{.State.Pid}}', 'web'])
    const pid = await pidOf()
    const { code, result, stderr } = await cliLines(machine, withProbe('ann'))
    assert.equal(code, 0, stderr)
    assert.equal(result['clientProven'], true)
    const proof = proofOf(result)
    assert.deepEqual(
      proof.map(({ name }) => name),
      [
        'certificate',
        'authorities',
        'plaintext',
        'no-certificate',
        'server-certificate',
        'foreign-ca',
        'same-named-ca',
        'client',
        'policy',
        'files',
        'gateway',
        'daemon',
      ],
    )
    assert.ok(proof.every(({ ok }) => ok))
    assert.match(gotOf(proof, 'policy'), /lets the client certificate in/)
    assert.equal(await pidOf(), pid)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await property('User'), 'docker-mtls')
    assert.match(await machine.must(['getent', 'passwd', 'docker-mtls']), /:\/usr\/sbin\/nologin\n$/)
    assert.equal((await machine.must(['stat', '-c', '%a %U:%G', FOLDER])).trim(), '750 root:docker-mtls')
    await machine.must(['docker', 'rm', '-f', 'web'])
  })

  test('a restricted client is refused a privileged container, and an administrator gets one', async () => {
    assert.equal((await docker('ci', 'run', '--rm', image, 'true')).code, 0)
    const refused = await docker('ci', 'run', '--rm', '--privileged', image, 'true')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /docker-mtls gateway: the rule ci \(baseline\) refuses this/)
    const { code, stderr } = await docker('ann', 'run', '--rm', '--privileged', image, 'true')
    assert.equal(code, 0, stderr)
  })

  test('status: all is well', async () => {
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'status'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^dockerd +on its local socket alone$/m)
    assert.match(stdout, /^Policy +\/etc\/docker-mtls\/policy\.yaml: 2 rules$/m)
    const { problems, daemonListeners, rollback, older } = await status()
    assert.deepEqual([problems, daemonListeners, rollback, older], [[], [], 'gateway', []])
    const daemon = await cli(machine, ['daemon', 'status'])
    assert.equal(daemon.code, 0, daemon.stderr)
    assert.match(daemon.stdout, /^Listens +on no network address, behind a gateway$/m)
  })

  test('daemon apply and daemon remove say that the gateway is there', async () => {
    const old = await everything()
    for (const listen of ['0.0.0.0:2376', '0.0.0.0:2377']) {
      const apply = await cli(machine, ['daemon', 'apply', '--yes', '--no-client-proof', '--listen', listen])
      assert.match(apply.stderr, /^ERR_APPLY_CONFLICT: .*a gateway is in front of dockerd.* gateway apply /ms)
    }
    const remove = await cli(machine, ['daemon', 'remove', '--yes'])
    assert.match(remove.stderr, /^ERR_APPLY_CONFLICT: .*docker-mtls-gateway\.service.* gateway remove/ms)
    assert.deepEqual(await everything(), old)
  })

  test('applied again it changes nothing, and another policy needs no restart', async () => {
    const [dockerd, gateway] = [await daemonPid(machine), await property('MainPID')]
    const again = await cliLines(machine, APPLY)
    assert.equal(again.code, 0, again.stderr)
    assert.deepEqual(again.result['written'], [])
    assert.equal(again.result['rollback'], undefined)
    await machine.write('/root/strict.yaml', POLICY.replace('baseline', 'read-only'))
    // The policy has no rule for him, and that the gateway says so proves as much.
    const other = await cliLines(machine, withProbe('bob', 'strict.yaml'))
    assert.equal(other.code, 0, other.stderr)
    assert.match(
      gotOf(proofOf(other.result), 'policy'),
      /refuses the client itself, in the place of dockerd: .*no rule/,
    )
    assert.deepEqual(other.result['written'], [`${FOLDER}/policy.yaml`])
    assert.equal(other.result['restarted'], false)
    await refusesCreate('ci')
    const { stdout } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.match(stdout, /The gateway runs as before\. dockerd listens on its local socket alone, as before\./)
    assert.equal(await daemonPid(machine), dockerd)
    assert.notEqual(await property('MainPID'), gateway)
    assert.equal((await docker('ci', 'run', '--rm', image, 'true')).code, 0)
  })

  test('an apply delivers a renewed certificate', async () => {
    const listed = async (): Promise<unknown> => {
      const { certificates } = JSON.parse(await must(['cert', 'list', '--json'])) as {
        certificates: { kind: string; state: string }[]
      }
      return certificates.findLast(({ kind }) => kind === 'server')?.state
    }
    await machine.must(['cp', '-a', '/root/docker-mtls', '/root/kept'])
    await must(['cert', 'renew', '--server'])
    assert.equal(await listed(), 'not delivered')
    await must(APPLY)
    assert.equal(await listed(), 'in use')
    await must(['gateway', 'rollback', '--yes'])
    await machine.must(['sh', '-ec', 'cd /root; rm -r docker-mtls; mv kept docker-mtls'])
  })

  test('a gateway that does not say that it uses another policy: all is put back', async () => {
    const old = await everything()
    await machine.must(['chown', 'root:root', '/run/docker-mtls-gateway'])
    const { code, stderr } = await cli(machine, withProbe('bob', 'strict.yaml'))
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: /m)
    assert.match(stderr, /still doesn't use \/etc\/docker-mtls\/policy\.yaml: .*in-force\.json can't be written/)
    assert.deepEqual(await everything(), old)
    await until(async () => (await docker('ci', 'run', '--rm', image, 'true')).code === 0)
  })

  test('a rollback keeps a policy that was changed since the apply', async () => {
    const { code, stderr } = await cliLines(machine, withProbe('bob', 'strict.yaml'))
    assert.equal(code, 0, stderr)
    await machine.must(['sh', '-c', `echo '# mine' >> ${FOLDER}/policy.yaml`])
    const { stdout } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.match(stdout, /The gateway runs as before\./)
    assert.match(await machine.read(`${FOLDER}/policy.yaml`), /level: read-only[^]*\n# mine\n$/)
    await machine.write(`${FOLDER}/policy.yaml`, POLICY, 0o640)
    await machine.must(['chgrp', 'docker-mtls', `${FOLDER}/policy.yaml`])
  })

  test('status sees a dockerd that listens besides, a broken policy and a stopped gateway', async () => {
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const line = await machine.read(dropIn)
    const open = line.replace(/^(ExecStart=\S+.*)$/m, '$1 -H tcp://127.0.0.1:2377 --tls=false')
    await machine.write(dropIn, open)
    await machine.write(`${FOLDER}/policy.yaml`, 'version: 1\nrules: 2\n', 0o640)
    assert.deepEqual((await status())['older'], [`${FOLDER}/policy.yaml`])
    await machine.must(['systemctl', 'stop', UNIT])
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'status'])
    assert.equal(code, 1)
    assert.match(stdout, /^dockerd +also on tcp:\/\/127\.0\.0\.1:2377$/m)
    assert.match(stderr, /dockerd listens on tcp:\/\/127\.0\.0\.1:2377 itself, where no policy applies/)
    assert.match(stderr, /The policy \/etc\/docker-mtls\/policy\.yaml can't be used/)
    assert.match(stderr, /docker-mtls-gateway\.service is inactive/)
    await machine.write(dropIn, line)
    await machine.write(`${FOLDER}/policy.yaml`, POLICY, 0o640)
    await machine.must(['sh', '-c', `chgrp docker-mtls ${FOLDER}/policy.yaml; systemctl start ${UNIT}`])
  })

  test('after a boot the gateway is there again', async () => {
    await machine.reboot()
    await until(async () => (await pingAs(machine, ANN)) === 0)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
  })

  const REMOVE = ['gateway', 'remove', '--yes']

  test('remove: only the local socket of dockerd is left, until a rollback', async () => {
    const [old, dockerd] = [await everything(), await daemonPid(machine)]
    const shown = await must(['gateway', 'remove', '--dry-run'])
    assert.match(shown, /^remove +\/etc\/docker-mtls\/server-key\.pem$/m)
    assert.match(
      shown,
      /Nothing listens on tcp:\/\/0\.0\.0\.0:2376 any more; dockerd answers on its local socket alone\./,
    )
    assert.deepEqual(await everything(), old)
    await machine.write(`${FOLDER}/notes.txt`, 'mine\n')
    const { code, result, stderr } = await cliLines(machine, REMOVE)
    assert.equal(code, 0, stderr)
    const names = ['ca.pem', 'policy.yaml', 'server-cert.pem', 'server-key.pem'].map((name) => `${FOLDER}/${name}`)
    assert.deepEqual((result['removed'] as string[]).toSorted(), [...names, `/etc/systemd/system/${UNIT}`])
    assert.match(
      (result['stays'] as string[]).join('\n'),
      /^\/etc\/docker-mtls\/notes\.txt: .*^\/var\/log\/docker-mtls: /ms,
    )
    assert.deepEqual(await listeners(machine, 2376), [])
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await daemonPid(machine), dockerd)
    assert.equal((await machine.must(['ls', FOLDER])).trim(), 'notes.txt')
    assert.equal(await property('LoadState'), 'not-found')
    assert.match(await must(REMOVE), /^Nothing to remove/)
    await machine.must(['rm', '-r', FOLDER])
    // Without its user the gateway couldn't start.
    await machine.must(['usermod', '-l', 'other', 'docker-mtls'])
    const refused = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.match(
      refused.stderr,
      /^ERR_APPLY_CONFLICT: .*needs the user docker-mtls, which is gone\. Nothing was changed/m,
    )
    await machine.must(['usermod', '-l', 'docker-mtls', 'other'])
    const back = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.match(back.stdout, /The gateway runs as before\./, back.stderr)
    assert.deepEqual(await everything(), old)
    assert.equal(await pingAs(machine, ANN), 0)
  })

  test('remove --daemon-listens: dockerd serves the clients again', async () => {
    const old = await everything()
    const words = [...REMOVE, '--daemon-listens', '--probe-identity', ANN]
    const { code, result, stderr } = await cliLines(machine, words)
    assert.equal(code, 0, stderr)
    assert.equal(result['clientProven'], true)
    assert.match((result['warnings'] as string[]).join('\n'), /every client with a certificate of its CA will be root/)
    assert.deepEqual(await listeners(machine, 2376), ['dockerd'])
    // The policy knows no bob.
    assert.equal(await pingAs(machine, `${CLIENTS}/bob`), 0)
    assert.equal(await machine.exists(FOLDER), false)
    await must(['gateway', 'rollback', '--yes'])
    assert.deepEqual(await everything(), old)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
  })

  test('remove: also a gateway that runs although its unit is gone', async () => {
    const old = await everything()
    await machine.must(['sh', '-c', `mv /etc/systemd/system/${UNIT} /root/; systemctl daemon-reload`])
    assert.equal(await pingAs(machine, ANN), 0)
    assert.match((await cli(machine, ['gateway', 'status'])).stderr, /runs, but its unit .* gateway remove/s)
    const { code, stderr } = await cliLines(machine, REMOVE)
    assert.equal(code, 0, stderr)
    assert.deepEqual(await listeners(machine, 2376), [])
    assert.equal(await machine.exists(FOLDER), false)
    await machine.must(['sh', '-c', `mv /root/${UNIT} /etc/systemd/system/; systemctl daemon-reload`])
    await must(['gateway', 'rollback', '--yes'])
    assert.deepEqual(await everything(), old)
    assert.equal(await pingAs(machine, ANN), 0)
  })

  test('a power cut while it removes the gateway: the next boot puts it back', async () => {
    const old = await everything()
    const running = cliRunning(machine, [...REMOVE, '--json'])
    assert.ok(await running.line(/"step":"reload".*"running"/))
    await machine.reboot()
    await until(async () => (await pingAs(machine, ANN)) === 0)
    assert.deepEqual(await everything(), old)
    assert.deepEqual(await listeners(machine, 2376), ['node'])
  })

  test('rollback: dockerd listens on TLS again, and only once', async () => {
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /dockerd listens on tcp:\/\/0\.0\.0\.0:2376, as before\./)
    await isAsBefore()
    assert.equal((await cli(machine, ['gateway', 'rollback', '--yes'])).code, 1)
    await isAsBefore()
    assert.equal((await machine.must(['stat', '-c', '%U', '/var/log/docker-mtls/audit.log'])).trim(), 'root')
  })

  /** Faults that appear only when the gateway starts. */
  const BROKEN = [
    ['a unit that does not start', '[Service]\nExecStartPre=/bin/false\n', /starting docker-mtls-gateway\.service/],
    [
      'a policy that the service can not read',
      `[Service]\nInaccessiblePaths=${FOLDER}/policy.yaml\n`,
      /it ends again after its start: .*policy\.yaml/,
    ],
  ] as const
  for (const [name, dropIn, says] of BROKEN) {
    test(`${name}: all is put back`, async () => {
      const path = `/etc/systemd/system/${UNIT}.d/broken.conf`
      await machine.write(path, dropIn)
      // As somebody has made it by hand.
      await machine.must(['mkdir', '-m', '700', FOLDER])
      const old = await everything()
      const { code, stderr } = await cli(machine, APPLY)
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: /m)
      assert.match(stderr, says)
      assert.match(stderr, /Everything is as it was, and the old daemon answers/)
      assert.deepEqual(await everything(), old)
      await machine.must(['rm', '-r', `/etc/systemd/system/${UNIT}.d`, FOLDER])
      await isAsBefore()
    })
  }

  for (const step of ['write', 'gateway'] as const) {
    test(`kill -9 at the step ${step}: the next run puts it back, and completes`, async () => {
      const running = cliRunning(machine, [...APPLY, '--json'])
      assert.ok(await running.line(new RegExp(`"step":"${step}".*"running"`)))
      await running.kill()
      assert.equal(await machine.exists(PENDING), true)
      const { code, lines, stderr } = await cliLines(machine, APPLY)
      assert.equal(code, 0, stderr)
      assert.ok(lines.some((line) => line['step'] === 'settle' && line['state'] === 'done'))
      assert.deepEqual(await listeners(machine, 2376), ['node'])
      await must(['gateway', 'rollback', '--yes'])
      await isAsBefore()
    })
  }

  test('a power cut while it starts the gateway: the next boot puts it back', async () => {
    const running = cliRunning(machine, [...APPLY, '--json'])
    assert.ok(await running.line(/"step":"prove".*"running"/))
    await machine.reboot()
    await until(async () => (await pingAs(machine, ANN)) === 0)
    await isAsBefore()
  })

  test('what is in the way is named, and nothing is changed', async () => {
    const later = '/etc/systemd/system/docker.service.d/zz.conf'
    const rows: readonly (readonly [
      string,
      () => Promise<unknown>,
      readonly string[],
      RegExp,
      () => Promise<unknown>,
    ])[] = [
      [
        'a policy with a mistake',
        () => machine.write('/root/wrong.yaml', 'version: 1\nrules: [{ name: a }]\n'),
        ['--policy', 'wrong.yaml'],
        /^ERR_POLICY_INVALID: /m,
        () => machine.must(['rm', '/root/wrong.yaml']),
      ],
      [
        'a key of another certificate',
        () =>
          machine.must([
            'sh',
            '-c',
            'cp -r /root/docker-mtls/server /root/other; cp /root/docker-mtls/clients/ann/key.pem /root/other/server-key.pem',
          ]),
        ['--policy', 'policy.yaml', '--from', 'other'],
        /^ERR_PKI_FILE_INVALID: .*not the key of server-cert\.pem/m,
        () => machine.must(['rm', '-r', '/root/other']),
      ],
      [
        'a later drop-in that sets -H',
        () =>
          machine.write(later, '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376\n'),
        ['--policy', 'policy.yaml'],
        /^ERR_APPLY_CONFLICT: .*zz\.conf.*sorts after override\.conf/m,
        () => machine.must(['rm', later]),
      ],
      [
        'a port of another program',
        () => machine.must(['systemd-run', '--unit=holder', 'node', '-e', 'net.createServer().listen(2380)']),
        ['--policy', 'policy.yaml', '--listen', '0.0.0.0:2380'],
        /^ERR_APPLY_CONFLICT: .*node \(process \d+\) already listens on .*:2380/m,
        () => machine.must(['systemctl', 'stop', 'holder']),
      ],
    ]
    for (const [name, prepare, words, says, tidy] of rows) {
      await prepare()
      const old = await everything()
      const { code, stderr } = await cli(machine, ['gateway', 'apply', '--yes', '--no-client-proof', ...words])
      assert.equal(code, name === 'a policy with a mistake' ? code : 1, name)
      assert.notEqual(code, 0, name)
      assert.match(stderr, says, name)
      assert.deepEqual(await everything(), old, name)
      await tidy()
    }
    const stranger = await machine.run(
      ['node', ...COMMAND_THERE, 'gateway', 'apply', '--policy', '/root/policy.yaml', '--yes'],
      {
        user: 'nosudo',
      },
    )
    assert.notEqual(stranger.code, 0)
    await isAsBefore()
  })

  async function refusesCreate(client: string): Promise<void> {
    await until(async () => (await docker(client, 'create', image, 'true')).code !== 0)
  }

  test('a rollback opens no listener without TLS, and keeps the mode of a folder behind a link', async () => {
    const dropIn = '/etc/systemd/system/docker.service.d/override.conf'
    const open = 'ExecStart=/usr/sbin/dockerd -H fd:// -H tcp://127.0.0.1:2375'
    await machine.write(dropIn, `[Service]\nExecStart=\n${open}\n`)
    await machine.must(['sh', '-c', 'systemctl daemon-reload; systemctl restart docker'])
    await machine.must(['sh', '-c', `rm -rf ${FOLDER}; mkdir -m 755 /srv/gateway; ln -s /srv/gateway ${FOLDER}`])
    const { code, stderr } = await cliLines(machine, withProbe('ann'))
    assert.equal(code, 0, stderr)
    assert.deepEqual(await listeners(machine, 2375), [])
    const refused = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^ERR_APPLY_CONFLICT: .*2375: dockerd listened there before the gateway/ms)
    assert.deepEqual(await listeners(machine, 2375), [])
    const entry = await machine.must([
      'sh',
      '-c',
      'grep -h " /etc/docker-mtls$" /var/lib/docker-mtls/*/entries | tail -n 1',
    ])
    assert.match(entry, /^=755,0:0 /)
  })

  test('a rollback keeps the first revocation list of a gateway, too', async () => {
    assert.equal((await cliLines(machine, withProbe('ann'))).code, 0)
    await must(['cert', 'revoke', 'bob', '--yes'])
    await must([...APPLY, '--crl', 'docker-mtls/ca/crl.pem'])
    const { code, stdout, stderr } = await cli(machine, ['gateway', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^ {2}\/etc\/docker-mtls\/crl\.pem {2}stays as it is$/m)
    assert.doesNotMatch(stderr, /crl\.pem {2}did not exist|no current list/)
    assert.match(stdout, /^Everything else is as it was before/)
    assert.equal(await pingAs(machine, ANN), 0)
    assert.match((await docker('bob', 'version')).stderr, /your certificate has been revoked/)
    // Without it, nobody would be refused any more: the gateway refuses all, and so does an apply.
    const path = `${FOLDER}/crl.pem`
    await machine.must(['mv', path, '/root/kept.pem'])
    await until(async () => (await docker('ann', 'version')).stderr.includes('no usable revocation list'))
    const lost = await cli(machine, APPLY)
    assert.match(
      lost.stderr,
      /^ERR_APPLY_CONFLICT: \/etc\/docker-mtls\/crl\.pem: a gateway here has had this .*\nWhere the CA is, write it again: {2}docker-mtls cert crl {2}Then name it with --crl; .*$/m,
    )
    assert.match(
      ((await status())['problems'] as string[]).join('\n'),
      /doesn't use \/etc\/docker-mtls\/crl\.pem as it is/,
    )
    await machine.must(['mv', '/root/kept.pem', path])
    await until(async () => (await pingAs(machine, ANN)) === 0)
  })

  test('an issuer and revocation lists: renewals work, and an older list is refused', async () => {
    const lists = 'docker-mtls/ca/crl.pem'
    await must(['cert', 'issuer'])
    await must(['cert', 'crl'])
    await machine.must(['sh', '-c', `cp /root/${lists} /root/old.pem; cp -r ${ANN} /root/renewed`])
    await machine.write('/root/renew.yaml', POLICY.replace('privileged }', 'privileged, renew: { for: 1h } }'))
    const issuing = ['--crl', lists, '--issuer', 'docker-mtls/issuers/renewals']
    const first = await cliLines(machine, [...withProbe('ann', 'renew.yaml'), ...issuing])
    assert.equal(first.code, 0, first.stderr)
    assert.match(gotOf(proofOf(first.result), 'authorities'), /renewals and of no other CA/)
    assert.match(
      await machine.must(['stat', '-L', '-c', '%a %U:%G', `${FOLDER}/issuer-key.pem`]),
      /^640 root:docker-mtls$/m,
    )
    await must(['client', 'renew', '--cert-path', '/root/renewed', '--host', 'tcp://localhost:2376'])
    assert.equal(await pingAs(machine, '/root/renewed'), 0)
    const { problems, issuer } = await status()
    assert.deepEqual(problems, [])
    assert.equal((issuer as { commonName?: string }).commonName, 'renewals')
    const pid = await property('MainPID')
    // The policy and the issuer stay.
    const again = ['gateway', 'apply', '--yes', '--no-client-proof']
    assert.equal((await docker('ci', 'version')).code, 0)
    await must(['cert', 'revoke', 'ci', '--yes'])
    const next = await cliLines(machine, [...again, '--crl', lists])
    assert.equal(next.code, 0, next.stderr)
    assert.deepEqual(next.result['written'], [`${FOLDER}/crl.pem`])
    const older = await cli(machine, [...again, '--crl', 'old.pem'])
    assert.match(older.stderr, /^ERR_APPLY_CONFLICT: .*crl\.pem.*no newer than the one in force/m)
    // The gateway keeps the newer list, and a restart would not.
    await machine.must(['cp', '/root/old.pem', `${FOLDER}/crl.pem`])
    for (const restarting of [[...again, '--metrics', '9402'], again, ['gateway', 'rollback', '--yes']])
      assert.match(
        (await cli(machine, restarting)).stderr,
        /^ERR_APPLY_CONFLICT: .*crl\.pem: the running gateway doesn't use/m,
      )
    await machine.must(['cp', `/root/${lists}`, `${FOLDER}/crl.pem`])
    const copy =
      'cd /root; cp -r docker-mtls/issuers/renewals other; cp docker-mtls/clients/ann/key.pem other/issuer-key.pem'
    await machine.must(['sh', '-c', copy])
    const wrong = await cli(machine, [...again, '--issuer', 'other'])
    assert.match(wrong.stderr, /^ERR_ISSUER_INVALID: .*its key is of another certificate/m)
    assert.equal(await property('MainPID'), pid)
    assert.equal(await pingAs(machine, '/root/renewed'), 0)
    assert.match((await docker('ci', 'version')).stderr, /your certificate has been revoked/)
    // The list comes back with the gateway, although a rollback keeps the list of a gateway that goes on.
    await must(REMOVE)
    for (const name of ['crl', 'issuer-cert', 'issuer-key'])
      assert.equal(await machine.exists(`${FOLDER}/${name}.pem`), false)
    const without = await cli(machine, APPLY)
    assert.match(without.stderr, /crl\.pem: a gateway here has had this revocation list, which is gone/)
    await must(['gateway', 'rollback', '--yes'])
    await until(async () => (await pingAs(machine, '/root/renewed')) === 0)
    assert.match((await docker('ci', 'version')).stderr, /your certificate has been revoked/)
    // Neither does a list go back that a gateway got after the removal.
    await must(REMOVE)
    await must(['cert', 'revoke', 'bob', '--yes'])
    const newest = await machine.read(`/root/${lists}`)
    await must([...APPLY, '--crl', lists])
    for (const back of [1, 2]) {
      const { code, stdout, stderr } = await cli(machine, ['gateway', 'rollback', '--yes', '--json'])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /"kept":\["\/etc\/docker-mtls\/crl\.pem"\]/)
      assert.equal(await machine.read(`${FOLDER}/crl.pem`), newest, `rollback ${back}`)
    }
    assert.match((await docker('bob', 'version')).stderr, /your certificate has been revoked/)
  })

  test('metrics are served by request, from then on, and a drop-in with a command of its own is in the way', async () => {
    const apply = ['gateway', 'apply', '--yes', '--no-client-proof']
    const metrics = (): Promise<Ran> =>
      machine.run(['node', '-e', 'fetch("http://127.0.0.1:9323/metrics").then((a) => a.text()).then(console.log)'])
    assert.notEqual((await metrics()).code, 0)
    const first = await cliLines(machine, [...apply, '--metrics', '9323'])
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual([first.result['metrics'], first.result['starts']], ['9323', true])
    assert.match((await metrics()).stdout, /^docker_mtls_gateway_end_timestamp_seconds\{kind="server"/m)
    const again = await cliLines(machine, apply)
    assert.deepEqual([again.result['metrics'], again.result['written']], ['9323', []], again.stderr)
    assert.match(await must(['gateway', 'status']), /^Metrics +http:\/\/127\.0\.0\.1:9323\/metrics$/m)
    const folder = `/etc/systemd/system/${UNIT}.d`
    await machine.must(['mkdir', folder])
    await machine.write(`${folder}/own.conf`, '[Service]\nExecStart=\nExecStart=/usr/bin/true gateway run\n')
    const refused = await cli(machine, apply)
    assert.match(refused.stderr, /^ERR_APPLY_CONFLICT: .*own\.conf: it sets ExecStart=.*remove that line/ms)
    const { problems } = await status()
    assert.match(String(problems), /own\.conf sets ExecStart=/)
    await machine.must(['rm', '-r', folder])
    await machine.must(['systemd-run', '--unit=holder', 'node', '-e', 'net.createServer().listen(9324)'])
    await until(async () => (await listeners(machine, 9324)).length > 0)
    const taken = await cli(machine, [...apply, '--metrics', '9324'])
    assert.match(
      taken.stderr,
      /^ERR_APPLY_CONFLICT: .*node \(process \d+\) already listens on .*:9324.*--metrics PORT/ms,
    )
    await machine.must(['systemctl', 'stop', 'holder'])
    const last = await cliLines(machine, [...apply, '--no-metrics'])
    assert.deepEqual([last.code, last.result['metrics']], [0, undefined], last.stderr)
    assert.notEqual((await metrics()).code, 0)
  })
})
