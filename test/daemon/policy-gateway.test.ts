import assert from 'node:assert/strict'
import { connect as connectSocket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect, type DockerClient } from '../../lib/index.ts'
import { definePolicy } from '../../lib/policy.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { ATTACKS, FIRST, type Attack } from './support/policy/attacks.ts'
import { join } from 'node:path'

const skip = lacks('namespaces', 'dockerd', 'docker')

const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'ann', who: { commonName: 'ann' }, level: 'baseline', allow: { hostPaths: [{ path: '/srv' }] } },
    { name: 'hard', who: { commonName: 'hard' }, level: 'restricted' },
    { name: 'eve', who: { commonName: 'eve' }, level: 'read-only' },
    { name: 'adm', who: { commonName: 'adm' }, level: 'privileged' },
  ],
})

/** One request as it is, and the status of its answer. */
async function send(
  socket: Duplex,
  { line, body = '', headers = [] }: Attack,
): Promise<{ status: number; text: string }> {
  const bytes = Buffer.from(body)
  const isUpgrade = headers.some(([name]) => name === 'Connection')
  const fields = [['Host', 'docker'], ...(isUpgrade ? [] : [['Connection', 'close']]), ...headers]
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type')
  if (bytes.length > 0) {
    if (!isTyped) fields.push(['Content-Type', 'application/json'])
    fields.push(['Content-Length', String(bytes.length)])
  }
  // Who answers before the whole request has come may close the connection.
  socket.on('error', () => {})
  const head = `${line} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`
  socket.write(Buffer.concat([Buffer.from(head, 'utf8'), bytes]))
  let text = ''
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString('latin1')
      // An upgrade, or a stream, has no end.
      if (/^HTTP\/1\.1 101|^HTTP\/1\.1 200[^]*raw-stream/.test(text)) break
    }
  } catch (error) {
    if (!text.startsWith('HTTP/')) throw error
  }
  socket.destroy()
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

const create = (body: object): Attack => ({ name: '', line: 'POST /containers/create', body: JSON.stringify(body) })

