import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { after, before, describe, test, type TestContext } from 'node:test'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect, type DockerClient, type ServiceSpec } from '../../lib/index.ts'
import { definePolicy } from '../../lib/policy.ts'
import { isRead, readRequest } from '../../lib/policy/reading/read.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { assertSamples, fc } from '../support/properties.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import type { BusyboxEngine } from './support/busybox-engine.ts'
import type { Attack } from './support/policy/attacks.ts'
import { sendAttack, type Answered } from './support/policy/corpus.ts'
import { randomService, serviceDisagreements } from './support/policy/random-service.ts'
import { toPolicyRequest } from './support/policy/raw-request.ts'
import { SERVICE_ATTACKS, Services } from './support/policy/service-attacks.ts'
import { serviceOf, startSwarmEngine, taskOf, tasksOf } from './support/swarm-engine.ts'
import { until } from './support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

const services = { operations: ['services.create', 'services.update'] }
const RULES = [
  { name: 'ann', level: 'baseline', allow: { hostPaths: [{ path: '/srv' }] } },
  { name: 'hard', level: 'restricted' },
  { name: 'lab', level: 'baseline', deny: { labels: ['traefik.*'] }, allow: services },
  { name: 'unseen', level: 'baseline', deny: { labels: ['traefik.*'] } },
  { name: 'owner', level: 'baseline', owner: 'team-a' },
  { name: 'eve', level: 'read-only' },
].map((rule) => ({ ...rule, who: { commonName: rule.name } }))

