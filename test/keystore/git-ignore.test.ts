import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { requestClient } from '../../lib/keystore/client/request.ts'
import { adoptCertificates } from '../../lib/keystore/keystore.ts'
import { makeKeyFolder } from '../../lib/keystore/git-ignore.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { runProcess } from '../cli/support/run-cli.ts'
import { withCode } from '../pki/support/expect.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function git(cwd: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand('git', words, { cwd })
  assert.equal(code, 0, stderr)
  return stdout
}

async function repository(t: TestContext): Promise<string> {
  const cwd = await temporaryFolder(t)
  await git(cwd, 'init', '--quiet')
  return cwd
}

const ignoreOf = (folder: string): Promise<string> => readFile(join(folder, '.gitignore'), 'utf8')

describe('git', () => {
  for (const argv of [
    ['init', 'build01', '--client', 'alice'],
    ['init', 'build01', '--client', 'alice', '--out', 'a/b'],
    ['cert', 'ca'],
    ['client', 'request', 'ann'],
  ]) {
    test(`ignores what ${argv.join(' ')} creates in a repository`, async (t) => {
      const cwd = await repository(t)
      const { code, stderr } = await runProcess(argv, { cwd })
      assert.equal(code, 0, stderr)
      assert.ok((await readdir(cwd)).length > 1)
      assert.equal(await git(cwd, 'status', '--porcelain'), '')
      await git(cwd, 'add', '--all')
      assert.equal(await git(cwd, 'ls-files'), '')
    })
  }

  test("doesn't ignore files that were in the folder before", async (t) => {
    const cwd = await repository(t)
    await writeFile(join(cwd, 'app.js'), '')
    const { code, stderr } = await runProcess(['cert', 'ca', '--dir', '.'], { cwd })
    assert.equal(code, 0, stderr)
    assert.match(await git(cwd, 'status', '--porcelain'), /^\?\? app\.js$/m)
  })
})

describe('.gitignore', () => {
  test('of the owner stays as it is', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, '.gitignore'), 'ca/ca-key.pem\n')
    await new PkiFolder(folder).ensureAuthority()
    assert.equal(await ignoreOf(folder), 'ca/ca-key.pem\n')
  })

  test('that was deleted is not written again', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'server'))
    await new PkiFolder(folder).ensureAuthority()
    await assert.rejects(ignoreOf(folder), { code: 'ENOENT' })
  })

  test('is written to an empty folder, behind a link and by two runs at once, too', async (t) => {
    const root = await temporaryFolder(t)
    await mkdir(join(root, 'real'))
    await symlink('real', join(root, 'link'))
    await Promise.all(Array.from({ length: 5 }, () => new PkiFolder(join(root, 'link')).ensureAuthority()))
    assert.equal(await ignoreOf(join(root, 'real')), '*\n')
    await mkdir(join(root, 'ann'))
    await requestClient({ name: 'ann', folder: join(root, 'ann') })
    assert.equal(await ignoreOf(join(root, 'ann')), '*\n')
  })

  test('disturbs no list, and is not adopted', async (t) => {
    const root = await temporaryFolder(t)
    const folder = new PkiFolder(root)
    await folder.ensureAuthority()
    await folder.ensureClient('alice')
    assert.deepEqual([(await folder.list()).length, await folder.clients()], [2, ['alice']])
    const adopted = await adoptCertificates(root, { dryRun: false, acceptChanges: false })
    assert.deepEqual(adopted, { accepted: [], adopted: [], refused: [], revoked: [] })
  })

  test('that cannot be written is an error, before there is a key', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    await writeFile(root, '')
    await assert.rejects(makeKeyFolder(root), withCode('ERR_FILE_WRITE'))
  })
})
