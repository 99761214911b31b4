import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, readFile, readlink, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CopyError, DockerApiError, NotFoundError, type CopyEntry, type DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { dockerLocally } from '../harness/docker-cli.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** What is there before something is copied into a container. */
const BEFORE: readonly CopyEntry[] = [
  { path: 'there/', mode: 0o755 },
  { path: 'there/old', content: 'old' },
  { path: 'file', content: 'old' },
  { path: 'to-there', linkTarget: 'there' },
  { path: 'to-file', linkTarget: 'file' },
  { path: 'to-nothing', linkTarget: 'nothing' },
]

/** Names, what they are, and what is in them. */
async function treeOf(root: string, below = ''): Promise<string[]> {
  const found: string[] = []
  for (const name of (await readdir(join(root, below))).toSorted()) {
    const path = join(below, name)
    const stats = await lstat(join(root, path))
    if (stats.isSymbolicLink()) found.push(`${path} -> ${await readlink(join(root, path))}`)
    else if (stats.isDirectory()) found.push(`${path}/`, ...(await treeOf(root, path)))
    else found.push(`${path} ${(stats.mode & 0o777).toString(8)} ${await readFile(join(root, path), 'utf8')}`)
  }
  return found
}

/** The same layout on this side. */
async function makeLocal(folder: string): Promise<void> {
  await mkdir(join(folder, 'there'))
  await writeFile(join(folder, 'there/old'), 'old')
  await writeFile(join(folder, 'file'), 'old')
  await symlink('there', join(folder, 'to-there'))
  await symlink('file', join(folder, 'to-file'))
}

async function makeSource(folder: string): Promise<void> {
  await mkdir(join(folder, 'source/inner'), { recursive: true })
  await writeFile(join(folder, 'source/new'), 'new', { mode: 0o640 })
  await symlink('/etc/passwd', join(folder, 'source/inner/link'))
  await writeFile(join(folder, 'single'), 'one')
  await symlink('source', join(folder, 'to-source'))
  await symlink('single', join(folder, 'to-single'))
}

/** Whether it did; what fails has to be an error of ours. */
const works = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => true,
    (error: unknown) => {
      assert.ok(error instanceof CopyError || error instanceof DockerApiError, String(error))
      return false
    },
  )

