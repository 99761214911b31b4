import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  UnavailableError,
  type DockerClient,
  type VolumeListOptions,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

describe('volumes', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function names(filters: NonNullable<VolumeListOptions['filters']>): Promise<string[]> {
    const { Volumes, Warnings } = await docker.volumes.list({ filters })
    assert.equal(Warnings, null)
    return (Volumes ?? []).map(({ Name }) => Name).toSorted()
  }

  test('is made as it was asked for, found by every filter, and removed', async () => {
    const DriverOpts = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }
    const made = await docker.volumes.create({ Name: 'data', Driver: 'local', DriverOpts, Labels: { stage: 'one' } })
    assert.deepEqual(
      [made.Name, made.Driver, made.Scope, made.Options, made.Labels],
      ['data', 'local', 'local', DriverOpts, { stage: 'one' }],
    )
    assert.match(made.Mountpoint, /\/volumes\/data\/_data$/)
    assert.deepEqual(await docker.volumes.inspect('data'), made)
    assert.equal(
      (await docker.volumes.create({ Name: 'data' })).CreatedAt,
      made.CreatedAt,
      'it is the one that there is',
    )
    const { Name } = await docker.volumes.create()
    assert.match(Name, /^[0-9a-f]{64}$/)

    assert.deepEqual(await names({ label: ['stage', 'stage=one'] }), ['data'])
    assert.deepEqual(await names({ name: 'dat', driver: 'local', dangling: true }), ['data'])
    assert.deepEqual(await names({ dangling: false }), [])
    await docker.volumes.remove('data')
    await docker.volumes.remove(Name)
    await assert.rejects(docker.volumes.inspect('data'), NotFoundError)
  })

  test('one that a container uses stays', async () => {
    await docker.volumes.create({ Name: 'used' })
    const id = await engine.start({ HostConfig: { Binds: ['used:/data'] } })
    assert.deepEqual(await names({ dangling: false }), ['used'])
    await assert.rejects(docker.volumes.remove('used'), ConflictError)
    await assert.rejects(docker.volumes.remove('used', { force: true }), ConflictError)
    assert.deepEqual((await docker.volumes.prune({ filters: { all: true } })).VolumesDeleted ?? [], [])
    await docker.containers.remove(id, { force: true })
    await docker.volumes.remove('used')
  })

  test('a prune takes anonymous ones, and named ones only when told', async () => {
    await docker.volumes.create({ Name: 'named', Labels: { stage: 'one' } })
    const { Name } = await docker.volumes.create({ Labels: { stage: 'two' } })
    assert.deepEqual((await docker.volumes.prune({ filters: { label: 'stage=one' } })).VolumesDeleted ?? [], [])
    assert.deepEqual(await docker.volumes.prune({ filters: { 'label!': 'stage=one' } }), {
      VolumesDeleted: [Name],
      SpaceReclaimed: 0,
    })
    assert.deepEqual((await docker.volumes.prune({ filters: { all: true } })).VolumesDeleted, ['named'])
  })

  test('what is not there, and what can not be made', async () => {
    const { volumes } = docker
    await assert.rejects(volumes.inspect('nothing'), NotFoundError)
    await assert.rejects(volumes.remove('nothing'), NotFoundError)
    await volumes.remove('nothing', { force: true })
    await assert.rejects(volumes.create({ Name: '../x' }), BadRequestError)
    await assert.rejects(volumes.list({ filters: { nonsense: 'x' } as object, allowUnknown: true }), BadRequestError)
    for (const name of ['', '.', '..', '../x', undefined as never]) {
      await assert.rejects(volumes.inspect(name), { code: 'ERR_PATH_SEGMENT_INVALID' })
    }
    await assert.rejects(volumes.remove('x', { Force: true } as object), { code: 'ERR_OPTION_UNKNOWN' })
  })

  // Without a storage plugin (CSI) nothing is made of it; the swarm keeps what it shall be.
  test('a volume of the swarm: made, found and updated by a manager, and by nobody else', async () => {
    const { volumes } = docker
    await assert.rejects(volumes.update('nothing', {}, { version: 1 }), UnavailableError)
    await docker.swarm.init({ ListenAddr: '127.0.0.1:0', AdvertiseAddr: '127.0.0.1' })
    const Spec = { AccessMode: { Scope: 'single', Sharing: 'none', MountVolume: {} } } as const
    const made = await volumes.create({ Name: 'everywhere', Driver: 'csi', ClusterVolumeSpec: Spec })
    assert.equal(made.ClusterVolume?.Spec.AccessMode?.Scope, 'single')
    const { ClusterVolume, Scope } = await volumes.inspect(made.ClusterVolume.ID)
    assert.ok(ClusterVolume, 'it is a volume of the swarm')
    assert.equal(Scope, 'global')
    const { Version } = ClusterVolume
    const paused = { Spec: { ...ClusterVolume.Spec, Availability: 'pause' } } as const
    await volumes.update(ClusterVolume.ID, paused, { version: Version.Index })
    const updated = await volumes.inspect(ClusterVolume.ID)
    assert.equal(updated.ClusterVolume?.Spec.Availability, 'pause')
    await assert.rejects(volumes.update(ClusterVolume.ID, paused, { version: Version.Index }), /out of sequence/)
    await assert.rejects(volumes.update('nothing', paused, { version: 1 }), NotFoundError)
    await volumes.remove(ClusterVolume.ID, { force: true })
  })
})
