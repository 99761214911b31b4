import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { readRevocationList, readRevocationLists } from '../../lib/identity/crl.ts'
import { serialOf } from '../../lib/identity/serial.ts'
import { createAuthority, createCrl, issueClient, issueServer, KEY_TYPES, type CrlOptions } from '../../lib/pki.ts'
import { booleanTrue, encode, explicit, integer, octetString, oid, sequence, type Asn1 } from '../../lib/pki/der.ts'
import { runCommand } from '../support/command.ts'
import { foreignList } from '../support/foreign-list.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const DAY = 86_400_000
const tomorrow = (): Date => new Date(Date.now() + DAY)
const serialOfPem = (pem: string): string => new X509Certificate(pem).serialNumber

for (const keyType of KEY_TYPES) {
  test(`openssl verifies and reads a list of a CA with ${keyType}`, { skip: lacks('openssl') }, async (t) => {
    const authority = await createAuthority({ keyType })
    const revoked = [
      { serialNumber: '00:FF:01', at: new Date('2026-11-01T10:00:00Z'), reason: 'keyCompromise' },
      { serialNumber: '7b', at: new Date('2051-01-02T03:04:05Z'), reason: 'privilegeWithdrawn' },
      { serialNumber: '80', at: new Date() },
    ] as const
    const { pem } = createCrl(authority, { revoked, nextUpdate: tomorrow(), number: 4096 })
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'ca.pem'), authority.certificate)
    await writeFile(join(folder, 'crl.pem'), pem)
    const args = ['crl', '-in', 'crl.pem', '-CAfile', 'ca.pem', '-verify', '-noout', '-text']
    const { code, stdout, stderr } = await runCommand('openssl', args, { cwd: folder })
    assert.equal(code, 0, stderr)
    assert.match(stderr + stdout, /verify OK/)
    assert.match(stdout, /Version 2 \(0x1\)/)
    assert.match(stdout, /X509v3 CRL Number:\s+(?:4096|0x1000)/)
    assert.match(stdout, /X509v3 Authority Key Identifier/)
    assert.match(
      stdout,
      /Serial Number: FF01\s+Revocation Date: Nov\s+1 10:00:00 2026 GMT\s+CRL entry extensions:\s+X509v3 CRL Reason Code:\s+Key Compromise/,
    )
    assert.match(stdout, /Serial Number: 7B\s+Revocation Date: Jan\s+2 03:04:05 2051 GMT[^]*Privilege Withdrawn/)
    assert.match(stdout, /Serial Number: 80\s/)
    assert.match(
      readRevocationLists(pem)[0]?.isOf(new X509Certificate(authority.certificate)) ? 'ours' : 'foreign',
      /ours/,
    )
  })
}

test('an empty list has no revokedCertificates, as RFC 5280 requires', async () => {
  const authority = await createAuthority()
  const { der } = createCrl(authority, { revoked: [], nextUpdate: tomorrow(), number: 2n ** 100n })
  const list = readRevocationList(der)
  assert.equal(list.serials.size, 0)
  assert.equal(list.number, `10${'00'.repeat(12)}`)
})

test('a list may have 200,000 entries', async () => {
  const authority = await createAuthority()
  const at = new Date()
  const revoked = Array.from({ length: 200_000 }, (_, index) => ({ serialNumber: (index + 1).toString(16), at }))
  const { der, pem } = createCrl(authority, { revoked, nextUpdate: tomorrow(), number: 1 })
  assert.equal(readRevocationList(der).serials.size, revoked.length)
  assert.equal(readRevocationLists(pem)[0]?.isOf(new X509Certificate(authority.certificate)), true)
})

test('the list of another CA of the same name is not ours, nor is one that was changed', async () => {
  const [ours, theirs] = await Promise.all([1, 2].map(() => createAuthority({ commonName: 'same' })))
  assert.ok(ours && theirs)
  const { der } = createCrl(theirs, {
    revoked: [{ serialNumber: '7f', at: new Date() }],
    nextUpdate: tomorrow(),
    number: 1,
  })
  const isOf = (bytes: Uint8Array, ca: typeof ours): boolean =>
    readRevocationList(bytes).isOf(new X509Certificate(ca.certificate))
  assert.deepEqual([isOf(der, theirs), isOf(der, ours)], [true, false])
  const changed = Buffer.from(der)
  changed[changed.indexOf(Buffer.from([0x02, 0x01, 0x7f])) + 2] = 0x7e
  assert.equal(isOf(changed, theirs), false)
})

