import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  chmod,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { extract, type Header } from 'tar-stream'
import { packContext } from '../../../../lib/engine/workflows/build/context.ts'
import { findBuildFiles } from '../../../../lib/engine/workflows/build/files.ts'
import { readEntry } from '../../../../lib/engine/workflows/build/read-entry.ts'
import { walk } from '../../../../lib/engine/workflows/build/walk.ts'
import { temporaryFolder, type Cleanable } from '../../../support/temporary.ts'
import { assertProperty, fc } from '../../../support/properties.ts'

/** Writes files by path; a path that ends with `/` is a folder. */
async function folderOf(t: Cleanable, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, path.endsWith('/') ? '.' : '..'), { recursive: true })
    if (!path.endsWith('/')) await writeFile(join(folder, path), text)
  }
  return folder
}

interface Unpacked {
  readonly header: Header
  readonly content: Buffer
}

/** Reads a tar with tar-stream, in pieces of the sizes that are given, over and over. */
async function unpack(tar: Buffer, sizes: readonly number[] = [tar.length]): Promise<Map<string, Unpacked>> {
  const reading = extract()
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0, turn = 0; at < tar.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1
      yield tar.subarray(at, (at += size))
    }
  }
  Readable.from(pieces(), { objectMode: false }).pipe(reading as never)
  const found = new Map<string, Unpacked>()
  for await (const entry of reading) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    assert.equal(found.has(entry.header.name), false, `${entry.header.name} is in it twice`)
    found.set(entry.header.name, { header: entry.header, content: Buffer.concat(chunks) })
  }
  return found
}

async function packed(folder: string, dockerfile?: string): Promise<Map<string, Unpacked>> {
  const { body } = await packContext(await findBuildFiles(folder, dockerfile))
  return unpack(await buffer(body))
}

const names = async (folder: string, dockerfile?: string): Promise<string[]> => [
  ...(await packed(folder, dockerfile)).keys(),
]

