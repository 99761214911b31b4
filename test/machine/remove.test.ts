import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { ANN, applyHelpers, STATE } from './support/applying.ts'
import { cli, cliLines } from './support/cli.ts'
import { localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const REMOVE = ['daemon', 'remove', '--yes']
const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'
const JSON_PATH = '/etc/docker/daemon.json'

interface Plan {
  readonly files: readonly { readonly path: string; readonly action: string }[]
  readonly conflicts: readonly { readonly kind: string; readonly what: string }[]
  readonly closes: readonly string[]
  readonly stays: readonly string[]
  readonly removed?: boolean
}

describe('daemon remove', { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())
  const { sh, applies, leavesNothing } = applyHelpers(() => machine)

  async function planned(): Promise<Plan> {
    return (await cliLines(machine, ['daemon', 'remove', '--dry-run'])).result as unknown as Plan
  }

  async function removes(): Promise<Plan> {
    const { code, result, stderr } = await cliLines(machine, REMOVE)
    assert.equal(code, 0, stderr)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.notEqual(await pingAs(machine, ANN), 0)
    return result as unknown as Plan
  }

  async function refuses(kind: string, what: string): Promise<void> {
    const { conflicts, files, closes } = await planned()
    assert.deepEqual(
      conflicts.map((one) => [one.kind, one.what]),
      [[kind, what]],
    )
    assert.deepEqual([files, closes], [[], []])
    const { stdout } = await cli(machine, ['daemon', 'remove', '--dry-run'])
    assert.match(stdout, /^Conflict: .*\nNothing would be changed\.$/ms)
    assert.doesNotMatch(stdout, /^remove /m)
    const now = await snapshot(machine)
    const { code, stderr } = await cli(machine, REMOVE)
    assert.equal(code, 1)
    assert.ok(stderr.startsWith(`ERR_APPLY_CONFLICT: ${what}: `), stderr)
    assert.equal(await snapshot(machine), now)
    assert.equal(await pingAs(machine, ANN), 0)
  }

  test('takes everything back, in both forms, after one apply or many', async () => {
    for (const flags of [[['--systemd']], [['--daemon-json']], [['--systemd'], ['--daemon-json', '--live-restore']]]) {
      for (const one of flags) await applies(...one)
      const { closes, files } = await removes()
      assert.deepEqual(closes, ['tcp://0.0.0.0:2376'])
      assert.ok(files.length >= 4)
      assert.equal(await snapshot(machine), bare, flags.join())
      assert.equal(await machine.exists(STATE), false)
      await leavesNothing()
    }
    // As a run leaves it that is killed within its last step.
    await sh(`mkdir -p ${STATE}.removed/20261125T135613Z-08a151`)
    assert.deepEqual((await cliLines(machine, REMOVE)).result['removed'], true)
    assert.equal(await machine.exists(`${STATE}.removed`), false)
    const again = await cliLines(machine, REMOVE)
    assert.deepEqual([again.code, again.result['removed']], [0, false])
  })

  test('brings back files from before, and keeps settings of others', async () => {
    await machine.write(JSON_PATH, '{ "debug": true }\n')
    await sh(`mkdir -p ${DROP_IN.replace(/\/[^/]*$/, '')}`)
    await machine.write(
      DROP_IN,
      '[Service]\nLimitNOFILE=5000\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --data-root=/srv\n',
    )
    await sh('systemctl daemon-reload; systemctl restart docker')
    const old = await snapshot(machine)
    await applies('--daemon-json', '--live-restore')
    await removes()
    assert.equal(await snapshot(machine), old)
    await applies('--daemon-json')
    await sh(`sed -i 's/"debug": true/"debug": false/' ${JSON_PATH}`)
    const { stays } = await removes()
    assert.match(stays.join(), /daemon\.json: "debug" stay/)
    assert.deepEqual(JSON.parse(await machine.read(JSON_PATH)), { debug: false })
    assert.equal(await machine.read(`${JSON_PATH}.before-docker-mtls`), '{ "debug": true }\n')
    await sh(
      `rm ${DROP_IN} ${JSON_PATH}*; rmdir ${DROP_IN.replace(/\/[^/]*$/, '')}; systemctl daemon-reload; systemctl restart docker`,
    )
    assert.equal(await snapshot(machine), bare)
  })

  test('names what somebody has changed since, and opens no port without TLS again', async () => {
    await applies()
    await sh(`echo '# mine' >>/etc/docker/tls/ca.pem`)
    const { conflicts, stays } = await planned()
    assert.deepEqual(conflicts, [])
    assert.ok(stays.includes('/etc/docker/tls/ca.pem: somebody has replaced it, and it stays'), stays.join())
    await applies()
    await sh(`printf '\\nExecStartPre=/bin/true' >>${DROP_IN}`)
    assert.deepEqual(
      (await planned()).conflicts.map(({ what }) => what),
      [DROP_IN],
    )
    await sh(`sed -i '/ExecStartPre/d' ${DROP_IN}`)
    await applies()
    await removes()
    // The second apply has replaced it.
    assert.match(await sh('cd /etc/docker; cat tls/ca.pem.before-docker-mtls; rm -r tls'), /# mine\n$/)
    await sh(`mkdir -p ${DROP_IN.replace(/\/[^/]*$/, '')}`)
    await machine.write(
      DROP_IN,
      '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://127.0.0.1:2375\n',
    )
    await sh('systemctl daemon-reload; systemctl restart docker')
    await applies()
    await refuses('plaintext-before', 'tcp://127.0.0.1:2375')
    // The remedy helps.
    await sh(`sed -i 's| -H tcp://127.0.0.1:2375||' ${STATE}/*/[0-9]*`)
    assert.deepEqual((await planned()).conflicts, [])
    await removes()
    await sh(`rm -r ${DROP_IN.replace(/\/[^/]*$/, '')}; systemctl daemon-reload; systemctl restart docker`)
    assert.equal(await snapshot(machine), bare)
  })

  test('asks, and without a terminal it needs --yes', async () => {
    await applies()
    const now = await snapshot(machine)
    const { code, stderr } = await cli(machine, ['daemon', 'remove'])
    assert.equal(code, 1)
    assert.match(stderr, /ERR_CONFIRMATION_REQUIRED/)
    assert.equal(await snapshot(machine), now)
  })

  test('a dockerd that does not start afterwards: everything is rolled back', async () => {
    const now = await snapshot(machine)
    const check = '/run/systemd/system/docker.service.d/10-check.conf'
    await machine.write(check, `[Service]\nExecStartPre=/usr/bin/test -e ${DROP_IN}\n`)
    await sh('systemctl daemon-reload')
    const { code, stderr } = await cli(machine, REMOVE)
    assert.equal(code, 1)
    assert.match(stderr, /ERR_APPLY_ROLLED_BACK/)
    await sh(`rm ${check}; systemctl daemon-reload`)
    assert.equal(await snapshot(machine), now)
    assert.equal(await pingAs(machine, ANN), 0)
    await removes()
    assert.equal(await snapshot(machine), bare)
  })

  test('takes back what is left of an apply after a gateway', async () => {
    await applies()
    await machine.write(
      '/root/policy.yaml',
      'version: 1\nrules: [{ name: ann, who: { commonName: ann }, level: privileged }]\n',
    )
    for (const words of [
      ['gateway', 'apply', '--policy', 'policy.yaml', '--yes', '--no-client-proof'],
      ['gateway', 'remove', '--yes'],
      REMOVE,
    ]) {
      const { code, stderr } = await cli(machine, words)
      assert.equal(code, 0, stderr)
    }
    for (const path of ['/etc/docker/tls', DROP_IN, STATE, '/etc/docker-mtls'])
      assert.equal(await machine.exists(path), false, path)
    assert.equal(await localDaemonAnswers(machine), true)
  })
})
