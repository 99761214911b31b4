import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test, type TestContext } from 'node:test'
import { connect, createDispatcher, loadIdentity, parseHost, type DockerClient } from '../../lib/index.ts'
import { bridge, type Bridge } from '../../lib/interop.ts'
import { makeImage } from '../daemon/harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from '../daemon/harness/secured.ts'
import { cleanEnvironment, runCommand } from '../support/command.ts'
import { dockerCommand } from '../daemon/support/docker-command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeCredentials } from '../transport/support/credentials.ts'
import { soon } from './support/asking.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'curl')

describe("any Docker tool, with the bridge's socket", { skip }, () => {
  let daemon: SecuredDaemon
  let docker: DockerClient
  let image: string
  let made: Bridge
  let env: Record<string, string>
  const failures: unknown[] = []

  before(async () => {
    daemon = await startSecuredDaemon()
    image = await makeImage(daemon)
    docker = await connect({}, daemon.clientEnv)
    made = await bridge(docker, join(daemon.place.folder, 'bridge.sock'), {
      onFailure: (error) => failures.push(error),
    })
    env = { DOCKER_HOST: `unix://${made.path}`, DOCKER_BUILDKIT: '0' }
  })
  after(async () => {
    await made?.close()
    await docker?.close()
    await daemon?.stop()
  })

  const { cli, said, container } = dockerCommand(() => ({ env, image }))

  /** `docker events`, once it has seen one. */
  async function follow(t: TestContext, where: Record<string, string>): Promise<ChildProcess> {
    const child = spawn('docker', ['events', '--format', '{{.Type}} {{.Action}}'], { env: cleanEnvironment(where) })
    t.after(() => child.kill('SIGKILL'))
    let seen = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk))
    for (let round = 0; round < 40 && !seen.includes('volume create'); round++) {
      await said(['volume', 'rm', '-f', (await said(['volume', 'create'])).trim()])
    }
    assert.match(seen, /volume create/)
    return child
  }

  test('the way to the daemon is TLS with our certificate, and the socket is for its owner', async () => {
    assert.match(await said(['version', '--format', '{{.Server.Version}}']), /^\d+\.\d+/)
    assert.equal(docker.dispatcher.peer?.client.commonName, 'tester')
    assert.equal(lstatSync(made.path).mode & 0o7777, 0o600)
  })

  describe('the docker command', () => {
    test('run, with its output and its exit code', async () => {
      const script = 'echo out; echo err >&2; sleep 0.5; exit 7'
      const { code, stdout, stderr } = await cli(['run', '--rm', image, 'sh', '-c', script])
      assert.deepEqual([code, stdout, stderr], [7, 'out\n', 'err\n'])
    })

    test('run -i: the input ends, the output comes', async () => {
      const input = 'over the bridge\n'.repeat(200_000)
      assert.equal(await said(['run', '-i', '--rm', image, 'wc', '-c'], { input }), `${input.length}\n`)
    })

    test('exec -i: the input ends, and all of it comes back', async (t) => {
      const id = await container(t, 'sleep', '100')
      const input = randomBytes(3 * 1024 * 1024).toString('base64')
      const output = await said(['exec', '-i', id, 'cat'], { input })
      assert.equal(output.length, input.length)
      assert.ok(output === input, 'it is not what was sent')
    })

    test('exec -i -t works as a terminal does', async (t) => {
      const id = await container(t, 'sleep', '100')
      // script(1) of util-linux gives the command a terminal.
      const command = `docker exec -it ${id} sh -c 'tty && stty size'`
      const { code, stdout } = await runCommand('script', ['-qec', command, '/dev/null'], { env })
      assert.deepEqual([code, /\/dev\/pts\/\d+/.test(stdout)], [0, true], stdout)
    })

    test('logs -f: lines as they come, and the end', async (t) => {
      const id = await container(t, 'sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.3; done')
      assert.equal(await said(['logs', '-f', id]), 'line 1\nline 2\nline 3\n')
    })

    test('events, until the command is ended', async (t) => {
      const child = await follow(t, env)
      child.kill('SIGINT')
      await soon(once(child, 'close'))
    })

    test('build, by the classic builder, with a context to send', async (t) => {
      const context = join(await temporaryFolder(t), 'context')
      await mkdir(context)
      await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nCOPY random /random\nRUN wc -c /random\n`)
      await writeFile(join(context, 'random'), randomBytes(5_000_000))
      assert.match(
        await said(['build', '-t', 'built:here', context]),
        /^5000000 \/random$[^]*Successfully tagged built:here/m,
      )
      await said(['rmi', 'built:here'])
    })

    test('cp and save: archives in both directions', async (t) => {
      const folder = await temporaryFolder(t)
      const id = await container(t, 'sleep', '100')
      await writeFile(join(folder, 'there'), randomBytes(2_000_000))
      await said(['cp', join(folder, 'there'), `${id}:/tmp/there`])
      await said(['cp', `${id}:/tmp/there`, join(folder, 'back')])
      assert.equal((await runCommand('cmp', [join(folder, 'there'), join(folder, 'back')])).code, 0)
      await said(['save', '-o', join(folder, 'image.tar'), image])
      assert.ok(lstatSync(join(folder, 'image.tar')).size > 1_000_000, 'the image is too small')
    })
  })

  test('curl', async () => {
    const { stdout } = await runCommand('curl', ['-sS', '--unix-socket', made.path, 'http://docker/_ping'])
    assert.equal(stdout, 'OK')
  })

  const python = '/usr/lib/python3/dist-packages/docker/__init__.py'
  test("Python's docker", { skip: lacks(python) }, async () => {
    // Of a container that ends at once, dockerd sometimes loses the output when the machine is busy.
    const program = `
import docker, sys
client = docker.from_env()
print(client.containers.run(sys.argv[1], ['sh', '-c', 'echo from python; sleep 0.3'], remove=True).decode(), end='')
container = client.containers.run(sys.argv[1], ['sleep', '100'], detach=True)
exec = client.api.exec_create(container.id, ['wc', '-c'], stdin=True)['Id']
socket = client.api.exec_start(exec, socket=True)._sock
socket.sendall(b'x' * 1000000)
import socket as s
socket.shutdown(s.SHUT_WR)
print(b''.join(iter(lambda: socket.recv(65536), b''))[8:].decode(), end='')
container.remove(force=True)
`
    const { code, stdout, stderr } = await runCommand('/usr/bin/python3', ['-c', program, image], { env })
    assert.deepEqual([code, stdout], [0, 'from python\n1000000\n'], stderr)
  })

  test('dockerode, by socketPath', { skip: lacks('peer dockerode') }, async (t) => {
    const { default: Docker } = await import('dockerode')
    const dockerode = new Docker({ socketPath: made.path })
    const id = await container(t, 'sleep', '100')
    const exec = await dockerode.getContainer(id).exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true })
    const stream = await exec.start({ hijack: true, stdin: true })
    const stdout = new PassThrough()
    dockerode.modem.demuxStream(stream, stdout, stdout)
    stream.once('end', () => stdout.end())
    const input = randomBytes(1_000_000)
    stream.end(input)
    assert.equal(Buffer.compare(await soon(buffer(stdout)), input), 0)
  })

  test('100 tools at once', async (t) => {
    const id = await container(t, 'sleep', '100')
    const asked = Array.from({ length: 100 }, (_, index) =>
      runCommand('curl', ['-sS', '--unix-socket', made.path, `http://docker/containers/${id}/json?n=${index}`]),
    )
    const bodies = (await Promise.all(asked)).map(({ stdout }) => stdout)
    assert.deepEqual(
      bodies.filter((body) => !body.includes(`"Id":"${id}"`)),
      [],
    )
  })

  test('none of those failed to connect', () => assert.deepEqual(failures, []))

  test('when the client is closed, what runs ends, and what comes is told why', async (t) => {
    const mine = await connect({}, daemon.clientEnv)
    const own = await bridge(mine, join(daemon.place.folder, 'own.sock'))
    t.after(() => own.close())
    const host = { DOCKER_HOST: `unix://${own.path}` }
    const following = await follow(t, host)
    const ended = once(following, 'close')
    await mine.close()
    assert.notDeepEqual(await soon(ended), [0, null])
    const { code, stderr } = await cli(['ps'], { env: host })
    assert.equal(code, 1)
    assert.match(stderr, /docker-mtls: ERR_CLIENT_CLOSED: /)
  })

  test('a daemon of a CA that is not ours: the docker command says so', async (t) => {
    const { client } = await makeCredentials()
    const foreign = createDispatcher(parseHost(daemon.host), await loadIdentity(client))
    const own = await bridge(foreign, join(daemon.place.folder, 'foreign.sock'))
    t.after(async () => {
      await own.close()
      await foreign.destroy()
    })
    const { code, stderr } = await cli(['ps'], { env: { DOCKER_HOST: `unix://${own.path}` } })
    assert.equal(code, 1)
    assert.match(stderr, /docker-mtls: ERR_SERVER_CERT_UNTRUSTED: .*was not signed by a CA in ca\.pem/)
  })

  test('when the daemon is gone, the docker command says what we say', async () => {
    await daemon.stop({ keep: true })
    const { code, stderr } = await cli(['ps'])
    assert.equal(code, 1)
    assert.match(stderr, /docker-mtls: ERR_CONNECTION_REFUSED: connecting to tcp:.* nothing listens on that port/)
    assert.ok(failures.length > 0, 'nobody was told')
  })
})
