import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  ServerError,
  StreamError,
  type BuildPruneOptions,
  type DockerClient,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { testedEngine } from '../harness/engine.ts'
import { busyboxTar } from '../harness/image.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const ID = /^sha256:[0-9a-f]{64}$/
const MIB = 1024 * 1024
const { isContainerd } = testedEngine()

/** A tar of one file, which differs from every other. */
function tarOf(text: string): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'file' }, text)
  tar.finalize()
  return buffer(tar)
}

async function namesIn(tar: Readable): Promise<string[]> {
  const names: string[] = []
  const reader = tar.pipe(extract())
  for await (const entry of reader) {
    names.push(entry.header.name)
    entry.resume()
  }
  return names
}

describe('images', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  const make = async (name: string, text = name): Promise<string> =>
    (await docker.images.import(await tarOf(text), { repo: name, changes: 'LABEL made=here' })).id

  test('list: all, and those that filters choose', async () => {
    const id = await make('listed:1')
    const [summary, ...others] = await docker.images.list({ filters: { reference: 'listed' } })
    assert.deepEqual(others, [])
    assert.equal(summary?.Id, id)
    assert.deepEqual(summary.RepoTags, ['listed:1'])
    // The id of an image in containerd is a digest, too.
    assert.deepEqual(summary.RepoDigests, isContainerd ? [`listed@${id}`] : [])
    assert.deepEqual(summary.Labels, { made: 'here' })
    assert.equal(summary.SharedSize, -1)
    assert.ok(Math.abs(summary.Created - Date.now() / 1000) < 60, `made at ${summary.Created}`)
    const names = (await docker.images.list({ all: true, digests: true })).flatMap(({ RepoTags }) => RepoTags)
    assert.ok(names.includes('listed:1') && names.includes(engine.image), names.join())
    const [shared] = await docker.images.list({ sharedSize: true, filters: { reference: ['listed', 'none'] } })
    assert.equal(shared?.SharedSize, 0)
    const chosen = async (filters: object): Promise<number> => (await docker.images.list({ filters })).length
    assert.equal(await chosen({ label: 'made=here', before: engine.image }), 0)
    assert.equal(await chosen({ label: ['made=here'], since: engine.image, dangling: false }), 1)
    assert.equal(await chosen({ dangling: true }), 0)
    assert.equal(await chosen({ until: '1h' }), 0)
    await assert.rejects(
      docker.images.list({ filters: { colour: 'red' } as object, allowUnknown: true }),
      BadRequestError,
    )
    await docker.images.remove(id)
  })

  test('inspect and history', async () => {
    const image = await docker.images.inspect(engine.image)
    assert.match(image.Id, ID)
    assert.deepEqual(image.RepoTags, [engine.image])
    assert.deepEqual(image.Config?.Cmd, ['sh'])
    assert.deepEqual(image.Config?.Env, ['PATH=/bin'])
    assert.equal(image.Os, 'linux')
    assert.equal(image.RootFS.Layers?.length, 1)
    assert.equal(image.GraphDriver?.Name, isContainerd ? 'overlayfs' : 'overlay2')
    assert.equal(image.Comment, 'Imported from -')
    assert.equal((await docker.images.inspect(image.Id)).Id, image.Id)
    assert.equal((await docker.images.inspect(image.Id.slice(7, 19))).Id, image.Id)
    const [step, ...others] = await docker.images.history(engine.image)
    assert.deepEqual(others, [])
    assert.deepEqual([step?.Id, step?.Tags], [image.Id, [engine.image]])
    // In containerd, the size of an image is that of its compressed layers and more, which no step tells.
    if (!isContainerd) assert.equal(step?.Size, image.Size)
    assert.ok(step?.Size, 'a step without a size')
    await assert.rejects(docker.images.inspect('none'), NotFoundError)
    await assert.rejects(docker.images.history('none'), NotFoundError)
  })

  test('tag and remove: names with registries, ports and slashes, by every call', async () => {
    const name = 'localhost:5000/team/sub.part/app_1:v1.2-rc'
    await docker.images.tag(engine.image, name)
    await docker.images.tag(name, 'localhost:5000/team/other', { tag: 'x' })
    await docker.images.tag(name, 'plain')
    const { Id, RepoTags } = await docker.images.inspect(name)
    assert.deepEqual(RepoTags.toSorted(), [engine.image, 'localhost:5000/team/other:x', name, 'plain:latest'])
    assert.equal((await docker.images.history(name)).length, 1)
    assert.ok((await namesIn(await docker.images.save(name))).includes('manifest.json'), 'no archive')
    assert.deepEqual(await docker.images.remove(name), [{ Untagged: name }])
    await assert.rejects(docker.images.remove(name), NotFoundError)
    await assert.rejects(docker.images.remove(Id), ConflictError)
    await docker.images.remove('plain')
    await docker.images.remove('localhost:5000/team/other:x')
    await assert.rejects(docker.images.tag('none', 'x:1'), NotFoundError)
    await assert.rejects(docker.images.tag(engine.image, 'Upper:1'), BadRequestError)
    await assert.rejects(docker.images.tag(engine.image, 'x', { tag: 'a/b' }), BadRequestError)
  })

  test('remove: an image in use, with force, and with its last name', async () => {
    const id = await make('used:1')
    await docker.images.tag(id, 'used:2')
    const { Id } = await docker.containers.create({ Image: id, Cmd: ['x'] })
    await assert.rejects(docker.images.remove(id), ConflictError)
    assert.deepEqual(await docker.images.remove('used:2', { noprune: true }), [{ Untagged: 'used:2' }])
    await assert.rejects(docker.images.remove('used:1'), ConflictError)
    const removed = await docker.images.remove('used:1', { force: true })
    // In containerd, it stays without a name as long as the container.
    const deleted = isContainerd ? [] : [{ Deleted: id }]
    assert.deepEqual(removed.slice(0, 2), [{ Untagged: 'used:1' }, ...deleted])
    await docker.containers.remove(Id)
    if (isContainerd) await docker.images.remove(id)
  })

  test('import: bytes, a stream, an iterable, packed', async () => {
    const tar = await tarOf('import')
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      for (let at = 0; at < tar.length; at += 1000) yield tar.subarray(at, at + 1000)
    }
    const sources = [tar, new Uint8Array(tar), Readable.from([tar]), pieces(), gzipSync(tar)]
    for (const source of sources) {
      const options = { repo: 'imported', tag: '7', message: 'by hand', changes: ['ENV A=b', 'LABEL c=d'] }
      const { id } = await docker.images.import(source, { ...options, platform: 'linux/arm64' })
      const image = await docker.images.inspect('imported:7')
      assert.deepEqual([image.Id, image.Comment, image.Architecture], [id, 'by hand', 'arm64'])
      assert.deepEqual([image.Config?.Env, image.Config?.Labels], [['A=b'], { c: 'd' }])
      await docker.images.remove(id)
    }
    const nameless = await docker.images.import(tar)
    assert.deepEqual((await docker.images.inspect(nameless.id)).RepoTags, [])
    await docker.images.remove(nameless.id)
  })

  test('import: what the daemon fetches by a URL tells how far it has come', async (t) => {
    const tar = await busyboxTar()
    const server = createServer((request, response) => {
      if (request.url !== '/root.tar') response.writeHead(404)
      response.end(tar)
    })
    t.after(() => void server.close())
    const url = await listening(server)
    const importing = docker.images.import(`${url}/root.tar`, { repo: 'fetched' })
    const said: string[] = []
    let total: number | undefined
    for await (const { status = '', progressDetail } of importing) {
      said.push(status)
      total = progressDetail?.total ?? total
    }
    const { id } = await importing
    assert.match(id, ID)
    assert.equal(said[0], `Downloading from ${url}/root.tar`)
    assert.equal(said.at(-1), id)
    assert.equal(total, tar.length)
    await docker.images.remove(id)
    await assert.rejects(Promise.resolve(docker.images.import(`${url}/none`)), /404/)
  })

  test('import: what is no source, and no tar', async () => {
    const wrong = ['/tmp/root.tar', '-', 'ftp://example.com/x', '', undefined, null, 7, { a: 1 }]
    for (const source of wrong) {
      const importing = docker.images.import(source as string)
      await assert.rejects(Promise.resolve(importing), { code: 'ERR_ARGUMENT_INVALID' }, inspect(source))
    }
    await assert.rejects(Promise.resolve(docker.images.import(Buffer.alloc(2000, 'x'))), ServerError)
    const tar = await tarOf('x')
    await assert.rejects(Promise.resolve(docker.images.import(tar, { repo: 'A B' })), BadRequestError)
    await assert.rejects(Promise.resolve(docker.images.import(tar, { changes: 'RUN x' })), /RUN/i)
    const cut = Readable.from(
      (function* () {
        yield tar.subarray(0, 600)
        throw new Error('the source broke')
      })(),
    )
    await assert.rejects(Promise.resolve(docker.images.import(cut)), /the source broke/)
  })

  test('create, with the words of the API', async () => {
    const said: string[] = []
    const creating = docker.images.create({ fromSrc: '-', repo: 'created', tag: '1' }, await tarOf('created'))
    for await (const { status = '' } of creating) said.push(status)
    assert.equal(await creating, undefined)
    assert.deepEqual(said, [(await docker.images.inspect('created:1')).Id])
    await docker.images.remove('created:1')
  })

  test('commit: what a container has changed, and how it is called', async () => {
    const { Id: container } = await docker.containers.create({ Image: engine.image, Labels: { own: 'yes' } })
    const { Id: plain } = await docker.images.commit(container)
    const parent = await docker.images.inspect(engine.image)
    const first = await docker.images.inspect(plain)
    assert.deepEqual([first.RepoTags, first.Parent, first.Config?.Labels], [[], parent.Id, { own: 'yes' }])
    const { Id } = await docker.images.commit(
      container,
      { Env: ['A=1'], Labels: { more: 'too' } },
      { repo: 'me/app', tag: '3', comment: 'c', author: 'me', pause: false, changes: ['CMD ["ls"]', 'ENV B=2'] },
    )
    const image = await docker.images.inspect('me/app:3')
    assert.deepEqual([image.Id, image.Comment, image.Author], [Id, 'c', 'me'])
    assert.deepEqual(image.Config?.Cmd, ['ls'])
    assert.deepEqual(image.Config?.Env, ['A=1', 'B=2', 'PATH=/bin'])
    assert.deepEqual(image.Config?.Labels, { more: 'too', own: 'yes' })
    assert.equal((await docker.images.history(Id)).length, 2)
    await assert.rejects(docker.images.commit('none'), NotFoundError)
    await assert.rejects(docker.images.commit(''), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(docker.images.commit(container, {}, { container: 'x' } as object), {
      code: 'ERR_OPTION_UNKNOWN',
    })
    await assert.rejects(docker.images.commit(container, undefined, { changes: 'RUN x' }), /run/i)
    await docker.images.remove(Id)
    await docker.images.remove(plain)
    await docker.containers.remove(container)
  })

  test('prune: only what has no name, unless told otherwise; filters choose', async () => {
    // What other tests have left.
    await docker.images.prune()
    const named = await make('named:1')
    const { id: nameless } = await docker.images.import(await tarOf('nameless'), { changes: 'LABEL keep=no' })
    assert.deepEqual(await docker.images.prune({ filters: { label: 'keep=yes' } }), {
      ImagesDeleted: null,
      SpaceReclaimed: 0,
    })
    assert.equal((await docker.images.prune({ filters: { 'label!': 'keep', until: '0s' } })).ImagesDeleted, null)
    const { ImagesDeleted } = await docker.images.prune({ filters: { label: ['keep=no'], dangling: true } })
    assert.deepEqual(ImagesDeleted?.[0], isContainerd ? { Untagged: nameless } : { Deleted: nameless })
    const all = await docker.images.prune({ filters: { dangling: false, label: 'made=here' } })
    assert.deepEqual(all.ImagesDeleted?.slice(0, 2), [{ Untagged: 'named:1' }, { Deleted: named }])
    await docker.images.inspect(engine.image)
    await assert.rejects(
      docker.images.prune({ filters: { colour: 'red' } as object, allowUnknown: true }),
      BadRequestError,
    )
    for (const wrong of [new Map([['label', 'x']]), 'label=x', ['label'], null])
      await assert.rejects(docker.images.prune({ filters: wrong as object }), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('save and load: one image, several, by name and by id, packed; what is in the archive comes back', async () => {
    const one = await make('one:1')
    const two = await make('two:1')
    const archives = [
      [await buffer(await docker.images.save('one:1')), ['one:1']],
      [await buffer(await docker.images.save(['one:1', 'two:1'])), ['one:1', 'two:1']],
      [await buffer(await docker.images.save([one])), [one]],
      [gzipSync(await buffer(await docker.images.save('two:1'))), ['two:1']],
    ] as const
    for (const [archive, expected] of archives) {
      await docker.images.remove(one, { force: true })
      await docker.images.remove(two, { force: true })
      const said: string[] = []
      const loading = docker.images.load(archive)
      for await (const { stream = '', status = '' } of loading) said.push(stream + status)
      assert.deepEqual([...(await loading).images].toSorted(), [...expected].toSorted(), said.join())
      for (const name of expected) assert.ok([one, two].includes((await docker.images.inspect(name)).Id), name)
      await docker.images.load(archives[1][0], { quiet: true })
    }
    await assert.rejects(docker.images.save('none'), NotFoundError)
    await assert.rejects(docker.images.save(['one:1', 'none']), NotFoundError)
    for (const wrong of [[], [''], [7], 7, undefined, {}])
      await assert.rejects(docker.images.save(wrong as string), {
        code: /ERR_ARGUMENT_INVALID|ERR_PATH_SEGMENT_INVALID/,
      })
    await assert.rejects(docker.images.save(''), { code: 'ERR_PATH_SEGMENT_INVALID' })
    await docker.images.remove(one)
    await docker.images.remove(two)
  })

  test('load: what is no archive of images fails inside the answer', async () => {
    const tar = await tarOf('no image')
    for (const wrong of [Buffer.alloc(0), Buffer.alloc(2000, 'x'), tar]) {
      const loading = docker.images.load(wrong)
      await assert.rejects(Promise.resolve(loading), StreamError, `${wrong.length} bytes`)
    }
    for (const wrong of [undefined, null, 'text', { a: 1 }, 7]) {
      const loading = docker.images.load(wrong as unknown as Buffer)
      await assert.rejects(Promise.resolve(loading), { code: 'ERR_ARGUMENT_INVALID' }, inspect(wrong))
    }
    const archive = await buffer(await docker.images.save(engine.image))
    const half = archive.subarray(0, archive.length / 2)
    await assert.rejects(Promise.resolve(docker.images.load(half)), { code: 'ERR_API_STREAM_FAILED' })
  })

  test('160 MiB go out and come back at constant memory, at the pace of whoever reads', async (t) => {
    const SIZE = 160 * MIB
    const { id } = await docker.images.import(bigTar(SIZE), { repo: 'big:1' })
    const path = join(await temporaryFolder(t), 'big.tar')
    const watch = watchMemory()
    t.after(() => void watch.stop())
    const tar = await docker.images.save('big:1')
    const first: unknown = await once(tar, 'readable').then(() => tar.read())
    assert.ok(first instanceof Buffer, 'nothing came')
    await delay(1000)
    const held = process.memoryUsage().arrayBuffers - watch.idle
    assert.ok(held < 16 * MIB, `${held} bytes were held for a reader who rested`)
    const out = createWriteStream(path)
    out.write(first)
    await pipeline(tar, out)
    const { size } = await stat(path)
    assert.ok(size > SIZE, `only ${size} bytes were saved`)
    await docker.images.remove('big:1')
    await assert.rejects(docker.images.inspect(id), NotFoundError)
    const loading = docker.images.load(createReadStream(path))
    let loaded = 0
    for await (const { status, progressDetail } of loading) {
      if (status === 'Loading layer') loaded = Math.max(loaded, progressDetail?.current ?? 0)
    }
    assert.deepEqual((await loading).images, ['big:1'])
    // In containerd, it tells no progress.
    assert.ok(isContainerd || loaded >= SIZE, `progress ended at ${loaded}`)
    assert.equal((await docker.images.inspect('big:1')).Id, id)
    const peak = watch.stop()
    assert.ok(peak < 64 * MIB, `${Math.round(peak / MIB)} MiB above idle`)
    await docker.images.remove('big:1')
  })

  test('leaving or aborting a save or a load ends it, and the daemon goes on', async () => {
    await docker.images.import(bigTar(64 * MIB), { repo: 'left:1' })
    const left = await docker.images.save('left:1')
    for await (const chunk of left) if ((chunk as Buffer).length > 0) break
    assert.ok(left.destroyed, 'the stream is still open')

    const reason = new Error('enough')
    const saving = new AbortController()
    const tar = await docker.images.save('left:1', { signal: saving.signal })
    const reading = soon('an aborted save', buffer(tar))
    saving.abort(reason)
    await assert.rejects(reading, reason)
    await assert.rejects(docker.images.save('left:1', { signal: AbortSignal.abort(reason) }), reason)

    const loading = new AbortController()
    async function* slowly(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.alloc(512)
      loading.abort(reason)
      await delay(60_000, undefined, { signal: AbortSignal.timeout(60_000), ref: false })
    }
    const load = docker.images.load(slowly(), { signal: loading.signal })
    await assert.rejects(soon('an aborted load', load), reason)
    await docker.images.remove('left:1')
    assert.equal((await docker.ping()).apiVersion, docker.apiVersion)
  })

  test('search asks Docker Hub, which is out of reach here', async () => {
    await assert.rejects(
      docker.images.search('alpine', { limit: 3, filters: { 'is-official': true, stars: 3 } }),
      (error) => {
        assert.ok(error instanceof ServerError, String(error))
        assert.match(error.message, /GET \/images\/search, for which [^]*index\.docker\.io[^]*reach docker\.io/)
        return true
      },
    )
    await assert.rejects(docker.images.search('alpine', { limit: -1 }), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(docker.images.search(''), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('what builders keep is pruned, and a build that is not there is no failure to cancel', async () => {
    assert.deepEqual(await docker.images.buildPrune(), { CachesDeleted: null, SpaceReclaimed: 0 })
    const filters = { until: '24h', type: 'regular', inuse: true, shared: true, private: true } as const
    await docker.images.buildPrune({ all: true, reservedSpace: 1024, filters })
    await assert.rejects(
      docker.images.buildPrune({ filters: { colour: 'red' } as object, allowUnknown: true }),
      BadRequestError,
    )
    await assert.rejects(docker.images.buildPrune({ filters: new Map() as object }), { code: 'ERR_ARGUMENT_INVALID' })
    await docker.images.cancelBuild('none')
    await assert.rejects(docker.images.cancelBuild(''), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('of what builders keep, filters choose', async (t) => {
    const folder = await temporaryFolder(t)
    const steps = ['RUN echo 1 > /x', 'RUN --mount=type=cache,target=/cache echo 2 > /cache/y']
    await writeFile(join(folder, 'Dockerfile'), [`FROM ${engine.image}`, ...steps].join('\n'))
    await docker.images.build(folder, { t: 'kept:1', builder: 'buildkit' })
    const pruned = async (options: BuildPruneOptions): Promise<number> =>
      (await docker.images.buildPrune(options)).CachesDeleted?.length ?? 0
    assert.equal(await pruned({ filters: { type: 'frontend' } }), 0)
    assert.equal(await pruned({ filters: { inuse: true } }), 0)
    assert.equal(await pruned({ filters: { until: '24h', private: true } }), 0)
    assert.equal(await pruned({ filters: { type: 'exec.cachemount' } }), 1)
    const { CachesDeleted, SpaceReclaimed } = await docker.images.buildPrune({ filters: { private: true } })
    assert.ok(CachesDeleted && CachesDeleted.length > 0 && SpaceReclaimed > 0, 'nothing is private')
    assert.ok((await pruned({ all: true })) > 0, 'nothing was shared with the image')
    await docker.images.remove('kept:1')
  })

  test('a build is ended by its id', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${engine.image}\nRUN echo begun && sleep 60\n`)
    const building = docker.images.build(folder, { builder: 'buildkit', buildid: 'to-be-ended' })
    const listened = (async () => {
      for await (const event of building) {
        if (event.type === 'log' && event.text.includes('begun')) await docker.images.cancelBuild('to-be-ended')
      }
    })()
    await assert.rejects(soon('a build that was ended', listened), (error) => {
      assert.ok(error instanceof StreamError, String(error))
      assert.match(error.message, /cancell?ed/)
      return true
    })
    await docker.images.buildPrune({ all: true })
  })

  test('what a daemon is too old for is refused before it is sent', async (t) => {
    const older = await engine.connect({ apiVersion: '1.45' })
    t.after(() => older.close())
    const { images } = older
    const platform = { os: 'linux', architecture: 'amd64' }
    const calls = [
      () => images.attestations(engine.image),
      () => images.list({ manifests: true }),
      () => images.list({ identity: true }),
      () => images.inspect(engine.image, { manifests: true }),
      () => images.inspect(engine.image, { platform }),
      () => images.history(engine.image, { platform }),
      () => images.remove(engine.image, { platforms: [platform] }),
      () => images.save(engine.image, { platform }),
      () => images.save([engine.image], { platform }),
      async () => images.load(Buffer.alloc(1), { platform }),
      async () => images.push(engine.image, { platform }),
      () => images.buildPrune({ maxUsedSpace: 1 }),
    ]
    for (const call of calls) await assert.rejects(call, { code: 'ERR_API_FIELD_TOO_NEW' }, String(call))
  })

  test('a name reaches its own image and nothing else, and options that can not be meant are refused', async () => {
    const { images } = docker
    const reachesNothing = new Set([
      'ERR_API_NOT_FOUND',
      'ERR_API_BAD_REQUEST',
      'ERR_API_SERVER_ERROR',
      'ERR_PATH_SEGMENT_INVALID',
    ])
    const calls = [
      (name: string) => images.inspect(name),
      (name: string) => images.history(name),
      (name: string) => images.remove(name),
      (name: string) => images.tag(name, 'x:1'),
      (name: string) => images.save(name),
    ]
    const hostile = [
      '../x',
      'a/../../containers/json',
      'x?force=true',
      'x#y',
      '%2e%2e',
      'a b',
      '\u{1F433}',
      'x\r\ny',
      'x\0y',
    ]
    for (const call of calls) {
      for (const name of [...hostile, 'x'.repeat(3000)]) {
        const { code } = await call(name).then(
          () => assert.fail(`${name} reached something`),
          (error: { code: string }) => error,
        )
        assert.ok(reachesNothing.has(code), `${name}: ${code}`)
      }
      for (const name of ['', '.', '..', 7, null, undefined])
        await assert.rejects(call(name as string), { code: /^ERR_(PATH_SEGMENT|ARGUMENT)_INVALID$/ }, String(name))
    }
    const unknown = [
      () => images.list({ al: true } as object),
      () => images.inspect('x', { size: true } as object),
      () => images.history('x', { all: true } as object),
      () => images.tag('x', 'y', { repo: 'z' } as object),
      () => images.remove('x', { v: true } as object),
      () => images.search('x', { term: 'y' } as object),
      () => images.prune({ dangling: false } as object),
      () => images.save('x', { names: ['y'] } as object),
      () => images.buildPrune({ keepStorage: 1 } as object),
      () => images.cancelBuild('x', { id: 'y' } as object),
      async () => images.import(Buffer.alloc(1), { fromImage: 'x' } as object),
      async () => images.load(Buffer.alloc(1), { fromSrc: 'x' } as object),
      async () => images.create({ fromSource: 'x' } as object),
      () => images.list(7 as unknown as object),
      () => images.list({ signal: 'now' } as object),
    ]
    for (const call of unknown)
      await assert.rejects(call, { code: /^ERR_OPTION_UNKNOWN$|^ERR_ARGUMENT_INVALID$/ }, String(call))
  })
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A tar of one file of that size, a multiple of a MiB. */
async function* bigTar(size: number): AsyncGenerator<Buffer, void, undefined> {
  const tar = pack()
  tar.entry({ name: 'big', size })
  yield await new Promise<Buffer>((resolve) => tar.once('data', (header) => resolve(header as Buffer)))
  // Containerd compresses layers.
  const block = randomBytes(MIB)
  for (let written = 0; written < size; written += MIB) yield block
  yield Buffer.alloc(1024)
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is held: when Node comes to its garbage depends on the machine. */
function usedMemory(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Watches how far the memory of this process rises above what it is now, in bytes. */
function watchMemory(): { readonly idle: number; stop(): number } {
  const start = usedMemory()
  let peak = start
  const timer = setInterval(() => (peak = Math.max(peak, usedMemory())), 50)
  return {
    idle: process.memoryUsage().arrayBuffers,
    stop: () => {
      clearInterval(timer)
      return peak - start
    },
  }
}
