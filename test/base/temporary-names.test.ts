import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, mock, test } from 'node:test'
import { writeFileAtomically } from '../../lib/base/files.ts'
import { publishFolder } from '../../lib/base/replace-files.ts'
import { temporaryNameBeside } from '../../lib/base/temporary-names.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** The temporary name that a process uses which has ended. */
async function nameOfEnded(path: string): Promise<string> {
  const child = spawn('true')
  await once(child, 'exit')
  return temporaryNameBeside(path).replace(`-${process.pid}-`, `-${child.pid}-`)
}

const elsewhere = (name: string): string => name.replace(/\.[0-9a-f]{8}-/, '.00000000-')

/** What is left of temporary files and folders beside what was written. */
const leftOf = (...paths: string[]): string[] =>
  [...paths.map((one) => basename(one)), 'keys', 'report.html'].toSorted()

describe('whoever writes to a path', () => {
  test('deletes what killed runs left there, and nothing else', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'alice.p12')
    const gone = await nameOfEnded(path)
    const kept = [
      temporaryNameBeside(path),
      elsewhere(gone),
      await nameOfEnded(join(folder, 'bob.p12')),
      join(folder, '.alice.p12.0123456789ab'),
      join(folder, '.alice.p12.swp'),
    ]
    for (const name of [gone, ...kept]) await writeFile(name, 'a key')
    await writeFileAtomically(path, 'x', { mode: 0o600 })
    const names = ['alice.p12', ...kept.map((name) => basename(name))]
    assert.deepEqual((await readdir(folder)).toSorted(), names.toSorted())
  })

  test('creates a folder there, likewise', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'docker-mtls-alice')
    const gone = await nameOfEnded(path)
    await mkdir(gone)
    await writeFile(join(gone, 'key.pem'), 'a key')
    await publishFolder(path, [{ path: join(path, 'key.pem'), data: 'k', mode: 0o600 }])
    assert.deepEqual(await readdir(folder), ['docker-mtls-alice'])
  })

  test('leaves what another user has put there, and folders when it writes a file', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'report.html')
    const [file, ...folders] = [
      await nameOfEnded(path),
      await nameOfEnded(path),
      await nameOfEnded(join(folder, 'keys')),
    ]
    await writeFile(file, '')
    for (const one of folders) await mkdir(join(one, 'd1'), { recursive: true })
    const write = async (): Promise<string[]> => {
      await writeFileAtomically(path, 'x', { mode: 0o644 })
      await publishFolder(join(folder, 'keys'), []).catch(() => undefined)
      return (await readdir(folder)).toSorted()
    }
    const user = process.geteuid?.() ?? 0
    t.after(() => mock.restoreAll())
    mock.method(process as { geteuid: () => number }, 'geteuid', () => user + 1)
    assert.deepEqual(await write(), leftOf(file, ...folders))
    mock.restoreAll()
    assert.deepEqual(await write(), leftOf(folders[0] ?? ''))
  })

  test('leaves what another machine writes for a day', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'ca.pem')
    const theirs = elsewhere(await nameOfEnded(path))
    await writeFile(theirs, '')
    const now = Date.now()
    t.after(() => mock.restoreAll())
    for (const [hours, expected] of [
      [23, [basename(theirs), 'ca.pem']],
      [25, ['ca.pem']],
    ] as const) {
      mock.method(Date, 'now', () => now + hours * 3_600_000)
      await writeFileAtomically(path, 'x', { mode: 0o644 })
      assert.deepEqual((await readdir(folder)).toSorted(), expected)
      mock.restoreAll()
    }
  })
})
