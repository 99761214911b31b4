import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { splitPem } from '../../lib/identity/certificate.ts'
import { createRequest, PkiFolder, type FolderSignResult } from '../../lib/pki.ts'
import { isKeyElsewhere } from '../../lib/keystore/key-held.ts'
import { readLedger } from '../../lib/keystore/ledger.ts'
import { initialise } from '../../lib/keystore/init/init.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'
import { modesOf, treeOf } from '../support/tree.ts'
import { withCode } from '../pki/support/expect.ts'

const DATED = /\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?$/

async function authorityFolder(t: Cleanable): Promise<PkiFolder> {
  const folder = new PkiFolder(join(await temporaryFolder(t), 'keys'))
  await folder.ensureAuthority()
  return folder
}

async function refusedUntouched(folder: PkiFolder, act: () => Promise<unknown>, expected: (error: unknown) => boolean) {
  const before = await treeOf(folder.path)
  await assert.rejects(act(), expected)
  assert.deepEqual(await treeOf(folder.path), before)
}

function clientFiles(folder: PkiFolder, name = 'alice'): Promise<string[]> {
  return readdir(join(folder.path, 'clients', name)).then((names) => names.toSorted())
}

/** The certificate and the authority of an answer, which go together. */
async function assertWhole(folder: PkiFolder, { answer, paths, facts }: FolderSignResult, key: string): Promise<void> {
  const [cert = '', ca = '', ...more] = splitPem(answer)
  assert.deepEqual(more, [])
  assert.equal(await readFile(paths.cert, 'utf8'), cert)
  assert.equal(await readFile(paths.ca, 'utf8'), ca)
  const leaf = new X509Certificate(cert)
  const issuer = new X509Certificate((await folder.openAuthority()).certificate)
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)))
  assert.ok(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey))
  assert.equal(new X509Certificate(ca).fingerprint256, issuer.fingerprint256)
  assert.deepEqual(facts.purposes, ['clientAuth'])
  const last = (await folder.list()).at(-1)
  assert.equal(last?.fingerprint256, leaf.fingerprint256)
  assert.equal(last?.path, paths.cert)
}

test('a request of somebody new', async (t) => {
  const folder = await authorityFolder(t)
  const { request, key, keyFingerprint256 } = await createRequest({ name: 'alice' })
  const result = await folder.signClient(request, { days: 30 })
  assert.equal(result.action, 'created')
  assert.equal(result.request.keyFingerprint256, keyFingerprint256)
  assert.deepEqual([result.keptAside, result.notes], [[], []])
  await assertWhole(folder, result, key)
  assert.deepEqual(await clientFiles(folder), ['ca.pem', 'cert.pem'])
  assert.deepEqual(modesOf(await treeOf(join(folder.path, 'clients'))), {
    'alice/': '0700',
    'alice/ca.pem': '0644',
    'alice/cert.pem': '0644',
  })
  const [, entry] = await folder.list()
  assert.deepEqual([entry?.kind, entry?.name, entry?.keyHeld], ['client', 'alice', 'client'])
  assert.deepEqual(await folder.clients(), ['alice'])
  assert.ok(await isKeyElsewhere(folder.path, 'alice'))
  const everything = Object.values(await treeOf(folder.path)).map((file) => file.split(' ')[2] ?? '')
  const texts = everything.map((base64) => Buffer.from(base64, 'base64').toString())
  assert.deepEqual(leaksOf([texts, result], tracesOf({ key })), [])
})

test('the same key again renews', async (t) => {
  const folder = await authorityFolder(t)
  const { request, key } = await createRequest({ name: 'alice' })
  const first = await folder.signClient(request)
  const again = await createRequest({ name: 'alice', key })
  const second = await folder.signClient(again.request, { days: 10 })
  assert.equal(second.action, 'replaced')
  assert.deepEqual(second.notes, [])
  await assertWhole(folder, second, key)
  assert.equal(second.keptAside.length, 1)
  assert.match(second.keptAside[0] ?? '', DATED)
  assert.ok(first.answer.startsWith(await readFile(second.keptAside[0] ?? '', 'utf8')))
  assert.equal((await folder.list()).length, 3)
})