describe('the tar of a context', () => {
  test('has all files, with their modes and times, and belongs to root', async (t) => {
    const folder = await folderOf(t, { Dockerfile: 'FROM scratch', 'a/b/run': 'x', 'a/none': '' })
    await chmod(join(folder, 'a/b/run'), 0o4751)
    await chmod(join(folder, 'a/none'), 0)
    await utimes(join(folder, 'a/b/run'), 1_000_000_000.9, 1_000_000_000.9)
    const tar = await packed(folder)
    assert.deepEqual([...tar.keys()], ['Dockerfile', 'a/', 'a/b/', 'a/b/run', 'a/none'])
    const run = tar.get('a/b/run')
    assert.equal(run?.header.mode, 0o4751)
    assert.equal(run.header.mtime.getTime(), 1_000_000_000_000)
    assert.equal(run.content.toString(), 'x')
    assert.equal(tar.get('a/none')?.header.mode, 0)
    for (const { header } of tar.values()) assert.deepEqual([header.uid, header.gid, header.uname], [0, 0, ''])
  })

  test('says a time that no header holds in a record of its own', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', late: '', early: '' })
    execFileSync('touch', ['-d', '@4102444800', join(folder, 'late')])
    execFileSync('touch', ['-d', '@-1000', join(folder, 'early')])
    const tar = await packed(folder)
    assert.deepEqual(tar.get('late')?.header.pax, { path: 'late', mtime: '4102444800' })
    assert.deepEqual(tar.get('early')?.header.pax, { path: 'early', mtime: '-1000' })
  })

  test('has links as they are, and nothing of what they lead to', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', 'a/b': '' })
    await symlink('/etc', join(folder, 'etc'))
    await symlink('../Dockerfile', join(folder, 'a/up'))
    await symlink('nowhere', join(folder, 'dangling'))
    const tar = await packed(folder)
    assert.deepEqual([...tar.keys()], ['Dockerfile', 'a/', 'a/b', 'a/up', 'dangling', 'etc'])
    const links = ['etc', 'a/up', 'dangling'].map((name) => tar.get(name)?.header)
    assert.deepEqual(
      links.map((header) => [header?.type, header?.linkname]),
      [
        ['symlink', '/etc'],
        ['symlink', '../Dockerfile'],
        ['symlink', 'nowhere'],
      ],
    )
  })

  test('has a pipe as a pipe, no socket, and refuses a device by its name', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '' })
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    try {
      const tar = await packed(folder)
      assert.deepEqual([...tar.keys()], ['Dockerfile', 'pipe'])
      assert.equal(tar.get('pipe')?.header.type, 'fifo')
    } finally {
      server.close()
    }
    const { body } = await packContext(await findBuildFiles('/dev', join(folder, 'Dockerfile')))
    await assert.rejects(buffer(body), { code: 'ERR_BUILD_CONTEXT_INVALID', message: /reading \S+ .* device/ })
  })

  test('has no name that is no UTF-8, unless it is left out', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '' })
    execFileSync('sh', ['-c', 'touch "$(printf "a\\377b")"'], { cwd: folder })
    await assert.rejects(names(folder), { code: 'ERR_BUILD_CONTEXT_INVALID', message: /a.b .*UTF-8/ })
    await writeFile(join(folder, '.dockerignore'), 'a*')
    assert.deepEqual(await names(folder), ['.dockerignore', 'Dockerfile'])
  })

  test('says the size of a file of 9 GiB', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', huge: '' })
    await truncate(join(folder, 'huge'), 9 * 2 ** 30)
    const { body } = await packContext(await findBuildFiles(folder))
    const reading = extract()
    body.pipe(reading as never)
    const sizes: number[] = []
    for await (const { header } of reading) if (sizes.push(header.size) === 2) break
    body.destroy()
    assert.deepEqual(sizes, [0, 9 * 2 ** 30])
  })

  test('is read no faster than it is taken', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', big: '' })
    await truncate(join(folder, 'big'), 64 * 2 ** 20)
    const { body } = await packContext(await findBuildFiles(folder))
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    let length = 0
    for await (const piece of body as AsyncIterable<Buffer>) {
      length += piece.length
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(length > 64 * 2 ** 20, `${length} bytes came`)
    assert.ok(most < 32 * 2 ** 20, `${most} bytes were held`)
  })

  test('gives what was packed back, whatever the names, and however it is cut', async (t) => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 80 })
      .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && Buffer.byteLength(text) <= 200)
      .filter((text) => Buffer.from(text).toString() === text)
    const awkward = fc.constantFrom(
      ' ',
      '\n',
      '"',
      '\\',
      '*',
      '-rf',
      '__proto__',
      'é',
      '\u{1F600}',
      '..a',
      'x'.repeat(200),
    )
    const path = fc.array(fc.oneof(name, awkward), { minLength: 1, maxLength: 4 })
    const file = fc.tuple(path, fc.uint8Array({ maxLength: 2000 }), fc.option(fc.oneof(name, awkward), { freq: 4 }))
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 })
    await assertProperty(
      t,
      fc.asyncProperty(fc.array(file, { maxLength: 6 }), sizes, async (files, cuts) => {
        const folder = await folderOf(t, { 'Dockerfile/': '' })
        const expected = new Map<string, string>()
        for (const [parts, content, target] of files) {
          const place = parts.join('/')
          if (parts.some((_, index) => expected.has(parts.slice(0, index + 1).join('/')))) continue
          try {
            await mkdir(join(folder, place, '..'), { recursive: true })
            if (target === null) await writeFile(join(folder, place), content, { flag: 'wx' })
            else await symlink(target, join(folder, place))
          } catch {
            continue // One is in the way of another.
          }
          expected.set(place, target === null ? Buffer.from(content).toString('hex') : `-> ${target}`)
        }
        await rm(join(folder, 'Dockerfile'), { recursive: true })
        const elsewhere = await folderOf(t, { Dockerfile: '' })
        const { body, dockerfile } = await packContext(await findBuildFiles(folder, join(elsewhere, 'Dockerfile')))
        const tar = await unpack(await buffer(body), cuts)
        for (const [place, what] of expected) {
          const { header, content } = tar.get(place) ?? assert.fail(`${JSON.stringify(place)} is not in it`)
          assert.equal(header.type === 'symlink' ? `-> ${header.linkname}` : content.toString('hex'), what)
        }
        const others = [...tar].filter(([place, { header }]) => header.type !== 'directory' && !expected.has(place))
        assert.deepEqual(others.map(([place]) => place).toSorted(), [dockerfile, '.dockerignore'].toSorted())
      }),
      { numRuns: 50 },
    )
  })
})

