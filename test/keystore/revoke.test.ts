import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { readRevocationLists } from '../../lib/identity/crl.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import type { StepEvent } from '../../lib/base/progress.ts'
import { readLedger, readRevocations, verifyLedger } from '../../lib/keystore/ledger.ts'
import { listKnown } from '../../lib/keystore/renew/known.ts'
import { renderPrometheus } from '../../lib/keystore/renew/prometheus.ts'
import { createAuthority, createCrl, createRequest, PkiFolder } from '../../lib/pki.ts'
import {
  readCrl,
  renewCertificates,
  revokeClient,
  rotateAuthority,
  writeCrl,
  type RevokeReport,
} from '../../lib/provision.ts'
import { killedBefore, stepsThatChange } from '../contexts/support/crash.ts'
import { withCode } from '../pki/support/expect.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { treeOf } from '../support/tree.ts'
import { unlock } from './rotate/support/course.ts'

const DAY = 86_400_000

async function made(t: TestContext, passphrase?: string): Promise<{ root: string; folder: PkiFolder }> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  const secret = passphrase === undefined ? {} : { passphrase }
  await folder.ensureAuthority({ commonName: 'A', ...secret })
  await folder.ensureServer(['build01.example.com'], secret)
  for (const name of ['alice', 'bob']) await folder.ensureClient(name, secret)
  return { root, folder }
}

const revoke = (root: string, name = 'alice'): Promise<RevokeReport> => revokeClient({ folder: root, name })
const listPath = (root: string): string => join(root, 'ca/crl.pem')
const certOf = async (root: string, name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(root, `clients/${name}/cert.pem`)))
const serialIn = async (root: string, name: string): Promise<string> =>
  serialOf((await certOf(root, name)).serialNumber)

async function serialsIn(root: string): Promise<string[]> {
  const lists = readRevocationLists(await readFile(listPath(root), 'utf8'))
  assert.equal(lists.length, 1)
  return [...(lists[0]?.serials.keys() ?? [])]
}

async function numberIn(root: string): Promise<bigint> {
  return BigInt((await readCrl(root))?.lists[0]?.number ?? 0)
}

