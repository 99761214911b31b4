import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { extract, pack, type Header } from 'tar-stream'
import type { ContainerArchive } from '../../../lib/engine/containers/archive.ts'
import { copyFrom } from '../../../lib/engine/workflows/copy/copy-from.ts'
import { copyTo } from '../../../lib/engine/workflows/copy/copy-to.ts'
import { itemsOf } from '../../../lib/engine/workflows/copy/entries.ts'
import { partsOf } from '../../../lib/engine/workflows/copy/safe-name.ts'
import { packItems } from '../../../lib/engine/workflows/copy/pack.ts'
import { placeCopy, isContentsPath, isFolderPath } from '../../../lib/engine/workflows/copy/place.ts'
import { unpack, type Unpacking } from '../../../lib/engine/workflows/copy/unpack.ts'
import { walkLocal } from '../../../lib/engine/workflows/copy/walk.ts'
import { CopyError, type CopyEntry, type CopyErrorCode } from '../../../lib/index.ts'
import { cut } from '../../support/cut.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { assertProperty, fc } from '../../support/properties.ts'

type Entry = Partial<Header> & { readonly name: string; readonly content?: string }

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack()
  for (const { content, ...header } of entries) tar.entry(header, content ?? '')
  tar.finalize()
  return buffer(tar)
}

async function entriesOf(
  tar: Readable,
): Promise<(Pick<Header, 'name' | 'type' | 'mode' | 'uid'> & { text: string })[]> {
  const entries = []
  for await (const entry of tar.pipe(extract())) {
    const { name, type, mode, uid, linkname } = entry.header
    const text = (await buffer(entry as AsyncIterable<Buffer>)).toString()
    entries.push({ name, type, mode, uid, text: linkname ?? text })
  }
  return entries
}

const code = (wanted: CopyErrorCode) => (error: unknown) => {
  assert.ok(error instanceof CopyError, String(error))
  assert.equal(error.code, wanted, error.message)
  return true
}

describe('where a copy goes', () => {
  const file = { name: 's', folder: false, contents: false }
  const folder = { name: 's', folder: true, contents: false }
  const contents = { name: 's', folder: true, contents: true }
  const target = { path: '/p/t', parent: '/p', name: 't' }
  const rows: [typeof file, 'folder' | 'other' | 'nothing', boolean, string][] = [
    [file, 'folder', false, '/p/t s'],
    [file, 'folder', true, '/p/t s'],
    [file, 'other', false, '/p t'],
    [file, 'other', true, 'refused'],
    [file, 'nothing', false, '/p t'],
    [file, 'nothing', true, 'refused'],
    [folder, 'folder', false, '/p/t s'],
    [folder, 'other', false, 'refused'],
    [folder, 'nothing', false, '/p t'],
    [folder, 'nothing', true, '/p t'],
    [contents, 'folder', false, '/p/t undefined'],
    [contents, 'other', false, 'refused'],
    [contents, 'nothing', false, '/p t'],
  ]
  for (const [source, found, says, expected] of rows) {
    test(`${JSON.stringify(source)} to ${found}${says ? '/' : ''}: ${expected}`, () => {
      const to = { ...target, found, folder: says }
      if (expected === 'refused') return assert.throws(() => placeCopy(source, to), code('ERR_COPY_TARGET'))
      const { folder: into, name } = placeCopy(source, to)
      assert.equal(`${into} ${name}`, expected)
    })
  }

  test('what a path says', () => {
    for (const path of ['/', 'a/', 'a/.', '.', '..', 'a/..']) assert.equal(isFolderPath(path), true, path)
    for (const path of ['a', '/a/b', 'a.', 'a/.b', '...']) assert.equal(isFolderPath(path), false, path)
    for (const path of ['.', 'a/.', '/.']) assert.equal(isContentsPath(path), true, path)
    for (const path of ['a', 'a/', 'a.', '..', 'a/..']) assert.equal(isContentsPath(path), false, path)
  })
})