describe('.dockerignore', () => {
  test('keeps out what it names, and what it excepts is in with its folders', async (t) => {
    const ignore = '# words\n*\n!a/b/keep\n**.pem\n'
    const folder = await folderOf(t, {
      '.dockerignore': ignore,
      Dockerfile: '',
      'a/b/keep': '',
      'a/b/not': '',
      'a/key.pem': '',
      'c/d': '',
    })
    assert.deepEqual(await names(folder), ['.dockerignore', 'Dockerfile', 'a/', 'a/b/', 'a/b/keep'])
  })

  test('is looked through for exceptions with wildcards, as by BuildKit', async (t) => {
    const folder = await folderOf(t, { '.dockerignore': '**\n!**/x', Dockerfile: '', 'a/b/x': '', 'a/b/y': '', x: '' })
    assert.deepEqual(await names(folder), ['.dockerignore', 'Dockerfile', 'a/', 'a/b/', 'a/b/x', 'x'])
  })

  test('leaves the Dockerfile and itself in, whatever they are called', async (t) => {
    for (const name of ['Dockerfile', 'd/[a]*?\\ .x', '!d']) {
      const folder = await folderOf(t, { '.dockerignore': '**', [name]: '', 'd/other': '' })
      assert.deepEqual(
        (await names(folder, name)).filter((path) => !path.endsWith('/')),
        ['.dockerignore', name].toSorted(),
      )
    }
  })

  test('of a Dockerfile goes before that of the root', async (t) => {
    const folder = await folderOf(t, {
      '.dockerignore': 'a',
      'd/my': '',
      'd/my.dockerignore': 'b\nd',
      a: '',
      b: '',
      'd/c': '',
    })
    assert.deepEqual(await names(folder, 'd/my'), ['.dockerignore', 'a', 'd/', 'd/my'])
  })

  test('with what is no pattern is refused before anything is sent', async (t) => {
    const folder = await folderOf(t, { '.dockerignore': 'a\n[', Dockerfile: '' })
    await assert.rejects(findBuildFiles(folder), { code: 'ERR_BUILD_IGNORE_INVALID', message: /"\["/ })
  })

  test(
    'lets what it names be unreadable',
    { skip: process.getuid?.() !== 0 && 'only root becomes another' },
    async (t) => {
      const folder = await folderOf(t, { Dockerfile: '', 'secret/key': '', 'open/key': '', '.dockerignore': 'secret' })
      await chmod(folder, 0o755)
      await chmod(join(folder, 'secret'), 0o700)
      await chmod(join(folder, 'open/key'), 0o600)
      process.seteuid?.(65534)
      try {
        await assert.rejects(names(folder), { code: 'ERR_BUILD_FILE_UNREADABLE', message: /open\/key .*permission/ })
        process.seteuid?.(0)
        await unlink(join(folder, 'open/key'))
        process.seteuid?.(65534)
        assert.deepEqual(await names(folder), ['.dockerignore', 'Dockerfile', 'open/'])
      } finally {
        process.seteuid?.(0)
      }
    },
  )
})

