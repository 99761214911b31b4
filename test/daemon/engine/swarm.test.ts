import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  connect,
  NotFoundError,
  ServerError,
  UnauthorizedError,
  UnavailableError,
  type DockerClient,
  type NodeSpec,
} from '../../../lib/index.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { lacks } from '../../support/requirements.ts'
import type { Daemon } from '../harness/dockerd.ts'
import { startTlsDaemon } from '../harness/secured.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { published } from '../support/published.ts'
import { ON_LOOPBACK, serviceOf, startSwarmEngine, taskOf, tasksOf } from '../support/swarm-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

describe('where there is no swarm', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  test('every question about one is an UnavailableError', async () => {
    const spec = serviceOf('web', 'true', { Image: engine.image })
    const questions: Record<string, () => PromiseLike<unknown>> = {
      'swarm.inspect': () => docker.swarm.inspect(),
      'swarm.update': () => docker.swarm.update({}, { version: 1 }),
      'swarm.unlockKey': () => docker.swarm.unlockKey(),
      'swarm.unlock': () => docker.swarm.unlock({ UnlockKey: 'SWMKEY-1-x' }),
      'swarm.leave': () => docker.swarm.leave(),
      'nodes.list': () => docker.nodes.list(),
      'nodes.inspect': () => docker.nodes.inspect('x'),
      'nodes.update': () => docker.nodes.update('x', {}, { version: 1 }),
      'nodes.remove': () => docker.nodes.remove('x'),
      'services.list': () => docker.services.list(),
      'services.create': () => docker.services.create(spec),
      'services.inspect': () => docker.services.inspect('x'),
      'services.update': () => docker.services.update('x', spec, { version: 1 }),
      'services.remove': () => docker.services.remove('x'),
      'services.logs': () => docker.services.logs('x'),
      'tasks.list': () => docker.tasks.list(),
      'tasks.inspect': () => docker.tasks.inspect('x'),
      'tasks.logs': () => docker.tasks.logs('x'),
      'secrets.list': () => docker.secrets.list(),
      'secrets.create': () => docker.secrets.create({ Name: 'x', Data: Buffer.from('x') }),
      'secrets.inspect': () => docker.secrets.inspect('x'),
      'secrets.update': () => docker.secrets.update('x', { Name: 'x' }, { version: 1 }),
      'secrets.remove': () => docker.secrets.remove('x'),
      'configs.list': () => docker.configs.list(),
      'configs.create': () => docker.configs.create({ Name: 'x', Data: Buffer.from('x') }),
      'configs.inspect': () => docker.configs.inspect('x'),
      'configs.update': () => docker.configs.update('x', { Name: 'x' }, { version: 1 }),
      'configs.remove': () => docker.configs.remove('x'),
    }
    for (const [name, ask] of Object.entries(questions)) {
      await assert.rejects(Promise.resolve(ask()), (error: unknown) => {
        assert.ok(error instanceof UnavailableError, `${name}: ${String(error)}`)
        assert.equal(error.status, 503)
        assert.match(error.daemonMessage ?? '', /This node is not (a swarm manager|part of a swarm)/, name)
        return true
      })
    }
  })

  test('none is made at an address that is not here, and none is joined without a token', async () => {
    await assert.rejects(docker.swarm.init({ ...ON_LOOPBACK, ListenAddr: 'nowhere0:2377' }), BadRequestError)
    const RemoteAddrs = ['127.0.0.1:2377']
    await assert.rejects(
      docker.swarm.join({ ListenAddr: '127.0.0.1', RemoteAddrs, JoinToken: 'SWMTKN-1-x' }),
      ServerError,
    )
    await assert.rejects(docker.swarm.inspect(), UnavailableError)
  })

  test('what is no id, no option and no body is refused before it is sent', async () => {
    const invalid = { code: 'ERR_PATH_SEGMENT_INVALID' }
    const unknown = { code: 'ERR_OPTION_UNKNOWN' }
    for (const bad of ['', '.', '..', 'a/../../info']) {
      await assert.rejects(docker.nodes.inspect(bad), invalid, bad)
      await assert.rejects(docker.nodes.remove(bad), invalid, bad)
      await assert.rejects(docker.nodes.update(bad, {}, { version: 1 }), invalid, bad)
      await assert.rejects(docker.services.inspect(bad), invalid, bad)
      await assert.rejects(docker.services.remove(bad), invalid, bad)
      await assert.rejects(docker.services.update(bad, {}, { version: 1 }), invalid, bad)
      await assert.rejects(Promise.resolve(docker.services.logs(bad)), invalid, bad)
      await assert.rejects(docker.tasks.inspect(bad), invalid, bad)
      await assert.rejects(Promise.resolve(docker.tasks.logs(bad)), invalid, bad)
      await assert.rejects(docker.secrets.inspect(bad), invalid, bad)
      await assert.rejects(docker.configs.remove(bad), invalid, bad)
    }
    // @ts-expect-error no such option
    await assert.rejects(docker.swarm.leave({ forced: true }), unknown)
    // @ts-expect-error no such option
    await assert.rejects(docker.services.create({}, { registryAuth: 'x' }), unknown)
    // @ts-expect-error no such option
    await assert.rejects(docker.services.update('x', {}, { version: 1, force: true }), unknown)
    // @ts-expect-error no such option
    await assert.rejects(Promise.resolve(docker.services.logs('x', { until: 1 })), unknown)
    const argument = { code: 'ERR_ARGUMENT_INVALID' }
    // @ts-expect-error no object
    await assert.rejects(docker.swarm.init('127.0.0.1:2377'), argument)
    // @ts-expect-error no object
    await assert.rejects(docker.secrets.create('x'), argument)
    // @ts-expect-error no object
    await assert.rejects(docker.configs.create(null), argument)
    // @ts-expect-error no object
    await assert.rejects(docker.services.create(null), argument)
  })
})

