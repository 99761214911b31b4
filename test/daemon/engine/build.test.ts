import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, readlink, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pack } from 'tar-stream'
import {
  BadRequestError,
  BuildError,
  BuildFailedError,
  connect,
  type BuildEvent,
  type BuildSource,
  type DockerClient,
  type ImageBuildOptions,
} from '../../../lib/index.ts'
import { runCommand } from '../../support/command.ts'
import { leaksOf, tracesOf } from '../../support/leaks.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'
import { dockerLocally } from '../harness/docker-cli.ts'
import { IMAGE, printing } from '../harness/image.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { startTokenRegistry } from '../support/token-registry.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const skipRegistry = skip || lacks('docker-registry', 'htpasswd')
const BUILDERS = ['buildkit', 'classic'] as const
const ID = /^sha256:[0-9a-f]{64}$/
const MIB = 2 ** 20

/** What a build said and made. */
interface Built {
  readonly ID: string
  readonly events: readonly BuildEvent[]
  /** What its steps printed. */
  readonly log: string
}

const logOf = (events: readonly BuildEvent[]): string =>
  events.map((event) => (event.type === 'log' ? event.text : '')).join('')

/** What a step printed between two marks: no builder's own words. */
const between = (log: string): string[] => /BEGIN\n(.*)END\n/s.exec(log)?.[1]?.split('\n').slice(0, -1) ?? []

/** Every file below /c, with all that a context may hand on. */
const LIST = `cd /c && find . | sort | while read -r f; do stat -c '%n %a %u:%g %F' "$f"; [ -h "$f" ] && readlink "$f"; [ -f "$f" ] && ! [ -h "$f" ] && stat -c %Y "$f" && md5sum < "$f"; done`

async function folderOf(t: Cleanable, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

/** The connections of this process, among its open handles. */
const connections = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe/.test(name)).length