describe('the Dockerfile', () => {
  test('from elsewhere is in under a name of its own, which .dockerignore names', async (t) => {
    const elsewhere = await folderOf(t, { my: 'FROM scratch' })
    for (const ignore of [undefined, 'a\n!b']) {
      const folder = await folderOf(t, { b: '', ...(ignore !== undefined && { '.dockerignore': ignore }) })
      const { body, dockerfile } = await packContext(await findBuildFiles(folder, join(elsewhere, 'my')))
      const tar = await unpack(await buffer(body))
      assert.match(dockerfile, /^\.dockerfile\.[0-9a-f]{20}$/)
      assert.deepEqual([...tar.keys()], ['b', dockerfile, '.dockerignore'])
      assert.equal(tar.get(dockerfile)?.content.toString(), 'FROM scratch')
      assert.equal(tar.get('.dockerignore')?.content.toString(), `${ignore ?? '.dockerignore'}\n${dockerfile}\n`)
    }
  })

  test('is found in lower case, and by a path from the root that leads out of it', async (t) => {
    const folder = await folderOf(t, { 'in/dockerfile': '', my: '' })
    assert.equal((await findBuildFiles(join(folder, 'in'))).dockerfile.inside, 'dockerfile')
    assert.equal((await findBuildFiles(join(folder, 'in'), '../my')).dockerfile.inside, undefined)
  })

  test('that is a link is the file that it leads to, inside', async (t) => {
    const folder = await folderOf(t, { 'd/real': '' })
    await symlink('d/real', join(folder, 'Dockerfile'))
    assert.equal((await findBuildFiles(folder)).dockerfile.inside, 'd/real')
  })

  test('that is a link out of the context is refused, and so is a .dockerignore', async (t) => {
    const folder = await folderOf(t, { 'in/': '', 'out/Dockerfile': '' })
    await symlink('../out/Dockerfile', join(folder, 'in/Dockerfile'))
    const refused = { code: 'ERR_BUILD_DOCKERFILE_INVALID', message: /which is outside the context/ }
    await assert.rejects(findBuildFiles(join(folder, 'in')), refused)
    await symlink('../out', join(folder, 'in/way'))
    await assert.rejects(findBuildFiles(join(folder, 'in'), 'way/Dockerfile'), refused)
    const own = join(folder, 'out/Dockerfile')
    await symlink('../out/Dockerfile', join(folder, 'in/.dockerignore'))
    await assert.rejects(findBuildFiles(join(folder, 'in'), own), refused)
  })

  test('with a .dockerignore that nobody can read is refused: all files would be sent', async (t) => {
    const loop = await folderOf(t, { Dockerfile: '', key: '' })
    await symlink('.dockerignore', join(loop, '.dockerignore'))
    const folder = await folderOf(t, { Dockerfile: '', '.dockerignore/': '' })
    const code = 'ERR_BUILD_FILE_UNREADABLE'
    await assert.rejects(findBuildFiles(loop), { code, message: /form a loop/ })
    await assert.rejects(findBuildFiles(folder), { code, message: /not a file/ })
    const dangling = await folderOf(t, { Dockerfile: '' })
    await symlink('nowhere', join(dangling, '.dockerignore'))
    assert.deepEqual((await findBuildFiles(dangling)).ignored, [])
  })

  test('that is not there, or no file, is refused, and so is such a context', async (t) => {
    const folder = await folderOf(t, { file: '', 'Dockerfile/': '' })
    await assert.rejects(findBuildFiles(folder), { code: 'ERR_BUILD_DOCKERFILE_INVALID', message: /not a file/ })
    await assert.rejects(findBuildFiles(folder, 'none', 'file'), {
      code: 'ERR_BUILD_DOCKERFILE_INVALID',
      message: /doesn't exist/,
      todo: 'Create it, or correct the option file.',
    })
    await assert.rejects(findBuildFiles(folder, 'Dockerfile', 'file'), { todo: 'Set { file } to the path of a file.' })
    await assert.rejects(findBuildFiles(await folderOf(t, {})), { todo: /^Create it, or set \{ dockerfile \}/ })
    await assert.rejects(findBuildFiles(join(folder, 'file')), {
      code: 'ERR_BUILD_CONTEXT_INVALID',
      todo: `Pass its folder:  docker.images.build('${folder}', { file: 'file' })`,
    })
    for (const missing of [join(folder, 'none'), relative('.', join(folder, 'none'))])
      await assert.rejects(findBuildFiles(missing), {
        code: 'ERR_BUILD_CONTEXT_INVALID',
        got: `there is no ${join(folder, 'none')}`,
      })
    await assert.rejects(findBuildFiles(join(folder, 'file')), {
      code: 'ERR_BUILD_CONTEXT_INVALID',
      message: /not a folder/,
    })
  })
})

async function seen(t: Cleanable, during: (folder: string, path: string) => Promise<void>): Promise<void> {
  const folder = await folderOf(t, { 'a/file': 'x'.repeat(200_000), 'b/file': 'y'.repeat(200_000) })
  for await (const entry of walk(folder, [])) {
    if (entry.path !== 'a/file') continue
    const reading = readEntry(folder, entry)
    await during(folder, join(folder, 'a/file'))
    for await (const piece of reading) assert.equal(piece.includes('y'), false, 'another file was read')
  }
}

