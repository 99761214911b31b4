import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { Agent } from 'undici'
import { createDispatcher, loadIdentity, parseHost, type DockerDispatcher } from '../../lib/index.ts'
import { toNodeSdkAgent } from '../../lib/interop.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeCredentials, type Credentials } from '../transport/support/credentials.ts'

/** The agent as undici's own types know it. */
const agentOf = (dispatcher: DockerDispatcher): Agent => toNodeSdkAgent(dispatcher)

const moved: RequestListener = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()

/** Our dispatcher where @docker/node-sdk expects undici's Agent. */
describe('an agent for @docker/node-sdk', () => {
  let credentials: Credentials
  before(async () => (credentials = await makeCredentials()))

  async function to(t: TestContext, prefix: string, answer: RequestListener): Promise<DockerDispatcher> {
    const server = createTlsServer({ ...credentials.server, requestCert: true }, answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const endpoint = parseHost(`https://localhost:${port}${prefix}`)
    const dispatcher = createDispatcher(endpoint, await loadIdentity(credentials.client))
    t.after(async () => {
      await dispatcher.destroy()
      server.close()
    })
    return dispatcher
  }

  test("takes the SDK's origin for the daemon, and refuses every other", async (t) => {
    const asked: unknown[] = []
    const dispatcher = await to(t, '/team', ({ url, headers }, response) => {
      asked.push(`${headers.host}${url}`)
      response.end('OK')
    })
    const agent = agentOf(dispatcher)
    const { body } = await agent.request({ origin: 'http://localhost:2375', path: '/_ping?a=b', method: 'GET' })
    assert.equal(await body.text(), 'OK')
    const { host } = new URL(dispatcher.origin)
    assert.deepEqual(asked, [`${host}/team/_ping?a=b`])
    for (const origin of [
      'http://localhost:2376',
      'http://localhost',
      'https://localhost:2375',
      'http://evil.example',
    ]) {
      await assert.rejects(
        agent.request({ origin, path: '/_ping', method: 'GET' }),
        { code: 'ERR_WRONG_ORIGIN' },
        origin,
      )
    }
    const outside = { origin: 'http://localhost:2375', path: '/../admin', method: 'GET' } as const
    await assert.rejects(agent.request(outside), { code: 'ERR_WRONG_ORIGIN' })
    assert.equal(asked.length, 1)
  })

  test("has every method of undici's Agent", async (t) => {
    const real = new Agent()
    t.after(() => real.destroy())
    const agent = agentOf(await to(t, '', (_, response) => response.end()))
    const methods = [
      'dispatch',
      'close',
      'destroy',
      'compose',
      'request',
      'stream',
      'pipeline',
      'upgrade',
      'connect',
      'on',
    ]
    for (const name of methods as (keyof Agent)[]) {
      assert.deepEqual([name, typeof agent[name]], [name, typeof real[name]])
    }
    assert.deepEqual([agent.closed, agent.destroyed], [false, false])
  })

  test('its end is that of the client', async (t) => {
    const dispatcher = await to(t, '', (_, response) => response.end())
    await agentOf(dispatcher).close()
    assert.equal(dispatcher.closed, true)
    const other = await to(t, '', () => undefined)
    const running = agentOf(other).request({ origin: 'http://localhost:2375', path: '/x', method: 'GET' })
    const ended = assert.rejects(running, { code: 'ERR_CLIENT_CLOSED' })
    await agentOf(other).destroy()
    await ended
    assert.equal(other.destroyed, true)
    await new Promise<void>((resolve) => agentOf(other).destroy(null, resolve))
    await new Promise<void>((resolve) => agentOf(other).close(resolve))
  })

  test('an answer that redirects is an error', { skip: lacks('peer @docker/node-sdk') }, async (t) => {
    const { DockerClient } = await import('@docker/node-sdk')
    const docker = new DockerClient(toNodeSdkAgent(await to(t, '', moved)))
    await assert.rejects(docker.systemPing(), (error: Error) => {
      assert.equal((error.cause as { code?: string }).code, 'ERR_REDIRECT_REFUSED')
      return true
    })
  })

  test('goes to a local socket as well', { skip: lacks('peer @docker/node-sdk') }, async (t) => {
    const { DockerClient } = await import('@docker/node-sdk')
    const path = join(await temporaryFolder(t), 'docker.sock')
    const server = createServer((_, response) => response.setHeader('api-version', '1.99').end('OK')).listen(path)
    await once(server, 'listening')
    t.after(() => server.close())
    const docker = new DockerClient(toNodeSdkAgent({ endpoint: parseHost(`unix://${path}`) }))
    assert.equal(await docker.systemPing(), '1.99')
    await docker.close()
  })
})
