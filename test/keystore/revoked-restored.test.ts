import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { adoptCertificates } from '../../lib/keystore/adopt.ts'
import { readRevocations } from '../../lib/keystore/ledger.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { createRequest, PkiFolder } from '../../lib/pki.ts'
import {
  ensureIssuer,
  readCrl,
  renewCertificates,
  revokeClient,
  rotateAuthority,
  writeCrl,
} from '../../lib/provision.ts'
import { withCode } from '../pki/support/expect.ts'
import { temporaryFolder } from '../support/temporary.ts'

const REVOKED = withCode('ERR_CLIENT_REVOKED')
const { request } = await createRequest({ name: 'alice', keyType: 'p256' })
const LEDGER = ['ca/ledger.jsonl', 'ca/ledger-heads.jsonl']

async function keep(root: string): Promise<void> {
  for (const file of LEDGER) await copyFile(join(root, file), join(root, `${file}.old`))
}

async function restore(root: string): Promise<void> {
  for (const file of LEDGER) await copyFile(join(root, `${file}.old`), join(root, file))
}

async function lose(root: string): Promise<void> {
  for (const file of LEDGER) await rm(join(root, file))
}

async function adopt(root: string, dryRun = false): Promise<string[]> {
  const { revoked, refused } = await adoptCertificates(root, { dryRun, acceptChanges: false })
  assert.deepEqual(refused, [])
  return revoked.map(({ kind, name }) => `${kind} ${name}`)
}

/** A folder in which alice, carol and the issuer renewals were revoked, and a copy of the ledger from before. */
async function made(t: TestContext): Promise<string> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  await folder.ensureAuthority({ commonName: 'A' })
  await folder.ensureServer(['build01'])
  await folder.signClient(request)
  for (const name of ['bob', 'carol']) await folder.ensureClient(name)
  await ensureIssuer({ folder: root, name: 'renewals' })
  await keep(root)
  for (const name of ['alice', 'carol', 'renewals']) await revokeClient({ folder: root, name })
  return root
}

async function stateOf(root: string, called: string): Promise<string[]> {
  return (await listKnown(root)).filter(({ name }) => name === called).map(({ state }) => state)
}

/** Everything that gives access with the key of a revoked certificate, or under the name of a revoked client. */
async function refusesAll(root: string, bob = 'in use'): Promise<void> {
  const ways = [
    () => new PkiFolder(root).signClient(request),
    () => new PkiFolder(root).ensureClient('carol', { renew: true }),
    () => ensureIssuer({ folder: root, name: 'renewals', renew: true }),
  ]
  for (const way of ways) await assert.rejects(way(), REVOKED)
  for (const name of ['alice', 'carol', 'renewals']) assert.deepEqual(await stateOf(root, name), ['revoked'])
  assert.deepEqual(await stateOf(root, 'bob'), [bob])
}

describe('what only the list says is revoked stays revoked', () => {
  for (const way of ['sign', 'client', 'issuer'] as const) {
    test(`with a ledger from before: ${way}`, async (t) => {
      const root = await made(t)
      await restore(root)
      const ways = {
        sign: () => new PkiFolder(root).signClient(request),
        client: () => new PkiFolder(root).ensureClient('carol', { renew: true }),
        issuer: () => ensureIssuer({ folder: root, name: 'renewals', renew: true }),
      }
      await assert.rejects(ways[way](), REVOKED)
      await refusesAll(root)
      assert.equal((await readRevocations(join(root, 'ca/ledger.jsonl'))).length, 3)
      assert.deepEqual((await readCrl(root))?.faults, [])
    })
  }

  test('with a ledger that was lost: adoption notes it, and says so', async (t) => {
    const root = await made(t)
    await lose(root)
    const all = ['issuer renewals', 'client alice', 'client carol']
    assert.deepEqual(await adopt(root, true), all)
    assert.deepEqual(await adopt(root), all)
    assert.deepEqual(await adopt(root), [])
    await refusesAll(root)
  })

  test('with a ledger that was lost, before anything is adopted', async (t) => {
    const root = await made(t)
    await lose(root)
    await assert.rejects(new PkiFolder(root).ensureClient('carol', { renew: true }), REVOKED)
    assert.deepEqual(await adopt(root), [])
    await refusesAll(root)
  })

  test('with a ledger from before: a rotation that was killed when it began to issue certificates of clients', async (t) => {
    const root = join(await temporaryFolder(t), 'keys')
    const folder = new PkiFolder(root)
    await folder.ensureAuthority({ commonName: 'A' })
    for (const name of ['alice', 'bob']) await folder.ensureClient(name)
    await rotateAuthority({ folder: root, action: 'go' })
    await keep(root)
    await revokeClient({ folder: root, name: 'alice' })
    await restore(root)
    const state = join(root, 'ca/next/rotation.json')
    await writeFile(state, (await readFile(state, 'utf8')).replace('"phase": "trust"', '"phase": "clients"'))
    const { phase, waiting } = await rotateAuthority({ folder: root, action: 'go' })
    assert.deepEqual([phase, waiting.clients.map(({ name }) => name)], ['clients', ['bob']])
    assert.deepEqual(await stateOf(root, 'alice'), ['revoked'])
  })
})