describe('services on a real swarm, through a gateway', { skip }, () => {
  let engine: BusyboxEngine
  let admin: DockerClient
  let gateway: Gateway
  let made: Services
  const clients = new Map<string, Client>()

  before(async () => {
    engine = await startSwarmEngine()
    admin = engine.docker
    for (const { name } of RULES) clients.set(name, await newClient(name))
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: engine.daemon.place.socketPath },
      policy: definePolicy({ version: 1, rules: RULES }),
    })
    made = new Services(admin, engine.image)
    await made.prepare()
  })
  after(async () => {
    await gateway?.close()
    await engine?.stop()
  })

  const port = (): number => ('port' in gateway.address ? gateway.address.port : 0)

  function sendAs(name: string, attack: Attack): Promise<Answered> {
    const { cert, key, ca } = clients.get(name) as Client
    const socket = connectTls({ host: '127.0.0.1', port: port(), servername: 'localhost', cert, key, ca })
    return sendAttack(socket, attack)
  }

  for (const attack of SERVICE_ATTACKS) {
    test(attack.name, async (t) => {
      t.after(() => made.reset())
      const earlier = await made.all()
      const refused = await sendAs('ann', await made.fill(attack))
      assert.match(refused.text, new RegExp(`x-docker-mtls-reason: ${attack.code}`, 'i'))
      assert.equal(refused.status, 403)
      assert.deepEqual(await made.all(), earlier)
      if (attack.isNone) return
      // The same request is no mistake: without a policy it works.
      const done = await sendAttack(connectSocket(engine.daemon.place.socketPath), await made.fill(attack))
      assert.ok(done.status > 0 && done.status < 400, `${done.status} ${done.text.slice(-300)}`)
    })
  }

  async function connectAs(name: string): Promise<DockerClient> {
    const folder = join(engine.daemon.place.folder, `client-${name}`)
    await writeClient(folder, clients.get(name) as Client)
    return connect({ host: `tcp://127.0.0.1:${port()}`, certPath: folder })
  }

  test('a node replaces a template by what an attacker wants', async () => {
    const Mounts = [{ Type: 'volume' as const, Source: '{{printf "%c%c%c" 101 116 99}}', Target: '/h' }]
    const { ID } = await admin.services.create(serviceOf('xtemplate', 'true', { Image: engine.image, Mounts }))
    const { Status } = await taskOf(admin, ID)
    const { Mounts: mounted } = await admin.containers.inspect(Status.ContainerStatus?.ContainerID ?? '')
    assert.deepEqual(
      mounted.map(({ Type, Name }) => [Type, Name]),
      [['volume', 'etc']],
    )
    await made.reset()
  })

  test('what baseline allows works: a life of a service, its tasks and logs', async () => {
    const ann = await connectAs('ann')
    const spec = serviceOf('life', 'echo hello', {
      Image: engine.image,
      Env: ['NODE={{.Node.ID}}'],
      Hostname: '{{.Service.Name}}',
      Mounts: [
        { Type: 'volume', Source: 'life', Target: '/v' },
        { Type: 'bind', Source: '/srv', Target: '/s' },
      ],
    })
    const { ID } = await ann.services.create({ ...spec, Networks: [{ Target: 'xnet' }] })
    await taskOf(ann, ID)
    const first = await ann.services.inspect('life')
    const more = { ...first.Spec, Mode: { Replicated: { Replicas: 2 } } }
    await made.again((version) => ann.services.update('life', more, { version }), 'life')
    const tasks = await tasksOf(ann, ID, { count: 2 })
    assert.equal((await ann.tasks.inspect(tasks[0]?.ID ?? '')).ServiceID, ID)
    const second = await ann.services.inspect(ID.slice(0, 12))
    await made.again((version) => ann.services.update(ID, second.Spec, { version, rollback: 'previous' }), ID)
    await tasksOf(ann, ID)
    assert.deepEqual((await ann.services.inspect(ID)).Spec.Mode, { Replicated: { Replicas: 1 } })
    await until('its log', async () => (await (await ann.services.logs(ID)).text()).includes('hello'))
    // Who may not work in what is too powerful may remove it, as a container.
    await ann.services.remove(ID)
    await ann.services.remove('strong')
    await made.reset()
    await ann.close()
  })

  test('may() gets the answer that the call would get', async () => {
    const ann = await connectAs('ann')
    const [reason] = (
      await ann.may('services.update', 'strong', made.spec('strong', false), { version: await made.version('strong') })
    ).reasons
    assert.equal(reason?.code, 'TARGET_TOO_POWERFUL')
    const version = await made.version('tamed')
    assert.equal((await ann.may('services.update', 'tamed', made.spec('tamed', false), { version })).allowed, true)
    assert.equal((await ann.may('services.create', made.spec('x', true))).allowed, false)
    await ann.close()
  })

  test('another version than that of the service is refused, as the service could become another one in between', async () => {
    const ann = await connectAs('ann')
    const version = await made.version('tamed')
    for (const other of [version - 1, version + 1])
      await assert.rejects(ann.services.update('tamed', made.spec('tamed', false), { version: other }), {
        gatewayReason: 'TARGET_UNKNOWN',
      })
    await assert.rejects(ann.services.update('nothing', made.spec('nothing', false), { version }), {
      gatewayReason: 'TARGET_UNKNOWN',
    })
    await ann.services.update('tamed', made.spec('tamed', false), { version })
    await made.reset()
    await ann.close()
  })

  test('restricted requires hardened containers, also of the service that is changed', async () => {
    const hard = await connectAs('hard')
    const hardened = {
      Image: engine.image,
      User: '1000',
      CapabilityDrop: ['ALL'],
      Privileges: { NoNewPrivileges: true },
    }
    const spec = (name: string, more: object = {}): ServiceSpec => ({
      ...serviceOf(name, 'true', { ...hardened, ...more }),
      Mode: { Replicated: { Replicas: 0 } },
    })
    await assert.rejects(hard.services.create(made.spec('x', false)), { gatewayReason: 'NOT_HARDENED' })
    await assert.rejects(hard.services.create(spec('x', { CapabilityAdd: ['CHOWN'] })), { gatewayReason: 'CAPABILITY' })
    const Ports = [{ TargetPort: 80, PublishedPort: 80 }]
    await assert.rejects(hard.services.create({ ...spec('x'), EndpointSpec: { Ports } }), {
      gatewayReason: 'HOST_NETWORK',
    })
    await hard.services.create(spec('hardened'))
    await hard.services.update('hardened', spec('hardened'), { version: await made.version('hardened') })
    await assert.rejects(hard.services.update('tamed', spec('tamed'), { version: await made.version('tamed') }), {
      gatewayReason: 'TARGET_TOO_POWERFUL',
    })
    const eve = await connectAs('eve')
    await assert.rejects(eve.services.remove('hardened'), { gatewayReason: 'OPERATION_REFUSED' })
    assert.equal((await eve.services.list()).length, 3)
    await made.reset()
    await Promise.all([hard.close(), eve.close()])
  })

  for (const [version, lost] of [
    ['1.43', ['NoNewPrivileges']],
    ['1.40', ['NoNewPrivileges', 'CapabilityDrop']],
    ['1.44', []],
  ] as const)
    test(`API ${version}: dockerd ignores ${lost.join(' and ') || 'nothing'} that restricted requires`, async (t) => {
      t.after(() => made.reset())
      const settings = { User: '1000', CapabilityDrop: ['ALL'], Privileges: { NoNewPrivileges: true } }
      const body = {
        ...serviceOf('xold', 'true', { Image: engine.image, ...settings }),
        Mode: { Replicated: { Replicas: 0 } },
      }
      const attack = { name: '', line: `POST /v${version}/services/create`, body: JSON.stringify(body) }
      const { status, text } = await sendAs('hard', { ...attack, code: 'NOT_HARDENED' })
      assert.equal(status, lost.length > 0 ? 403 : 201, text)
      if (lost.length > 0) {
        assert.match(text, /x-docker-mtls-reason: NOT_HARDENED/i)
        const socket = connectSocket(engine.daemon.place.socketPath)
        assert.equal((await sendAttack(socket, { ...attack, code: 'NOT_HARDENED' })).status, 201)
      }
      const { Spec } = await admin.services.inspect('xold')
      const { Privileges, CapabilityDrop = [] } = Spec?.TaskTemplate?.ContainerSpec ?? {}
      const kept = { NoNewPrivileges: Privileges?.NoNewPrivileges === true, CapabilityDrop: CapabilityDrop.length > 0 }
      for (const [name, isKept] of Object.entries(kept)) assert.equal(isKept, !lost.some((one) => one === name), name)
    })

  test('labels of services, their containers and volumes, also those that come back', async () => {
    const lab = await connectAs('lab')
    const plain = made.spec('lab', false)
    const container = (more: object): ServiceSpec => ({
      ...plain,
      TaskTemplate: { ContainerSpec: { ...plain.TaskTemplate?.ContainerSpec, ...more } },
    })
    const Labels = { 'traefik.enable': 'true' }
    const Mounts = [{ Type: 'volume' as const, Source: 'x', Target: '/v', VolumeOptions: { Labels } }]
    for (const spec of [{ ...plain, Labels }, container({ Labels }), container({ Mounts })]) {
      await assert.rejects(lab.services.create(spec), { gatewayReason: 'LABEL_REFUSED' })
      const { ID } = await admin.services.create(spec)
      await made.change(ID, plain)
      const options = { version: await made.version(ID), rollback: 'previous' } as const
      await assert.rejects(lab.services.update(ID, plain, options), { gatewayReason: 'TARGET_TOO_POWERFUL' })
      await lab.services.update(ID, { ...plain, Labels: { team: 'lab' } }, { version: options.version })
      await admin.services.remove(ID)
    }
    const unseen = await connectAs('unseen')
    await assert.rejects(unseen.services.create(plain), { gatewayReason: 'LABEL_REFUSED' })
    await made.reset()
    await Promise.all([lab.close(), unseen.close()])
  })

  test('an owner has no services, and sees none', async () => {
    const owner = await connectAs('owner')
    const version = await made.version('tamed')
    for (const call of [
      () => owner.services.create(made.spec('x', false)),
      () => owner.services.update('tamed', made.spec('tamed', false), { version }),
      () => owner.services.list(),
      () => owner.services.remove('tamed'),
      () => owner.tasks.list(),
    ])
      await assert.rejects(async () => await call(), { gatewayReason: 'OWNER_UNSUPPORTED' })
    await assert.rejects(async () => await owner.services.inspect('tamed'), { code: 'ERR_API_NOT_FOUND' })
    await owner.close()
  })

  /** Takes a service away, and says what it was. */
  const specOf = async (answer: string): Promise<unknown> => {
    const { ID } = JSON.parse(answer.slice(answer.indexOf('{'))) as { ID: string }
    const { Spec } = await admin.services.inspect(ID)
    await admin.services.remove(ID)
    return Spec
  }

  test('random services are read as dockerd reads them', async (t) => {
    const socketPath = engine.daemon.place.socketPath
    const line = 'POST /v1.45/services/create'
    const send = (body: string): Promise<Answered> => sendAttack(connectSocket(socketPath), { name: '', line, body })
    const { TaskTemplate, Mode } = made.spec('base', false)
    const Image = TaskTemplate?.ContainerSpec?.Image
    const base = await specOf(
      (await send(JSON.stringify({ Name: 'base', Mode, TaskTemplate: { ContainerSpec: { Image } } }))).text,
    )
    const counts = { made: 0, refusedByUs: 0, refusedByDockerd: 0 }
    await assertSamples(t, fc.nat(), { numRuns: 100 }, async (seeds) => {
      for (const seed of new Set(seeds)) {
        const body = randomService(seed, engine.image)
        const headers = [['Content-Type', 'application/json']] as const
        const reading = readRequest(toPolicyRequest({ line, headers, body }))
        const { status, text } = await send(body)
        if (status !== 201) {
          counts.refusedByDockerd++
          continue
        }
        const spec = await specOf(text)
        counts[isRead(reading) ? 'made' : 'refusedByUs']++
        if (isRead(reading))
          assert.deepEqual(serviceDisagreements(spec, reading.body, base), [], `seed ${seed}: ${body}`)
      }
      t.diagnostic(JSON.stringify(counts))
      assert.ok(counts.made > seeds.length / 4 && counts.refusedByUs > 0, JSON.stringify(counts))
    })
  })

  test('the login of a service goes to no other registry', async (t) => {
    const registry = await recordingRegistry(t)
    const auth = { username: 'admin', password: 'secret of the registry' }
    const first = { ...made.spec('login', false), Mode: { Replicated: { Replicas: 1 } } }
    const { ID } = await admin.services.create(first, { auth })
    const evil = serviceOf('login', 'true', { Image: `127.0.0.1:${registry.port}/evil:1` })
    const ann = await connectAs('ann')
    await assert.rejects(ann.services.update(ID, evil, { version: await made.version(ID) }), {
      gatewayReason: 'TARGET_TOO_POWERFUL',
    })
    await assert.rejects(
      ann.services.update(ID, evil, { version: await made.version(ID), registryAuthFrom: 'previous-spec' }),
      { gatewayReason: 'TARGET_TOO_POWERFUL' },
    )
    assert.deepEqual(registry.logins, [])
    // With a login of one's own.
    const own = { username: 'ann', password: 'x' }
    await made.again((version) => ann.services.update(ID, evil, { version, auth: own }), ID)
    await until('the login of ann', async () => registry.logins.includes('ann:x'))
    await made.again((version) => admin.services.update(ID, first, { version, auth }), ID)
    // Without the gateway, the login is sent.
    await made.change(ID, evil)
    await until('the login of the administrator', async () =>
      registry.logins.includes(`${auth.username}:${auth.password}`),
    )
    await made.reset()
    await ann.close()
  })
})

/** A registry that asks for a login, and notes it. */
async function recordingRegistry(t: TestContext): Promise<{ readonly port: number; readonly logins: string[] }> {
  const logins: string[] = []
  const server = createServer(({ headers: { authorization = '' } }, response) => {
    const login = /^Basic (.*)$/.exec(authorization)?.[1]
    if (login !== undefined) logins.push(Buffer.from(login, 'base64').toString())
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="registry"' }).end()
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, logins }
}