describe('ways around a policy, on a real daemon', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let admin: DockerClient
  let image: string
  let socketPath: string
  const clients = new Map<string, Client>()

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    socketPath = place.listen[0].replace('unix://', '')
    for (const name of ['ann', 'hard', 'eve', 'adm', 'stranger']) clients.set(name, await newClient(name))
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath },
      policy: POLICY,
    })
    admin = await connectAs('adm')
    for (const { name, config } of FIRST)
      await admin.containers.create({ Image: image, Cmd: ['sleep', '600'], ...config }, { name })
    await admin.volumes.create({ Name: 'etc', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } })
    for (const { name, starts } of FIRST) if (starts) await admin.containers.start(name)
  })
  after(async () => {
    await admin?.close()
    await gateway?.close()
    await daemon?.stop()
  })

  const port = (): number => ('port' in gateway.address ? gateway.address.port : 0)

  async function connectAs(name: string): Promise<DockerClient> {
    const folder = join(daemon.place.folder, `client-${name}`)
    await writeClient(folder, clients.get(name) ?? (await newClient(name)))
    return connect({ host: `tcp://127.0.0.1:${port()}`, certPath: folder })
  }

  async function sendAs(name: string, attack: Attack): Promise<{ status: number; text: string }> {
    const { cert, key, ca } = clients.get(name) as Client
    const socket = connectTls({ host: '127.0.0.1', port: port(), servername: 'localhost', cert, key, ca })
    return send(socket, attack)
  }

  const filled = async (attack: Attack): Promise<Attack> => {
    const { Id } = attack.needsExec ? await admin.exec.create('root', { Cmd: ['true'] }) : { Id: '' }
    const fill = (text: string): string => text.replaceAll('IMAGE', image).replaceAll('EXEC', Id)
    return { ...attack, line: fill(attack.line), ...(attack.body !== undefined && { body: fill(attack.body) }) }
  }

  test('there are at least 60', () => assert.ok(ATTACKS.length >= 60, String(ATTACKS.length)))

  for (const attack of ATTACKS) {
    test(attack.name, async () => {
      const earlier = (await admin.containers.list({ all: true })).length
      const refused = await sendAs('ann', await filled(attack))
      assert.ok(refused.status >= 400 && refused.status < 500, `${refused.status} ${refused.text.slice(-300)}`)
      assert.match(refused.text, /x-docker-mtls-reason: \w+/i)
      assert.equal((await admin.containers.list({ all: true })).length, earlier)
      if (attack.code !== undefined) assert.match(refused.text, new RegExp(`x-docker-mtls-reason: ${attack.code}`, 'i'))
      if (attack.isNone) return
      // The same request is no mistake: without a policy it works.
      const done = await send(connectSocket(socketPath), await filled(attack))
      assert.ok(done.status > 0 && done.status < 400, `${done.status} ${done.text.slice(-300)}`)
      await undo()
    })
  }

  async function undo(): Promise<void> {
    const kept = new Set(FIRST.map(({ name }) => name))
    for (const { Id, Names } of await admin.containers.list({ all: true })) {
      if (!kept.has(Names[0]?.slice(1) ?? '')) await admin.containers.remove(Id, { force: true })
    }
    for (const { Name } of (await admin.volumes.list()).Volumes ?? []) {
      if (Name.startsWith('x')) await admin.volumes.remove(Name, { force: true })
    }
    for (const { Name, Id } of await admin.networks.list()) if (Name.startsWith('x')) await admin.networks.remove(Id)
  }

  test('what baseline allows works: run, exec, logs, a volume, the allowed folder', async () => {
    const ann = await connectAs('ann')
    const { stdout, exitCode } = await ann.run(image, ['sh', '-c', 'echo hello; touch /data/x'], {
      HostConfig: { Binds: ['data:/data', '/srv:/srv:ro'], NetworkMode: 'none' },
    })
    assert.deepEqual([String(stdout), exitCode], ['hello\n', 0])
    const { Id } = await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'hers' })
    await ann.containers.start('hers')
    const ran = await ann.exec.run('hers', ['cat'], { stdin: 'through the policy' })
    assert.equal(String(ran.stdout), 'through the policy')
    await ann.containers.remove(Id, { force: true })
    await ann.close()
  })

  test('restricted and read-only refuse what they promise to', async () => {
    const plain = create({ Image: image })
    assert.match((await sendAs('hard', plain)).text, /NOT_HARDENED/)
    const hardened = create({
      Image: image,
      User: '1000',
      HostConfig: { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
    })
    assert.equal((await sendAs('hard', hardened)).status, 201)
    assert.match((await sendAs('eve', plain)).text, /OPERATION_REFUSED/)
    assert.equal((await sendAs('eve', { name: '', line: 'GET /containers/json' })).status, 200)
    assert.match((await sendAs('stranger', { name: '', line: 'GET /_ping' })).text, /IDENTITY_UNKNOWN/)
    await undo()
  })

  test('a name that is given to another container between the check and the use', async () => {
    const ann = await connectAs('ann')
    await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'swapped' })
    await ann.containers.start('swapped')
    const results = await Promise.all([
      ...Array.from({ length: 30 }, async () => {
        const { status, text } = await sendAs('ann', {
          name: '',
          line: 'POST /containers/swapped/exec',
          body: '{"Cmd":["id"],"AttachStdout":true}',
        })
        return status === 201 ? (JSON.parse(text.slice(text.indexOf('{'))) as { Id: string }).Id : undefined
      }),
      swap(),
    ])
    for (const id of results) {
      if (id === undefined) continue
      const { ContainerID } = await admin.exec.inspect(id)
      const { HostConfig } = await admin.containers.inspect(ContainerID)
      assert.equal(HostConfig.Privileged, false)
    }
    await ann.close()
    await undo()

    async function swap(): Promise<undefined> {
      await admin.containers.create(
        { Image: image, Cmd: ['sleep', '600'], HostConfig: { Privileged: true } },
        { name: 'other' },
      )
      await admin.containers.start('other')
      await admin.containers.rename('swapped', 'gone')
      await admin.containers.rename('other', 'swapped')
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