describe('revokeClient()', () => {
  test('revokes every certificate that is valid, also a replaced one, and no other', async (t) => {
    const { root, folder } = await made(t)
    const first = await serialIn(root, 'alice')
    await folder.ensureClient('alice', { renew: true })
    const second = await serialIn(root, 'alice')
    const report = await revokeClient({ folder: root, name: 'alice', reason: 'keyCompromise' })
    assert.deepEqual(
      report.revokedNow.map(({ serial }) => serialOf(serial)),
      [first, second],
    )
    assert.deepEqual((await serialsIn(root)).toSorted(), [first, second].toSorted())
    const [line] = await readRevocations(join(root, 'ca/ledger.jsonl'))
    assert.deepEqual([line?.name, line?.kind, line?.reason], ['alice', 'client', 'keyCompromise'])
    assert.equal(line?.revokedAt.slice(0, 10), new Date().toISOString().slice(0, 10))
    const states = (await listKnown(root)).map(({ name, state, revoked }) => [name, state, revoked?.reason])
    assert.deepEqual(states.slice(2), [
      ['alice', 'revoked', 'keyCompromise'],
      ['bob', 'in use', undefined],
      ['alice', 'revoked', 'keyCompromise'],
    ])
    assert.equal((await verifyLedger(join(root, 'ca/ledger.jsonl'))).faults.length, 0)
    assert.ok(!renderPrometheus(await listKnown(root), Date.now()).includes('alice'))
  })

  test('openssl verifies the list, and refuses the revoked client only', { skip: lacks('openssl') }, async (t) => {
    const { root } = await made(t)
    await revokeClient({ folder: root, name: 'alice', reason: 'cessationOfOperation' })
    const openssl = (...args: string[]): ReturnType<typeof runCommand> => runCommand('openssl', args, { cwd: root })
    const read = await openssl('crl', '-in', 'ca/crl.pem', '-CAfile', 'ca/ca.pem', '-verify', '-noout', '-text')
    assert.match(read.stderr + read.stdout, /verify OK/)
    assert.match(read.stdout, /Cessation Of Operation/)
    const check = (name: string): ReturnType<typeof runCommand> =>
      openssl('verify', '-crl_check', '-CAfile', 'ca/ca.pem', '-CRLfile', 'ca/crl.pem', `clients/${name}/cert.pem`)
    const [alice, bob] = [await check('alice'), await check('bob')]
    assert.deepEqual([alice.code, bob.code], [2, 0], alice.stderr + bob.stderr)
    assert.match(alice.stderr + alice.stdout, /certificate revoked/)
  })

  test('once more, it changes nothing and says so; only the ledger has its line again', async (t) => {
    const { root } = await made(t)
    await revoke(root)
    const ledger = join(root, 'ca/ledger.jsonl')
    const [before, known, lines] = [await treeOf(root), await listKnown(root), await readRevocations(ledger)]
    const again = await revokeClient({ folder: root, name: 'alice', reason: 'superseded' })
    assert.deepEqual([again.revokedNow, again.isListWritten, again.crl?.lists.length], [[], false, 1])
    const [first, repeated, ...others] = await readRevocations(ledger)
    assert.deepEqual([await listKnown(root), first, others], [known, lines[0], []])
    assert.deepEqual({ ...repeated, revokedAt: first?.revokedAt }, first)
    assert.ok((repeated?.revokedAt ?? '') > (first?.revokedAt ?? '-'))
    assert.equal((await verifyLedger(ledger)).faults.length, 0)
    const after = await treeOf(root)
    const changed = Object.keys(after).filter((path) => after[path] !== before[path])
    assert.deepEqual([changed, Object.keys(after)], [['ca/ledger-heads.jsonl', 'ca/ledger.jsonl'], Object.keys(before)])
  })

  test('two runs at once lose nothing', async (t) => {
    const { root } = await made(t)
    await Promise.all([revoke(root, 'alice'), revoke(root, 'bob'), revoke(root, 'alice')])
    const wanted = [await serialIn(root, 'alice'), await serialIn(root, 'bob')]
    assert.deepEqual((await serialsIn(root)).toSorted(), wanted.toSorted())
    // That of alice is there once more: two runs have revoked her.
    const noted = (await readRevocations(join(root, 'ca/ledger.jsonl'))).map(({ name }) => name)
    assert.deepEqual([noted.length, new Set(noted)], [3, new Set(['alice', 'bob'])])
  })

  test('a client without files, of a request, and with an expired certificate', async (t) => {
    const { root, folder } = await made(t)
    const { request } = await createRequest({ name: 'carol' })
    await folder.signClient(request)
    await rm(join(root, 'clients/alice'), { recursive: true })
    assert.equal((await revoke(root, 'alice')).revokedNow.length, 1)
    assert.equal((await revoke(root, 'carol')).revokedNow.length, 1)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 398 * DAY })
    // Its files are here, so a renewal would give it access again.
    assert.equal((await revoke(root, 'bob')).revokedNow.length, 1)
    assert.deepEqual(await serialsIn(root), [])
    await assert.rejects(revoke(root, 'dora'), withCode('ERR_CLIENT_NOT_FOUND'))
  })

  test('refuses what it cannot do, and changes nothing', async (t) => {
    const { root } = await made(t, 'correct horse')
    const before = await treeOf(root)
    const call = (more: object): Promise<unknown> => revokeClient({ folder: root, name: 'alice', ...more })
    await assert.rejects(call({}), withCode('ERR_CA_PASSPHRASE'))
    await assert.rejects(call({ passphrase: 'wrong' }), withCode('ERR_CA_PASSPHRASE'))
    await assert.rejects(call({ reason: 'whim' }), withCode('ERR_ARGUMENT_INVALID'))
    await assert.rejects(call({ crlDays: 0 }), withCode('ERR_DAYS_INVALID'))
    await assert.rejects(call({ days: 3 }), withCode('ERR_OPTION_UNKNOWN'))
    assert.deepEqual(await treeOf(root), before)
    assert.equal(((await call({ passphrase: 'correct horse' })) as RevokeReport).revokedNow.length, 1)
    await rm(join(root, 'ca/ca-key.pem'))
    await assert.rejects(revoke(root, 'bob'), withCode('ERR_CA_INVALID'))
    assert.equal((await readRevocations(join(root, 'ca/ledger.jsonl'))).length, 1)
  })

  test('killed at any step, the next run has both in the ledger and in the list', async (t) => {
    const { root: start } = await made(t)
    const copy = async (): Promise<string> => {
      const root = join(await temporaryFolder(t), 'keys')
      await cp(start, root, { recursive: true })
      return root
    }
    const whole = await copy()
    const steps = await stepsThatChange(
      whole,
      () => revoke(whole),
      (path) => !/^ca\/\.\w+\.lock$/.test(path),
    )
    assert.ok(steps.length > 3)
    let half = 0
    for (const step of steps) {
      const root = await copy()
      await killedBefore(step, () => revoke(root))
      await unlock(root)
      const noted = (await readRevocations(join(root, 'ca/ledger.jsonl'))).length
      const state = await readCrl(root)
      // The ledger comes first, and whoever looks is told.
      if (noted === 0) assert.equal(state, undefined)
      if (noted === 1 && state?.lists.length === 0) half++
      if (state?.lists.length === 0) assert.match(state.faults.join(), /missing, although/)
      if (step % 2 === 0 || noted === 0) await revoke(root)
      else await renewCertificates({ folder: root })
      assert.deepEqual(await serialsIn(root), [await serialIn(root, 'alice')], String(step))
      // Revoking once more repeats the line, with a later date.
      const wanted = noted === 1 && step % 2 === 0 ? 2 : 1
      const [line, ...others] = await readRevocations(join(root, 'ca/ledger.jsonl'))
      const revokedAt = line?.revokedAt ?? ''
      assert.ok(others.every((one) => one.revokedAt > revokedAt))
      assert.deepEqual(
        others.map((one) => ({ ...one, revokedAt })),
        Array.from({ length: wanted - 1 }, () => line),
      )
      assert.deepEqual((await readCrl(root))?.faults, [])
      const rest = (await readdir(join(root, 'ca'))).filter((name) => name.startsWith('.'))
      assert.deepEqual(rest, [], String(step))
    }
    assert.ok(half > 0)
  })
})

