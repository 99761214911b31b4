import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  DockerApiError,
  NotFoundError,
  NotModifiedError,
  type DockerClient,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

const REACHES_NOTHING: ReadonlySet<string> = new Set([
  'ERR_API_NOT_FOUND',
  'ERR_API_BAD_REQUEST',
  'ERR_PATH_SEGMENT_INVALID',
])

describe('containers', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  test('a life: created, started, paused, renamed, stopped, restarted, killed, removed', async () => {
    const { containers } = docker
    const { Id, Warnings } = await containers.create({ Image: engine.image, Cmd: ['sleep', '1000'] }, { name: 'alive' })
    assert.match(Id, /^[0-9a-f]{64}$/)
    assert.deepEqual(Warnings, [])
    const status = async (): Promise<string> => (await containers.inspect(Id)).State.Status
    assert.equal(await status(), 'created')
    await containers.start(Id)
    assert.equal(await status(), 'running')
    await assert.rejects(containers.start(Id), NotModifiedError)
    await containers.pause(Id)
    assert.equal(await status(), 'paused')
    await assert.rejects(containers.pause(Id), ConflictError)
    await assert.rejects(containers.attach(Id), ConflictError)
    await containers.unpause(Id)
    await containers.rename(Id, 'renamed')
    assert.equal((await containers.inspect('renamed')).Id, Id)
    await containers.restart(Id, { t: 0 })
    assert.equal(await status(), 'running')
    await engine.runs(Id, 'sleep 1000')
    await assert.rejects(containers.remove(Id), ConflictError)
    await containers.stop(Id, { killSignal: 'SIGINT', t: 0 })
    assert.equal((await containers.inspect(Id)).State.ExitCode, 137)
    await assert.rejects(containers.stop(Id), NotModifiedError)
    await assert.rejects(containers.kill(Id), ConflictError)
    await containers.start(Id)
    await containers.kill(Id, { killSignal: 9 })
    assert.deepEqual(await containers.wait(Id), { StatusCode: 137 })
    await containers.remove(Id, { v: true })
    await assert.rejects(containers.inspect(Id), NotFoundError)
  })

  test('a list, its filters and its sizes', async () => {
    const { containers } = docker
    const running = await engine.start({ Labels: { stage: 'one' }, ExposedPorts: { '80/tcp': {} } }, 'list-one')
    const { Id: created } = await containers.create({ Image: engine.image, Labels: { stage: 'two' } })
    const ids = async (options: Parameters<typeof containers.list>[0]): Promise<string[]> =>
      (await containers.list(options)).map(({ Id }) => Id)
    assert.deepEqual(await ids({ filters: { label: 'stage' } }), [running])
    assert.deepEqual(await ids({ all: true, filters: { label: 'stage' } }), [created, running])
    assert.deepEqual(await ids({ limit: 1 }), [created])
    assert.deepEqual(await ids({ filters: { label: 'stage', status: ['created', 'exited'] } }), [created])
    assert.deepEqual(await ids({ filters: { name: '^/list-one$' } }), [running])
    assert.deepEqual(await ids({ all: true, filters: { label: ['stage', 'stage=two'] } }), [created])
    assert.deepEqual(await ids({ all: true, filters: { since: running } }), [created])
    assert.deepEqual(await ids({ filters: { ancestor: 'nothing' } }), [])
    const [one] = await containers.list({ size: true, filters: { id: running } })
    assert.equal(one?.State, 'running')
    assert.deepEqual(one.Names, ['/list-one'])
    assert.deepEqual(one.Labels, { stage: 'one' })
    assert.deepEqual(one.Ports, [{ PrivatePort: 80, Type: 'tcp' }])
    assert.ok((one.SizeRootFs ?? 0) > 100_000, `the size is ${one.SizeRootFs}`)
    assert.equal(one.HostConfig.NetworkMode, 'bridge')
    assert.ok(one.NetworkSettings?.Networks?.['bridge']?.IPAddress, 'it has an address')
    await assert.rejects(containers.list({ filters: { colour: 'red' } as object, allowUnknown: true }), BadRequestError)
    await assert.rejects(containers.list({ filters: new Map([['label', 'x']]) as object }), {
      code: 'ERR_ARGUMENT_INVALID',
    })
    await containers.remove(running, { force: true })
    await containers.remove(created)
  })

  test('settings arrive, and what is inspected can be created again', async () => {
    const { containers } = docker
    const { Id } = await containers.create({
      Image: engine.image,
      Cmd: ['env'],
      Entrypoint: [''],
      Env: ['A=1'],
      Hostname: 'host-a',
      User: '65534:65534',
      WorkingDir: '/tmp',
      Labels: { a: 'b' },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      Healthcheck: { Test: ['CMD', 'true'], Interval: 5_000_000_000, StartInterval: 1_000_000_000 },
      HostConfig: {
        Memory: 32 * 1024 ** 2,
        NanoCpus: 500_000_000,
        PidsLimit: 50,
        Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }],
        Mounts: [{ Type: 'tmpfs', Target: '/cache', TmpfsOptions: { SizeBytes: 65_536, Mode: 0o700 } }],
        Tmpfs: { '/run': 'size=64k' },
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        Annotations: { note: 'x' },
        ExtraHosts: ['db:10.0.0.1'],
        ShmSize: 65_536,
      },
      NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: '02:42:ac:11:00:77' } } },
    })
    const first = await containers.inspect(Id, { size: true })
    assert.deepEqual(
      [first.Config.Env, first.Config.User, first.Config.StopTimeout],
      [['A=1', 'PATH=/bin'], '65534:65534', 3],
    )
    assert.equal(first.Config.Healthcheck?.StartInterval, 1_000_000_000)
    const { HostConfig } = first
    assert.deepEqual([HostConfig.Memory, HostConfig.NanoCpus, HostConfig.PidsLimit], [33_554_432, 500_000_000, 50])
    assert.deepEqual(HostConfig.Ulimits, [{ Name: 'nofile', Soft: 100, Hard: 200 }])
    assert.deepEqual(HostConfig.Mounts?.[0]?.TmpfsOptions, { SizeBytes: 65_536, Mode: 0o700 })
    assert.deepEqual(HostConfig.Annotations, { note: 'x' })
    assert.equal(first.NetworkSettings.Networks['bridge']?.MacAddress, '02:42:ac:11:00:77')
    assert.equal(first.Name.startsWith('/'), true)
    assert.ok(first.SizeRw !== undefined, 'it has a size')
    assert.equal((await containers.inspect(Id)).SizeRw, undefined)
    const { Id: again } = await containers.create({ ...first.Config, HostConfig })
    const second = await containers.inspect(again)
    assert.deepEqual(second.Config, first.Config)
    assert.deepEqual(second.HostConfig, first.HostConfig)
    await Promise.all([containers.remove(Id), containers.remove(again)])
  })

  test('a container that can not be made, or not be started', async () => {
    const { containers } = docker
    await assert.rejects(containers.create({ Image: 'nothing:here' }), (error: unknown) => {
      assert.ok(error instanceof NotFoundError, String(error))
      assert.equal(error.daemonMessage, 'No such image: nothing:here')
      return true
    })
    const { Id } = await containers.create({ Image: engine.image, Cmd: ['/no/such/program'] }, { name: 'taken' })
    await assert.rejects(containers.create({ Image: engine.image }, { name: 'taken' }), ConflictError)
    await assert.rejects(containers.create({ Image: engine.image }, { name: '-x' }), BadRequestError)
    await assert.rejects(containers.create({ Image: engine.image }, { platform: 'linux/s390x' }), NotFoundError)
    await assert.rejects(containers.create({ Image: engine.image, HostConfig: { Memory: 1 } }), BadRequestError)
    await assert.rejects(containers.start(Id), (error: unknown) => {
      assert.ok(error instanceof BadRequestError, String(error))
      assert.match(error.daemonMessage ?? '', /no such file or directory/)
      return true
    })
    const { State } = await containers.inspect(Id)
    assert.equal(State.ExitCode, 127)
    assert.match(State.Error, /no such file/)
    await containers.remove(Id)
  })

  test('processes, changes and limits of one that runs', async () => {
    const { containers } = docker
    const id = await engine.start({ Cmd: ['sh', '-c', 'echo x > /new; rm /etc/group; exec sleep 1000'] })
    await docker.exec.create(id, { Cmd: ['true'] })
    await engine.runs(id, 'sleep 1000')
    const top = await containers.top(id)
    assert.ok(top.Titles.includes('PID'), top.Titles.join())
    const byArguments = await containers.top(id, { ps_args: '-o pid,comm' })
    assert.deepEqual(byArguments.Titles, ['PID', 'COMMAND'])
    const changes = await containers.changes(id)
    const kinds = Object.fromEntries(changes.map(({ Path, Kind }) => [Path, Kind]))
    assert.deepEqual([kinds['/new'], kinds['/etc'], kinds['/etc/group']], [1, 0, 2])
    const updated = await containers.update(id, {
      Memory: 64 * 1024 ** 2,
      MemorySwap: -1,
      RestartPolicy: { Name: 'always' },
    })
    assert.ok(updated.Warnings === null || updated.Warnings.length === 0, JSON.stringify(updated))
    const { HostConfig } = await containers.inspect(id)
    assert.deepEqual([HostConfig.Memory, HostConfig.RestartPolicy?.Name], [67_108_864, 'always'])
    await assert.rejects(containers.update(id, { BlkioDeviceReadBps: [] }), { code: 'ERR_API_FIELD_TOO_NEW' })
    await assert.rejects(containers.update(id, { Memory: 1 }), BadRequestError)
    await containers.update(id, { RestartPolicy: { Name: 'no' } })
    await containers.kill(id)
    await containers.wait(id)
    await assert.rejects(containers.top(id), ConflictError)
    await containers.remove(id)
  })

  test('waiting: for its end, for its next end, for its removal', async () => {
    const { containers } = docker
    const { Id } = await containers.create({ Image: engine.image, Cmd: ['sh', '-c', 'exit 7'] })
    const next = containers.wait(Id, { condition: 'next-exit' })
    const removed = containers.wait(Id, { condition: 'removed' })
    await containers.start(Id)
    assert.deepEqual(await next, { StatusCode: 7 })
    assert.deepEqual(await containers.wait(Id, { condition: 'not-running' }), { StatusCode: 7 })
    await containers.remove(Id)
    assert.equal((await removed).StatusCode, 7)
    await assert.rejects(containers.wait(Id), NotFoundError)
    await assert.rejects(containers.wait(Id, { condition: 'never' as never }), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('a copy is created from the answer to inspect, and a misspelt field is refused', async () => {
    const { containers } = docker
    const HostConfig = { Memory: 64 * 1024 ** 2, PortBindings: { '80/tcp': [{ HostPort: '' }] } }
    const { Id } = await containers.create({ Image: engine.image, Labels: { any: 'key' }, HostConfig })
    const original = await containers.inspect(Id)
    const NetworkingConfig = { EndpointsConfig: original.NetworkSettings.Networks }
    const copy = await containers.create({ ...original.Config, HostConfig: original.HostConfig, NetworkingConfig })
    assert.equal((await containers.inspect(copy.Id)).HostConfig.Memory, HostConfig.Memory)
    const misspelt = { Image: engine.image, HostConfig: { Memroy: 1 } }
    await assert.rejects(containers.create(misspelt as object), {
      name: 'ArgumentError',
      code: 'ERR_API_FIELD_UNKNOWN',
    })
    const unlimited = await containers.create(misspelt as object, { allowUnknown: true })
    assert.equal((await containers.inspect(unlimited.Id)).HostConfig.Memory, 0)
    for (const id of [Id, copy.Id, unlimited.Id]) await containers.remove(id)
  })

  test('a prune takes what its filters say, and no more', async () => {
    const { containers } = docker
    const { Id: pruned } = await containers.create({ Image: engine.image, Labels: { prune: 'yes' } })
    const { Id: kept } = await containers.create({ Image: engine.image })
    const { ContainersDeleted, SpaceReclaimed } = await containers.prune({ filters: { label: 'prune=yes' } })
    assert.deepEqual(ContainersDeleted, [pruned])
    assert.equal(typeof SpaceReclaimed, 'number')
    assert.equal((await containers.inspect(kept)).Id, kept)
    const invalid = { code: 'ERR_ARGUMENT_INVALID' }
    await assert.rejects(containers.prune({ filters: { until: 'yesterday' } }), invalid)
    await assert.rejects(containers.prune({ filters: { until: Date.now() } }), invalid)
    const yesterday = new Date(Date.now() - 86_400_123)
    for (const until of ['24h', yesterday, yesterday.toISOString(), Math.floor(yesterday.getTime() / 1000)])
      assert.equal((await containers.prune({ filters: { until } })).ContainersDeleted, null, String(until))
    assert.deepEqual((await containers.prune({ filters: { until: new Date() } })).ContainersDeleted, [kept])
  })

  test('an id reaches its own container and nothing else', async () => {
    const { containers } = docker
    const hostile = ['../x', 'a/../../images/prune', 'x?force=true', 'x#y', '%2e%2e', 'a b', '\u{1F433}', 'x\r\ny']
    for (const id of hostile) {
      const calls = [containers.inspect(id), containers.remove(id), containers.start(id), containers.logs(id)]
      const results = await Promise.allSettled([...calls, docker.exec.inspect(id), containers.archive.stat(id, '/')])
      for (const result of results) {
        assert.ok(result.status === 'rejected', `${id} reached something`)
        const { code } = result.reason as { code: string }
        assert.ok(REACHES_NOTHING.has(code), `${id}: ${String(result.reason)}`)
      }
    }
    for (const id of ['', '.', '..', 3, null, undefined]) {
      await assert.rejects(containers.inspect(id as string), { code: 'ERR_PATH_SEGMENT_INVALID' })
      await assert.rejects(Promise.resolve(containers.stats(id as string)), { code: 'ERR_PATH_SEGMENT_INVALID' })
    }
  })

  test('options that can not be meant are refused before anything is sent', async () => {
    const { containers } = docker
    const unknown = [
      containers.list({ al: true } as object),
      containers.create({}, { nmae: 'x' } as object),
      containers.stop('x', { signal: 'SIGINT' } as never),
      containers.logs('x', { folow: true } as object),
      containers.stats('x', { interval: 1 } as object),
      containers.attach('x', { tty: true } as object),
      containers.archive.get('x', '/', { path: '/' } as object),
      docker.exec.start('x', {}, { Tty: true } as object),
    ]
    for (const result of await Promise.allSettled(unknown)) {
      assert.ok(result.status === 'rejected', 'it was taken')
      const { code } = result.reason as { code: string }
      assert.ok(['ERR_OPTION_UNKNOWN', 'ERR_ARGUMENT_INVALID'].includes(code), String(result.reason))
    }
    await assert.rejects(containers.rename('x', ''), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(containers.create('alpine' as never), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(containers.archive.put('x', '/', 'text' as never), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('a terminal is resized', async () => {
    const { containers } = docker
    const id = await engine.start({ Cmd: ['sleep', '1000'], Tty: true })
    await containers.resize(id, { h: 30, w: 100 })
    await assert.rejects(containers.resize(id, { h: 30 } as never), BadRequestError)
    await containers.remove(id, { force: true })
  })

  test('checkpoints are an experiment, which this daemon lacks', async () => {
    const id = await engine.start()
    await assert.rejects(docker.checkpoints.list(id), (error: unknown) => {
      assert.ok(error instanceof DockerApiError, String(error))
      assert.deepEqual([error.status, error.code], [501, 'ERR_API_STATUS'])
      assert.match(error.daemonMessage ?? '', /experimental feature is disabled/)
      return true
    })
    await docker.containers.remove(id, { force: true })
  })
})
