import assert from 'node:assert/strict'
import { promises as fs } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { openCertificate } from '../../lib/identity/certificate.ts'
import { findSignedBefore } from '../../lib/keystore/client/sign.ts'
import { issueGranted } from '../../lib/keystore/granted.ts'
import { ledgerEntry } from '../../lib/keystore/ledger-line.ts'
import { appendToLedger, readRevocations } from '../../lib/keystore/ledger.ts'
import { refuseRevokedKey } from '../../lib/keystore/revoked-key.ts'
import { recertifyIssuer } from '../../lib/pki/issuer.ts'
import { keyFingerprint } from '../../lib/pki/key-type.ts'
import { createRequest, PkiFolder } from '../../lib/pki.ts'
import { ensureIssuer, revokeClient, rotateAuthority } from '../../lib/provision.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { withCode } from '../pki/support/expect.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'

const REVOKED = withCode('ERR_CLIENT_REVOKED')
const { request } = await createRequest({ name: 'alice', keyType: 'p256' })
const other = await createRequest({ name: 'alice', keyType: 'p256' })
const none = (): undefined => undefined
const soon = (): Date => new Date(Date.now() + 3_600_000)

/** A folder in which alice was revoked, whose key is in `request`. */
async function made(t: TestContext): Promise<{ root: string; folder: PkiFolder }> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ commonName: 'A' })
  await folder.signClient(request)
  await revokeClient({ folder: root, name: 'alice', reason: 'keyCompromise' })
  return { root, folder }
}

