import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileSync } from '../../../../lib/engine/workflows/build/buildkit/file-sync.ts'
import { HEALTH } from '../../../../lib/engine/workflows/build/buildkit/health.ts'
import { foldersOf } from '../../../../lib/engine/workflows/build/buildkit/synced-folder.ts'
import { findBuildFiles } from '../../../../lib/engine/workflows/build/files.ts'
import type { BuildError } from '../../../../lib/base/errors.ts'
import { temporaryFolder, type Cleanable } from '../../../support/temporary.ts'
import {
  begin,
  ended,
  fieldsOf,
  packet,
  startFakeBuilder,
  sync,
  unary,
  type FakeBuilder,
} from './support/fake-builder.ts'
import { assertProperty, fc } from '../../../support/properties.ts'

const CONTEXT = { 'dir-name': 'context' }
const DOCKERFILE = { 'dir-name': 'dockerfile' }
const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy'

interface Served extends FakeBuilder {
  readonly folder: string
  readonly faults: unknown[]
}

/** A session of a build from a folder with these files; a secret lies next to it. */
async function serve(
  t: Cleanable,
  files: Readonly<Record<string, string>>,
  dockerfile?: string,
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<Served> {
  const parent = await temporaryFolder(t)
  const folder = join(parent, 'context')
  await writeFile(join(parent, 'secret'), 'SECRET')
  for (const [path, text] of Object.entries({ Dockerfile: 'FROM scratch', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await prepare(folder)
  const faults: unknown[] = []
  const folders = foldersOf(await findBuildFiles(folder, dockerfile))
  const builder = await startFakeBuilder(t, { ...HEALTH, ...fileSync(folders, (error) => faults.push(error)) })
  return { ...builder, folder, faults }
}

describe('the context', () => {
  test('is told and sent as it is, and belongs to root', async (t) => {
    const { client } = await serve(t, { 'a/b': 'content', 'a/empty': '', run: '' }, undefined, async (folder) => {
      await chmod(join(folder, 'run'), 0o4751)
      await symlink('../secret', join(folder, 'a/out'))
      execFileSync('mkfifo', [join(folder, 'pipe')])
      execFileSync('touch', ['-d', '@1000000000.123456789', join(folder, 'run')])
    })
    const { status, stats, files } = await sync(client, CONTEXT)
    assert.equal(status, 0)
    assert.deepEqual([...stats.keys()], ['Dockerfile', 'a', 'a/b', 'a/empty', 'a/out', 'pipe', 'run'])
    assert.deepEqual(Object.fromEntries(files), {
      Dockerfile: 'FROM scratch',
      'a/b': 'content',
      'a/empty': '',
      run: '',
    })
    const run = stats.get('run')
    assert.equal(run?.mode, 2 ** 23 + 0o751)
    assert.ok(Math.abs(run.mtime - 1.000000000123456e18) < 1000, `${run.mtime} is another time`)
    assert.equal(stats.get('a')?.mode, 2 ** 31 + 0o755)
    assert.deepEqual(stats.get('a/out'), { ...stats.get('a/out'), mode: 2 ** 27 + 0o777, target: '../secret', size: 9 })
    assert.equal(stats.get('pipe')?.mode, 2 ** 25 + 0o644)
    for (const { uid } of stats.values()) assert.equal(uid, 0)
  })

  test('comes in the order that BuildKit wants, name by name and byte by byte', async (t) => {
    const names = ['a', 'a.b', 'a-b', 'a/x', 'é', '\u{FFFD}z', '\u{1F600}', 'B'].map((name) =>
      name === 'a' ? 'a/a' : name,
    )
    const { client } = await serve(t, Object.fromEntries(names.map((name) => [name, ''])))
    const { stats } = await sync(client, CONTEXT, () => false)
    assert.deepEqual(
      [...stats.keys()],
      ['B', 'Dockerfile', 'a', 'a/a', 'a/x', 'a-b', 'a.b', 'é', '\u{FFFD}z', '\u{1F600}'],
    )
  })

  test('of large files comes whole', async (t) => {
    const large = 'x'.repeat(1_000_000) + 'y'
    const { client } = await serve(t, { one: large, two: `${large}z`, three: large })
    const { status, files } = await sync(client, CONTEXT)
    assert.equal(status, 0)
    assert.deepEqual([files.get('one'), files.get('two'), files.get('three')], [large, `${large}z`, large])
  })

  test('sends only what is asked for', async (t) => {
    const { client } = await serve(t, { a: '1', b: '2' })
    const { status, files } = await sync(client, CONTEXT, (path) => path === 'b')
    assert.equal(status, 0)
    assert.deepEqual([files.get('a'), files.get('b')], ['', '2'])
  })

  test('can be narrowed by what is wanted and what is not', async (t) => {
    const { client } = await serve(t, { 'a/b/c': '', 'a/b/d': '', 'e/f': '', 'g,h': '', 'ü/x y': '' })
    const told = async (headers: Record<string, string | string[]>): Promise<string[]> => [
      ...(await sync(client, { ...CONTEXT, ...headers })).stats.keys(),
    ]
    assert.deepEqual(await told({ 'include-patterns': ['a/b/c', 'g,h'] }), ['a', 'a/b', 'a/b/c', 'g,h'])
    assert.deepEqual(await told({ 'exclude-patterns': ['*', '!a/b/d'] }), ['a', 'a/b', 'a/b/d'])
    assert.deepEqual(await told({ 'include-patterns': 'a', 'exclude-patterns': '**/d' }), ['a', 'a/b', 'a/b/c'])
    const encoded = { 'include-patterns': '%C3%BC%2Fx+y', 'include-patterns-encoded': '1' }
    assert.deepEqual(await told(encoded), ['ü', 'ü/x y'])
  })

  test('follows links on what is wanted, inside', async (t) => {
    const { client } = await serve(
      t,
      { 'real/deep/file': '', 'real/other': '', alone: '' },
      undefined,
      async (folder) => {
        await symlink('real/deep', join(folder, 'link'))
        await symlink('/alone', join(folder, 'absolute'))
        await symlink('circle', join(folder, 'circle'))
      },
    )
    const told = async (...followpaths: string[]): Promise<string[]> => [
      ...(await sync(client, { ...CONTEXT, followpaths })).stats.keys(),
    ]
    assert.deepEqual(await told('link/file'), ['link', 'real', 'real/deep', 'real/deep/file'])
    assert.deepEqual(await told('absolute'), ['absolute', 'alone'])
    assert.deepEqual(await told('abs*'), ['absolute', 'alone'])
    assert.deepEqual(await told('circle', 'alone'), ['alone', 'circle'])
    assert.deepEqual(await told('none'), [])
    assert.equal((await told('.')).includes('real/other'), true)
  })

  test('takes the target of a link as it is written, not as a pattern', async (t) => {
    const names = ['a[b]', 'ab', 'x[y]/z', 'xy/z', '!n', 'q?', 'qq', ' s ', 's', 'b\\c', 'bc', '#h', 'last']
    const { client } = await serve(
      t,
      Object.fromEntries(names.map((name) => [name, ''])),
      undefined,
      async (folder) => {
        const links = { one: 'a[b]', two: 'x[y]', three: '!n', four: 'q?', five: ' s ', six: 'b\\c', seven: '#h' }
        for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name))
        await symlink('l[i]nk', join(folder, 'eight'))
        await symlink('last', join(folder, 'l[i]nk'))
      },
    )
    const told = async (...followpaths: string[]): Promise<string[]> => [
      ...(await sync(client, { ...CONTEXT, followpaths })).stats.keys(),
    ]
    assert.deepEqual(await told('one'), ['a[b]', 'one'])
    assert.deepEqual(await told('two/z'), ['two', 'x[y]', 'x[y]/z'])
    assert.deepEqual(await told('two/*'), ['two', 'x[y]', 'x[y]/z'])
    assert.deepEqual(await told('three'), ['!n', 'three'])
    assert.deepEqual(await told('four'), ['four', 'q?'])
    assert.deepEqual(await told('five'), [' s ', 'five'])
    assert.deepEqual(await told('six'), ['b\\c', 'six'])
    assert.deepEqual(await told('seven'), ['#h', 'seven'])
    assert.deepEqual(await told('eight'), ['eight', 'l[i]nk', 'last'])
    // What the daemon asks for is a pattern.
    assert.deepEqual(await told('l[[]i]nk'), ['l[i]nk', 'last'])
    assert.deepEqual(await told('q?'), ['q?', 'qq'])
  })
})

describe('nothing else can be had', () => {
  for (const name of ['', '/', '..', '../context', 'contexts', 'constructor', '__proto__', '/etc']) {
    test(`by the folder ${JSON.stringify(name)}`, async (t) => {
      const { client, faults } = await serve(t, {})
      const { status, stats } = await sync(client, { 'dir-name': name })
      assert.deepEqual([status, stats.size, faults], [5, 0, []])
    })
  }

  test('by paths that lead out, however they are written', async (t) => {
    const { client, folder } = await serve(t, { 'in/file': '' }, undefined, async (context) => {
      await symlink('..', join(context, 'up'))
      await symlink('../..', join(context, 'in/up'))
      await symlink('/', join(context, 'root'))
    })
    const parent = dirname(folder)
    const outs = ['..', '../', '../secret', '/../secret', 'in/../../secret', 'up/secret', 'in/up/secret', '/etc/passwd']
    const absolute = [join(parent, 'secret'), `root${parent}/secret`, 'root/etc/passwd', '%2e%2e/secret', '..%2Fsecret']
    for (const path of [...outs, ...absolute]) {
      for (const field of ['followpaths', 'include-patterns']) {
        for (const also of [{}, { [`${field}-encoded`]: '1' }]) {
          const { stats, files } = await sync(client, { ...CONTEXT, [field]: path, ...also })
          const told = [...stats.keys()].filter((one) => /secret|passwd|^\/|\.\./.test(one))
          assert.deepEqual(told, [], `${field} ${path} led to ${told.join()}`)
          assert.equal([...files.values()].join().includes('SECRET'), false, `${field} ${path} led out`)
        }
      }
    }
  })

  test('by any header at all', async (t) => {
    const { client } = await serve(
      t,
      { kept: 'SECRET-ignored', '.dockerignore': 'kept', 'in/file': '' },
      undefined,
      (context) => symlink('..', join(context, 'up')),
    )
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '*',
      '**',
      '!',
      'up',
      'kept',
      'secret',
      'in',
      '[',
      ']',
      '\\',
      '^',
      '%2e',
      '+',
    )
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))
    const field = fc.constantFrom('followpaths', 'include-patterns', 'exclude-patterns')
    await assertProperty(
      t,
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(field, text), { maxLength: 3, selector: ([name]) => name }),
        async (fields) => {
          const { stats, files } = await sync(client, { ...CONTEXT, ...Object.fromEntries(fields) })
          const names = new Set(['.dockerignore', 'Dockerfile', 'in', 'in/file', 'up'])
          assert.deepEqual(
            [...stats.keys()].filter((name) => !names.has(name)),
            [],
          )
          assert.equal([...files.values()].join().includes('SECRET'), false)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('that the .dockerignore names, though the daemon leaves its patterns out', async (t) => {
    const files = {
      '.dockerignore': '**.pem\nsecrets\n.dockerignore',
      'key.pem': 'SECRET',
      'secrets/a': 'SECRET',
      a: '',
    }
    const { client } = await serve(t, files)
    for (const headers of [
      {},
      { 'include-patterns': ['key.pem', 'secrets/a', '**'] },
      { followpaths: ['secrets', 'key.pem', 'secrets/a'] },
      { 'exclude-patterns': ['!key.pem', '!secrets'] },
    ]) {
      const { stats } = await sync(client, { ...CONTEXT, ...headers })
      assert.deepEqual(
        [...stats.keys()].filter((path) => /pem|secrets/.test(path)),
        [],
        JSON.stringify(headers),
      )
    }
    assert.equal((await sync(client, { ...CONTEXT, followpaths: '.dockerignore' })).stats.size, 1)
  })

  test('by asking for what wasn’t told, twice, or before it was', async (t) => {
    for (const asks of [[99], [2 ** 31], [0, 0]]) {
      const { client, faults } = await serve(t, { a: '' })
      const call = begin(client, DIFF_COPY, CONTEXT)
      const end = ended(call)
      await new Promise((resolve) => call.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const id of asks) call.write(packet(1, id))
      const { status, message } = await end
      assert.equal(status, 3, message)
      assert.deepEqual(faults, [])
    }
  })

  test('by a folder’s, a link’s or a pipe’s number', async (t) => {
    const { client } = await serve(t, { '0dir/x': '' }, undefined, (folder) =>
      symlink('../secret', join(folder, '1link')),
    )
    for (const id of [0, 2]) {
      const call = begin(client, DIFF_COPY, CONTEXT)
      const end = ended(call)
      await new Promise((resolve) => call.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, 50))
      call.write(packet(1, id))
      assert.equal((await end).status, 3, `${id} was sent`)
    }
  })

  test('by what is no packet', async (t) => {
    const { client } = await serve(t, {})
    const call = begin(client, DIFF_COPY, CONTEXT)
    call.write(Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff]))
    assert.notEqual((await ended(call)).status, 0)
    assert.equal((await sync(client, CONTEXT)).status, 0)
  })

  test('by another call', async (t) => {
    const { client } = await serve(t, {})
    for (const path of [
      '/moby.filesync.v1.FileSync/TarStream',
      '/moby.filesync.v1.FileSend/DiffCopy',
      '/moby.sshforward.v1.SSH/ForwardAgent',
      '/moby.buildkit.secrets.v1.Secrets/GetSecret',
      '/moby.upload.v1.Upload/Pull',
    ]) {
      assert.equal((await unary(client, path, Buffer.alloc(0))).status, 12, path)
    }
    const health = await unary(client, '/grpc.health.v1.Health/Check', Buffer.alloc(0))
    assert.deepEqual([health.status, health.messages.map((one) => one.toString('hex'))], [0, ['0801']])
  })
})

