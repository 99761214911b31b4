import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createGateway, type Gateway, type GatewayEvent, type RequestEnded } from '../../lib/gateway.ts'
import { parsePolicy } from '../../lib/policy.ts'
import { operationsOf } from '../../lib/policy/presets/preset.ts'
import { PRESETS } from '../../lib/policy/presets/presets.ts'
import { runCli, runProcess } from '../cli/support/run-cli.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { startRegistry, type Registry } from './harness/registry.ts'
import { REQUESTS, WORKS } from './support/preset-works.ts'

const TESTCONTAINERS = fileURLToPath(new URL('support/clients/testcontainers.mjs', import.meta.url))
const USER = { username: 'ci', password: 'hush' }

/** PULLED is an image of the registry that the daemon doesn't have. */
const PROJECT = `services:
  db:
    image: PULLED
    command: sh -c 'echo ready; sleep 300'
    volumes: [data:/data]
    healthcheck: { test: echo ok, interval: 1s }
  web:
    build: { context: ., args: { BASE: IMAGE } }
    command: sh -c 'echo up; sleep 300'
    depends_on: { db: { condition: service_healthy } }
    ports: ['127.0.0.1:0:8080']
  once: { image: IMAGE, command: "sleep 0.5" }
  privileged: { image: IMAGE, command: "true", privileged: true }
volumes: { data: {} }
`

/** All rules in one policy, as the command prints them. */
async function printedRules(): Promise<string> {
  const files = await Promise.all(PRESETS.map(({ name }) => runCli(['policy', 'preset', name])))
  return ['version: 1\nrules:', ...files.map(({ stdout }) => stdout.split('rules:\n')[1])].join('\n')
}

const skip = lacks('namespaces', 'dockerd', 'docker', 'docker-registry', 'htpasswd')

