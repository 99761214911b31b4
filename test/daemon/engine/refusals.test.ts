import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { DockerApiError, type ContainerCreateRequest, type DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import type { BusyboxEngine } from '../support/busybox-engine.ts'
import { ON_LOOPBACK, serviceOf, startSwarmEngine, taskOf } from '../support/swarm-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

const unreachable = (registry: string): RegExp => new RegExp(`it can't reach ${registry}\\.$`)

/** What the daemon refuses, with which status, and the beginning of the remedy. */
type Row = readonly [call: (docker: DockerClient) => PromiseLike<unknown>, status: number, todo: RegExp]

describe('the daemon refuses a call for its own reason, and the error has the remedy for that', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startSwarmEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function refused(rows: readonly Row[]): Promise<void> {
    for (const [call, status, todo] of rows) {
      const error: unknown = await Promise.resolve(call(docker)).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof DockerApiError, `${call.toString()}: ${String(error)}`)
      assert.equal(error.status, status, error.message)
      assert.match(error.todo, todo, error.message)
    }
  }

  test('about a container that runs, is stopped or is paused', async () => {
    const { containers, exec } = docker
    await engine.start({}, 'web')
    await containers.create({ Image: engine.image, Cmd: ['true'] }, { name: 'stopped' })
    const joins = { NetworkMode: 'container:stopped' }
    const { Id: joining } = await containers.create({ Image: engine.image, HostConfig: joins, Cmd: ['true'] })
    const { Id: execId } = await exec.create('web', { Cmd: ['true'] })
    const otherName = /^Choose another name\. .*  docker\.containers\.remove\('web', \{ force: true \}\)$/
    await refused([
      [() => containers.remove('web'), 409, /^Stop the container first.*  docker\.containers\.remove\('web', \{ force/],
      [() => containers.create({ Image: engine.image }, { name: 'web' }), 409, otherName],
      [() => docker.run(engine.image, ['true'], { name: 'web' }), 409, otherName],
      [() => containers.rename('stopped', 'web'), 409, otherName],
      [() => containers.kill('stopped'), 409, /^There is nothing to do: .*ensureStopped\(\)/],
      [() => containers.pause('stopped'), 409, /^Start the container first:  docker\.containers\.start\('\w{12}'\)/],
      [() => containers.top('stopped'), 409, /^Start the container first/],
      [() => exec.create('stopped', { Cmd: ['true'] }), 409, /^Start the container first/],
      [() => exec.run('stopped', ['true']), 409, /^Start the container first/],
      [() => containers.unpause('web'), 500, /^There is nothing to do: the container is not paused/],
      [
        () => containers.start(joining),
        409,
        /^Start the other container first:  docker\.containers\.start\('(?:\w{64}|stopped)'\)/,
      ],
    ])
    await containers.pause('web')
    const unpause = /^Unpause the container first:  docker\.containers\.unpause\('\w+'\)/
    await refused([
      [
        () => containers.remove('web'),
        409,
        /^Unpause the container first:  docker\.containers\.unpause\('web'\)  .*remove\('web', \{ force: true \}\)/,
      ],
      [() => containers.pause('web'), 409, /^There is nothing to do: the container is paused/],
      [() => containers.start('web'), 409, /^Unpause the container instead:  docker\.containers\.unpause\('web'\)/],
      [() => containers.attach('web'), 409, unpause],
      [() => containers.attachWebSocket('web'), 409, unpause],
      [() => exec.create('web', { Cmd: ['true'] }), 409, unpause],
      [() => exec.start(execId), 409, unpause],
      [() => exec.run('web', ['true']), 409, unpause],
    ])
    await containers.unpause('web')
    await containers.remove('web', { force: true })
    await Promise.all(['stopped', joining].map((id) => containers.remove(id)))
  })

  test('about values that it can read, and does not take', async () => {
    const { containers, exec } = docker
    const id = await engine.start()
    const create = (body: ContainerCreateRequest) => () => containers.create({ Image: engine.image, ...body })
    await refused([
      [() => containers.create({}), 400, /^Set Image/],
      [() => containers.create({ Image: '' }), 400, /^Set Image/],
      [create({ HostConfig: { Memory: 512 } }), 400, /^Memory counts bytes/],
      [() => containers.update(id, { Memory: 512 }), 400, /^Memory counts bytes/],
      [create({ Healthcheck: { Test: ['CMD', 'true'], Interval: 10 } }), 400, /nanoseconds/],
      [create({ HostConfig: { Binds: ['./data:/data'] } }), 400, /absolute path/],
      [
        () => containers.create({ Image: engine.image }, { name: 'a b' }),
        400,
        /^Choose a name of at least two letters/,
      ],
      [() => containers.rename(id, 'a b'), 400, /^Choose a name of at least two letters/],
      [() => docker.volumes.create({ Name: 'a b' }), 400, /^Choose a name of at least two letters/],
      [() => containers.kill(id, { killSignal: 'SIGFOO' }), 400, /^Set killSignal to a signal of Linux/],
      [() => containers.stop(id, { killSignal: 'SIGFOO' }), 500, /^Set killSignal to a signal of Linux/],
      [() => containers.top(id, { ps_args: 'zzz' }), 500, /^Correct ps_args/],
      [
        create({ HostConfig: { Mounts: [{ Type: 'bind', Source: '/nowhere', Target: '/a' }] } }),
        400,
        /^Create \/nowhere on the daemon's host first/,
      ],
      [
        () => containers.create({ Image: engine.image }, { platform: 'linux/s390x' }),
        404,
        /^Pull it for that platform:  docker\.images\.pull\('\S+', \{ platform: 'linux\/s390x' \}\)/,
      ],
      [() => exec.create(id, {} as never), 400, /^Set Cmd/],
    ])
    const { Id } = await create({ HostConfig: { Memory: 6 * 1024 ** 2, Binds: ['/tmp:/data'] } })()
    for (const one of [id, Id]) await containers.remove(one, { force: true })
  })

  test('in a body of the wrong type, where docker-mtls refuses it first', async () => {
    const wrong: readonly [body: object, readonly string[]][] = [
      [{ HostConfig: { Memory: '512m' } }, ['HostConfig', 'Memory']],
      [{ Env: { A: 'b' } }, ['Env']],
      [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: 8080 }] } } }, ['HostPort']],
      [{ HostConfig: { PortBindings: { '80/tcp': { HostPort: '8080' } } } }, ['PortBindings']],
      [{ ExposedPorts: ['80/tcp'] }, ['ExposedPorts']],
      [{ Tty: 'true' }, ['Tty']],
      [{ Healthcheck: { Test: 'true' } }, ['Test']],
      [{ User: 1000 }, ['User']],
    ]
    for (const [body, fields] of wrong) {
      const create = (allowUnknown: boolean) =>
        docker.containers.create({ Image: engine.image, ...body }, { allowUnknown })
      await assert.rejects(create(false), { code: 'ERR_ARGUMENT_INVALID' })
      for (const field of fields)
        await assert.rejects(create(true), { status: 400, daemonMessage: new RegExp(`field \\S*${field}`) })
    }
    const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['true'], Env: null })
    assert.deepEqual((await docker.containers.inspect(Id)).Config.Cmd, ['true'])
    await docker.containers.remove(Id)
  })

  test('about an image that a container uses, or that has several names', async () => {
    const { containers, images } = docker
    const { Id } = await images.inspect(engine.image)
    const id = await engine.start()
    const user = id.slice(0, 12)
    const byForce = new RegExp(
      `^Remove container ${user} first\\. .*  docker\\.images\\.remove\\('.+', \\{ force: true \\}\\)`,
    )
    await refused([
      [() => images.remove(Id), 409, new RegExp(`docker\\.containers\\.remove\\('${user}', \\{ force: true \\}\\)`)],
      [() => images.remove(engine.image), 409, byForce],
    ])
    await containers.kill(id)
    await containers.wait(id)
    await refused([[() => images.remove(Id), 409, byForce]])
    await containers.remove(id)
    await images.tag(Id, 'another', { tag: '1' })
    await refused([
      [
        () => images.remove(Id),
        409,
        /^Remove one of its names at a time, or all of them:  docker\.images\.remove\('sha256:/,
      ],
    ])
    await images.remove('another:1')
  })

  test('about a network or volume that containers use, or whose name is in use', async () => {
    const { containers, networks, volumes } = docker
    await networks.create({ Name: 'net' })
    const id = await engine.start({ HostConfig: { Binds: ['data:/data'], NetworkMode: 'net' } })
    const { Id: other } = await containers.create({ Image: engine.image, Cmd: ['true'] })
    await refused([
      [() => networks.create({ Name: 'net' }), 409, /^Choose another name\. .*docker\.networks\.ensure\(\)/],
      [() => networks.remove('net'), 403, /^Disconnect its containers first:  docker\.networks\.disconnect\('net'/],
      [() => networks.connect('net', { Container: id }), 403, /^There is nothing to do\. .*disconnect\('net'/],
      [() => networks.disconnect('net', { Container: other }), 500, /^There is nothing to do: .*not connected/],
      [() => networks.remove('bridge'), 403, /^Change the request/],
      [() => volumes.remove('data'), 409, /^Remove the containers .*filters: \{ volume: 'data' \}/],
    ])
    await networks.disconnect('net', { Container: id })
    await networks.remove('net')
    await Promise.all([id, other].map((one) => containers.remove(one, { force: true })))
    await volumes.remove('data')
  })

  test('about a name, a tar, a device or a registry', async () => {
    const { containers, images, plugins, system } = docker
    const run = (HostConfig: object) => (): Promise<unknown> => docker.run(engine.image, ['true'], { HostConfig })
    const files = await buffer(await containers.export(await engine.start({}, 'exported')))
    const noTar = Buffer.from('nota tar')
    const build = (options: object) => (): PromiseLike<unknown> => images.build(noTar, options)
    const Devices = [{ PathOnHost: '/dev/no', PathInContainer: '/dev/no', CgroupPermissions: 'r' }]
    await refused([
      [() => images.inspect('App:1'), 400, /^Write the name in lower case:  app$/],
      [() => images.save('App:1'), 500, /^Write the name in lower case:  app$/],
      [() => docker.run('App:1', []), 400, /^Write the name in lower case:  app$/],
      [() => images.tag(engine.image, 'app', { tag: 'a b' }), 400, /^Correct the tag: /],
      [() => plugins.create('App', files), 500, /^Write the name in lower case:  app$/],
      [() => images.load(files), 200, /docker\.images\.import\(\)\.$/],
      [() => images.load(noTar), 200, /^Pass a complete tar, as docker\.images\.save/],
      [() => images.import(noTar), 500, /^Pass a complete tar of a file system/],
      [() => images.import('http://127.0.0.1:1/x.tar'), 500, /^Correct the URL/],
      [() => containers.archive.put('exported', '/', noTar), 500, /^Pass a complete tar\. /],
      [() => plugins.create('app', noTar), 500, /config\.json/],
      [build({ builder: 'classic' }), 500, /^Pass a complete tar of the context/],
      [build({ builder: 'buildkit', networkmode: 'no' }), 500, /^Set networkmode to /],
      [run({ Devices }), 500, /^Correct HostConfig\.Devices: \/dev\/no /],
      [run({ DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }), 500, /^Install the driver/],
      [run({ NetworkMode: 'no' }), 500, /^Correct the name of the network, or create it first/],
      [run({ SecurityOpt: ['seccomp={}x'] }), 500, /^Correct HostConfig\.SecurityOpt/],
      [() => images.search('x'), 500, unreachable('docker\\.io')],
      [() => images.search('localhost:1/x'), 400, unreachable('localhost:1')],
      [() => system.auth({ username: 'a', password: 'b' }), 500, unreachable('docker\\.io')],
      [
        () => system.auth({ username: 'a', password: 'b', serveraddress: 'https://localhost:1/v2/' }),
        500,
        unreachable('localhost:1'),
      ],
    ])
    const versionTwice = docker.request({ method: 'GET', path: '/v1.45/info' })
    await assert.rejects(versionTwice, { status: 404, todo: /^Omit \/v1\.45 from the path/ })
    await containers.remove('exported', { force: true })
  })

  test('about the swarm and its objects', async () => {
    const { configs, nodes, secrets, services, swarm } = docker
    const Data = Buffer.from('x')
    const { ID: SecretID } = await secrets.create({ Name: 'token', Data })
    await configs.create({ Name: 'site', Data })
    const File = { Name: 'token', UID: '0', GID: '0', Mode: 0o400 }
    const Secrets = [{ SecretID, SecretName: 'token', File }]
    await services.create(serviceOf('user', 'true', { Image: engine.image, Secrets }))
    await taskOf(docker, 'user')
    const [node] = await nodes.list()
    await refused([
      [() => secrets.create({ Name: 'token', Data }), 409, /^Choose another name: the data of a secret/],
      [() => configs.create({ Name: 'site', Data }), 409, /^Choose another name: the data of a config/],
      [() => secrets.remove('token'), 400, /^Remove the secret from these services/],
      [
        () => services.create(serviceOf('user', 'true', { Image: engine.image })),
        409,
        /^Choose another name, .*docker\.services\.update\(\)/,
      ],
      [() => nodes.remove(node?.ID ?? ''), 400, /^Demote the node first/],
      [() => swarm.init(ON_LOOPBACK), 503, /^There is nothing to do for this swarm\. .*swarm\.leave\(\)/],
      [() => swarm.unlock({ UnlockKey: 'x' }), 409, /^There is nothing to do: the swarm is not locked/],
      [() => swarm.leave(), 503, /^Demote this node first\. .*swarm\.leave\(\{ force: true \}\)/],
    ])
    await services.remove('user')
    await swarm.leave({ force: true })
  })
})
