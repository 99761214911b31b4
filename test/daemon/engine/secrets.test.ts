import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  type ConfigReference,
  type DockerClient,
  type SecretReference,
} from '../../../lib/index.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { lacks } from '../../support/requirements.ts'
import type { BusyboxEngine } from '../support/busybox-engine.ts'
import { published } from '../support/published.ts'
import { serviceOf, startSwarmEngine, taskOf } from '../support/swarm-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
/** Every byte there is, zero and what is no UTF-8 among them. */
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const ids = (list: readonly { readonly ID: string }[]): string[] => list.map(({ ID }) => ID)
const file = (Name: string, Mode: number): SecretReference['File'] => ({ Name, UID: '1', GID: '2', Mode })

describe('secrets and configs', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startSwarmEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  test('a secret: made, found without its data, relabelled, removed', async () => {
    const { ID } = await docker.secrets.create({ Name: 'token', Labels: { stage: 'one' }, Data: BYTES })
    await assert.rejects(docker.secrets.create({ Name: 'token', Data: BYTES }), ConflictError)
    const secret = await docker.secrets.inspect('token')
    assert.deepEqual(await docker.secrets.inspect(ID), secret)
    assert.deepEqual(secret.Spec, { Name: 'token', Labels: { stage: 'one' } })
    const { Index: version } = secret.Version
    await docker.secrets.update('token', { ...secret.Spec, Labels: { stage: 'two' } }, { version })
    assert.deepEqual((await docker.secrets.inspect(ID)).Spec.Labels, { stage: 'two' })
    await assert.rejects(docker.secrets.update(ID, secret.Spec, { version }), ConflictError)
    const { Version } = await docker.secrets.inspect(ID)
    const renamed = docker.secrets.update(ID, { Name: 'other' }, { version: Version.Index })
    await assert.rejects(renamed, BadRequestError)
    await docker.secrets.remove('token')
    await assert.rejects(docker.secrets.inspect(ID), NotFoundError)
    await assert.rejects(docker.secrets.remove(ID), NotFoundError)
    await assert.rejects(docker.secrets.update(ID, secret.Spec, { version }), NotFoundError)
  })

  test('a config: made, found with its data, relabelled, removed', async () => {
    const { ID } = await docker.configs.create({ Name: 'site', Data: BYTES.toString('base64') })
    await assert.rejects(docker.configs.create({ Name: 'site', Data: BYTES }), ConflictError)
    const config = await docker.configs.inspect('site')
    assert.deepEqual(await docker.configs.inspect(ID), config)
    assert.deepEqual(config.Spec, { Name: 'site', Labels: {}, Data: BYTES.toString('base64') })
    const { Index: version } = config.Version
    await docker.configs.update(ID, { ...config.Spec, Labels: { stage: 'two' } }, { version })
    assert.deepEqual((await docker.configs.inspect(ID)).Spec.Labels, { stage: 'two' })
    await assert.rejects(docker.configs.update(ID, config.Spec, { version }), ConflictError)
    await docker.configs.remove('site')
    await assert.rejects(docker.configs.inspect('site'), NotFoundError)
    await assert.rejects(docker.configs.remove('site'), NotFoundError)
    await assert.rejects(docker.configs.update(ID, config.Spec, { version }), NotFoundError)
  })

  test('both are listed by their filters', async (t) => {
    const labelled = { Labels: { colour: 'red' }, Data: BYTES }
    const secret = await docker.secrets.create({ Name: 'listed-secret', ...labelled })
    const config = await docker.configs.create({ Name: 'listed-config', ...labelled })
    t.after(() => Promise.all([docker.secrets.remove(secret.ID), docker.configs.remove(config.ID)]))
    assert.deepEqual(ids(await docker.secrets.list()), [secret.ID])
    assert.deepEqual(ids(await docker.configs.list()), [config.ID])
    for (const fits of [{ label: 'colour=red' }, { name: 'listed' }] as const) {
      assert.deepEqual(ids(await docker.secrets.list({ filters: fits })), [secret.ID])
      assert.deepEqual(ids(await docker.configs.list({ filters: fits })), [config.ID])
    }
    assert.deepEqual(ids(await docker.secrets.list({ filters: { id: secret.ID, names: 'listed-secret' } })), [
      secret.ID,
    ])
    assert.deepEqual(ids(await docker.secrets.list({ filters: { names: 'listed' } })), [])
    assert.deepEqual(ids(await docker.configs.list({ filters: { id: config.ID } })), [config.ID])
    assert.deepEqual(ids(await docker.configs.list({ filters: { label: 'colour=blue' } })), [])
    // @ts-expect-error no such filter
    await assert.rejects(docker.secrets.list({ filters: { colour: 'red' }, allowUnknown: true }), BadRequestError)
    // This daemon doesn't know what the specification has.
    await assert.rejects(docker.configs.list({ filters: { names: 'listed-config' } }), BadRequestError)
  })

  test('a service reads both, byte by byte, with the rights that it was given; in use they stay', async (t) => {
    const secret = await docker.secrets.create({ Name: 'read-secret', Data: BYTES })
    const config = await docker.configs.create({ Name: 'read-config', Data: new Uint8Array(BYTES) })
    const template = Buffer.from('service {{.Service.Name}}, slot {{.Task.Slot}}\n')
    const Templating = { Name: 'golang' }
    const templated = await docker.configs.create({ Name: 'templated', Data: template, Templating })
    const Secrets: SecretReference[] = [
      { SecretID: secret.ID, SecretName: 'read-secret', File: file('in-memory', 0o440) },
    ]
    const Configs: ConfigReference[] = [
      { ConfigID: config.ID, ConfigName: 'read-config', File: file('/etc/site', 0o444) },
      { ConfigID: templated.ID, ConfigName: 'templated', File: file('/etc/filled', 0o444) },
    ]
    const script =
      'for f in /run/secrets/in-memory /etc/site; do stat -c "%n %u:%g %a" $f; base64 -w0 $f; echo; done; cat /etc/filled'
    const { ID } = await docker.services.create(serviceOf('reader', script, { Image: engine.image, Secrets, Configs }))
    t.after(() => docker.services.remove(ID).catch(() => undefined))
    await taskOf(docker, ID)
    const text = await until('all of it', async () => {
      const said = await (await docker.services.logs(ID)).text()
      return said.includes('slot') && said
    })
    assert.deepEqual(text.split('\n'), [
      '/run/secrets/in-memory 1:2 440',
      BYTES.toString('base64'),
      '/etc/site 1:2 444',
      BYTES.toString('base64'),
      'service reader, slot 1',
      '',
    ])
    const { TaskTemplate } = (await docker.services.inspect(ID)).Spec
    assert.deepEqual(TaskTemplate?.ContainerSpec?.Secrets, Secrets)
    assert.deepEqual(TaskTemplate?.ContainerSpec?.Configs, Configs)
    await assert.rejects(docker.secrets.remove('read-secret'), BadRequestError)
    await assert.rejects(docker.configs.remove('read-config'), BadRequestError)
    const wrong = [{ ...Secrets[0], SecretName: 'another', File: file('x', 0o400) }] as SecretReference[]
    await assert.rejects(
      docker.services.create(serviceOf('wrong', 'true', { Image: engine.image, Secrets: wrong })),
      BadRequestError,
    )
    await docker.services.remove(ID)
    for (const { ID: id } of [config, templated]) await docker.configs.remove(id)
    await docker.secrets.remove(secret.ID)
  })

  test('no error, no event and no client shows what is in one', async () => {
    const secret = 'it is between you and me 42'
    const errors: unknown[] = []
    const fails = async (promise: Promise<unknown>): Promise<void> => {
      await assert.rejects(promise, (error: unknown) => errors.push(error) > 0)
    }
    const events = await published(async () => {
      const Data = Buffer.from(secret)
      const { ID } = await docker.secrets.create({ Name: 'hidden', Data })
      await fails(docker.secrets.create({ Name: 'hidden', Data }))
      await fails(docker.secrets.create({ Name: 'no/name', Data }))
      await fails(docker.secrets.create({ Name: 'plain', Data: secret }))
      await fails(docker.secrets.create({ Name: 'large', Data: Buffer.from(secret.repeat(20_000)) }))
      await fails(docker.configs.create({ Name: 'plain', Data: secret }))
      await fails(docker.secrets.create({ Name: 'aborted', Data }, { signal: AbortSignal.abort() }))
      // @ts-expect-error no such option
      await fails(docker.secrets.create({ Name: 'option', Data }, { Data }))
      // @ts-expect-error data of another kind
      await fails(docker.secrets.create({ Name: 'kind', Data: { secret } }))
      await docker.secrets.remove(ID)
    })
    assert.equal(errors.length, 8)
    assert.ok(events.length >= 7, 'calls are told of')
    const traces = tracesOf({ secret })
    const shown = [events, docker, docker.secrets, docker.configs, ...errors]
    assert.deepEqual(
      shown.flatMap((thing) => leaksOf(thing, traces)),
      [],
    )
    assert.deepEqual(leaksOf({ Data: Buffer.from(secret).toString('base64') }, traces), ['secret'], 'it would be seen')
    const kinds = errors.map((error) => (error as Error).constructor.name)
    assert.deepEqual(kinds.slice(0, 5), [
      'ConflictError',
      'BadRequestError',
      'BadRequestError',
      'BadRequestError',
      'BadRequestError',
    ])
  })

  test('nor are the keys to the swarm shown', async () => {
    const { JoinTokens, Spec, Version } = await docker.swarm.inspect()
    const SigningCAKey =
      '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5IGF0IGFsbCwgYnV0IGEgc2VjcmV0\n-----END PRIVATE KEY-----\n'
    const CAConfig = { ...Spec.CAConfig, SigningCACert: 'no certificate', SigningCAKey }
    const errors: unknown[] = []
    const fails = async (promise: Promise<unknown>): Promise<void> => {
      await assert.rejects(promise, (error: unknown) => errors.push(error) > 0)
    }
    const join = { ListenAddr: '127.0.0.1', RemoteAddrs: ['127.0.0.1:1'], JoinToken: JoinTokens.Manager }
    const UnlockKey = 'SWMKEY-1-aVaQAOGPDyTpTyJhfPyyFUEVjSUxM1DQkjYFy4IU8i8'
    const events = await published(async () => {
      await fails(docker.swarm.join(join))
      await fails(docker.swarm.unlock({ UnlockKey }))
      await fails(docker.swarm.update({ ...Spec, CAConfig }, { version: Version.Index }))
      // @ts-expect-error no such option
      await fails(docker.swarm.join(join, { token: join.JoinToken }))
    })
    const traces = tracesOf({
      token: JoinTokens.Manager,
      key: UnlockKey,
      ca: 'bm90IGEga2V5IGF0IGFsbCwgYnV0IGEgc2VjcmV0',
    })
    assert.deepEqual(
      [events, docker.swarm, ...errors].flatMap((thing) => leaksOf(thing, traces)),
      [],
    )
    assert.equal(errors.length, 4)
  })
})
