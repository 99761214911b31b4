import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Decision } from '../../lib/policy.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

const COMPOSE = '/usr/libexec/docker/cli-plugins/docker-compose'
const folder = await temporaryFolder()
const at = (name: string): string => join(folder, name)
const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
const ID = 'a'.repeat(64)
const Labels = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.container-number': '1',
  'com.docker.compose.config-hash': 'x',
  'com.docker.compose.oneoff': 'False',
}
const Config = { Image: 'alpine', Labels }
const State = { Running: true, Status: 'running' }

/** What it has: the container `web`, which is privileged. */
const WEB = {
  Id: ID,
  Name: '/web',
  Image: `sha256:${ID}`,
  State,
  Config,
  HostConfig: { Privileged: true },
  Mounts: [],
  NetworkSettings: { Networks: { bridge: { NetworkID: ID } } },
}
const ANSWERS: readonly (readonly [path: RegExp, value: object])[] = [
  [/^\/version$/, { Version: '26.1.5', ApiVersion: '1.45', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' }],
  [/^\/containers\/json$/, [{ ...WEB, Names: ['/web'], State: 'running', Labels }]],
  [/^\/containers\/(?:web|a{64})\/json$/, WEB],
  [/^\/networks$/, []],
  [/^\/volumes\/root$/, { Name: 'root', Driver: 'local', Options: { type: 'none', o: 'bind', device: '/' } }],
]

const got: string[] = []
const daemon: Server = createServer(({ method = '', url = '' }, response) => {
  const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '')
  if (path !== '/_ping' && path !== '/version') got.push(`${method} ${path}`)
  const value = ANSWERS.find(([known]) => known.test(path))?.[1]
  const isPing = path === '/_ping'
  response.setHeader('Server', 'Docker/26.1.5 (linux)')
  response.writeHead(isPing || value ? 200 : 404, { 'Api-Version': '1.45', 'Content-Type': 'application/json' })
  response.end(isPing ? 'OK' : JSON.stringify(value ?? { message: 'no such thing' }))
})

interface Tried {
  readonly verdict: string
  readonly requests: readonly (Decision & { readonly request: string })[]
}

async function ask(policy: string, ...command: string[]): Promise<Tried & { readonly code: number }> {
  await writeFile(at('policy.yaml'), `version: 1\nrules: [{ name: one, who: { any: true }, ${policy} }]\n`)
  const words = ['policy', 'test', at('policy.yaml'), '--as', 'ann', '--json', '--ask']
  const { code, stdout } = await runCli([...words, '--host', `unix://${at('sock')}`, '--', ...command], { env })
  const said = JSON.parse(stdout) as Tried & { readonly error?: object }
  assert.equal(said.error, undefined, stdout)
  return { code, ...said }
}

const verdicts = ({ requests }: Tried): string[] => requests.map((one) => `${one.verdict} ${one.operation}`)

describe('policy test --ask', { skip: lacks('docker', COMPOSE) }, () => {
  before(async () => {
    await writeFile(at('compose.yaml'), 'name: shop\nservices: { web: { image: alpine } }\n')
    daemon.listen(at('sock'))
    await once(daemon, 'listening')
  })
  after(() => daemon.close())

  test('judges the container by what it is, whatever its name', async () => {
    const refused = await ask('level: baseline', 'docker', 'start', '-a', 'web')
    assert.deepEqual([refused.code, verdicts(refused)], [3, ['allow containers.inspect', 'refuse containers.attach']])
    const allowed = await ask('level: privileged', 'docker', 'start', '-a', 'web')
    assert.equal(allowed.code, 0)
    assert.match(allowed.requests.at(-1)?.request ?? '', new RegExp(`/containers/${ID}/start`))
  })

  test('tries Compose on the containers of its project, and sends the daemon nothing else', async () => {
    got.length = 0
    const compose = ['docker', 'compose', '-f', at('compose.yaml')]
    const stopped = await ask('level: baseline', ...compose, 'stop')
    assert.deepEqual([stopped.code, verdicts(stopped)], [0, ['allow containers.list', 'allow containers.stop']])
    const restarted = await ask('level: baseline', ...compose, 'restart')
    assert.deepEqual([restarted.code, verdicts(restarted)], [3, ['allow containers.list', 'refuse containers.restart']])
    assert.deepEqual(
      got.filter((line) => !line.startsWith('GET ')),
      [],
    )
  })

  test('what an owner looks for and does not find may be created', async () => {
    const up = ['docker', 'network', 'create', 'n']
    assert.deepEqual(verdicts(await ask('level: baseline, owner: a', ...up)), ['allow networks.create'])
    const missing = 'docker network inspect n || docker network create n'
    const { code, requests } = await ask('level: baseline, owner: a', 'sh', '-c', missing)
    assert.deepEqual([code, requests.map((one) => one.operation)], [0, ['networks.inspect', 'networks.create']])
    assert.equal((await ask('level: baseline, owner: a', 'docker', 'network', 'inspect', 'n')).code, 3)
  })

  test('a volume that is there already is judged by what it is, whatever the command has created', async () => {
    for (const create of ['docker volume create root', 'docker create --name root alpine']) {
      const { code, requests } = await ask('level: baseline', 'sh', '-c', `${create}; docker run -v root:/x alpine`)
      assert.deepEqual([code, requests.at(-1)?.verdict], [3, 'refuse'], create)
    }
    const created = await ask('level: baseline', 'sh', '-c', 'docker volume create v && docker run -v v:/x alpine')
    assert.equal(created.code, 0)
  })

  test('the command learns what is not there, as from a gateway', async () => {
    const script = 'docker start nope 2>&1 | grep -q "No such container: nope" && docker network create n'
    const { requests } = await ask('level: baseline', 'sh', '-c', script)
    assert.equal(requests.at(-1)?.operation, 'networks.create')
  })

  test('a daemon that fails is an error, and no verdict', async () => {
    const words = ['policy', 'test', at('policy.yaml'), '--as', 'ann', '--ask', '--host', `unix://${at('none')}`]
    const { code, stdout } = await runCli([...words, '--', 'docker', 'ps'], { env })
    assert.deepEqual([code, stdout], [1, ''])
  })
})
