import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { extract, pack } from 'tar-stream'
import {
  BadRequestError,
  ConflictError,
  DockerApiError,
  NotFoundError,
  type AttachedStream,
  type DockerClient,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { startWatch } from '../../support/watch.ts'
import { printing } from '../harness/image.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** Connections that this process has open to the daemon. */
function connections({ daemon }: BusyboxEngine): number {
  type Handle = { remotePort?: number }
  const handles = (process as unknown as { _getActiveHandles(): Handle[] })._getActiveHandles()
  return handles.filter(({ remotePort }) => remotePort === daemon.place.port).length
}

/** A container that is attached to before it starts. */
async function startAttached({ docker, image }: BusyboxEngine, config: object): Promise<[AttachedStream, string]> {
  const { Id } = await docker.containers.create({ Image: image, ...config })
  const stream = await docker.containers.attach(Id, { stdin: true })
  await docker.containers.start(Id)
  return [stream, Id]
}

async function namesOf(tar: NodeJS.ReadableStream): Promise<string[]> {
  const names: string[] = []
  for await (const entry of tar.pipe(extract())) {
    names.push(entry.header.name)
    entry.resume()
  }
  return names
}

/** One file, `folder`. */
function fileTar(): ReturnType<typeof pack> {
  const tar = pack()
  tar.entry({ name: 'folder' }, 'a file')
  tar.finalize()
  return tar
}

describe('streams of containers', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  /** A container that says a few things and ends. */
  async function ended(script: string, config: object = {}): Promise<string> {
    const id = await engine.start({ Cmd: printing(script), ...config })
    await docker.containers.wait(id)
    return id
  }

  describe('logs', () => {
    test('of both streams, of one, by time, with their times, and the last of them', async () => {
      const LogConfig = { Type: 'json-file', Config: { labels: 'stage' } }
      const config = { Labels: { stage: 'one' }, HostConfig: { LogConfig } }
      const id = await ended('echo one; sleep 0.2; echo two >&2; sleep 1.1; echo three', config)
      const logs = (options: object = {}): Promise<string> =>
        docker.containers.logs(id, options).then((log) => log.text())
      assert.equal(await logs(), 'one\ntwo\nthree\n')
      assert.equal(await logs({ stdout: false }), 'two\n')
      assert.equal(await logs({ stderr: false }), 'one\nthree\n')
      assert.equal(await logs({ tail: 1 }), 'three\n')
      assert.equal(await logs({ tail: 'all' }), 'one\ntwo\nthree\n')
      assert.equal(await logs({ details: true, tail: 1 }), 'stage=one three\n')
      const stamped = (await logs({ timestamps: true })).trim().split('\n')
      assert.match(stamped[0] ?? '', /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z one$/)
      const third = stamped[2]?.split(' ')[0] ?? ''
      assert.equal(await logs({ since: third }), 'three\n')
      assert.equal(await logs({ since: new Date(Date.parse(third) - 500) }), 'three\n')
      assert.equal(await logs({ since: '1h' }), 'one\ntwo\nthree\n')
      assert.equal(await logs({ since: '1us' }), '')
      assert.equal(await logs({ until: '1h' }), '')
      assert.equal(await logs({ until: (Date.parse(third) - 500) / 1000 }), 'one\ntwo\n')
      const collected = await (await docker.containers.logs(id)).collect()
      assert.deepEqual([collected.stdout.toString(), collected.stderr.toString()], ['one\nthree\n', 'two\n'])
      await assert.rejects(logs({ stdout: false, stderr: false }), BadRequestError)
      await assert.rejects(Promise.resolve(docker.containers.logs('nothing')), NotFoundError)
    })

    test('line by line, whatever the pieces, and without an end at the end', async () => {
      const id = await ended('printf "a\\r\\nb"; printf "c\\n\\nd"')
      const lines: string[] = []
      for await (const line of (await docker.containers.logs(id)).lines()) lines.push(line)
      assert.deepEqual(lines, ['a', 'bc', '', 'd'])
    })

    test('followed: they come as they are said, leaving the loop ends the request, and so does an abort', async () => {
      const id = await engine.start({ Cmd: ['sh', '-c', 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done'] })
      const open = connections(engine)
      const seen: string[] = []
      for await (const { data } of docker.containers.logs(id, { follow: true })) {
        seen.push(...data.toString().trim().split('\n'))
        if (seen.length >= 3) break
      }
      assert.deepEqual(seen.slice(0, 3), ['0', '1', '2'])
      const reason = new Error('enough')
      const stop = new AbortController()
      await assert.rejects(
        async () => {
          for await (const _ of docker.containers.logs(id, { follow: true, signal: stop.signal })) stop.abort(reason)
        },
        (thrown) => thrown === reason,
      )
      const closed = await docker.containers.logs(id, { follow: true })
      await closed.close()
      {
        await using disposed = await docker.containers.logs(id, { follow: true })
        assert.equal(disposed.tty, false)
      }
      await delay(100)
      assert.ok(connections(engine) <= open, `${connections(engine)} connections are open, and were ${open}`)
      await docker.containers.remove(id, { force: true })
    })

    test('followed to its end', async () => {
      const id = await engine.start({ Cmd: printing('echo first; sleep 0.3; echo last') })
      assert.equal(await soon('the end', (await docker.containers.logs(id, { follow: true })).text()), 'first\nlast\n')
    })

    test('of a terminal: raw, from the first byte on', async () => {
      const id = await ended('echo 12345678; echo err >&2', { Tty: true })
      const log = await docker.containers.logs(id)
      assert.equal(log.tty, true)
      assert.equal(await log.text(), '12345678\r\nerr\r\n')
    })

    test('written to where they belong', async () => {
      const id = await ended('echo out; echo err >&2')
      const [out, err] = [new PassThrough(), new PassThrough()]
      await (await docker.containers.logs(id)).copyTo(out, err)
      assert.deepEqual([out.read()?.toString(), err.read()?.toString()], ['out\n', 'err\n'])
      assert.deepEqual([out.writableEnded, err.writableEnded], [false, false])
    })

    test('by API versions that have no content types', async (t) => {
      const plain = await ended('echo out; echo err >&2')
      const terminal = await ended('echo 12345678', { Tty: true })
      for (const apiVersion of ['1.40', '1.41', '1.42']) {
        const older = await engine.connect({ apiVersion })
        t.after(() => older.close())
        const log = await (await older.containers.logs(plain)).collect()
        assert.deepEqual([log.stdout.toString(), log.stderr.toString()], ['out\n', 'err\n'], apiVersion)
        assert.equal(await (await older.containers.logs(terminal)).text(), '12345678\r\n', apiVersion)
      }
    })
  })

  describe('attach', () => {
    const openStdin = { OpenStdin: true, StdinOnce: true }

    test('before the start: nothing is missed, and both streams are told apart', async () => {
      const [stream] = await startAttached(engine, { Cmd: printing('echo out; echo err >&2') })
      const { stdout, stderr } = await soon('its output', stream.collect())
      assert.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n'])
    })

    test('half closed: 8 MiB through cat come back whole', async () => {
      const [stream] = await startAttached(engine, { Cmd: ['cat'], ...openStdin })
      const input = Buffer.alloc(8 * 1024 ** 2, 'abcdefgh\n')
      const output = stream.collect()
      stream.stdin.end(input)
      const { stdout } = await soon('cat', output)
      assert.ok(stdout.equals(input), `${stdout.length} bytes came back of ${input.length}`)
    })

    test('a program that ends before it has read its input gives what it said', async () => {
      const [stream, id] = await startAttached(engine, { Cmd: ['head', '-c', '10'], ...openStdin })
      const output = stream.collect()
      stream.stdin.end(Buffer.alloc(4 * 1024 ** 2, 'x'))
      assert.equal((await soon('head', output)).stdout.toString(), 'xxxxxxxxxx')
      assert.equal((await docker.containers.wait(id)).StatusCode, 0)
    })

    test('of a terminal: what is typed comes back, raw', async () => {
      const [stream, id] = await startAttached(engine, { Cmd: ['cat'], Tty: true, OpenStdin: true })
      assert.equal(stream.tty, true)
      stream.stdin.write('12345678\n')
      let said = ''
      for await (const { data } of stream) {
        said += data.toString()
        if (said.endsWith('12345678\r\n12345678\r\n')) break
      }
      assert.equal(said, '12345678\r\n12345678\r\n')
      await docker.containers.remove(id, { force: true })
    })

    test('of a terminal: the end of the input is not told, and cuts nothing off', async () => {
      const cmd = printing('read x; sleep 0.5; echo got $x; read y; echo end')
      const [stream, id] = await startAttached(engine, { Cmd: cmd, Tty: true, ...openStdin })
      stream.stdin.end('abc\n\u0004')
      assert.match(await soon('what comes after it', stream.text()), /got abc\r\nend\r\n$/)
      const exec = await engine.start({ Cmd: ['sleep', '60'] })
      const typed = await docker.exec.create(exec, { Cmd: cmd, Tty: true, AttachStdin: true, AttachStdout: true })
      const started = await docker.exec.start(typed.Id, { Tty: true })
      started.stdin.end('abc\n\u0004')
      assert.match(await soon('what comes after it', started.text()), /got abc\r\nend\r\n$/)
      await docker.containers.remove(id, { force: true })
      await docker.containers.remove(exec, { force: true })
    })

    test('without its input, writing to that is an error, and ending it none', async () => {
      const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['cat'], ...openStdin })
      const stream = await docker.containers.attach(Id)
      await docker.containers.start(Id)
      stream.stdin.end('lost\n')
      const asksForIt = { code: 'ERR_ARGUMENT_INVALID', message: /stdin: true/ }
      await assert.rejects(soon('its refusal', stream.text()), asksForIt)
      const socket = await docker.containers.attachWebSocket(Id)
      socket.stdin.write('lost\n')
      await assert.rejects(soon('its refusal', socket.text()), asksForIt)
      await docker.containers.remove(Id, { force: true })
      const [silent, says] = [await engine.start({ Cmd: printing('sleep 0.5; echo late') }), 'late\n']
      const listening = await docker.containers.attach(silent)
      listening.stdin.end()
      assert.equal(await soon('its output', listening.text()), says)
    })

    test('what it has said before comes first where it is asked for', async () => {
      const id = await engine.start({ Cmd: printing('echo early; sleep 1; echo late') })
      await delay(300)
      const stream = await docker.containers.attach(id, { logs: true })
      assert.equal(await soon('its output', stream.text()), 'early\nlate\n')
      const onlyLogs = await docker.containers.attach(id, { logs: true, stream: false })
      assert.equal(await soon('its log', onlyLogs.text()), 'early\nlate\n')
    })

    test('a refusal comes in plain text, and is an error like others', async () => {
      await assert.rejects(docker.containers.attach('nothing'), (error: unknown) => {
        assert.ok(error instanceof NotFoundError, String(error))
        assert.equal(error.daemonMessage, 'No such container: nothing')
        return true
      })
      await assert.rejects(docker.containers.attach('nothing', { detachKeys: 'ctrl-' }), BadRequestError)
    })

    test('an abort ends the connection for its own reason, at every stage', async () => {
      const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['sleep', '1000'] })
      const reason = { any: 'thing' }
      await assert.rejects(
        docker.containers.attach(Id, { signal: AbortSignal.abort(reason) }),
        (thrown) => thrown === reason,
      )
      const early = new AbortController()
      const call = docker.containers.attach(Id, { signal: early.signal })
      early.abort(reason)
      await assert.rejects(call, (thrown) => thrown === reason)
      await docker.containers.start(Id)
      const open = connections(engine)
      const late = new AbortController()
      const stream = await docker.containers.attach(Id, { signal: late.signal, stdin: true })
      setTimeout(() => late.abort(new Error('late')), 50)
      await assert.rejects(soon('the end', stream.collect()), { message: 'late' })
      await delay(50)
      assert.ok(stream.stdin.destroyed, 'there is nothing to write to any more')
      assert.ok(connections(engine) <= open, 'the connection is closed')
      await docker.containers.remove(Id, { force: true })
    })

    test('left early: the connection ends, and the container goes on', async () => {
      const id = await engine.start({ Cmd: ['sh', '-c', 'while true; do echo x; sleep 0.05; done'] })
      const open = connections(engine)
      for await (const _ of await docker.containers.attach(id)) break
      const unread = await docker.containers.attach(id)
      await unread.close()
      await delay(50)
      assert.ok(connections(engine) <= open, 'the connections are closed')
      assert.equal((await docker.containers.inspect(id)).State.Running, true)
      await docker.containers.remove(id, { force: true })
    })
  })

  describe('attach by web socket', () => {
    test('output, and input without an end', async () => {
      const { Id } = await docker.containers.create({ Image: engine.image, Cmd: ['head', '-n', '2'], OpenStdin: true })
      const stream = await docker.containers.attachWebSocket(Id, { stdin: true })
      await docker.containers.start(Id)
      stream.stdin.write('one\n')
      stream.stdin.write('two\n')
      assert.equal(await soon('its output', stream.text()), 'one\ntwo\n')
    })

    test('4 MiB there and back', async () => {
      const size = 4 * 1024 ** 2
      const { Id } = await docker.containers.create({
        Image: engine.image,
        Cmd: ['head', '-c', String(size)],
        OpenStdin: true,
      })
      const stream = await docker.containers.attachWebSocket(Id, { stdin: true })
      await docker.containers.start(Id)
      const input = Buffer.alloc(size, 'abcdefgh\n')
      const output = stream.collect()
      stream.stdin.write(input)
      const { stdout } = await soon('its output', output)
      assert.ok(stdout.equals(input), `${stdout.length} bytes came back`)
    })

    test('a reader that is slow holds the container up', async () => {
      const Cmd = ['dd', 'if=/dev/zero', 'bs=65536', 'count=800']
      const { Id } = await docker.containers.create({
        Image: engine.image,
        Cmd,
        HostConfig: { LogConfig: { Type: 'none' } },
      })
      for (const attach of ['attach', 'attachWebSocket'] as const) {
        const stream = await docker.containers[attach](Id, { stderr: false })
        await docker.containers.start(Id)
        let bytes = 0
        for await (const { data } of stream) {
          if (bytes === 0) {
            await delay(1_000)
            assert.equal((await docker.containers.inspect(Id)).State.Running, true, `${attach}: it is not held up`)
          }
          bytes += data.length
        }
        assert.equal(bytes, 65_536 * 800, attach)
        await docker.containers.wait(Id)
      }
    })

    test('one stream of the two', async () => {
      const { Id } = await docker.containers.create({
        Image: engine.image,
        Cmd: printing('echo out; echo err >&2'),
      })
      const stream = await docker.containers.attachWebSocket(Id, { stdout: false })
      await docker.containers.start(Id)
      assert.equal(await soon('its output', stream.text()), 'err\n')
      const id = await ended('echo a; echo b')
      assert.equal(await (await docker.containers.attachWebSocket(id, { logs: true, stream: false })).text(), 'a\nb\n')
    })

    test('a refusal, an abort and the end of the client', async () => {
      await assert.rejects(docker.containers.attachWebSocket('nothing'), (error: unknown) => {
        assert.ok(error instanceof NotFoundError, String(error))
        assert.equal(error.daemonMessage, 'No such container: nothing')
        return true
      })
      const id = await engine.start({ Cmd: ['sleep', '1000'] })
      const reason = { any: 'thing' }
      await assert.rejects(
        docker.containers.attachWebSocket(id, { signal: AbortSignal.abort(reason) }),
        (thrown) => thrown === reason,
      )
      const early = new AbortController()
      const call = docker.containers.attachWebSocket(id, { signal: early.signal })
      early.abort(reason)
      await assert.rejects(call, (thrown) => thrown === reason)
      const open = connections(engine)
      const late = new AbortController()
      const stream = await docker.containers.attachWebSocket(id, { signal: late.signal })
      setTimeout(() => late.abort(new Error('late')), 50)
      await assert.rejects(soon('the end', stream.collect()), { message: 'late' })
      await delay(50)
      assert.ok(connections(engine) <= open, 'the connection is closed')
      const other = await engine.connect()
      const unclosed = await other.containers.attachWebSocket(id)
      const rejected = assert.rejects(soon('the end', unclosed.collect()))
      await other.close()
      await rejected
      await docker.containers.pause(id)
      await assert.rejects(docker.containers.attachWebSocket(id), ConflictError)
      await docker.containers.remove(id, { force: true })
    })

    test('an older API attaches to everything, and can not do less', async (t) => {
      const older = await engine.connect({ apiVersion: '1.41' })
      t.after(() => older.close())
      const { Id } = await docker.containers.create({
        Image: engine.image,
        Cmd: printing('echo out; echo err >&2'),
      })
      await assert.rejects(older.containers.attachWebSocket(Id, { stdout: false }), { code: 'ERR_API_FIELD_TOO_NEW' })
      const stream = await older.containers.attachWebSocket(Id, { stdin: true })
      await docker.containers.start(Id)
      assert.match(await soon('its output', stream.text()), /^(out\nerr|err\nout)\n$/)
    })
  })

  describe('statistics', () => {
    test('every second until it is removed, or once', async () => {
      const id = await engine.start()
      const once_ = await docker.containers.statsOnce(id)
      assert.equal(once_.id, id)
      assert.ok((once_.memory_stats.usage ?? 0) > 0, JSON.stringify(once_.memory_stats))
      assert.ok((once_.precpu_stats?.system_cpu_usage ?? 0) > 0, 'there is a reading before')
      const began = startWatch()
      const quick = await docker.containers.statsOnce(id, { oneShot: true })
      assert.ok(began() < 900, 'it does not wait for a second reading')
      assert.equal(quick.precpu_stats?.system_cpu_usage, undefined)
      assert.ok((quick.networks?.['eth0']?.rx_packets ?? -1) >= 0, JSON.stringify(quick.networks))
      let count = 0
      for await (const { cpu_stats } of docker.containers.stats(id)) {
        assert.ok(cpu_stats.cpu_usage.total_usage >= 0, 'it has used CPU time')
        if (++count === 2) break
      }
      const rest = docker.containers.stats(id)
      const all: unknown[] = []
      const reading = (async () => {
        for await (const one of rest) all.push(one)
      })()
      await delay(1_200)
      await docker.containers.remove(id, { force: true })
      await soon('the end', reading)
      assert.ok(all.length > 0, 'there were readings')
      await assert.rejects(Promise.resolve(docker.containers.stats(id)), NotFoundError)
    })
  })

  describe('tars', () => {
    test('export: all files; or as many as are wanted', async () => {
      const id = await ended('echo x > /exported')
      const names = await namesOf(await docker.containers.export(id))
      assert.ok(names.includes('exported') && names.includes('bin/busybox'), names.slice(0, 9).join())
      const open = connections(engine)
      const tar = await docker.containers.export(id)
      for await (const _ of tar) break
      const unread = await docker.containers.export(id)
      unread.destroy()
      await delay(100)
      assert.ok(connections(engine) <= open, 'the connections are closed')
      await assert.rejects(docker.containers.export('nothing'), NotFoundError)
    })

    test('archive: what is there, down and up', async () => {
      const { archive } = docker.containers
      const id = await ended('mkdir -p /a/b; echo hello > /a/b/c; ln -s b/c /a/link; chmod 600 /a/b/c')
      const file = await archive.stat(id, '/a/b/c')
      assert.deepEqual([file.name, file.size, file.mode & 0o777, file.linkTarget], ['c', 6, 0o600, ''])
      assert.ok(Math.abs(Date.parse(file.mtime) - Date.now()) < 60_000, file.mtime)
      const link = await archive.stat(id, '/a/link')
      assert.deepEqual([link.name, link.linkTarget, (link.mode & (1 << 27)) !== 0], ['link', '/a/b/c', true])
      assert.equal((await archive.stat(id, 'a')).mode >>> 31, 1)
      const { stat, tar } = await archive.get(id, '/a')
      assert.equal(stat.name, 'a')
      assert.deepEqual(await namesOf(tar), ['a/', 'a/b/', 'a/b/c', 'a/link'])
      const up = pack()
      up.entry({ name: 'd/e.txt', mode: 0o640, uid: 7, gid: 8 }, 'there')
      up.finalize()
      await archive.put(id, '/a', up)
      const put = await archive.get(id, '/a/d/e.txt')
      const entries = put.tar.pipe(extract())
      for await (const entry of entries) {
        assert.deepEqual([entry.header.uid, entry.header.gid, entry.header.mode], [7, 8, 0o640])
        assert.equal(await text(entry), 'there')
      }
    })

    test('archive: what can not be', async () => {
      const { archive } = docker.containers
      const id = await ended('echo x > /file; mkdir /folder')
      for (const call of [
        () => archive.stat(id, '/none'),
        () => archive.get(id, '/none'),
        () => archive.stat('none', '/'),
      ]) {
        await assert.rejects(call(), NotFoundError)
      }
      await assert.rejects(archive.put(id, '/none', fileTar()), NotFoundError)
      await assert.rejects(archive.put(id, '/file', fileTar()), (error: unknown) => {
        assert.ok(error instanceof DockerApiError, String(error))
        assert.match(error.daemonMessage ?? '', /not a directory/)
        return true
      })
      await assert.rejects(archive.put(id, '/', fileTar(), { noOverwriteDirNonDir: true }))
      await assert.rejects(archive.put(id, '/', Buffer.from('no tar at all'.repeat(100))))
      await assert.rejects(archive.stat(id, ''), { code: 'ERR_ARGUMENT_INVALID' })
      const { Id: readOnly } = await docker.containers.create({
        Image: engine.image,
        HostConfig: { ReadonlyRootfs: true },
      })
      await assert.rejects(archive.put(readOnly, '/', fileTar()), (error: unknown) => {
        assert.ok(error instanceof DockerApiError, String(error))
        assert.match(error.daemonMessage ?? '', /read-only/)
        return true
      })
      // A big body to where it can't go: the refusal is told, and not that the connection broke.
      const chunk = Buffer.alloc(65_536)
      const big = Readable.from(
        (function* chunks() {
          for (let count = 0; count < 400; count++) yield chunk
        })(),
      )
      await assert.rejects(soon('the refusal', archive.put(id, '/none', big)), NotFoundError)
    })
  })

  test('a wait is silent for as long as it takes, and ends by an abort', async () => {
    const id = await engine.start()
    const stop = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => stop.abort(reason), 300)
    await assert.rejects(docker.containers.wait(id, { signal: stop.signal }), (thrown) => thrown === reason)
    await docker.containers.remove(id, { force: true })
  })
})
