import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  connect,
  NotFoundError,
  UnavailableError,
  type DockerClient,
  type Node,
  type NodeSpec,
} from '../../../lib/index.ts'
import { processesNaming } from '../../support/processes.ts'
import { lacks } from '../../support/requirements.ts'
import { makeImage } from '../harness/image.ts'
import { FIRST_ADDRESS, SECOND_ADDRESS, startSecondDaemon } from '../harness/second.ts'
import type { SecuredDaemon } from '../harness/secured.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { serviceOf, tasksOf } from '../support/swarm-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'nsenter', 'unshare')

describe('two engines', { skip }, () => {
  let engine: BusyboxEngine
  let elsewhere: SecuredDaemon
  let first: DockerClient
  let second: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    first = engine.docker
    elsewhere = await startSecondDaemon()
    await makeImage(elsewhere)
    second = await connect({}, elsewhere.clientEnv)
    await first.swarm.init({
      ListenAddr: `${FIRST_ADDRESS}:2377`,
      AdvertiseAddr: FIRST_ADDRESS,
      // A node that is silent for three of these counts as down.
      Spec: { Dispatcher: { HeartbeatPeriod: 1e9 } },
    })
  })
  after(async () => {
    await second?.close()
    await elsewhere?.stop()
    await engine?.stop()
  })

  const join = async (as: 'Worker' | 'Manager'): Promise<void> => {
    const { JoinTokens } = await first.swarm.inspect()
    await second.swarm.join({
      ListenAddr: `${SECOND_ADDRESS}:2377`,
      AdvertiseAddr: SECOND_ADDRESS,
      RemoteAddrs: [`${FIRST_ADDRESS}:2377`],
      JoinToken: JoinTokens[as],
    })
  }

  const other = async (): Promise<Node> => {
    const node = (await first.nodes.list()).find(({ Status }) => Status.Addr === SECOND_ADDRESS)
    assert.ok(node, 'the second engine is a node')
    return node
  }

  const change = async (spec: NodeSpec): Promise<void> => {
    const { ID, Spec, Version } = await other()
    await first.nodes.update(ID, { ...Spec, ...spec }, { version: Version.Index })
  }

  const isManager = (): Promise<boolean> =>
    second.nodes.list().then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof UnavailableError, String(error))
        return false
      },
    )

  test('a worker joins: it is no manager, and joins once', async () => {
    await join('Worker')
    const node = await other()
    assert.equal(node.Spec.Role, 'worker')
    assert.equal(node.ManagerStatus, undefined)
    await assert.rejects(join('Worker'), UnavailableError)
    await assert.rejects(second.swarm.inspect(), (error: unknown) => {
      assert.ok(error instanceof UnavailableError, String(error))
      assert.match(error.daemonMessage ?? '', /Worker nodes can't be used to view or modify cluster state/)
      return true
    })
  })

  test('a global service runs once on each; its logs come from both, and each task has its own', async () => {
    const spec = serviceOf('everywhere', 'echo at $NODE', { Image: engine.image, Env: ['NODE={{.Node.ID}}'] })
    await first.services.create({ ...spec, Mode: { Global: {} } })
    const tasks = await tasksOf(first, 'everywhere', { count: 2 })
    const nodes = (await first.nodes.list()).map(({ ID }) => ID).toSorted()
    assert.deepEqual(tasks.map(({ NodeID = '' }) => NodeID).toSorted(), nodes)
    const lines = (await (await first.services.logs('everywhere')).text()).trim().split('\n')
    assert.deepEqual(
      lines.toSorted(),
      nodes.map((id) => `at ${id}`),
    )
    for (const { ID, NodeID } of tasks) assert.equal(await (await first.tasks.logs(ID)).text(), `at ${NodeID}\n`)
    const there = await first.tasks.list({ filters: { node: (await other()).ID, service: 'everywhere' } })
    assert.equal(there.length, 1)
  })

  test('it is promoted and demoted', async () => {
    await change({ Role: 'manager' })
    await until('it is a manager', isManager)
    assert.equal((await other()).ManagerStatus?.Reachability, 'reachable')
    await assert.rejects(second.nodes.remove((await other()).ID, { force: true }), BadRequestError)
    await change({ Role: 'worker' })
    await until('it is a worker', async () => !(await isManager()))
    assert.equal((await other()).ManagerStatus, undefined)
  })

  test('it leaves, and is removed once it is down, or by force', async () => {
    const { ID } = await other()
    await assert.rejects(first.nodes.remove(ID), BadRequestError)
    await second.swarm.leave()
    await assert.rejects(second.swarm.leave(), UnavailableError)
    await until('it is down', async () => (await first.nodes.inspect(ID)).Status.State === 'down')
    await first.nodes.remove(ID)
    await assert.rejects(first.nodes.inspect(ID), NotFoundError)

    await join('Worker')
    await first.nodes.remove((await other()).ID, { force: true })
    assert.equal((await first.nodes.list()).length, 1)
    await second.swarm.leave({ force: true })
  })

  test('a manager joins, and leaves by force alone where the swarm is lost with it', async () => {
    await join('Manager')
    assert.deepEqual(
      (await second.nodes.list()).map(({ Spec }) => Spec.Role),
      ['manager', 'manager'],
    )
    await assert.rejects(second.swarm.leave(), (error: unknown) => {
      assert.ok(error instanceof UnavailableError, String(error))
      assert.match(error.daemonMessage ?? '', /quorum/)
      return true
    })
    await change({ Role: 'worker' })
    await until('it is a worker', async () => !(await isManager()))
    await second.swarm.leave()
  })

  test('the second engine leaves no process, no folder and no network', async () => {
    const { folder } = elsewhere.place
    assert.notDeepEqual(processesNaming(folder), [])
    await elsewhere.stop()
    assert.deepEqual(processesNaming(folder), [])
    assert.equal(existsSync(folder), false)
    assert.equal(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout, '')
    assert.doesNotMatch(spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout, /to-second/)
  })
})
