import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ServerError,
  UnauthorizedError,
  type DockerClient,
  type EventMessage,
  type EventsOptions,
  type SystemInfo,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { testedEngine } from '../harness/engine.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')

type Major = number
const from =
  (version: Major) =>
  (major: Major): boolean =>
    major >= version
const before28 = (major: Major): boolean => major < 28

/** Every key of SystemInfo, and whether the daemon sends it. */
const INFO = {
  Architecture: true,
  BridgeNfIp6tables: before28,
  BridgeNfIptables: before28,
  CDISpecDirs: true,
  CPUSet: true,
  CPUShares: true,
  CgroupDriver: true,
  CgroupVersion: true,
  Containerd: from(27),
  ContainerdCommit: true,
  Containers: true,
  ContainersPaused: true,
  ContainersRunning: true,
  ContainersStopped: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  Debug: true,
  DefaultAddressPools: false,
  DefaultRuntime: true,
  DiscoveredDevices: false,
  DockerRootDir: true,
  Driver: true,
  DriverStatus: true,
  ExperimentalBuild: true,
  FirewallBackend: from(28),
  GenericResources: true,
  HttpProxy: true,
  HttpsProxy: true,
  ID: true,
  IPv4Forwarding: true,
  Images: true,
  IndexServerAddress: true,
  InitBinary: true,
  InitCommit: true,
  Isolation: true,
  KernelMemory: false,
  KernelMemoryTCP: true,
  KernelVersion: true,
  Labels: true,
  LiveRestoreEnabled: true,
  LoggingDriver: true,
  MemTotal: true,
  MemoryLimit: true,
  NCPU: true,
  NEventsListener: true,
  NFd: true,
  NGoroutines: true,
  NRI: false,
  Name: true,
  NoProxy: true,
  OSType: true,
  OSVersion: true,
  OomKillDisable: true,
  OperatingSystem: true,
  PidsLimit: true,
  Plugins: true,
  ProductLicense: false,
  RegistryConfig: true,
  RuncCommit: true,
  Runtimes: true,
  SecurityOptions: true,
  ServerVersion: true,
  SwapLimit: true,
  Swarm: true,
  SystemTime: true,
  Warnings: true,
} satisfies Record<keyof SystemInfo, boolean | ((major: Major) => boolean)>

