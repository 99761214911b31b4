import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { promises as fs, type Stats } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { holdLock, withLock } from '../../lib/base/lock.ts'
import { temporaryFolder } from '../support/temporary.ts'

test('two who find the lock of a process that has ended work one after the other', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'lock')
  const other = spawn('true')
  await once(other, 'exit')
  await fs.writeFile(path, String(other.pid))
  const read = fs.readFile
  let looks = 0
  t.mock.method(fs, 'readFile', async (...args: Parameters<typeof read>) => {
    const found = await read(...args)
    // The second one is slow to do something about what it has seen.
    if (args[0] === path && ++looks === 2) await delay(100)
    return found
  })
  let [inside, most] = [0, 0]
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await delay(300)
    inside--
  }
  await Promise.all([withLock(path, work), withLock(path, work)])
  assert.equal(most, 1, 'so many worked at once')
  assert.deepEqual(await fs.readdir(folder), [])
})

const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }))

/** What lstat(2) says once the lock is taken, and when it is released. Undefined: the truth. */
type Said = (stats: Stats) => Stats | Promise<never>
const same: Said = (stats) => stats
const rows: readonly (readonly [name: string, taken: Said, released: Said, removes: boolean])[] = [
  ['the same file', same, same, true],
  ['a file of another device', same, (stats) => Object.assign(stats, { dev: stats.dev + 1 }), false],
  ['another file', same, (stats) => Object.assign(stats, { mtimeMs: 1 }), false],
  ['a file that nobody could look at first', () => failing('EIO'), same, true],
  ['a file where its own was gone at once', () => failing('ENOENT'), same, false],
  ['a file that nobody can look at', same, () => failing('EIO'), false],
  ['a file where its own was gone at once, and that is gone', () => failing('ENOENT'), () => failing('ENOENT'), false],
]
for (const [name, taken, released, removes] of rows)
  test(`${removes ? 'removes' : 'leaves'} ${name}`, async (t) => {
    const folder = await temporaryFolder(t)
    const { lstat } = fs
    let says = taken
    t.mock.method(fs, 'lstat', async (path: string) => says(await lstat(path)))
    const release = await holdLock(join(folder, 'lock'), 'it', 0)
    says = released
    await release()
    assert.deepEqual(await fs.readdir(folder), removes ? [] : ['lock'])
  })
