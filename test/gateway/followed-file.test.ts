import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { promises } from 'node:fs'
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FollowedFile } from '../../lib/gateway/files/followed-file.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'

const PAST = new Date('2020-01-01')

/** How a file changes that has the text `one` at `link/file`, where `link` leads to the folder `a`. All write the same number of bytes. */
const CHANGES: readonly [what: string, change: (at: string) => Promise<unknown>][] = [
  ['in place', (at) => writeFile(join(at, 'a/file'), 'two')],
  [
    'in place, with the time of the file before',
    async (at) => {
      await writeFile(join(at, 'a/file'), 'two')
      await utimes(join(at, 'a/file'), PAST, PAST)
    },
  ],
  [
    'by rename, with the time of the file before',
    async (at) => {
      await writeFile(join(at, 'a/new'), 'two')
      await utimes(join(at, 'a/new'), PAST, PAST)
      await rename(join(at, 'a/new'), join(at, 'a/file'))
    },
  ],
  [
    'by another target of a link',
    async (at) => {
      await symlink('b', join(at, 'new'))
      await rename(join(at, 'new'), join(at, 'link'))
    },
  ],
  [
    'by another folder above',
    async (at) => {
      await rename(join(at, 'a'), join(at, 'old'))
      await rename(join(at, 'b'), join(at, 'a'))
    },
  ],
]

async function folders(t: TestContext): Promise<string> {
  const at = await temporaryFolder(t)
  for (const [name, text] of [
    ['a', 'one'],
    ['b', 'two'],
  ] as const) {
    await mkdir(join(at, name))
    await writeFile(join(at, name, 'file'), text)
    await utimes(join(at, name, 'file'), PAST, PAST)
  }
  await symlink('a', join(at, 'link'))
  return at
}

/** Looks at it until it counts as settled. */
async function settle(file: FollowedFile): Promise<void> {
  await file.text()
  await delay(2_100)
  await file.text()
}

describe('a followed file', () => {
  for (const [what, change] of CHANGES)
    test(`shows a change ${what}, early and late`, async (t) => {
      for (const isLate of [false, true]) {
        const at = await folders(t)
        const file = new FollowedFile(join(at, 'link/file'))
        assert.equal(await file.text(), 'one')
        if (isLate) await settle(file)
        await change(at)
        assert.equal(await file.text(), 'two')
      }
    })

  test('is not opened again while nothing changes', async (t) => {
    const file = new FollowedFile(join(await folders(t), 'link/file'))
    await settle(file)
    const open = t.mock.method(promises, 'open')
    for (let look = 0; look < 10; look++) assert.equal(await file.text(), 'one')
    assert.equal(open.mock.callCount(), 0)
  })

  test('is refused at once if it is no regular file, is gone or is too large, and is read when it is back', async (t) => {
    const path = join(await folders(t), 'a/file')
    const file = new FollowedFile(path, 8_192)
    const faults: [what: () => Promise<unknown>, message: RegExp][] = [
      [() => runCommand('mkfifo', [path]), /^it is not a regular file$/],
      [() => symlink('/dev/zero', path), /^it is not a regular file$/],
      [() => mkdir(path), /EISDIR/],
      [() => writeFile(path, 'x'.repeat(8_193)), /^it has more than 8192 bytes, which is too large$/],
      [async () => {}, /ENOENT/],
    ]
    for (const [make, message] of faults) {
      await rm(path, { recursive: true })
      await make()
      for (let look = 0; look < 2; look++) await assert.rejects(file.text(), { message })
      await rm(path, { recursive: true, force: true })
      await writeFile(path, 'one')
      assert.equal(await file.text(), 'one')
    }
  })

  test('that hangs is an error after 5 s, until the path leads to another file', async (t) => {
    const path = join(await folders(t), 'a/file')
    const file = new FollowedFile(path)
    const late = { message: 'it takes more than 5 s' }
    const old = await promises.open(path)
    const gate = new EventEmitter()
    const open = t.mock.method(promises, 'open', async () => (await once(gate, 'end')) && old)
    await assert.rejects(file.text(), late)
    for (let look = 0; look < 3; look++) {
      await assert.rejects(file.text(), late)
      await delay(50)
    }
    assert.equal(open.mock.callCount(), 1, 'nothing else is read meanwhile')
    open.mock.restore()
    await writeFile(`${path}.new`, 'two')
    await rename(`${path}.new`, path)
    await assert.rejects(file.text(), late)
    await delay(50)
    assert.equal(await file.text(), 'two')
    gate.emit('end')
    await delay(50)
    assert.equal(await file.text(), 'two')
  })
})
