import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  StreamError,
  type DockerClient,
  type ExecCreateRequest,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { testedEngine } from '../harness/engine.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { published } from '../support/published.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const BOTH = { AttachStdout: true, AttachStderr: true }

/** The paths that are asked for while something runs. */
async function asked(run: () => Promise<unknown>): Promise<string[]> {
  return (await published(run)).map(({ path }) => path.replace(/^\/v[\d.]+/, '').replace(/[0-9a-f]{64}/, 'ID'))
}

describe('exec', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  let container: string
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
    container = await engine.start()
  })
  after(() => engine?.stop())

  async function create(exec: ExecCreateRequest): Promise<string> {
    return (await docker.exec.create(container, exec)).Id
  }

  test('output, told apart and in order, its input, and how it ended', async () => {
    const Cmd = ['sh', '-c', 'cat; echo err >&2; exit 5']
    const id = await create({ Cmd, ...BOTH, AttachStdin: true, Env: ['A=1'], User: 'nobody', WorkingDir: '/tmp' })
    const created = await docker.exec.inspect(id)
    assert.deepEqual([created.Running, created.ExitCode, created.ContainerID], [false, null, container])
    assert.deepEqual(created.ProcessConfig.arguments, Cmd.slice(1))
    assert.equal(created.ProcessConfig.user, 'nobody')
    const stream = await docker.exec.start(id)
    assert.equal(stream.tty, false)
    stream.stdin.end('in\n')
    const { stdout, stderr } = await soon('its output', stream.collect())
    assert.deepEqual([stdout.toString(), stderr.toString()], ['in\n', 'err\n'])
    await delay(50)
    const { Running, ExitCode, Pid } = await docker.exec.inspect(id)
    assert.deepEqual([Running, ExitCode], [false, 5])
    assert.ok(Pid > 0, 'it was a process')
  })

  test('half closed: 8 MiB through cat come back whole', async () => {
    const stream = await docker.exec.start(await create({ Cmd: ['cat'], ...BOTH, AttachStdin: true }))
    const input = Buffer.alloc(8 * 1024 ** 2, 'abcdefgh\n')
    const output = stream.collect()
    stream.stdin.end(input)
    const { stdout } = await soon('cat', output)
    assert.ok(stdout.equals(input), `${stdout.length} bytes came back`)
  })

  test('a terminal: raw from the first byte, of the size that was asked for, and resized', async () => {
    const script = 'echo 12345678; stty size; read x; stty size'
    const id = await create({
      Cmd: ['sh', '-c', script],
      ...BOTH,
      AttachStdin: true,
      Tty: true,
      ConsoleSize: [30, 100],
    })
    const stream = await docker.exec.start(id, { Tty: true, ConsoleSize: [40, 120] })
    assert.equal(stream.tty, true)
    let said = ''
    for await (const { data } of stream) {
      said += data.toString()
      if (!said.endsWith('40 120\r\n')) continue
      await docker.exec.resize(id, { h: 50, w: 150 })
      stream.stdin.write('\n')
    }
    assert.equal(said, '12345678\r\n40 120\r\n\r\n50 150\r\n')
  })

  test('an older API has no content type, and no size', async (t) => {
    const older = await engine.connect({ apiVersion: '1.41' })
    t.after(() => older.close())
    const raw = await older.exec.start(await create({ Cmd: ['echo', '12345678'], ...BOTH, Tty: true }), { Tty: true })
    assert.equal(await soon('a terminal', raw.text()), '12345678\r\n')
    const framed = await older.exec.start(await create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'], ...BOTH }))
    assert.equal((await soon('frames', framed.collect())).stderr.toString(), 'err\n')
    const sized = { Cmd: ['true'], Tty: true, ConsoleSize: [1, 1] as const }
    await assert.rejects(older.exec.create(container, sized), { code: 'ERR_API_FIELD_TOO_NEW' })
    await assert.rejects(older.exec.start('x', { ConsoleSize: [1, 1] }), { code: 'ERR_API_FIELD_TOO_NEW' })
  })

  describe('one that can not start', () => {
    const rows: [string, Partial<ExecCreateRequest>, RegExp][] = [
      ['no such program', { Cmd: ['/no/such/program'] }, /no such file or directory/],
      ['not in PATH', { Cmd: ['nosuchprogram'] }, /not found in \$PATH/],
      ['not executable', { Cmd: ['/etc/passwd'] }, /permission denied/],
      ['no such folder', { Cmd: ['true'], WorkingDir: '/no/such/folder' }, /no such file or directory/],
      ['no such user', { Cmd: ['true'], User: 'nosuchuser' }, /unable to find user nosuchuser/],
    ]
    for (const [name, exec, says] of rows) {
      for (const Tty of [false, true]) {
        test(`${name}${Tty ? ', with a terminal' : ''}`, async () => {
          // Docker 28 looks for the user when the exec is created.
          if (exec.User !== undefined && testedEngine().major >= 28) {
            await assert.rejects(create({ Cmd: [], ...BOTH, ...exec, Tty }), { daemonMessage: says })
            return
          }
          const id = await create({ Cmd: [], ...BOTH, ...exec, Tty })
          const stream = await docker.exec.start(id, { Tty })
          await assert.rejects(soon('its end', stream.collect()), (error: unknown) => {
            assert.ok(error instanceof StreamError, String(error))
            assert.equal(error.code, 'ERR_API_EXEC_FAILED')
            assert.match(error.daemonMessage ?? '', says)
            assert.match(error.got, /\(exit code (126|127|128)\)/)
            return true
          })
          const { ExitCode, Pid } = await docker.exec.inspect(id)
          assert.deepEqual([ExitCode === 126 || ExitCode === 127, Pid], [true, 0], String(ExitCode))
        })
      }
    }

    test('nor when nobody reads its output; then its exit code says so', async () => {
      const id = await create({ Cmd: ['/no/such/program'] })
      const stream = await docker.exec.start(id)
      await assert.rejects(soon('its end', stream.collect()), { code: 'ERR_API_EXEC_FAILED' })
    })

    test('twice', async () => {
      const id = await create({ Cmd: ['true'], ...BOTH })
      await (await docker.exec.start(id)).collect()
      await delay(50)
      await assert.rejects((await docker.exec.start(id)).collect(), (error: unknown) => {
        assert.ok(error instanceof StreamError, String(error))
        assert.match(error.daemonMessage ?? '', /has already run$/)
        assert.match(error.todo, /docker\.exec\.create/)
        return true
      })
    })
  })

  test('programs that only look as if they had not started', async () => {
    const rows: [string[], number, string][] = [
      [['sh', '-c', 'exit 127'], 127, ''],
      [['sh', '-c', 'nosuchprogram 2>&1; exit 126'], 126, 'sh: nosuchprogram: not found\n'],
      [['printf', 'OCI runtime exec failed: it is a lie\\r\\n'], 0, 'OCI runtime exec failed: it is a lie\r\n'],
    ]
    for (const [Cmd, code, says] of rows) {
      const id = await create({ Cmd, ...BOTH })
      assert.equal(await (await docker.exec.start(id)).text(), says)
      await delay(50)
      assert.equal((await docker.exec.inspect(id)).ExitCode, code)
    }
  })

  test('an ordinary one costs no request to know that it started', async () => {
    for (const [Tty, script] of [
      [false, 'echo hello'],
      [false, 'true'],
      [true, 'echo hello'],
      [false, 'echo hello; printf "x\\r\\n" >&2'],
    ] as const) {
      const id = await create({ Cmd: ['sh', '-c', script], ...BOTH, Tty })
      const paths = await asked(async () => (await docker.exec.start(id, { Tty })).collect())
      assert.deepEqual(paths, ['/exec/ID/start'], script)
    }
  })

  test('detached', async () => {
    const id = await create({ Cmd: ['sh', '-c', 'echo x > /detached'] })
    await docker.exec.startDetached(id)
    for (let tries = 0; (await docker.exec.inspect(id)).Running && tries < 100; tries++) await delay(20)
    assert.equal((await docker.containers.archive.stat(container, '/detached')).size, 2)
    await assert.rejects(docker.exec.startDetached(id), ConflictError)
    await assert.rejects(docker.exec.startDetached(await create({ Cmd: ['/no/such/program'] })), BadRequestError)
  })

  test('what is not there, is paused, or can not be meant', async () => {
    await assert.rejects(docker.exec.create('nothing', { Cmd: ['true'] }), NotFoundError)
    await assert.rejects(docker.exec.create(container, { Cmd: [] }), BadRequestError)
    await assert.rejects(docker.exec.start('nothing'), NotFoundError)
    await assert.rejects(docker.exec.startDetached('nothing'), NotFoundError)
    await assert.rejects(docker.exec.inspect('nothing'), NotFoundError)
    await assert.rejects(docker.exec.resize('nothing', { h: 1, w: 1 }), NotFoundError)
    const other = await engine.start()
    const { Id } = await docker.exec.create(other, { Cmd: ['true'] })
    await docker.containers.pause(other)
    await assert.rejects(docker.exec.create(other, { Cmd: ['true'] }), ConflictError)
    await assert.rejects(docker.exec.start(Id), ConflictError)
    await docker.containers.unpause(other)
    await docker.containers.remove(other, { force: true })
    await assert.rejects(docker.exec.start(Id), NotFoundError)
  })

  test('an abort ends the connection for its own reason', async () => {
    const stop = new AbortController()
    const stream = await docker.exec.start(
      await create({ Cmd: ['sleep', '1000'], ...BOTH }),
      {},
      { signal: stop.signal },
    )
    const reason = new Error('enough')
    setTimeout(() => stop.abort(reason), 50)
    await assert.rejects(soon('the end', stream.collect()), (thrown) => thrown === reason)
  })
})
