import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants, promises as fs } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as atOnce from '../../lib/cli/read-files.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Called as the code of the command calls them. */
const AT_ONCE = { ...fs, ...atOnce } as typeof fs

/** What a call answers or throws. Of a file's facts only its number, because reading changes a time. */
async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    const value = await answer
    return value !== null && typeof value === 'object' && 'ino' in value ? value.ino : value
  } catch (error) {
    assert.ok(error instanceof Error)
    return { code: 'code' in error && error.code, message: error.message }
  }
}

const CALLS: Readonly<Record<string, (from: typeof fs, path: string) => Promise<unknown>>> = {
  access: (from, path) => from.access(path, constants.R_OK),
  lstat: (from, path) => from.lstat(path),
  'readFile as text': (from, path) => from.readFile(path, 'utf8'),
  'readFile as bytes': (from, path) => from.readFile(path),
  readdir: (from, path) => from.readdir(path),
  'readdir with types': (from, path) => from.readdir(path, { withFileTypes: true }),
  readlink: (from, path) => from.readlink(path),
  realpath: (from, path) => from.realpath(path),
  stat: (from, path) => from.stat(path),
}

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name} answers and fails as in fs/promises`, async () => {
    const folder = await temporaryFolder()
    await fs.writeFile(join(folder, 'file'), 'größer')
    await fs.symlink('file', join(folder, 'link'))
    await fs.symlink('nothing', join(folder, 'broken'))
    const outcomes = await Promise.all(
      ['.', 'file', 'link', 'broken', 'missing', 'file/below'].map(async (path) => {
        const outcome = await outcomeOf(call(AT_ONCE, join(folder, path)))
        assert.deepEqual(outcome, await outcomeOf(call(fs, join(folder, path))), path)
        return JSON.stringify(outcome)
      }),
    )
    assert.ok(new Set(outcomes).size > 2, 'all paths have the same outcome')
  })
}

test('readFile waits for the writer of a pipe without blocking the process', async () => {
  const path = join(await temporaryFolder(), 'pipe')
  execFileSync('mkfifo', [path])
  const read = atOnce.readFile(path, 'utf8')
  await fs.writeFile(path, 'written later')
  assert.equal(await read, 'written later')
})

test('each function that the build replaces is exported', async () => {
  const { READING } = await import('../../scripts/files-at-once.mjs')
  assert.deepEqual(Object.keys(atOnce).toSorted(), READING.toSorted())
})
