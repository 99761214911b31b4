import assert from 'node:assert/strict'
import { X509Certificate, createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { ClientHttp2Session } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { pack } from 'tar-stream'
import { createGateway, type Gateway, type GatewayEvent } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { begin } from '../engine/workflows/build/support/fake-builder.ts'
import { call, openCalls, openSession } from '../gateway/support/calls.ts'
import { newClient, newServerTls, type Client } from '../gateway/support/fixture.ts'
import { bytesField, BRIDGE, CONTROL, mapField, typed } from '../policy/calls/encode.ts'
import { runCommand, type CommandResult } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { writeClient } from '../transport/support/credentials.ts'
import { dockerLocally } from './harness/docker-cli.ts'
import { startDockerd, type Daemon } from './harness/dockerd.ts'
import { makeImage } from './harness/image.ts'
import { chooseDaemonPlace } from './harness/place.ts'
import { sendAttack } from './support/policy/corpus.ts'
import { until } from './support/until.ts'

const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'
const skip = lacks('namespaces', 'dockerd', 'docker', BUILDX, 'docker-compose')

const RULES = [
  { name: 'ann', who: { commonName: 'ann' }, level: 'baseline' },
  { name: 'bob', who: { commonName: 'bob' }, level: 'baseline' },
  { name: 'hard', who: { commonName: 'hard' }, level: 'restricted' },
  { name: 'eve', who: { commonName: 'eve' }, level: 'read-only' },
  { name: 'own', who: { commonName: 'own' }, level: 'baseline', owner: 'own' },
  { name: 'adm', who: { commonName: 'adm' }, level: 'privileged' },
  { name: 'aud', who: { commonName: 'aud' }, level: { enforce: 'privileged', audit: 'baseline' } },
] as const

const DOCKERFILE = `
ARG BASE
FROM \${BASE} AS build
ARG WORD
COPY sub/ /copied/
RUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = hush && echo "$WORD" > /word
RUN --mount=type=cache,target=/cache echo once >> /cache/log
FROM \${BASE} AS small
COPY --from=build /word /copied /
FROM small AS unwanted
RUN exit 1
`

async function callsOf(t: TestContext, socket: Duplex): Promise<ClientHttp2Session> {
  socket.on('error', () => {})
  const client = await openCalls(socket)
  t.after(() => client.destroy())
  return client
}

/** An image as the only step. */
function definitionOf(image: string): Buffer {
  const source = bytesField(1, `docker-image://docker.io/library/${image}`)
  const step = bytesField(3, source)
  const digest = `sha256:${createHash('sha256').update(step).digest('hex')}`
  return Buffer.concat([bytesField(1, step), bytesField(1, bytesField(1, bytesField(1, digest)))])
}

const solveOf = (id: string, ...fields: Buffer[]): Buffer =>
  Buffer.concat([bytesField(1, id), bytesField(8, ''), ...fields])

const portOf = ({ address }: Gateway): number => ('port' in address ? address.port : 0)

async function isRunning(command: string): Promise<boolean> {
  const { stdout } = await runCommand('ps', ['-eo', 'args'])
  return stdout.split('\n').includes(command)
}

describe('builds by BuildKit, through a gateway with a policy', { skip }, () => {
  let daemon: Daemon
  let gateway: Gateway
  let image: string
  let context: string
  const events: GatewayEvent[] = []
  const clients = new Map<string, Client>()

  before(async () => {
    const place = await chooseDaemonPlace()
    const config = join(place.folder, 'daemon.json')
    // It lets every build ask for everything, so that only the gateway refuses.
    await writeFile(config, '{"builder":{"Entitlements":{"network-host":true,"security-insecure":true}}}')
    daemon = await startDockerd({ place, argv: [place.dockerd, '--host', place.listen[0], '--config-file', config] })
    image = await makeImage(daemon)
    gateway = await gatewayInFront()
    for (const { name } of RULES) {
      const client = await newClient(name)
      clients.set(name, client)
      await writeClient(folderOf(name), client)
    }
    context = join(place.folder, 'context')
    await mkdir(join(context, 'sub'), { recursive: true })
    await writeFile(join(context, 'Dockerfile'), DOCKERFILE)
    await writeFile(join(context, 'plain'), `FROM ${image}\nCOPY sub/file /file\nRUN id -u > /user\n`)
    await writeFile(join(context, 'sub/file'), randomBytes(3_000_000))
    await writeFile(join(context, 'token'), 'hush')
  })
  after(async () => {
    await gateway?.close()
    await daemon?.stop()
  })

  const folderOf = (name: string): string => join(daemon.place.folder, `client-${name}`)
  const port = (): number => portOf(gateway)

  async function gatewayInFront(): Promise<Gateway> {
    return createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls: await newServerTls(),
      daemon: { socketPath: daemon.place.socketPath },
      policy: definePolicy({ version: 1, rules: RULES }),
      log: (event) => events.push(event),
    })
  }

  function envOf(name: string): Record<string, string> {
    const folder = folderOf(name)
    const host = `tcp://127.0.0.1:${port()}`
    return { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder, DOCKER_CONFIG: folder, HOME: folder }
  }

  const dockerAs = (name: string, args: string[]): Promise<CommandResult> =>
    runCommand('docker', args, { env: envOf(name), cwd: context })

  async function said(name: string, args: string[]): Promise<CommandResult> {
    const result = await dockerAs(name, args)
    assert.equal(result.code, 0, `docker ${args.join(' ')}: ${result.stderr}`)
    return result
  }

  function dial(name: string, to = port()): Duplex {
    const { cert, key, ca } = clients.get(name) as Client
    return connectTls({ host: '127.0.0.1', port: to, servername: 'localhost', cert, key, ca })
  }
  const local = (): Duplex => connectSocket(daemon.place.socketPath)

  /** The ends of calls and requests of one client. */
  const endsOf = (name: string) =>
    events.flatMap((event) => (event.event === 'request' && event.identity === `CN=${name}` ? [event] : []))

  for (const name of ['ann', 'hard']) {
    test(`docker build, by ${name}: stages, arguments, secrets, a cache, a target`, async () => {
      const options = ['--build-arg', `BASE=${image}`, '--build-arg', 'WORD=hello', '--secret', 'id=token,src=token']
      await said(name, ['build', ...options, '--target', 'small', '-t', `built:${name}`, '.'])
      const command = [
        'run',
        '--rm',
        '--network',
        'none',
        `built:${name}`,
        'sh',
        '-c',
        'cat /word; wc -c < /file; sleep 0.5',
      ]
      assert.equal((await dockerLocally(daemon, command)).stdout, 'hello\n3000000\n')
      const paths = new Set(endsOf(name).map(({ path }) => path))
      for (const method of [`${CONTROL}Solve`, `${CONTROL}Status`, `${BRIDGE}Solve`, `${BRIDGE}Return`])
        assert.ok(paths.has(method), method)
      assert.deepEqual(
        endsOf(name).filter(({ verdict }) => verdict !== 'allow'),
        [],
      )
    })

    test(`docker buildx build, by ${name}: the result goes back to the client`, async () => {
      const out = `out-${name}`
      const metadata = `metadata-${name}.json`
      await said(name, [
        'buildx',
        'build',
        '-f',
        'plain',
        '-o',
        `type=local,dest=${out}`,
        '--metadata-file',
        metadata,
        '.',
      ])
      assert.equal(await readFile(join(context, out, 'user'), 'utf8'), '0\n')
      const [sent, back] = await Promise.all(['sub/file', `${out}/file`].map((path) => readFile(join(context, path))))
      assert.ok(sent?.equals(back ?? Buffer.alloc(0)))
      assert.match(await readFile(join(context, metadata), 'utf8'), /buildx\.build\.ref/)
    })

    test(`docker compose build, by ${name}: two services`, async () => {
      const service = (tag: string): string =>
        `  ${tag}: { image: "composed:${name}-${tag}", build: { context: ., dockerfile: plain } }`
      await writeFile(join(context, 'compose.yaml'), ['name: x', 'services:', service('a'), service('b')].join('\n'))
      const { code, stderr } = await runCommand('docker-compose', ['build'], { env: envOf(name), cwd: context })
      assert.equal(code, 0, stderr)
      const images = await dockerLocally(daemon, ['images', '-q', 'composed'])
      assert.ok(images.stdout.split('\n').length > 1, images.stdout)
    })
  }

  test('what builds print of the daemon: workers, disk usage, prune', async () => {
    assert.match((await said('ann', ['buildx', 'ls'])).stdout, /running/)
    assert.match((await said('ann', ['buildx', 'du'])).stdout, /Total:/)
    assert.match((await said('ann', ['buildx', 'prune', '--force', '--all'])).stdout, /Total:/)
  })

  const REFUSED: readonly (readonly [name: string, options: string[], code: string])[] = [
    ['the network of the host', ['--network', 'host'], 'HOST_NAMESPACE'],
    ['all capabilities', ['--allow', 'security.insecure'], 'PRIVILEGED'],
    ['the network of the host for single steps', ['--allow', 'network.host'], 'HOST_NAMESPACE'],
    ['a parent cgroup', ['--cgroup-parent', 'mtls'], 'BUILD_OPTION'],
    ['limits of its own', ['--ulimit', 'nofile=100:100'], 'BUILD_OPTION'],
  ]
  for (const [name, options, code] of REFUSED) {
    test(`a build with ${name} is refused, and works without a policy`, async () => {
      const command = ['buildx', 'build', '--no-cache', '-f', 'plain', ...options, '.']
      for (const who of ['ann', 'hard']) {
        const { code: exit, stderr } = await dockerAs(who, command)
        assert.equal(exit, 1, stderr)
        assert.match(stderr, new RegExp(`docker-mtls gateway: the rule ${who} .* refuses this: .*\\(${code}\\)`))
        assert.ok(endsOf(who).some(({ reason }) => reason === code))
      }
      const bare = await runCommand('docker', command, {
        env: { DOCKER_HOST: daemon.place.listen[0], HOME: context },
        cwd: context,
      })
      assert.equal(bare.code, 0, bare.stderr)
    })
  }

  test('steps get neither the network of the host nor capabilities, whatever the Dockerfile says', async () => {
    await writeFile(join(context, 'host'), `FROM ${image}\nRUN --network=host ip link\n`)
    const command = ['buildx', 'build', '--no-cache', '-f', 'host']
    const { code, stderr } = await dockerAs('ann', [...command, '.'])
    assert.equal(code, 1)
    assert.match(stderr, /network\.host is not allowed/)
    const env = { DOCKER_HOST: daemon.place.listen[0], HOME: context }
    const bare = await runCommand('docker', [...command, '--allow', 'network.host', '.'], { env, cwd: context })
    assert.equal(bare.code, 0, bare.stderr)
  })

  /** What the daemon says of a tar with these Dockerfiles. */
  const buildOf = async (version: number, ...dockerfiles: string[]): Promise<string> => {
    const tar = pack()
    for (const text of dockerfiles) tar.entry({ name: 'Dockerfile' }, text)
    tar.finalize()
    const headers = [['Content-Type', 'application/x-tar']] as const
    const body = (await buffer(tar)).toString('latin1')
    const line = `POST /build?version=${version}&nocache=1`
    return (await sendAttack(dial('ann'), { name: '', line, body, headers })).text
  }

  test('a tar with two Dockerfiles gets no more than the one that counts, with and without BuildKit', async () => {
    const harmless = `FROM ${image}\nRUN true\n`
    const onHost = `FROM ${image}\nRUN --network=host ip link\n`
    for (const version of [1, 2]) {
      const alone = await buildOf(version, onHost)
      const [error = ''] = /"message":"[^"]*/.exec(alone) ?? []
      assert.match(error, version === 1 ? /requires BuildKit/ : /network\.host is not allowed/, alone)
      const both = await buildOf(version, harmless, onHost)
      assert.ok(both.includes(error), both)
      assert.doesNotMatch(await buildOf(version, onHost, harmless), /"error"/)
    }
  })

  test('whoever may only look, or has an owner, can build nothing', async () => {
    for (const [name, code] of [
      ['eve', 'OPERATION_REFUSED'],
      ['own', 'OWNER_UNSUPPORTED'],
    ] as const) {
      assert.equal((await dockerAs(name, ['build', '-f', 'plain', '.'])).code, 1)
      assert.equal(endsOf(name).findLast(({ path }) => path.endsWith('/grpc'))?.reason, code)
    }
  })

  test('whoever has the level privileged has the connection of the daemon', async () => {
    await said('adm', ['build', '--no-cache', '-f', 'plain', '--network', 'host', '.'])
    assert.deepEqual(
      endsOf('adm').filter(({ path }) => path.startsWith('/moby')),
      [],
    )
  })

  test('a level that is only tried says what it would refuse, and refuses nothing', async () => {
    await said('aud', ['build', '--no-cache', '-f', 'plain', '--network', 'host', '.'])
    const audited = endsOf('aud').flatMap(({ path, audit = [] }) =>
      audit.map(({ code, where }) => `${path} ${code} ${where}`),
    )
    assert.ok(audited.includes(`${CONTROL}Solve HOST_NAMESPACE Entitlements.0`), audited.join('\n'))
    assert.ok(audited.includes(`${BRIDGE}Solve HOST_NAMESPACE FrontendOpt.force-network-mode`), audited.join('\n'))
  })

  describe('raw calls', () => {
    test('steps of its own, without a Dockerfile', async (t) => {
      const [ann, bare] = [await callsOf(t, dial('ann')), await callsOf(t, local())]
      const [one, other] = ['raw-1', 'raw-2'].map((id) => solveOf(id, bytesField(2, definitionOf(image))))
      const refused = await call(ann, `${CONTROL}Solve`, one)
      assert.equal(refused.status, 7)
      assert.match(refused.message, /Definition: .*\(BUILD_OPTION\)/)
      assert.deepEqual(await call(bare, `${CONTROL}Solve`, other).then(({ status, message: why }) => [status, why]), [
        0,
        '',
      ])
    })

    test('steps of its own, in a build that began without a frontend', async (t) => {
      for (const [socket, expected] of [
        [dial('ann'), /\(BUILD_OPTION\)/],
        [local(), /^$/],
      ] as const) {
        const client = await callsOf(t, socket)
        const id = randomBytes(12).toString('hex')
        const running = call(client, `${CONTROL}Solve`, solveOf(id))
        const field = { 'buildkit-controlapi-buildid': id }
        const { message } = await call(client, `${BRIDGE}Solve`, bytesField(1, definitionOf(image)), field)
        assert.match(message, expected)
        client.destroy()
        await running.catch(() => {})
      }
    })

    test('methods that are not for builds', async (t) => {
      const [ann, bare] = [await callsOf(t, dial('ann')), await callsOf(t, local())]
      const content = '/containerd.services.content.v1.Content/List'
      const field = { 'containerd-namespace': 'moby' }
      assert.equal((await call(ann, content, new Uint8Array(), field)).status, 7)
      assert.equal((await call(bare, content, new Uint8Array(), field)).status, 0)
      const unknown = await call(ann, '/moby.buildkit.v1.Control/Unknown')
      assert.deepEqual([unknown.status, /OPERATION_UNKNOWN/.test(unknown.message)], [7, true])
    })

    test('a message that is there twice, which Go merges', async (t) => {
      const [ann, bare] = [await callsOf(t, dial('ann')), await callsOf(t, local())]
      const [one, other] = ['twice-1', 'twice-2'].map((id) =>
        Buffer.concat([solveOf(id), bytesField(8, typed(4, 'host-cache'))]),
      )
      const refused = await call(ann, `${CONTROL}Solve`, one)
      assert.deepEqual([refused.status, /BODY_AMBIGUOUS/.test(refused.message)], [7, true])
      // dockerd has read the second one as well.
      assert.match((await call(bare, `${CONTROL}Solve`, other)).message, /unknown cache exporter.*host-cache/)
    })

    test('the session of another client', async (t) => {
      const id = randomBytes(16).toString('hex')
      const session = dial('ann')
      t.after(() => session.destroy())
      await openSession(session, id)
      const bob = await callsOf(t, dial('bob'))
      for (const fields of [[bytesField(5, id)], [mapField(7, { 'local-sessionid:context': id })]]) {
        const { status, message } = await call(bob, `${CONTROL}Solve`, solveOf('bobs-build', ...fields))
        assert.deepEqual([status, /TARGET_UNKNOWN/.test(message)], [7, true])
      }
      const path = `/build?version=2&remote=client-session&session=${id}`
      const ask = async (socket: Duplex): Promise<string> => {
        t.after(() => socket.destroy())
        socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
        let text = ''
        for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString()
        return text
      }
      assert.match(await ask(dial('bob')), /^HTTP\/1\.1 403 [^]*TARGET_UNKNOWN/)
      // Its own client's build gets as far as the session, which serves nothing.
      assert.match(await ask(dial('ann')), /^HTTP\/1\.1 200 /)
      assert.match(await ask(local()), /^HTTP\/1\.1 200 /)
    })

    test('the build of another client', async (t) => {
      const [ann, bob] = [await callsOf(t, dial('ann')), await callsOf(t, dial('bob'))]
      const id = randomBytes(12).toString('hex')
      const running = call(ann, `${CONTROL}Solve`, solveOf(id))
      const field = { 'buildkit-controlapi-buildid': id }
      assert.equal((await call(ann, `${BRIDGE}Ping`, new Uint8Array(), field)).status, 0)
      const tries = await Promise.all([
        call(bob, `${BRIDGE}Ping`, new Uint8Array(), field),
        call(bob, `${CONTROL}Status`, bytesField(1, id)),
        call(bob, `${CONTROL}Solve`, solveOf(id)),
      ])
      assert.deepEqual(
        tries.map(({ status }) => status),
        [7, 7, 7],
      )
      // At a gateway that does not know it, such as after a restart: while it runs, and once it has ended.
      const other = await gatewayInFront()
      t.after(() => other.close())
      const bobAgain = await callsOf(t, dial('bob', portOf(other)))
      assert.match((await call(bobAgain, `${CONTROL}Solve`, solveOf(id))).message, /TARGET_UNKNOWN/)
      ann.destroy()
      await running.catch(() => {})
      assert.match((await call(bobAgain, `${CONTROL}Solve`, solveOf(id))).message, /TARGET_UNKNOWN/)
    })

    test('a session on the connection for calls belongs to its client, too', async (t) => {
      const [ann, bob] = [await callsOf(t, dial('ann')), await callsOf(t, dial('bob'))]
      const id = randomBytes(16).toString('hex')
      const session = begin(ann, `${CONTROL}Session`, { 'x-docker-expose-session-uuid': id })
      t.after(() => session.destroy())
      // The daemon begins to speak HTTP/2 in it, as a client.
      const first = await new Promise<Buffer>((resolve) => session.once('data', resolve))
      assert.match(first.toString('latin1'), /PRI \* HTTP\/2\.0/)
      assert.equal((await call(bob, `${CONTROL}Solve`, solveOf('bobs-other', bytesField(5, id)))).status, 7)
    })
  })

  test('a build that its client leaves is stopped', async () => {
    await writeFile(join(context, 'long'), `FROM ${image}\nRUN echo 4711; sleep 600\n`)
    const running = dockerAs('bob', ['build', '--no-cache', '-f', 'long', '.'])
    await until('the step begins', () => isRunning('sleep 600'))
    gateway.revoke(new X509Certificate(clients.get('bob')?.cert ?? ''))
    const began = performance.now()
    assert.notEqual((await running).code, 0)
    assert.ok(performance.now() - began < 2_000, 'it went on')
    await until('the step ends', async () => !(await isRunning('sleep 600')))
    assert.ok(endsOf('bob').some(({ path, verdict }) => path === `${CONTROL}Solve` && verdict === 'allow'))
  })
})
