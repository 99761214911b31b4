import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createGateway, type Gateway, type GatewayEvent } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { readRecord } from '../../lib/policy/calls/records.ts'
import { call, openCalls } from '../gateway/support/calls.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { bytesField, CONTROL, numberField } from '../policy/calls/encode.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', '/usr/libexec/docker/cli-plugins/docker-buildx')

const NAMES = ['ann', 'bob'] as const
type Name = (typeof NAMES)[number]
const READ = '/containerd.services.content.v1.Content/Read'

const BAKE = {
  group: { default: { targets: ['one', 'two'] } },
  target: {
    one: { context: '.', output: ['type=local,dest=one'] },
    two: { context: '.', output: ['type=local,dest=two'] },
  },
}

describe('what buildx has besides builds, through a gateway at baseline', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let image: string
  /** Whether its buildx is 0.29, or the 0.13 of Debian 13, which lacks the history and checks. */
  let isNew: boolean
  const clients = new Map<string, Client>()
  const events: GatewayEvent[] = []

  before(async () => {
    const place = await chooseDaemonPlace()
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0]] })
    image = await makeImage(daemon)
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: place.socketPath },
      policy: definePolicy({
        version: 1,
        rules: NAMES.map((name) => ({ name, who: { commonName: name }, level: 'baseline' as const })),
      }),
      log: (event) => events.push(event),
    })
    for (const name of NAMES) {
      const client = await newClient(name)
      clients.set(name, client)
      await writeClient(folderOf(name), client)
      await mkdir(join(folderOf(name), name))
      await writeFile(join(folderOf(name), name, 'Dockerfile'), `FROM ${image}\nRUN echo ${name} > /name\n`)
      await writeFile(join(folderOf(name), name, 'wrong'), `FROM ${image}\nRUN echo oops; exit 3\n`)
      await writeFile(join(folderOf(name), name, 'docker-bake.json'), JSON.stringify(BAKE))
    }
    const { stdout } = await dockerLocally(daemon, ['buildx', 'version'])
    isNew = !/ 0\.1\d\./.test(stdout)
  })
  after(async () => {
    await gateway?.close()
    await daemon?.stop()
  })

  const folderOf = (name: string): string => join(daemon.place.folder, `client-${name}`)
  const port = (): number => ('port' in gateway.address ? gateway.address.port : 0)

  function buildxAs(name: Name, ...args: string[]): Promise<CommandResult> {
    const folder = folderOf(name)
    const host = `tcp://127.0.0.1:${port()}`
    const env = {
      DOCKER_HOST: host,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
      DOCKER_CONFIG: folder,
      HOME: folder,
    }
    return runCommand('docker', ['buildx', ...args], { env, cwd: join(folder, name) })
  }

  async function said(name: Name, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await buildxAs(name, ...args)
    assert.equal(code, 0, `docker buildx ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  async function fails(name: Name, why: RegExp, ...args: string[]): Promise<void> {
    const { code, stderr } = await buildxAs(name, ...args)
    assert.notEqual(code, 0)
    assert.match(stderr, why)
  }

  /** The id of a build, which the gateway must not have hindered in anything. */
  async function build(name: Name, ...options: string[]): Promise<string> {
    const from = events.length
    await said(name, 'build', '--no-cache', '--metadata-file', 'metadata', ...options, '.')
    const refused = events.slice(from).filter((event) => event.event === 'request' && event.verdict !== 'allow')
    assert.deepEqual(refused, [])
    const metadata = JSON.parse(await readFile(join(folderOf(name), name, 'metadata'), 'utf8')) as Record<
      string,
      string
    >
    if (isNew) assert.ok(metadata['buildx.build.provenance'], 'it has read its record')
    return metadata['buildx.build.ref']?.split('/').at(-1) ?? ''
  }

  /** What BuildKit tells this client of the history, or the daemon's own client. */
  async function recordsOf(t: TestContext, name: Name, ...fields: Buffer[]) {
    const { cert, key, ca } = clients.get(name) as Client
    const session = await openCalls(
      connectTls({ host: '127.0.0.1', port: port(), servername: 'localhost', cert, key, ca }),
    )
    t.after(() => session.destroy())
    const message = Buffer.concat([...fields, numberField(3, 1)])
    const answer = await call(session, `${CONTROL}ListenBuildHistory`, message)
    return { session, ...answer, records: answer.messages.map(readRecord) }
  }

  test('a client sees its own builds in the history, and reads what they have made', async (t) => {
    const [anns, bobs] = [await build('ann'), await build('bob')]
    const ann = await recordsOf(t, 'ann')
    const bob = await recordsOf(t, 'bob', numberField(5, 50), bytesField(4, 'status==completed'))
    const refs = [ann, bob].map(({ records }) => new Set(records.map((record) => record.build)))
    assert.deepEqual([refs[0]?.has(anns), refs[0]?.has(bobs)], [true, false])
    assert.deepEqual([refs[1]?.has(anns), refs[1]?.has(bobs)], [false, true])
    const foreign = await recordsOf(t, 'ann', bytesField(2, bobs))
    assert.deepEqual([foreign.status, foreign.messages.length], [7, 0])
    assert.match(foreign.message, /you have not opened the session or build .*\(TARGET_UNKNOWN\)/)

    const { blobs = [] } = ann.records.find((record) => record.build === anns) ?? {}
    assert.ok(blobs.length > 0)
    for (const digest of blobs) {
      assert.equal((await call(ann.session, READ, bytesField(1, digest))).status, 0, digest)
      const { status, message } = await call(bob.session, READ, bytesField(1, digest))
      assert.deepEqual([status, /no record of your builds .*\(TARGET_UNKNOWN\)/.test(message)], [7, true])
    }
  })

  test('docker buildx history: ls, inspect and logs of own builds, and no rm', async () => {
    if (!isNew) return assert.doesNotMatch(await said('ann', '--help'), /history/)
    const [anns, bobs] = [await build('ann'), await build('bob')]
    await fails('ann', /exit code: 3/, 'build', '-f', 'wrong', '.')
    const listed = await said('ann', 'history', 'ls', '--no-trunc')
    assert.deepEqual([listed.includes(anns), listed.includes(bobs)], [true, false], listed)
    assert.equal(
      (await said('ann', 'history', 'ls', '--filter', 'status=error', '--format', 'json')).match(/"ref"/g)?.length,
      1,
    )
    const { Ref, Status } = JSON.parse(await said('ann', 'history', 'inspect', '--format', 'json', anns)) as Record<
      string,
      unknown
    >
    assert.deepEqual([Ref, Status], [anns, 'completed'])
    assert.match(await said('ann', 'history', 'inspect', '^0'), /exit code: 3/)
    assert.match((await buildxAs('ann', 'history', 'logs', anns)).stderr, /RUN echo ann/)
    for (const command of ['inspect', 'logs']) await fails('ann', /\(TARGET_UNKNOWN\)/, 'history', command, bobs)
    await fails('ann', /end the daemon \(BUILD_OPTION\)/, 'history', 'rm', anns)
    await fails('ann', /\(TARGET_UNKNOWN\)|\(BUILD_OPTION\)/, 'history', 'rm', bobs)
    assert.match(await said('bob', 'history', 'inspect', bobs), /slsa\.dev\/provenance/)
  })

  test('docker buildx build --check', async () => {
    if (!isNew) return fails('ann', /unknown flag: --check/, 'build', '--check', '.')
    assert.match(await said('ann', 'build', '--check', '.'), /no warnings found/)
    await writeFile(join(folderOf('ann'), 'ann', 'lower'), `from ${image} AS base\n`)
    const { code, stdout } = await buildxAs('ann', 'build', '--check', '-f', 'lower', '.')
    assert.deepEqual([code !== 0, /FromAsCasing/.test(stdout)], [true, true], stdout)
  })

  test('docker buildx bake', async () => {
    await said('ann', 'bake')
    for (const target of ['one', 'two'])
      assert.equal(await readFile(join(folderOf('ann'), 'ann', target, 'name'), 'utf8'), 'ann\n')
  })

  test('docker buildx build --provenance', async () => {
    const { stdout } = await dockerLocally(daemon, ['info', '--format', '{{.DriverStatus}}'])
    const options = ['--provenance', 'mode=max', '-t', 'attested', '.']
    if (!stdout.includes('io.containerd.snapshotter')) return fails('ann', /ttestation/, 'build', ...options)
    await build('ann', ...options.slice(0, -1))
    assert.match(await said('ann', 'history', 'inspect'), /slsa\.dev\/provenance/)
  })
})