describe('system', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function actions(options: EventsOptions): Promise<string[]> {
    const seen: string[] = []
    for await (const { Type, Action } of docker.system.events(options)) seen.push(`${Type} ${Action}`)
    return seen
  }

  test('info has words for all that the daemon sends', async () => {
    const info = await docker.system.info()
    const { major } = testedEngine()
    const sent = Object.entries(INFO).filter(([, is]) => (typeof is === 'function' ? is(major) : is))
    // KernelMemoryTCP depends on the host's control groups (Engine API 1.42, version history).
    const keys = Object.keys({ KernelMemoryTCP: 0, ...info })
    assert.deepEqual(keys.toSorted(), sent.map(([key]) => key).toSorted())
    assert.deepEqual([info.OSType, info.Swarm.LocalNodeState, info.Images], ['linux', 'inactive', 1])
    assert.equal(info.RegistryConfig?.IndexConfigs?.['docker.io']?.Official, true)
    assert.ok(info.Runtimes?.['runc']?.path, 'runc has a path')
    assert.deepEqual((await docker.info()).ID, info.ID)
  })

  test('version and ping, with and without a body', async () => {
    const version = await docker.system.version()
    assert.equal(version.ApiVersion, docker.apiVersion)
    assert.ok(
      version.Components?.some(({ Name }) => Name === 'Engine'),
      'the engine is a part of it',
    )
    assert.deepEqual(await docker.version(), version)
    const ping = await docker.system.ping()
    assert.deepEqual(
      [ping.apiVersion, ping.osType, ping.builderVersion, ping.swarm],
      [testedEngine().api, 'linux', '2', 'inactive'],
    )
    assert.deepEqual(await docker.system.pingHead(), ping)
    assert.deepEqual(await docker.ping(), ping)
    await assert.rejects(docker.system.pingHead({ deadline: 1 } as object), { code: 'ERR_OPTION_UNKNOWN' })
  })

  test('df measures all, or what was asked for', async () => {
    await docker.volumes.create({ Name: 'measured' })
    const all = await docker.system.df()
    assert.deepEqual(
      all.Images?.map(({ RepoTags }) => RepoTags?.[0]),
      [engine.image],
    )
    assert.equal(all.LayersSize, all.Images?.[0]?.Size)
    assert.deepEqual(
      all.Volumes?.map(({ Name, UsageData }) => [Name, UsageData]),
      [['measured', { RefCount: 0, Size: 0 }]],
    )
    assert.deepEqual([all.Containers, all.BuildCache], [[], []])
    const some = await docker.system.df({ type: ['container', 'volume'] })
    assert.deepEqual([some.Images, some.Containers, some.Volumes?.length, some.BuildCache], [null, [], 1, null])
    const one = await docker.system.df({ type: 'build-cache' })
    assert.deepEqual([one.Containers, one.BuildCache], [null, []])
    await assert.rejects(docker.system.df({ type: 'nothing' as never }), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(docker.system.df({ verbose: true }), { code: 'ERR_API_FIELD_TOO_NEW' })
  })

  describe('events', () => {
    test('come as they happen, and none is missed from a moment on', async () => {
      const { SystemTime: since } = await docker.system.info()
      const filters = { type: ['network', 'volume'], event: ['create', 'destroy'] } as const
      const events = await docker.system.events({ since, filters })
      await docker.volumes.create({ Name: 'seen', Labels: { stage: 'one' } })
      await docker.networks.create({ Name: 'seen' })
      await docker.networks.remove('seen')
      const seen: EventMessage[] = []
      await soon(
        'three events',
        (async () => {
          for await (const event of events) if (seen.push(event) === 3) break
        })(),
      )
      assert.deepEqual(
        seen.map(({ Type, Action, scope }) => [Type, Action, scope]),
        [
          ['volume', 'create', 'local'],
          ['network', 'create', 'local'],
          ['network', 'destroy', 'local'],
        ],
      )
      assert.deepEqual([seen[0]?.Actor.ID, seen[0]?.Actor.Attributes['driver']], ['seen', 'local'])
      assert.equal(Math.floor((seen[0]?.timeNano ?? 0) / 1e9), seen[0]?.time)
    })

    test('of the past come from a moment on, whichever way it is written, and up to one', async () => {
      const begin = new Date()
      const destroyed = await docker.system.events({ since: begin, filters: { event: 'destroy' } })
      const id = await engine.start({ Labels: { stage: 'two' } }, 'past')
      await docker.containers.remove(id, { force: true })
      // The daemon says so a moment after it has answered.
      for await (const { Actor } of destroyed) if (Actor.ID === id) break
      const until = Date.now() / 1000
      const wanted = ['container create', 'container start', 'container die', 'container destroy']
      const filters = { container: 'past', label: 'stage=two', event: ['create', 'start', 'die', 'destroy'] }
      for (const since of [
        begin,
        begin.getTime() / 1000,
        begin.toISOString(),
        '1h',
        String(Math.floor(begin.getTime() / 1000)),
      ]) {
        assert.deepEqual(await soon('events of the past', actions({ since, until, filters })), wanted, String(since))
      }
      assert.deepEqual(await soon('nothing', actions({ since: new Date(), until: new Date(), filters })), [])
    })

    test('end with the loop, by a signal, and with the client', async () => {
      const untilListen = async (count: number): Promise<void> => {
        for (let tries = 0; (await docker.system.info()).NEventsListener !== count; tries++) {
          assert.ok(tries < 200, `${count} listen`)
          await delay(50)
        }
      }
      await untilListen(0)
      const controller = new AbortController()
      const reason = new Error('enough')
      const aborted = await docker.system.events({ signal: controller.signal })
      const ended = assert.rejects(aborted[Symbol.asyncIterator]().next(), (error) => error === reason)
      const closed = await docker.system.events()
      await untilListen(2)
      controller.abort(reason)
      await soon('the end by a signal', ended)
      await closed.close()
      await untilListen(0)
    })

    test('what is no moment, and no option, is refused before it is sent', async () => {
      await assert.rejects(actions({ since: Date.now() }), { code: 'ERR_ARGUMENT_INVALID' })
      await assert.rejects(actions({ until: 'yesterday' }), { code: 'ERR_ARGUMENT_INVALID' })
      await assert.rejects(actions({ filter: {} } as object), { code: 'ERR_OPTION_UNKNOWN' })
      await assert.rejects(actions({ signal: {} as never }), { code: 'ERR_ARGUMENT_INVALID' })
    })
  })

  describe('credentials', () => {
    const password = 'it\'s "secret" $1'
    let registry: Registry
    before(async () => {
      registry = await startRegistry({ auth: { username: 'ann', password } })
    })
    after(() => registry?.stop())

    test('are checked at the registry, and are in no error', async () => {
      const right = { username: 'ann', password, serveraddress: registry.host }
      assert.equal((await docker.system.auth(right)).Status, 'Login Succeeded')
      const wrong = { ...right, password: 'another secret' }
      await assert.rejects(docker.system.auth(wrong), (error: unknown) => {
        assert.ok(error instanceof UnauthorizedError, String(error))
        assert.deepEqual(leaksOf(error, tracesOf({ password: wrong.password })), [])
        return true
      })
      await assert.rejects(docker.system.auth({ ...right, serveraddress: '127.0.0.1:1' }), ServerError)
    })

    test('that can not be meant are refused before they are sent', async () => {
      await assert.rejects(docker.system.auth({ username: 'ann' } as never), { code: 'ERR_ARGUMENT_INVALID' })
      await assert.rejects(docker.system.auth(undefined as never), { code: 'ERR_ARGUMENT_INVALID' })
      const misspelt = { username: 'ann', password, serverAddress: registry.host }
      await assert.rejects(docker.system.auth(misspelt), { code: 'ERR_OPTION_UNKNOWN' })
    })
  })

  test('a session is opened, is named once, and ends by its signal', async () => {
    const controller = new AbortController()
    const methods = ['/moby.filesync.v1.FileSync/DiffCopy', '/moby.filesync.v1.Auth/Credentials']
    const options = { name: 'context', sharedKey: 'key', methods, signal: controller.signal }
    const socket = await docker.session.open('one', options)
    const [first] = (await soon('the first words', once(socket, 'data'))) as [Buffer]
    // RFC 9113, section 3.4: whoever speaks HTTP/2 as a client begins so.
    assert.equal(first.subarray(0, 24).toString('latin1'), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const reason = new Error('enough')
    const ended = assert.rejects(once(socket, 'close'), (error) => error === reason)
    controller.abort(reason)
    await soon('its end', ended)
    for (const id of ['', 'a\r\nX: y', 'ä', undefined as never]) {
      await assert.rejects(docker.session.open(id), { code: 'ERR_ARGUMENT_INVALID' })
    }
    await assert.rejects(docker.session.open('two', { uuid: 'x' } as object), { code: 'ERR_OPTION_UNKNOWN' })
  })
})
