import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { readFile } from 'node:fs/promises'
import { pack } from 'tar-stream'
import * as any from '../../../lib/base/wordings/any-call.ts'
import * as stdio from '../../../lib/base/wordings/dial-stdio.ts'
import * as dockerd from '../../../lib/base/wordings/dockerd.ts'
import * as one from '../../../lib/base/wordings/one-call.ts'
import * as podman from '../../../lib/base/wordings/podman.ts'
import * as registries from '../../../lib/base/wordings/registries.ts'
import * as streams from '../../../lib/base/wordings/streams.ts'
import type { SeenOn, Wording } from '../../../lib/base/wordings/wording.ts'
import { ConflictError, DockerApiError, type ContainerCreateRequest, type DockerClient } from '../../../lib/index.ts'
import { runCommand } from '../../support/command.ts'
import { freePort } from '../../support/ports.ts'
import { lacks } from '../../support/requirements.ts'
import { startAuthorization, type AuthorizationPlugin } from '../harness/authorization.ts'
import { startDockerd, type Daemon } from '../harness/dockerd.ts'
import { testedEngine } from '../harness/engine.ts'
import { askLocally } from '../harness/local-socket.ts'
import { chooseDaemonPlace } from '../harness/place.ts'
import { pluginTar } from '../harness/plugin.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { startTlsDaemon } from '../harness/secured.ts'
import type { BusyboxEngine } from '../support/busybox-engine.ts'
import { ON_LOOPBACK, serviceOf, startSwarmEngine, taskOf } from '../support/swarm-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks(
  'namespaces',
  'dockerd',
  'docker',
  'busybox',
  'ip',
  'docker-registry',
  'htpasswd',
  'curl',
  '/usr/bin/perl',
)

const unreachable = (registry: string): RegExp => new RegExp(`it can't reach ${registry}\\.$`)

/** The rows of all tables by their ids. */
const ROWS: ReadonlyMap<Wording, string> = new Map(
  Object.entries({ any, dockerd, one, podman, registries, stdio, streams }).flatMap(([table, rows]) =>
    Object.entries<Wording>(rows).map(([name, wording]) => [wording, `${table}.${name}`] as const),
  ),
)

/** An address that is not on loopback for dockerd, which trusts every registry there. */
const ELSEWHERE = '10.99.0.1'

/** A server of this process on a free port. */
async function listening(server: HttpServer, host: string, all: HttpServer[]): Promise<HttpServer> {
  all.push(server)
  await once(server.listen(0, host), 'listening')
  return server
}

function hostOf(server: HttpServer): string {
  const { address, port } = server.address() as AddressInfo
  return `${address}:${port}`
}

/** A build context. */
async function tarOf(dockerfile: string | undefined): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: dockerfile === undefined ? 'other' : 'Dockerfile' }, `${dockerfile ?? ''}\n`)
  tar.finalize()
  return buffer(tar)
}

const answer = (_: unknown, response: ServerResponse): void => void response.end()

/** What the daemon says as text until the call ends, or fails. */
async function linesOf(progress: AsyncIterable<object>): Promise<string[]> {
  const lines: string[] = []
  try {
    for await (const message of progress) {
      const { status, stream } = message as { status?: string; stream?: string }
      lines.push(status ?? stream ?? '')
    }
  } catch (error) {
    assert.ok(error instanceof DockerApiError)
  }
  return lines
}

const isConflict = (error: unknown): error is ConflictError => error instanceof ConflictError

/** What the daemon refuses, how we recognise it, with which status, and the beginning of the remedy. */
type Row = readonly [
  wording: Wording | undefined,
  call: (docker: DockerClient) => PromiseLike<unknown>,
  status: number | readonly number[],
  todo: RegExp,
]

/** A dockerd besides the one of all tests, which is stopped then. */
async function startOther(...flags: readonly string[]): Promise<Daemon> {
  const place = await chooseDaemonPlace()
  return startDockerd({ place, argv: [place.dockerd, ...place.listen.map((at) => `--host=${at}`), ...flags] })
}

