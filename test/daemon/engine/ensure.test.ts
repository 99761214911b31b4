import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  ArgumentError,
  ConflictError,
  DockerApiError,
  NotFoundError,
  RegistryError,
  type DockerClient,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { SLEEP, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')

const changes = (results: readonly { readonly changed: boolean }[]): number =>
  results.filter(({ changed }) => changed).length

const thrice = <T>(call: () => PromiseLike<T>): Promise<T[]> => Promise.all([call(), call(), call()])

describe('ensuring a state', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let registry: Registry
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    registry = await startRegistry()
  })
  after(() => Promise.all([registry?.stop(), engine?.stop()]))

  test('a container runs, is stopped, is removed', async () => {
    const { containers } = docker
    const { Id: id } = await containers.create({ Image: engine.image, Cmd: SLEEP })
    assert.deepEqual(await containers.ensureStopped(id), { changed: false })
    assert.deepEqual(await containers.ensureRunning(id), { changed: true })
    assert.deepEqual(await containers.ensureRunning(id), { changed: false })
    await containers.pause(id)
    assert.equal(changes(await thrice(() => containers.ensureRunning(id))), 1)
    assert.equal((await containers.inspect(id)).State.Status, 'running')
    assert.deepEqual(await containers.ensureStopped(id, { t: 1 }), { changed: true })
    assert.deepEqual(await containers.ensureStopped(id), { changed: false })
    // dockerd answers 204, not 304, to a start that waited for another one (moby, daemon/start.go: containerStart).
    assert.ok(changes(await thrice(() => containers.ensureRunning(id))) >= 1, 'at the same time')
    // Nor does it always refuse a removal that began before another one had ended (moby, daemon/delete.go).
    assert.ok(changes(await thrice(() => containers.ensureRemoved(id))) >= 1, 'at the same time')
    await assert.rejects(containers.inspect(id), NotFoundError)
    assert.deepEqual(await containers.ensureRemoved(id), { changed: false })
  })

  test('a container that is not there, or can not run, is an error', async () => {
    await assert.rejects(docker.containers.ensureRunning('nowhere'), NotFoundError)
    await assert.rejects(docker.containers.ensureStopped('nowhere'), NotFoundError)
    const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['nosuchprogram'] })
    await assert.rejects(docker.containers.ensureRunning(Id), DockerApiError)
    assert.deepEqual(await docker.containers.ensureRemoved(Id), { changed: true })
  })

  test('anonymous volumes stay, unless their removal is asked for', async () => {
    for (const v of [false, true]) {
      const { Id } = await docker.containers.create({ Image: engine.image, Volumes: { '/data': {} } })
      const [{ Name: volume } = {}] = (await docker.containers.inspect(Id)).Mounts
      assert.ok(volume)
      await docker.containers.ensureRemoved(Id, { v })
      assert.deepEqual(await docker.volumes.ensureRemoved(volume), { changed: !v })
    }
  })

  test('an image is pulled only if it is missing', async () => {
    const name = `${registry.host}/ensured:1`
    await docker.images.tag(engine.image, name)
    await docker.images.push(name)
    const { Id } = await docker.images.inspect(name)
    assert.deepEqual(await docker.images.ensure(name), { changed: false, id: Id })
    assert.deepEqual(await docker.images.ensureRemoved(name), { changed: true })
    assert.deepEqual(await docker.images.ensureRemoved(name), { changed: false })
    const ensuring = docker.images.ensure(name)
    const said: (string | undefined)[] = []
    for await (const { status } of ensuring) said.push(status)
    assert.ok(said.length > 0)
    // The daemon still has its layers under another name, so the registry has nothing new.
    assert.equal((await ensuring).id, Id)
    const { Architecture } = await docker.images.inspect(name)
    const same = await docker.images.ensure(name, { platform: `linux/${Architecture}` })
    assert.deepEqual(same, { changed: false, id: Id })
    const [...results] = await thrice(() => docker.images.ensure(name))
    assert.equal(changes(results), 0)
    // For another platform it asks the registry.
    const other = docker.images.ensure(name, { platform: 'linux/s390x' })
    const asked: unknown[] = []
    await assert.rejects(async () => {
      for await (const message of other) asked.push(message)
      throw new Error(`pulled ${asked.length}`)
    })
  })

  test('an image that is nowhere, or has no name, is an error', async () => {
    await assert.rejects(Promise.resolve(docker.images.ensure(`${registry.host}/nothing:1`)), DockerApiError)
    await assert.rejects(Promise.resolve(docker.images.ensure('No Name')), RegistryError)
    const option = { allTags: true } as object
    await assert.rejects(Promise.resolve(docker.images.ensure('a', option)), { code: 'ERR_OPTION_UNKNOWN' })
    await docker.containers.create({ Image: engine.image }, { name: 'user' })
    const { Id } = await docker.images.inspect(engine.image)
    await assert.rejects(docker.images.ensureRemoved(Id), ConflictError)
    await docker.containers.ensureRemoved('user')
  })

  test('a network is created once, and must not differ', async () => {
    const network = {
      Name: 'ensured',
      Driver: 'bridge',
      Internal: true,
      Attachable: false,
      IPAM: { Config: [{ Subnet: '10.123.0.0/24' }] },
      Labels: { stage: 'test' },
    }
    const results = await thrice(() => docker.networks.ensure(network))
    assert.equal(changes(results), 1)
    assert.equal(new Set(results.map(({ id }) => id)).size, 1)
    assert.equal((await docker.networks.list({ filters: { name: 'ensured' } })).length, 1)
    assert.equal((await docker.networks.ensure({ Name: 'ensured' })).changed, false, 'what is not requested')
    const rows: [object, RegExp][] = [
      [{ Internal: false }, /^ensuring the network ensured: it exists, but differs in Internal\.\n/],
      [{ IPAM: { Config: [{ Subnet: '10.124.0.0/24' }] } }, /differs in IPAM\.Config\.0\.Subnet\.\n/],
      [{ IPAM: { Config: [{ Subnet: '10.123.0.0/24' }, { Subnet: 'fd00::/64' }] } }, /differs in IPAM\.Config\.\n/],
      [{ Labels: { stage: 'live' }, Driver: 'macvlan' }, /differs in Labels\.stage and Driver\.\n/],
    ]
    for (const [other, message] of rows) {
      await assert.rejects(docker.networks.ensure({ Name: 'ensured', ...other }), (error: unknown) => {
        assert.ok(error instanceof ConflictError, String(error))
        assert.match(error.message, message)
        return true
      })
    }
    const beginning = (results[0]?.id ?? '').slice(0, 12)
    assert.equal((await docker.networks.ensure({ Name: beginning })).changed, true, 'an id is no name')
    await docker.networks.ensureRemoved(beginning)
    assert.equal(changes(await thrice(() => docker.networks.ensureRemoved('ensured'))), 1)
    await assert.rejects(docker.networks.ensureRemoved('bridge'), DockerApiError)
  })

  test('a volume is created if it is missing, and must not differ', async () => {
    const DriverOpts = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }
    const volume = { Name: 'ensured', DriverOpts, Labels: { stage: 'test' } }
    assert.deepEqual(await docker.volumes.ensure(volume), { changed: true })
    assert.equal(changes(await thrice(() => docker.volumes.ensure(volume))), 0)
    assert.deepEqual(await docker.volumes.ensure({ Name: 'ensured' }), { changed: false })
    const secret = { ...DriverOpts, o: 'password=abc' }
    await assert.rejects(docker.volumes.ensure({ ...volume, DriverOpts: secret }), (error: unknown) => {
      assert.ok(error instanceof ConflictError)
      assert.match(error.message, /^ensuring the volume ensured: it exists, but differs in Options\.o\.\n/)
      assert.doesNotMatch(error.message, /abc/)
      return true
    })
    assert.deepEqual(await docker.volumes.ensureRemoved('ensured'), { changed: true })
    assert.deepEqual(await docker.volumes.ensureRemoved('ensured'), { changed: false })
  })

  test('refuses wrong options and bodies without a name', async () => {
    const x = { force: true } as object
    for (const call of [
      () => docker.containers.ensureRunning('a', x),
      () => docker.containers.ensureStopped('a', x),
      () => docker.containers.ensureRemoved('a', x),
      () => docker.networks.ensure({ Name: 'a' }, x),
      () => docker.networks.ensureRemoved('a', x),
      () => docker.volumes.ensure({ Name: 'a' }, x),
      () => docker.volumes.ensureRemoved('a', x),
      () => docker.networks.ensure({} as never),
      () => docker.volumes.ensure({ Driver: 'local' } as never),
    ]) {
      await assert.rejects(call, ArgumentError)
    }
    const signal = AbortSignal.abort(new Error('mine'))
    await assert.rejects(docker.networks.ensure({ Name: 'a' }, { signal }), /^Error: mine$/)
    await assert.rejects(Promise.resolve(docker.images.ensure('a', { signal })), /^Error: mine$/)
  })
})