describe('the list', () => {
  test('may be empty, has the chosen life, and keeps it', async (t) => {
    const { root } = await made(t)
    assert.equal(await readCrl(root), undefined)
    const { lists, nextUpdate } = await writeCrl({ folder: root, crlDays: 7 })
    assert.deepEqual([lists[0]?.serials, lists[0]?.ca.name], [[], 'A'])
    assert.equal(Math.round(((nextUpdate?.getTime() ?? 0) - Date.now()) / DAY), 7)
    const { crl } = await revoke(root)
    assert.equal(Math.round(((crl?.nextUpdate?.getTime() ?? 0) - Date.now()) / DAY), 7)
  })

  test('is valid as long as its CA by default, so that nobody is locked out who only revokes', async (t) => {
    const { root, folder } = await made(t)
    const { crl } = await revoke(root)
    const end = readCertificate(await readFile(join(root, 'ca/ca.pem'), 'utf8')).validTo
    assert.deepEqual([crl?.lists.map(({ endsWithCa }) => endsWithCa), crl?.nextUpdate], [[true], end])
    // A certificate that the CA issues after years doesn't outlive the list, and nothing has to write that again.
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3600 * DAY })
    await folder.ensureClient('late')
    assert.ok(readCertificate(await readFile(join(root, 'clients/late/cert.pem'), 'utf8')).validTo <= end)
    assert.equal((await renewCertificates({ folder: root, clients: [] })).crl?.isRenewed, false)
    assert.deepEqual((await readCrl(root))?.faults, [])
  })

  test('has no longer life than its CA, and writeCrl() without crlDays takes back a shorter one', async (t) => {
    const { root } = await made(t)
    const end = readCertificate(await readFile(join(root, 'ca/ca.pem'), 'utf8')).validTo
    assert.equal((await writeCrl({ folder: root, crlDays: 7 })).lists[0]?.endsWithCa, false)
    assert.deepEqual((await writeCrl({ folder: root })).nextUpdate, end)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3000 * DAY })
    assert.deepEqual((await writeCrl({ folder: root, crlDays: 3650 })).nextUpdate, end)
  })

  test('of a CA that a rotation brings has the life that was chosen for the old one', async (t) => {
    const { root } = await made(t)
    await writeCrl({ folder: root, crlDays: 7 })
    await rotateAuthority({ folder: root })
    const lives = (await readCrl(root))?.lists.map(({ nextUpdate }) =>
      Math.round((nextUpdate.getTime() - Date.now()) / DAY),
    )
    assert.deepEqual(lives, [7, 7])
  })

  test('has a number that rises, also after a backup was restored', async (t) => {
    const { root } = await made(t)
    await writeCrl({ folder: root })
    const backup = join(await temporaryFolder(t), 'ca')
    await cp(join(root, 'ca'), backup, { recursive: true })
    const numbers = [await numberIn(root)]
    for (let round = 0; round < 5; round++) {
      await writeCrl({ folder: root })
      numbers.push(await numberIn(root))
    }
    await cp(backup, join(root, 'ca'), { recursive: true })
    await writeCrl({ folder: root })
    numbers.push(await numberIn(root))
    await rm(listPath(root))
    await writeCrl({ folder: root })
    numbers.push(await numberIn(root))
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((one, other) => Number(one - other)),
    )
  })

  test('has a number that rises if the clock is set back, and is not of the future', async (t) => {
    const { root } = await made(t)
    const now = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: now + 10 * DAY })
    await writeCrl({ folder: root })
    const number = await numberIn(root)
    t.mock.timers.setTime(now)
    assert.match((await readCrl(root))?.faults.join() ?? '', /is not valid yet/)
    const { lists } = await writeCrl({ folder: root })
    assert.ok(BigInt(lists[0]?.number ?? 0) > number)
    assert.ok((lists[0]?.thisUpdate.getTime() ?? Infinity) <= now)
    // By some seconds: then it isn't older than the one before.
    t.mock.timers.setTime(now - 5_000)
    const next = await writeCrl({ folder: root })
    assert.equal(next.lists[0]?.thisUpdate.getTime(), lists[0]?.thisUpdate.getTime())
  })

  test('has no number after that of a list of another CA, which may be the greatest', async (t) => {
    const { root } = await made(t)
    await writeCrl({ folder: root })
    const next = { nextUpdate: new Date(Date.now() + DAY) }
    const foreign = createCrl(await createAuthority(), { revoked: [], number: 2n ** 159n - 1n, ...next })
    await appendFile(listPath(root), foreign.pem)
    await writeCrl({ folder: root })
    assert.ok((await numberIn(root)) < Date.now() + DAY)
    assert.equal((await serialsIn(root)).length, 0)
  })

  test('keeps what it has if the ledger was restored from an old backup', async (t) => {
    const { root } = await made(t)
    const files = ['ca/ledger.jsonl', 'ca/ledger-heads.jsonl']
    for (const file of files) await copyFile(join(root, file), join(root, `${file}.old`))
    await revoke(root)
    const alice = await serialIn(root, 'alice')
    for (const file of files) await copyFile(join(root, `${file}.old`), join(root, file))
    assert.match((await readCrl(root))?.faults.join() ?? '', /^the ledger doesn't say that alice was revoked/)
    // And the ledger gets it back, before anything is renewed.
    assert.equal((await renewCertificates({ folder: root, all: true })).renewed.length, 2)
    await assert.rejects(renewCertificates({ folder: root, clients: ['alice'] }), withCode('ERR_CLIENT_REVOKED'))
    assert.deepEqual((await readCrl(root))?.faults, [])
    const old = await serialIn(root, 'bob')
    await revoke(root, 'bob')
    assert.equal((await serialsIn(root)).length, 3)
    for (const serial of [alice, old]) assert.ok((await serialsIn(root)).includes(serial))
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 398 * DAY })
    await writeCrl({ folder: root })
    assert.deepEqual(await serialsIn(root), [])
  })

  test('has a certificate until it expires', async (t) => {
    const { root, folder } = await made(t)
    await folder.ensureClient('carol', { days: 10 })
    for (const name of ['alice', 'carol']) await revoke(root, name)
    const [alice, carol] = [await serialIn(root, 'alice'), await serialIn(root, 'carol')]
    const now = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: now + 9 * DAY })
    await writeCrl({ folder: root })
    assert.deepEqual((await serialsIn(root)).toSorted(), [alice, carol].toSorted())
    t.mock.timers.setTime(now + 11 * DAY)
    await writeCrl({ folder: root })
    assert.deepEqual(await serialsIn(root), [alice])
  })

  test('a damaged one is kept aside, reported and written again', async (t) => {
    const { root } = await made(t)
    await revoke(root)
    await writeFile(listPath(root), '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n')
    assert.match((await readCrl(root))?.faults.join() ?? '', /can't be read/)
    await renewCertificates({ folder: root })
    assert.deepEqual(await serialsIn(root), [await serialIn(root, 'alice')])
    assert.equal((await readdir(join(root, 'ca'))).filter((name) => name.startsWith('crl.pem.')).length, 1)
  })

  test('of a new CA is written when the CA is replaced', async (t) => {
    const { root, folder } = await made(t)
    await revoke(root)
    await folder.replaceAuthority({ commonName: 'B' })
    const state = await readCrl(root)
    assert.deepEqual([state?.lists.map(({ ca }) => ca.name), state?.faults], [['B'], []])
  })

  test('is renewed by renewCertificates() after half of its life, and not before', async (t) => {
    const { root } = await made(t)
    assert.equal((await renewCertificates({ folder: root })).crl, undefined)
    await writeCrl({ folder: root, crlDays: 10 })
    const text = await readFile(listPath(root), 'utf8')
    assert.equal((await renewCertificates({ folder: root })).crl?.isRenewed, false)
    assert.equal(await readFile(listPath(root), 'utf8'), text)
    const now = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: now + 5.1 * DAY })
    assert.equal((await renewCertificates({ folder: root, dryRun: true })).crl?.isRenewed, true)
    assert.equal(await readFile(listPath(root), 'utf8'), text)
    const { crl } = await renewCertificates({ folder: root })
    assert.equal(crl?.isRenewed, true)
    assert.equal(Math.round(((crl?.nextUpdate?.getTime() ?? 0) - now) / DAY), 15)
  })
})