/** The end of the log of a dockerd that doesn't start. */
async function startsNot(...flags: readonly string[]): Promise<string> {
  const error: unknown = await startOther(...flags).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error, `it starts with ${flags.join(' ')}`)
  return error.message
}

/** What the docker command of a user who may nothing writes as its error. */
async function dialled(...to: readonly string[]): Promise<string> {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'docker']
  return (await runCommand('setpriv', [...nobody, ...to], { env: { HOME: '/nonexistent' } })).stderr
}

describe('the daemon refuses a call for its own reason, and the error has the remedy for that', { skip }, () => {
  let plugin: AuthorizationPlugin
  let engine: BusyboxEngine
  let docker: DockerClient
  let tested: SeenOn
  before(async () => {
    plugin = await startAuthorization('guard')
    engine = await startSwarmEngine({ flags: ['--authorization-plugin=guard'] })
    docker = engine.docker
    const { release, isContainerd } = testedEngine()
    tested = (isContainerd ? `${release} containerd` : release) as SeenOn
  })
  after(async () => {
    await engine?.stop()
    await plugin?.stop()
  })

  const provoked = new Set<Wording>()
  /** Compares what this engine says with the row. */
  function heard(wording: Wording, text: string): void {
    provoked.add(wording)
    const fires = text.search(wording.pattern) >= 0
    assert.equal(fires, wording.seen.includes(tested), `${ROWS.get(wording)} on ${tested}: ${JSON.stringify(text)}`)
  }

  async function failure(call: Row[1]): Promise<DockerApiError> {
    const error: unknown = await Promise.resolve(call(docker)).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof DockerApiError, `${call.toString()}: ${String(error)}`)
    return error
  }

  async function refused(rows: readonly Row[]): Promise<void> {
    for (const [wording, call, status, todo] of rows) {
      const error = await failure(call)
      if (wording) heard(wording, error.daemonMessage ?? '')
      assert.ok([status].flat().includes(error.status), `${error.status}: ${error.message}`)
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
      [
        one.REMOVES_RUNNING,
        () => containers.remove('web'),
        409,
        /^Stop the container first.*  docker\.containers\.remove\('web', \{ force/,
      ],
      [one.CONTAINER_NAME_IN_USE, () => containers.create({ Image: engine.image }, { name: 'web' }), 409, otherName],
      [one.CONTAINER_NAME_IN_USE, () => docker.run(engine.image, ['true'], { name: 'web' }), 409, otherName],
      [one.CONTAINER_NAME_IN_USE, () => containers.rename('stopped', 'web'), 409, otherName],
      [one.KILLS_STOPPED, () => containers.kill('stopped'), 409, /^There is nothing to do: .*ensureStopped\(\)/],
      [
        any.NOT_RUNNING,
        () => containers.pause('stopped'),
        409,
        /^Start the container first:  docker\.containers\.start\('\w{12}'\)/,
      ],
      [any.NOT_RUNNING, () => containers.top('stopped'), 409, /^Start the container first/],
      [any.NOT_RUNNING, () => exec.create('stopped', { Cmd: ['true'] }), 409, /^Start the container first/],
      [any.NOT_RUNNING, () => exec.run('stopped', ['true']), 409, /^Start the container first/],
      [one.NOT_PAUSED, () => containers.unpause('web'), 500, /^There is nothing to do: the container is not paused/],
      [
        one.JOINS_STOPPED,
        () => containers.start(joining),
        409,
        /^Start the other container first:  docker\.containers\.start\('(?:\w{64}|stopped)'\)/,
      ],
    ])
    await containers.pause('web')
    const unpause = /^Unpause the container first:  docker\.containers\.unpause\('\w+'\)/
    await refused([
      [
        one.REMOVES_PAUSED,
        () => containers.remove('web'),
        409,
        /^Unpause the container first:  docker\.containers\.unpause\('web'\)  .*remove\('web', \{ force: true \}\)/,
      ],
      [one.PAUSED_BEFORE, () => containers.pause('web'), 409, /^There is nothing to do: the container is paused/],
      [
        one.STARTS_PAUSED,
        () => containers.start('web'),
        409,
        /^Unpause the container instead:  docker\.containers\.unpause\('web'\)/,
      ],
      [one.PAUSED, () => containers.attach('web'), 409, unpause],
      [one.PAUSED, () => containers.attachWebSocket('web'), 409, unpause],
      [one.PAUSED, () => exec.create('web', { Cmd: ['true'] }), 409, unpause],
      [one.PAUSED, () => exec.start(execId), 409, unpause],
      [one.PAUSED, () => exec.run('web', ['true']), 409, unpause],
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
      [one.NO_CONFIG, () => containers.create({}), 400, /^Set Image/],
      [one.NO_COMMAND, () => containers.create({ Image: '' }), 400, /^Set Image/],
      [one.TOO_LITTLE_MEMORY, create({ HostConfig: { Memory: 512 } }), 400, /^Memory counts bytes/],
      [one.TOO_LITTLE_MEMORY, () => containers.update(id, { Memory: 512 }), 400, /^Memory counts bytes/],
      [one.SHORT_HEALTHCHECK, create({ Healthcheck: { Test: ['CMD', 'true'], Interval: 10 } }), 400, /nanoseconds/],
      [one.INVALID_VOLUME_NAME, create({ HostConfig: { Binds: ['./data:/data'] } }), 400, /absolute path/],
      [
        one.INVALID_CONTAINER_NAME,
        () => containers.create({ Image: engine.image }, { name: 'a b' }),
        400,
        /^Choose a name of at least two letters/,
      ],
      [one.INVALID_CONTAINER_NAME, () => containers.rename(id, 'a b'), 400, /^Choose a name of at least two letters/],
      [
        one.INVALID_VOLUME_NAME,
        () => docker.volumes.create({ Name: 'a b' }),
        400,
        /^Choose a name of at least two letters/,
      ],
      [
        one.INVALID_SIGNAL,
        () => containers.kill(id, { killSignal: 'SIGFOO' }),
        400,
        /^Set killSignal to a signal of Linux/,
      ],
      [
        one.INVALID_SIGNAL,
        () => containers.stop(id, { killSignal: 'SIGFOO' }),
        500,
        /^Set killSignal to a signal of Linux/,
      ],
      [one.PS_FAILED, () => containers.top(id, { ps_args: 'zzz' }), 500, /^Correct ps_args/],
      [
        one.NO_BIND_SOURCE,
        create({ HostConfig: { Mounts: [{ Type: 'bind', Source: '/nowhere', Target: '/a' }] } }),
        400,
        /^Create \/nowhere on the daemon's host first/,
      ],
      [
        one.OTHER_PLATFORM,
        () => containers.create({ Image: engine.image }, { platform: 'linux/s390x' }),
        404,
        /^Pull it for that platform:  docker\.images\.pull\('\S+', \{ platform: 'linux\/s390x' \}\)/,
      ],
      [one.NO_EXEC_COMMAND, () => exec.create(id, {} as never), 400, /^Set Cmd/],
    ])
    const { Id } = await create({ HostConfig: { Memory: 6 * 1024 ** 2, Binds: ['/tmp:/data'] } })()
    for (const each of [id, Id]) await containers.remove(each, { force: true })
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
      [
        one.IMAGE_IN_USE,
        () => images.remove(Id),
        409,
        new RegExp(`docker\\.containers\\.remove\\('${user}', \\{ force: true \\}\\)`),
      ],
      [one.IMAGE_IN_USE_UNLESS_FORCED, () => images.remove(engine.image), 409, byForce],
    ])
    await containers.kill(id)
    await containers.wait(id)
    await refused([[one.IMAGE_IN_USE_UNLESS_FORCED, () => images.remove(Id), 409, byForce]])
    await containers.remove(id)
    await images.tag(Id, 'another', { tag: '1' })
    await refused([
      [
        one.SEVERAL_REPOSITORIES,
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
      [
        one.EXISTS,
        () => networks.create({ Name: 'net' }),
        409,
        /^Choose another name\. .*docker\.networks\.ensure\(\)/,
      ],
      [
        one.ACTIVE_ENDPOINTS,
        () => networks.remove('net'),
        403,
        /^Disconnect its containers first:  docker\.networks\.disconnect\('net'/,
      ],
      [
        one.CONNECTED_BEFORE,
        () => networks.connect('net', { Container: id }),
        403,
        /^There is nothing to do\. .*disconnect\('net'/,
      ],
      [
        one.NOT_CONNECTED,
        () => networks.disconnect('net', { Container: other }),
        500,
        /^There is nothing to do: .*not connected/,
      ],
      [undefined, () => networks.remove('bridge'), 403, /^Change the request/],
      [one.IN_USE, () => volumes.remove('data'), 409, /^Remove the containers .*filters: \{ volume: 'data' \}/],
    ])
    await networks.disconnect('net', { Container: id })
    await networks.remove('net')
    await Promise.all([id, other].map((each) => containers.remove(each, { force: true })))
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
      [any.NOT_LOWER_CASE, () => images.inspect('App:1'), 400, /^Write the name in lower case:  app$/],
      [any.NOT_LOWER_CASE, () => images.save('App:1'), [400, 500], /^Write the name in lower case:  app$/],
      [any.NOT_LOWER_CASE, () => docker.run('App:1', []), 400, /^Write the name in lower case:  app$/],
      [any.INVALID_TAG, () => images.tag(engine.image, 'app', { tag: 'a b' }), 400, /^Correct the tag: /],
      [any.NOT_LOWER_CASE, () => plugins.create('App', files), 500, /^Write the name in lower case:  app$/],
      [one.NO_SAVED_IMAGE, () => images.load(files), 200, /docker\.images\.import\(\)\.$/],
      [one.INCOMPLETE_TAR, () => images.load(noTar), 200, /^Pass a complete tar, as docker\.images\.save/],
      [one.INCOMPLETE_TAR, () => images.import(noTar), 500, /^Pass a complete tar of a file system/],
      [one.UNREACHABLE_URL, () => images.import('http://127.0.0.1:1/x.tar'), 500, /^Correct the URL/],
      [one.INCOMPLETE_TAR, () => containers.archive.put('exported', '/', noTar), 500, /^Pass a complete tar\. /],
      [one.INCOMPLETE_TAR, () => plugins.create('app', noTar), 500, /config\.json/],
      [one.INCOMPLETE_TAR, build({ builder: 'classic' }), 500, /^Pass a complete tar of the context/],
      [one.NETWORK_MODE_OF_BUILD, build({ builder: 'buildkit', networkmode: 'no' }), 500, /^Set networkmode to /],
      [any.NO_DEVICE, run({ Devices }), 500, /^Correct HostConfig\.Devices: \/dev\/no /],
      [
        any.NO_DEVICE_DRIVER,
        run({ DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }),
        500,
        /^Install the driver/,
      ],
      [one.NO_SUCH_NETWORK, run({ NetworkMode: 'no' }), 500, /^Correct the name of the network, or create it first/],
      [any.INVALID_SECCOMP, run({ SecurityOpt: ['seccomp={}x'] }), 500, /^Correct HostConfig\.SecurityOpt/],
      [registries.UNREACHABLE, () => images.search('x'), 500, unreachable('docker\\.io')],
      [registries.UNREACHABLE, () => images.search('localhost:1/x'), 400, unreachable('localhost:1')],
      [registries.UNREACHABLE, () => system.auth({ username: 'a', password: 'b' }), 500, unreachable('docker\\.io')],
      [
        registries.UNREACHABLE,
        () => system.auth({ username: 'a', password: 'b', serveraddress: 'https://localhost:1/v2/' }),
        500,
        unreachable('localhost:1'),
      ],
    ])
    const versionTwice = docker.request({ method: 'GET', path: '/v1.45/info' })
    await assert.rejects(versionTwice, { status: 404, todo: /^Omit \/v1\.45 from the path/ })
    await containers.remove('exported', { force: true })
  })

  test('about a program, its user and its folder', async () => {
    const { containers, exec } = docker
    const id = await engine.start()
    const run = (body: object) => () => docker.run(engine.image, ['true'], body)
    const { Id: restarting } = await containers.create({
      Image: engine.image,
      Cmd: ['false'],
      HostConfig: { RestartPolicy: { Name: 'always' } },
    })
    await containers.start(restarting)
    await refused([
      [any.NO_SUCH_IMAGE, () => docker.run('nowhere:1', []), 404, /docker\.images\.pull\('nowhere:1'\)/],
      [any.UNKNOWN_USER, run({ User: 'me' }), [400, 500], /^Correct the user: the container has no user me\./],
      [any.NO_WORKING_FOLDER, () => exec.run(id, ['true'], { WorkingDir: '/no' }), 101, /^Correct WorkingDir: \/no /],
      [any.NO_PROGRAM, () => docker.run(engine.image, ['no']), 400, /^Correct the command: /],
      [any.NO_PROGRAM, () => exec.run(id, ['no']), 101, /^Correct the command: /],
      [any.NO_SUCH_FILE, () => containers.archive.get(id, '/no'), 404, /^Correct the path \/no: /],
      [any.NO_SUCH_LIMIT, run({ HostConfig: { Ulimits: [{ Name: 'no', Soft: 1, Hard: 1 }] } }), [400, 500], / no\.$/],
      [
        any.INVALID_NAME,
        () => docker.images.tag(engine.image, 'a//b'),
        [400, 500],
        /^Correct the name of the image\. /,
      ],
      [any.NO_ROUTE, () => docker.request({ method: 'GET', path: '/nowhere' }), 404, /^Correct the path\. /],
      [any.NO_DRIVER, () => docker.volumes.create({ Driver: 'no' }), 404, /plugins\.pull\('no', \[\]\)/],
    ])
    const [local] = engine.daemon.place.listen
    const { stdout } = await runCommand('curl', [
      '-s',
      '--unix-socket',
      local.replace('unix://', ''),
      'http://d/v9.9/info',
    ])
    heard(any.WRONG_VERSION, (JSON.parse(stdout) as { message: string }).message)
    await until('it restarts', async () => (await containers.inspect(restarting)).State.Status === 'restarting')
    await refused([[any.RESTARTING, () => exec.create(restarting, { Cmd: ['true'] }), 409, /^Wait until/]])
    for (const each of [id, restarting]) await containers.remove(each, { force: true })
  })

  test('of an exec that was started before, or does not start, in its output', async () => {
    const { containers, exec } = docker
    const id = await engine.start()
    const outputOf = async (execId: string): Promise<[output: string, error: unknown]> => {
      let output = ''
      try {
        for await (const { data } of await exec.start(execId)) output += data.toString()
        return [output, undefined]
      } catch (error) {
        return [output, error]
      }
    }
    const { Id } = await exec.create(id, { Cmd: ['true'], AttachStdout: true })
    await outputOf(Id)
    const [output, error] = await outputOf(Id)
    assert.ok(error instanceof DockerApiError, String(error))
    heard(any.EXEC_STARTED_BEFORE, error.daemonMessage ?? '')
    heard(streams.EXEC_STARTED_BEFORE, output)
    assert.match(error.todo, /docker\.exec\.create/)
    const { Id: missing } = await exec.create(id, { Cmd: ['no'], AttachStdout: true })
    heard(streams.EXEC_NOT_STARTED, (await outputOf(missing))[0])
    await containers.remove(id, { force: true })
  })

  test('about what is removed, in use, or changed twice', async () => {
    const { containers, images, networks, nodes, plugins } = docker
    const HostConfig = { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] } }
    const bound = { ExposedPorts: { '80/tcp': {} }, HostConfig }
    const id = await engine.start(bound)
    await networks.create({ Name: 'over', Driver: 'overlay' })
    const onNetwork = serviceOf('user', 'true', { Image: engine.image })
    await docker.services.create({ ...onNetwork, Networks: [{ Target: 'over' }] })
    const [node] = await nodes.list()
    assert.ok(node?.Spec && node.Version)
    const { Spec, Version, ID } = node
    const change = () => nodes.update(ID, Spec, { version: Version.Index - 1 })
    await refused([
      [any.PORT_IN_USE, () => docker.run(engine.image, ['true'], bound), 500, /^Choose another HostPort/],
      [any.OUT_OF_SEQUENCE, change, 500, /^The object has changed/],
      [one.IN_USE_BY_SERVICE, () => networks.remove('over'), 400, /^Remove the network from this service/],
    ])
    await docker.services.remove('user')
    await containers.remove(id, { force: true })

    await refusedOnce(one.PRUNE_RUNS, () => docker.volumes.prune(), /^Wait until the other prune/)
    const ids: string[] = []
    for (let count = 0; count < 10; count += 1) ids.push(await engine.start())
    await refusedOnce(
      one.REMOVAL_RUNS,
      () => containers.remove(ids[0] ?? '', { force: true }),
      /containers\.wait\('\w+', \{ condition: 'removed' \}\)/,
      () => void ids.shift(),
    )
    for (const each of ids) await containers.remove(each, { force: true })

    const { Id: base } = await containers.create({ Image: engine.image, Cmd: ['true'] })
    const { Id: parent } = await images.commit(base, {}, { repo: 'parent' })
    const { Id: derived } = await containers.create({ Image: parent })
    await images.commit(derived, {}, { repo: 'child' })
    for (const each of [base, derived]) await containers.remove(each)
    if (one.CHILD_IMAGES.seen.includes(tested))
      await refused([[one.CHILD_IMAGES, () => images.remove(parent), 409, /^Remove the images that were made from/]])
    else provoked.add(one.CHILD_IMAGES)
    for (const name of ['child', 'parent']) await images.remove(name)

    await plugins.create('volumes', await pluginTar({ description: 'made' }))
    await plugins.enable('volumes')
    await refused([
      [one.PLUGIN_IN_THIS_STATE, () => plugins.enable('volumes'), 409, /^There is nothing to do/],
      [one.PLUGIN_ACTIVE, () => plugins.set('volumes', ['GREETING=']), 500, /^Disable the plugin first/],
      [one.PLUGIN_ENABLED, () => plugins.remove('volumes'), 409, /^Disable the plugin first/],
    ])
    await docker.volumes.create({ Name: 'kept', Driver: 'volumes' })
    await refused([[one.IN_USE, () => plugins.disable('volumes'), 409, /plugins\.disable\('volumes', \{ force/]])
    await docker.volumes.remove('kept')
    await plugins.disable('volumes')
    await plugins.remove('volumes')
  })

  /** Many calls at once, of which the daemon refuses at least one. */
  async function refusedOnce(
    wording: Wording,
    call: () => PromiseLike<unknown>,
    todo: RegExp,
    next: () => void = () => undefined,
  ): Promise<void> {
    const error = await until(`${ROWS.get(wording)} once`, async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => Promise.resolve(call())))
      next()
      return outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason).find(isConflict) ?? false
    })
    heard(wording, error.daemonMessage ?? '')
    assert.match(error.todo, todo)
  }

  async function heardIn(wording: Wording, progress: AsyncIterable<object>): Promise<void> {
    const lines = await linesOf(progress)
    heard(wording, lines.find((text) => text.search(wording.pattern) >= 0) ?? lines.join('\n'))
  }

  async function denied(reason: string): Promise<DockerApiError> {
    plugin.decide = () => reason
    const error = await failure(() => docker.volumes.list())
    plugin.decide = () => undefined
    return error
  }

  describe('about registries', () => {
    let closed: Registry
    let open: Registry
    let fake: HttpServer
    const others: HttpServer[] = []
    before(async () => {
      closed = await startRegistry({ auth: { username: 'ann', password: 'secret' } })
      open = await startRegistry()
      fake = await listening(
        createHttpServer((_, response) => void response.writeHead(429).end()),
        '127.0.0.1',
        others,
      )
      await runCommand('ip', ['address', 'add', `${ELSEWHERE}/32`, 'dev', 'lo'])
    })
    after(async () => {
      for (const server of others) server.close()
      await Promise.all([closed?.stop(), open?.stop()])
    })

    test('that refuse, lack something, or can not be trusted', async () => {
      const { images, system } = docker
      const plain = await listening(createHttpServer(answer), ELSEWHERE, others)
      const { cert, key } = engine.daemon.server
      const files = { cert: await readFile(cert), key: await readFile(key) }
      const untrusted = await listening(createHttpsServer(files, answer), ELSEWHERE, others)
      const login = { username: 'ann', password: 'wrong', serveraddress: closed.host }
      const pull = (name: string) => () => images.pull(name)
      await refused([
        [any.LOGIN_REFUSED, () => system.auth(login), [401, 500], /^Correct the user name or the password/],
        [registries.ACCESS_DENIED, pull(`${closed.host}/app:1`), [401, 404, 500], /loadRegistryCredentials/],
        [registries.TOO_MANY_REQUESTS, pull(`${hostOf(fake)}/app:1`), [429, 500], /^Wait, or pass credentials/],
        [registries.NO_MANIFEST, pull(`${open.host}/app:1`), [200, 404], /has no such image/],
        [registries.NO_SUCH_TAG, () => images.push(`${open.host}/app:1`), [200, 404], /docker\.images\.tag/],
        [registries.PLAIN_HTTP, pull(`${hostOf(plain)}/app:1`), 500, /^Enable TLS on /],
        [registries.UNTRUSTED, pull(`${hostOf(untrusted)}/app:1`), 500, /ca\.crt$/],
      ])
    })

    test('in the progress of a push, a pull, a load and a build', async () => {
      const { images } = docker
      const name = `${open.host}/app:1`
      await images.tag(engine.image, name)
      await heardIn(streams.PUSHED, images.push(name))
      await heardIn(streams.PULLED, images.pull(name))
      await heardIn(streams.PULLED_DIGEST, images.pull(name))
      await heardIn(streams.PULLED_OTHER_PLATFORM, images.pull(name, { platform: 'linux/arm64' }))
      await heardIn(streams.LOADED, images.load(await buffer(await images.save(engine.image))))
      await images.remove(name)
      for (const builder of ['buildkit', 'classic'] as const) {
        const build = async (...lines: readonly string[]): Promise<string> => {
          const context = await tarOf(lines.length > 0 ? lines.join('\n') : undefined)
          return (await failure(() => images.build(context, { builder }))).daemonMessage ?? ''
        }
        heard(streams.STEP_FAILED, await build(`FROM ${engine.image}`, 'RUN exit 3'))
        heard(registries.BASE_IMAGE, await build('FROM 127.0.0.1:1/app:1'))
        if (builder === 'classic') heard(one.NO_DOCKERFILE, await build())
      }
    })
  })

  test('of a plugin for authorization', async () => {
    const plain = await denied('not for you')
    heard(any.DENIED_BY_PLUGIN, plain.daemonMessage ?? '')
    assert.match(plain.todo, /common name/)
    const ours = await denied('the rule ci refuses this (HOST_PATH)')
    heard(any.DENIED_WITH_REASON, ours.daemonMessage ?? '')
    assert.match(ours.todo, /in the policy of its authorization plugin/)
  })

  test('to the docker command, which tells it to ssh', async () => {
    const socket = `unix://${engine.daemon.place.socketPath}`
    heard(stdio.NOT_ALLOWED, await dialled('-H', socket, 'system', 'dial-stdio'))
    heard(stdio.NO_SOCKET, await dialled('-H', `${socket}.other`, 'system', 'dial-stdio'))
    heard(stdio.NO_DAEMON, await dialled('-H', `tcp://127.0.0.1:${await freePort()}`, 'system', 'dial-stdio'))
    heard(stdio.NO_SUCH_COMMAND, await dialled('dial-stdio'))
  })

  test('about the beginning of the ids of two containers', async () => {
    const beginnings = new Set<string>()
    for (;;) {
      const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['true'] })
      const beginning = Id.slice(0, 1)
      if (beginnings.has(beginning)) {
        await refused([[one.SEVERAL_IDS, () => docker.containers.inspect(beginning), [400, 500], /./]])
        return
      }
      beginnings.add(beginning)
    }
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
      [undefined, () => secrets.create({ Name: 'token', Data }), 409, /^Choose another name: the data of a secret/],
      [undefined, () => configs.create({ Name: 'site', Data }), 409, /^Choose another name: the data of a config/],
      [one.IN_USE_BY_SERVICES, () => secrets.remove('token'), 400, /^Remove the secret from these services/],
      [
        one.EXISTS,
        () => services.create(serviceOf('user', 'true', { Image: engine.image })),
        409,
        /^Choose another name, .*docker\.services\.update\(\)/,
      ],
      [one.IS_MANAGER, () => nodes.remove(node?.ID ?? ''), 400, /^Demote the node first/],
      [one.IN_SWARM, () => swarm.init(ON_LOOPBACK), 503, /^There is nothing to do for this swarm\. .*swarm\.leave\(\)/],
      [one.NOT_LOCKED, () => swarm.unlock({ UnlockKey: 'x' }), 409, /^There is nothing to do: the swarm is not locked/],
      [
        one.LEAVES_AS_MANAGER,
        () => swarm.leave(),
        503,
        /^Demote this node first\. .*swarm\.leave\(\{ force: true \}\)/,
      ],
    ])
    await services.remove('user')

    const { Spec, Version } = await swarm.inspect()
    const Raft = { ...Spec.Raft, ElectionTick: 3 }
    const locking = { ...Spec, Raft, EncryptionConfig: { AutoLockManagers: true } }
    await swarm.update(locking, { version: Version.Index })
    const { UnlockKey } = await swarm.unlockKey()
    await engine.daemon.stop({ keep: true })
    const again = await startTlsDaemon(engine.daemon.place, engine.daemon.server)
    try {
      const wrong = `${UnlockKey.slice(0, -4)}AAAA`
      await refused([[any.WRONG_UNLOCK_KEY, () => swarm.unlock({ UnlockKey: wrong }), 401, /swarm\.unlockKey\(\)/]])
    } finally {
      // Its files are needed below.
      await again.stop({ keep: true })
    }
  })

  test('about its listeners', async () => {
    const { ca, cert, key } = engine.daemon.server
    const files = [`--tlscacert=${ca}`, `--tlscert=${cert}`, `--tlskey=${key}`]
    const rows: [Wording, string[]][] = [
      [dockerd.WITHOUT_TLS, ['--tls=false']],
      [dockerd.WITHOUT_CLIENT_CERTIFICATE, ['--tls', '--tlsverify=false', ...files]],
    ]
    for (const [wording, flags] of rows) {
      const other = await startOther(...flags)
      const { socketPath, port } = other.place
      try {
        heard(wording, (await askLocally(socketPath, '/info')).body)
        heard(one.NO_MANAGER, (await askLocally(socketPath, '/services/web')).body)
        const plain = await fetch(`http://127.0.0.1:${port}/_ping`)
        if (!plain.ok) heard(dockerd.HAS_TLS, await plain.text())
      } finally {
        await other.stop()
      }
    }
  })

  test('to start, in its log', async () => {
    const noBridge = await startsNot('--tls=false', '--bridge=nonexistent0')
    for (const wording of [dockerd.NOT_STARTED, dockerd.FAILED_AT_LAST]) heard(wording, noBridge)
    heard(dockerd.LOGGED_ERROR, engine.daemon.log())
    heard(dockerd.NOT_CONFIGURED, await startsNot('--config-file=/proc/self/status'))
    heard(dockerd.INVALID_TLS, await startsNot('--tlsverify', '--tlscert=/nonexistent', '--tlskey=/nonexistent'))
  })

  test('each row of the tables was provoked, except those that no Docker says', () => {
    const named = (rows: readonly Wording[]): (string | undefined)[] => rows.map((row) => ROWS.get(row))
    const rows = [...ROWS.keys()]
    const ofPodman = rows.filter(({ seen }) => seen.every((name) => name.startsWith('Podman')))
    assert.deepEqual(named(rows.filter((row) => !provoked.has(row))), named(ofPodman))
  })
})
