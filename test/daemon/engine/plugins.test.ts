import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  connect,
  NotFoundError,
  ServerError,
  StreamError,
  type DockerClient,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { pluginTar } from '../harness/plugin.ts'
import { testedEngine } from '../harness/engine.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { startSecuredDaemon, type SecuredDaemon } from '../harness/secured.ts'

const skip = lacks('namespaces', 'dockerd', 'ip', '/usr/bin/perl', 'docker-registry', 'htpasswd')
const auth = { username: 'ann', password: 'secret' }

describe('plugins', { skip }, () => {
  let daemon: SecuredDaemon
  let registry: Registry
  let docker: DockerClient
  before(async () => {
    daemon = await startSecuredDaemon()
    const { cert: certificate, key } = daemon.server
    registry = await startRegistry({ auth, tls: { certificate, key } })
    docker = await connect({}, { HOME: '/nonexistent', ...daemon.clientEnv })
  })
  after(async () => {
    await docker?.close()
    await Promise.all([registry?.stop(), daemon?.stop()])
  })

  /** Makes a plugin, pushes it, and removes it here. */
  async function publish(name: string, description: string): Promise<string> {
    await docker.plugins.create(name, await pluginTar({ description }))
    const { digest } = await docker.plugins.push(name, { auth })
    await docker.plugins.remove(name)
    return digest
  }

  test('is made out of a tar, set, enabled, used, disabled and removed', async () => {
    const { plugins } = docker
    await plugins.create('made/volumes', Readable.from([await pluginTar({ description: 'made' })]))
    const made = await plugins.inspect('made/volumes')
    assert.deepEqual([made.Name, made.Enabled, made.Config.Description], ['made/volumes:latest', false, 'made'])
    assert.deepEqual(made.Config.Interface, { Socket: 'volumes.sock', Types: ['docker.volumedriver/1.0'] })
    assert.deepEqual(made.Settings.Env, ['GREETING=hello'])
    await plugins.set('made/volumes', ['GREETING=good evening'])
    await assert.rejects(plugins.set('made/volumes', ['NOTHING=1']), ServerError)

    await plugins.enable('made/volumes')
    await assert.rejects(plugins.enable('made/volumes', { clientTimeout: 5 }), {
      name: 'ConflictError',
      todo: /^There is nothing to do/,
    })
    await assert.rejects(plugins.set('made/volumes', ['GREETING=']), { todo: /^Disable the plugin first/ })
    const names = async (options: Parameters<typeof plugins.list>[0]): Promise<string[]> =>
      (await plugins.list(options)).map(({ Name }) => Name)
    assert.deepEqual(await names({}), ['made/volumes:latest'])
    assert.deepEqual(await names({ filters: { enabled: true, capability: 'volumedriver' } }), ['made/volumes:latest'])
    assert.deepEqual(await names({ filters: { enabled: false } }), [])
    assert.deepEqual(await names({ filters: { capability: 'authz' } }), [])

    await docker.volumes.create({ Name: 'kept', Driver: 'made/volumes' })
    const volume = await docker.volumes.inspect('kept')
    assert.deepEqual([volume.Driver, volume.Status], ['made/volumes:latest', { said: 'good evening' }])
    await assert.rejects(plugins.disable('made/volumes'), {
      name: 'ConflictError',
      todo: /docker\.plugins\.disable\('made\/volumes', \{ force: true \}\)/,
    })
    await docker.volumes.remove('kept')
    await assert.rejects(plugins.remove('made/volumes'), {
      name: 'ConflictError',
      todo: /^Disable the plugin first:  docker\.plugins\.disable\('made\/volumes'\)/,
    })
    await plugins.disable('made/volumes')
    await assert.rejects(plugins.disable('made/volumes', { force: true }), {
      name: 'ConflictError',
      todo: /^There is nothing to do/,
    })
    await plugins.remove('made/volumes')
    assert.deepEqual(await plugins.list(), [])
  })

  test('one that does not start says why, and is removed by force', async () => {
    const { plugins } = docker
    await plugins.create('broken', await pluginTar({ description: 'broken', entrypoint: ['/nothing'] }))
    await assert.rejects(plugins.enable('broken', { clientTimeout: 1 }), (error: unknown) => {
      assert.ok(error instanceof ServerError, String(error))
      assert.match(error.daemonMessage ?? '', /no such file/)
      return true
    })
    await plugins.remove('broken', { force: true })
    await assert.rejects(plugins.inspect('broken'), NotFoundError)
  })

  test('is pushed, pulled with what it wants, and upgraded', async () => {
    const { plugins } = docker
    const [first, second] = [`${registry.host}/team/volumes:1`, `${registry.host}/team/volumes:2`]
    const digests = [await publish(first, 'first'), await publish(second, 'second')]
    const wanted = await plugins.privileges(first, { auth })
    assert.deepEqual(
      wanted.map(({ Name, Value }) => [Name, Value]),
      [
        ['network', ['none']],
        ['capabilities', ['CAP_SYS_ADMIN']],
      ],
    )

    await assert.rejects(
      async () => plugins.pull(first, [], { auth }),
      (error: unknown) => {
        assert.ok(error instanceof StreamError, String(error))
        assert.equal(error.daemonMessage, 'incorrect privileges')
        return true
      },
    )
    const pull = plugins.pull(first, wanted, { name: 'volumes', auth })
    const statuses: string[] = []
    for await (const { status = '' } of pull) statuses.push(status)
    assert.ok(statuses.includes('Complete'), statuses.join())
    assert.deepEqual(await pull, { digest: digests[0] })
    await assert.rejects(async () => plugins.pull(first, wanted, { name: 'volumes', auth }), BadRequestError)

    const { Name, PluginReference, Enabled } = await plugins.inspect('volumes')
    assert.deepEqual([Name, PluginReference, Enabled], ['volumes:latest', first, false])
    await assert.rejects(async () => plugins.upgrade('volumes', second, [], { auth }), StreamError)
    assert.deepEqual(await plugins.upgrade('volumes', second, wanted, { auth }), { digest: digests[1] })
    assert.equal((await plugins.inspect('volumes')).Config.Description, 'second')
    await plugins.remove('volumes')
  })

  test('a registry that wants to know who asks says so, with what to do', async () => {
    const { plugins } = docker
    const name = `${registry.host}/team/closed`
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof ServerError || error instanceof StreamError, String(error))
      assert.match(error.todo, new RegExp(`docker login ${registry.host}`))
      return true
    }
    await plugins.create(name, await pluginTar({ description: 'closed' }))
    await assert.rejects(async () => plugins.push(name), refused)
    await assert.rejects(async () => plugins.push(name, { auth: { ...auth, password: 'wrong' } }), refused)
    await plugins.push(name, { auth })
    await plugins.remove(name)
    // Docker 28 then tries plain HTTP at a registry on loopback, and reports only that.
    await assert.rejects(
      async () => plugins.pull(name, []),
      testedEngine().major < 28 ? refused : /HEAD request to http:.*400 Bad Request/,
    )
  })

  test('what is not there, and what is no plugin', async () => {
    const { plugins } = docker
    await assert.rejects(plugins.inspect('nothing'), NotFoundError)
    await assert.rejects(plugins.enable('nothing'), NotFoundError)
    await assert.rejects(plugins.disable('nothing'), NotFoundError)
    await assert.rejects(plugins.remove('nothing'), NotFoundError)
    await assert.rejects(plugins.set('nothing', []), NotFoundError)
    await assert.rejects(async () => plugins.push('nothing'), NotFoundError)
    await assert.rejects(async () => plugins.upgrade('nothing', `${registry.host}/nothing`, []), NotFoundError)
    await assert.rejects(async () => plugins.pull(`${registry.host}/nothing`, [], { auth }), ServerError)
    await assert.rejects(plugins.create('odd', Buffer.from('no tar')), ServerError)
    await assert.rejects(plugins.list({ filters: { enable: true } as object, allowUnknown: true }), BadRequestError)
    assert.deepEqual(await plugins.list(), [])
  })

  test('what can not be meant is refused before it is sent', async () => {
    const { plugins } = docker
    for (const name of ['', '.', '..', '../x', undefined as never]) {
      await assert.rejects(plugins.inspect(name), { code: 'ERR_PATH_SEGMENT_INVALID' })
    }
    await assert.rejects(plugins.create('', Buffer.from('')), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(plugins.create('x', 'path.tar' as never), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(plugins.privileges('UPPER'), { code: 'ERR_REFERENCE_INVALID' })
    await assert.rejects(async () => plugins.pull('../x', []), { code: 'ERR_REFERENCE_INVALID' })
    await assert.rejects(async () => plugins.pull('x', [], { remote: 'y' } as object), { code: 'ERR_OPTION_UNKNOWN' })
    await assert.rejects(async () => plugins.push('x', { auth: { username: 'ann' } as never }), {
      code: 'ERR_ARGUMENT_INVALID',
    })
    await assert.rejects(plugins.enable('x', { Timeout: 1 } as object), { code: 'ERR_OPTION_UNKNOWN' })
  })
})