describe('copying', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  async function create(entries: readonly CopyEntry[] = [], image = engine.image): Promise<string> {
    const { Id } = await docker.containers.create({ Image: image, Cmd: ['sleep', '1000'] })
    if (entries.length > 0) await docker.containers.copyTo(Id, entries, '/')
    return Id
  }

  /** What is below the folders of a container in which something differs from its image. */
  async function containerTree(id: string, t: { after(cleanup: () => Promise<void>): void }): Promise<string[]> {
    const folder = await temporaryFolder(t)
    const changed = (await docker.containers.changes(id)).map(({ Path }) => Path.split('/')[1] ?? '')
    for (const name of new Set(changed)) await docker.containers.copyFrom(id, `/${name}`, folder)
    return treeOf(folder)
  }

  const cp = async (...args: string[]): Promise<boolean> =>
    (await dockerLocally(engine.daemon, ['cp', ...args])).code === 0
  describe('into a container ends where docker cp ends', () => {
    const sources = ['source', 'source/', 'source/.', 'single', 'to-source', 'to-single', 'none', 'single/']
    const targets = [
      '/there',
      '/there/',
      '/there/.',
      '/file',
      '/file/',
      '/new',
      '/new/',
      '/no/such',
      '/to-there',
      '/to-file',
      '/to-nothing',
      'new',
      '/',
    ]
    let image: string
    before(async () => {
      const id = await create(BEFORE)
      image = (await docker.images.commit(id)).Id
      await docker.containers.remove(id)
    })
    for (const source of sources) {
      test(source, async (t) => {
        const folder = await temporaryFolder(t)
        await makeSource(folder)
        for (const target of targets) {
          const [ours, theirs] = [await create([], image), await create([], image)]
          // join() would take the end away, which says what is meant.
          const ourResult = await works(docker.containers.copyTo(ours, `${folder}/${source}`, target))
          const theirResult = await cp(`${folder}/${source}`, `${theirs}:${target}`)
          assert.equal(ourResult, theirResult, `${source} to ${target}`)
          assert.deepEqual(await containerTree(ours, t), await containerTree(theirs, t), `${source} to ${target}`)
          await Promise.all([ours, theirs].map((id) => docker.containers.remove(id)))
        }
      })
    }
  })

  describe('out of a container ends where docker cp ends', () => {
    const IN: readonly CopyEntry[] = [
      { path: 'source/new', content: 'new', mode: 0o640 },
      { path: 'source/inner/link', linkTarget: '/etc/passwd' },
      { path: 'single', content: 'one' },
      { path: 'to-source', linkTarget: 'source' },
      { path: 'to-single', linkTarget: 'single' },
    ]
    const sources = [
      '/source',
      '/source/',
      '/source/.',
      'single',
      '/to-source',
      '/to-source/.',
      '/to-single',
      '/none',
      '/single/',
    ]
    const targets = ['there', 'there/', 'there/.', 'file', 'file/', 'new', 'new/', 'no/such', 'to-there', '']
    for (const source of sources) {
      test(source, async (t) => {
        const id = await create(IN)
        for (const target of targets) {
          const [ours, theirs] = [await temporaryFolder(t), await temporaryFolder(t)]
          await Promise.all([makeLocal(ours), makeLocal(theirs)])
          const ourResult = await works(docker.containers.copyFrom(id, source, `${ours}/${target}`))
          const theirResult = await cp(`${id}:${source}`, `${theirs}/${target}`)
          assert.equal(ourResult, theirResult, `${source} to ${target}`)
          assert.deepEqual(await treeOf(ours), await treeOf(theirs), `${source} to ${target}`)
        }
        await docker.containers.remove(id)
      })
    }
  })

  test('it says where things are now, and whose they are', async (t) => {
    const folder = await temporaryFolder(t)
    await makeSource(folder)
    const id = await engine.start()
    assert.equal(await docker.containers.copyTo(id, `${folder}/source`, 'tmp'), '/tmp/source')
    assert.equal(
      await docker.containers.copyTo(id, `${folder}/single`, '/root/renamed', { keepOwner: true }),
      '/root/renamed',
    )
    assert.equal(await docker.containers.copyTo(id, [{ path: 'a', content: 'A', uid: 65_534 }], '/tmp'), '/tmp')
    const { stdout } = await docker.exec.run(id, ['stat', '-c', '%n %u %a', '/tmp/source', '/tmp/source/new', '/tmp/a'])
    assert.equal(String(stdout), '/tmp/source 0 755\n/tmp/source/new 0 640\n/tmp/a 65534 644\n')
    assert.equal(await docker.containers.copyFrom(id, '/tmp/a', folder), join(folder, 'a'))
    assert.equal(await docker.containers.copyFrom(id, '/tmp/source/.', folder), folder)
    assert.equal(await readFile(join(folder, 'new'), 'utf8'), 'new')
    await docker.containers.remove(id, { force: true })
  })

  test('bytes become the file at the path, and a folder is none', async () => {
    const { containers, exec } = docker
    const id = await create()
    assert.equal(await containers.copyTo(id, Buffer.from('one\n'), '/tmp/new.conf'), '/tmp/new.conf')
    assert.equal(await containers.copyTo(id, new Uint8Array([0x74, 0x77, 0x6f]), 'tmp/new.conf'), '/tmp/new.conf')
    await containers.copyTo(id, [{ path: 'link', linkTarget: 'new.conf' }], '/tmp')
    assert.equal(await containers.copyTo(id, Buffer.from('three'), '/tmp/link'), '/tmp/new.conf')
    await containers.start(id)
    const { stdout } = await exec.run(id, ['sh', '-c', 'cat /tmp/new.conf; stat -c " %u %a" /tmp/new.conf'])
    assert.equal(String(stdout), 'three 0 644\n')
    for (const folder of ['/tmp', '/tmp/', '/no/such/', '/'])
      await assert.rejects(containers.copyTo(id, Buffer.from('x'), folder), {
        code: 'ERR_COPY_TARGET',
        message: new RegExp(`it is a folder, and bytes have no name[^]*${folder.replace(/\/$/, '')}/NAME`),
      })
    await assert.rejects(containers.copyTo(id, Buffer.from('x'), '/no/such/file'), NotFoundError)
    await assert.rejects(containers.copyTo('nothing', Buffer.from('x'), '/x'), NotFoundError)
    const stream = Readable.from(['x']) as never
    await assert.rejects(containers.copyTo(id, stream, '/x'), { code: 'ERR_ARGUMENT_INVALID', message: /archive\.put/ })
    await containers.remove(id, { force: true })
  })

  test('what a link leads to, where that is wanted', async (t) => {
    const folder = await temporaryFolder(t)
    await makeSource(folder)
    const id = await create()
    await docker.containers.copyTo(id, join(folder, 'to-single'), '/followed', { followLink: true })
    await docker.containers.copyTo(id, join(folder, 'to-source'), '/folder', { followLink: true })
    assert.equal((await docker.containers.archive.stat(id, '/followed')).size, 3)
    assert.equal((await docker.containers.archive.stat(id, '/folder/new')).size, 3)
    await docker.containers.copyTo(id, [{ path: 'link', linkTarget: '/followed' }], '/root')
    await docker.containers.copyFrom(id, '/root/link', join(folder, 'down'), { followLink: true })
    assert.equal(await readFile(join(folder, 'down'), 'utf8'), 'one')
    await docker.containers.copyFrom(id, '/root/link', folder, { followLink: true })
    assert.equal(await readFile(join(folder, 'link'), 'utf8'), 'one')
    await docker.containers.remove(id)
  })

  test('a whole root, without what may not be made here', async (t) => {
    const id = await engine.start({ Cmd: ['sh', '-c', 'mkfifo /pipe; mknod /null c 1 3; sleep 1000'] })
    await until('the device /null', () => docker.containers.archive.stat(id, '/null').catch(() => undefined))
    const folder = await temporaryFolder(t)
    await assert.rejects(docker.containers.copyFrom(id, '/', join(folder, 'refused')), { code: 'ERR_COPY_UNSAFE' })
    assert.equal(
      await docker.containers.copyFrom(id, '/', join(folder, 'root'), { special: 'skip' }),
      join(folder, 'root'),
    )
    const names = await readdir(join(folder, 'root'))
    assert.ok(names.includes('bin') && names.includes('etc'), names.join())
    assert.ok(!names.includes('pipe') && !names.includes('null'), names.join())
    assert.equal(await readlink(join(folder, 'root/bin/sh')), 'busybox')
    await docker.containers.remove(id, { force: true })
  })

  test('384 MiB in both directions, in little memory', async (t) => {
    const folder = await temporaryFolder(t)
    const size = 384 * 1024 ** 2
    await writeFile(join(folder, 'big'), '')
    await truncate(join(folder, 'big'), size)
    const id = await engine.start()
    // Code that runs for the first time takes memory, too.
    await docker.containers.copyTo(id, [{ path: 'warm', content: Buffer.alloc(32 * 1024 ** 2) }], '/root')
    await docker.containers.copyFrom(id, '/root/warm', folder)
    const idle = process.memoryUsage().rss
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    await soon('up', docker.containers.copyTo(id, join(folder, 'big'), '/root/big'), 120_000)
    assert.equal((await docker.containers.archive.stat(id, '/root/big')).size, size)
    await soon('down', docker.containers.copyFrom(id, '/root/big', join(folder, 'back')), 120_000)
    clearInterval(watch)
    assert.equal((await lstat(join(folder, 'back'))).size, size)
    const grown = (most - idle) / 1024 ** 2
    // Reading the same bytes raw takes up to 60: it is what the heap grows to before it is collected.
    assert.ok(grown < 128, `${grown.toFixed(0)} MiB more were needed`)
    await docker.containers.remove(id, { force: true })
  })

  test('an abort and a source that breaks end both sides', async (t) => {
    const folder = await temporaryFolder(t)
    const id = await create()
    const reason = new Error('enough')
    const slow = (async function* () {
      for (let count = 0; count < 1_000; count++) {
        yield Buffer.alloc(1_024)
        await delay(10)
      }
    })()
    const stop = new AbortController()
    setTimeout(() => stop.abort(reason), 200)
    const entry = { path: 'slow', content: slow, size: 1_024_000 }
    await assert.rejects(
      soon('up', docker.containers.copyTo(id, [entry], '/', { signal: stop.signal })),
      (thrown) => thrown === reason,
    )
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(1_024)
        throw reason
      })(),
    )
    await assert.rejects(docker.containers.copyTo(id, [{ path: 'x', content: broken, size: 9_999 }], '/'), {
      code: 'ERR_INPUT_FAILED',
      cause: reason,
    })
    await writeFile(join(folder, 'big'), '')
    await truncate(join(folder, 'big'), 256 * 1024 ** 2)
    await docker.containers.copyTo(id, join(folder, 'big'), '/')
    const down = new AbortController()
    setTimeout(() => down.abort(reason), 30)
    const target = join(folder, 'half')
    await assert.rejects(
      docker.containers.copyFrom(id, '/big', target, { signal: down.signal }),
      (thrown) => thrown === reason,
    )
    await assert.rejects(lstat(target), { code: 'ENOENT' })
    for (const call of ['copyTo', 'copyFrom'] as const) {
      const early = docker.containers[call](id, join(folder, 'big'), '/', { signal: AbortSignal.abort(reason) })
      await assert.rejects(early, (thrown) => thrown === reason)
    }
    await docker.containers.remove(id)
  })

  test('what is not there, and what can not be meant', async (t) => {
    const folder = await temporaryFolder(t)
    await makeSource(folder)
    const single = join(folder, 'single')
    const { containers } = docker
    await assert.rejects(containers.copyTo('nothing', single, '/x'), NotFoundError)
    await assert.rejects(containers.copyFrom('nothing', '/x', folder), NotFoundError)
    const id = await create()
    await assert.rejects(containers.copyTo(id, single, '/no/such/folder'), NotFoundError)
    await assert.rejects(containers.copyTo(id, [{ path: 'a' }], '/no/such'), NotFoundError)
    await assert.rejects(containers.copyFrom(id, '/no/such', folder), NotFoundError)
    await assert.rejects(containers.copyTo(id, join(folder, 'none'), '/'), { code: 'ERR_COPY_SOURCE' })
    await assert.rejects(containers.copyTo(id, '/dev/null', '/x'), { code: 'ERR_COPY_SOURCE' })
    await assert.rejects(containers.copyFrom(id, '/etc/passwd', join(folder, 'no/such')), { code: 'ERR_COPY_TARGET' })
    await assert.rejects(containers.copyFrom(id, '/etc', single), { code: 'ERR_COPY_TARGET' })
    await assert.rejects(containers.copyTo(id, single, ''), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(containers.copyFrom(id, '', folder), { code: 'ERR_ARGUMENT_INVALID' })
    await assert.rejects(containers.copyTo(id, single, '/x', { mode: 1 } as object), { code: 'ERR_OPTION_UNKNOWN' })
    await assert.rejects(containers.copyFrom(id, '/etc', folder, { mode: 1 } as object), { code: 'ERR_OPTION_UNKNOWN' })
    await assert.rejects(containers.copyTo(id, 7 as never, '/x'), { code: 'ERR_ARGUMENT_INVALID' })
    await containers.remove(id)
  })
})