describe('the Dockerfile', () => {
  test('is alone in its folder, with its own .dockerignore', async (t) => {
    const { client } = await serve(t, { 'd/my': 'FROM a', 'd/my.dockerignore': 'x', 'd/other': 'SECRET' }, 'd/my')
    const all = await sync(client, DOCKERFILE)
    assert.deepEqual(Object.fromEntries(all.files), { my: 'FROM a', 'my.dockerignore': 'x' })
    assert.deepEqual(
      [...(await sync(client, { ...DOCKERFILE, followpaths: ['my', 'none'] })).files],
      [['my', 'FROM a']],
    )
    assert.equal((await sync(client, { ...DOCKERFILE, followpaths: ['other', '../other'] })).stats.size, 0)
  })

  test('from elsewhere is there, and not in the context', async (t) => {
    const elsewhere = await temporaryFolder(t)
    await writeFile(join(elsewhere, 'one[1]'), 'FROM b')
    const { client } = await serve(t, { a: '' }, join(elsewhere, 'one[1]'))
    assert.deepEqual(
      [...(await sync(client, { ...DOCKERFILE, followpaths: 'Dockerfile' })).files],
      [['Dockerfile', 'FROM b']],
    )
    assert.deepEqual([...(await sync(client, CONTEXT)).stats.keys()], ['Dockerfile', 'a'])
  })
})

