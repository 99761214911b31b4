import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { endGrant } from '../../lib/grants/end.ts'
import { grant } from '../../lib/grants/grant.ts'
import { listGrants } from '../../lib/grants/list.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import { PkiFolder } from '../../lib/keystore/folder.ts'
import { findConflicts } from '../../lib/keystore/check.ts'
import { adoptCertificates } from '../../lib/keystore/keystore.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { parsePolicy } from '../../lib/policy.ts'
import { readCrl, renewCertificates } from '../../lib/provision.ts'
import { createRequest } from '../../lib/pki.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { temporaryFolder } from '../support/temporary.ts'

interface Place {
  readonly folder: string
  readonly policy: string
  readonly cert: string
  readonly serial: string
}

/** A folder with a grant for ann, and the ledger from before it. */
async function place(t: TestContext): Promise<Place> {
  const root = await temporaryFolder(t)
  const [folder, policy] = [join(root, 'keys'), join(root, 'policy.yaml')]
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  await pki.ensureServer(['localhost'])
  await writeFile(policy, 'version: 1\nrules:\n  - name: ann\n    who: { commonName: ann }\n    level: read-only\n')
  const files = ['ca/ledger.jsonl', 'ca/ledger-heads.jsonl'].map((file) => join(folder, file))
  for (const file of files) await copyFile(file, `${file}.old`)
  await grant({ folder, name: 'ann', policy, lifetime: 3_600_000, level: 'baseline', hostPaths: [] })
  for (const file of files) await copyFile(`${file}.old`, file)
  const cert = join(folder, 'grants/ann/cert.pem')
  return { folder, policy, cert, serial: serialOf(new X509Certificate(await readFile(cert)).serialNumber) }
}

async function states(folder: string): Promise<string[]> {
  return (await listKnown(folder)).filter(({ kind }) => kind === 'client').map(({ state }) => state)
}

async function endsIt({ folder, policy, serial }: Place): Promise<void> {
  const { revoked, kept } = await endGrant({ folder, name: 'ann', policy })
  assert.deepEqual([revoked.length, kept.length], [1, 1])
  const { rules } = parsePolicy(await readFile(policy, 'utf8'), policy)
  assert.deepEqual(rules.find(({ name }) => name === kept[0])?.only.operations, [])
  assert.deepEqual((await readCrl(folder))?.lists[0]?.serials.map(serialOf), [serial])
  await assert.rejects(readFile(join(folder, 'grants/ann/key.pem')), { code: 'ENOENT' })
}

describe('a grant that the ledger does not list, since an old one was restored', () => {
  test('is a conflict, and is adopted; then it is a grant as before', async (t) => {
    const all = await place(t)
    const { folder, cert } = all
    const conflicts = await findConflicts(folder)
    assert.deepEqual(
      conflicts.map(({ path, kind }) => [path, kind]),
      [[cert, 'unknown']],
    )
    const { request } = await createRequest({ name: 'bob' })
    await assert.rejects(new PkiFolder(folder).signClient(request), {
      code: 'ERR_LEDGER_MISMATCH',
      message: /add its certificate to the ledger: {2}docker-mtls cert adopt .* end it: {2}docker-mtls grant end ann/,
    })
    const { adopted, refused } = await adoptCertificates(folder, { dryRun: false, acceptChanges: false })
    assert.deepEqual([adopted.map(({ path }) => path), refused], [[cert], []])
    assert.deepEqual([await states(folder), await findConflicts(folder)], [['grant'], []])
    const { renewed } = await renewCertificates({ folder, all: true })
    assert.deepEqual(
      renewed.map(({ certificate: { kind } }) => kind),
      ['server'],
    )
    await endsIt(all)
  })

  test('can be ended without that', async (t) => {
    const all = await place(t)
    assert.deepEqual(await states(all.folder), ['grant'])
    await endsIt(all)
  })

  test('is not listed as ended while its certificate is damaged', async (t) => {
    const { folder, cert, policy } = await place(t)
    const listed = async (): Promise<string[]> =>
      (await listGrants(folder, policy)).map(
        ({ state, rule }) => `${state}, ${rule === undefined ? 'no rule' : 'rule'}`,
      )
    const text = await readFile(cert, 'utf8')
    await writeFile(cert, 'x')
    // Nobody knows whether the rule is for that certificate.
    assert.deepEqual(await listed(), ['without files, no rule', 'without files, rule'])
    await writeFile(cert, text)
    await adoptCertificates(folder, { dryRun: false, acceptChanges: false })
    await writeFile(cert, 'x')
    assert.deepEqual(await listed(), ['without files, rule'])
    // Its rule was ended without the CA key.
    const before = await readFile(policy, 'utf8')
    await rename(join(folder, 'ca/ca-key.pem'), join(folder, 'key'))
    await assert.rejects(endGrant({ folder, name: 'ann', policy }))
    assert.deepEqual(await listed(), ['not revoked, rule'])
    await writeFile(policy, before)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 })
    assert.deepEqual(await listed(), ['ended, rule'])
  })

  test('with a damaged certificate has to be ended, and its rule taken out by hand', async (t) => {
    const { folder, cert, policy } = await place(t)
    await writeFile(cert, 'x')
    const { request } = await createRequest({ name: 'bob' })
    await assert.rejects(new PkiFolder(folder).signClient(request), {
      code: 'ERR_LEDGER_MISMATCH',
      message: /Restore the right file, or end the grant: {2}docker-mtls grant end ann/,
    })
    const before = await readFile(policy, 'utf8')
    const rule = parsePolicy(before, policy).rules[0]?.name ?? '-'
    const end = ['grant', 'end', 'ann', '--policy', policy, '--dir', folder]
    const { code, stdout, stderr } = await runCli(end)
    assert.deepEqual([code, stdout], [1, 'ended  ann\n       Its files are deleted.\n'])
    assert.ok(stderr.includes(`${cert} could not be read, and the ledger has no valid certificate`), stderr)
    assert.ok(stderr.endsWith(`Take ${rule} out of ${policy} by hand.\n`), stderr)
    assert.equal(await readFile(policy, 'utf8'), before)
    assert.equal((await new PkiFolder(folder).signClient(request)).action, 'created')
    assert.match((await runCli(end)).stderr, /ERR_GRANT_NOT_FOUND/)
    // A file of somebody's in the folder is no certificate that can't be read.
    await mkdir(dirname(cert), { recursive: true })
    await writeFile(join(dirname(cert), 'note'), '')
    assert.match((await runCli(end)).stderr, /ERR_GRANT_NOT_FOUND/)
  })
})
