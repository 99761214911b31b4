import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  ServerError,
  type DockerClient,
  type NetworkCreateRequest,
  type NetworkListOptions,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

describe('networks', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function names(filters: NetworkListOptions['filters']): Promise<string[]> {
    return (await docker.networks.list({ filters: filters ?? {} })).map(({ Name }) => Name).toSorted()
  }

  test('is made as it was asked for, and found by every filter', async () => {
    const config = { Subnet: '10.99.0.0/16', IPRange: '10.99.8.0/24', Gateway: '10.99.0.1' }
    const { Id, Warning } = await docker.networks.create({
      Name: 'web',
      Internal: true,
      IPAM: { Config: [{ ...config, AuxiliaryAddresses: { printer: '10.99.8.9' } }] },
      Options: { 'com.docker.network.bridge.name': 'br-web' },
      Labels: { stage: 'one' },
    })
    assert.match(Id, /^[0-9a-f]{64}$/)
    assert.equal(Warning, '')
    const network = await docker.networks.inspect('web', { verbose: true, scope: 'local' })
    assert.deepEqual(
      [network.Id, network.Driver, network.Scope, network.Internal, network.EnableIPv6, network.ConfigOnly],
      [Id, 'bridge', 'local', true, false, false],
    )
    assert.deepEqual(network.IPAM.Config, [{ ...config, AuxiliaryAddresses: { printer: '10.99.8.9' } }])
    assert.deepEqual([network.Labels, network.Containers], [{ stage: 'one' }, {}])
    assert.equal(network.Options?.['com.docker.network.bridge.name'], 'br-web')
    assert.ok(Date.now() - Date.parse(network.Created) < 60_000, network.Created)

    assert.deepEqual(await names({}), ['bridge', 'host', 'none', 'web'])
    assert.deepEqual(await names({ type: 'builtin' }), ['bridge', 'host', 'none'])
    assert.deepEqual(await names({ type: 'custom', scope: ['local', 'swarm'] }), ['web'])
    assert.deepEqual(await names({ name: 'we', label: 'stage=one', driver: 'bridge', dangling: true }), ['web'])
    assert.deepEqual(await names({ id: Id, scope: 'swarm' }), [])
    await docker.networks.remove(Id)
    assert.deepEqual(await names({ type: 'custom' }), [])
  })

  test('takes its configuration from a network that holds one', async () => {
    const IPAM = { Config: [{ Subnet: '10.98.0.0/24' }] }
    await docker.networks.create({ Name: 'template', ConfigOnly: true, IPAM })
    await docker.networks.create({ Name: 'made', ConfigFrom: { Network: 'template' } })
    const made = await docker.networks.inspect('made')
    assert.deepEqual([made.ConfigFrom.Network, made.IPAM.Config?.[0]?.Subnet], ['template', '10.98.0.0/24'])
    assert.equal((await docker.networks.inspect('template')).ConfigOnly, true)
    await docker.networks.remove('made')
    await docker.networks.remove('template')
  })

  test('a container joins with what it asks for, and leaves', async () => {
    await docker.networks.create({ Name: 'team', IPAM: { Config: [{ Subnet: '10.97.0.0/24' }] } })
    const id = await engine.start({}, 'member')
    const EndpointConfig = { IPAMConfig: { IPv4Address: '10.97.0.7' }, Aliases: ['db'] }
    await docker.networks.connect('team', { Container: 'member', EndpointConfig })
    const { Containers } = await docker.networks.inspect('team')
    assert.deepEqual([Containers?.[id]?.Name, Containers?.[id]?.IPv4Address], ['member', '10.97.0.7/24'])
    const { NetworkSettings } = await docker.containers.inspect(id)
    assert.ok(NetworkSettings.Networks?.['team']?.DNSNames?.includes('db'), 'its alias is a name')

    await assert.rejects(docker.networks.connect('team', { Container: id }), ForbiddenError)
    await assert.rejects(docker.networks.remove('team'), ForbiddenError)
    assert.deepEqual((await docker.networks.prune()).NetworksDeleted ?? [], [])
    await docker.networks.disconnect('team', { Container: id })
    assert.deepEqual((await docker.networks.inspect('team')).Containers, {})
    await assert.rejects(docker.networks.disconnect('team', { Container: id }), ServerError)
    await docker.networks.remove('team')
  })

  test('a prune removes what its filters say, and no more', async () => {
    for (const stage of ['one', 'two']) await docker.networks.create({ Name: stage, Labels: { stage } })
    assert.deepEqual((await docker.networks.prune({ filters: { until: '1h' } })).NetworksDeleted ?? [], [])
    const first = await docker.networks.prune({ filters: { label: 'stage', 'label!': 'stage=two' } })
    assert.deepEqual(first.NetworksDeleted, ['one'])
    assert.deepEqual((await docker.networks.prune()).NetworksDeleted, ['two'])
  })

  test('what can not be made is refused', async () => {
    await docker.networks.create({ Name: 'taken' })
    const rows: [NetworkCreateRequest, new (...args: never[]) => Error, RegExp][] = [
      [{ Name: 'taken' }, ConflictError, /already exists/],
      [{ Name: 'bridge' }, ForbiddenError, /predefined/],
      [{ Name: 'wide', Driver: 'overlay' }, ForbiddenError, /not a swarm manager/],
      [{ Name: 'odd', IPAM: { Config: [{ Subnet: 'nothing' }] } }, BadRequestError, /invalid subnet/],
      [{ Name: '' }, BadRequestError, /invalid name/],
      [{ Name: 'odd', ConfigFrom: { Network: 'nothing' } }, NotFoundError, /nothing/],
    ]
    for (const [network, ErrorClass, words] of rows) {
      await assert.rejects(docker.networks.create(network), (error: Error) => {
        assert.ok(error instanceof ErrorClass, String(error))
        assert.match(error.message, words)
        return true
      })
    }
    await docker.networks.remove('taken')
  })

  test('what is not there, and what every daemon has', async () => {
    const { networks } = docker
    await assert.rejects(networks.inspect('nothing'), NotFoundError)
    await assert.rejects(networks.inspect('bridge', { scope: 'swarm' }), NotFoundError)
    await assert.rejects(networks.remove('nothing'), NotFoundError)
    await assert.rejects(networks.remove('bridge'), ForbiddenError)
    await assert.rejects(networks.connect('nothing', { Container: 'nothing' }), NotFoundError)
    await assert.rejects(networks.connect('bridge', { Container: 'nothing' }), NotFoundError)
    await assert.rejects(networks.disconnect('bridge', { Container: 'nothing', Force: true }), NotFoundError)
  })

  test('nothing is sent that a daemon would pass over, nor what names no network', async (t) => {
    const older = await engine.connect({ apiVersion: '1.45' })
    t.after(() => older.close())
    const { networks } = older
    const tooNew = { code: 'ERR_API_FIELD_TOO_NEW' }
    await assert.rejects(networks.create({ Name: 'new', EnableIPv4: false }), tooNew)
    const EndpointConfig = { MacAddress: '02:42:ac:11:00:99' }
    await assert.rejects(networks.connect('bridge', { Container: 'x', EndpointConfig }), tooNew)
    await assert.rejects(networks.connect('bridge', { Container: 'x', EndpointConfig: { GwPriority: 1 } }), tooNew)
    for (const id of ['', '.', '..', '../bridge', undefined as never]) {
      await assert.rejects(networks.inspect(id), { code: 'ERR_PATH_SEGMENT_INVALID' })
    }
    await assert.rejects(networks.list({ filter: {} } as object), { code: 'ERR_OPTION_UNKNOWN' })
    await assert.rejects(networks.list({ filters: new Map() as object }), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(networks.list({ filters: { nonsense: 'x' } as object, allowUnknown: true }), BadRequestError)
    assert.deepEqual(await names({}), ['bridge', 'host', 'none'])
  })

  test('what this daemon passes over is passed over indeed', async () => {
    await docker.networks.create({ Name: 'proof' })
    const id = await engine.start()
    const MacAddress = '02:42:ac:11:00:99'
    const body = { Container: id, EndpointConfig: { MacAddress } }
    await (await docker.request({ method: 'POST', path: '/networks/proof/connect', body })).text()
    assert.notEqual((await docker.networks.inspect('proof')).Containers?.[id]?.MacAddress, MacAddress)
  })
})
