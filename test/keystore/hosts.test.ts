import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { renewCertificates } from '../../lib/keystore/renew/renew.ts'
import { PkiFolder } from '../../lib/pki.ts'
import { findConflicts } from '../../lib/keystore/ledger-check.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { withCode } from '../pki/support/expect.ts'

describe('several servers of one authority', () => {
  test('each has its own pair, is in the list, and is renewed with its own names', async (t) => {
    const root = await temporaryFolder(t)
    const folder = new PkiFolder(root)
    await folder.ensureAuthority()
    await folder.ensureServer(['main.test'])
    const one = await folder.ensureServer(['one.test', '10.0.0.1'], { host: 'one.test' })
    const two = await folder.ensureServer(['two.test'], { host: 'two' })
    assert.equal(one.paths.key, join(root, 'hosts', 'one.test', 'server-key.pem'))
    assert.deepEqual(two.facts.names.dns, ['two.test', 'localhost'])
    const servers = (await folder.list()).filter(({ kind }) => kind === 'server')
    const places = servers.map(({ host, name, path }) => [host, name, path?.slice(root.length + 1)])
    assert.deepEqual(places, [
      [undefined, 'main.test', 'server/server-cert.pem'],
      ['one.test', 'one.test', 'hosts/one.test/server-cert.pem'],
      ['two', 'two.test', 'hosts/two/server-cert.pem'],
    ])
    assert.deepEqual(await findConflicts(root), [])
    const main = await readFile(join(root, 'server', 'server-cert.pem'), 'utf8')
    const { renewed } = await renewCertificates({ folder: root, server: true })
    assert.equal(renewed.length, 3)
    const again = await folder.ensureServer(['one.test', '10.0.0.1'], { host: 'one.test' })
    assert.equal(again.action, 'kept')
    assert.notEqual(again.facts.serialNumber, one.facts.serialNumber)
    assert.notEqual(await readFile(join(root, 'server', 'server-cert.pem'), 'utf8'), main)
    assert.equal((await folder.ensureServer(['main.test'])).action, 'kept')
  })

  test('a renewal without a folder is a mistake in the call', async () => {
    await assert.rejects(renewCertificates({} as never), withCode('ERR_ARGUMENT_INVALID', 'the path of a folder'))
  })

  test('one that the ledger has nothing of is found', async (t) => {
    const root = await temporaryFolder(t)
    const folder = new PkiFolder(root)
    await folder.ensureAuthority()
    const { paths } = await folder.ensureServer(['one.test'], { host: 'one' })
    await rm(join(root, 'ca', 'ledger.jsonl'))
    const conflicts = await findConflicts(root)
    assert.ok(conflicts.some(({ path, kind }) => path === paths.cert && kind === 'unknown'))
  })

  test('what is no name for a folder is refused', async (t) => {
    const folder = new PkiFolder(await temporaryFolder(t))
    await folder.ensureAuthority()
    for (const host of ['..', '.', '', 'a/b', '../x', 'A', 'fe80::1', 'x.', '-x', 'x'.repeat(129)]) {
      await assert.rejects(folder.ensureServer(['a.test'], { host }), withCode('ERR_NAME_INVALID'), host)
    }
    for (const host of ['a', '_a', '10.0.0.4', 'build01.example.com', '2001-db8--1']) {
      assert.equal((await folder.ensureServer(['a.test'], { host })).action, 'created')
    }
  })
})
