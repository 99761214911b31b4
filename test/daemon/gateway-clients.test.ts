import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { definePolicy, LEVELS, type Level } from '../../lib/policy.ts'
import { newClient, newServerTls } from '../gateway/support/fixture.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'

const PYTHON = '/usr/lib/python3/dist-packages/docker/__init__.py'
const programOf = (name: string): string => fileURLToPath(new URL(`support/clients/${name}`, import.meta.url))

/** What a container needs at the level `restricted`, in the words of Docker's SDK for Python. */
const HARDENED = { user: '1000:1000', cap_drop: ['ALL'], security_opt: ['no-new-privileges'] }
/** How each step of a program ended. */
type Outcomes = Readonly<Record<string, unknown>>

/** How the steps of the work that lead to the host end below `privileged`. */
const REFUSED = {
  privileged: 'refused 403',
  'host path': 'refused 403',
  'host network': 'refused 403',
  swarm: 'refused 403',
}

/** A project of two services, with further lines in each. */
const projectWith = (lines: string): string => `services:
  db:
    image: IMAGE
    command: sh -c 'echo ready; sleep 300'
    volumes: [data:/data]
    healthcheck: { test: echo ok, interval: 1s }
${lines}
  web:
    image: IMAGE
    command: sh -c 'echo up; sleep 300'
    depends_on: { db: { condition: service_healthy } }
    ports: ['127.0.0.1:0:8080']
${lines}
volumes: { data: {} }
networks: { default: {} }
`

/** The lines without order, progress, and the name of the project. */
function stable(output: string): string[] {
  const lines = output.split('\n').map((line) => line.replaceAll(/compose-\w+(?:-only)?[-_]/g, '').trim())
  return [...new Set(lines.filter((line) => !/\b(?:Creat|Start|Stopp?|Remov|Restart|Wait)ing\b/.test(line)))].toSorted()
}

/** The options of dockerode for the daemon that variables name. */
async function connectionOf({ DOCKER_HOST = '', DOCKER_CERT_PATH }: Readonly<Record<string, string>>): Promise<object> {
  if (DOCKER_CERT_PATH === undefined) return { socketPath: DOCKER_HOST.replace('unix://', '') }
  const [ca, cert, key] = await Promise.all(
    ['ca', 'cert', 'key'].map((name) => readFile(join(DOCKER_CERT_PATH, `${name}.pem`), 'utf8')),
  )
  return { protocol: 'https', host: 'localhost', port: Number(DOCKER_HOST.split(':').at(-1)), ca, cert, key }
}