describe('a revoked key is never signed again', () => {
  test('by force or under another name, and nothing changes', async (t) => {
    const { root, folder } = await made(t)
    const before = await treeOf(root)
    for (const options of [{}, { force: true }, { name: 'alice2' }, { name: 'alice2', force: true }]) {
      await assert.rejects(folder.signClient(request, options), (error: Error) => {
        REVOKED(error)
        assert.match(error.message, /a certificate with this key was revoked: alice was revoked on .*\(keyCompromise\)/)
        const name = options.name ?? 'alice'
        assert.ok(error.message.includes(`docker-mtls client request ${name} --force`), error.message)
        return true
      })
    }
    await assert.rejects(findSignedBefore(request, { folder: root, out: none }), REVOKED)
    assert.deepEqual(await treeOf(root), before)
  })

  test('after another key took its place, and after the files of the client were removed', async (t) => {
    const { root, folder } = await made(t)
    await folder.signClient(other.request, { force: true })
    for (const name of ['alice', 'alice2'])
      await assert.rejects(folder.signClient(request, { name, force: true }), REVOKED)
    await rm(join(root, 'clients/alice'), { recursive: true })
    await assert.rejects(folder.signClient(request, { force: true }), REVOKED)
    await folder.signClient(other.request)
  })

  test('where the line of the ledger lacks the key', async (t) => {
    const { root, folder } = await made(t)
    const path = join(root, 'ca/ledger.jsonl')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(/,"key":"[0-9A-F:]+"/, ''))
    assert.equal((await readRevocations(path))[0]?.key, undefined)
    await assert.rejects(folder.signClient(request, { force: true }), REVOKED)
    await writeFile(path, text.replace(/,"key":"[0-9A-F:]+"/, ',"key":1'))
    await assert.rejects(folder.signClient(request, { force: true }), withCode('ERR_LEDGER_INVALID'))
  })

  test('of a grant or an issuer, also where the line lacks the key', async (t) => {
    const { root, folder } = await made(t)
    const granted = await issueGranted(root, await folder.openAuthority(), { name: 'ann', until: soon() })
    const issuer = await ensureIssuer({ folder: root, name: 'renewals' })
    const own = [
      [granted.facts.commonName ?? '', granted.paths.cert],
      ['renewals', issuer.paths.cert],
    ] as const
    const path = join(root, 'ca/ledger.jsonl')
    for (const [name, cert] of own) {
      const keyFingerprint256 = keyFingerprint(openCertificate(await readFile(cert, 'utf8')).publicKey)
      await revokeClient({ folder: root, name })
      assert.equal((await readRevocations(path)).at(-1)?.key, keyFingerprint256)
      const facts = { name: 'mallory', keyFingerprint256 }
      await assert.rejects(refuseRevokedKey(root, facts), REVOKED)
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/,"key":"[0-9A-F:]+"/g, ''))
      await assert.rejects(refuseRevokedKey(root, facts), REVOKED)
    }
  })

  test('by a rotation of the CA, of which another client has a certificate', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ commonName: 'A' })
    for (const [name, one] of [
      ['alice', request],
      ['bob', request],
      ['carl', other.request],
    ] as const)
      await folder.signClient(one, { name })
    await revokeClient({ folder: root, name: 'alice' })
    await rotateAuthority({ folder: root, next: { commonName: 'B' } })
    await rotateAuthority({ folder: root, confirm: ['carl'], confirmServer: ['server'] })
    const { phase, left } = await rotateAuthority({ folder: root, confirmServer: ['server'] })
    assert.deepEqual([phase, left], ['clients', ['alice', 'bob']])
    const issuers = ['alice', 'bob', 'carl'].map(
      async (name) => openCertificate(await readFile(join(root, 'clients', name, 'cert.pem'), 'utf8')).issuer,
    )
    assert.deepEqual(await Promise.all(issuers), ['CN=A', 'CN=A', 'CN=B'])
  })

  test('for an issuer', async (t) => {
    const { root, folder } = await made(t)
    const { paths } = await ensureIssuer({ folder: root, name: 'renewals' })
    const { cert, ...facts } = recertifyIssuer(
      await folder.openAuthority(),
      openCertificate(await readFile(paths.cert, 'utf8')),
      90,
    )
    await revokeClient({ folder: root, name: 'renewals' })
    await appendToLedger(join(root, 'ca/ledger.jsonl'), ledgerEntry('issuer', facts))
    await writeFile(paths.cert, cert)
    await assert.rejects(ensureIssuer({ folder: root, name: 'renewals', renew: true }), REVOKED)
    await ensureIssuer({ folder: root, name: 'renewals', force: true })
  })

  test('where it is revoked under another name while it is signed', async (t) => {
    const { root, folder } = await made(t)
    await folder.signClient(other.request, { force: true })
    const { readFile: read } = fs
    let isFirst = true
    const reading = async (...[path, ...rest]: Parameters<typeof read>): Promise<unknown> => {
      if (isFirst && path === join(root, 'ca/ca-key.pem')) {
        isFirst = false
        await revokeClient({ folder: root, name: 'alice' })
      }
      return read(path, ...rest)
    }
    t.mock.method(fs, 'readFile', reading as typeof read)
    await assert.rejects(new PkiFolder(root).signClient(other.request, { name: 'bob' }), REVOKED)
    assert.deepEqual(await folder.clients(), ['alice'])
  })

  test('cert sign refuses it at once, without a question, and names the way to a new key', async (t) => {
    const { root, folder } = await made(t)
    const csr = join(root, 'alice.csr')
    await writeFile(csr, request)
    const line = ['cert', 'sign', csr, '--dir', root, '--out', join(root, 'alice.pem')]
    for (const more of [[], ['--force'], ['--force', '--name', 'alice2']]) {
      const { code, stderr } = await runCli([...line, ...more])
      assert.equal(code, 1)
      assert.match(stderr, /^ERR_CLIENT_REVOKED: .* with this key was revoked/)
    }
    await writeFile(csr, other.request)
    assert.match(
      (await runCli(line)).stderr,
      /may come back under its name, make sure that the key of the request is a new one, and sign it: {2}docker-mtls cert sign/,
    )
    assert.equal((await runCli([...line, '--force'])).code, 0)
    assert.deepEqual(await folder.clients(), ['alice'])
  })
})
