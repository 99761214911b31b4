import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, afterEach, before, describe, test } from 'node:test'
import { AuthorizationDeniedError, ForbiddenError, ServerError, type DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startAuthorization, type AuthorizationPlugin, type AuthorizationQuestion } from '../harness/authorization.ts'
import { startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

const denied = (message: string) => (error: unknown) => {
  assert.ok(error instanceof AuthorizationDeniedError, String(error))
  assert.ok(error instanceof ForbiddenError, 'it is a refusal like the others, too')
  assert.deepEqual([error.code, error.status], ['ERR_API_AUTHORIZATION_DENIED', 403])
  assert.equal(error.daemonMessage, `authorization denied by plugin guard: ${message}`)
  assert.match(error.todo, /common name/)
  return true
}

describe('an authorization plugin', { skip }, () => {
  let plugin: AuthorizationPlugin
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    plugin = await startAuthorization('guard')
    engine = await startBusyboxEngine({ flags: ['--authorization-plugin=guard'] })
    docker = engine.docker
  })
  after(async () => {
    await engine?.stop()
    await plugin?.stop()
  })
  afterEach(() => {
    plugin.decide = () => undefined
  })

  test('is told who asks, for what', async () => {
    const asked: AuthorizationQuestion[] = []
    plugin.decide = (question) => void asked.push(question)
    await docker.volumes.list()
    const [question] = asked
    assert.deepEqual(
      [question?.User, question?.RequestMethod, question?.RequestUri],
      ['tester', 'GET', `/v${docker.apiVersion}/volumes`],
    )
    const shown = new X509Certificate(Buffer.from(question?.RequestPeerCertificates?.[0] ?? '', 'base64'))
    assert.equal(shown.fingerprint256, docker.dispatcher.peer?.client.fingerprint256)
  })

  test('its refusal is an error of its own, whatever kind of call it is', async () => {
    const running = await engine.start()
    const { Id: exec } = await docker.exec.create(running, { Cmd: ['true'] })
    plugin.decide = ({ User, RequestUri }) => (RequestUri === '/_ping' ? undefined : `not for ${User}`)
    const calls: Record<string, () => PromiseLike<unknown>> = {
      json: () => docker.info(),
      none: () => docker.containers.stop(running),
      'json stream': () => docker.system.events(),
      output: () => docker.containers.logs(running),
      progress: () => docker.images.pull('127.0.0.1:1/nothing'),
      hijack: () => docker.containers.attach(running),
      'hijack with a body': () => docker.exec.start(exec),
      session: () => docker.session.open('one'),
      request: () => docker.request({ method: 'GET', path: '/info' }),
    }
    for (const [kind, call] of Object.entries(calls)) {
      await assert.rejects(async () => call(), denied('not for tester'), kind)
    }
    plugin.decide = () => undefined
    assert.equal((await docker.containers.inspect(running)).State.Running, true)
  })

  test('refuses an answer, too', async () => {
    plugin.decide = ({ ResponseStatusCode }) => (ResponseStatusCode === 200 ? 'no such answers' : undefined)
    await assert.rejects(docker.info(), denied('no such answers'))
  })

  test('that refuses the ping keeps a client out, and says so', async () => {
    plugin.decide = ({ User }) => (User === undefined ? undefined : 'nothing for anybody')
    await assert.rejects(engine.connect(), denied('nothing for anybody'))
    await assert.rejects(docker.ping(), denied('nothing for anybody'))
  })

  test('that fails is a failure of the daemon, and no refusal', async () => {
    plugin.decide = () => {
      throw new Error('out of order')
    }
    await assert.rejects(docker.info(), (error: unknown) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.daemonMessage ?? '', /plugin guard failed with error: .*out of order/)
      return true
    })
  })

  test("what the daemon itself refuses is none of the plugin's refusals", async () => {
    await assert.rejects(docker.networks.remove('bridge'), (error: unknown) => {
      assert.ok(error instanceof ForbiddenError && !(error instanceof AuthorizationDeniedError), String(error))
      return true
    })
  })
})
