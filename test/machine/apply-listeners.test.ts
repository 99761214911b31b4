import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli, cliLines } from './support/cli.ts'
import { localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const DROP_INS = '/etc/systemd/system/docker.service.d'
const SOCKET_DROP_INS = '/etc/systemd/system/docker.socket.d'
const DAEMON_JSON = '/etc/docker/daemon.json'
const ANN = '/root/docker-mtls/clients/ann'
const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']
/** What is tried of each listener, where no client's certificate is at hand. */
const EACH = 7

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly got: string
  readonly at: string
}

/** How many things were tried at each address. */
function triedAt(result: Record<string, unknown>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { at } of result['proof'] as Check[]) counts[at] = (counts[at] ?? 0) + 1
  return counts
}

/** Does anybody answer there in plain HTTP? */
async function isPlaintext(machine: Machine, address: string): Promise<boolean> {
  return (await machine.run(['timeout', '10', 'docker', '-H', `tcp://${address}`, 'version'])).code === 0
}

function dropIn(flags: string): string {
  return `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd ${flags} --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n`
}

/** A dockerd that adds flags of its own, where its others match a pattern. */
const OWN = (flags: string, pattern = '*'): Record<string, string> => ({
  '/opt/own/dockerd': `#!/bin/sh\ncase "$*" in ${pattern}) set -- "$@" ${flags} ;; esac\nexec /usr/sbin/dockerd "$@"\n`,
  [`${DROP_INS}/10-own.conf`]: dropIn('-H fd://').replace('/usr/sbin/dockerd', '/opt/own/dockerd'),
})