describe('a swarm of one node', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let node: string
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    node = await docker.swarm.init({
      ...ON_LOOPBACK,
      DefaultAddrPool: ['10.77.0.0/16'],
      SubnetSize: 26,
      DataPathPort: 4790,
      Spec: { Labels: { stage: 'test' }, Orchestration: { TaskHistoryRetentionLimit: 2 } },
    })
  })
  after(() => engine?.stop())

  test('is as it was asked for, and is made once', async () => {
    const swarm = await docker.swarm.inspect()
    assert.deepEqual(swarm.DefaultAddrPool, ['10.77.0.0/16'])
    assert.equal(swarm.SubnetSize, 26)
    assert.equal(swarm.DataPathPort, 4790)
    assert.deepEqual(swarm.Spec.Labels, { stage: 'test' })
    assert.equal(swarm.Spec.Orchestration?.TaskHistoryRetentionLimit, 2)
    assert.equal(swarm.Spec.EncryptionConfig?.AutoLockManagers, false)
    assert.match(swarm.TLSInfo.TrustRoot ?? '', /^-----BEGIN CERTIFICATE-----/)
    assert.match(swarm.JoinTokens.Worker, /^SWMTKN-1-/)
    await assert.rejects(docker.swarm.init(ON_LOOPBACK), UnavailableError)
    const join = { ListenAddr: '127.0.0.1', RemoteAddrs: ['127.0.0.1:1'], JoinToken: swarm.JoinTokens.Worker }
    await assert.rejects(docker.swarm.join(join), UnavailableError)
  })

  test('an update changes what is given, rotates what is asked for, and loses to one that came before', async () => {
    const first = await docker.swarm.inspect()
    const Spec = { ...first.Spec, Dispatcher: { HeartbeatPeriod: 3e9 }, Labels: { stage: 'later' } }
    await docker.swarm.update(Spec, { version: first.Version.Index, rotateWorkerToken: true })
    const second = await docker.swarm.inspect()
    assert.equal(second.Spec.Dispatcher?.HeartbeatPeriod, 3e9)
    assert.deepEqual(second.Spec.Labels, { stage: 'later' })
    assert.notEqual(second.JoinTokens.Worker, first.JoinTokens.Worker)
    assert.equal(second.JoinTokens.Manager, first.JoinTokens.Manager)
    await docker.swarm.update(second.Spec, { version: second.Version.Index, rotateManagerToken: true })
    const third = await docker.swarm.inspect()
    assert.deepEqual(third.Spec, second.Spec)
    assert.equal(third.JoinTokens.Worker, second.JoinTokens.Worker)
    assert.notEqual(third.JoinTokens.Manager, second.JoinTokens.Manager)

    await assert.rejects(docker.swarm.update(first.Spec, { version: first.Version.Index }), (error: unknown) => {
      assert.ok(error instanceof ConflictError, String(error))
      assert.equal(error.code, 'ERR_API_CONFLICT')
      assert.match(error.todo, /Inspect it again/)
      return true
    })
    // @ts-expect-error the version is needed
    await assert.rejects(docker.swarm.update(first.Spec), BadRequestError)
  })

  test('its node is found by all its filters, and by nothing else', async () => {
    const [found] = await docker.nodes.list()
    assert.equal(found?.ID, node)
    assert.equal(found.Spec.Role, 'manager')
    assert.equal(found.Status.State, 'ready')
    assert.equal(found.Status.Addr, '127.0.0.1')
    assert.deepEqual(found.ManagerStatus, { Leader: true, Reachability: 'reachable', Addr: '127.0.0.1:2377' })
    assert.equal(found.Description.Platform.OS, 'linux')
    assert.match(found.Description.Engine.EngineVersion ?? '', /^\d+\./)
    assert.ok((found.Description.Resources.MemoryBytes ?? 0) > 0, 'it has memory')
    assert.deepEqual(await docker.nodes.inspect(found.Description.Hostname ?? ''), await docker.nodes.inspect(node))

    const ids = async (filters: object): Promise<string[]> =>
      (await docker.nodes.list({ filters, allowUnknown: true })).map(({ ID }) => ID)
    assert.deepEqual(await ids({ id: node, role: 'manager', membership: 'accepted' }), [node])
    assert.deepEqual(await ids({ name: found.Description.Hostname }), [node])
    assert.deepEqual(await ids({ role: 'worker' }), [])
    assert.deepEqual(await ids({ 'node.label': 'zone' }), [])
    assert.deepEqual(await ids({ label: 'zone=a' }), [])
    await assert.rejects(ids({ colour: 'red' }), BadRequestError)
    await assert.rejects(docker.nodes.inspect('nobody'), NotFoundError)
  })

  const change = async (spec: NodeSpec): Promise<void> => {
    const { Version, Spec } = await docker.nodes.inspect(node)
    await docker.nodes.update(node, { ...Spec, ...spec }, { version: Version.Index })
  }

  test('a node that drains gives its tasks away, and gets them back; its labels place them', async () => {
    const spec = serviceOf('placed', 'true', { Image: engine.image })
    await docker.services.create({
      ...spec,
      TaskTemplate: { ...spec.TaskTemplate, Placement: { Constraints: ['node.labels.zone==a'] } },
    })
    const [waiting] = await tasksOf(docker, 'placed', { state: 'pending' })
    assert.ok(waiting, 'it waits')
    await until('why it waits', async () =>
      /no suitable node/.test((await docker.tasks.inspect(waiting.ID)).Status.Err ?? ''),
    )
    await change({ Labels: { zone: 'a' } })
    assert.deepEqual(
      (await docker.nodes.list({ filters: { 'node.label': 'zone=a' } })).map(({ ID }) => ID),
      [node],
    )
    const { ID } = await taskOf(docker, 'placed')
    await change({ Availability: 'drain' })
    await until('the task has ended', async () => (await docker.tasks.inspect(ID)).Status.State === 'shutdown')
    await change({ Availability: 'active' })
    assert.notEqual((await taskOf(docker, 'placed')).ID, ID)
    await docker.services.remove('placed')
  })

  test('a node is not changed by who has not seen its last change, nor removed while it is up', async () => {
    const { Spec, Version } = await docker.nodes.inspect(node)
    await change({ Labels: { zone: 'b' } })
    await assert.rejects(docker.nodes.update(node, Spec, { version: Version.Index }), ConflictError)
    await assert.rejects(docker.nodes.update('nobody', Spec, { version: Version.Index }), NotFoundError)
    await assert.rejects(docker.nodes.remove(node), BadRequestError)
    await assert.rejects(docker.nodes.remove(node, { force: true }), BadRequestError)
    await assert.rejects(docker.nodes.remove('nobody'), NotFoundError)
    // The last manager can't become a worker.
    await assert.rejects(change({ Role: 'worker' }), BadRequestError)
  })

  test('it is left by force alone, and then is no more', async () => {
    await assert.rejects(docker.swarm.leave(), (error: unknown) => {
      assert.ok(error instanceof UnavailableError, String(error))
      assert.match(error.daemonMessage ?? '', /last manager/)
      return true
    })
    await docker.swarm.leave({ force: true })
    await assert.rejects(docker.swarm.inspect(), UnavailableError)
    await assert.rejects(docker.swarm.leave({ force: true }), UnavailableError)
    assert.match(await docker.swarm.init(ON_LOOPBACK), /^[a-z0-9]{25}$/)
  })
})

