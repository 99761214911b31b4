import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { failingAt } from '../../contexts/support/crash.ts'
import { contentsOf, treeOf } from '../../support/tree.ts'
import { assertConsistent } from './support/consistent.ts'
import { COURSE, copyOf, finish, madeUpTo, unlock } from './support/course.ts'

/** Each look at a lock takes a second of the clock: a disk that fails to remove one would otherwise cost ten seconds. */
function hurryLocks(t: TestContext): void {
  const [now, readlink] = [Date.now.bind(Date), fs.readlink.bind(fs)]
  let looks = 0
  t.mock.method(Date, 'now', () => now() + looks * 1_000)
  t.mock.method(fs, 'readlink', ((path: string) => {
    looks++
    return readlink(path)
  }) as never)
}

test('with a disk that fails at any step, it is in the old state or the new one, and goes on', async (t) => {
  hurryLocks(t)
  for (const [index, said] of COURSE.entries()) {
    const start = await madeUpTo(index, t)
    const seen = new Set<string>()
    for (let step = 1, reached = true; reached; step++) {
      const { root, rotate } = await copyOf(start, t)
      reached = await failingAt(step, () => rotate(said))
      await unlock(root)
      // The same files go on in the same way.
      const contents = JSON.stringify(contentsOf(await treeOf(root)))
      if (seen.has(contents)) continue
      seen.add(contents)
      await assertConsistent(root)
      await finish(root, rotate)
      assert.deepEqual((await assertConsistent(root)).server, { issuer: 'B', trusts: ['B'] })
    }
    assert.ok(seen.size > 1)
  }
})