describe('another key under the name of a client', () => {
  test('whose key is elsewhere', async (t) => {
    const folder = await authorityFolder(t)
    const alice = await createRequest({ name: 'alice' })
    await folder.signClient(alice.request)
    const mallory = await createRequest({ name: 'alice' })
    const refused = withCode(
      'ERR_REQUEST_REFUSED',
      alice.keyFingerprint256,
      mallory.keyFingerprint256,
      "name: 'OTHER'",
      'force: true',
      'dockerd does not check revocation',
    )
    await refusedUntouched(folder, () => folder.signClient(mallory.request), refused)
    const other = await folder.signClient(mallory.request, { name: 'mallory' })
    assert.equal(other.facts.commonName, 'mallory')
    assert.deepEqual(other.notes, [])
    const forced = await folder.signClient(mallory.request, { force: true })
    const [old = '', twin = '', ...more] = forced.notes
    assert.match(old, /^The old certificate of alice still works until 20\d\d-.* does not check revocation$/)
    assert.match(twin, /^The same key already has a certificate as mallory/)
    assert.deepEqual(more, [])
    await assertWhole(folder, forced, mallory.key)
  })

  test('whose key was made here', async (t) => {
    const folder = await authorityFolder(t)
    const issued = await folder.ensureClient('alice')
    const key = await readFile(issued.paths.key, 'utf8')
    const other = await createRequest({ name: 'alice' })
    await refusedUntouched(
      folder,
      () => folder.signClient(other.request),
      withCode('ERR_REQUEST_REFUSED', 'force: true'),
    )
    const forced = await folder.signClient(other.request, { force: true })
    await assertWhole(folder, forced, other.key)
    assert.ok(!(await clientFiles(folder)).includes('key.pem'))
    const aside = await Promise.all(forced.keptAside.map((path) => readFile(path, 'utf8')))
    assert.ok(aside.includes(key), 'the old key is kept')
    assert.ok(await isKeyElsewhere(folder.path, 'alice'))
  })

  test('or what can not be read', async (t) => {
    const folder = await authorityFolder(t)
    const place = join(folder.path, 'clients/alice')
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'key.pem'), 'garbage', { mode: 0o600 })
    const { request, key } = await createRequest({ name: 'alice' })
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_REQUEST_REFUSED', 'cannot be read'))
    await assertWhole(folder, await folder.signClient(request, { force: true }), key)
  })
})

test('a request made with the key that is here keeps it here', async (t) => {
  const folder = await authorityFolder(t)
  const { paths } = await folder.ensureClient('alice')
  const key = await readFile(paths.key, 'utf8')
  const { request } = await createRequest({ name: 'alice', key })
  const result = await folder.signClient(request)
  await assertWhole(folder, result, key)
  assert.equal(await readFile(paths.key, 'utf8'), key)
  assert.equal((await folder.list()).at(-1)?.keyHeld, undefined)
  assert.equal((await folder.readClient('alice')).key, key)
  assert.equal((await folder.ensureClient('alice')).action, 'kept')
})

describe('nothing is changed', () => {
  test('by a request that is refused or forged', async (t) => {
    const folder = await authorityFolder(t)
    const { request } = await createRequest({ name: 'alice' })
    const bad = withCode('ERR_REQUEST_INVALID', 'reading a.csr')
    await refusedUntouched(folder, () => folder.signClient(request.slice(0, 100), { file: 'a.csr' }), bad)
    await refusedUntouched(folder, () => folder.signClient(request, { days: 0 }), withCode('ERR_DAYS_INVALID'))
    await refusedUntouched(folder, () => folder.signClient(request, { name: '../x' }), withCode('ERR_NAME_INVALID'))
    const unknown = () => folder.signClient(request, { forced: true } as never)
    await refusedUntouched(folder, unknown, withCode('ERR_OPTION_UNKNOWN'))
  })

  test('by a wrong passphrase, after the request is checked', async (t) => {
    const folder = new PkiFolder(join(await temporaryFolder(t), 'keys'))
    await folder.ensureAuthority({ passphrase: 'correct horse' })
    const { request } = await createRequest({ name: 'alice' })
    const locked = new PkiFolder(folder.path)
    const wrong = withCode('ERR_CA_PASSPHRASE')
    await refusedUntouched(locked, () => locked.signClient(request), wrong)
    await refusedUntouched(locked, () => locked.signClient(request, { passphrase: 'wrong' }), wrong)
    await refusedUntouched(locked, () => locked.signClient('x'), withCode('ERR_REQUEST_INVALID'))
    assert.equal((await locked.signClient(request, { passphrase: 'correct horse' })).action, 'created')
  })

  test('without an authority', async (t) => {
    const folder = new PkiFolder(join(await temporaryFolder(t), 'keys'))
    const { request } = await createRequest({ name: 'alice' })
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_CA_MISSING'))
  })

  test('where the ledger disagrees, or can not be read or written', async (t) => {
    const folder = await authorityFolder(t)
    const { request } = await createRequest({ name: 'alice' })
    await folder.signClient(request)
    const ledger = join(folder.path, 'ca/ledger.jsonl')
    const whole = await readFile(ledger, 'utf8')
    await writeFile(ledger, `${whole.split('\n')[0]}\n`)
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_LEDGER_MISMATCH', 'cert adopt'))
    await writeFile(ledger, `${whole}{"kind":"client"}\n{}\n`)
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_LEDGER_INVALID', 'line 3'))
    await writeFile(ledger, whole.replace('"keyHeld":"client"', '"keyHeld":"moon"'))
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_LEDGER_INVALID', 'moon'))
    await rm(ledger)
    await mkdir(ledger)
    await refusedUntouched(folder, () => folder.signClient(request), withCode('ERR_FILE_READ'))
  })
})

