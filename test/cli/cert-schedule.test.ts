import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ArgumentError, FileError } from '../../lib/base/errors.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { intoSystemFolder } from '../../lib/base/system-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli } from './support/run-cli.ts'

describe('cert schedule', () => {
  test('says that a locked authority can not be used at night, unless it has its passphrase', async (t) => {
    const base = await temporaryFolder(t)
    const [locked, open] = [join(base, 'locked'), join(base, 'open')]
    await new PkiFolder(locked).ensureAuthority({ passphrase: 'correct horse' })
    await new PkiFolder(open).ensureAuthority()
    const rows: [folder: string, argv: string[], isSaid: boolean][] = [
      [locked, ['--renew'], true],
      [locked, ['--renew', '--cron'], true],
      [locked, ['--renew', '--ca-passphrase-file', '/etc/x'], false],
      [locked, [], false],
      [open, ['--renew'], false],
    ]
    for (const [folder, argv, isSaid] of rows) {
      const { code, stderr } = await runCli(['cert', 'schedule', '--dir', folder, ...argv])
      assert.equal(code, 0)
      assert.equal(/ca-key\.pem is encrypted, .*--ca-passphrase-file FILE/.test(stderr), isSaid, stderr)
    }
  })

  test('makes the units in a folder that is there, and says how to make one that is not', async (t) => {
    const base = await temporaryFolder(t)
    const folder = join(base, 'keys')
    await new PkiFolder(folder).ensureAuthority()
    const units = join(base, 'units')
    const argv = ['cert', 'schedule', '--dir', folder, '--write', units]
    const missing = await runCli(argv)
    assert.match(
      missing.stderr,
      /^ERR_FILE_WRITE: .*there is no folder .*units\.\nCreate the folder.*mkdir -p .*units$/m,
    )
    await mkdir(units)
    assert.equal((await runCli(argv)).code, 0)
    assert.equal((await readdir(units)).length, 2)
  })
})

function failing(code: string): () => Promise<never> {
  const cause = Object.assign(new Error(code), { code })
  return () => Promise.reject(new FileError('ERR_FILE_WRITE', { tried: 'a', got: 'b', todo: 'c', cause }))
}

describe('a folder of the system', () => {
  test('that is not ours is told so, and nothing else is', async () => {
    const rows: [code: string, todo: string][] = [
      ['EACCES', 'Run this as root (sudo), or choose a folder that you can write to.'],
      ['EPERM', 'Run this as root (sudo), or choose a folder that you can write to.'],
      ['ENOENT', 'Create the folder, then run this again:  mkdir -p /etc/x'],
      ['ENOSPC', 'c'],
    ]
    for (const [code, todo] of rows) {
      await assert.rejects(intoSystemFolder('/etc/x/y', failing(code)), { code: 'ERR_FILE_WRITE', todo })
    }
    const other = new ArgumentError('ERR_ARGUMENT_INVALID', { tried: 'a', got: 'b', todo: 'c' })
    await assert.rejects(
      intoSystemFolder('/etc/x/y', () => Promise.reject(other)),
      other,
    )
    assert.equal(await intoSystemFolder('/etc/x/y', () => Promise.resolve(1)), 1)
  })
})
