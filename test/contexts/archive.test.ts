import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { before, describe, test } from 'node:test'
import { packContext, unpackContext } from '../../lib/contexts/archive.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeTar, makeZip, type TarEntry, type ZipEntry } from './support/archives.ts'
import { metaText } from './support/cast.ts'
import { assertProperty, fc } from '../support/properties.ts'

const META = metaText('prod', 'tcp://h:2376')
const FILES = {
  'meta.json': META,
  'tls/docker/ca.pem': 'CA',
  'tls/docker/cert.pem': 'CERT',
  'tls/docker/key.pem': 'KEY',
}
const EXPECTED = { meta: META, ca: 'CA', cert: 'CERT', key: 'KEY' }

async function unpacked(bytes: Buffer): Promise<Record<string, string>> {
  const { meta, tls } = await unpackContext(bytes)
  const texts = Object.entries(tls).map(([part, content]) => [part, Buffer.from(content).toString()] as const)
  return { meta, ...Object.fromEntries(texts) }
}

async function assertInvalid(bytes: Buffer, words = /./): Promise<void> {
  await assert.rejects(unpackContext(bytes), (error: Error) => {
    assert.ok(isDockerMtlsError(error, 'ERR_CONTEXT_ARCHIVE_INVALID'), String(error))
    assert.match(error.message, words)
    assert.ok(error.message.length < 1000, 'its message is short')
    return true
  })
}

const tarOf = (files: Readonly<Record<string, string>>): Promise<Buffer> =>
  makeTar(Object.entries(files).map(([name, content]) => [{ name }, content]))
const zipOf = (files: Readonly<Record<string, string>>): Buffer =>
  makeZip(Object.entries(files).map(([name, content]) => ({ name, content })))

