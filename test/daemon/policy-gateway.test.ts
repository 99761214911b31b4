import assert from 'node:assert/strict'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pack } from 'tar-stream'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect, isDockerMtlsError, type DockerClient } from '../../lib/index.ts'
import { definePolicy } from '../../lib/policy.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage, printing } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { interposed } from './support/interposed.ts'
import { ATTACKS, type Attack } from './support/policy/attacks.ts'
import {
  CALLERS,
  Corpus,
  createRequest,
  POLICY,
  sendAttack,
  type Answered,
  worksAtBaseline,
} from './support/policy/corpus.ts'

const skip = lacks('namespaces', 'dockerd', 'docker')

/** Repeats requests until some were sent after the change, which begins when the first has succeeded. */
async function whileChanging(ask: () => Promise<boolean>, change: () => Promise<unknown>): Promise<void> {
  const counted = { during: 0, after: 0 }
  let changing: Promise<unknown> | undefined
  let isChanged = false
  const repeat = async (): Promise<void> => {
    while (counted.after < 8) {
      const when = isChanged ? 'after' : 'during'
      const isDone = await ask()
      if (changing) counted[when]++
      if (isDone) changing ??= change().finally(() => (isChanged = true))
      assert.ok(isDone || changing, 'the first requests, before any change, were refused')
    }
  }
  await Promise.all([repeat(), repeat(), repeat(), repeat()])
  await changing
  assert.ok(counted.during > 0 && counted.after > 0, JSON.stringify(counted))
}

/** Starts an exec, and returns what it prints. */
async function outputOf(docker: DockerClient, id: string): Promise<string> {
  const stream = await docker.exec.start(id)
  return stream.text()
}

