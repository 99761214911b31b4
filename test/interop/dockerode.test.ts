import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import type DockerClass from 'dockerode'
import { createDispatcher, loadIdentity, parseHost } from '../../lib/index.ts'
import { toDockerodeOptions, type DockerodeOptions } from '../../lib/interop.ts'
import { RecordingServer } from '../support/recording-server.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeCredentials, writeClient, type Credentials } from '../transport/support/credentials.ts'

describe('options for dockerode', () => {
  let credentials: Credentials
  before(async () => (credentials = await makeCredentials()))

  async function optionsFor(t: TestContext, host: string): Promise<DockerodeOptions> {
    const dispatcher = createDispatcher(parseHost(host), await loadIdentity(credentials.client))
    t.after(() => dispatcher.destroy())
    return toDockerodeOptions(dispatcher)
  }

  const ROWS: [host: string, options: Partial<DockerodeOptions>][] = [
    ['tcp://build01', { protocol: 'https', host: 'build01', port: 2376, socketPath: undefined, version: undefined }],
    ['https://build01:443', { protocol: 'https', host: 'build01', port: 443 }],
    ['tcp://[::1]:2377', { protocol: 'https', host: '::1', port: 2377 }],
    ['https://gate.example/a/b', { protocol: 'https', host: 'gate.example', version: 'a/b' }],
    [
      'unix:///run/docker.sock',
      { protocol: 'http', socketPath: '/run/docker.sock', host: undefined, agent: undefined },
    ],
    ['npipe:////./pipe/docker_engine', { protocol: 'http', socketPath: '//./pipe/docker_engine' }],
  ]
  for (const [host, expected] of ROWS) {
    test(host, async (t) => {
      const options = await optionsFor(t, host)
      assert.deepEqual({ ...options, ...expected }, options)
      assert.equal(options.agent !== undefined, expected.protocol === 'https')
    })
  }

  test('for ssh there are none: dockerode would connect by itself', () => {
    assert.throws(() => toDockerodeOptions({ endpoint: parseHost('ssh://build01') }), {
      code: 'ERR_ARGUMENT_INVALID',
      message: /bridge\(/,
    })
  })
})

describe('dockerode', { skip: lacks('peer dockerode') }, () => {
  let credentials: Credentials
  let Docker: typeof DockerClass
  before(async () => {
    credentials = await makeCredentials()
    ;({ default: Docker } = await import('dockerode'))
  })

  /** dockerode on our connection to a server over TLS. */
  async function to(t: TestContext, prefix: string, answer: RequestListener): Promise<DockerClass> {
    const server = createTlsServer({ ...credentials.server, requestCert: true }, answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const endpoint = parseHost(`https://localhost:${port}${prefix}`)
    const dispatcher = createDispatcher(endpoint, await loadIdentity(credentials.client))
    t.after(async () => {
      await dispatcher.destroy()
      server.close()
    })
    return new Docker(toDockerodeOptions(dispatcher))
  }

  test('asks below the prefix of a gateway, where its own pathPrefix is lost', async (t) => {
    const asked: unknown[] = []
    const docker = await to(t, '/team/one', ({ url }, response) => {
      asked.push(url?.replace(/\?.*/, ''))
      response.end('{"Id":"x"}')
    })
    await docker.ping()
    await docker.createContainer({ Image: 'a/b' })
    assert.deepEqual(asked, ['/team/one/_ping', '/team/one/containers/create'])
  })

  for (const [what, call] of [
    ['an answer', (docker: DockerClass) => docker.ping()],
    ['a stream', (docker: DockerClass) => docker.getEvents()],
  ] as const) {
    test(`${what} that redirects is refused, where it would follow in plaintext`, async (t) => {
      const elsewhere = await RecordingServer.start()
      t.after(() => elsewhere.close())
      const location = `http://127.0.0.1:${elsewhere.port}/`
      const redirect: RequestListener = (_, response) => response.writeHead(302, { location }).end()
      await assert.rejects(call(await to(t, '', redirect)), { code: 'ERR_REDIRECT_REFUSED' })
      assert.deepEqual((await elsewhere.settled()).connections, [])
    })
  }

  test('has nothing in it that the environment says', async (t) => {
    const folder = await temporaryFolder(t)
    await writeClient(folder, credentials.client)
    const hostile = {
      DOCKER_HOST: 'tcp://127.0.0.1:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
      DOCKER_PATH_PREFIX: '/evil',
      DOCKER_CLIENT_TIMEOUT: '1',
    }
    const identity = await loadIdentity(credentials.client)
    for (const host of ['tcp://build01', 'https://build01/gate', 'unix:///run/docker.sock']) {
      const options = toDockerodeOptions({ endpoint: parseHost(host), identity })
      const calm = new Docker(options).modem
      Object.assign(process.env, hostile)
      t.after(() => Object.keys(hostile).forEach((name) => delete process.env[name]))
      assert.deepEqual(new Docker(options).modem, calm, host)
      assert.notDeepEqual(new Docker().modem, calm)
      for (const name of Object.keys(hostile)) delete process.env[name]
    }
  })

  test('uses the local socket that it is given, whatever DOCKER_HOST says', async (t) => {
    const path = join(await temporaryFolder(t), 'docker.sock')
    const server = createServer((_, response) => response.end('local')).listen(path)
    await once(server, 'listening')
    t.after(() => server.close())
    process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1'
    t.after(() => delete process.env['DOCKER_HOST'])
    const docker = new Docker(toDockerodeOptions({ endpoint: parseHost(`unix://${path}`) }))
    assert.equal(String(await docker.ping()), 'local')
  })
})