describe('daemon apply, and all addresses that dockerd listens on', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann', '--probe'])
    assert.equal(init.code, 0, init.stderr)
    assert.equal((await cli(machine, ['init', 'other', '--out', 'other', '--client', 'eve'])).code, 0)
    // What init has rendered listens everywhere; it is told of only where a test wants that.
    await machine.must(['cp', '-r', '/root/docker-mtls/server', '/root/wide'])
    await machine.must(['rm', '-r', '/root/wide/probe', '/root/docker-mtls/server/override.conf'])
    // Where it is not found by itself: only the last test wants it.
    await machine.must(['mv', '/root/docker-mtls/server/probe', '/root/probe'])
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())

  /** What an administrator has made of the host; afterwards it is as it was before. */
  async function given(files: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
    for (const [path, text] of Object.entries(files)) await machine.write(path, text, 0o755)
    try {
      await restart()
      await work()
      await cli(machine, ['daemon', 'rollback', '--yes'])
    } catch (error) {
      // The next one must not stumble over it.
      await machine.run(['rm', '-rf', '/etc/docker/tls'])
      throw error
    } finally {
      await machine.run(['rm', '-rf', '/var/lib/docker-mtls', DROP_INS, SOCKET_DROP_INS, '/opt/own', DAEMON_JSON])
      await restart()
    }
    assert.equal(await snapshot(machine), bare)
  }

  async function restart(): Promise<void> {
    const units = 'docker.service docker.socket'
    const script = `systemctl daemon-reload; systemctl stop ${units}; systemctl reset-failed ${units} 2>/dev/null; systemctl start docker.socket && systemctl start docker.service`
    await machine.must(['sh', '-c', script])
  }

  test('several in the unit, in each way of writing them: all stay, all are proven, and plaintext is closed', async () => {
    const hosts =
      '-H fd:// -H tcp://127.0.0.1:2376 -H 127.0.0.2:2377 --host=tcp://127.0.0.3:2378 -H tcp://127.0.0.4:2375'
    await given({ [`${DROP_INS}/override.conf`]: dropIn(hosts) }, async () => {
      assert.equal(await isPlaintext(machine, '127.0.0.4:2375'), true)
      const { code, result, stderr } = await cliLines(machine, APPLY)
      assert.equal(code, 0, stderr)
      assert.match(stderr, /127\.0\.0\.4:2375 without TLS.* closes/)
      assert.doesNotMatch(stderr, /2377|2378/)
      assert.deepEqual(result['listen'], ['tcp://127.0.0.1:2376', 'tcp://127.0.0.2:2377', 'tcp://127.0.0.3:2378'])
      assert.deepEqual(triedAt(result), {
        'tcp://127.0.0.1:2376': EACH,
        'tcp://127.0.0.2:2377': EACH,
        'tcp://127.0.0.3:2378': EACH,
      })
      assert.equal(await isPlaintext(machine, '127.0.0.4:2375'), false)
      for (const host of ['127.0.0.2:2377', '127.0.0.3:2378']) assert.equal(await isPlaintext(machine, host), false)
      const second = await cliLines(machine, APPLY)
      assert.deepEqual([second.code, second.result['restarted']], [0, false], second.stderr)
      assert.equal(Object.keys(triedAt(second.result)).length, 3)
    })
  })

  test('one that was narrowed is not widened by what init has rendered', async () => {
    await given({ [`${DROP_INS}/override.conf`]: dropIn('-H fd:// -H tcp://127.0.0.1:2376') }, async () => {
      const { code, result, stderr } = await cliLines(machine, [...APPLY, '--from', 'wide'])
      assert.equal(code, 0, stderr)
      assert.deepEqual(result['listen'], ['tcp://127.0.0.1:2376'])
      assert.match(stderr, /keeps listening on tcp:\/\/127\.0\.0\.1:2376, .* --listen 0\.0\.0\.0:2376$/m)
      const said = await cliLines(machine, [...APPLY, '--from', 'wide', '--listen', '0.0.0.0:2376'])
      assert.equal(said.code, 0, said.stderr)
      assert.deepEqual(said.result['listen'], ['tcp://0.0.0.0:2376'])
      await cli(machine, ['daemon', 'rollback', '--yes'])
    })
  })

  test('one that somebody has opened: refused until a restart has really opened it, and then closed', async () => {
    const path = `${DROP_INS}/override.conf`
    await given({ [path]: dropIn('-H fd:// -H tcp://127.0.0.1:2376') }, async () => {
      assert.equal(await isPlaintext(machine, '127.0.0.1:2376'), true)
      assert.equal((await cli(machine, APPLY)).code, 0)
      await machine.must(['sed', '-i', 's/--tlsverify //', path])
      const old = await snapshot(machine)
      const { code, stderr } = await cli(machine, APPLY)
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_CONFLICT: tcp:\/\/127\.0\.0\.1:2376: .* any restart would open it/m)
      assert.equal(await snapshot(machine), old)
      await restart()
      assert.equal(await isPlaintext(machine, '127.0.0.1:2376'), true)
      const closed = await cli(machine, APPLY)
      assert.equal(closed.code, 0, closed.stderr)
      assert.equal(await isPlaintext(machine, '127.0.0.1:2376'), false)
      await cli(machine, ['daemon', 'rollback', '--yes'])
    })
  })

  test('several in daemon.json', async () => {
    const hosts = ['fd://', 'tcp://127.0.0.1:2376', '127.0.0.2:2377', 'tcp://127.0.0.4:2375']
    await given(
      {
        [`${DROP_INS}/override.conf`]: dropIn(''),
        [DAEMON_JSON]: JSON.stringify({ hosts }),
      },
      async () => {
        assert.equal(await isPlaintext(machine, '127.0.0.4:2375'), true)
        const { code, result, stderr } = await cliLines(machine, APPLY)
        assert.equal(code, 0, stderr)
        assert.equal(result['form'], 'daemon-json')
        assert.deepEqual(triedAt(result), { 'tcp://127.0.0.1:2376': EACH, 'tcp://127.0.0.2:2377': EACH })
        assert.equal(await isPlaintext(machine, '127.0.0.4:2375'), false)
      },
    )
  })

  test('a port of docker.socket, which dockerd is handed: found, and proven like the others', async () => {
    await given(
      { [`${SOCKET_DROP_INS}/tcp.conf`]: '[Socket]\nListenStream=127.0.0.1:2375\nListenStream=[::]:2399\n' },
      async () => {
        assert.equal(await isPlaintext(machine, '127.0.0.1:2375'), true)
        const { code, result, stderr } = await cliLines(machine, APPLY)
        assert.equal(code, 0, stderr)
        assert.deepEqual(triedAt(result), {
          'tcp://127.0.0.1:2376': EACH,
          'tcp://127.0.0.1:2375': EACH,
          'tcp://[::1]:2399': EACH,
        })
        assert.equal(await isPlaintext(machine, '127.0.0.1:2375'), false)
        const status = await cli(machine, ['daemon', 'status'])
        assert.equal(status.code, 0, status.stderr)
        assert.match(status.stdout, /tcp:\/\/127\.0\.0\.1:2375: TLSv1\.2, TLSv1\.3; client certificate required/)
        assert.match(status.stdout, /tcp:\/\/\[::\]:2399: TLSv1\.2, TLSv1\.3; client certificate required/)
      },
    )
    assert.equal((await cli(machine, ['daemon', 'status'])).code, 1)
  })

  test('a port of docker.socket that is wanted for dockerd itself: said before anything is changed', async () => {
    await given({ [`${SOCKET_DROP_INS}/tcp.conf`]: '[Socket]\nListenStream=2376\n' }, async () => {
      const old = await snapshot(machine)
      const { code, stderr } = await cli(machine, APPLY)
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_CONFLICT: .*docker\.socket.*2376/m)
      assert.match(stderr, /ListenStream=/)
      assert.equal(await snapshot(machine), old)
    })
  })

  test('plaintext in variables of the unit itself', async () => {
    await given(
      { [`${DROP_INS}/10-opts.conf`]: '[Service]\nEnvironment="DOCKER_OPTS=-H tcp://127.0.0.1:2375"\n' },
      async () => {
        assert.equal(await isPlaintext(machine, '127.0.0.1:2375'), true)
        const old = await snapshot(machine)
        const { code, stderr } = await cli(machine, APPLY)
        assert.equal(code, 1)
        assert.match(stderr, /^ERR_APPLY_CONFLICT: .*--host tcp:\/\/127\.0\.0\.1:2375/m)
        assert.equal(await snapshot(machine), old)
      },
    )
  })

  test('an address that nothing on paper tells of: it is seen by its socket, and proven', async () => {
    await given(OWN('-H tcp://127.0.0.1:2390'), async () => {
      assert.equal(await isPlaintext(machine, '127.0.0.1:2390'), true)
      const { code, result, stderr } = await cliLines(machine, APPLY)
      assert.equal(code, 0, stderr)
      assert.deepEqual(triedAt(result), { 'tcp://127.0.0.1:2376': EACH, 'tcp://127.0.0.1:2390': EACH })
      assert.equal(await isPlaintext(machine, '127.0.0.1:2390'), false)
    })
  })

  const slips: [string, string, RegExp][] = [
    [
      'no client certificate is asked for',
      '--tlsverify=false --tlscacert=',
      /not asked for.*it accepts clients without a certificate/,
    ],
    ['every CA of the system will do', '--tlscacert=', /none, so any CA of its system/],
    ['one more CA will do', '--tlscacert=/opt/own/two.pem', /it accepts clients of these CAs: CN=.*; CN=/],
  ]
  for (const [what, flags, got] of slips) {
    test(`a dockerd that is told otherwise behind our back, ${what}: proven wrong, and put back`, async () => {
      await given(OWN(flags, '*--tlsverify*'), async () => {
        await machine.must(['sh', '-c', 'cd /root/docker-mtls; cat ca/ca.pem /root/other/ca/ca.pem >/opt/own/two.pem'])
        const old = await snapshot(machine)
        const { code, stderr } = await cli(machine, APPLY)
        assert.equal(code, 1)
        assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: testing the daemon at tcp:\/\/127\.0\.0\.1:2376 from outside/m)
        assert.match(stderr, got)
        assert.equal(await snapshot(machine), old)
        assert.equal(await localDaemonAnswers(machine), true)
      })
    })
  }

  test('a dockerd that drops what it is told of TLS: proven to answer everybody, and put back', async () => {
    const deaf = 'for a; do shift; case $a in --tls*) ;; *) set -- "$@" "$a" ;; esac; done\n'
    const files = Object.entries(OWN('')).map(([path, text]) => [path, text.replace('case', `${deaf}case`)] as const)
    await given(Object.fromEntries(files), async () => {
      const { code, stderr } = await cli(machine, [...APPLY, '--listen', '127.0.0.1:2376'])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_APPLY_ROLLED_BACK: .*no certificate.*it answers plain HTTP \(docker\)/m)
      assert.equal(await isPlaintext(machine, '127.0.0.1:2376'), false)
      assert.equal(await localDaemonAnswers(machine), true)
    })
  })

  test("what dockerd serves besides, such as its metrics, is none of the API's", async () => {
    await given({ [DAEMON_JSON]: '{"metrics-addr":"127.0.0.1:9323"}' }, async () => {
      const { code, result, stderr } = await cliLines(machine, APPLY)
      assert.equal(code, 0, stderr)
      assert.deepEqual(triedAt(result), { 'tcp://127.0.0.1:2376': EACH })
    })
  })

  test('another program on the plaintext port is pointed out', async () => {
    const forward =
      "const net=require('net');net.createServer(s=>s.pipe(net.connect('/run/docker.sock')).pipe(s)).listen(2375)"
    await machine.must(['sh', '-c', `systemd-run --quiet --unit=open "$(command -v node)" -e "${forward}"; sleep 1`])
    assert.equal(await isPlaintext(machine, '127.0.0.1:2375'), true)
    const { code, stderr } = await cli(machine, APPLY)
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_APPLY_CONFLICT: .*node \(process \d+\).*2375/m)
    const status = await cli(machine, ['daemon', 'status'])
    assert.match(status.stderr, /2375.*plaintext/)
    await machine.must(['systemctl', 'stop', 'open'])
    assert.equal(await snapshot(machine), bare)
    assert.equal(await localDaemonAnswers(machine), true)
  })

  test('a client gets in at each', async () => {
    await given(
      { [`${DROP_INS}/override.conf`]: dropIn('-H fd:// -H tcp://127.0.0.1:2376 -H tcp://[::1]:2377') },
      async () => {
        const args = ['daemon', 'apply', '--yes', '--probe-identity', 'probe']
        const { code, result, stderr } = await cliLines(machine, args)
        assert.equal(code, 0, stderr)
        assert.deepEqual(triedAt(result), { 'tcp://127.0.0.1:2376': EACH + 1, 'tcp://[::1]:2377': EACH + 1 })
        assert.equal(await pingAs(machine, ANN, 'localhost:2376'), 0)
      },
    )
  })
})