describe('a tar out of a container', () => {
  async function unpacked(
    t: TestContext,
    entries: readonly Entry[] | Buffer,
    options: Partial<Unpacking> = {},
  ): Promise<string> {
    const folder = await temporaryFolder(t)
    const bytes = Buffer.isBuffer(entries) ? entries : await tarOf(entries)
    const place = { folder, name: 'out' }
    await unpack(Readable.from(cut(bytes, [700].values())), {
      path: '/in',
      prefix: 'in',
      place,
      special: 'refuse',
      signal: undefined,
      ...options,
    })
    return folder
  }

  test('files, folders and links, their modes and times, under another name', async (t) => {
    const mtime = new Date('2020-02-02T02:02:02Z')
    const folder = await unpacked(t, [
      { name: 'in/', type: 'directory', mode: 0o750, mtime },
      { name: 'in/closed/', type: 'directory', mode: 0o500, mtime },
      { name: 'in/closed/file', mode: 0o4755, mtime, content: 'hello' },
      { name: 'in/link', type: 'symlink', linkname: 'closed/file', mtime },
      { name: 'in/hard', type: 'link', linkname: 'in/closed/file' },
      { name: 'in/out', type: 'symlink', linkname: '/etc/passwd' },
      { name: 'in/implied/folder/file', content: '' },
    ])
    const out = join(folder, 'out')
    assert.equal(await readFile(join(out, 'closed/file'), 'utf8'), 'hello')
    const file = await stat(join(out, 'closed/file'))
    assert.deepEqual([file.mode & 0o7777, file.mtime, file.nlink], [0o755, mtime, 2], 'without its set-user-ID')
    const closed = await stat(join(out, 'closed'))
    assert.deepEqual([closed.mode & 0o7777, closed.mtime], [0o500, mtime])
    await chmod(join(out, 'closed'), 0o700)
    assert.equal(await readlink(join(out, 'link')), 'closed/file')
    assert.equal(await readlink(join(out, 'out')), '/etc/passwd')
    assert.deepEqual(await readdir(join(out, 'implied/folder')), ['file'])
  })

  test('the content of a folder, into one whose mode stays', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'a'), 'old')
    const entries = [
      { name: './', type: 'directory' as const, mode: 0o777 },
      { name: './a', content: 'new' },
    ]
    await unpacked(t, entries, { prefix: '.', place: { folder, name: undefined } })
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'new')
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
  })

  const hostile: [string, Entry[], CopyErrorCode][] = [
    ['a name with ..', [{ name: 'in/../../evil', content: 'x' }], 'ERR_COPY_UNSAFE'],
    ['a name that is ..', [{ name: '..', type: 'directory' }], 'ERR_COPY_UNSAFE'],
    ['an absolute name', [{ name: '/evil', content: 'x' }], 'ERR_COPY_UNSAFE'],
    ['a name of something else', [{ name: 'evil', content: 'x' }], 'ERR_COPY_UNSAFE'],
    [
      'a file through a symbolic link of its own',
      [
        { name: 'in/link', type: 'symlink', linkname: '/tmp' },
        { name: 'in/link/evil', content: 'x' },
      ],
      'ERR_COPY_UNSAFE',
    ],
    [
      'a folder through a symbolic link of its own',
      [
        { name: 'in/link', type: 'symlink', linkname: '..' },
        { name: 'in/link/evil/', type: 'directory' },
      ],
      'ERR_COPY_UNSAFE',
    ],
    [
      'a folder that is a symbolic link of its own',
      [
        { name: 'in/link', type: 'symlink', linkname: '/tmp' },
        { name: 'in/link/', type: 'directory', mode: 0o777 },
      ],
      'ERR_COPY_UNSAFE',
    ],
    [
      'a symbolic link through a symbolic link',
      [
        { name: 'in/a', type: 'symlink', linkname: '..' },
        { name: 'in/a/b', type: 'symlink', linkname: '..' },
      ],
      'ERR_COPY_UNSAFE',
    ],
    ['a hard link to what is outside', [{ name: 'in/hard', type: 'link', linkname: '/etc/passwd' }], 'ERR_COPY_UNSAFE'],
    ['a hard link upwards', [{ name: 'in/hard', type: 'link', linkname: 'in/../../x' }], 'ERR_COPY_UNSAFE'],
    ['a hard link to nothing', [{ name: 'in/hard', type: 'link', linkname: 'in/none' }], 'ERR_COPY_UNSAFE'],
    [
      'a hard link through a symbolic link',
      [
        { name: 'in/a', type: 'symlink', linkname: '/etc' },
        { name: 'in/hard', type: 'link', linkname: 'in/a/passwd' },
      ],
      'ERR_COPY_UNSAFE',
    ],
    [
      'a hard link to a symbolic link',
      [
        { name: 'in/a', type: 'symlink', linkname: '/etc/passwd' },
        { name: 'in/hard', type: 'link', linkname: 'in/a' },
      ],
      'ERR_COPY_UNSAFE',
    ],
    ['a device', [{ name: 'in/dev', type: 'character-device', devmajor: 1, devminor: 3 }], 'ERR_COPY_UNSAFE'],
    ['a disk', [{ name: 'in/dev', type: 'block-device', devmajor: 8, devminor: 0 }], 'ERR_COPY_UNSAFE'],
    ['a named pipe', [{ name: 'in/pipe', type: 'fifo' }], 'ERR_COPY_UNSAFE'],
    [
      'a symbolic link in the place of a folder',
      [
        { name: 'in/a/b', content: 'x' },
        { name: 'in/a', type: 'symlink', linkname: '/tmp' },
      ],
      'ERR_COPY_TARGET',
    ],
    [
      'a file in the place of a folder',
      [
        { name: 'in/a/b', content: 'x' },
        { name: 'in/a', content: 'x' },
      ],
      'ERR_COPY_TARGET',
    ],
    [
      'a folder in the place of a file',
      [
        { name: 'in/a', content: 'x' },
        { name: 'in/a/', type: 'directory' },
      ],
      'ERR_COPY_TARGET',
    ],
  ]
  for (const [name, entries, wanted] of hostile) {
    test(`${name} is refused`, async (t) => {
      const folder = await temporaryFolder(t)
      await writeFile(join(folder, 'x'), 'outside')
      await mkdir(join(folder, 'inner'))
      const place = { folder: join(folder, 'inner'), name: 'out' }
      await assert.rejects(unpacked(t, entries, { place }), code(wanted))
      assert.deepEqual(await readdir(folder), ['inner', 'x'])
      assert.equal(await readFile(join(folder, 'x'), 'utf8'), 'outside')
      for (const found of await readdir(join(folder, 'inner'))) assert.equal(found, 'out')
      await assert.rejects(stat('/tmp/evil'), { code: 'ENOENT' })
    })
  }

  for (const name of ['../evil', '..', '.', '', 'a/b', '/evil', null]) {
    test(`a daemon that calls it ${JSON.stringify(name)} is refused`, async (t) => {
      const folder = await temporaryFolder(t)
      await mkdir(join(folder, 'inner'))
      const link = { name, mode: 2 ** 27, linkTarget: '/etc/app' }
      const file = { name: 'app', mode: 0o644 }
      const tar = Readable.from(await tarOf([{ name: 'app', content: 'hostile' }]), { objectMode: false })
      const get = (_: string, path: string): unknown =>
        Promise.resolve(path === '/link' ? { stat: link, tar: Readable.from([]) } : { stat: file, tar })
      const copied = copyFrom({ get } as ContainerArchive, 'x', '/link', join(folder, 'inner'), { followLink: true })
      await assert.rejects(copied, code('ERR_COPY_UNSAFE'))
      assert.deepEqual(await readdir(folder), ['inner'])
      assert.deepEqual(await readdir(join(folder, 'inner')), [])
    })
  }

  test('special files are left out where that is wanted', async (t) => {
    const entries: Entry[] = [
      { name: 'in/pipe', type: 'fifo' },
      { name: 'in/dev', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: 'in/file', content: 'x' },
    ]
    const folder = await unpacked(t, entries, { special: 'skip' })
    assert.deepEqual(await readdir(join(folder, 'out')), ['file'])
  })

  test('a link that was there before is neither followed nor written through', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'victim'), 'untouched')
    await mkdir(join(folder, 'elsewhere'))
    await mkdir(join(folder, 'in'))
    await symlink('../victim', join(folder, 'in/file'))
    await symlink('../elsewhere', join(folder, 'in/folder'))
    const place = { folder, name: 'in' }
    await unpacked(t, [{ name: 'in/file', content: 'new' }], { place })
    assert.equal(await readFile(join(folder, 'victim'), 'utf8'), 'untouched')
    assert.equal((await lstat(join(folder, 'in/file'))).isFile(), true)
    await assert.rejects(unpacked(t, [{ name: 'in/folder/x', content: 'x' }], { place }), code('ERR_COPY_UNSAFE'))
    assert.deepEqual(await readdir(join(folder, 'elsewhere')), [])
  })

  test('names lead nowhere but below the folder, whatever they are', (t) => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '...', '..\\'), fc.string())
    assertProperty(
      t,
      fc.property(fc.array(part), (parts) => {
        const name = parts.join('/')
        let found: string[]
        try {
          found = partsOf(name)
        } catch (error) {
          return code('ERR_COPY_UNSAFE')(error)
        }
        assert.ok(join('/root/folder', ...found).startsWith('/root/folder'), name)
        assert.ok(!found.includes('..') && !name.startsWith('/'), name)
        return true
      }),
    )
    for (const name of ['a\\..\\b', 'C:evil', 'a:stream']) {
      assert.throws(() => partsOf(name, 'win32'), code('ERR_COPY_UNSAFE'))
      assert.deepEqual(partsOf(name, 'linux'), [name])
    }
  })

  test('what is no tar, or half of one', async (t) => {
    const whole = await tarOf([{ name: 'in/file', content: 'x'.repeat(5_000) }])
    await assert.rejects(unpacked(t, Buffer.from('no tar '.repeat(200))), code('ERR_COPY_ARCHIVE_INVALID'))
    await assert.rejects(unpacked(t, whole.subarray(0, 3_000)), code('ERR_COPY_ARCHIVE_INVALID'))
    const broken = Buffer.from(whole)
    broken[100] = 0x39
    await assert.rejects(unpacked(t, broken), code('ERR_COPY_ARCHIVE_INVALID'))
  })

  test('a file that is cut short does not stay', async (t) => {
    const folder = await temporaryFolder(t)
    const whole = await tarOf([{ name: 'in', content: 'x'.repeat(50_000) }])
    const place = { folder, name: 'out' }
    await assert.rejects(unpacked(t, whole.subarray(0, 20_000), { place }), code('ERR_COPY_ARCHIVE_INVALID'))
    assert.deepEqual(await readdir(folder), [])
  })

  test(
    'that fails before it is unpacked, or in the middle, is an error with the reason',
    { timeout: 20_000 },
    async (t) => {
      const begun = (await tarOf([{ name: 'in', content: 'x'.repeat(50_000) }])).subarray(0, 20_000)
      const moments: readonly ((fail: () => void) => void)[] = [
        (fail) => fail(),
        (fail) => void setImmediate(fail),
        (fail) => void setTimeout(fail, 50),
      ]
      for (const moment of moments) {
        const body = new Readable({ read() {} }).on('error', () => {})
        body.push(begun)
        moment(() => body.destroy(new Error('connection lost')))
        await delay(moment === moments[0] ? 5 : 0)
        const place = { folder: await temporaryFolder(t), name: 'out' }
        const how: Unpacking = { path: '/in', prefix: 'in', place, special: 'refuse', signal: undefined }
        await assert.rejects(unpack(body, how), /\(connection lost\)/)
        assert.deepEqual(await readdir(place.folder), [])
      }
    },
  )

  test('an abort ends it for its own reason', async (t) => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const body = new Readable({ read() {} })
    body.push((await tarOf([{ name: 'in', content: 'x'.repeat(50_000) }])).subarray(0, 20_000))
    setTimeout(() => {
      stop.abort(reason)
      body.destroy(reason)
    }, 50)
    const place = { folder: await temporaryFolder(t), name: 'out' }
    const how: Unpacking = { path: '/in', prefix: 'in', place, special: 'refuse', signal: stop.signal }
    await assert.rejects(unpack(body, how), (thrown) => thrown === reason)
  })
})

