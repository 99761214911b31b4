import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { PassThrough, Readable, Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ArgumentError,
  BadRequestError,
  connect,
  ConflictError,
  NotFoundError,
  ServerError,
  StreamError,
  type ContainerCreateRequest,
  type DockerClient,
  type ExecResult,
  type ExecRunOptions,
  type RunOptions,
  type RunResult,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { until } from '../support/until.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip', 'docker-registry')
const shell = (script: string): string[] => ['sh', '-c', script]

/** Words without an end, as slow as a person. */
async function* words(): AsyncGenerator<string, void, undefined> {
  for (;;) {
    yield 'word\n'
    await delay(20)
  }
}

const bound = (port: string): Pick<ContainerCreateRequest, 'ExposedPorts' | 'HostConfig'> => ({
  ExposedPorts: { '80/tcp': {} },
  HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: port }] } },
})

function runShell({ docker, image }: BusyboxEngine, script: string, options: RunOptions): Promise<RunResult> {
  return soon(script, docker.run(image, shell(script), options))
}

describe('a command from its input to its exit code', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  const count = async (): Promise<number> => (await docker.containers.list({ all: true })).length

  const run = (script: string, options: RunOptions = {}): Promise<RunResult> => runShell(engine, script, options)

  describe('docker.run', () => {
    test('output, exit code, and no container afterwards', async () => {
      const before_ = await count()
      const { exitCode, stdout, stderr, oomKilled, id } = await run('echo out; echo err >&2; sleep 0.5; exit 3')
      assert.deepEqual([exitCode, String(stdout), String(stderr), oomKilled], [3, 'out\n', 'err\n', false])
      assert.match(id, /^[0-9a-f]{64}$/)
      assert.equal(await count(), before_)
    })

    test("the image's own command", async () => {
      const { exitCode } = await soon('sh', docker.run(engine.image, []))
      assert.equal(exitCode, 0)
    })

    test('all kinds of input', async () => {
      const inputs: RunOptions['stdin'][] = [
        'a\nb\n',
        Buffer.from('a\nb\n'),
        Readable.from(['a\n', Buffer.from('b\n')]),
      ]
      for (const stdin of [
        ...inputs,
        (async function* () {
          yield 'a\n'
          yield Buffer.from('b\n')
        })(),
      ]) {
        assert.equal(String((await run('cat', { stdin: stdin ?? '' })).stdout), 'a\nb\n')
      }
      assert.equal(String((await run('cat', { stdin: '' })).stdout), '')
      assert.equal(String((await run('cat')).stdout), '')
    })

    test('16 MiB there and back', async () => {
      const stdin = Buffer.alloc(16 * 1024 ** 2, 'abcdefgh\n')
      const { stdout } = await run('cat', { stdin })
      assert.ok(stdout.equals(stdin), `${stdout.length} bytes came back`)
    })

    test('an input that nobody reads to its end', async () => {
      const source = Readable.from(words())
      assert.equal(String((await run('head -n 1; sleep 0.5', { stdin: source })).stdout), 'word\n')
      assert.equal(source.destroyed, true)
      const big = await run('head -c 3; sleep 0.5', { stdin: Buffer.alloc(8 * 1024 ** 2, 'x') })
      assert.deepEqual([big.exitCode, String(big.stdout)], [0, 'xxx'])
      const idle = new PassThrough()
      assert.equal((await run('exit 4', { stdin: idle })).exitCode, 4)
    })

    test('nor over the local socket', async (t) => {
      const local = await connect({ host: engine.daemon.place.listen[0] })
      t.after(() => local.close())
      const stdin = Buffer.alloc(8 * 1024 ** 2, 'x')
      for (let tries = 0; tries < 5; tries++) {
        const { exitCode, stdout } = await soon('head', local.run(engine.image, shell('head -c 3; exit 4'), { stdin }))
        assert.deepEqual([exitCode, String(stdout)], [4, 'xxx'])
      }
      const { stdout } = await soon('cat', local.run(engine.image, ['cat'], { stdin }))
      assert.ok(stdout.equals(stdin), `${stdout.length} bytes came back`)
    })

    test('an input that fails fails the run, and the container goes', async () => {
      const before_ = await count()
      const stdin = Readable.from(
        (async function* () {
          yield 'a\n'
          await delay(50)
          throw new Error('the disk is gone')
        })(),
      )
      await assert.rejects(run('cat', { stdin }), { code: 'ERR_INPUT_FAILED', message: /the disk is gone/ })
      assert.equal(await count(), before_)
    })

    test('output to where it is wanted, at its pace', async () => {
      const parts: string[] = []
      const slow = new Writable({
        highWaterMark: 1,
        write: (chunk: Buffer, _encoding, callback) => {
          parts.push(chunk.toString())
          setTimeout(callback, 5)
        },
      })
      const { stdout, stderr } = await run('for i in 1 2 3; do echo $i; sleep 0.05; done; echo err >&2; sleep 0.5', {
        stdout: slow,
      })
      assert.deepEqual([parts.join(''), stdout.length, String(stderr)], ['1\n2\n3\n', 0, 'err\n'])
      assert.equal(slow.writableEnded, false)
      const full = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('disk full')) })
      const before_ = await count()
      await assert.rejects(run('echo x; sleep 100', { stdout: full }), { message: 'disk full' })
      assert.equal(await count(), before_)
    })

    test('a terminal', async () => {
      const { stdout, stderr } = await run('test -t 0 && test -t 1 && echo 12345678; echo err >&2; sleep 0.5', {
        tty: true,
      })
      assert.deepEqual([String(stdout), String(stderr)], ['12345678\r\nerr\r\n', ''])
      const typed = await run('read x; echo "<$x>"; sleep 0.5', { tty: true, stdin: 'hello\n' })
      assert.match(String(typed.stdout), /<hello>\r\n$/)
    })

    test('settings of the container', async () => {
      // Of a container that ends at once, dockerd sometimes loses the output when the machine is busy.
      const { stdout, stderr, exitCode } = await run('echo $A; hostname; id -u; pwd; sleep 0.3', {
        name: 'with-settings',
        Env: ['A=1'],
        Hostname: 'made-up',
        User: 'nobody',
        WorkingDir: '/tmp',
        HostConfig: { NetworkMode: 'none' },
      })
      assert.deepEqual([String(stdout), String(stderr), exitCode], ['1\nmade-up\n65534\n/tmp\n', '', 0])
    })

    test('kept where it is wanted', async () => {
      const { id } = await run('exit 2', { remove: false, name: 'kept' })
      assert.equal((await docker.containers.inspect('kept')).Id, id)
      await docker.containers.remove(id)
    })

    test('killed for want of memory', async () => {
      // containerd listens for this only after the start, so it misses what a busy machine kills before.
      const hog = 'sleep 0.5; x=$(head -c 64m /dev/zero | tr "\\0" x); echo done'
      const { oomKilled, exitCode } = await run(hog, {
        HostConfig: { Memory: 16 * 1024 ** 2, MemorySwap: 16 * 1024 ** 2 },
      })
      assert.equal(oomKilled, true, `the exit code is ${exitCode}`)
      assert.notEqual(exitCode, 0)
    })

    test('an image that is not there, a command that is not there, a name that is taken', async () => {
      const before_ = await count()
      await assert.rejects(docker.run('nothing:here', ['true']), (error: unknown) => {
        assert.ok(error instanceof NotFoundError, String(error))
        assert.match(error.todo, /docker\.images\.pull\('nothing:here'\).*\{ pull: 'missing' \}/)
        return true
      })
      await assert.rejects(docker.run(engine.image, ['/no/such/program']), (error: unknown) => {
        assert.ok(error instanceof BadRequestError, String(error))
        assert.match(error.daemonMessage ?? '', /no such file or directory/)
        assert.match(error.todo, /Correct the command.* must be an executable file in the container/)
        return true
      })
      await assert.rejects(docker.run(engine.image, ['true'], { User: 'nosuchuser' }), /Correct the user/)
      assert.equal(await count(), before_)
      const { Id } = await docker.containers.create({ Image: engine.image }, { name: 'occupied' })
      await assert.rejects(docker.run(engine.image, ['true'], { name: 'occupied' }), ConflictError)
      assert.equal((await docker.containers.inspect('occupied')).Id, Id, 'the one that has the name stays')
      await docker.containers.remove(Id)
    })

    test('a port that another container has, or another program', async (t) => {
      const listener = createServer().listen(0, '127.0.0.1')
      await once(listener, 'listening')
      t.after(() => listener.close())
      const id = await engine.start(bound(''))
      const [port] = (await docker.containers.inspect(id)).NetworkSettings.Ports?.['80/tcp'] ?? []
      const { port: other } = listener.address() as AddressInfo
      for (const taken of [port?.HostPort ?? '', String(other)]) {
        await assert.rejects(docker.run(engine.image, ['true'], bound(taken)), (error: unknown) => {
          assert.ok(error instanceof ServerError, String(error))
          assert.match(error.todo, /Choose another HostPort/, error.message)
          return true
        })
      }
      await docker.containers.remove(id, { force: true })
    })

    test('an abort at any moment: its own reason, and no container', async () => {
      const before_ = await count()
      const reason = { any: 'thing' }
      await assert.rejects(run('true', { signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason)
      for (const wait of [0, 1, 5, 20, 60, 150, 400, 800]) {
        const stop = new AbortController()
        setTimeout(() => stop.abort(reason), wait)
        const stdin = Readable.from(words())
        await assert.rejects(run('cat; sleep 100', { signal: stop.signal, stdin }), (thrown) => thrown === reason)
        assert.equal(await count(), before_, `aborted after ${wait} ms`)
      }
    })

    test('a timeout at any moment: its error, and no container', async () => {
      const before_ = await count()
      for (const timeout of [1, 5, 20, 60, 150, 400, 800]) {
        await assert.rejects(run('cat; sleep 100', { timeout, stdin: Readable.from(words()) }), {
          code: 'ERR_CALL_TIMEOUT',
        })
        assert.equal(await count(), before_, `after ${timeout} ms`)
      }
      await assert.rejects(run('sleep 100', { idleTimeout: 300 }), { code: 'ERR_RESPONSE_TIMEOUT' })
      assert.equal(await count(), before_, 'after silence')
      const { exitCode } = await run('for i in 1 2 3 4; do echo $i; sleep 0.8; done', {
        idleTimeout: 2500,
        timeout: 60_000,
      })
      assert.equal(exitCode, 0)
    })

    test('a container that somebody else removes', async () => {
      const running = docker.run(engine.image, ['sleep', '100'], { name: 'doomed' })
      running.catch(() => {})
      for (let tries = 0; tries < 100; tries++) {
        const found = await docker.containers.inspect('doomed').catch(() => undefined)
        if (found?.State.Running === true) break
        await delay(20)
      }
      await docker.containers.remove('doomed', { force: true })
      // It depends on how far the removal has come whether it can still be asked how it ended.
      const end = await soon('the end', running).then(
        ({ exitCode }) => exitCode,
        (error: unknown) => error,
      )
      assert.ok(end === 137 || end instanceof NotFoundError, String(end))
    })

    test('what can not be meant is refused before anything is made', async () => {
      const before_ = await count()
      const rows: [unknown, object, RegExp][] = [
        ['ls -l', {}, /it is "ls -l", not an array of strings/],
        [[1], {}, /it has an element that is not a string/],
        [['true'], { Tty: true }, /Use the option tty/],
        [['true'], { Cmd: [] }, /second argument/],
        [['true'], { HostConfig: { AutoRemove: true } }, /removes the container itself/],
      ]
      for (const [command, options, says] of rows) {
        await assert.rejects(docker.run(engine.image, command as string[], options), (error: unknown) => {
          assert.ok(error instanceof ArgumentError, String(error))
          assert.match(error.message, says)
          return true
        })
      }
      await assert.rejects(docker.run(engine.image, ['true'], { input: 'x' } as object), { code: 'ERR_OPTION_UNKNOWN' })
      assert.equal(await count(), before_)
    })
  })

  describe('docker.run, with a registry', () => {
    let registry: Registry
    before(async () => {
      registry = await startRegistry()
    })
    after(() => registry?.stop())

    test('pulls what is missing where it was told to', async () => {
      const image = `${registry.host}/run/busybox:1`
      await docker.images.tag(engine.image, image)
      await docker.images.push(image)
      await docker.images.remove(image)
      await assert.rejects(docker.run(image, ['true']), NotFoundError)
      const { exitCode, stdout, stderr } = await soon(
        'a run',
        docker.run(image, ['echo', 'pulled'], { pull: 'missing' }),
      )
      assert.deepEqual([exitCode, String(stdout), String(stderr)], [0, 'pulled\n', ''])
      const missing = `${registry.host}/run/nothing:1`
      await assert.rejects(docker.run(missing, ['true'], { pull: 'missing' }), /manifest unknown|not found/)
    })

    test('pull: always gets the newest image, missing keeps the old one, and create pulls, too', async () => {
      const image = `${registry.host}/run/moving:1`
      const pushed = async (stage: string): Promise<string> => {
        const { Id } = await docker.containers.create({ Image: engine.image })
        const made = await docker.images.commit(Id, { Labels: { stage } }, { repo: image })
        await docker.containers.remove(Id)
        await docker.images.push(image)
        await docker.images.remove(image, { noprune: true })
        return made.Id
      }
      const stageOf = async (id: string): Promise<string | undefined> =>
        (await docker.containers.inspect(id)).Config.Labels?.['stage']
      const create = async (pull: 'always' | 'missing' | 'never'): Promise<string | undefined> => {
        const { Id } = await docker.containers.create({ Image: image }, { pull })
        const stage = await stageOf(Id)
        await docker.containers.remove(Id)
        return stage
      }
      await pushed('one')
      await assert.rejects(create('never'), NotFoundError)
      assert.equal(await create('missing'), 'one')
      const old = await docker.images.inspect(image)
      await pushed('two')
      await docker.images.tag(old.Id, image)
      assert.equal(await create('never'), 'one')
      assert.equal(await create('missing'), 'one')
      const { id } = await docker.run(image, ['true'], { pull: 'always', remove: false })
      assert.equal(await stageOf(id), 'two')
      await docker.containers.remove(id)
      await docker.images.tag(old.Id, image)
      assert.equal(await create('always'), 'two')
    })

    test('nothing is pulled for a body that is refused, or a policy that does not exist', async () => {
      const image = `${registry.host}/run/busybox:1`
      const HostConfig = { Memroy: 1 } as object
      const unknown = { code: 'ERR_API_FIELD_UNKNOWN' }
      await assert.rejects(docker.run(image, [], { pull: 'always', HostConfig }), unknown)
      await assert.rejects(docker.containers.create({ Image: image, HostConfig }, { pull: 'always' }), unknown)
      const invalid = { code: 'ERR_ARGUMENT_INVALID', message: /'always', 'missing' or 'never'/ }
      await assert.rejects(docker.run(image, [], { pull: true as never }), invalid)
      await assert.rejects(docker.containers.create({ Image: image }, { pull: 'newest' as never }), invalid)
    })
  })

  describe('docker.exec.run', () => {
    let container: string
    before(async () => {
      container = await engine.start()
    })
    const exec = (script: string, options: ExecRunOptions = {}): Promise<ExecResult> =>
      soon(script, docker.exec.run(container, shell(script), options))

    test('output, exit code, input and settings', async () => {
      const settings = { Env: ['A=1'], User: 'nobody', WorkingDir: '/tmp' }
      const { exitCode, stdout, stderr } = await exec('cat; echo $A $(id -u) $(pwd); echo err >&2; exit 9', {
        stdin: 'in\n',
        ...settings,
      })
      assert.deepEqual([exitCode, String(stdout), String(stderr)], [9, 'in\n1 65534 /tmp\n', 'err\n'])
    })

    test('8 MiB there and back, and an input that nobody reads', async () => {
      const stdin = Buffer.alloc(8 * 1024 ** 2, 'abcdefgh\n')
      assert.ok((await exec('cat', { stdin })).stdout.equals(stdin), 'not all came back')
      assert.equal((await exec('exit 5', { stdin })).exitCode, 5)
      const source = Readable.from(words())
      assert.equal((await exec('exit 6', { stdin: source })).exitCode, 6)
      assert.equal(source.destroyed, true)
    })

    test('the exit code of one that goes on without output', async () => {
      assert.equal((await exec('exec >&- 2>&-; sleep 0.7; exit 8')).exitCode, 8)
    })

    test('one whose container ends meanwhile', async () => {
      const doomed = await engine.start()
      const running = soon('the end', docker.exec.run(doomed, ['sleep', '100']))
      await engine.runs(doomed, 'sleep 100')
      await docker.containers.kill(doomed)
      assert.equal((await running).exitCode, 137)
      await docker.containers.remove(doomed)
    })

    test('a terminal, and output to where it is wanted', async () => {
      const out = new PassThrough()
      const { stdout } = await exec('test -t 1 && echo yes', { tty: true, stdout: out })
      assert.deepEqual([String(out.read()), stdout.length], ['yes\r\n', 0])
    })

    test('a hundred, one after the other, leave nothing behind', async () => {
      await exec('true')
      const open = process.getActiveResourcesInfo().length
      for (let index = 0; index < 100; index++) {
        assert.equal(String((await exec(`echo ${index}`)).stdout), `${index}\n`)
      }
      await until(
        `as few open handles as before, ${open}`,
        async () => process.getActiveResourcesInfo().length <= open + 2,
      )
    })

    test('one that can not be started, and one that is not there', async () => {
      await assert.rejects(docker.exec.run(container, ['/no/such/program']), StreamError)
      await assert.rejects(docker.exec.run('nothing', ['true']), NotFoundError)
      await assert.rejects(docker.exec.run(container, ['true'], { AttachStdout: true } as object), ArgumentError)
      await assert.rejects(docker.exec.run(container, 'true' as never), ArgumentError)
    })

    test('a timeout: the command goes on', async () => {
      await assert.rejects(exec('sleep 3; touch /tmp/went-on', { timeout: 500 }), {
        code: 'ERR_CALL_TIMEOUT',
        message: /goes on in the container/,
      })
      const { exitCode } = await exec('until test -e /tmp/went-on; do sleep 0.1; done', { timeout: 20_000 })
      assert.equal(exitCode, 0)
      await assert.rejects(exec('sleep 5', { idleTimeout: 300 }), { code: 'ERR_RESPONSE_TIMEOUT' })
    })

    test('an abort, its own reason', async () => {
      const reason = { any: 'thing' }
      for (const wait of [0, 5, 30, 300]) {
        const stop = new AbortController()
        setTimeout(() => stop.abort(reason), wait)
        await assert.rejects(exec('sleep 5', { signal: stop.signal }), (thrown) => thrown === reason)
      }
      const late = new AbortController()
      setTimeout(() => late.abort(reason), 300)
      await assert.rejects(exec('exec >&- 2>&-; sleep 5', { signal: late.signal }), (thrown) => thrown === reason)
    })
  })
})