const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length

describe('what changes while it is read', () => {
  const changed = { code: 'ERR_BUILD_FILE_CHANGED', message: /^reading a\/file .* changed/ }

  test('is refused when it grew, shrank, or is another', async (t) => {
    await assert.rejects(
      seen(t, (_, path) => appendFile(path, 'x')),
      changed,
    )
    await assert.rejects(
      seen(t, (_, path) => truncate(path, 100)),
      changed,
    )
    await assert.rejects(
      seen(t, async (folder, path) => rename(join(folder, 'b/file'), path)),
      changed,
    )
  })

  test('is refused when it grows or shrinks in the middle', async (t) => {
    // The second ends just where a piece of it does.
    for (const [before, size] of [
      [200_000, 300_000],
      [131_072, 300_000],
      [200_000, 100_000],
    ] as const) {
      const folder = await folderOf(t, { 'a/file': 'x'.repeat(before) })
      const reading = async (): Promise<void> => {
        for await (const entry of walk(folder, [])) {
          if (entry.type !== 'file') continue
          for await (const piece of readEntry(folder, entry)) if (piece) await truncate(join(folder, 'a/file'), size)
        }
      }
      await assert.rejects(reading(), changed, `from ${before} to ${size}`)
    }
  })

  test('is refused when a link took its place, or that of its folder', async (t) => {
    const toLink = seen(t, async (_, path) => {
      await unlink(path)
      await symlink('../b/file', path)
    })
    await assert.rejects(toLink, { code: 'ERR_BUILD_FILE_UNREADABLE', message: /a\/file .*link/ })
    const folderToLink = seen(t, async (folder) => {
      await rename(join(folder, 'a'), join(folder, 'c'))
      await symlink('b', join(folder, 'a'))
    })
    await assert.rejects(folderToLink, changed)
  })

  test('is refused when a folder became a link before it was looked into', async (t) => {
    const folder = await folderOf(t, { 'in/a/file': '', 'out/secret': '' })
    const seenPaths: string[] = []
    const walking = (async () => {
      for await (const { path } of walk(join(folder, 'in'), [])) {
        seenPaths.push(path)
        await rename(join(folder, 'in/a'), join(folder, 'moved'))
        await symlink('../out', join(folder, 'in/a'))
      }
    })()
    await assert.rejects(walking, { code: 'ERR_BUILD_FILE_CHANGED', message: /^reading a for a build/ })
    assert.deepEqual(seenPaths, ['a'])
  })

  test('leaves no file open', async (t) => {
    const before = await openFiles()
    await assert.rejects(seen(t, (_, path) => truncate(path, 100)))
    assert.equal(await openFiles(), before)
  })
})

async function openBelow(folder: string): Promise<string[]> {
  const entries = await readdir('/proc/self/fd')
  // Others are closed while this looks at them.
  const links = await Promise.all(entries.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return links.filter((path) => path.includes(folder))
}

describe('packing ends', { skip: process.platform !== 'linux' }, () => {
  test('with the reason of the signal, with the file closed', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', big: '' })
    await truncate(join(folder, 'big'), 2 ** 30)
    const reason = new Error('enough')
    const abort = new AbortController()
    const { body } = await packContext(await findBuildFiles(folder), abort.signal)
    const reading = async (): Promise<void> => {
      for await (const piece of body) if ((piece as Buffer).length > 0) abort.abort(reason)
    }
    await assert.rejects(reading(), (error) => error === reason)
    assert.deepEqual(await openBelow(folder), [])
  })

  test('when it is read no more, with the file closed', async (t) => {
    const folder = await folderOf(t, { Dockerfile: '', big: '' })
    await truncate(join(folder, 'big'), 2 ** 30)
    const { body } = await packContext(await findBuildFiles(folder))
    let pieces = 0
    for await (const _ of body) if (++pieces > 20) break
    for (let turn = 0; turn < 100 && (await openBelow(folder)).length > 0; turn++) await new Promise(setImmediate)
    assert.deepEqual(await openBelow(folder), [])
    assert.equal((await readFile(join(folder, 'Dockerfile'))).length, 0)
  })
})
