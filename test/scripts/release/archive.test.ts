import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { createGzip } from 'node:zlib'
import tar from 'tar-stream'
import { describeDifference, readArchive, sha256 } from '../../../scripts/release/archive.ts'
import { checkSame } from '../../../scripts/release/tarball.ts'
import { temporaryFolder } from '../../support/temporary.ts'

interface Entry {
  readonly name: string
  readonly text?: string
  readonly mode?: number
  readonly mtime?: Date
}

const A: Entry = { name: 'package/a.js', text: 'one\ntwo\n' }
const B: Entry = { name: 'package/dist/b.js' }

async function pack(path: string, entries: readonly Entry[], level = 9): Promise<string> {
  const stream = tar.pack()
  for (const { name, text = 'x', mode = 0o644, mtime = new Date(0) } of entries)
    stream.entry({ name, mode, mtime }, text)
  stream.finalize()
  await pipeline(stream, createGzip({ level }), createWriteStream(path))
  return path
}

const ROWS: Record<string, [entries: readonly Entry[], difference: RegExp]> = {
  'a missing file': [[A], /^the second has no dist\/b\.js$/],
  'another file': [[A, B, { name: 'package/c.js' }], /^only the second has c\.js$/],
  'other contents': [[{ ...A, text: 'one\n2\n' }, B], /^a\.js has other contents \(line 2\)$/],
  'more contents': [[{ ...A, text: 'one\ntwo\n\nmore' }, B], /^a\.js has other contents \(line 4\)$/],
  'another mode': [[{ ...A, mode: 0o600 }, B], /^a\.js has mode 644 and 600$/],
  'another time': [[{ ...A, mtime: new Date(86_400_000) }, B], /^a\.js has another time$/],
  'another order': [[B, A], /^the order of the files differs$/],
}

for (const [name, [entries, difference]] of Object.entries(ROWS)) {
  test(`two tarballs differ by ${name}`, async (t) => {
    const folder = await temporaryFolder(t)
    const first = await pack(join(folder, 'first.tgz'), [A, B])
    const second = await pack(join(folder, 'second.tgz'), entries)
    assert.match(describeDifference(await readArchive(first), await readArchive(second)), difference)
    const [one, other] = await Promise.all(
      [first, second].map(async (path) => ({ sha256: await sha256(path), files: await readArchive(path) })),
    )
    assert.ok(one && other)
    assert.throws(() => checkSame(one, other), /Two builds of this commit differ: /)
    assert.doesNotThrow(() => checkSame(one, { ...one }))
  })
}

test('two tarballs differ by their compression only', async (t) => {
  const folder = await temporaryFolder(t)
  const paths = [
    await pack(join(folder, 'first.tgz'), [A, B]),
    await pack(join(folder, 'second.tgz'), [A, B], 0),
  ] as const
  assert.notEqual(await sha256(paths[0]), await sha256(paths[1]))
  const difference = describeDifference(await readArchive(paths[0]), await readArchive(paths[1]))
  assert.equal(difference, 'only the headers or the compression differ')
})
