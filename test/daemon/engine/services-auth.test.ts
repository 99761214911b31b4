import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import {
  loadRegistryCredentials,
  type DockerClient,
  type ServiceCreateOptions,
  type ServiceSpec,
} from '../../../lib/index.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { dockerLocally } from '../harness/docker-cli.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import type { BusyboxEngine } from '../support/busybox-engine.ts'
import { serviceOf, startSwarmEngine, taskOf, tasksOf } from '../support/swarm-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry', 'htpasswd')
const user = { username: 'ann', password: 'only the nodes know this' }

describe('services with an image that a registry gives to its users alone', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let registry: Registry
  before(async () => {
    engine = await startSwarmEngine()
    docker = engine.docker
    registry = await startRegistry({ auth: user })
  })
  after(async () => {
    await registry?.stop()
    await engine?.stop()
  })

  /** Puts an image there, and takes it away from here. */
  async function privateImage(t: TestContext, name: string): Promise<{ image: string; config: string }> {
    const image = `${registry.host}/${name}:1`
    const config = await temporaryFolder(t)
    const auth = Buffer.from(`${user.username}:${user.password}`).toString('base64')
    await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
    for (const args of [
      ['tag', engine.image, image],
      ['push', image],
      ['rmi', image],
    ]) {
      const { code, stderr } = await dockerLocally(engine.daemon, args, { env: { DOCKER_CONFIG: config } })
      assert.equal(code, 0, stderr)
    }
    return { image, config }
  }

  async function made(t: TestContext, spec: ServiceSpec, options?: ServiceCreateOptions): Promise<string> {
    const { ID } = await docker.services.create(spec, options)
    t.after(() => docker.services.remove(ID).catch(() => undefined))
    return ID
  }

  test('without credentials and with wrong ones no task comes to run', async (t) => {
    const { image } = await privateImage(t, 'none')
    for (const [name, auth] of [
      ['none', undefined],
      ['wrong', { ...user, password: 'guessed' }],
    ] as const) {
      const id = await made(t, serviceOf(name, 'true', { Image: image }), { auth })
      const [task] = await tasksOf(docker, id, { state: 'rejected' })
      assert.match(task?.Status.Err ?? '', /No such image/)
    }
  })

  test('with them it runs, also after an update that says nothing of them, and they are shown nowhere', async (t) => {
    const { image } = await privateImage(t, 'given')
    const id = await made(t, serviceOf('given', 'true', { Image: image }), { auth: user })
    await taskOf(docker, id)
    const first = await docker.services.inspect(id)
    // Another image, pulled with what the swarm has kept.
    const { image: another } = await privateImage(t, 'given-too')
    const ContainerSpec = { ...first.Spec.TaskTemplate?.ContainerSpec, Image: another }
    const options = { version: first.Version.Index, registryAuthFrom: 'spec' } as const
    await docker.services.update(id, { ...first.Spec, TaskTemplate: { ContainerSpec } }, options)
    await tasksOf(docker, id, { state: 'shutdown' })
    assert.equal((await taskOf(docker, id)).Spec.ContainerSpec?.Image, another)
    const traces = tracesOf({ password: user.password })
    const seen = [await docker.services.inspect(id), await docker.tasks.list(), docker.services]
    assert.deepEqual(leaksOf(seen, traces), [])
  })

  test('what docker login has left is looked up by the image, for a new service and for an update', async (t) => {
    const { image, config } = await privateImage(t, 'looked-up')
    const auth = loadRegistryCredentials({ config })
    const id = await made(t, serviceOf('looked-up', 'true', { Image: engine.image }))
    await taskOf(docker, id)
    const { Spec, Version } = await docker.services.inspect(id)
    const ContainerSpec = { ...Spec.TaskTemplate?.ContainerSpec, Image: image }
    await docker.services.update(id, { ...Spec, TaskTemplate: { ContainerSpec } }, { version: Version.Index, auth })
    await tasksOf(docker, id, { state: 'shutdown' })
    const { Spec: running } = await taskOf(docker, id)
    assert.equal(running.ContainerSpec?.Image, image)
    const { image: another } = await privateImage(t, 'another')
    await taskOf(docker, await made(t, serviceOf('another', 'true', { Image: another }), { auth }))
  })

  test('what can not be credentials is refused before anything is sent', async () => {
    const spec = serviceOf('never', 'true', { Image: engine.image })
    // @ts-expect-error a password is missing
    await assert.rejects(docker.services.create(spec, { auth: { username: 'ann' } }), { code: 'ERR_ARGUMENT_INVALID' })
    // @ts-expect-error no credentials
    await assert.rejects(docker.services.update('x', spec, { version: 1, auth: 'ann:secret' }), {
      code: 'ERR_ARGUMENT_INVALID',
    })
    assert.deepEqual(await docker.services.list({ filters: { name: 'never' } }), [])
  })
})