describe(
  'other clients through a gateway',
  { skip: lacks('namespaces', 'dockerd', 'docker', 'docker-compose', PYTHON) },
  () => {
    let daemon: Daemon
    let gateway: Gateway
    let image: string

    before(async () => {
      const place = await chooseDaemonPlace()
      daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
      image = await makeImage(daemon)
      gateway = await createGateway({
        listen: { host: '127.0.0.1', port: 0 },
        tls: await newServerTls(),
        daemon: { socketPath: place.listen[0].replace('unix://', '') },
        policy: definePolicy({
          version: 1,
          rules: LEVELS.map((level) => ({ name: level, who: { commonName: level }, level })),
        }),
      })
    })
    after(async () => {
      await gateway?.close()
      await daemon?.stop()
    })

    /** The variables of a client at a level, or on the local socket. */
    async function variables(level?: Level): Promise<Record<string, string>> {
      const [local] = daemon.place.listen
      if (level === undefined) return { DOCKER_HOST: local, DOCKER_BUILDKIT: '0' }
      const folder = join(daemon.place.folder, `client-${level}`)
      await writeClient(folder, await newClient(level))
      const port = 'port' in gateway.address ? gateway.address.port : 0
      return {
        DOCKER_HOST: `tcp://127.0.0.1:${port}`,
        DOCKER_TLS_VERIFY: '1',
        DOCKER_CERT_PATH: folder,
        DOCKER_BUILDKIT: '0',
      }
    }

    /** The project in a folder, and the command in it. */
    async function project(level: Level | undefined, lines: string): Promise<(...words: string[]) => Promise<string>> {
      const folder = join(daemon.place.folder, `compose-${level ?? 'local'}`)
      await mkdir(folder)
      await writeFile(join(folder, 'compose.yaml'), projectWith(lines).replaceAll('IMAGE', image))
      const env = await variables(level)
      return async (...words) => {
        const { code, stdout, stderr } = await runCommand('docker-compose', words, { cwd: folder, env })
        return `${code} ${stdout}${stderr}`
      }
    }

    /** How each step of a project ended. */
    async function workInProject(level?: Level, lines = ''): Promise<Outcomes> {
      const compose = await project(level, lines)
      const outcomes: Record<string, unknown> = {}
      const step = async (expected: RegExp, ...words: string[]): Promise<void> => {
        const output = await compose(...words)
        assert.match(output, expected, `${level ?? 'local'}: ${words.join(' ')}`)
        outcomes[words.join(' ')] = stable(output)
      }
      await step(/^0 [^]*web-1 +(?:Started|Healthy)/, 'up', '--detach', '--wait')
      await step(/^0 db running\nweb running\n$/, 'ps', '--format', '{{.Service}} {{.State}}')
      await step(/^0 inside\n/, 'exec', '-T', 'web', 'echo', 'inside')
      await step(/^1 $/, 'exec', '-T', 'web', 'false')
      await step(/ready/, 'logs', 'db')
      await step(/^0 /, 'restart', '-t', '0', 'web')
      await step(/^0 [^]*Network [^]*Removed/, 'down', '--volumes', '-t', '0')
      return outcomes
    }

    describe("Docker's SDK for Python", () => {
      async function work(level?: Level, settings: object = {}): Promise<Outcomes> {
        const options = { env: await variables(level), input: `${JSON.stringify(settings)}\n` }
        const { code, stdout, stderr } = await runCommand(
          '/usr/bin/python3',
          [programOf('docker_sdk.py'), image, `py-${level ?? 'local'}`],
          options,
        )
        assert.equal(code, 0, stderr)
        return JSON.parse(stdout) as Outcomes
      }

      let local: Outcomes
      before(async () => (local = await work()))

      test('privileged: all of it as on the local socket', async () => {
        assert.ok(Object.keys(local).length > 40)
        assert.deepEqual(await work('privileged'), local)
      })

      test('baseline: the same, but for what leads to the host', async () => {
        assert.deepEqual(await work('baseline'), { ...local, ...REFUSED })
      })

      test('restricted: the same with a hardened container', async () => {
        assert.deepEqual(await work('restricted', HARDENED), { ...local, ...REFUSED })
      })
    })

    describe('dockerode', { skip: lacks('peer dockerode') }, () => {
      async function work(level?: Level, settings: object = {}): Promise<Outcomes> {
        const asked = {
          connection: await connectionOf(await variables(level)),
          image,
          mark: `js-${level ?? 'local'}`,
          ...settings,
        }
        const { code, stdout, stderr } = await runCommand('node', [programOf('dockerode.mjs'), JSON.stringify(asked)])
        assert.equal(code, 0, stderr)
        return JSON.parse(stdout) as Outcomes
      }

      let local: Outcomes
      before(async () => (local = await work()))

      test('privileged: all of it as on the local socket', async () => {
        assert.ok(Object.keys(local).length > 30)
        assert.deepEqual(await work('privileged'), local)
      })

      test('baseline: the same, but for what leads to the host', async () => {
        assert.deepEqual(await work('baseline'), { ...local, ...REFUSED })
      })

      test('restricted: the same with a hardened container', async () => {
        const hostConfig = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }
        assert.deepEqual(await work('restricted', { hostConfig, container: { User: '1000' } }), {
          ...local,
          ...REFUSED,
        })
      })
    })

    describe("Docker's SDK for Node.js", { skip: lacks('peer @docker/node-sdk') }, () => {
      const LEADS_TO_HOST = { privileged: 'refused', 'host path': 'refused', 'host network': 'refused' }

      async function work(level?: Level, settings: object = {}): Promise<Outcomes> {
        const { DOCKER_HOST = '', DOCKER_CERT_PATH } = await variables(level)
        const place = { host: DOCKER_HOST.replace('unix://', 'unix:'), certificates: DOCKER_CERT_PATH }
        const asked = { ...place, image, mark: `sdk-${level ?? 'local'}`, ...settings }
        const { code, stdout, stderr } = await runCommand('node', [programOf('node_sdk.mjs'), JSON.stringify(asked)])
        assert.equal(code, 0, stderr)
        return JSON.parse(stdout) as Outcomes
      }

      let local: Outcomes
      before(async () => (local = await work()))

      test('privileged: all of it as on the local socket', async () => {
        assert.ok(
          Object.keys(local).length > 25 && Object.values(local).every((one) => !/refused|failed/.test(String(one))),
        )
        assert.deepEqual(await work('privileged'), local)
      })

      test('baseline: the same, but for what leads to the host', async () => {
        assert.deepEqual(await work('baseline'), { ...local, ...LEADS_TO_HOST })
      })

      test('restricted: the same with a hardened container', async () => {
        const hostConfig = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }
        assert.deepEqual(await work('restricted', { hostConfig, container: { User: '1000' } }), {
          ...local,
          ...LEADS_TO_HOST,
        })
      })
    })

    describe('Compose', () => {
      const HARDENED_LINES = "    user: '1000'\n    cap_drop: [ALL]\n    security_opt: [no-new-privileges]"

      let local: Outcomes
      before(async () => (local = await workInProject()))

      for (const [level, lines] of [
        ['privileged', '    privileged: true'],
        ['baseline', ''],
        ['restricted', HARDENED_LINES],
      ] as const) {
        test(`${level}: a project from up to down, as on the local socket`, async () => {
          assert.deepEqual(await workInProject(level, lines), local)
        })
      }

      test('what leads to the host is refused, with the reason', async () => {
        const compose = await project('read-only', '    privileged: true')
        assert.match(await compose('up', '--detach'), /^1 [^]*refuses this: [^]*OPERATION_REFUSED/)
        const env = await variables('baseline')
        const folder = join(daemon.place.folder, 'compose-read-only')
        const { code, stderr } = await runCommand('docker-compose', ['up', '--detach'], { cwd: folder, env })
        assert.equal(code, 1)
        assert.match(stderr, /HostConfig\.Privileged: it is true \(PRIVILEGED\)/)
        await runCommand('docker-compose', ['down', '--volumes'], { cwd: folder, env })
      })
    })
  },
)
