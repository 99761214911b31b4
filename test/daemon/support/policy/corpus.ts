import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import type { DockerClient } from '../../../../lib/index.ts'
import { definePolicy, type Policy } from '../../../../lib/policy.ts'
import { FIRST, LABELLED, type Attack } from './attacks.ts'

/** The names of all clients that the policy knows, and of one that it doesn't. */
export const CALLERS = ['ann', 'hard', 'eve', 'adm', 'capped', 'smuggler', 'stranger'] as const

/** The rules under which the attacks are tried, by ann. */
export const RULES = [
  {
    name: 'ann',
    who: { commonName: 'ann' },
    level: 'baseline',
    allow: { hostPaths: [{ path: '/srv' }], operations: ['services.create', 'services.update'] },
    deny: { labels: ['traefik.*', 'docker-mtls.owner'] },
  },
  { name: 'hard', who: { commonName: 'hard' }, level: 'restricted' },
  { name: 'eve', who: { commonName: 'eve' }, level: 'read-only' },
  { name: 'adm', who: { commonName: 'adm' }, level: 'privileged' },
  {
    name: 'capped',
    who: { commonName: 'capped' },
    level: 'baseline',
    allow: { capabilities: ['NET_ADMIN'] },
    deny: { capabilities: ['NET_RAW', 'NET_ADMIN'] },
  },
  // May also build without BuildKit.
  { name: 'smuggler', who: { commonName: 'smuggler' }, level: 'baseline' },
] as const

export const POLICY: Policy = definePolicy({ version: 1, rules: RULES })

export interface Answered {
  readonly status: number
  readonly text: string
}

/** One request as it is, and the status of its answer. */
export async function sendAttack(socket: Duplex, { line, body = '', headers = [] }: Attack): Promise<Answered> {
  const bytes = Buffer.from(body)
  const isUpgrade = headers.some(([name]) => name === 'Connection')
  const fields = [['Host', 'docker'], ...(isUpgrade ? [] : [['Connection', 'close']]), ...headers]
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type')
  const isChunked = headers.some(([name]) => name.toLowerCase() === 'transfer-encoding')
  if (bytes.length > 0) {
    if (!isTyped) fields.push(['Content-Type', 'application/json'])
    if (!isChunked) fields.push(['Content-Length', String(bytes.length)])
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
      if (/^HTTP\/1\.1 101|^HTTP\/1\.1 200[^]*raw-stream/.test(text) || (isUpgrade && isWholeRefusal(text))) break
    }
  } catch (error) {
    if (!text.startsWith('HTTP/')) throw error
  }
  socket.destroy()
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

/** dockerd keeps the connection of a refused upgrade open. */
function isWholeRefusal(text: string): boolean {
  const [, length, body = ''] = /^HTTP\/1\.1 [45][^]*?\r\ncontent-length: (\d+)[^]*?\r\n\r\n([^]*)$/i.exec(text) ?? []
  return length !== undefined && body.length >= Number(length)
}

/** A request that creates a container. */
export function createRequest(body: object): Attack {
  return { name: '', line: 'POST /containers/create', body: JSON.stringify(body) }
}

/** What the level `baseline` allows: run, exec, a volume, the folder that the rule of ann allows. */
export async function worksAtBaseline(ann: DockerClient, image: string): Promise<void> {
  const { stdout, exitCode } = await ann.run(image, ['sh', '-c', 'echo hello; touch /data/x; sleep 0.5'], {
    HostConfig: { Binds: ['data:/data', '/srv:/srv:ro'], NetworkMode: 'none' },
  })
  assert.deepEqual([String(stdout), exitCode], ['hello\n', 0])
  const { Id } = await ann.containers.create({ Image: image, Cmd: ['sleep', '600'] }, { name: 'hers' })
  await ann.containers.start('hers')
  const ran = await ann.exec.run('hers', ['cat'], { stdin: 'through the policy' })
  assert.equal(String(ran.stdout), 'through the policy')
  await ann.containers.remove(Id, { force: true })
  const echo = await ann.containers.create({ Image: image, Cmd: ['sh', '-c', 'head -n 1; sleep 0.5'], OpenStdin: true })
  const socket = await ann.containers.attachWebSocket(echo.Id, { stdin: true })
  await ann.containers.start(echo.Id)
  socket.stdin.write('by web socket\n')
  assert.equal(await socket.text(), 'by web socket\n')
  await ann.containers.remove(echo.Id, { force: true })
}

/** What attacks need on the daemon, and what they leave there. */
export class Corpus {
  readonly #admin: DockerClient
  readonly #image: string

  constructor(admin: DockerClient, image: string) {
    this.#admin = admin
    this.#image = image
  }

  /** Makes what an administrator has made before. */
  async prepare(): Promise<void> {
    const { containers, images, volumes } = this.#admin
    for (const { name, config } of FIRST)
      await containers.create({ Image: this.#image, Cmd: ['sleep', '600'], ...config }, { name })
    await volumes.create({ Name: 'etc', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } })
    await images.commit('plain', { Labels: { 'traefik.enable': 'true' } }, { repo: LABELLED })
    for (const { name, starts } of FIRST) if (starts) await containers.start(name)
  }

  /** With the image, and an exec of its own. */
  async fill(attack: Attack): Promise<Attack> {
    const { execIn } = attack
    const { Id } = execIn === undefined ? { Id: '' } : await this.#admin.exec.create(execIn, { Cmd: ['true'] })
    const fill = (text: string): string => text.replaceAll('IMAGE', this.#image).replaceAll('EXEC', Id)
    return { ...attack, line: fill(attack.line), ...(attack.body !== undefined && { body: fill(attack.body) }) }
  }

  async countContainers(): Promise<number> {
    return (await this.#admin.containers.list({ all: true })).length
  }

  /** Removes what attacks have made. */
  async undo(): Promise<void> {
    const { containers, volumes, networks } = this.#admin
    const kept = new Set(FIRST.map(({ name }) => name))
    for (const { Id, Names } of await containers.list({ all: true })) {
      if (!kept.has(Names[0]?.slice(1) ?? '')) await containers.remove(Id, { force: true })
    }
    for (const { Name } of (await volumes.list()).Volumes ?? []) {
      if (Name.startsWith('x')) await volumes.remove(Name, { force: true })
    }
    for (const { Name, Id } of await networks.list()) if (Name.startsWith('x')) await networks.remove(Id)
  }
}
