import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { serialOf } from '../../lib/identity/serial.ts'
import { isRenewalIssuer } from '../../lib/identity/origin.ts'
import { signRequestInto } from '../../lib/keystore/client/sign.ts'
import { issueGranted } from '../../lib/keystore/granted.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import { appendToLedger } from '../../lib/keystore/ledger.ts'
import { adoptCertificates } from '../../lib/keystore/adopt.ts'
import { ledgerEntry } from '../../lib/keystore/ledger-line.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { loadIssuer } from '../../lib/pki/issuer.ts'
import { createIssuer, createRequest, issueClient, PkiFolder } from '../../lib/pki.ts'
import { ensureIssuer, readCrl, renewCertificates, revokeClient, writeCrl } from '../../lib/provision.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'

const folder = await temporaryFolder()
const cert = join(folder, 'issuers/renewals/issuer-cert.pem')
const key = join(folder, 'issuers/renewals/issuer-key.pem')
const read = (path: string): Promise<string> => readFile(path, 'utf8')
const x509 = async (): Promise<X509Certificate> => new X509Certificate(await read(cert))
const name = 'renewals'
const soon = (): Date => new Date(Date.now() + 3_600_000)

async function stateOf(kind: string): Promise<string[]> {
  return (await listKnown(folder)).filter((one) => one.kind === kind).map(({ state }) => state)
}