describe('ways around a policy, on a real daemon', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let admin: DockerClient
  let image: string
  let corpus: Corpus
  let socketPath: string
  const clients = new Map<string, Client>()

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    socketPath = place.listen[0].replace('unix://', '')
    for (const name of CALLERS) clients.set(name, await newClient(name))
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath },
      policy: POLICY,
    })
    admin = await connectAs('adm')
    corpus = new Corpus(admin, image)
    await corpus.prepare()
  })
  after(async () => {
    await admin?.close()
    await gateway?.close()
    await daemon?.stop()
  })

  const port = ({ address } = gateway): number => ('port' in address ? address.port : 0)

  async function connectAs(name: string): Promise<DockerClient> {
    const folder = join(daemon.place.folder, `client-${name}`)
    await writeClient(folder, clients.get(name) ?? (await newClient(name)))
    return connect({ host: `tcp://127.0.0.1:${port()}`, certPath: folder })
  }

  async function sendAs(name: string, attack: Attack, to = gateway): Promise<Answered> {
    const { cert, key, ca } = clients.get(name) as Client
    const socket = connectTls({ host: '127.0.0.1', port: port(to), servername: 'localhost', cert, key, ca })
    return sendAttack(socket, attack)
  }

  test('there are at least 60', () => assert.ok(ATTACKS.length >= 60, String(ATTACKS.length)))

  for (const attack of ATTACKS.filter(({ isForGateways }) => !isForGateways)) {
    test(attack.name, async () => {
      const earlier = await corpus.countContainers()
      const refused = await sendAs('ann', await corpus.fill(attack))
      assert.ok(refused.status >= 400 && refused.status < 500, `${refused.status} ${refused.text.slice(-300)}`)
      assert.match(refused.text, /x-docker-mtls-reason: \w+/i)
      assert.equal(await corpus.countContainers(), earlier)
      if (attack.code !== undefined) assert.match(refused.text, new RegExp(`x-docker-mtls-reason: ${attack.code}`, 'i'))
      if (attack.isNone) return
      // The same request is no mistake: without a policy it works.
      const done = await sendAttack(connectSocket(socketPath), await corpus.fill(attack))
      assert.ok(done.status > 0 && done.status < 400, `${done.status} ${done.text.slice(-300)}`)
      await corpus.undo()
    })
  }

  const labelled = (): Promise<number> =>
    admin.containers.list({ all: true, filters: { label: 'traefik.enable' } }).then(({ length }) => length)

  test('the steps of a build without BuildKit have the labels of its Dockerfile, so it is refused', async () => {
    const tar = pack()
    tar.entry({ name: 'Dockerfile' }, `FROM ${image}\nLABEL traefik.enable=true\nRUN true\n`)
    tar.finalize()
    const headers = [['Content-Type', 'application/x-tar']] as const
    const build = { name: '', line: 'POST /build?rm=0', body: (await buffer(tar)).toString('latin1'), headers }
    assert.match((await sendAs('ann', build)).text, /x-docker-mtls-reason: LABEL_REFUSED/i)
    const earlier = await labelled()
    assert.equal((await sendAttack(connectSocket(socketPath), build)).status, 200)
    assert.ok((await labelled()) > earlier)
    const between = await labelled()
    // BuildKit makes no containers, whatever the version of the API; and who has built can't run the image.
    for (const line of ['POST /v1.24/build?version=2&rm=0&t=xbuilt', 'POST /build?version=2&rm=0&t=xbuilt'])
      assert.equal((await sendAs('ann', { ...build, line })).status, 200)
    assert.equal(await labelled(), between)
    const created = await sendAs('ann', createRequest({ Image: 'xbuilt' }))
    assert.match(created.text, /x-docker-mtls-reason: LABEL_REFUSED/i)
    await corpus.undo()
  })

  test('what baseline allows works: run, exec, logs, a volume, the allowed folder', async () => {
    const ann = await connectAs('ann')
    await worksAtBaseline(ann, image)
    await ann.close()
  })

  test('restricted and read-only refuse what they promise to', async () => {
    const plain = createRequest({ Image: image })
    assert.match((await sendAs('hard', plain)).text, /NOT_HARDENED/)
    const hardened = createRequest({
      Image: image,
      User: '1000',
      HostConfig: { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
    })
    assert.equal((await sendAs('hard', hardened)).status, 201)
    assert.match((await sendAs('eve', plain)).text, /OPERATION_REFUSED/)
    assert.equal((await sendAs('eve', { name: '', line: 'GET /containers/json' })).status, 200)
    assert.match((await sendAs('stranger', { name: '', line: 'GET /_ping' })).text, /IDENTITY_UNKNOWN/)
    await corpus.undo()
  })

  test('may() gets the answer that the call would get, and neither the gateway nor a plain daemon carries it out', async () => {
    const earlier = await corpus.countContainers()
    const privileged = { Image: image, HostConfig: { Privileged: true } }
    const ann = await connectAs('ann')
    const refused = await ann.may('containers.create', privileged)
    assert.deepEqual([refused.allowed, refused.reasons.map(({ code }) => code)], [false, ['PRIVILEGED']])
    const [reason] = (await ann.may('exec.create', 'root', { Cmd: ['sh'] })).reasons
    assert.equal(reason?.code, 'TARGET_TOO_POWERFUL')
    assert.equal((await ann.may('containers.create', { Image: image }, { name: 'hers' })).allowed, true)
    assert.equal((await admin.may('containers.remove', 'root', { force: true })).allowed, true)
    const direct = await connect({ host: `unix://${socketPath}` }, {})
    for (const client of [direct, admin]) await client.containers.inspect('root')
    await assert.rejects(direct.may('containers.create', privileged), { code: 'ERR_GATEWAY_REQUIRED' })
    await assert.rejects(direct.may('containers.remove', 'root', { force: true }), { code: 'ERR_GATEWAY_REQUIRED' })
    assert.equal(await corpus.countContainers(), earlier)
    assert.equal((await direct.containers.inspect('root')).State.Running, true)
    await Promise.all([ann.close(), direct.close()])
  })

  /** What the test makes is removed after it. */
  async function annFor(t: TestContext): Promise<DockerClient> {
    const ann = await connectAs('ann')
    t.after(async () => {
      await ann.close()
      await corpus.undo()
    })
    return ann
  }

  const privileged = async (name: string): Promise<void> => {
    const config = { Image: image, Cmd: ['sleep', '600'], HostConfig: { Privileged: true } }
    await admin.containers.create(config, { name })
    await admin.containers.start(name)
  }

  test('a name that is given to another container between the check and the use', async (t) => {
    const ann = await annFor(t)
    const { Id } = await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'swapped' })
    await ann.containers.start('swapped')
    await privileged('other')
    const made: string[] = []
    let last: Answered | undefined
    const ask = async (): Promise<boolean> => {
      last = await sendAs('ann', {
        name: '',
        line: 'POST /containers/swapped/exec',
        body: '{"Cmd":["id"],"AttachStdout":true}',
      })
      const { status, text } = last
      if (status === 201) made.push((JSON.parse(text.slice(text.indexOf('{'))) as { Id: string }).Id)
      else assert.match(text, /^HTTP\/1\.1 (?:403 [^]*TARGET_(?:TOO_POWERFUL|UNKNOWN)|404 )/)
      return status === 201
    }
    await whileChanging(ask, async () => {
      await admin.containers.rename('swapped', 'gone')
      await admin.containers.rename('other', 'swapped')
    })
    assert.ok(made.length > 0)
    for (const id of made) assert.equal((await admin.exec.inspect(id)).ContainerID, Id)
    assert.match(last?.text ?? '', /TARGET_TOO_POWERFUL/)
  })

  test('the container that was checked is the one that is used, whichever has its name by then', async (t) => {
    const ann = await annFor(t)
    const { Id } = await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'swapped' })
    await ann.containers.start('swapped')
    await privileged('other')
    let swaps = 0
    const own = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: {
        socketPath: await interposed(t, socketPath, async (line) => {
          if (!/^POST .*\/exec$/.test(line)) return
          swaps++
          await admin.containers.rename('swapped', 'gone')
          await admin.containers.rename('other', 'swapped')
        }),
      },
      policy: POLICY,
    })
    t.after(() => own.close())
    const { status, text } = await sendAs(
      'ann',
      { name: '', line: 'POST /containers/swapped/exec', body: '{"Cmd":["id"]}' },
      own,
    )
    assert.deepEqual([status, swaps], [201, 1], text)
    const exec = JSON.parse(text.slice(text.indexOf('{'))) as { Id: string }
    assert.equal((await admin.exec.inspect(exec.Id)).ContainerID, Id)
  })

  describe('an exec that is started while its container', () => {
    const REFUSED = /^ERR_API_(?:FORBIDDEN|NOT_FOUND|CONFLICT|EXEC_FAILED)$/
    const CHANGES: Readonly<Record<string, () => Promise<unknown>>> = {
      'changes its name with a privileged one': async () => {
        await admin.containers.rename('raced', 'gone')
        await admin.containers.rename('other', 'raced')
      },
      restarts: () => admin.containers.restart('raced', { t: 0 }),
      'is replaced by a privileged one': async () => {
        await admin.containers.remove('raced', { force: true })
        await admin.containers.rename('other', 'raced')
      },
    }
    for (const [name, change] of Object.entries(CHANGES)) {
      test(`${name} runs in none that is privileged`, async (t) => {
        const ann = await annFor(t)
        await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'raced' })
        await ann.containers.start('raced')
        await privileged('other')
        const Cmd = printing('grep CapEff /proc/self/status')
        const execOf = async (target: string) => (await admin.exec.create(target, { Cmd, AttachStdout: true })).Id
        // The output tells the two containers apart.
        const [free, all] = [await outputOf(admin, await execOf('raced')), await outputOf(admin, await execOf('other'))]
        assert.match(free, /^CapEff:/)
        assert.notEqual(free, all)
        // One was made before the change, and the next one is of whichever container has the name just then.
        const ids = await Promise.all(Array.from({ length: 60 }, () => execOf('raced')))
        let count = 0
        const nextId = (): Promise<string | undefined> =>
          count++ % 2 === 0 ? Promise.resolve(ids.pop()) : execOf('raced').catch(() => undefined)
        const ask = async (): Promise<boolean> => {
          const id = await nextId()
          assert.ok(id !== undefined || ids.length > 0, 'there are too few')
          const output =
            id &&
            (await outputOf(ann, id).catch((error: unknown) => {
              assert.ok(isDockerMtlsError(error) && REFUSED.test(error.code), String(error))
              return undefined
            }))
          // One that was killed at once has no output. One that went away while it began has only dockerd's own words.
          const isGone = output?.trim() === `No such exec instance: ${id}`
          assert.ok(isGone || ['', free, undefined].includes(output), output)
          if (isGone || output === undefined) await delay(100)
          return !isGone && output !== undefined
        }
        await whileChanging(ask, change)
      })
    }
  })

  test('a new policy counts for the next request', async () => {
    const ping: Attack = { name: '', line: 'POST /containers/root/stop?t=0' }
    assert.equal((await sendAs('eve', ping)).status, 403)
    gateway.reload({
      policy: definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'baseline' }] }),
    })
    assert.ok((await sendAs('eve', ping)).status < 400)
    gateway.reload({ policy: POLICY })
    assert.equal((await sendAs('eve', ping)).status, 403)
    await admin.containers.start('root')
  })
})
