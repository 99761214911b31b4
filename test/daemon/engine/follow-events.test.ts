import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type DockerClient, type EventMessage, type Reconnection } from '../../../lib/index.ts'
import { makeClient, makeServer } from '../../support/openssl-certs.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import type { Daemon } from '../harness/dockerd.ts'
import { makeImage } from '../harness/image.ts'
import { soon, SLEEP } from '../support/busybox-engine.ts'
import { makeCast, writeCertFolder, type Cast } from '../support/cast.ts'
import { startPresenting } from '../support/presented.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** Passes bytes on to a daemon, until it is cut. */
interface Wire {
  readonly port: number
  /** Cuts all connections. */
  readonly cut: () => void
  /** Whether it cuts new ones, too. */
  down: boolean
}

async function startWire(t: TestContext, port: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (wire.down) return client.destroy()
    const upstream = connectTo(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
    }
    return client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy())
  const wire: Wire = { port: (server.address() as AddressInfo).port, cut, down: false }
  t.after(() => {
    cut()
    server.close()
  })
  return wire
}

interface Collected {
  readonly events: EventMessage[]
  readonly told: Reconnection[]
  readonly names: () => string[]
  readonly end: () => Promise<void>
}

/** Follows the events of containers until `end()`. */
async function collect(docker: DockerClient, event: string): Promise<Collected> {
  const events: EventMessage[] = []
  const told: Reconnection[] = []
  const onReconnect = (reconnection: Reconnection): void => void told.push(reconnection)
  const stream = await docker.system.followEvents({ filters: { type: 'container', event }, onReconnect })
  const reading = (async () => {
    for await (const one of stream) events.push(one)
  })()
  reading.catch(() => undefined)
  const names = (): string[] => events.map(({ Actor }) => Actor.Attributes['name'] ?? '')
  const end = async (): Promise<void> => {
    await stream.close()
    await reading
  }
  return { events, told, names, end }
}

describe('following the events of a real daemon', { skip }, () => {
  let cast: Cast
  let daemon: Daemon
  let image: string
  before(async () => {
    cast = await makeCast('p256')
    daemon = await startPresenting({ ca: cast.ca.cert, ...cast.server })
    image = await makeImage(daemon)
  })
  after(() => daemon?.stop())

  async function client(t: TestContext, port: number = daemon.place.port): Promise<[DockerClient, string]> {
    const certPath = await temporaryFolder(t)
    await writeCertFolder(certPath, { ca: cast.ca.cert, ...cast.client })
    const docker = await connect({ host: `tcp://127.0.0.1:${port}`, certPath }, {})
    t.after(() => docker.close())
    return [docker, certPath]
  }

  const create = (docker: DockerClient, name: string): Promise<unknown> =>
    docker.containers.create({ Image: image, Cmd: SLEEP }, { name })

  test('every event arrives once, however often the connection is cut', async (t) => {
    const wire = await startWire(t, daemon.place.port)
    const [straight] = await client(t)
    const [cuttable] = await client(t, wire.port)
    const collected = await collect(cuttable, 'create')
    const names = Array.from({ length: 60 }, (_, index) => `c${index}`)
    const wanted = [...names]
    // Several at once, so that their times are close together, and their order isn't.
    for (let at = 0; at < names.length; at += 4) {
      await Promise.all(names.slice(at, at + 4).map((name) => create(straight, name)))
      if (at % 20 !== 8) continue
      wire.cut()
      const { length } = collected.told
      await create(straight, `cut${at}`)
      wanted.push(`cut${at}`)
      await until('a reconnection', async () => collected.told.length > length)
    }
    await until('all events', async () => collected.events.length >= wanted.length)
    // Doubled ones would follow.
    await delay(500)
    assert.deepEqual(collected.names().toSorted(), wanted.toSorted())
    assert.deepEqual(
      collected.told.map(({ complete }) => complete),
      [true, true, true],
    )
    await collected.end()
  })

  test('more events than the daemon remembers: it says that some may be missing', async (t) => {
    const wire = await startWire(t, daemon.place.port)
    const [straight] = await client(t)
    const [cuttable] = await client(t, wire.port)
    const collected = await collect(cuttable, 'rename')
    await create(straight, 'before')
    await straight.containers.rename('before', 'first')
    await until('the first event', async () => collected.events.length === 1)
    wire.down = true
    wire.cut()
    for (let i = 0; i < 260; i++) await straight.volumes.create({ Name: `v${i}` })
    wire.down = false
    await straight.containers.rename('first', 'second')
    await until('the second event', async () => collected.events.length === 2)
    assert.deepEqual(collected.names(), ['first', 'second'])
    assert.deepEqual(
      collected.told.map(({ complete }) => complete),
      [false],
    )
    await collected.end()
  })

  test('restarts, with renewed certificates on both sides, while containers are created', async (t) => {
    const [docker, certPath] = await client(t)
    const collected = await collect(docker, 'create')
    const created: string[] = []
    const done = new AbortController()
    const working = (async () => {
      for (let i = 0; !done.signal.aborted; i++) {
        const name = `r${i}`
        await create(docker, name).then(
          () => created.push(name),
          () => docker.ready({ timeout: 60_000 }),
        )
      }
    })()
    for (const round of [1, 2]) {
      const earlier = created.length
      await until('containers', async () => created.length > earlier + 3)
      await daemon.stop({ keep: true })
      await writeCertFolder(certPath, { ca: cast.ca.cert, ...(await makeClient(cast.ca)) })
      daemon = await startPresenting({ ca: cast.ca.cert, ...(await makeServer(cast.ca)) }, daemon.place)
      await soon(
        'the report',
        until('a report', async () => collected.told.length >= round),
      )
      const seen = collected.events.length
      await until('events after the restart', async () => collected.events.length > seen + 3)
    }
    done.abort()
    await working
    await until('the last event', async () => collected.names().includes(created.at(-1) ?? ''))
    const names = collected.names()
    assert.equal(new Set(names).size, names.length, 'none is doubled')
    // Those of the moment in which the daemon stopped may be missing, which it says.
    assert.deepEqual(
      collected.told.map(({ complete }) => complete),
      [false, false],
    )
    const missing = created.filter((name) => !names.includes(name))
    assert.ok(missing.length <= 2, `missing: ${missing.join(' ')}`)
    await collected.end()
  })

  test('a daemon that comes back with a certificate of another CA ends it', async (t) => {
    const [docker] = await client(t)
    const iterator = docker.system.followEvents({ filters: { event: 'x' } })[Symbol.asyncIterator]()
    const next = iterator.next()
    next.catch(() => undefined)
    await delay(300)
    const foreign = await makeCast('p256')
    await daemon.stop({ keep: true })
    daemon = await startPresenting({ ca: cast.ca.cert, ...foreign.server }, daemon.place)
    await assert.rejects(soon('its end', next), { code: 'ERR_SERVER_CERT_UNTRUSTED' })
  })
})