test('a client that got a certificate after its revocation keeps it when the ledger gets that revocation back', async (t) => {
  const root = await made(t)
  const folder = new PkiFolder(root)
  await folder.ensureClient('carol', { force: true })
  await restore(root)
  await adopt(root)
  await writeCrl({ folder: root })
  assert.deepEqual(await stateOf(root, 'carol'), ['revoked', 'in use'])
  assert.equal((await folder.ensureClient('carol')).action, 'kept')
  await renewCertificates({ folder: root, clients: ['carol'] })
  const { renewed } = await renewCertificates({ folder: root, all: true })
  assert.deepEqual(
    renewed.map(({ certificate: { name } }) => name),
    ['build01', 'bob', 'carol'],
  )
  // And it can be revoked again.
  await revokeClient({ folder: root, name: 'carol' })
  await assert.rejects(folder.ensureClient('carol'), REVOKED)
})

test('what the ledger gets back has the keys, so that none is signed again once the files are gone', async (t) => {
  const root = await made(t)
  await restore(root)
  assert.equal((await adopt(root)).length, 3)
  assert.ok((await readRevocations(join(root, 'ca/ledger.jsonl'))).every(({ key }) => key !== undefined))
  await rm(join(root, 'clients/alice'), { recursive: true })
  await assert.rejects(new PkiFolder(root).signClient(request, { name: 'alice2' }), REVOKED)
})

test('a new CA takes over what only the list of the old one says is revoked', async (t) => {
  const root = await made(t)
  await restore(root)
  await new PkiFolder(root).replaceAuthority({ commonName: 'B' })
  await refusesAll(root, 'of a replaced CA')
  assert.equal((await readCrl(root))?.lists[0]?.serials.length, 3)
})

test('a new CA in place of a damaged one keeps the lists under another name', async (t) => {
  const root = await made(t)
  await restore(root)
  const list = await readFile(join(root, 'ca/crl.pem'), 'utf8')
  await writeFile(join(root, 'ca/ca.pem'), 'damaged')
  const { notes } = await new PkiFolder(root).replaceAuthority({ commonName: 'B' })
  const kept = (await readdir(join(root, 'ca'))).filter((file) => file.startsWith('crl.pem.'))
  assert.equal(kept.length, 1)
  assert.equal(await readFile(join(root, 'ca', kept[0] ?? ''), 'utf8'), list)
  assert.ok(notes[0]?.endsWith(kept[0] ?? '-'), notes[0])
})

test('a new CA keeps a damaged list under another name, and says so', async (t) => {
  const root = await made(t)
  await restore(root)
  await writeFile(join(root, 'ca/crl.pem'), 'damaged')
  const { notes } = await new PkiFolder(root).replaceAuthority({ commonName: 'B' })
  const kept = (await readdir(join(root, 'ca'))).find((file) => file.startsWith('crl.pem.')) ?? '-'
  assert.equal(await readFile(join(root, 'ca', kept), 'utf8'), 'damaged')
  assert.ok(notes.at(-1)?.endsWith(kept), notes.join())
})

test('a client whose newest certificate had expired before it was revoked is revoked', async (t) => {
  const root = await made(t)
  const folder = new PkiFolder(root)
  await folder.ensureClient('dora')
  await folder.ensureClient('dora', { renew: true, days: 1 })
  await rm(join(root, 'clients/dora'), { recursive: true })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 * 86_400_000 })
  assert.equal((await revokeClient({ folder: root, name: 'dora' })).revokedNow.length, 1)
  await assert.rejects(folder.ensureClient('dora'), REVOKED)
  await folder.ensureClient('dora', { force: true })
  assert.equal((await folder.ensureClient('dora')).action, 'kept')
})

test('a client that came back is revoked once more after that certificate expired and its files were removed', async (t) => {
  const root = await made(t)
  const folder = new PkiFolder(root)
  await folder.ensureClient('carol', { force: true, days: 1 })
  await rm(join(root, 'clients/carol'), { recursive: true })
  const later = Date.now() + 2 * 86_400_000
  t.mock.timers.enable({ apis: ['Date'], now: later })
  assert.deepEqual((await revokeClient({ folder: root, name: 'carol' })).revokedNow, [])
  await assert.rejects(folder.ensureClient('carol'), REVOKED)
  // The list keeps the first date.
  await writeCrl({ folder: root })
  const body = (await readFile(join(root, 'ca/crl.pem'), 'utf8')).replaceAll(/-----.*-----|\s/g, '')
  const date = new Date(later).toISOString().replaceAll(/^20|\.\d+|[-:T]/g, '')
  assert.equal(Buffer.from(body, 'base64').includes(date), false, date)
})
