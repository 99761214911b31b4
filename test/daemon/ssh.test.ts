import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect, isDockerMtlsError, type DockerClient, type EndpointOptions, type ErrorCode } from '../../lib/index.ts'
import { bridge } from '../../lib/interop.ts'
import { runCommand } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { processesNaming } from '../support/processes.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage } from './harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { startSshd, type SshUser, type Sshd } from './harness/sshd.ts'
import { execute, startContainer } from './support/exec.ts'
import { BUILDX, worksThroughGateway } from './support/through-gateway.ts'
import { startWatch } from '../support/watch.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'ssh', 'sshd')
/** Much longer than anything here takes, and shorter than a person waits. */
const SOON_MS = 15_000

const USERS: readonly SshUser[] = [
  { name: 'nodocker', config: ['SetEnv PATH=/usr/nonexistent'] },
  { name: 'nosocket', config: ['SetEnv DOCKER_HOST=unix:///usr/nonexistent/docker.sock'] },
  { name: 'outsider' },
  { name: 'stranger', config: ['AuthorizedKeysFile none'] },
  { name: 'noisy', shell: '/bin/bash', bashrc: 'echo Welcome to this machine\n' },
  { name: 'nologin', shell: '/usr/sbin/nologin' },
  { name: 'silent', config: ['ForceCommand cat >/dev/null'] },
  { name: 'old', config: [`ForceCommand echo "docker: 'dial-stdio' is not a docker command." >&2; exit 1`] },
  { name: 'leaving', config: ['ForceCommand true'] },
  { name: 'greeted', config: ['Banner /etc/hostname', 'SetEnv PATH=/usr/nonexistent'] },
]