describe('a tar into a container', () => {
  const how = { keepOwner: false, signal: undefined }

  test("files, folders and links stay what they are; everything is root's", async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'b/c'), { recursive: true })
    await writeFile(join(folder, 'b/file'), 'hello', { mode: 0o640 })
    await symlink('/etc', join(folder, 'a'))
    await chmod(join(folder, 'b/c'), 0o700)
    const named = await entriesOf(packItems(walkLocal(folder, 'x', how)))
    assert.deepEqual(named, [
      { name: 'x/', type: 'directory', mode: 0o700, uid: 0, text: '' },
      { name: 'x/a', type: 'symlink', mode: 0o777, uid: 0, text: '/etc' },
      { name: 'x/b/', type: 'directory', mode: 0o755, uid: 0, text: '' },
      { name: 'x/b/c/', type: 'directory', mode: 0o700, uid: 0, text: '' },
      { name: 'x/b/file', type: 'file', mode: 0o640, uid: 0, text: 'hello' },
    ])
    const contents = await entriesOf(packItems(walkLocal(folder, undefined, how)))
    assert.deepEqual(
      contents.map(({ name }) => name),
      ['a', 'b/', 'b/c/', 'b/file'],
    )
  })

  test('a source that is not there is named by its absolute path, and one that was there is not', async (t) => {
    const folder = await temporaryFolder(t)
    const missing = join(folder, 'nothere')
    await writeFile(join(folder, 'file'), '')
    const archive = { stat: () => Promise.reject(new Error('asked')) } as unknown as ContainerArchive
    for (const path of [missing, relative('.', missing), `${missing}/`, join(folder, 'file', 'x')]) {
      const got = `there is no ${resolve(path)}`
      await assert.rejects(copyTo(archive, 'x', path, '/x', {}), { code: 'ERR_COPY_SOURCE', got, todo: /working dir/ })
      await assert.rejects(copyTo(archive, 'x', path, '/x', { followLink: true }), { got })
    }
    for (const text of ['hello world', '{"a":1}\n', '<html>'])
      await assert.rejects(copyTo(archive, 'x', text, '/x', {}), {
        code: 'ERR_COPY_SOURCE',
        todo: /Buffer\.from\(text\)$/,
      })
    await assert.rejects(copyTo(archive, 'x', join(folder, 'file'), '/x', {}), /asked/)
    const gone = buffer(packItems(walkLocal(missing, 'x', how)))
    await assert.rejects(gone, { code: 'ERR_COPY_SOURCE', todo: /don't change meanwhile/ })
  })

  test('a file that is gone, grows or shrinks meanwhile is an error', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'file')
    await assert.rejects(buffer(packItems(walkLocal(path, 'x', how))), code('ERR_COPY_SOURCE'))
    for (const change of ['longer than that by far', 'x']) {
      await writeFile(path, 'twelve bytes')
      const seen = await stat(path)
      await writeFile(path, change)
      await assert.rejects(buffer(packItems(walkLocal(path, 'x', how, seen))), code('ERR_COPY_SOURCE'))
    }
  })

  test('an abort while folders are read', async (t) => {
    const reason = { any: 'thing' }
    const walk = walkLocal(await temporaryFolder(t), 'x', { ...how, signal: AbortSignal.abort(reason) })
    await assert.rejects(walk.next(), (thrown) => thrown === reason)
  })

  test('things in memory', async () => {
    const entries: CopyEntry[] = [
      { path: 'text', content: 'A' },
      { path: 'bytes', content: Buffer.from('B'), mode: 0o600, uid: 5 },
      { path: 'stream', content: Readable.from([Buffer.from('C'), Buffer.from('D')]), size: 2 },
      { path: 'folder/', mode: 0o700 },
      { path: 'folder/empty' },
      { path: 'link', linkTarget: 'text' },
    ]
    assert.deepEqual(await entriesOf(packItems(itemsOf(entries))), [
      { name: 'text', type: 'file', mode: 0o644, uid: 0, text: 'A' },
      { name: 'bytes', type: 'file', mode: 0o600, uid: 5, text: 'B' },
      { name: 'stream', type: 'file', mode: 0o644, uid: 0, text: 'CD' },
      { name: 'folder/', type: 'directory', mode: 0o700, uid: 0, text: '' },
      { name: 'folder/empty', type: 'file', mode: 0o644, uid: 0, text: '' },
      { name: 'link', type: 'symlink', mode: 0o777, uid: 0, text: 'text' },
    ])
  })

  test('things in memory that can not be meant', async () => {
    for (const entry of [
      { path: '' },
      { path: '/a' },
      { path: '../a' },
      { path: 'a/../../b' },
      { path: 3 },
      { path: 'a\0b' },
      { path: 'a', content: 7 },
      { path: 'a', content: Readable.from([]) },
      { path: 'a', content: Readable.from([]), size: -1 },
    ]) {
      assert.throws(() => itemsOf([entry as CopyEntry]), { code: 'ERR_ARGUMENT_INVALID' }, JSON.stringify(entry))
    }
    assert.throws(() => itemsOf({} as CopyEntry[]), { code: 'ERR_ARGUMENT_INVALID' })
    const wrong = [{ path: 'a', content: Readable.from([Buffer.from('abc')]), size: 2 }]
    await assert.rejects(buffer(packItems(itemsOf(wrong))), code('ERR_COPY_SOURCE'))
  })
})