test('the ledger comes before the files', async (t) => {
  const folder = await authorityFolder(t)
  const { request } = await createRequest({ name: 'alice' })
  const { paths } = await folder.signClient(request)
  const ledger = join(folder.path, 'ca/ledger.jsonl')
  const before = await readLedger(ledger)
  const files = await treeOf(paths.folder)
  // What no run of ours leaves there keeps new files from their place.
  await mkdir(join(paths.folder, '.next'))
  await writeFile(join(paths.folder, '.next/strange'), '')
  await assert.rejects(folder.signClient(request), withCode('ERR_FILE_EXISTS'))
  await rm(join(paths.folder, '.next'), { recursive: true })
  assert.deepEqual(await treeOf(paths.folder), files)
  assert.equal((await readLedger(ledger)).length, before.length + 1)
})

test('a run that was killed is taken the rest of the way', async (t) => {
  const folder = await authorityFolder(t)
  const { request, key } = await createRequest({ name: 'alice' })
  const first = await folder.signClient(request)
  const place = join(folder.path, 'clients/alice')
  const waiting = join(place, '.next')
  await mkdir(waiting)
  await writeFile(join(waiting, 'cert.pem'), await readFile(first.paths.cert))
  const second = await folder.signClient(request)
  await assertWhole(folder, second, key)
  assert.ok(!(await clientFiles(folder)).includes('.next'))
})

async function held(t: Cleanable): Promise<{ folder: PkiFolder; request: string; key: string }> {
  const folder = await authorityFolder(t)
  const { request, key } = await createRequest({ name: 'alice' })
  await folder.signClient(request)
  return { folder, request, key }
}

describe('a client whose key is elsewhere', () => {
  test('is kept, and gets no second key but by force', async (t) => {
    const { folder } = await held(t)
    const before = await treeOf(folder.path)
    const kept = await folder.ensureClient('alice')
    assert.equal(kept.action, 'kept')
    assert.match(kept.notes.join(), /^Its key is on the machine of alice.*cert client alice .*--force$/)
    assert.deepEqual(await treeOf(folder.path), before)
    await refusedUntouched(
      folder,
      () => folder.ensureClient('alice', { renew: true }),
      withCode('ERR_CLIENT_KEY_ELSEWHERE', 'client request alice', 'cert sign alice.csr'),
    )
    const forced = await folder.ensureClient('alice', { force: true })
    assert.equal(forced.action, 'replaced')
    assert.match(forced.notes.join(), /dockerd still accepts the key on the machine of alice, until 20/)
    assert.equal((await folder.list()).at(-1)?.keyHeld, undefined)
    assert.ok(!(await isKeyElsewhere(folder.path, 'alice')))
    assert.match((await folder.readClient('alice')).key, /PRIVATE KEY/)
  })

  test('of an authority that was replaced has to ask again', async (t) => {
    const { folder, request, key } = await held(t)
    await folder.replaceAuthority()
    await refusedUntouched(
      folder,
      () => folder.ensureClient('alice'),
      withCode('ERR_CLIENT_KEY_ELSEWHERE', 'another CA issued it', 'client request alice'),
    )
    const result = await folder.signClient(request)
    await assertWhole(folder, result, key)
    assert.equal(result.keptAside.length, 2, 'ca.pem and cert.pem')
  })

  test('is not exported', async (t) => {
    const { folder } = await held(t)
    await assert.rejects(
      folder.readClient('alice'),
      withCode('ERR_CLIENT_KEY_ELSEWHERE', 'clients/alice/cert.pem', 'client install alice.pem'),
    )
  })

  test('init keeps it', async (t) => {
    const { folder } = await held(t)
    const before = await treeOf(join(folder.path, 'clients'))
    for (const force of [false, true]) {
      const report = await initialise({
        folder: folder.path,
        names: ['build01'],
        clients: ['alice'],
        force,
        root: '/nonexistent',
      })
      assert.deepEqual([report.clients, report.others], [[], ['alice']])
      assert.match(report.warnings.join('\n'), /The key of alice is on its own machine/)
      assert.deepEqual(await treeOf(join(folder.path, 'clients')), before)
    }
    const byDefault = await initialise({
      folder: folder.path,
      names: ['build01'],
      defaultClient: 'alice',
      root: '/nonexistent',
    })
    assert.deepEqual(byDefault.others, ['alice'])
    const both = await initialise({
      folder: folder.path,
      names: ['build01'],
      clients: ['bob', 'alice'],
      root: '/nonexistent',
    })
    assert.deepEqual(
      both.clients.map(({ name }) => name),
      ['bob'],
    )
  })

  test('is another thing than a key that is missing', async (t) => {
    const folder = await authorityFolder(t)
    const { paths } = await folder.ensureClient('alice')
    await rm(paths.key)
    assert.ok(!(await isKeyElsewhere(folder.path, 'alice')))
    await assert.rejects(folder.readClient('alice'), withCode('ERR_PKI_FILE_INVALID', 'key.pem'))
    assert.equal((await folder.ensureClient('alice')).action, 'replaced')
    assert.ok((await stat(paths.key)).isFile())
  })

  test('stays one where its line was cut off behind it', async (t) => {
    const { folder } = await held(t)
    await appendFile(join(folder.path, 'ca/ledger.jsonl'), '{"serial":"0')
    assert.ok(await isKeyElsewhere(folder.path, 'alice'))
  })
})