describe('a swarm whose managers lock', { skip }, () => {
  let engine: BusyboxEngine
  let again: Daemon | undefined
  before(async () => {
    engine = await startSwarmEngine()
  })
  after(async () => {
    await again?.stop()
    await engine?.stop()
  })

  test('after a restart there is nothing but unlocking it, with its key', async () => {
    const { daemon, docker } = engine
    assert.deepEqual(await docker.swarm.unlockKey(), { UnlockKey: '' })
    await assert.rejects(docker.swarm.unlock({ UnlockKey: 'SWMKEY-1-x' }), ConflictError)
    const { Spec, Version } = await docker.swarm.inspect()
    // A manager alone waits this long for others before it leads: 3 s.
    const Raft = { ...Spec.Raft, ElectionTick: 3 }
    const locking = { ...Spec, Raft, EncryptionConfig: { AutoLockManagers: true } }
    await docker.swarm.update(locking, { version: Version.Index })
    const first = await docker.swarm.unlockKey()
    assert.match(first.UnlockKey, /^SWMKEY-1-/)
    const { Version: changed } = await docker.swarm.inspect()
    await docker.swarm.update(locking, { version: changed.Index, rotateManagerUnlockKey: true })
    const second = await docker.swarm.unlockKey()
    assert.notEqual(second.UnlockKey, first.UnlockKey)

    await daemon.stop({ keep: true })
    again = await startTlsDaemon(daemon.place, daemon.server)
    const restarted = await connect({}, daemon.clientEnv)
    try {
      await assert.rejects(restarted.swarm.inspect(), (error: unknown) => {
        assert.ok(error instanceof UnavailableError, String(error))
        assert.match(error.daemonMessage ?? '', /encrypted and needs to be unlocked/)
        return true
      })
      const wrong = `${second.UnlockKey.slice(0, -4)}AAAA`
      let refusal: unknown
      const seen = await published(async () => {
        await assert.rejects(restarted.swarm.unlock({ UnlockKey: wrong }), (error: unknown) => {
          assert.ok(error instanceof UnauthorizedError, String(error))
          assert.match(error.todo, /unlockKey/)
          refusal = error
          return true
        })
        await restarted.swarm.unlock(second)
      })
      assert.equal(seen.length, 2)
      assert.deepEqual(leaksOf([seen, refusal, restarted], tracesOf({ wrong, key: second.UnlockKey })), [])
      await until('it is unlocked', () => restarted.swarm.inspect().catch(() => false as const))
    } finally {
      await restarted.close()
    }
  })
})