/** Works share a daemon, and touch only their own things. */
describe('presets with the real tools', { skip, concurrency: 3 }, () => {
  let daemon: Daemon
  let registry: Registry
  /** It asks for no login. */
  let open: Registry
  let gateway: Gateway
  let image: string
  let node: string
  const clients = new Map<string, Client>()
  const events: GatewayEvent[] = []

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({
      place,
      argv: [place.dockerd, '--host', place.listen[0]],
    })
    image = await makeImage(daemon)
    registry = await startRegistry({ auth: USER })
    open = await startRegistry()
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: place.socketPath },
      policy: parsePolicy(await printedRules(), 'presets.yaml'),
      log: (event) => events.push(event),
    })
    for (const { name } of PRESETS) await prepare(name)
    await locally('run', '--detach', '--name', 'lasting', image, 'sleep', '300')
    await locally('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:0')
    await locally('service', 'create', '--detach', '--name', 'lasting', '--replicas', '0', '--no-resolve-image', image)
    node = await locally('node', 'ls', '--quiet')
  })
  after(async () => {
    await gateway?.close()
    await registry?.stop()
    await open?.stop()
    await daemon?.stop()
  })

  const folderOf = (name: string): string => join(daemon.place.folder, name)
  const port = (): number => ('port' in gateway.address ? gateway.address.port : 0)

  async function locally(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await dockerLocally(daemon, words, {
      env: { DOCKER_CONFIG: folderOf('docker-cli') },
    })
    assert.equal(code, 0, stderr)
    return stdout.trim()
  }

  /** A folder with a certificate, a project, a login, and an image that only the registry has. */
  async function prepare(name: string): Promise<void> {
    const folder = folderOf(name)
    const client = await newClient(name)
    clients.set(name, client)
    await writeClient(folder, client)
    await writeFile(join(folder, 'Dockerfile'), 'ARG BASE\nFROM ${BASE}\nRUN echo built > /built\n')
    await writeFile(join(folder, 'compose.yaml'), filled(PROJECT, name))
    await writeFile(join(folder, 'config.json'), login())
    if (!['docker-cli', 'compose', 'testcontainers'].includes(name)) return
    for (const pulled of ['PULLED', 'OPEN'].map((text) => filled(text, name))) {
      await locally('tag', image, pulled)
      await locally('push', '--quiet', pulled)
      await locally('rmi', pulled)
    }
  }

  function login(): string {
    const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64')
    return JSON.stringify({ auths: { [registry.host]: { auth } } })
  }

  const filled = (text: string, name: string): string =>
    text
      .replaceAll('PULLED', `REGISTRY/${name}:pulled`)
      .replaceAll('OPEN', `${open.host}/${name}:pulled`)
      .replaceAll('REGISTRY', registry.host)
      .replaceAll('IMAGE', image)
      .replaceAll('TESTCONTAINERS', TESTCONTAINERS)

  function sh(name: string, line: string): Promise<CommandResult> {
    const folder = folderOf(name)
    const env = {
      HOME: folder,
      TMPDIR: folder,
      DOCKER_CONFIG: folder,
      DOCKER_HOST: `tcp://127.0.0.1:${port()}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
      DOCKER_AUTH_CONFIG: login(),
      TESTCONTAINERS_RYUK_DISABLED: 'true',
    }
    return runCommand('sh', ['-ec', filled(line, name)], { env, cwd: folder })
  }

  /** The ends of the requests and calls of a client. */
  const endsOf = (name: string): readonly RequestEnded[] =>
    events.flatMap((event) => (event.event === 'request' && event.identity === `CN=${name}` ? [event] : []))

  /** The requests that the gateway refused. A connection without a request, which Go opens in reserve, ends after 10 s. */
  const refusalsOf = (name: string): string[] =>
    endsOf(name)
      .filter(({ verdict, method }) => verdict === 'refuse' && method !== '')
      .map(({ method, path, reason = '' }) => `${method} ${path.replace(/^\/v[\d.]+/, '')} ${reason}`)

  /** The operations that the daemon carried out for a client, or still does. */
  function usedBy(name: string): string[] {
    const begun = events.flatMap((event) => (event.event === 'begin' && event.identity === `CN=${name}` ? [event] : []))
    const allowed = [...begun, ...endsOf(name)].filter(({ verdict }) => verdict === 'allow')
    return [...new Set(allowed.map(({ operation = '' }) => operation))]
  }

  /** Without any of its operations, the work would end with a refusal. */
  function compare(name: string, unused: object = {}): void {
    const preset = PRESETS.find((one) => one.name === name)
    assert.ok(preset)
    assert.deepEqual([...usedBy(name), ...Object.keys(unused)].toSorted(), operationsOf(preset))
  }

  for (const [name, { needs, lines, unused, refused, says: expected }] of Object.entries(WORKS))
    test(`${name}: its work needs all of the preset, and nothing else`, { skip: lacks(...needs) }, async () => {
      for (const line of lines) {
        const { code, stdout, stderr } = await sh(name, line)
        assert.equal(code, 0, `${line}: ${(stdout + stderr).slice(-2_000)}`)
        if (expected) assert.deepEqual([JSON.parse(stdout || 'null'), stderr], [expected, ''])
      }
      assert.deepEqual(refusalsOf(name), expected ? ['POST /containers/create PRIVILEGED'] : [])
      compare(name, unused)
      for (const [line, says] of refused) {
        const { code, stdout, stderr } = await sh(name, line)
        assert.notEqual(code, 0, line)
        assert.match(stdout + stderr, says)
      }
    })

  for (const [name, { lines, unused, refused }] of Object.entries(REQUESTS))
    test(`${name}: the requests that it sends need all of the preset, and nothing else`, async () => {
      for (const line of lines) assert.deepEqual([line, await ask(name, line)], [line, '200'])
      compare(name, unused)
      for (const line of refused) assert.deepEqual([line, await ask(name, line)], [line, '403 OPERATION_REFUSED'])
    })

  /** The status, and the reason of a refusal. The answer can be endless. */
  async function ask(name: string, line: string): Promise<string> {
    const [method, path = ''] = line.replace('/ID/', '/lasting/').replace('NODE', node).split(' ')
    const asked = request({
      host: '127.0.0.1',
      port: port(),
      method,
      path,
      servername: 'localhost',
      ...clients.get(name),
    })
    asked.end()
    const [{ statusCode, headers }] = (await once(asked, 'response')) as [IncomingMessage]
    asked.on('error', () => {}).destroy()
    return [statusCode, headers['x-docker-mtls-reason']].filter(Boolean).join(' ')
  }

  test('agent: a hardened container of its own, and nothing of others', async () => {
    const hardened = '--cap-drop ALL --security-opt no-new-privileges --user 1000:1000 --network none IMAGE'
    const { code, stdout, stderr } = await sh(
      'agent',
      `docker run --rm ${hardened} sh -c 'id -u; sleep 0.5'; docker ps -q`,
    )
    assert.deepEqual([code, stdout], [0, '1000\n'], stderr)
    for (const [line, says] of [
      ['docker run --rm IMAGE true', /NOT_HARDENED/],
      ['docker stop lasting', /No such container/],
      [`docker run --rm -v /srv:/srv ${hardened} true`, /HOST_PATH/],
      ['DOCKER_BUILDKIT=0 docker build .', /OWNER_UNSUPPORTED/],
    ] as const) {
      const result = await sh('agent', line)
      assert.notEqual(result.code, 0, line)
      assert.match(result.stderr, says)
    }
  })

  test(
    'a preset for a local socket, with gateway exec',
    { skip: lacks(...(WORKS['buildx']?.needs ?? [])) },
    async () => {
      const file = join(folderOf('buildx'), 'policy.yaml')
      await writeFile(file, (await runCli(['policy', 'preset', 'buildx', '--socket', 'builds'])).stdout)
      const script = filled('docker build -q --build-arg BASE=IMAGE "$0" && docker run --rm IMAGE true', 'buildx')
      const words = ['--policy', file, '--as', 'builds', '--', 'sh', '-c', script, folderOf('buildx')]
      const { code, stdout, stderr } = await runProcess(['gateway', 'exec', '--host', daemon.place.listen[0], ...words])
      assert.equal(code, 125, stderr)
      assert.match(stdout, /^sha256:[0-9a-f]{64}$/m)
      assert.match(
        stderr,
        /the rule builds \(restricted\) refuses this: containers\.create: the rule allows only others/,
      )
    },
  )
})
