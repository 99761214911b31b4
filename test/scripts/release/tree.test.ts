import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { git } from '../../../scripts/release/run.ts'
import { checkTree } from '../../../scripts/release/tree.ts'
import { lacks } from '../../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

const IDENTITY = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.com', '-c', 'tag.gpgSign=false']

async function commit(folder: string, text: string): Promise<void> {
  await writeFile(join(folder, 'file'), text)
  await git(folder, 'add', 'file')
  await git(folder, ...IDENTITY, 'commit', '--quiet', '--no-gpg-sign', '-m', text)
}

async function repository(t: Cleanable): Promise<string> {
  const folder = await temporaryFolder(t)
  await git(folder, 'init', '--quiet', '--initial-branch=main')
  await commit(folder, 'first')
  return folder
}

describe('a release', { skip: lacks('git') }, () => {
  test('is made from a commit of main', async (t) => {
    const folder = await repository(t)
    const { commit: head, date } = await checkTree(folder)
    assert.equal(head, await git(folder, 'rev-parse', 'HEAD'))
    assert.ok(Math.abs(Date.now() - Date.parse(date)) < 60_000)
  })

  test('is not made from a tree with changes', async (t) => {
    const folder = await repository(t)
    await writeFile(join(folder, '.env'), 'A=1')
    await assert.rejects(checkTree(folder), /has 1 uncommitted or untracked files, such as \.env\./)
    await commit(folder, 'second')
    await writeFile(join(folder, 'file'), 'changed')
    await assert.rejects(checkTree(folder), /has 2 uncommitted or untracked files, such as file\./)
  })

  test('is not made from another branch, or from none', async (t) => {
    const folder = await repository(t)
    await git(folder, 'switch', '--quiet', '--create', 'feature')
    await assert.rejects(checkTree(folder), /The branch feature is checked out/)
    await git(folder, 'switch', '--quiet', '--detach')
    await assert.rejects(checkTree(folder), /No branch is checked out/)
  })

  test('is made from a tag on main, also with HEAD detached and only a remote main', async (t) => {
    const folder = await repository(t)
    await git(folder, ...IDENTITY, 'tag', '--annotate', '-m', 'version', 'v1.0.0')
    await git(folder, 'switch', '--quiet', '--detach', 'v1.0.0')
    assert.ok((await checkTree(folder, 'v1.0.0')).commit)
    await git(folder, 'branch', '--quiet', '--delete', 'main')
    await assert.rejects(checkTree(folder, 'v1.0.0'), /on a commit that isn't on main/)
    await git(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD')
    assert.ok((await checkTree(folder, 'v1.0.0')).commit)
  })

  test('is not made from a tag that names another commit, or none', async (t) => {
    const folder = await repository(t)
    await assert.rejects(checkTree(folder, 'v1.0.0'), /The tag v1\.0\.0 doesn't exist/)
    await git(folder, 'tag', 'v1.0.0')
    await commit(folder, 'second')
    await assert.rejects(checkTree(folder, 'v1.0.0'), /The tag v1\.0\.0 names another commit than HEAD/)
  })
})