test('a certificate that can’t be renewed stops neither the others nor the lists', async (t) => {
  const { root, folder } = await made(t)
  await writeCrl({ folder: root, crlDays: 10 })
  const clients = ['alice', 'zoe']
  for (const name of clients) await folder.ensureClient(name)
  const certs = () => Promise.all(clients.map((name) => readFile(join(root, 'clients', name, 'cert.pem'), 'utf8')))
  const [alice, zoe] = await certs()
  // What somebody left where the new files of alice would wait.
  await mkdir(join(root, 'clients/alice/.next'))
  await writeFile(join(root, 'clients/alice/.next/x'), '')
  const before = await readFile(listPath(root), 'utf8')
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 5.1 * DAY })
  const said: string[] = []
  const onStep = ({ subject, state }: StepEvent) => said.push(`${subject} ${state}`)
  await assert.rejects(renewCertificates({ folder: root, clients, onStep }), { code: 'ERR_FILE_EXISTS' })
  const [after, others] = await certs()
  assert.deepEqual([after === alice, others === zoe], [true, false])
  assert.notEqual(await readFile(listPath(root), 'utf8'), before)
  assert.deepEqual(said, ['alice running', 'alice failed', 'zoe running', 'zoe done'])
})

describe('a revoked client gets nothing by accident', () => {
  test('neither a certificate, nor a renewal, nor a signature', async (t) => {
    const { root, folder } = await made(t)
    const { request } = await createRequest({ name: 'carol' })
    await folder.signClient(request)
    for (const name of ['alice', 'carol']) await revoke(root, name)
    const before = await readLedger(join(root, 'ca/ledger.jsonl'))
    for (const options of [{}, { renew: true }])
      await assert.rejects(folder.ensureClient('alice', options), withCode('ERR_CLIENT_REVOKED'))
    await assert.rejects(folder.signClient(request), withCode('ERR_CLIENT_REVOKED'))
    await assert.rejects(renewCertificates({ folder: root, clients: ['bob', 'alice'] }), withCode('ERR_CLIENT_REVOKED'))
    await rm(join(root, 'clients/alice'), { recursive: true })
    await assert.rejects(folder.ensureClient('alice'), withCode('ERR_CLIENT_REVOKED'))
    assert.deepEqual(await readLedger(join(root, 'ca/ledger.jsonl')), before)
    const { renewed, elsewhere } = await renewCertificates({ folder: root, all: true })
    assert.deepEqual(
      [...renewed, ...elsewhere].map(({ certificate: { name } }) => name),
      ['build01.example.com', 'bob'],
    )
  })

  test('but with force, and then it is a client like others, while the old certificate stays revoked', async (t) => {
    const { root, folder } = await made(t)
    await revoke(root)
    const old = await serialIn(root, 'alice')
    const { action, keptAside } = await folder.ensureClient('alice', { force: true })
    assert.deepEqual([action, keptAside.length > 0], ['replaced', true])
    await folder.ensureClient('alice', { renew: true })
    await renewCertificates({ folder: root, clients: ['alice'] })
    await writeCrl({ folder: root })
    assert.deepEqual(await serialsIn(root), [old])
    // It can be revoked again.
    assert.equal((await revoke(root)).revokedNow.length, 3)
    await assert.rejects(folder.ensureClient('alice'), withCode('ERR_CLIENT_REVOKED'))
    const { request } = await createRequest({ name: 'alice' })
    await folder.signClient(request, { force: true })
    await folder.signClient(request)
    assert.equal((await serialsIn(root)).length, 4)
  })

  test('a line about a revocation that cannot be read is never dropped', async (t) => {
    const { root } = await made(t)
    await revoke(root)
    const path = join(root, 'ca/ledger.jsonl')
    const text = await readFile(path, 'utf8')
    // Earlier releases pass over it, as over a line that was cut off.
    assert.match(text, /\n\{"revokedAt":.*\}\n\{"cutOff":true\}\n$/)
    await writeFile(path, text.replace('"revokedAt":"20', '"revokedAt":"x'))
    await assert.rejects(readLedger(path), withCode('ERR_LEDGER_INVALID'))
    await writeFile(path, text.replace(/"revokedAt":.*?,"/, '"reason":"whim","revokedAt":"2026-01-01T00:00:00Z","'))
    assert.deepEqual(
      (await readRevocations(path)).map(({ reason }) => reason),
      [undefined],
    )
    assert.equal((await verifyLedger(path)).faults.length, 1)
  })
})