describe('a failure here', () => {
  test('is told in words, and kept for the caller', async (t) => {
    const { client, folder, faults } = await serve(t, { a: 'x'.repeat(10), b: '' })
    const call = begin(client, DIFF_COPY, CONTEXT)
    const end = ended(call)
    await new Promise((resolve) => call.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await appendFile(join(folder, 'a'), 'more')
    call.write(packet(1, 1))
    const { status, message, messages } = await end
    assert.equal(status, 13)
    assert.match(message, /^reading a for a build: it changed/)
    // The last packet says so, too.
    const last = fieldsOf(messages.at(-1) ?? Buffer.alloc(0))
    assert.deepEqual([last.get(1), String(last.get(4))], [4, message])
    assert.deepEqual(
      faults.map((fault) => (fault as BuildError).code),
      ['ERR_BUILD_FILE_CHANGED'],
    )
  })

  test('in the middle of a large file ends the call', async (t) => {
    const { client, folder, faults } = await serve(t, { a: 'x'.repeat(5_000_000) })
    const call = begin(client, DIFF_COPY, CONTEXT)
    let bytes = 0
    const end = ended(call, ({ length }) => {
      bytes += length
      if (bytes > 1_000_000) void truncate(join(folder, 'a'), 100)
    })
    await new Promise((resolve) => call.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, 50))
    call.write(packet(1, 1))
    assert.equal((await end).status, 13)
    assert.equal(faults.length, 1)
  })

  test('of the daemon is no fault of ours', async (t) => {
    const { client, faults } = await serve(t, {})
    const call = begin(client, DIFF_COPY, CONTEXT)
    call.write(packet(4))
    assert.equal((await ended(call)).status, 13)
    const left = begin(client, DIFF_COPY, CONTEXT)
    left.end()
    assert.equal((await ended(left)).status, 3)
    assert.deepEqual(faults, [])
  })
})
