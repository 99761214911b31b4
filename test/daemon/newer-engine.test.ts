import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as requestTo } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { audit } from '../../lib/audit.ts'
import { diagnose } from '../../lib/audit/diagnose.ts'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect } from '../../lib/index.ts'
import { bridge } from '../../lib/interop.ts'
import { definePolicy, LEVELS, type Level } from '../../lib/policy.ts'
import { NEWEST_API_VERSION } from '../../lib/base/api-version.ts'
import { newClient, newServerTls } from '../gateway/support/fixture.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage, printing } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'

const PYTHON = '/usr/lib/python3/dist-packages/docker/__init__.py'
const TOO_NEW = `client version 1.99 is too new. Maximum supported API version is ${NEWEST_API_VERSION}`

const LIST = `
import docker, sys
client = docker.from_env(version=sys.argv[1])
print(client.api._version, client.version()['ApiVersion'], len(client.containers.list(all=True)), client.ping())
`
const RUN = `
import docker, sys
print(docker.from_env(version='auto').containers.run(sys.argv[1], 'echo inside', remove=True))
`

/** The daemon's newest version, in header fields and in `/version`: the other one is as long. */
const toNewer = (text: string): string => text.replaceAll(/(api-?version"?: ?"?)1\.\d\d/gi, '$11.99')
/** What is new to this daemon is what its own newest version is. */
const toOwn = (path = ''): string => {
  const { api } = testedEngine()
  return path.replace(/^\/v(1\.\d\d)\//, (own, version: string) => (version > api ? `/v${api}/` : own))
}

/** Another socket of a daemon, on which it serves API versions up to 1.99. */
async function newerThan(socketPath: string, path: string): Promise<() => void> {
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    const passed = requestTo({ socketPath, method, path: toOwn(url), headers }, (answer) => {
      const fields = answer.rawHeaders.map((value, index) =>
        answer.rawHeaders[index - 1]?.toLowerCase() === 'api-version' ? '1.99' : value,
      )
      response.writeHead(answer.statusCode ?? 502, fields)
      response.flushHeaders()
      if (url?.endsWith('/version')) answer.on('data', (chunk: Buffer) => response.write(toNewer(chunk.toString())))
      else answer.on('data', (chunk: Buffer) => response.write(chunk))
      answer.on('end', () => response.end())
    })
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  server.on('upgrade', (request, client, head) => {
    const daemon = connectSocket({ path: socketPath, allowHalfOpen: true })
    for (const socket of [client, daemon]) socket.on('error', () => {})
    const fields = request.rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${request.rawHeaders[index + 1]}`] : [],
    )
    daemon.write([`${request.method} ${toOwn(request.url)} HTTP/1.1`, ...fields, '', ''].join('\r\n'))
    daemon.write(head)
    client.pipe(daemon)
    daemon.once('data', (chunk: Buffer) => {
      client.write(toNewer(chunk.toString('latin1')), 'latin1')
      daemon.pipe(client)
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

describe('an engine that is newer than docker-mtls', { skip: lacks('namespaces', 'dockerd', 'docker', PYTHON) }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let image: string
  let end: (() => void) | undefined
  let newer: string

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    newer = join(place.folder, 'newer.sock')
    end = await newerThan(place.listen[0].replace('unix://', ''), newer)
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: newer },
      policy: definePolicy({
        version: 1,
        rules: LEVELS.map((level) => ({ name: level, who: { commonName: level }, level })),
      }),
    })
  })
  after(async () => {
    await gateway?.close()
    end?.()
    await daemon?.stop()
  })

  async function variables(level: Level): Promise<Record<string, string>> {
    const folder = join(daemon.place.folder, `client-${level}`)
    await writeClient(folder, await newClient(level))
    const port = 'port' in gateway.address ? gateway.address.port : 0
    return { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
  }

  const python = async (level: Level, program: string, ...args: string[]): Promise<CommandResult> =>
    runCommand('python3', ['-c', program, ...args], { env: await variables(level) })

  for (const level of LEVELS)
    test(`docker-py works with its automatic version, and with pinned ones, at ${level}`, async () => {
      for (const [version, used] of [
        ['auto', NEWEST_API_VERSION],
        ['1.44', '1.44'],
      ] as const) {
        const { stdout, stderr } = await python(level, LIST, version)
        assert.equal(stdout, `${used} ${NEWEST_API_VERSION} 0 True\n`, stderr)
      }
      const { code, stderr } = await python(level, LIST, '1.99')
      assert.equal(code, 1)
      assert.match(stderr, /docker\.errors\.APIError: 400 Client Error[^]*\("client version 1\.99 is too new\. /)
    })

  test('docker-py and the docker command run containers, also through the bridge', async (t) => {
    const env = await variables('baseline')
    const docker = await connect({}, env)
    t.after(() => docker.close())
    assert.equal(docker.apiVersion, NEWEST_API_VERSION)
    const bridged = await bridge(docker, join(daemon.place.folder, 'bridge.sock'))
    t.after(() => bridged.close())
    assert.match((await python('baseline', RUN, image)).stdout, /inside/)
    for (const variablesOf of [env, { DOCKER_HOST: `unix://${bridged.path}` }]) {
      const cli = (args: string[], more = {}) => runCommand('docker', args, { env: { ...variablesOf, ...more } })
      const { stdout, stderr } = await cli(['run', '--rm', image, ...printing('echo inside')])
      assert.deepEqual([stdout, stderr], ['inside\n', ''])
      const version = await cli(['version', '--format', '{{.Client.APIVersion}} {{.Server.APIVersion}}'])
      assert.match(version.stdout, new RegExp(`^1\\.\\d+ ${NEWEST_API_VERSION}\n$`))
      assert.equal((await cli(['ps'], { DOCKER_API_VERSION: '1.44' })).code, 0)
      const refused = await cli(['ps'], { DOCKER_API_VERSION: '1.99' })
      assert.deepEqual([refused.code, refused.stderr], [1, `Error response from daemon: ${TOO_NEW}\n`])
    }
  })

  test('audit and doctor say so, on the socket of the daemon and through the gateway', async (t) => {
    const env = await variables('privileged')
    for (const [where, who] of [
      [{ DOCKER_HOST: `unix://${newer}` }, 'this docker-mtls'],
      [env, 'the gateway'],
    ] as const) {
      const docker = await connect({}, where)
      t.after(() => docker.close())
      const { findings } = await audit(docker, { hostFiles: 'none' })
      const found = findings.find(({ check }) => check === 'D-API')
      assert.equal(found?.status, 'warn')
      const said = new RegExp(`speaks API 1\\.99, and ${who} knows it up to ${NEWEST_API_VERSION}: `)
      assert.match(JSON.stringify(found), said)
      const step = (await diagnose({}, where)).steps.find(({ step: name }) => name === 'api')
      assert.equal(step?.code, 'API_NEWER')
      assert.match(step.finding, said)
    }
  })
})
