import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { applyHelpers, APPLY, STATE } from './support/applying.ts'
import { cli, cliLines } from './support/cli.ts'
import { localDaemonAnswers, snapshot } from './support/daemon.ts'

const REMOVE = ['daemon', 'remove', '--yes']
const FOLDER = '/etc/systemd/system/docker.service.d'
const DROP_IN = `${FOLDER}/override.conf`
const JSON_PATH = '/etc/docker/daemon.json'
const NAMES = ['ca.pem', 'server-cert.pem', 'server-key.pem'] as const
/** Each of them changes something. */
const FIVE = [['--systemd'], ['--daemon-json'], ['--systemd'], ['--daemon-json'], ['--systemd']]
const START = '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd://'

const stays = (result: Record<string, unknown>): string => (result['stays'] as string[]).join('\n')

describe("daemon remove beside an administrator's own files", { skip: lacksMachine() }, () => {
  let machine: Machine
  let bare: string
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    await machine.must(['mkdir', '-p', '/own'])
    assert.equal((await cli(machine, ['init', 'build01', '--client', 'ann'])).code, 0)
    assert.equal((await cli(machine, ['init', 'build01', '--out', '/own', '--client', 'bob'])).code, 0)
    bare = await snapshot(machine)
  })
  after(() => machine?.stop())
  const { sh, applies } = applyHelpers(() => machine)

  beforeEach(async () => {
    await sh(
      `rm -rf ${STATE} /etc/docker/tls* /etc/docker/own ${JSON_PATH}* ${FOLDER}; systemctl daemon-reload; systemctl restart docker`,
    )
    assert.equal(await snapshot(machine), bare)
  })

  const restarts = (): Promise<string> => sh('systemctl daemon-reload; systemctl restart docker')
  const puts = (folder: string): Promise<string> =>
    sh(`install -d -m 0700 ${folder}; cp -p /own/server/*.pem ${folder}/`)
  /** Are these three still the administrator's? */
  async function hasOwn(folder: string): Promise<void> {
    for (const name of NAMES) await sh(`cmp /own/server/${name} ${folder}/${name}`)
  }

  async function removes(): Promise<Record<string, unknown>> {
    const { code, result, stderr } = await cliLines(machine, REMOVE)
    assert.equal(code, 0, stderr)
    assert.equal(result['removed'], true)
    assert.equal(await localDaemonAnswers(machine), true)
    assert.equal(await machine.exists(STATE), false)
    return { ...result, stderr }
  }

  /** Nothing is touched, and the message names the file. */
  async function refuses(what: string, says: RegExp): Promise<void> {
    const plan = await cliLines(machine, ['daemon', 'remove', '--dry-run'])
    assert.deepEqual(
      (plan.result['conflicts'] as { kind: string; what: string }[]).map((one) => [one.kind, one.what]),
      [['changed-since', what]],
    )
    const now = await snapshot(machine)
    const { code, stderr } = await cli(machine, REMOVE)
    assert.equal(code, 1)
    assert.ok(stderr.startsWith(`ERR_APPLY_CONFLICT: ${what}: `), stderr)
    assert.match(stderr, says)
    assert.equal(await snapshot(machine), now)
    assert.equal(await sh(`ls ${STATE}/*Z-*/rollback.sh | head -n 1 | wc -l`), '1\n')
  }

  test('five applies: brings the files from before the first one back', async () => {
    await machine.write(JSON_PATH, '{ "debug": true }\n', 0o600)
    await puts('/etc/docker/tls')
    const old = await snapshot(machine)
    for (const flags of FIVE) await applies(...flags)
    await sh(`test "$(ls -d ${STATE}/*Z-* | wc -l)" = 3`)
    await removes()
    assert.equal(await snapshot(machine), old)
    await hasOwn('/etc/docker/tls')
  })

  test('five applies: leaves what somebody has put in the place of our files since', async () => {
    for (const flags of FIVE) await applies(...flags)
    await puts('/etc/docker/tls')
    await restarts()
    const result = await removes()
    await hasOwn('/etc/docker/tls')
    assert.match(stays(result), /^\/etc\/docker\/tls\/server-key\.pem: .*it stays$/m)
    assert.doesNotMatch(String(result['stderr']), /server's key is still/)
  })

  test('leaves files that an apply has found there', async () => {
    await puts('/etc/docker/tls')
    const { code, stderr } = await cli(machine, [...APPLY, '--from', '/etc/docker/tls'])
    assert.equal(code, 0, stderr)
    const result = await removes()
    await hasOwn('/etc/docker/tls')
    assert.match(stays(result), /^\/etc\/docker\/tls\/server-key\.pem: docker-mtls has not written it/m)
    assert.equal(await machine.exists(DROP_IN), false)
  })

  test('removes nothing if the drop-in names other files since, and everything of ours after the remedy', async () => {
    await applies()
    await puts('/etc/docker/own')
    await sh(`sed -i 's|/etc/docker/tls/|/etc/docker/own/|g' ${DROP_IN}`)
    await restarts()
    await refuses(DROP_IN, /docker-mtls daemon apply --tlsdir \/etc\/docker\/tls/)
    await hasOwn('/etc/docker/own')
    await applies('--tlsdir', '/etc/docker/tls')
    await removes()
    await hasOwn('/etc/docker/own')
    assert.equal(await machine.exists('/etc/docker/tls'), false)
    assert.equal(await machine.exists(DROP_IN), false)
  })

  test('a later drop-in that opens a port without TLS is a conflict', async () => {
    await puts('/etc/docker/tls')
    await applies()
    const other = `${FOLDER}/zz-other.conf`
    await machine.write(other, `${START} -H tcp://127.0.0.1:2375\n`)
    await restarts()
    await refuses(other, /tcp:\/\/127\.0\.0\.1:2375, where everybody gets in without a certificate/)
    await sh(`mv ${other} ${other}.off`)
    await removes()
    await hasOwn('/etc/docker/tls')
    assert.equal(await machine.exists(DROP_IN), false)
  })

  for (const [name, flags, says] of [
    ['a port without TLS', '-H tcp://0.0.0.0:2375', /tcp:\/\/0\.0\.0\.0:2375, where everybody gets in without a cert/],
    [
      'TLS files of other names',
      '-H tcp://0.0.0.0:2376 --tlsverify --tlscacert=/etc/docker/own/a.pem --tlscert=/etc/docker/own/c.pem --tlskey=/etc/docker/own/k.pem',
      /somebody has changed it/,
    ],
  ] as const)
    test(`a hand-edited drop-in with ${name} is a conflict`, async () => {
      await puts('/etc/docker/tls')
      await applies()
      await puts('/etc/docker/own')
      await sh('cd /etc/docker/own; mv ca.pem a.pem; mv server-cert.pem c.pem; mv server-key.pem k.pem')
      await machine.write(DROP_IN, `${START} ${flags}\n`)
      await restarts()
      await refuses(DROP_IN, says)
      // The remedy helps.
      await applies('--listen', '0.0.0.0:2376')
      await removes()
      await hasOwn('/etc/docker/tls')
      for (const [file, own] of [
        ['ca', 'a'],
        ['server-cert', 'c'],
        ['server-key', 'k'],
      ] as const)
        await sh(`cmp /own/server/${file}.pem /etc/docker/own/${own}.pem`)
      assert.equal(await machine.exists(DROP_IN), false)
    })

  test('without any record, what an apply may have written stays, and is named', async () => {
    await applies()
    await sh(`rm -r ${STATE}`)
    const result = await removes()
    assert.match(stays(result), /^\/etc\/docker\/tls\/server-key\.pem: docker-mtls has not written it, as far as/m)
    assert.equal(await machine.exists('/etc/docker/tls/server-key.pem'), true)
    assert.equal(await machine.exists(DROP_IN), false)
  })

  test('a file of ours that somebody has replaced is kept aside by a rollback, also a key', async () => {
    await applies()
    await puts('/etc/docker/tls')
    assert.equal((await cli(machine, ['daemon', 'rollback', '--yes'])).code, 0)
    await sh('cmp /own/server/server-key.pem /etc/docker/tls/server-key.pem.before-rollback.*')
    await sh('rm -r /etc/docker/tls')
  })
})
