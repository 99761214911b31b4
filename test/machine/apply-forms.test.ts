import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bootMachine, type Machine } from './machine.ts'
import { lacksMachine } from './requirements.ts'
import { cli } from './support/cli.ts'
import { localDaemonAnswers, pingAs, snapshot } from './support/daemon.ts'

const JSON_PATH = '/etc/docker/daemon.json'
const APPLY = ['daemon', 'apply', '--yes', '--no-client-proof']
const ANN = '/root/docker-mtls/clients/ann'

describe('daemon apply in one form, then in the other', { skip: lacksMachine() }, () => {
  let machine: Machine
  before(async () => {
    machine = await bootMachine({ docker: true, name: 'build01' })
    const init = await cli(machine, ['init', 'build01', '--client', 'ann'])
    assert.equal(init.code, 0, init.stderr)
  })
  after(() => machine?.stop())

  const apply = async (...flags: string[]): Promise<string> => {
    const { code, stderr } = await cli(machine, [...APPLY, ...flags])
    assert.equal(code, 0, stderr)
    return stderr
  }

  test('what an earlier one has put into daemon.json is taken out, is shown, and comes back by a rollback', async () => {
    await machine.write(JSON_PATH, '{"labels":["rack=7"]}\n')
    await apply('--daemon-json', '--live-restore', '--userns-remap')
    const earlier = await snapshot(machine)
    const shown = await apply('--systemd')
    assert.match(shown, /^ +- +"tlsverify": true,$/m)
    assert.deepEqual(JSON.parse(await machine.read(JSON_PATH)), { labels: ['rack=7'], 'live-restore': true })
    assert.equal(await pingAs(machine, ANN), 0)
    const said = await machine.must(['systemctl', 'show', 'docker.service', '-p', 'ExecStart'])
    assert.match(said, /--userns-remap=default/)
    assert.match(said, /-H tcp:\/\/0\.0\.0\.0:2376/)
    const { code, stderr } = await cli(machine, ['daemon', 'rollback', '--yes'])
    assert.equal(code, 0, stderr)
    assert.equal(await snapshot(machine), earlier)
    assert.equal(await pingAs(machine, ANN), 0)
  })

  test("somebody else's listener stays, and is in the way", async () => {
    const { hosts, ...rest } = JSON.parse(await machine.read(JSON_PATH)) as { hosts: string[] }
    await machine.write(JSON_PATH, JSON.stringify({ ...rest, hosts: [...hosts, 'unix:///run/own.sock'] }))
    const old = await snapshot(machine)
    const { code, stderr } = await cli(machine, [...APPLY, '--systemd'])
    assert.equal(code, 1)
    assert.match(stderr, /^ERR_DIRECTIVE_CONFLICT: .*"hosts" in \/etc\/docker\/daemon\.json/m)
    assert.equal(await snapshot(machine), old)
    await machine.write(JSON_PATH, JSON.stringify({ ...rest, hosts }))
  })

  test('a folder server that was copied is found beside the command, and else it says where it looked', async () => {
    await machine.must(['sh', '-c', 'cd /root && mv docker-mtls/server server && mv docker-mtls away'])
    const dry = await cli(machine, [...APPLY, '--dry-run', '--listen', '127.0.0.1:2391'])
    assert.equal(dry.code, 0, dry.stderr)
    await machine.must(['sh', '-c', 'cd /root && mv server away/server'])
    const { code, stderr } = await cli(machine, [...APPLY, '--tlsdir', '/etc/docker/other'])
    assert.equal(code, 1)
    assert.match(stderr, /it is not in \.\/docker-mtls\/server, \.\/server or this folder/)
    await machine.must(['sh', '-c', 'cd /root && mv away docker-mtls'])
    assert.equal(await localDaemonAnswers(machine), true)
  })

  test('networks are spoken of where there are any', async () => {
    const losses = async (): Promise<string> =>
      (await cli(machine, [...APPLY, '--no-userns-remap', '--dry-run'])).stdout
    assert.doesNotMatch(await losses(), /network/)
    await machine.must(['docker', 'network', 'create', 'own'])
    assert.match(await losses(), /^Turning user namespaces off hides 1 network in /m)
  })
})