describe('an archive of a context', () => {
  let ours: Buffer
  before(async () => {
    ours = await packContext(META, { ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY') })
  })

  test('is packed as docker does, and whole', async (t) => {
    const { code, stdout, stderr } = await runCommand('tar', ['-tvf', '-'], {
      input: ours,
      cwd: await temporaryFolder(t),
    })
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, 10), line.split(' ').at(-1)]),
      [
        ['-rw-r--r--', 'meta.json'],
        ['drwx------', 'tls/'],
        ['drwx------', 'tls/docker/'],
        ['-rw-------', 'tls/docker/ca.pem'],
        ['-rw-------', 'tls/docker/cert.pem'],
        ['-rw-------', 'tls/docker/key.pem'],
      ].map(([mode, name]) => [mode, name?.replace(/\/$/, '')]),
    )
    assert.deepEqual(await unpacked(ours), EXPECTED)
  })

  test('without TLS has its metadata alone', async () => {
    assert.deepEqual(await unpacked(await packContext(META, undefined)), { meta: META })
  })

  const taken: readonly (readonly [string, () => Buffer | Promise<Buffer>])[] = [
    ['a tar without folders', () => tarOf(FILES)],
    ['a tar with all in another order', () => tarOf(Object.fromEntries(Object.entries(FILES).toReversed()))],
    ['a tar without its end blocks', () => ours.subarray(0, -1024)],
    ['a tar without padding, as the CLI leaves it', () => ours.subarray(0, ours.lastIndexOf('KEY') + 3)],
    ['a zip', () => zipOf(FILES)],
    [
      'a zip with folders, stored',
      () =>
        makeZip([
          { name: 'tls/', mode: 0o040700, stored: true },
          { name: 'tls/docker/', mode: 0o040700, stored: true },
          ...Object.entries(FILES).map(([name, content]) => ({ name, content, stored: true })),
        ]),
    ],
    [
      'a zip of DOS, which knows no modes',
      () => makeZip(Object.entries(FILES).map(([name, content]) => ({ name, content, mode: 0 }))),
    ],
  ]
  for (const [what, make] of taken) {
    test(`${what} is taken`, async () => assert.deepEqual(await unpacked(await make()), EXPECTED))
  }

  test('cut short anywhere it is refused, or lacks what is gone; nothing is made up', async () => {
    for (let length = 0; length < ours.length; length += 7) {
      const cut = await unpacked(ours.subarray(0, length)).catch((error: unknown) => {
        assert.ok(isDockerMtlsError(error, 'ERR_CONTEXT_ARCHIVE_INVALID'), String(error))
        return { meta: META }
      })
      for (const [part, text] of Object.entries(cut)) assert.equal(text, EXPECTED[part as keyof typeof EXPECTED])
    }
  })

  const names = [
    '../meta.json',
    './meta.json',
    '/meta.json',
    'META.JSON',
    'meta.json ',
    'x/meta.json',
    'meta.json/x',
    'tls/docker/../../../.ssh/authorized_keys',
    'tls/docker/./key.pem',
    'tls//docker/key.pem',
    'tls\\docker\\key.pem',
    'tls/docker/key.pem\0',
    'tls/docker/id_rsa',
    'tls/kubernetes/ca.pem',
    'tls/docker/docker/key.pem',
    'C:/x',
    'a'.repeat(300),
    '\u001b[2J',
  ]
  for (const name of names) {
    test(`${JSON.stringify(name.slice(0, 40))} in it is refused`, async () => {
      // What tar cuts at a zero byte is the name before it, and there twice.
      await assertInvalid(await tarOf({ ...FILES, [name]: 'x' }))
      await assertInvalid(zipOf({ ...FILES, [name]: 'x' }))
    })
  }

  const entries: readonly (readonly [string, TarEntry])[] = [
    ['a symbolic link', [{ name: 'tls/docker/ca.pem', type: 'symlink', linkname: '/etc/passwd' }]],
    ['a hard link', [{ name: 'tls/docker/ca.pem', type: 'link', linkname: 'meta.json' }]],
    ['a device', [{ name: 'meta.json', type: 'character-device', devmajor: 1, devminor: 5 }]],
    ['a pipe', [{ name: 'meta.json', type: 'fifo' }]],
    ['a folder in place of a file', [{ name: 'meta.json', type: 'directory' }]],
    ['a link that is called as a folder', [{ name: 'tls', type: 'symlink', linkname: '/tmp' }]],
  ]
  for (const [what, entry] of entries) {
    test(`${what} in a tar is refused`, async () => {
      const others = Object.entries(FILES).filter(([name]) => name !== entry[0].name)
      await assertInvalid(await makeTar([...others.map(([name, content]) => [{ name }, content] as const), entry]))
    })
  }

  const zipped: readonly (readonly [string, ZipEntry, RegExp])[] = [
    ['a symbolic link', { name: 'meta.json', content: '/etc/passwd', mode: 0o120777 }, /neither a file nor a folder/],
    ['a device', { name: 'meta.json', mode: 0o020666 }, /neither a file nor a folder/],
    ['an encrypted file', { name: 'meta.json', content: META, flags: 1 }, /neither a file nor a folder/],
    ['a folder that is a file', { name: 'tls/', mode: 0o100644 }, /neither a file nor a folder/],
    ['a file that is damaged', { name: 'meta.json', content: META, crc: 1 }, /not a complete zip/],
    ['a file that is longer than it says', { name: 'meta.json', content: META, size: 3 }, /not a complete zip/],
    ['a file that is shorter than it says', { name: 'meta.json', content: META, size: 900 }, /not a complete zip/],
    ['a bomb', { name: 'meta.json', content: Buffer.alloc(64 * 1024 * 1024) }, /larger than 1048576/],
    [
      'a bomb that lies',
      { name: 'meta.json', content: Buffer.alloc(64 * 1024 * 1024), size: 100 },
      /not a complete zip/,
    ],
  ]
  for (const [what, entry, words] of zipped) {
    test(`${what} in a zip is refused`, async () => assertInvalid(makeZip([entry]), words))
  }

  test('what is there twice is refused', async () => {
    const twice = [...Object.entries(FILES), ['meta.json', metaText('prod', 'tcp://evil:2376')] as const]
    await assertInvalid(await makeTar(twice.map(([name, content]) => [{ name }, content])), /"meta\.json" twice/)
    await assertInvalid(makeZip(twice.map(([name, content]) => ({ name, content }))), /"meta\.json" twice/)
  })

  const others: readonly (readonly [string, () => Buffer | Promise<Buffer>, RegExp])[] = [
    ['nothing', () => Buffer.alloc(0), /it is empty/],
    ['text', () => Buffer.from('hello '.repeat(300)), /not a complete tar/],
    ['zeros', () => Buffer.alloc(10_240), /no meta\.json/],
    ['a gzip', async () => gzipSync(await tarOf(FILES)), /compressed with gzip.*\n.*gunzip/],
    ['no metadata', () => tarOf({ 'tls/docker/ca.pem': 'CA' }), /no meta\.json/],
    ['an empty zip', () => makeZip([]), /no meta\.json/],
    ['a zip that is cut', () => zipOf(FILES).subarray(0, -30), /not a complete zip/],
    ['the first bytes of a zip', () => Buffer.from('PK'), /not a complete zip/],
    ['more than 10 MiB', () => Buffer.alloc(10 * 1024 * 1024 + 1), /larger than 10485760/],
    ['a file of 2 MiB', () => tarOf({ 'meta.json': ' '.repeat(2 * 1024 * 1024) }), /larger than 1048576/],
    ['a size that no archive has', async () => liesAboutSize(await tarOf(FILES)), /not a complete tar|larger than/],
  ]
  for (const [what, make, words] of others) {
    test(`${what}: refused`, async () => assertInvalid(await make(), words))
  }

  test('any bytes at all are refused or taken, and never anything else', async (t) => {
    const zip = zipOf(FILES)
    const damaged = fc.tuple(fc.constantFrom(ours, zip), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }))
    await assertProperty(
      t,
      fc.asyncProperty(damaged, async ([good, changes]) => {
        const bytes = Buffer.from(good)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        await unpackContext(bytes).catch((error: unknown) => {
          assert.ok(isDockerMtlsError(error, 'ERR_CONTEXT_ARCHIVE_INVALID'), String(error))
        })
      }),
      { numRuns: 500 },
    )
  })
})

/** The size of the first entry, in octal at byte 124, with the checksum at byte 148 that goes with it (POSIX pax, ustar). */
function liesAboutSize(tar: Buffer): Buffer {
  tar.write('77777777777', 124, 'latin1')
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}
