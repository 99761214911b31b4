import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type DockerClient, isDockerMtlsError } from '../../lib/index.ts'
import { busyboxTar } from '../daemon/harness/image.ts'
import { startRegistry, type Registry } from '../daemon/harness/registry.ts'
import { CALLS } from '../engine/operations-table.ts'
import { callsOf, ROWS } from '../engine/support/rows.ts'
import { startPodman, type Podman } from './support/podman.ts'

const IMAGE = 'busybox:made-here'
const AUTH = { username: 'ann', password: 'secret' }

/** What the calls are tried with. */
interface Things {
  readonly docker: DockerClient
  readonly podman: Podman
  readonly registry: Registry
  /** One that knows only {@link AUTH}. */
  readonly closed: Registry
  /** A running container that nothing ends. */
  readonly lasting: string
  /** Starts another one, of this name. */
  readonly running: (name: string) => Promise<string>
}

/** A container that was only created. */
const created = async ({ docker }: Things, name: string, command = ['true']): Promise<string> =>
  (await docker.containers.create({ Image: IMAGE, Cmd: command }, { name })).Id

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item> {
  for await (const item of items) return item
  throw new Error('it ended without an item')
}

const inRegistry = ({ registry }: Things): string => `${registry.host}/team/app:1`

/** The operations that Podman has, each with a call and what must come of it. Each other operation, Podman lacks. */
const WORK: Readonly<Record<string, (things: Things) => Promise<void>>> = {
  'containers.list': async ({ docker, lasting }) =>
    assert.ok((await docker.containers.list()).some(({ Id }) => Id === lasting)),
  'containers.create': async (things) => assert.match(await created(things, 'created'), /^[0-9a-f]{64}$/),
  'containers.inspect': async ({ docker, lasting }) =>
    assert.equal((await docker.containers.inspect(lasting)).State.Running, true),
  'containers.top': async ({ docker, lasting }) =>
    assert.match(JSON.stringify(await docker.containers.top(lasting)), /sleep/),
  'containers.logs': async (things) => {
    const id = await created(things, 'logging', ['echo', 'said'])
    await things.docker.containers.start(id)
    await things.docker.containers.wait(id)
    assert.equal(await (await things.docker.containers.logs(id, { stdout: true })).text(), 'said\n')
  },
  'containers.changes': async ({ docker, running }) => {
    const id = await running('changing')
    await docker.exec.run(id, ['touch', '/new'])
    assert.ok((await docker.containers.changes(id))?.some(({ Path }) => Path === '/new'))
  },
  'containers.export': async ({ docker, lasting }) =>
    assert.ok(String(await firstOf(await docker.containers.export(lasting))).length > 0),
  'containers.stats': async ({ docker, lasting }) => {
    assert.ok((await firstOf(docker.containers.stats(lasting))).read)
    assert.ok((await docker.containers.statsOnce(lasting)).read)
  },
  'containers.resize': async ({ docker }) => {
    const { Id } = await docker.containers.create({ Image: IMAGE, Cmd: ['sleep', '1000'], Tty: true }, { name: 'tty' })
    await docker.containers.start(Id)
    await docker.containers.resize(Id, { h: 7, w: 77 })
    assert.match(String((await docker.exec.run(Id, ['stty', '-F', '/dev/pts/0', 'size'])).stdout), /^7 77/)
  },
  'containers.start': async (things) => {
    const id = await created(things, 'starting', ['sleep', '1000'])
    await things.docker.containers.start(id)
    assert.equal((await things.docker.containers.inspect(id)).State.Running, true)
  },
  'containers.stop': async ({ docker, running }) => {
    const id = await running('stopping')
    await docker.containers.stop(id, { t: 0 })
    assert.equal((await docker.containers.inspect(id)).State.Running, false)
  },
  'containers.restart': async ({ docker, running }) => {
    const id = await running('restarting')
    const { Pid } = (await docker.containers.inspect(id)).State
    await docker.containers.restart(id, { t: 0 })
    assert.notEqual((await docker.containers.inspect(id)).State.Pid, Pid)
  },
  'containers.kill': async ({ docker, running }) => {
    const id = await running('killed')
    await docker.containers.kill(id)
    assert.equal((await docker.containers.wait(id)).StatusCode, 137)
  },
  'containers.update': async ({ docker, running }) => {
    const id = await running('updating')
    await docker.containers.update(id, { CpuShares: 512 })
    assert.equal((await docker.containers.inspect(id)).HostConfig.CpuShares, 512)
  },
  'containers.rename': async (things) => {
    await things.docker.containers.rename(await created(things, 'old-name'), 'new-name')
    assert.equal((await things.docker.containers.inspect('new-name')).Name, '/new-name')
  },
  'containers.pause': async ({ docker, running }) => {
    const id = await running('pausing')
    await docker.containers.pause(id)
    assert.equal((await docker.containers.inspect(id)).State.Paused, true)
    await docker.containers.unpause(id)
  },
  'containers.unpause': async ({ docker, running }) => {
    const id = await running('unpausing')
    await docker.containers.pause(id)
    await docker.containers.unpause(id)
    assert.equal((await docker.containers.inspect(id)).State.Paused, false)
  },
  'containers.attach': async ({ docker }) => {
    const body = { Image: IMAGE, Cmd: ['cat'], OpenStdin: true, StdinOnce: true, AttachStdin: true }
    const { Id } = await docker.containers.create(body, { name: 'attached' })
    const stream = await docker.containers.attach(Id, { stdin: true })
    await docker.containers.start(Id)
    stream.stdin.end('through it')
    assert.equal(await stream.text(), 'through it')
  },
  'containers.wait': async (things) => {
    const id = await created(things, 'waiting', ['sh', '-c', 'exit 5'])
    await things.docker.containers.start(id)
    assert.equal((await things.docker.containers.wait(id)).StatusCode, 5)
  },
  'containers.remove': async (things) => {
    await things.docker.containers.remove(await created(things, 'removed'))
    await assert.rejects(things.docker.containers.inspect('removed'), { code: 'ERR_API_NOT_FOUND' })
  },
  'containers.archive.stat': async ({ docker, lasting }) =>
    assert.equal((await docker.containers.archive.stat(lasting, '/etc/passwd')).name, 'passwd'),
  'containers.archive.get': async ({ docker, lasting }) =>
    assert.match(String(await firstOf((await docker.containers.archive.get(lasting, '/etc/passwd')).tar)), /^passwd/),
  'containers.archive.put': async ({ docker, podman, lasting }) => {
    await writeFile(join(podman.folder, 'put'), 'contents')
    await docker.containers.copyTo(lasting, join(podman.folder, 'put'), '/tmp/put')
    assert.equal(String((await docker.exec.run(lasting, ['cat', '/tmp/put'])).stdout), 'contents')
  },
  'containers.prune': async (things) => {
    const id = await created(things, 'pruned', ['true'])
    await things.docker.containers.start(id)
    await things.docker.containers.wait(id)
    assert.ok((await things.docker.containers.prune()).ContainersDeleted?.includes(id))
  },
  'images.list': async ({ docker }) => assert.ok((await docker.images.list()).length > 0),
  'images.build': async ({ docker, podman }) => {
    const folder = await mkdtemp(join(podman.folder, 'context-'))
    await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\nRUN true\n`)
    assert.match((await docker.images.build(folder, { t: 'built:1' })).ID ?? '', /^sha256:[0-9a-f]{64}$/)
  },
  'images.create': async (things) => {
    await pushed(things)
    await things.docker.images.create({ fromImage: inRegistry(things) })
    await things.docker.images.inspect(inRegistry(things))
  },
  'images.import': async ({ docker }) => {
    await docker.images.import(await busyboxTar(), { repo: 'imported', tag: '1' })
    assert.deepEqual((await docker.images.inspect('imported:1')).RepoTags, ['docker.io/library/imported:1'])
  },
  'images.pull': async (things) => {
    await pushed(things)
    await things.docker.images.remove(inRegistry(things))
    await things.docker.images.pull(inRegistry(things))
    await things.docker.images.inspect(inRegistry(things))
  },
  'images.inspect': async ({ docker }) => assert.match((await docker.images.inspect(IMAGE)).Id, /^sha256:/),
  'images.history': async ({ docker }) => assert.ok((await docker.images.history(IMAGE)).length > 0),
  'images.push': async (things) => assert.match((await pushed(things)).digest, /^sha256:/),
  'images.tag': async ({ docker }) => {
    await docker.images.tag(IMAGE, 'tagged:1')
    await docker.images.inspect('tagged:1')
  },
  'images.remove': async ({ docker }) => {
    await docker.images.tag(IMAGE, 'removed:1')
    await docker.images.remove('removed:1')
    await assert.rejects(docker.images.inspect('removed:1'), { code: 'ERR_API_NOT_FOUND' })
  },
  'images.search': async (things) => {
    await pushed(things)
    const found = await things.docker.images.search(`${things.registry.host}/team`)
    assert.match(JSON.stringify(found), /team\/app/)
  },
  'images.prune': async ({ docker }) => assert.ok((await docker.images.prune()).SpaceReclaimed >= 0),
  'images.commit': async ({ docker, lasting }) => {
    await docker.images.commit(lasting, {}, { repo: 'committed', tag: '1' })
    await docker.images.inspect('committed:1')
  },
  'images.save': async ({ docker }) => {
    assert.ok(String(await firstOf(await docker.images.save(IMAGE))).length > 0)
    assert.ok(String(await firstOf(await docker.images.save([IMAGE]))).length > 0)
  },
  'images.load': async ({ docker }) => {
    await docker.images.tag(IMAGE, 'loaded:1')
    const saved: Buffer[] = []
    for await (const chunk of await docker.images.save('loaded:1')) saved.push(chunk)
    await docker.images.remove('loaded:1')
    await docker.images.load(Buffer.concat(saved))
    await docker.images.inspect('loaded:1')
  },
  'system.auth': async ({ docker, closed }) => {
    const serveraddress = closed.host.replace('127.0.0.1', 'localhost')
    assert.equal((await docker.system.auth({ ...AUTH, serveraddress })).Status, 'Login Succeeded')
    await assert.rejects(docker.system.auth({ ...AUTH, password: 'wrong', serveraddress }))
  },
  'system.info': async ({ docker }) => assert.equal((await docker.system.info()).OSType, 'linux'),
  'system.version': async ({ docker }) => assert.match((await docker.system.version()).Version, /^\d/),
  'system.ping': async ({ docker }) => assert.equal((await docker.system.ping()).osType, 'linux'),
  'system.pingHead': async ({ docker }) => assert.equal((await docker.system.pingHead()).osType, 'linux'),
  'system.events': async (things) => {
    const next = firstOf(things.docker.system.events({ filters: { type: 'container', event: 'create' } }))
    const id = await created(things, 'heard')
    assert.equal((await next).Actor.ID, id)
  },
  'system.df': async ({ docker }) => assert.ok((await docker.system.df()).Images?.length),
  'exec.create': async ({ docker, lasting }) =>
    assert.match((await docker.exec.create(lasting, { Cmd: ['true'] })).Id, /^[0-9a-f]{64}$/),
  'exec.start': async ({ docker, lasting }) => {
    const { Id } = await docker.exec.create(lasting, { Cmd: ['echo', 'said'], AttachStdout: true })
    assert.equal(await (await docker.exec.start(Id)).text(), 'said\n')
    await docker.exec.startDetached((await docker.exec.create(lasting, { Cmd: ['true'] })).Id)
  },
  'exec.resize': async ({ docker, lasting }) => {
    const asks = ['sh', '-c', 'read x; stty size']
    const body = { Cmd: asks, Tty: true, AttachStdin: true, AttachStdout: true }
    const { Id } = await docker.exec.create(lasting, body)
    const stream = await docker.exec.start(Id, { Tty: true })
    await docker.exec.resize(Id, { h: 7, w: 77 })
    stream.stdin.write('\n')
    assert.match(await stream.text(), /7 77/)
  },
  'exec.inspect': async ({ docker, lasting }) => {
    const { Id } = await docker.exec.create(lasting, { Cmd: ['true'] })
    assert.equal((await docker.exec.inspect(Id)).Running, false)
  },
  'volumes.list': async ({ docker }) => {
    await docker.volumes.create({ Name: 'listed' })
    assert.ok((await docker.volumes.list()).Volumes?.some(({ Name }) => Name === 'listed'))
  },
  'volumes.create': async ({ docker }) =>
    assert.equal((await docker.volumes.create({ Name: 'created' })).Name, 'created'),
  'volumes.inspect': async ({ docker }) => {
    await docker.volumes.create({ Name: 'inspected' })
    assert.equal((await docker.volumes.inspect('inspected')).Driver, 'local')
  },
  'volumes.remove': async ({ docker }) => {
    await docker.volumes.create({ Name: 'removed' })
    await docker.volumes.remove('removed')
    await assert.rejects(docker.volumes.inspect('removed'), { code: 'ERR_API_NOT_FOUND' })
  },
  'volumes.prune': async ({ docker }) => assert.ok((await docker.volumes.prune()).SpaceReclaimed >= 0),
  'networks.list': async ({ docker }) => assert.ok((await docker.networks.list()).length > 0),
  'networks.inspect': async ({ docker }) => {
    await docker.networks.create({ Name: 'inspected' })
    assert.equal((await docker.networks.inspect('inspected')).Driver, 'bridge')
  },
  'networks.remove': async ({ docker }) => {
    await docker.networks.create({ Name: 'removed' })
    await docker.networks.remove('removed')
    await assert.rejects(docker.networks.inspect('removed'), { code: 'ERR_API_NOT_FOUND' })
  },
  'networks.create': async ({ docker }) =>
    assert.match((await docker.networks.create({ Name: 'created' })).Id, /^[0-9a-f]{64}$/),
  'networks.connect': async ({ docker, running }) => {
    const id = await running('connecting')
    await docker.networks.create({ Name: 'joined' })
    await docker.networks.connect('joined', { Container: id })
    assert.ok((await docker.containers.inspect(id)).NetworkSettings.Networks['joined'])
  },
  'networks.disconnect': async ({ docker, running }) => {
    const id = await running('leaving')
    await docker.networks.create({ Name: 'left' })
    await docker.networks.connect('left', { Container: id })
    await docker.networks.disconnect('left', { Container: id })
    assert.equal((await docker.containers.inspect(id)).NetworkSettings.Networks['left'], undefined)
  },
  'networks.prune': async ({ docker }) => {
    await docker.networks.create({ Name: 'pruned' })
    assert.ok((await docker.networks.prune()).NetworksDeleted?.includes('pruned'))
  },
  'secrets.list': async ({ docker }) => assert.ok(Array.isArray(await docker.secrets.list())),
  'secrets.create': async ({ docker }) =>
    assert.ok((await docker.secrets.create({ Name: 'created', Data: Buffer.from('x') })).ID),
  'secrets.inspect': async ({ docker }) => {
    await docker.secrets.create({ Name: 'inspected', Data: Buffer.from('x') })
    assert.equal((await docker.secrets.inspect('inspected')).Spec.Name, 'inspected')
  },
  'secrets.remove': async ({ docker }) => {
    await docker.secrets.create({ Name: 'removed', Data: Buffer.from('x') })
    await docker.secrets.remove('removed')
    await assert.rejects(docker.secrets.inspect('removed'), { code: 'ERR_API_NOT_FOUND' })
  },
}

async function pushed(things: Things): Promise<{ readonly digest: string }> {
  await things.docker.images.tag(IMAGE, inRegistry(things))
  return things.docker.images.push(inRegistry(things))
}

const METHODS = [...new Set(ROWS.flatMap(({ methods }) => methods))].toSorted()
const given = { a: 'x', b: 'y', body: {} }

describe('every operation of the API, with Podman', () => {
  let things: Things
  before(async () => {
    const podman = await startPodman()
    const registry = await startRegistry()
    const closed = await startRegistry({ auth: AUTH })
    const docker = await connect({}, { HOME: '/nonexistent', ...podman.env })
    await docker.images.import(await busyboxTar(), { repo: 'busybox', tag: 'made-here' })
    const running = async (name: string): Promise<string> => {
      const { Id } = await docker.containers.create({ Image: IMAGE, Cmd: ['sleep', '1000'] }, { name })
      await docker.containers.start(Id)
      return Id
    }
    things = { docker, podman, registry, closed, running, lasting: await running('lasting') }
  })
  after(async () => {
    await things?.docker.close()
    await things?.registry.stop()
    await things?.closed.stop()
    await things?.podman.stop()
  })

  describe('works', () => {
    for (const [name, work] of Object.entries(WORK)) test(name, { timeout: 30_000 }, () => work(things))
  })

  describe('fails, because Podman lacks it', () => {
    for (const name of METHODS.filter((method) => !(method in WORK)))
      for (const call of callsOf(name))
        test(call, () =>
          assert.rejects(
            async () =>
              CALLS[call]?.(things.docker, { ...given, options: name.endsWith('.update') ? { version: 1 } : {} }),
            (error: unknown) => {
              // Docker itself has images.attestations() only since API 1.55.
              assert.ok(isDockerMtlsError(error, 'ERR_API_CALL_UNSUPPORTED', 'ERR_API_FIELD_TOO_NEW'), String(error))
              return true
            },
          ),
        )
  })
})

/** A row for each resource: what works, and what doesn't. */
function table(): string[] {
  const resources = [...new Set(METHODS.map((name) => name.split('.')[0] ?? ''))]
  const named = (resource: string, works: boolean): string =>
    METHODS.filter((name) => name.startsWith(`${resource}.`) && name in WORK === works)
      .map((name) => `\`${name.slice(resource.length + 1)}\``)
      .join(', ')
  return resources.map(
    (resource) => `| \`docker.${resource}\` | ${named(resource, true) || '-'} | ${named(resource, false) || '-'} |`,
  )
}

test('the page about Podman says so of every operation', () => {
  const page = readFileSync(new URL('../../docs/podman.md', import.meta.url), 'utf8')
  assert.deepEqual(
    page.split('\n').filter((line) => line.startsWith('| `docker.')),
    table(),
  )
  const works = METHODS.filter((name) => name in WORK).length
  assert.match(page, new RegExp(`\\b${works} of the ${METHODS.length} methods\\b`))
})