describe('images.build', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function built(source: BuildSource, options: ImageBuildOptions = {}): Promise<Built> {
    const progress = docker.images.build(source, options)
    const events: BuildEvent[] = []
    for await (const event of progress) events.push(event)
    return { ...(await progress), events, log: logOf(events) }
  }

  /** The Docker CLI's classic builder: buildx would be needed for the other. */
  async function builtByCli(folder: string): Promise<string> {
    const env = { DOCKER_BUILDKIT: '0' }
    const { code, stdout, stderr } = await dockerLocally(engine.daemon, ['build', '--no-cache', folder], { env })
    assert.equal(code, 0, stderr)
    return /Successfully built (\w+)/.exec(stdout)?.[1] ?? ''
  }

  /** What a step has written into the image: on a busy machine dockerd loses some of what a short program prints. */
  async function listIn(image: string): Promise<string[]> {
    const { Id } = await docker.containers.create({ Image: image, Cmd: ['true'] })
    const file = join(tmpdir(), Id)
    try {
      await docker.containers.copyFrom(Id, '/list', file)
      return (await readFile(file, 'utf8')).split('\n').slice(0, -1)
    } finally {
      await rm(file, { force: true })
      await docker.containers.remove(Id)
    }
  }

  const listsByCli = new Map<string, string[]>()

  /** As {@link listIn}, of the image that Docker's own command builds: once for all folders with these contents. */
  async function listByCli(folder: string, contents: string): Promise<string[]> {
    const list = listsByCli.get(contents) ?? (await listIn(await builtByCli(folder)))
    listsByCli.set(contents, list)
    return list
  }

  for (const builder of BUILDERS) {
    describe(`by the ${builder} builder`, () => {
      test('gives the image’s id, and names it', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY a /a\nLABEL x=y\n`, a: 'content' })
        const t1 = `made:${builder}`
        const { ID: id } = await docker.images.build(folder, { builder, t: [t1, 'made:too'], labels: { one: '1' } })
        assert.match(id, ID)
        const image = await docker.images.inspect(t1)
        assert.equal(image.Id, id)
        assert.deepEqual(image.Config?.Labels, { one: '1', x: 'y' })
        assert.ok(image.RepoTags?.includes('made:too'), 'it has both names')
        const { stdout } = await dockerLocally(engine.daemon, [
          'run',
          '--rm',
          '--network=none',
          id,
          ...printing('cat /a'),
        ])
        assert.equal(stdout, 'content')
      })

      test('takes the stage and the arguments that it is told', async (t) => {
        const dockerfile = `FROM ${IMAGE} AS one\nARG who\nRUN (echo "$who") > /list\nFROM one AS two\nRUN exit 1\n`
        const folder = await folderOf(t, { Dockerfile: dockerfile })
        const { ID: id } = await built(folder, { builder, target: 'one', buildargs: { who: 'a "b" & ü' } })
        assert.deepEqual(await listIn(id), ['a "b" & ü'])
      })

      test('copies what Docker’s own command copies', async (t) => {
        const folder = await folderOf(t, {
          Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\nRUN (${LIST}) > /list\n`,
          '.dockerignore': '# no\n**.pem\n/skip\n!skip/kept\nDockerfile\n.dockerignore\n*.log\n!important.log\na[1]',
          'skip/kept': '1',
          'skip/not': '2',
          'a/key.pem': '3',
          'key.pem': '4',
          'a/b/c.log': '5',
          'x.log': '6',
          'important.log': '7',
          a1: '8',
          'ü/\u{1F600} x\\y': '9',
          [`long/${'n'.repeat(120)}/${'m'.repeat(120)}`]: '10',
        })
        await chmod(join(folder, 'important.log'), 0o751)
        await utimes(join(folder, 'important.log'), 1_000_000_000, 1_000_000_000)
        await symlink('/etc/passwd', join(folder, 'link'))
        await symlink('a', join(folder, 'to-a'))
        const ours = await listIn((await built(folder, { builder, nocache: true })).ID)
        assert.ok(ours.length > 20, ours.join('\n'))
        assert.deepEqual(ours, await listIn(await builtByCli(folder)))
      })

      test('leaves out what Docker’s own command leaves out', async (t) => {
        const rows = [
          '*\n!a',
          'a\n!a/b',
          'a/b\n!a',
          '**/x',
          '*/x',
          'a*',
          '*\n!a/b/x\na/b',
          '[ab]',
          '!a\na',
          'a/**\n!a/b/**',
        ]
        const files = ['a/b/x', 'a/b/y', 'a/x', 'b/x', 'b/y', 'ab', 'x', 'y']
        // No exceptions with wildcards below what is left out: for them BuildKit looks into the folder, as its
        // documentation says, and Docker's classic command does not.
        for (const ignore of rows) {
          const folder = await folderOf(t, {
            Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\nRUN (cd /c; find . -type f | sort) > /list\n`,
            '.dockerignore': `${ignore}\nDockerfile\n.dockerignore`,
            ...Object.fromEntries(files.map((name) => [name, name])),
            keep: '',
          })
          const ours = await listIn((await built(folder, { builder, nocache: true })).ID)
          assert.deepEqual(ours, await listByCli(folder, ignore), JSON.stringify(ignore))
        }
      })

      test('takes a Dockerfile from elsewhere, which isn’t in the image', async (t) => {
        const elsewhere = await folderOf(t, {
          'my file': `FROM ${IMAGE}\nCOPY . /c/\nRUN (ls -A /c) > /list\n`,
          'my file.dockerignore': 'not',
        })
        const folder = await folderOf(t, { a: '', not: '' })
        const { ID: id } = await built(folder, { builder, dockerfile: join(elsewhere, 'my file'), nocache: true })
        assert.deepEqual(await listIn(id), ['a'])
      })

      test('takes a tar as it is, also as it comes', async () => {
        const tar = pack()
        tar.entry({ name: 'sub/Dockerfile' }, `FROM ${IMAGE}\nCOPY a /c/\nRUN (cat /c/a; echo) > /list\n`)
        tar.entry({ name: 'a' }, 'from a tar')
        tar.finalize()
        const bytes = Buffer.concat(await Readable.from(tar).toArray())
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
        }
        for (const source of [bytes, Readable.from(pieces()), pieces()]) {
          const { ID: id } = await built(source, { builder, dockerfile: 'sub/Dockerfile', nocache: true })
          assert.deepEqual(await listIn(id), ['from a tar'])
        }
      })

      test('lets the daemon fetch what is somewhere else', async (t) => {
        const text = `FROM ${IMAGE}\nRUN (echo fetched) > /list\n`
        const server = createServer((_, answer) => answer.end(text)).listen(0, '127.0.0.1')
        await once(server, 'listening')
        t.after(() => void server.close())
        const remote = `http://127.0.0.1:${(server.address() as AddressInfo).port}/Dockerfile`
        const { ID: id } = await built({ remote }, { builder, nocache: true })
        assert.deepEqual(await listIn(id), ['fetched'])
      })

      test('says no more than the id where it has to be quiet', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nRUN echo loud\n` })
        const { ID: id, log } = await built(folder, { builder, q: true, nocache: true })
        assert.match(id, ID)
        assert.doesNotMatch(log, /loud/)
      })

      test('says which step failed, with what it printed and its exit code', async (t) => {
        // A loaded dockerd loses what a step of its classic builder prints in its last moment.
        const folder = await folderOf(t, {
          Dockerfile: `FROM ${IMAGE}\nRUN echo before\nRUN echo oh no; echo why >&2; sleep 1; exit 42\n`,
        })
        await assert.rejects(built(folder, { builder, forcerm: true }), (error) => {
          assert.ok(error instanceof BuildFailedError, String(error))
          assert.equal(error.exitCode, 42)
          assert.match(error.step ?? '', /RUN echo oh no; echo why/)
          // What the two streams print at once comes in either order.
          for (const words of ['oh no\n', 'why\n']) assert.ok(error.log.includes(words), error.log)
          assert.doesNotMatch(error.log, /before|Running in|intermediate/)
          assert.match(error.message, /Its last output: .*(oh no|why)$/)
          return true
        })
      })

      test('refuses what is no Dockerfile, at once', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nFETCH x\n`, big: '' })
        await truncate(join(folder, 'big'), 64 * MIB)
        await assert.rejects(soon('the refusal', built(folder, { builder })), (error) => {
          assert.ok(error instanceof (builder === 'classic' ? BadRequestError : BuildFailedError), String(error))
          assert.match(error.daemonMessage ?? '', /unknown instruction: FETCH/i)
          return true
        })
      })

      test('refuses what has no Dockerfile, here or there', async (t) => {
        const folder = await folderOf(t, { a: '' })
        await assert.rejects(built(folder, { builder }), { code: 'ERR_BUILD_DOCKERFILE_INVALID' })
        const tar = pack()
        tar.entry({ name: 'a' }, 'x')
        tar.finalize()
        const bytes = Buffer.concat(await Readable.from(tar).toArray())
        await assert.rejects(built(bytes, { builder }), /Dockerfile/)
        await assert.rejects(built(Buffer.from('no tar at all'), { builder }))
      })

      test('fails with what can’t be sent, by its name', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\n`, a: '' })
        execFileSync('sh', ['-c', 'touch "$(printf "no\\377utf8")"'], { cwd: folder })
        await assert.rejects(built(folder, { builder }), (error) => {
          assert.ok(error instanceof BuildError, String(error))
          assert.equal(error.code, 'ERR_BUILD_CONTEXT_INVALID')
          assert.match(error.message, /no.utf8/)
          return true
        })
      })

      test('ends when its signal says so, with its reason, and the daemon’s step ends, too', async (t) => {
        const seconds = builder === 'classic' ? 4242 : 4243
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nRUN echo going && sleep ${seconds}\n` })
        const abort = new AbortController()
        const reason = new Error('enough')
        const idle = connections()
        const building = (async () => {
          for await (const event of docker.images.build(folder, { builder, signal: abort.signal, nocache: true })) {
            if (event.type !== 'log' || !event.text.startsWith('going')) continue
            while (!(await isRunning(`sleep ${seconds}`))) await delay(10)
            abort.abort(reason)
          }
        })()
        await assert.rejects(soon('the end', building), (error) => error === reason)
        for (let turn = 0; turn < 100 && (await isRunning(`sleep ${seconds}`)); turn++) await delay(100)
        assert.equal(await isRunning(`sleep ${seconds}`), false, 'the step still runs')
        assert.ok(connections() <= idle + 1, `${connections()} connections, ${idle} before`)
      })

      test('ends when its loop is left, or it is aborted before it began', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nRUN echo going && sleep 100\n` })
        const progress = docker.images.build(folder, { builder, nocache: true })
        for await (const event of progress) if (event.type === 'log' && event.text.startsWith('going')) break
        await assert.rejects(Promise.resolve(progress), { code: 'ERR_ARGUMENT_INVALID' })
        const reason = new Error('never')
        await assert.rejects(built(folder, { builder, signal: AbortSignal.abort(reason) }), (error) => error === reason)
      })

      test('ends in the middle of a large context', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\n`, big: '' })
        await truncate(join(folder, 'big'), 2048 * MIB)
        const reason = new Error('enough')
        const abort = new AbortController()
        setTimeout(() => abort.abort(reason), 300)
        await assert.rejects(
          soon('the end', built(folder, { builder, signal: abort.signal })),
          (error) => error === reason,
        )
        for (let turn = 0; turn < 100 && (await openBelow(folder)).length > 0; turn++) await delay(20)
        assert.deepEqual(await openBelow(folder), [])
      })

      test('has 160 MiB in a context, and little of it in memory', async (t) => {
        const folder = await folderOf(t, {
          Dockerfile: `FROM ${IMAGE}\nCOPY big /big\nRUN (md5sum < /big) > /list\n`,
          big: '',
        })
        const block = Buffer.alloc(MIB, 'a block of bytes, ')
        for (let turn = 0; turn < 160; turn++) await writeFile(join(folder, 'big'), block, { flag: 'a' })
        const idle = process.memoryUsage().rss
        let most = 0
        const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - idle)), 10)
        const { ID: id } = await built(folder, { builder, nocache: true }).finally(() => clearInterval(watching))
        const { stdout } = await runCommand('md5sum', [join(folder, 'big')])
        assert.equal((await listIn(id))[0]?.split(' ')[0], stdout.split(' ')[0])
        assert.ok(most < 64 * MIB, `${Math.round(most / MIB)} MiB more than before`)
      })

      test('has 2,000 small files in a context', async (t) => {
        const folder = await folderOf(t, {
          Dockerfile: `FROM ${IMAGE}\nCOPY many /many\nRUN (find /many -type f | wc -l; cat /many/*/* | md5sum) > /list\n`,
        })
        const names: string[] = []
        for (let index = 0; index < 2000; index++) names.push(`${index % 10}/${String(index).padStart(4, '0')}`)
        for (let index = 0; index < 10; index++) await mkdir(join(folder, 'many', String(index)), { recursive: true })
        await Promise.all(names.map((name) => writeFile(join(folder, 'many', name), `file ${name}`)))
        const { ID: id } = await built(folder, { builder, nocache: true })
        const all = await runCommand('sh', ['-c', 'cat many/*/* | md5sum'], { cwd: folder })
        assert.deepEqual(await listIn(id), ['2000', all.stdout.trim()])
      })

      test('leaves nothing behind after many', async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\n`, a: '' })
        await built(folder, { builder })
        const idle = connections()
        for (let turn = 0; turn < 15; turn++) {
          await writeFile(join(folder, 'a'), String(turn))
          await built(folder, { builder })
        }
        assert.ok(connections() <= idle + 1, `${connections()} connections, ${idle} before`)
        assert.deepEqual(await openBelow(folder), [])
      })
    })
  }

  describe('by BuildKit alone', () => {
    const SECRET = 'correct horse battery staple'

    test('steps read their secrets, and nothing else has them', async (t) => {
      const file = join(await temporaryFolder(t), 'secret')
      await writeFile(file, SECRET)
      const run = 'RUN --mount=type=secret,id=one --mount=type=secret,id=two,target=/two'
      const folder = await folderOf(t, {
        Dockerfile: `FROM ${IMAGE}\n${run} echo BEGIN; md5sum < /run/secrets/one; md5sum < /two; echo END\n`,
      })
      const { ID: id, events, log } = await built(folder, { secrets: { one: SECRET, two: { file } }, nocache: true })
      const { stdout } = await runCommand('md5sum', [], { input: SECRET })
      assert.deepEqual(between(log), [stdout.trim(), stdout.trim()])
      const traces = tracesOf({ SECRET })
      const seen = [events, await docker.images.history(id), await docker.images.inspect(id), engine.daemon.log()]
      for (const one of seen) assert.deepEqual(leaksOf(one, traces), [])
    })

    test('a secret that a step needs and nobody gave is an error', async (t) => {
      const folder = await folderOf(t, {
        Dockerfile: `FROM ${IMAGE}\nRUN --mount=type=secret,id=other,required=true cat /run/secrets/other\n`,
      })
      await assert.rejects(built(folder, { secrets: { one: SECRET } }), (error) => {
        assert.ok(error instanceof BuildFailedError, String(error))
        assert.match(error.message, /secret other/)
        assert.deepEqual(leaksOf(error, tracesOf({ SECRET })), [])
        return true
      })
    })

    test('a second build sends only what changed, and does no step anew', async (t) => {
      const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY a /a\nRUN echo once\n`, a: 'a', big: '' })
      await truncate(join(folder, 'big'), 8 * MIB)
      await writeFile(join(folder, 'Dockerfile'), `FROM ${IMAGE}\nCOPY . /c/\nRUN echo once\n`)
      const first = await built(folder)
      assert.ok(sentIn(first.events) > 8 * MIB, `${sentIn(first.events)} bytes were sent first`)
      const second = await built(folder)
      assert.equal(second.ID, first.ID)
      assert.ok(sentIn(second.events) < 1000, `${sentIn(second.events)} bytes were sent again`)
      const done = second.events.filter(
        (event) => event.type === 'step' && /COPY|RUN/.test(event.name) && event.completed,
      )
      assert.ok(done.length > 0 && done.every((event) => event.type === 'step' && event.cached), 'a step was done anew')
      await writeFile(join(folder, 'a'), 'b'.repeat(10_000))
      const third = await built(folder)
      assert.notEqual(third.ID, first.ID)
      const sent = sentIn(third.events)
      assert.ok(sent > 10_000 && sent < 20_000, `${sent} bytes were sent for one file`)
    })

    test('another folder by the same path, and files of the same size and time, are read anew', async (t) => {
      const folder = join(await temporaryFolder(t), 'context')
      const Dockerfile = `FROM ${IMAGE}\nCOPY a /c/\nRUN echo BEGIN; cat /c/a; echo; echo END\n`
      for (const content of ['one', 'two']) {
        await mkdir(folder)
        await writeFile(join(folder, 'Dockerfile'), Dockerfile)
        await writeFile(join(folder, 'a'), content)
        await utimes(join(folder, 'a'), 1_000_000_000, 1_000_000_000)
        assert.deepEqual(between((await built(folder, { nocache: true })).log), [content])
        await rm(folder, { recursive: true })
      }
    })

    test('many patterns, and patterns beyond ASCII, leave out what they name', async (t) => {
      const many = Array.from({ length: 1000 }, (_, index) => `none-${index}, and a comma`)
      const folder = await folderOf(t, {
        Dockerfile: `FROM ${IMAGE}\nCOPY . /c/\nRUN echo BEGIN; ls -A /c; echo END\n`,
        '.dockerignore': ['Dockerfile', '.dockerignore', ...many, 'ü*', 'x,y'].join('\n'),
        ürsel: '',
        'x,y': '',
        y: '',
      })
      assert.deepEqual(between((await built(folder, { nocache: true })).log), ['y'])
    })

    test('steps tell when they began and ended, and what BuildKit would have otherwise', async (t) => {
      const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nRUN echo one; echo two >&2\n` })
      const { events } = await built(folder, { nocache: true })
      const steps = events.filter((event) => event.type === 'step' && /RUN echo one/.test(event.name))
      const last = steps.at(-1)
      assert.ok(last?.type === 'step' && last.started && last.completed, 'the step was begun and ended')
      assert.ok(last.started <= last.completed && !last.cached, 'it ended before it began')
      const streams = events.map((event) => (event.type === 'log' ? `${event.stream}: ${event.text}` : ''))
      assert.ok(streams.includes('stdout: one\n') && streams.includes('stderr: two\n'), streams.join(''))
    })

    test('a session goes through a local socket, too', async (t) => {
      const local = await connect({ host: engine.daemon.place.listen[0] }, { HOME: '/nonexistent' })
      t.after(() => local.close())
      const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY a /a\n`, a: 'x'.repeat(100_000) })
      assert.match((await local.images.build(folder, { builder: 'buildkit' })).ID, ID)
    })

    test('a build is canceled by its id from elsewhere', async (t) => {
      const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nRUN echo going && sleep 4244\n` })
      const building = (async () => {
        for await (const event of docker.images.build(folder, { buildid: 'mine', nocache: true })) {
          if (event.type === 'log' && event.text.startsWith('going')) await docker.images.cancelBuild('mine')
        }
      })()
      await assert.rejects(soon('the end', building), (error) => {
        assert.ok(error instanceof BuildFailedError, String(error))
        assert.match(error.message, /cancel/)
        return true
      })
    })

    test('a file that changes while it is sent fails the build by its name', async (t) => {
      const folder = await folderOf(t, { Dockerfile: `FROM ${IMAGE}\nCOPY big /big\n`, big: '' })
      await truncate(join(folder, 'big'), 512 * MIB)
      const building = (async () => {
        for await (const event of docker.images.build(folder)) {
          if (event.type === 'status' && (event.current ?? 0) > MIB) await truncate(join(folder, 'big'), 1)
        }
      })()
      await assert.rejects(soon('the end', building), (error) => {
        assert.ok(error instanceof BuildError, String(error))
        assert.match(error.message, /^reading big for a build: it changed/)
        return true
      })
    })
  })

  describe('from a private registry', { skip: skipRegistry }, () => {
    const user = { username: 'ann', password: 'battery-staple-horse' }
    let image: string
    let host: string
    let registry: Registry
    before(async () => {
      registry = await startRegistry({ auth: user })
      ;({ host } = registry)
      image = `${host}/private/busybox:1`
      await docker.images.tag(IMAGE, image)
      await docker.images.push(image, { auth: user })
      await docker.images.remove(image)
    })
    after(() => registry?.stop())

    test('that gives out tokens, BuildKit gets a base image with a password', async (t) => {
      const open = await startRegistry()
      t.after(() => open.stop())
      await docker.images.tag(IMAGE, `${open.host}/private/busybox:1`)
      await docker.images.push(`${open.host}/private/busybox:1`)
      const tokens = await startTokenRegistry(open.host, user)
      t.after(() => tokens.stop())
      const folder = await folderOf(t, { Dockerfile: `FROM ${tokens.host}/private/busybox:1\nRUN echo x\n` })
      await assert.rejects(built(folder, { builder: 'buildkit' }), BuildFailedError)
      assert.deepEqual([...new Set(tokens.asked)], ['nobody'])
      const auth = { ...user, serveraddress: tokens.host }
      assert.match((await built(folder, { builder: 'buildkit', auth })).ID, ID)
      assert.ok(tokens.asked.includes('ann'), tokens.asked.join())
    })

    for (const builder of BUILDERS) {
      test(`the ${builder} builder gets a base image with credentials, and not without or with others`, async (t) => {
        const folder = await folderOf(t, { Dockerfile: `FROM ${image}\nRUN echo ${builder}\n` })
        const traces = tracesOf({ password: user.password })
        for (const auth of [
          undefined,
          { ...user, password: 'wrong', serveraddress: host },
          { ...user, serveraddress: 'ghcr.io' },
        ]) {
          await assert.rejects(built(folder, { builder, pull: true, ...(auth && { auth }) }), (error) => {
            assert.ok(error instanceof BuildFailedError, String(error))
            assert.match(error.message, /authori|credentials/)
            assert.deepEqual(leaksOf(error, traces), [])
            return true
          })
        }
        const { ID: id, events } = await built(folder, { builder, pull: true, auth: { ...user, serveraddress: host } })
        assert.match(id, ID)
        assert.deepEqual(leaksOf(events, traces), [])
      })
    }
  })
})

/** What BuildKit has got of the context, in bytes. */
function sentIn(events: readonly BuildEvent[]): number {
  const sent = events.map((event) =>
    event.type === 'status' && event.id === 'transferring context:' ? (event.current ?? 0) : 0,
  )
  return Math.max(0, ...sent)
}

/** What this process has open in a folder. */
async function openBelow(folder: string): Promise<string[]> {
  const open = await readdir('/proc/self/fd')
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder))
}

/** Whether a program runs, in these namespaces or in a container. */
async function isRunning(command: string): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.some((line) => line.split('\0').join(' ').trim() === command)
}
