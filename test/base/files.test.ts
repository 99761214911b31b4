import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { FileError } from '../../lib/base/errors.ts'
import { makeFolder, writeFileAtomically, readIfThere } from '../../lib/base/files.ts'
import { writeRendered } from '../../lib/base/rendered-file.ts'
import { putFiles, replaceFiles } from '../../lib/base/replace-files.ts'
import { readLedger } from '../../lib/keystore/ledger.ts'
import { resolveEndpoint } from '../../lib/index.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** A temporary name ends with twelve hexadecimal digits; Node's own text has the call behind a comma. */
const INNER = /[0-9a-f]{12}|, (?:open|read|rename|link|mkdir|scandir)\b|EISDIR/

describe('an error names the file that was asked for, and that it is a folder', () => {
  const mode = 0o644
  const rows: [string, (path: string) => Promise<unknown>, string][] = [
    ['writing', (path) => writeFileAtomically(path, 'x', { mode }), 'ERR_FILE_WRITE'],
    ['reading', readIfThere, 'ERR_FILE_READ'],
    ['a ledger', readLedger, 'ERR_FILE_READ'],
    ['an env file', (path) => resolveEndpoint({ envFile: path }, {}), 'ERR_ENV_FILE_INVALID'],
  ]
  for (const [what, action, code] of rows) {
    test(what, async (t) => {
      const path = join(await temporaryFolder(t), 'x.pem')
      await mkdir(path)
      await assert.rejects(action(path), (error: FileError) => {
        assert.equal(error.code, code)
        assert.ok(error.tried.endsWith(path), error.tried)
        assert.equal(error.got, 'it is a folder, not a file')
        return true
      })
      assert.deepEqual(await readdir(join(path, '..')), ['x.pem'])
    })
  }

  test('in a folder that is not there', async (t) => {
    const path = join(await temporaryFolder(t), 'none', 'x.pem')
    const calls = [() => writeFileAtomically(path, 'x', { mode }), () => replaceFiles([{ path, data: 'x', mode }], [])]
    for (const call of calls) {
      await assert.rejects(call(), (error: FileError) => {
        assert.ok(error instanceof FileError)
        assert.equal(error.got, `there is no folder ${dirname(path)}`)
        assert.equal(error.tried, `writing ${path}`)
        assert.doesNotMatch(error.message, INNER)
        return true
      })
    }
  })

  test('folders that several make at once, in parents that are missing', async (t) => {
    const base = await temporaryFolder(t)
    for (let round = 0; round < 40; round++) {
      const names = Array.from({ length: 20 }, (_, index) =>
        join(base, `r${round}`, 'a', 'b', `c${index % 5}`, `d${index}`),
      )
      await Promise.all(names.map((name) => makeFolder(name)))
      assert.equal((await readdir(join(base, `r${round}`, 'a', 'b'))).length, 5)
    }
  })

  test('a folder where none can be made', async () => {
    await assert.rejects(makeFolder('/proc/none/x'), { code: 'ERR_FILE_WRITE' })
    // Node's own mkdir with `recursive` would retry forever, in a thread that keeps the process alive.
    await assert.rejects(writeRendered([{ name: 'x', text: '' }], '/proc/none/x/y', false), { code: 'ERR_FILE_WRITE' })
  })

  test('an old file comes back although its replacement can not be removed', async (t) => {
    const folder = await temporaryFolder(t)
    const [one, other] = [join(folder, 'one'), join(folder, 'other')]
    await Promise.all([one, other].map((path) => writeFile(path, 'old')))
    const added = join(folder, 'added')
    const files = [added, one, other].map((path) => ({ path, data: 'new', mode }))
    const { rm } = fs
    t.mock.method(fs, 'rm', (path: string, options: object) =>
      path === added ? Promise.reject(new Error('not now')) : rm(path, options),
    )
    await assert.rejects(replaceFiles(files, [one]), { code: 'ERR_FILE_EXISTS', tried: `writing ${other}` })
    assert.deepEqual(await Promise.all([one, other].map((path) => readFile(path, 'utf8'))), ['old', 'old'])
  })

  test('a folder in the place of which there is a file', async (t) => {
    const file = join(await temporaryFolder(t), 'x')
    await writeFile(file, '')
    await assert.rejects(makeFolder(join(file, 'y')), (error: FileError) => {
      assert.ok(error instanceof FileError, String(error))
      assert.equal(error.tried, `creating the folder ${join(file, 'y')}`)
      assert.doesNotMatch(error.message, INNER)
      return true
    })
  })

  test('in a folder that is made with its files, or not at all', async (t) => {
    const root = await temporaryFolder(t)
    // Each fits into a folder, and what it is called while it is written does not.
    const long = 'x'.repeat(250)
    const folders: [string, string, string][] = [
      [join(root, 'new'), long, `writing ${join(root, 'new', long)}`],
      [join(root, long), 'x.pem', `creating the folder ${join(root, long)}`],
    ]
    for (const [folder, name, tried] of folders) {
      await assert.rejects(
        putFiles(folder, [{ path: join(folder, name), data: 'x', mode }], []),
        (error: FileError) => {
          assert.ok(error instanceof FileError, String(error))
          assert.equal(error.tried, tried)
          assert.doesNotMatch(error.message, INNER)
          return true
        },
      )
      assert.deepEqual(await readdir(root), [])
    }
  })
})