test('a TLS server with the list refuses the revoked client, and no other', async (t) => {
  const authority = await createAuthority()
  const [server, good, bad] = await Promise.all([
    issueServer(authority, { names: ['localhost'], keyType: 'p256' }),
    issueClient(authority, { name: 'good', keyType: 'p256' }),
    issueClient(authority, { name: 'bad', keyType: 'p256' }),
  ])
  const revoked = [{ serialNumber: serialOfPem(bad.cert), at: new Date() }]
  const { pem: crl } = createCrl(authority, { revoked, nextUpdate: tomorrow(), number: 1 })
  const listening = createServer(
    { ca: server.ca, cert: server.cert, key: server.key, crl, requestCert: true, rejectUnauthorized: true },
    (socket) => socket.end('in'),
  )
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => listening.close())
  const { port } = listening.address() as AddressInfo
  const tried = async ({ ca, cert, key }: typeof good): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, cert, key })
    let text = ''
    socket.on('error', () => {}).on('data', (chunk) => (text += String(chunk)))
    await new Promise((resolve) => socket.once('close', resolve))
    return text
  }
  assert.deepEqual([await tried(good), await tried(bad)], ['in', ''])
})

test('what a list cannot have is refused', async () => {
  const authority = await createAuthority()
  const options: CrlOptions = { revoked: [], nextUpdate: tomorrow(), number: 1 }
  const entry = { serialNumber: '01', at: new Date() }
  const wrong: Record<string, object> = {
    'a serial that is no number': { revoked: [{ ...entry, serialNumber: 'xy' }] },
    'a serial of 21 bytes': { revoked: [{ ...entry, serialNumber: '1'.repeat(42) }] },
    'an empty serial': { revoked: [{ ...entry, serialNumber: '' }] },
    'no date': { revoked: [{ serialNumber: '01' }] },
    'an unknown reason': { revoked: [{ ...entry, reason: 'whim' }] },
    'an end before the beginning': { nextUpdate: new Date(0) },
    'an end that is no date': { nextUpdate: new Date(Number.NaN) },
    'a negative number': { number: -1 },
    'a fraction': { number: 0.5 },
    'a number of 21 bytes': { number: 2n ** 160n },
  }
  for (const [name, change] of Object.entries(wrong)) {
    assert.throws(() => createCrl(authority, { ...options, ...change }), { code: 'ERR_CRL_INVALID' }, name)
  }
})

test('a list that is only a part, or is no list, is refused', async () => {
  for (const text of ['', 'no PEM', '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n']) {
    assert.throws(() => readRevocationLists(text), RangeError)
  }
  // The number of a list, in a critical extension: a list that only a part of the readers understands.
  const { der } = createCrl(await createAuthority(), { revoked: [], nextUpdate: tomorrow(), number: 1 })
  const text = Buffer.from(der)
  const extension = text.indexOf(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x14]))
  // Of its `OCTET STRING { INTEGER 1 }`, 5 bytes, a BOOLEAN TRUE and an empty OCTET STRING take the place.
  Buffer.from([0x01, 0x01, 0xff, 0x04, 0x00]).copy(text, extension + 5)
  assert.throws(() => readRevocationList(text), /critical extension 2\.5\.29\.20/)
})

test('serial numbers are compared without their zeros', () => {
  assert.deepEqual([serialOf('00:0A:FF'), serialOf('aff'), serialOf('00')], ['aff', 'aff', '0'])
})

test(
  'openssl reads a negative serial number in a list as the one of its certificate',
  { skip: lacks('openssl') },
  async (t) => {
    const authority = await createAuthority()
    const revoked = ['-60EEDDCC', '-80', '-81', '-1'].map((serialNumber) => ({ serialNumber, at: new Date() }))
    const { pem } = createCrl(authority, { revoked, nextUpdate: tomorrow(), number: 1 })
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'crl.pem'), pem)
    const { stdout } = await runCommand('openssl', ['crl', '-in', 'crl.pem', '-noout', '-text'], { cwd: folder })
    assert.deepEqual(stdout.match(/(?<=Serial Number: )\S+/g), ['-60EEDDCC', '-80', '-81', '-01'])
    assert.deepEqual([...(readRevocationLists(pem)[0]?.serials ?? [])], ['-60eeddcc', '-80', '-81', '-1'])
  },
)

test('a list that is only a part by an extension is refused, whether the extension is critical or not', async () => {
  const authority = await createAuthority()
  const key = await authority.exportKey()
  const listOf = (...rest: Asn1[]): string => foreignList(authority.certificate, key, ...rest)
  const listWith = (id: string, ...critical: Asn1[]): string =>
    listOf(explicit(0, sequence(sequence(oid(id), ...critical, octetString(encode(sequence()))))))
  const parts = { 'a delta of another list': '2.5.29.27', 'the list of a distribution point': '2.5.29.28' }
  for (const [what, id] of Object.entries(parts)) {
    for (const critical of [[], [booleanTrue()]])
      assert.throws(() => readRevocationLists(listWith(id, ...critical)), { message: new RegExp(id) }, what)
  }
  // Nor can one hide behind something else.
  assert.throws(() => readRevocationLists(listOf(integer(1), explicit(0, sequence()))), RangeError)
  // Where there are deltas, and who has signed the list: these are in whole lists.
  for (const id of ['2.5.29.46', '2.5.29.35']) {
    const [list] = readRevocationLists(listWith(id))
    assert.equal(list?.isOf(new X509Certificate(authority.certificate)), true)
  }
})