function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = new AbortController()
  const alarm = delay(SOON_MS, undefined, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${SOON_MS} ms`),
  )
  return Promise.race([promise, alarm]).finally(() => {
    late.abort()
    alarm.catch(() => undefined)
  })
}

/** What runs on our side; on the other it is `docker system dial-stdio` alone. */
const running = (): string[] => processesNaming('dial-stdio').filter((line) => /^\S*ssh /.test(line))

async function connected(t: TestContext, ...args: Parameters<typeof connect>): Promise<DockerClient> {
  const docker = await soon('connecting', connect(...args))
  t.after(() => docker.close())
  return docker
}

async function failure(options: EndpointOptions): Promise<Error & { code: ErrorCode; got: string; todo: string }> {
  try {
    const docker = await soon('failing', connect(options))
    await docker.close()
  } catch (error) {
    assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
    assert.deepEqual(running(), [], 'no process is left behind')
    return error
  }
  return assert.fail('it connected')
}

describe('a daemon behind ssh', { skip }, () => {
  let daemon: SecuredDaemon
  let sshd: Sshd
  before(async () => {
    daemon = await startSecuredDaemon()
    sshd = await startSshd({ dockerHost: daemon.place.listen[0], users: USERS })
  })
  after(async () => {
    await sshd.stop()
    await daemon.stop()
  })

  const at = (user = '', port = sshd.port): string => `ssh://${user === '' ? '' : `${user}@`}127.0.0.1:${port}`
  /** How many have come so far. */
  const logins = (): number => sshd.log().split('Accepted publickey').length - 1

  test('is reached by DOCKER_HOST, and no variable of TLS counts', async (t) => {
    const env = {
      DOCKER_HOST: at('root'),
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: '/nonexistent',
      HOME: '/nonexistent',
    }
    const docker = await connected(t, {}, env)
    assert.equal(docker.endpoint.kind, 'ssh')
    assert.equal(docker.apiVersion, testedEngine().api)
    assert.match((await docker.ping()).server ?? '', /^Docker\//)
    assert.equal((await docker.version()).ApiVersion, testedEngine().api)
    assert.equal(docker.dispatcher.peer, undefined)
    const answer = await fetch(`${docker.dispatcher.origin}/version`, { dispatcher: docker.dispatcher } as object)
    assert.equal(((await answer.json()) as { ApiVersion: string }).ApiVersion, testedEngine().api)
  })

  test('is reached by its socket, whatever DOCKER_HOST says there', async (t) => {
    const error = await failure({ host: `${at('root')}/nonexistent/other.sock` })
    assert.equal(error.code, 'ERR_SOCKET_NOT_FOUND')
    assert.match(error.got, /dial unix \/nonexistent\/other\.sock/)
    const docker = await connected(t, { host: `${at('root')}${daemon.place.socketPath}` })
    assert.equal((await docker.version()).ApiVersion, testedEngine().api)
  })

  test('runs a command, half-closes its input, and gives all of its output', async (t) => {
    const docker = await connected(t, { host: at() })
    const container = await startContainer(docker, await makeImage(daemon))
    const input = randomBytes(1 << 20)
    const cat = await soon('cat', execute(docker, container, ['cat'], input))
    assert.equal(cat.exitCode, 0)
    assert.ok(cat.stdout.equals(input), `${cat.stdout.length} bytes came back of ${input.length}`)
    const sleepy = ['sh', '-c', 'cat >/dev/null; sleep 1; echo out; echo err >&2; exit 3']
    const { stdout, stderr, exitCode } = await soon('sleep', execute(docker, container, sleepy, Buffer.from('x')))
    assert.deepEqual([String(stdout), String(stderr), exitCode], ['out\n', 'err\n', 3])
  })

  test('can have a gateway in front of it', { skip: lacks(BUILDX) }, async (t) => {
    const docker = await connected(t, { host: at() })
    await worksThroughGateway(t, docker, await makeImage(daemon))
    await soon('closing', docker.close())
    assert.deepEqual(running(), [], 'no process is left behind')
  })

  test("carries Docker's own command line over a bridge", async (t) => {
    const docker = await connected(t, { host: at() })
    const container = await startContainer(docker, await makeImage(daemon))
    const made = await bridge(docker, join(await temporaryFolder(t), 'docker.sock'))
    t.after(() => made.close())
    const input = randomBytes(1 << 18).toString('hex')
    const env = { DOCKER_HOST: `unix://${made.path}`, DOCKER_CONFIG: '/nonexistent' }
    const { code, stdout, stderr } = await runCommand('docker', ['exec', '-i', container, 'cat'], { env, input })
    assert.equal(code, 0, stderr)
    assert.ok(stdout === input, `${stdout.length} characters came back of ${input.length}`)
  })

  test('answers 50 pings at once over 4 connections', async (t) => {
    const docker = await connected(t, { host: at() })
    const pings = await soon('pings', Promise.all(Array.from({ length: 50 }, () => docker.ping())))
    assert.ok(
      pings.every(({ apiVersion }) => apiVersion === testedEngine().api),
      'each was answered',
    )
    assert.ok(running().length <= 4, running().join('\n'))
  })

  test('has room for 24 open streams, and ends all of them at once', async (t) => {
    const docker = await connected(t, { host: at() })
    const open = Array.from({ length: 24 }, () => docker.request({ method: 'GET', path: '/events' }))
    const streams = await soon('opening', Promise.all(open))
    await soon('a ping beside them', docker.ping())
    const ended = streams.map(({ body }) => assert.rejects(text(body), { code: 'ERR_CLIENT_CLOSED' }))
    await soon('closing', docker.close())
    assert.deepEqual(running(), [])
    await soon('the end of the streams', Promise.all(ended))
  })

  const FAULTS: readonly (readonly [what: string, user: string, ErrorCode, got: RegExp])[] = [
    [
      'a key that is not taken',
      'stranger',
      'ERR_SSH_LOGIN_REFUSED',
      /none of your keys .*Permission denied \(publickey\)/,
    ],
    ['an unknown user', 'nobodyatall', 'ERR_SSH_LOGIN_REFUSED', /Permission denied/],
    ['no docker on its PATH', 'nodocker', 'ERR_SSH_DOCKER_MISSING', /docker: not found/],
    ['a banner, and no docker', 'greeted', 'ERR_SSH_DOCKER_MISSING', /docker: not found"\)$/],
    ['a docker command that is too old', 'old', 'ERR_SSH_DOCKER_MISSING', /is not a docker command/],
    ['a user that may not open the socket', 'outsider', 'ERR_SOCKET_PERMISSION', /permission denied/],
    ['no daemon', 'nosocket', 'ERR_SOCKET_NOT_FOUND', /no such file/],
    ['a shell that greets', 'noisy', 'ERR_SERVER_NOT_DOCKER', /"Welcome to this machine"/],
    ['a login that is none', 'nologin', 'ERR_SERVER_NOT_DOCKER', /not available/],
    ['a command that ends at once', 'leaving', 'ERR_CONNECTION_CLOSED', /ended on the host before/],
  ]
  for (const [what, user, code, got] of FAULTS) {
    test(`${what}: ${code}`, async () => {
      const error = await failure({ host: at(user) })
      assert.equal(error.code, code, error.message)
      assert.match(error.got, got)
      assert.ok(error.message.startsWith(`connecting to ${at(user)}: `), error.message)
      assert.doesNotMatch(error.todo, /<HOST>/)
    })
  }

  test("a host key that isn't known, and one that has changed, are refused", async (t) => {
    t.after(() => sshd.know(sshd.hostKey))
    await sshd.know(undefined)
    const unknown = await failure({ host: at() })
    assert.equal(unknown.code, 'ERR_SSH_HOST_KEY_UNKNOWN')
    assert.ok(unknown.todo.endsWith(`ssh ${at()}`), unknown.todo)
    await sshd.know(sshd.otherKey)
    const changed = await failure({ host: at() })
    assert.equal(changed.code, 'ERR_SSH_HOST_KEY_CHANGED')
    assert.match(changed.message, /may be an attack/)
  })

  test('no sshd, a server of another kind, one that closes, and a name that nobody knows', async (t) => {
    const port = await listening(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const closing = await listening(t, (socket) => socket.end())
    assert.equal((await failure({ host: at('', await freePort()) })).code, 'ERR_CONNECTION_REFUSED')
    assert.equal((await failure({ host: at('', port) })).code, 'ERR_CONNECTION_RESET')
    assert.equal((await failure({ host: at('', closing) })).code, 'ERR_CONNECTION_RESET')
    assert.equal((await failure({ host: 'ssh://no-such-host.invalid' })).code, 'ERR_NAME_NOT_RESOLVED')
  })

  test('a server, and a login, that stay silent', async (t) => {
    const port = await listening(t, () => undefined)
    for (const host of [at('', port), at('silent')]) {
      const began = startWatch()
      const error = await failure({ host, connectTimeout: 1_500 })
      assert.equal(error.code, 'ERR_CONNECT_TIMEOUT')
      assert.ok(began() < 3_000, `it took ${began()} ms`)
    }
  })

  describe('an abort comes back as it is, and leaves no process', () => {
    const mine = new Error('never mind')
    const abortsIn = (milliseconds: number): AbortSignal => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(mine), milliseconds)
      return controller.signal
    }

    test('before anything', async () => {
      await assert.rejects(connect({ host: at(), signal: AbortSignal.abort(mine) }), mine)
      assert.deepEqual(running(), [])
    })

    test('before ssh speaks, and while the login is silent', async (t) => {
      const port = await listening(t, () => undefined)
      for (const host of [at('', port), at('silent')]) {
        const began = startWatch()
        await assert.rejects(soon('aborting', connect({ host, signal: abortsIn(400) })), mine)
        assert.ok(began() < 1_500, 'at once')
        assert.deepEqual(running(), [])
      }
    })

    test('in a stream', async (t) => {
      const docker = await connected(t, { host: at() })
      const controller = new AbortController()
      const { body } = await docker.request({ method: 'GET', path: '/events', signal: controller.signal })
      const aborted = assert.rejects(soon('the stream', text(body)), mine)
      controller.abort(mine)
      await aborted
      await docker.ping()
      await soon('closing', docker.close())
      assert.deepEqual(running(), [])
    })
  })

  test('closing ends a connection that is being made, and one that was hijacked', async (t) => {
    const docker = await connected(t, { host: at() })
    const { socket } = await docker.dispatcher.upgrade({ path: '/session', method: 'POST', protocol: 'h2c' })
    const making = assert.rejects(docker.request({ method: 'GET', path: '/events' }), { code: 'ERR_CLIENT_CLOSED' })
    await soon('closing', docker.close())
    await soon('the request', making)
    assert.ok(socket.destroyed, 'the hijacked one, too')
    assert.deepEqual(running(), [])
  })

  test('an ssh that is killed is an error of the request', async (t) => {
    const docker = await connected(t, { host: at() })
    const { body } = await docker.request({ method: 'GET', path: '/events' })
    const lost = assert.rejects(soon('the stream', text(body)), {
      code: 'ERR_SSH_FAILED',
      message: /a signal ended ssh/,
    })
    await runCommand('busybox', ['killall', '-9', 'ssh'])
    await lost
    // The idle one that was killed with it may still be counted on, once.
    await docker.ping().catch((error: unknown) => assert.ok(isDockerMtlsError(error, 'ERR_SSH_FAILED'), String(error)))
    await docker.ping()
  })

  test('ssh_config counts, and nothing in it gets in the way', async (t) => {
    const config = join(sshd.clientFolder, 'config')
    t.after(() => rm(config, { force: true }))
    const taken = await listening(t, () => undefined)
    await writeFile(
      config,
      `Host build01
         HostName 127.0.0.1
         Port ${sshd.port}
         User root
         RequestTTY force
         ForwardAgent yes
         LocalForward ${taken} localhost:1
         ExitOnForwardFailure yes
         ControlMaster auto
         ControlPersist yes
         ControlPath ${sshd.clientFolder}/%C
         LogLevel QUIET
         BatchMode no\n`,
    )
    const docker = await connected(t, { host: 'ssh://build01' })
    await Promise.all(Array.from({ length: 20 }, () => docker.version()))
    await docker.close()
    assert.deepEqual(processesNaming(sshd.clientFolder), [], 'no master is left behind')
    assert.match((await failure({ host: 'ssh://stranger@build01' })).got, /Permission denied/)
  })

  test('a ControlMaster that runs is used, and goes on running', async (t) => {
    const [config, socket] = [join(sshd.clientFolder, 'config'), join(sshd.clientFolder, 'master')]
    t.after(() => rm(config, { force: true }))
    await writeFile(config, `Host *\nControlPath ${socket}\n`)
    const master = ['-f', '-N', '-M', '-p', String(sshd.port), '127.0.0.1']
    assert.equal((await runCommand('ssh', master)).code, 0)
    t.after(() => runCommand('ssh', ['-O', 'exit', 'any']))
    const earlier = logins()
    const docker = await connected(t, { host: at() })
    await Promise.all(Array.from({ length: 20 }, () => docker.version()))
    await docker.close()
    assert.equal(logins(), earlier)
    assert.equal((await runCommand('ssh', ['-O', 'check', 'any'])).code, 0)
  })

  test("an idle connection doesn't hold a process up, and ends with it", async () => {
    const script = `
      import { connect } from '${new URL('../../lib/index.ts', import.meta.url).href}'
      const docker = await connect({ host: '${at()}' })
      console.log((await docker.version()).ApiVersion)`
    const args = [...TYPESCRIPT, '--input-type=module', '-e', script]
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const { code, stdout, stderr } = await runCommand(process.execPath, args, { cwd, timeout: SOON_MS })
    assert.deepEqual([code, stdout, stderr], [0, `${testedEngine().api}\n`, ''])
    for (let attempt = 0; attempt < 40 && running().length > 0; attempt++) await delay(50)
    assert.deepEqual(running(), [])
  })
})

/** A server on loopback, and its port. */
async function listening(t: TestContext, serve: (socket: Socket) => unknown): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