void describe('the issuer of a gateway, in the folder of the CA', () => {
  before(async () => {
    const pki = new PkiFolder(folder)
    await pki.ensureAuthority()
    await pki.ensureClient('alice')
  })

  void test('is created, listed, and kept while it is not due', async () => {
    const { action, facts } = await ensureIssuer({ folder, name })
    assert.equal(action, 'created')
    assert.deepEqual(Math.round((facts.validTo.getTime() - Date.now()) / 86_400_000), 90)
    assert.ok(isRenewalIssuer(await x509()))
    assert.ok(loadIssuer({ cert: await read(cert), key: await read(key) }))
    assert.equal((await ensureIssuer({ folder, name })).action, 'kept')
    assert.deepEqual(await stateOf('issuer'), ['in use'])
  })

  void test('keeps its key when it is renewed', async () => {
    const old = await x509()
    const { renewed } = await renewCertificates({ folder, clients: [name], days: 30 })
    assert.deepEqual(
      renewed.map(({ certificate: { kind } }) => kind),
      ['issuer'],
    )
    const after = await x509()
    assert.ok(after.publicKey.equals(old.publicKey) && after.serialNumber !== old.serialNumber)
    assert.ok(isRenewalIssuer(after))
    assert.deepEqual(await stateOf('issuer'), ['replaced', 'in use'])
  })

  void test('can not have the name of a client, nor a folder elsewhere', async () => {
    await assert.rejects(ensureIssuer({ folder, name: 'alice' }), { code: 'ERR_NAME_INVALID' })
    await assert.rejects(ensureIssuer({ folder, name: '../x' }), { code: 'ERR_NAME_INVALID' })
  })

  void test('keeps its name: no client gets it, by a new key, a request, init or adoption', async () => {
    const pki = new PkiFolder(folder)
    const tree = await treeOf(folder)
    const { request } = await createRequest({ name })
    const other = (await createRequest({ name: 'x' })).request
    const refused = { code: 'ERR_NAME_INVALID', message: /an issuer has that name/ }
    await assert.rejects(pki.ensureClient(name), refused)
    await assert.rejects(pki.ensureClient(name, { force: true }), refused)
    await assert.rejects(pki.signClient(request, { force: true }), refused)
    await assert.rejects(signRequestInto(other, { folder, name, out: () => undefined }), refused)
    await assert.rejects(initialise({ folder, names: ['localhost'], clients: [name] }), refused)
    assert.deepEqual(await treeOf(folder), tree)
    // By hand, a certificate of such a client would be in its folder.
    const made = await issueClient(await pki.openAuthority(), { name })
    const path = join(folder, 'clients', name, 'cert.pem')
    await mkdir(join(folder, 'clients', name))
    await writeFile(path, made.cert)
    const { adopted, refused: not } = await adoptCertificates(folder, { dryRun: false, acceptChanges: false })
    assert.deepEqual([adopted, not.map((one) => one.path)], [[], [path]])
    assert.match(not[0]?.got ?? '', /^an issuer has the name renewals, too/)
    await rm(join(folder, 'clients', name), { recursive: true })
    // A grant has another common name than its own.
    assert.equal((await issueGranted(folder, await pki.openAuthority(), { name, until: soon() })).name, name)
    assert.equal((await pki.ensureClient('bob')).action, 'created')
  })

  void test('may share its name where both had it before: clients and issuers stay, and are renewed', async () => {
    const root = await temporaryFolder()
    const pki = new PkiFolder(root)
    await pki.ensureAuthority()
    await pki.ensureServer(['localhost'])
    for (const client of [name, 'zoe']) await pki.ensureClient(client)
    const { facts } = await createIssuer(await pki.openAuthority(), { name })
    await appendToLedger(join(root, 'ca/ledger.jsonl'), ledgerEntry('issuer', facts))
    assert.equal((await ensureIssuer({ folder: root, name })).action, 'created')
    assert.equal((await ensureIssuer({ folder: root, name })).action, 'kept')
    assert.equal((await pki.ensureClient(name)).action, 'kept')
    const { clients } = await initialise({ folder: root, names: ['localhost'], clients: [name] })
    assert.deepEqual(
      clients.map(({ action }) => action),
      ['kept'],
    )
    const { renewed } = await renewCertificates({ folder: root, all: true })
    const found = renewed.map(({ certificate }) => `${certificate.kind} ${certificate.name}`)
    assert.deepEqual(found.toSorted(), ['client renewals', 'client zoe', 'issuer renewals', 'server localhost'])
    await assert.rejects(ensureIssuer({ folder: root, name: 'zoe' }), { code: 'ERR_NAME_INVALID' })
  })

  void test('never outlives the CA', async () => {
    const short = await temporaryFolder()
    await new PkiFolder(short).ensureAuthority({ days: 10 })
    const { facts, notes } = await ensureIssuer({ folder: short, name })
    assert.ok(facts.validTo.getTime() <= Date.now() + 10 * 86_400_000)
    assert.match(String(notes), /expires with its CA/)
  })

  void test('with another key is refused', async () => {
    const right = await read(key)
    await ensureIssuer({ folder, name: 'other' })
    await writeFile(key, await read(join(folder, 'issuers/other/issuer-key.pem')))
    await assert.rejects(renewCertificates({ folder, clients: [name] }), { code: 'ERR_PKI_FILE_INVALID' })
    await assert.rejects(ensureIssuer({ folder, name, renew: true }), { code: 'ERR_ISSUER_INVALID' })
    await writeFile(key, right)
  })

  void test('is revoked with all its certificates, and comes back only with a new key', async () => {
    await writeCrl({ folder })
    const { revokedNow } = await revokeClient({ folder, name })
    assert.equal(revokedNow.length, 2)
    const listed = (await readCrl(folder))?.lists[0]?.serials ?? []
    assert.ok(listed.map(serialOf).includes(serialOf((await x509()).serialNumber)), String(listed))
    assert.deepEqual((await readCrl(folder))?.faults, [])
    await assert.rejects(ensureIssuer({ folder, name }), { code: 'ERR_CLIENT_REVOKED' })
    const { renewed } = await renewCertificates({ folder, all: true, dryRun: true })
    assert.ok(!renewed.some(({ certificate }) => certificate.name === name))
    const old = await x509()
    assert.equal((await ensureIssuer({ folder, name, force: true })).action, 'replaced')
    assert.ok(!(await x509()).publicKey.equals(old.publicKey))
  })
})
