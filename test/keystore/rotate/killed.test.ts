import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { killedBefore, stepsThatChange } from '../../contexts/support/crash.ts'
import { withCode } from '../../pki/support/expect.ts'
import { assertConsistent } from './support/consistent.ts'
import { COURSE, copyOf, finish, madeUpTo, unlock, type Rotate } from './support/course.ts'

/** The steps of a call that leave different folders. Locks are gone with the process that is killed. */
async function differentSteps(
  start: string,
  t: TestContext,
  run: (rotate: Rotate) => Promise<unknown>,
): Promise<number[]> {
  const { root, rotate } = await copyOf(start, t)
  const steps = await stepsThatChange(
    root,
    () => run(rotate),
    (path) => !/^ca\/\.\w+\.lock$/.test(path),
  )
  assert.ok(steps.length > 3)
  return steps
}

describe('killed at any step, it is in the old state or the new one', () => {
  for (const [index, said] of COURSE.entries()) {
    test(`of ${said.phase ?? 'the beginning'} (${index})`, async (t) => {
      const start = await madeUpTo(index, t)
      for (const step of await differentSteps(start, t, (rotate) => rotate(said))) {
        const { root, rotate } = await copyOf(start, t)
        await killedBefore(step, () => rotate(said))
        await unlock(root)
        // At this very moment, before anybody mends anything.
        await assertConsistent(root)
        await finish(root, rotate)
        const { server, clients } = await assertConsistent(root)
        assert.deepEqual([server.issuer, server.trusts, clients['alice'], clients['bob']], ['B', ['B'], server, server])
        // What a copy of the key was in is gone with the next run.
        await assert.rejects(rotate({ action: 'abort' }), withCode('ERR_ROTATION_NONE'))
        const rest = (await fs.readdir(join(root, 'ca'))).filter((name) => name.includes('next'))
        assert.deepEqual(rest, [], `step ${step}`)
      }
    })
  }

  for (const [what, length] of [
    ['trust', 3],
    ['server', 3],
    ['the beginning', 1],
  ] as const) {
    test(`of a roll back from ${what}`, async (t) => {
      const start = await madeUpTo(length, t)
      for (const step of await differentSteps(start, t, (rotate) => rotate({ action: 'abort' }))) {
        const { root, rotate } = await copyOf(start, t)
        await killedBefore(step, () => rotate({ action: 'abort' }))
        await unlock(root)
        await assertConsistent(root)
        await rotate({ action: 'abort' }).catch(withCode('ERR_ROTATION_NONE'))
        const { server, clients } = await assertConsistent(root)
        assert.deepEqual([server, clients['alice']], [{ issuer: 'A', trusts: ['A'] }, server], `step ${step}`)
      }
    })
  }
})
