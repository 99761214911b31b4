import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createGateway, type Gateway } from '../../lib/gateway.ts'
import { connect, type DockerClient, type EventMessage } from '../../lib/index.ts'
import { levelOf } from '../../lib/policy/levels/operations.ts'
import { OPERATION_NAMES } from '../../lib/policy/operations.ts'
import { definePolicy, readRequest } from '../../lib/policy.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage, printing } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { soon } from './support/busybox-engine.ts'
import { dockerCommand } from './support/docker-command.ts'
import { interposed } from './support/interposed.ts'
import { ROWS, type Row } from './support/policy/owner-matrix.ts'
import { sendRaw, type RawAnswer, type RawRequest } from './support/policy/send-raw.ts'
import { ON_LOOPBACK, serviceOf, taskOf } from './support/swarm-engine.ts'
import { until } from './support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker')

const POLICY = definePolicy({
  version: 1,
  rules: [
    { name: 'ann', who: { commonName: 'ann' }, level: 'baseline', owner: 'team-a' },
    { name: 'bob', who: { commonName: 'bob' }, level: 'baseline', owner: 'team-b' },
    { name: 'cat', who: { commonName: 'cat' }, level: 'read-only', owner: 'team-b' },
    { name: 'adm', who: { commonName: 'adm' }, level: 'privileged' },
  ],
})

const byName = (one: { Name: string }, other: { Name: string }): number => (one.Name < other.Name ? -1 : 1)

/** As long, of the same characters, and not there. */
const otherThan = (name: string): string => name.slice(0, -1) + (name.endsWith('0') ? '1' : '0')

/** An answer in which another name would be the same. */
const without = ({ text }: RawAnswer, name: string): string =>
  text.replaceAll(name, 'X').replace(/Date: .*|Content-Length: .*/gi, '')

const portOf = ({ address }: Gateway): number => ('port' in address ? address.port : 0)
/** A name and an id with its beginning. */
const named = (name: string, id: string): string[] => [name, id, id.slice(0, 12)]
const specs = (list: readonly { readonly ID: string; readonly Spec: unknown }[]): unknown[] =>
  list.map(({ ID, Spec }) => ({ ID, Spec }))

const isEndOf =
  (name: string) =>
  ({ Action, Actor }: EventMessage): boolean =>
    Action === 'destroy' && Actor.Attributes['name'] === name

