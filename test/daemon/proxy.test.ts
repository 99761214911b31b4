import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, isDockerMtlsError, type DockerClient, type EndpointOptions, type ErrorCode } from '../../lib/index.ts'
import { createAuthority, issueClient } from '../../lib/pki.ts'
import { freePort } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { testedEngine } from './harness/engine.ts'
import { makeImage } from './harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { startTinyproxy, type Tinyproxy } from './harness/tinyproxy.ts'
import { execute, startContainer } from './support/exec.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'tinyproxy')
/** A name of this machine that is in no certificate. */
const OTHER_NAME = 'build99.example.com'
const PASSWORD = 's3cret.pa-ss'

const at = ({ port }: Tinyproxy, user = ''): string => `http://${user}127.0.0.1:${port}`

describe('a daemon behind a real proxy', { skip }, () => {
  let daemon: SecuredDaemon
  let open: Tinyproxy
  let guarded: Tinyproxy
  let hosts: string
  before(async () => {
    daemon = await startSecuredDaemon()
    open = await startTinyproxy({ connectPort: daemon.place.port })
    guarded = await startTinyproxy({ connectPort: daemon.place.port, user: { name: 'ann', password: PASSWORD } })
    // The namespaces' own copy.
    hosts = await readFile('/etc/hosts', 'utf8')
    await appendFile('/etc/hosts', `\n127.0.0.1 ${OTHER_NAME}\n`)
  })
  after(async () => {
    await writeFile('/etc/hosts', hosts)
    await Promise.all([open.stop(), guarded.stop()])
    await daemon.stop()
  })

  const env = (): Record<string, string> => ({ HOME: '/nonexistent', ...daemon.clientEnv })

  async function connected(t: TestContext, proxy: string): Promise<DockerClient> {
    const docker = await connect({ proxy }, env())
    t.after(() => docker.close())
    return docker
  }

  async function failure(options: EndpointOptions): Promise<Error & { code: ErrorCode; tried: string }> {
    const error = await connect(options, env()).then(
      async (docker) => {
        await docker.close()
        return assert.fail('it connected')
      },
      (reason: unknown) => reason,
    )
    assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
    return error
  }

  test('is reached, as DOCKER_HOST says, through the proxy that the option says', async (t) => {
    const docker = await connected(t, at(open))
    assert.equal(docker.endpoint.source, 'DOCKER_HOST')
    assert.equal((await docker.version()).ApiVersion, testedEngine().api)
    assert.equal(docker.dispatcher.peer?.client.commonName, 'tester')
    assert.match(open.log(), new RegExp(`CONNECT 127\\.0\\.0\\.1:${daemon.place.port} HTTP/1\\.1`))
  })

  test('runs a command, half-closes its input, and gives all of its output', async (t) => {
    const docker = await connected(t, at(open))
    const container = await startContainer(docker, await makeImage(daemon))
    const input = randomBytes(1 << 20)
    const cat = await execute(docker, container, ['cat'], input)
    assert.equal(cat.exitCode, 0)
    assert.ok(cat.stdout.equals(input), `${cat.stdout.length} bytes came back of ${input.length}`)
    const sleepy = ['sh', '-c', 'cat >/dev/null; sleep 1; echo out; echo err >&2; exit 3']
    const { stdout, stderr, exitCode } = await execute(docker, container, sleepy, Buffer.from('x'))
    assert.deepEqual([String(stdout), String(stderr), exitCode], ['out\n', 'err\n', 3])
  })

  test('serves 50 pings at once beside open streams, and closing ends all of it', async (t) => {
    const docker = await connected(t, at(open))
    const streams = await Promise.all(
      Array.from({ length: 8 }, () => docker.request({ method: 'GET', path: '/events' })),
    )
    const pings = await Promise.all(Array.from({ length: 50 }, () => docker.ping()))
    assert.ok(
      pings.every(({ apiVersion }) => apiVersion === testedEngine().api),
      'each was answered',
    )
    const ended = streams.map(({ body }) => assert.rejects(text(body), { code: 'ERR_CLIENT_CLOSED' }))
    await docker.close()
    await Promise.all(ended)
  })

  test('is checked as ever: a name that is not its own, another CA, a certificate that it refuses', async () => {
    const proxy = at(open)
    const { port } = daemon.place
    const certPath = daemon.client.folder
    const name = await failure({ host: `tcp://${OTHER_NAME}:${port}`, certPath, proxy })
    assert.equal(name.code, 'ERR_SERVER_NAME_MISMATCH')
    assert.equal(name.tried, `connecting to tcp://${OTHER_NAME}:${port} through the proxy ${proxy}`)
    const foreign = await issueClient(await createAuthority(), { name: 'tester' })
    const { ca, cert, key } = foreign
    assert.equal((await failure({ host: daemon.host, ca, cert, key, proxy })).code, 'ERR_SERVER_CERT_UNTRUSTED')
    const own = await readFile(daemon.client.ca, 'utf8')
    const refused = await failure({ host: daemon.host, ca: own, cert, key, foreignClientCa: true, proxy })
    assert.equal(refused.code, 'ERR_CLIENT_CERT_UNTRUSTED')
  })

  test('a proxy with users wants credentials, and the right ones', async (t) => {
    const none = await failure({ proxy: at(guarded) })
    assert.equal(none.code, 'ERR_PROXY_AUTH_REQUIRED')
    const wrong = await failure({ proxy: at(guarded, 'ann:wrong-one@') })
    assert.equal(wrong.code, 'ERR_PROXY_AUTH_REQUIRED')
    assert.doesNotMatch(wrong.message, /wrong-one|ann/)
    const docker = await connected(t, at(guarded, `ann:${encodeURIComponent(PASSWORD)}@`))
    assert.equal((await docker.ping()).apiVersion, testedEngine().api)
  })

  test('a port that it opens no tunnel to, and one where nothing listens', async (t) => {
    const certPath = daemon.client.folder
    const closed = await freePort()
    const refused = await failure({ host: `tcp://localhost:${closed}`, certPath, proxy: at(open) })
    assert.equal(refused.code, 'ERR_PROXY_REFUSED')
    const lenient = await startTinyproxy({ connectPort: closed })
    t.after(() => lenient.stop())
    const nothing = await failure({ host: `tcp://localhost:${closed}`, certPath, proxy: at(lenient) })
    assert.equal(nothing.code, 'ERR_PROXY_BAD_GATEWAY', nothing.message)
  })

  test('a proxy that goes away is named', async (t) => {
    const mortal = await startTinyproxy({ connectPort: daemon.place.port })
    t.after(() => mortal.stop())
    const docker = await connected(t, at(mortal))
    const { body } = await docker.request({ method: 'GET', path: '/events' })
    const lost = assert.rejects(text(body), (error: Error) => {
      assert.ok(isDockerMtlsError(error, 'ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_RESET'), String(error))
      assert.ok(error.message.includes(`through the proxy ${at(mortal)}`), error.message)
      return true
    })
    await delay(50)
    await mortal.stop()
    await lost
    assert.equal(await docker.ping().catch((error: { code: string }) => error.code), 'ERR_PROXY_UNREACHABLE')
  })
})
