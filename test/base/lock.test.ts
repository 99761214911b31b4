import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { withLock } from '../../lib/base/lock.ts'
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