const message = ({ text }: RawAnswer): string => /\{"message.*/.exec(text)?.[0] ?? text

const rows = (): [operation: string, row: Row][] =>
  Object.entries(ROWS).flatMap(([name, list]) => list.map((row): [string, Row] => [name, row]))

test('the matrix has a row for each operation, and each row is a request for its operation', () => {
  assert.deepEqual(Object.keys(ROWS).toSorted(), OPERATION_NAMES)
  assert.ok(Object.values(ROWS).every(({ length }) => length > 0))
  for (const [name, { line, body }] of rows()) {
    const [method = '', target = ''] = line.split(' ')
    const headers = { 'content-type': 'application/json' }
    const reading = readRequest({ method, target, headers, ...(body !== undefined && { body: Buffer.from(body) }) })
    assert.equal('operation' in reading ? reading.operation.name : reading.got, name, line)
  }
})

/** Where dockerd keeps images: the default until Docker 28, and since Docker 29. */
const DAEMONS = {
  'with images in graph drivers': { isContainerd: false, isManager: false },
  'with images in containerd, which manages a swarm': { isContainerd: true, isManager: true },
}

const ENGINE = testedEngine()

// For other engines, `npm run test:engines` has a column for each.
const DAEMONS_HERE = Object.entries(DAEMONS).filter(
  ([, { isContainerd }]) => ENGINE.isSystems || isContainerd === ENGINE.isContainerd,
)
for (const [which, kind] of DAEMONS_HERE) describe(`two owners of one daemon ${which}`, { skip }, () => twoOwners(kind))

function twoOwners({ isContainerd, isManager }: { readonly isContainerd: boolean; readonly isManager: boolean }): void {
  let daemon: Daemon
  let gateway: Gateway
  let admin: DockerClient
  let image: string
  let socketPath: string
  let env: Record<string, string>
  const clients = new Map<string, Client>()
  /** What each placeholder of a row stands for: all names and ids of a thing of A. */
  const targets: Record<string, readonly string[]> = {}
  let serviceVersion = 1
  /** Texts that only A's things have. */
  let marks: readonly string[] = []

  const { cli, said } = dockerCommand(() => ({ env, image }))
  const as = (name: string): { env: Record<string, string> } => ({ env: envOf(name) })
  const ann = (...args: string[]): Promise<string> => said(args, as('ann'))
  const bob = (...args: string[]): Promise<string> => said(args, as('bob'))

  before(async () => {
    const place = await chooseDaemonPlace()
    const config = join(place.folder, 'owners.json')
    await writeFile(config, JSON.stringify({ features: { 'containerd-snapshotter': isContainerd } }))
    daemon = await startDockerd({ place, argv: [place.dockerd, '--config-file', config, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    socketPath = place.listen[0].replace('unix://', '')
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath },
      policy: POLICY,
    })
    for (const name of ['ann', 'bob', 'cat', 'adm']) {
      const client = await newClient(name)
      clients.set(name, client)
      await writeClient(folderOf(name), client)
    }
    env = envOf('ann')
    admin = await connect({ host: `tcp://127.0.0.1:${port()}`, certPath: folderOf('adm') })
    await makeThings('ann', 'a')
    await makeThings('bob', 'b')
    await ann('create', '--name', 'a-stopped', image, 'true')
    await ann('volume', 'create', 'a-unused')
    await ann('network', 'create', 'a-empty')
    await ann('commit', 'a-web', 'a-other:1')
    await noteTargets()
    await (isManager ? makeThingsOfSwarm() : noteNoSwarm())
  })
  after(async () => {
    await admin?.close()
    await gateway?.close()
    await daemon?.stop()
  })

  const folderOf = (name: string): string => join(daemon.place.folder, `client-${name}`)
  const port = (): number => portOf(gateway)

  function envOf(name: string): Record<string, string> {
    const host = `tcp://127.0.0.1:${port()}`
    return { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folderOf(name), DOCKER_BUILDKIT: '0' }
  }

  /** An image of one's own, and a container from it that runs, with a network and a volume. */
  async function makeThings(who: string, prefix: 'a' | 'b'): Promise<void> {
    const web = prefix === 'a' ? 'a-web' : 'b-own'
    const docker = (...args: string[]): Promise<string> => said(args, as(who))
    await docker('create', '--name', 'first', image)
    await docker('commit', '--change', `ENV OF=${prefix}`, 'first', `${prefix}-img:1`)
    await docker('rm', 'first')
    await docker('network', 'create', `${prefix}-net`)
    const binds = ['-v', `${prefix}-vol:/data`, '-v', '/anonymous']
    await docker('run', '-d', '--name', web, '--network', `${prefix}-net`, ...binds, `${prefix}-img:1`, 'sleep', '9999')
  }

  async function noteTargets(): Promise<void> {
    const { Id, Mounts } = await admin.containers.inspect('a-web')
    const network = await admin.networks.inspect('a-net')
    const { Id: imageId } = await admin.images.inspect('a-img:1')
    const exec = await admin.exec.create('a-web', { Cmd: ['sleep', '1'] })
    const digits = imageId.replace('sha256:', '')
    const anonymous = Mounts.find(({ Destination }) => Destination === '/anonymous')?.Name ?? ''
    Object.assign(targets, {
      CONTAINER: ['a-web', Id, Id.slice(0, 12)],
      NETWORK: ['a-net', network.Id, network.Id.slice(0, 12)],
      VOLUME: ['a-vol', anonymous],
      IMAGE: ['a-img:1', imageId, digits, digits.slice(0, 12)],
      EXEC: [exec.Id],
      WHOLE: ['a-img:1', imageId, digits],
      SHORT: [digits.slice(0, 12)],
    })
    marks = [
      'a-web',
      'a-net',
      'a-vol',
      'a-img',
      'a-stopped',
      'a-unused',
      'a-empty',
      'a-other',
      'team-a',
      Id,
      network.Id,
      digits,
    ]
  }

  const noteNoSwarm = (): void => {
    for (const placeholder of ['SERVICE', 'TASK', 'SECRET', 'CONFIG', 'NODE']) targets[placeholder] = ['no-such-thing']
  }

  /** What an administrator gives to A, who can't make it. */
  async function makeThingsOfSwarm(): Promise<void> {
    await admin.swarm.init(ON_LOOPBACK)
    const Labels = { 'docker-mtls.owner': 'team-a' }
    const Data = Buffer.from('of A').toString('base64')
    const { ID: secret } = await admin.secrets.create({ Name: 'a-secret', Data, Labels })
    const { ID: config } = await admin.configs.create({ Name: 'a-config', Data, Labels })
    const { ID: service } = await admin.services.create({
      ...serviceOf('a-service', 'echo a-service says', { Image: image, Labels }),
      Labels,
    })
    const task = await taskOf(admin, service)
    serviceVersion = (await admin.services.inspect(service)).Version.Index
    Object.assign(targets, {
      SERVICE: named('a-service', service),
      TASK: [task.ID, task.ID.slice(0, 12)],
      SECRET: named('a-secret', secret),
      CONFIG: named('a-config', config),
      NODE: ['self', task.NodeID ?? ''],
    })
    const container = task.Status.ContainerStatus?.ContainerID ?? ''
    marks = [...marks, 'a-service', 'a-secret', 'a-config', service, task.ID, secret, config, container]
  }

  const connectTo = (to: Gateway, name: string): ReturnType<typeof connectTls> => {
    const { cert, key, ca } = clients.get(name) as Client
    return connectTls({ host: '127.0.0.1', port: portOf(to), servername: 'localhost', cert, key, ca })
  }
  const sendAs = (name: string, request: RawRequest, to = gateway): Promise<RawAnswer> =>
    sendRaw(connectTo(to, name), request)

  /** A request for each thing that a row stands for, with a name in its place that nothing has. */
  function requestsOf({ line, body, headers }: Row): { request: RawRequest; missing?: RawRequest; target: string }[] {
    const placeholder = Object.keys(targets).find((one) => `${line} ${body ?? ''}`.includes(one))
    const now = String(Math.ceil(Date.now() / 1000))
    const fill = (from: string, to: string): RawRequest => {
      const put = (text: string): string =>
        text
          .replaceAll(from, to)
          .replaceAll('SHARED', image)
          .replaceAll('NOW', now)
          .replaceAll('VERSION', String(serviceVersion))
      return { line: put(line), ...(body !== undefined && { body: put(body) }), ...(headers && { headers }) }
    }
    if (placeholder === undefined) return [{ request: fill('SHARED', image), target: '' }]
    return (targets[placeholder] ?? []).map((target) => ({
      request: fill(placeholder, target),
      missing: fill(placeholder, otherThan(target)),
      target,
    }))
  }

  /** All of A's things, as an administrator sees them. */
  async function thingsOfA(): Promise<object> {
    const filters = { label: ['docker-mtls.owner=team-a'] }
    const containers = await admin.containers.list({ all: true, filters })
    const inspected = await Promise.all(containers.map(({ Id }) => admin.containers.inspect(Id)))
    return {
      containers: inspected.map(({ Id, Name, State, HostConfig, NetworkSettings }) => ({
        Id,
        Name,
        State,
        HostConfig,
        networks: Object.keys(NetworkSettings.Networks),
      })),
      networks: await Promise.all(
        (await admin.networks.list({ filters })).toSorted(byName).map(({ Id }) => admin.networks.inspect(Id)),
      ),
      volumes: (await admin.volumes.list()).Volumes?.filter(({ Name }) => !Name.startsWith('b-')).toSorted(byName),
      images: (await admin.images.list({ filters })).map(({ Id, RepoTags }) => ({ Id, RepoTags })),
      shared: (await admin.images.inspect(image)).RepoTags,
      processes: (await admin.containers.top('a-web')).Processes?.length,
      ...(isManager && (await thingsOfSwarm())),
    }
  }

  /** The container of A's task. */
  const ofSwarm = isManager ? 1 : 0

  async function thingsOfSwarm(): Promise<object> {
    const { configs, nodes, secrets, services, tasks } = admin
    return {
      configs: specs(await configs.list()),
      nodes: specs(await nodes.list()),
      secrets: specs(await secrets.list()),
      services: specs(await services.list()),
      tasks: (await tasks.list()).map(({ ID, DesiredState, Status: { State } }) => ({ ID, DesiredState, State })),
    }
  }

  let earlier: object
  test('A has made what B tries to reach', async () => {
    earlier = await thingsOfA()
    const { DriverStatus } = await admin.system.info()
    assert.equal(JSON.stringify(DriverStatus).includes('io.containerd.snapshotter'), isContainerd)
    const { containers, networks, volumes, images } = earlier as Record<string, unknown[]>
    assert.deepEqual(
      [containers?.length, networks?.length, images?.length, volumes?.length],
      [2 + ofSwarm, 2, 2, 4],
      JSON.stringify(earlier),
    )
  })

  for (const [operation, given] of rows()) {
    const row = isContainerd && operation === 'images.prune' ? { ...given, ends: 'refused' as const } : given
    test(`${operation}: ${row.line.slice(0, 100)} ${row.body ?? ''}: ${row.ends}`, async () => {
      for (const { request, missing, target } of requestsOf(row)) {
        const answer = await sendAs('bob', request)
        await check(row, answer, request)
        // Of the same owner, and may only look.
        if (levelOf(operation)?.strictest === 'read-only') await check(row, await sendAs('cat', request), request)
        if (row.ends !== 'gone' || missing === undefined) continue
        const other = await sendAs('bob', missing)
        assert.equal(without(answer, target), without(other, otherThan(target)), request.line)
      }
    })
  }

  async function check({ ends }: Row, { status, text }: RawAnswer, { line, body = '' }: RawRequest): Promise<void> {
    const reason = /x-docker-mtls-reason: (\w+)/i.exec(text)?.[1]
    const shown = `${line} ${body} ${text.slice(-500)}`
    if (ends === 'gone') assert.deepEqual([status, reason], [statusOfMissing(line, body), 'NOT_FOUND'], shown)
    else if (ends === 'taken') assert.deepEqual([status, reason], [403, 'NAME_TAKEN'], shown)
    else if (ends === 'refused') assert.ok(status === 403 && reason !== undefined, shown)
    else if (ends === 'hidden') assert.ok(status < 400, shown)
    // A refusal repeats what the request says.
    const isRepeated = (mark: string): boolean =>
      ends !== 'hidden' && `${decodeURIComponent(line)} ${body}`.includes(mark.slice(0, 12))
    for (const mark of marks) assert.ok(isRepeated(mark) || !text.includes(mark), `${mark} in ${shown}`)
  }

  test('nothing of A has been changed or removed', async () => {
    assert.deepEqual(await thingsOfA(), earlier)
    const { State } = await admin.containers.inspect('b-own')
    assert.equal(State.Running, true)
  })

  test('the texts for what does not exist are those of dockerd', async () => {
    for (const path of [
      'containers/no-such/json',
      'networks/no-such',
      // A manager of a swarm has another text for volumes.
      ...(isManager ? [] : ['volumes/no-such']),
      'exec/no-such/json',
      'images/no-such/json',
      'plugins/no-such/json',
    ]) {
      const own = await sendRaw(connectSocket(socketPath), { line: `GET /${path}` })
      const ours = await sendAs('bob', { line: `GET /${path}` })
      assert.deepEqual([ours.status, message(ours)], [own.status, message(own)])
    }
  })

  test('an owner sees what is theirs', async () => {
    assert.equal(await bob('ps', '-a', '--format', '{{.Names}}'), 'b-own\n')
    assert.equal(await bob('volume', 'ls', '-q'), 'b-vol\n')
    assert.equal(await bob('network', 'ls', '--format', '{{.Name}}'), 'b-net\n')
    assert.equal(await bob('images', '--format', '{{.Repository}}:{{.Tag}}'), 'b-img:1\n')
    const events = await bob(
      'events',
      '--since',
      '1',
      '--until',
      '0s',
      '--format',
      '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}',
    )
    assert.match(events, /container start b-own/)
    assert.match(await bob('system', 'df'), /Images +1 +1 /)
    assert.match(await bob('system', 'df', '-v'), /b-vol +1 /)
    assert.match(await bob('info', '--format', '{{.Containers}} {{.Images}}'), /^0 0$/m)
    const everyone = await said(['ps', '-aq'], as('adm'))
    assert.equal(everyone.trim().split('\n').length, 3 + ofSwarm)
  })

  async function isRefused(who: string, command: string[], why: RegExp): Promise<void> {
    const { code, stderr } = await cli(command, as(who))
    assert.ok(code !== 0 && why.test(stderr), stderr)
  }

  test('the docker command: the life of a container', async (t) => {
    const file = join(daemon.place.folder, 'file')
    await writeFile(file, 'copied\n')
    t.after(() => cli(['rm', '-f', 'mine', 'renamed'], as('ann')))
    await ann('run', '-d', '--name', 'mine', '--label', 'x=y', image, 'sh', '-c', 'echo hello; sleep 9999')
    assert.match(await ann('ps', '--filter', 'label=x=y', '--format', '{{.Names}}'), /^mine$/m)
    assert.equal(await ann('ps', '-aq', '--filter', 'label=x=z'), '')
    assert.equal(await ann('exec', 'mine', 'echo', 'in exec'), 'in exec\n')
    await ann('cp', file, 'mine:/tmp/file')
    assert.equal(await ann('exec', 'mine', 'cat', '/tmp/file'), 'copied\n')
    assert.match(await ann('diff', 'mine'), /tmp\/file/)
    assert.match(await ann('top', 'mine'), /sleep/)
    // Not at once: dockerd may have nothing yet of what it prints.
    assert.equal(await ann('logs', 'mine'), 'hello\n')
    await ann('rename', 'mine', 'renamed')
    await ann('restart', '-t', '0', 'renamed')
    assert.equal(
      await ann('run', '--rm', '--pid', 'container:renamed', '--volumes-from', 'a-web', image, 'ls', '/data'),
      '',
    )
    await ann('stop', '-t', '0', 'renamed')
    await ann('start', 'renamed')
    await ann('rm', '-f', 'renamed')
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch
    assert.equal(
      await ann('run', '--rm', '--platform', `linux/${architecture}`, image, ...printing('echo own')),
      'own\n',
    )
    // It doesn't try to pull the image.
    const lost = await cli(['run', '--rm', '--network', 'no_such', image, 'true'], as('ann'))
    assert.deepEqual([lost.code, /network no_such not found/.test(lost.stderr)], [125, true], lost.stderr)
    assert.doesNotMatch(lost.stderr, /Unable to find image/)
    const { code, stderr } = await cli(['rm', 'renamed'], as('ann'))
    assert.ok(code !== 0 && stderr.includes('No such container: renamed'), stderr)
  })

  test('the docker command: volumes, networks and images', async () => {
    await ann('run', '--rm', '-v', 'a-new:/x:rw', image, 'sh', '-c', 'echo kept > /x/file')
    assert.equal(await ann('run', '--rm', '-v', 'a-new:/x:ro', '-v', '/y', image, ...printing('cat /x/file')), 'kept\n')
    const mount = 'type=volume,source=a-mounted,target=/x'
    await ann('run', '--rm', '--mount', mount, image, 'true')
    assert.match(await ann('volume', 'ls', '-q'), /a-mounted\na-new\n/)
    await ann('volume', 'rm', 'a-new', 'a-mounted')
    await ann('network', 'create', '--label', 'x=y', 'a-second')
    await ann('network', 'connect', 'a-second', 'a-web')
    assert.match(await ann('network', 'inspect', 'a-second'), /"Name": "a-web"/)
    assert.match(await ann('run', '--rm', '--network', 'a-second', image, ...printing('nslookup a-web')), /Address/)
    await ann('network', 'disconnect', 'a-second', 'a-web')
    await ann('network', 'rm', 'a-second')
    await ann('tag', 'a-img:1', 'a-tag:2')
    assert.match(await ann('history', 'a-tag:2'), /ago/)
    await ann('rmi', 'a-tag:2')
    const save = ['save', '-o', join(daemon.place.folder, 'saved.tar'), 'a-img:1']
    // Before API 1.48, a daemon doesn't say what else an image in containerd has.
    if (isContainerd && ENGINE.major < 28) await isRefused('ann', save, /for which platforms it has a-img:1/)
    else await ann(...save)
    assert.match(await ann('events', '--since', '1', '--until', '0s', '--filter', 'type=container'), /a-web/)
  })

  test('the docker command: prune removes the own things', async () => {
    await bob('create', '--name', 'b-old', image)
    await bob('network', 'create', 'b-old')
    await bob('volume', 'create', 'b-old')
    await bob('commit', 'b-old', 'b-old:1')
    assert.match(await bob('container', 'prune', '-f'), /Deleted Containers:\n\w+/)
    assert.match(await bob('network', 'prune', '-f'), /b-old/)
    assert.match(await bob('volume', 'prune', '-af'), /b-old/)
    if (isContainerd) {
      await isRefused('bob', ['image', 'prune', '-af'], /Remove images by name/)
      await bob('rmi', 'b-old:1')
    } else assert.match(await bob('image', 'prune', '-af'), /b-old:1/)
    const things = (await thingsOfA()) as { containers: unknown[] }
    assert.equal(things.containers.length, 2 + ofSwarm)
  })

  test('everything that an owner makes has the label, however it is made', async (t) => {
    const labels: [what: string, labels: Readonly<Record<string, string>> | null | undefined][] = []
    t.after(() => cli(['rm', '-f', 'b-labelled'], as('bob')))
    await bob('create', '--name', 'b-labelled', '-v', 'b-implied:/x', '--mount', 'type=volume,target=/y', image)
    const { Config, Mounts } = await admin.containers.inspect('b-labelled')
    labels.push(['container', Config.Labels])
    for (const { Name = '' } of Mounts) labels.push([`volume ${Name}`, (await admin.volumes.inspect(Name)).Labels])
    // Without a body, and with one.
    for (const body of [undefined, '{"Labels":{"x":"y"}}']) {
      const line = 'POST /commit?container=b-labelled&repo=b-committed&changes=ENV%20a=b'
      const { status } = await sendAs('bob', { line, ...(body !== undefined && { body }) })
      assert.equal(status, 201)
      labels.push(['commit', (await admin.images.inspect('b-committed')).Config?.Labels])
    }
    const tar = join(daemon.place.folder, 'exported.tar')
    await bob('export', '-o', tar, 'b-labelled')
    await bob('import', '--change', 'ENV a=b', tar, 'b-imported')
    labels.push(['import', (await admin.images.inspect('b-imported')).Config?.Labels])
    assert.equal(labels.length, 6)
    for (const [what, found] of labels) assert.equal(found?.['docker-mtls.owner'], 'team-b', what)
    await bob('rm', 'b-labelled')
    await bob('rmi', 'b-committed', 'b-imported')
    await bob('volume', 'prune', '-af')
  })

  test('what an administrator makes is nobody else’s, and what one labels is the owner’s', async () => {
    const { Id } = await admin.containers.create({ Image: image, Cmd: ['true'] }, { name: 'of-admin' })
    assert.equal((await sendAs('bob', { line: `DELETE /containers/${Id}` })).status, 404)
    assert.equal((await sendAs('bob', { line: 'GET /containers/of-admin/json' })).status, 404)
    await admin.containers.remove(Id)
    await admin.volumes.create({ Name: 'given', Labels: { 'docker-mtls.owner': 'team-b' } })
    assert.equal(await bob('volume', 'rm', 'given'), 'given\n')
  })

  test('a network of another owner, with the name of one that a container was created for', async (t) => {
    await bob('network', 'create', 'reused')
    await bob('create', '--name', 'b-waits', '--network', 'reused', image, 'sleep', '9999')
    await bob('network', 'rm', 'reused')
    await ann('network', 'create', 'reused')
    t.after(() => ann('network', 'rm', 'reused'))
    t.after(() => bob('rm', '-f', 'b-waits'))
    for (const path of ['start', 'restart']) {
      const { status } = await sendAs('bob', { line: `POST /containers/b-waits/${path}` })
      assert.equal(status, 404)
    }
    // Nor by dockerd itself, which starts containers again.
    await assert.rejects(admin.containers.start('b-waits'), /network \w{64} not found/)
    assert.doesNotMatch(await ann('network', 'inspect', 'reused'), /b-waits/)
  })

  test('a stream of events that is open while another owner works has nothing of it', async (t) => {
    const seenBy: Record<'bob' | 'cat' | 'adm', EventMessage[]> = { bob: [], cat: [], adm: [] }
    const follow = async (name: keyof typeof seenBy): Promise<void> => {
      const docker = await connect({ host: `tcp://127.0.0.1:${port()}`, certPath: folderOf(name) })
      t.after(() => docker.close())
      for await (const event of docker.system.events()) {
        seenBy[name].push(event)
        if (isEndOf('b-last')(event)) break
      }
    }
    const following = (['bob', 'cat', 'adm'] as const).map(follow)
    // If the test fails, it ends these streams.
    for (const one of following) one.catch(() => {})
    // The daemon answers a moment before it subscribes.
    await until('events', async () => {
      await bob('rm', await bob('create', '--name', 'b-first', image).then(() => 'b-first'))
      return Object.values(seenBy).every((events) => events.some(isEndOf('b-first')))
    })
    await ann('volume', 'create', 'a-live')
    await ann('network', 'create', 'a-live')
    const settings = ['--network', 'a-live', '-v', 'a-live:/x', '--name', 'a-live']
    await ann('run', '-d', ...settings, image, 'sleep', '9999')
    await ann('exec', 'a-live', 'true')
    await ann('rename', 'a-live', 'a-livelier')
    await ann('commit', 'a-livelier', 'a-live:1')
    await ann('tag', 'a-live:1', 'a-live:2')
    await ann('restart', '-t', '0', 'a-livelier')
    await ann('rm', '-f', 'a-livelier')
    await ann('rmi', 'a-live:1', 'a-live:2')
    await ann('network', 'rm', 'a-live')
    await ann('volume', 'rm', 'a-live')
    if (isManager) await changeThingsOfSwarm()
    const kinds = [
      'container create',
      'container start',
      'container rename',
      'container destroy',
      'container exec_start: true',
      'image tag',
      'image untag',
      'network connect',
      'network destroy',
      'volume create',
      'volume mount',
      'volume destroy',
      ...(isManager ? ['service update', 'secret create', 'config remove'] : []),
    ]
    // dockerd tells of all of it, of things of the swarm a moment later.
    await until('all events', async () => {
      const told = new Set(seenBy.adm.map(({ Type, Action }) => `${Type} ${Action}`.trim()))
      return kinds.every((kind) => told.has(kind))
    })
    await bob('create', '--name', 'b-last', image)
    await bob('rm', 'b-last')
    await soon('the last event', Promise.all(following))
    for (const name of ['bob', 'cat'] as const) {
      const all = JSON.stringify(seenBy[name])
      for (const mark of [...marks, 'a-live']) assert.ok(!all.includes(mark), `${mark} in ${all}`)
      for (const { Actor } of seenBy[name]) assert.equal(Actor.Attributes['docker-mtls.owner'], 'team-b', all)
    }
  })

  async function changeThingsOfSwarm(): Promise<void> {
    const { configs, secrets, services } = admin
    const { Spec, Version } = await services.inspect('a-service')
    await services.update('a-service', { ...Spec, Labels: { ...Spec.Labels, x: 'a-live' } }, { version: Version.Index })
    for (const kind of [secrets, configs]) {
      const { ID } = await kind.create({ Name: 'a-live', Data: 'eA==', Labels: { 'docker-mtls.owner': 'team-a' } })
      await kind.remove(ID)
    }
  }

  /** A gateway before whose daemon something is done when a request has been decided, once. */
  async function behind(t: TestContext, pattern: RegExp, change: () => Promise<unknown>): Promise<Gateway> {
    let rest = 1
    const late = await interposed(t, socketPath, async (line) => {
      if (pattern.test(line) && rest-- > 0) await change()
    })
    const own = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: late },
      policy: POLICY,
    })
    t.after(() => own.close())
    return own
  }

  /** Removes the container that was created late, and then what it used. */
  async function forget(...command: readonly string[]): Promise<void> {
    await cli(['rm', '-f', 'b-late'], as('bob'))
    await cli([...command], as('ann'))
  }

  const CREATE = /^POST .*\/containers\/create/

  /** Creates a container of B's while something that it names becomes A's. */
  async function createLate(t: TestContext, settings: object, change: () => Promise<unknown>): Promise<void> {
    const own = await behind(t, CREATE, change)
    const body = JSON.stringify({ Image: image, Cmd: ['env'], ...settings })
    const { status, text } = await sendAs('bob', { line: 'POST /containers/create?name=b-late', body }, own)
    assert.equal(status, 201, text)
  }

  /** All that would run something in the container, or read or change a file of it, and these. */
  async function assertUseless(...more: readonly RawRequest[]): Promise<void> {
    const from = { Image: image, HostConfig: { NetworkMode: 'none', VolumesFrom: ['b-late'] } }
    const uses: readonly RawRequest[] = [
      ...['start', 'restart?t=0', 'attach?stream=1&logs=1', 'rename?name=b-later'].map((path) => ({
        line: `POST /containers/b-late/${path}`,
      })),
      ...['archive?path=/bin', 'archive?path=/', 'export'].map((path) => ({ line: `GET /containers/b-late/${path}` })),
      { line: 'HEAD /containers/b-late/archive?path=/bin/file' },
      { line: 'PUT /containers/b-late/archive?path=/bin', headers: [['Content-Type', 'application/x-tar']] },
      { line: 'POST /containers/b-late/exec', body: '{"Cmd":["env"]}' },
      { line: 'POST /containers/b-late/update', body: '{"Memory":0}' },
      { line: 'POST /commit?container=b-late&repo=b-stolen', body: '{}' },
      { line: 'POST /containers/create', body: JSON.stringify(from) },
      ...more,
    ]
    for (const use of uses) {
      const { status, text } = await sendAs('bob', use)
      assert.ok([403, 404].includes(status) && /x-docker-mtls-reason: \w+/i.test(text), `${use.line} ${text}`)
    }
    assert.equal((await admin.containers.inspect('b-late')).State.Status, 'created')
    assert.equal((await sendAs('bob', { line: 'DELETE /containers/b-late?force=1&v=1' })).status, 204)
  }

  const MOUNTS: Readonly<Record<string, object>> = {
    'a bind': { Binds: ['reborn:/bin'] },
    'a mount': { Mounts: [{ Type: 'volume', Source: 'reborn', Target: '/bin' }] },
  }
  for (const [form, mounts] of Object.entries(MOUNTS))
    for (const [when, isThere] of [['made', false] as const, ['made again', true] as const])
      test(`${form} of a volume that another owner has ${when} since the check: nobody gets in`, async (t) => {
        if (isThere) await bob('volume', 'create', 'reborn')
        t.after(() => forget('volume', 'rm', 'reborn'))
        await createLate(t, { HostConfig: { NetworkMode: 'none', ...mounts } }, async () => {
          if (isThere) await bob('volume', 'rm', 'reborn')
          await ann('volume', 'create', 'reborn')
        })
        assert.equal((await admin.volumes.inspect('reborn')).Labels?.['docker-mtls.owner'], 'team-a')
        const inVolume = (script: string): Promise<string> =>
          ann('run', '--rm', '-v', 'reborn:/x', image, ...printing(script))
        // While it creates a container, dockerd copies the files of the image into a volume that is empty.
        assert.match(await inVolume('ls /x; echo secret of A > /x/file'), /busybox/)
        const again = { Image: image, HostConfig: { NetworkMode: 'none', Binds: ['reborn:/x'] } }
        await assertUseless(
          { line: 'POST /containers/create', body: JSON.stringify(again) },
          { line: 'GET /volumes/reborn' },
          { line: 'DELETE /volumes/reborn' },
        )
        assert.equal(await inVolume('cat /x/file'), 'secret of A\n')
      })

  test('a tag that another owner has made again since the check: nobody gets into its image', async (t) => {
    await bob('tag', 'b-img:1', 'reborn:1')
    t.after(() => forget('rmi', '-f', 'reborn:1'))
    await createLate(t, { Image: 'reborn:1', HostConfig: { NetworkMode: 'none' } }, async () => {
      await bob('rmi', 'reborn:1')
      await ann('commit', '--change', 'ENV SECRET=of-A', 'a-web', 'reborn:1')
    })
    const { Image } = await admin.containers.inspect('b-late')
    assert.equal(Image, (await admin.images.inspect('reborn:1')).Id)
    await assertUseless({ line: 'DELETE /images/reborn:1' }, { line: 'GET /images/reborn:1/get' })
    assert.equal((await admin.images.inspect('reborn:1')).Id, Image)
  })

  test('a container whose image was removed can still be used', async (t) => {
    t.after(() => cli(['rm', '-f', 'b-orphan'], as('bob')))
    await bob('create', '--name', 'b-source', image)
    await bob('commit', '--change', 'ENV ORPHAN=1', 'b-source', 'b-orphan:1')
    await bob('rm', 'b-source')
    await bob('create', '--name', 'b-orphan', 'b-orphan:1', 'true')
    await bob('rmi', '-f', 'b-orphan:1')
    await bob('start', 'b-orphan')
  })

  test('the beginning of several ids is as if nothing had it', async () => {
    // Of 17 ids, two begin with the same digit.
    const ids = await Promise.all(
      Array.from({ length: 17 }, async () => (await admin.containers.create({ Image: image })).Id),
    )
    for (const digit of '0123456789abcdef') {
      const { status, text } = await sendAs('bob', { line: `GET /containers/${digit}/json` })
      assert.ok(status === 404 || (status === 200 && text.includes('b-own')), `${digit}: ${text}`)
    }
    for (const id of ids) await admin.containers.remove(id)
  })
}

/** docker would pull the image after 404. */
const statusOfMissing = (line: string, body: string): number =>
  line.includes('/containers/create') && Object.keys(JSON.parse(body) as object).some((name) => name !== 'Image')
    ? 400
    : 404
