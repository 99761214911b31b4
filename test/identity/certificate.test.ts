import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { IdentityError } from '../../lib/base/errors.ts'
import { coversName, openCertificate, readCertificate, splitPem } from '../../lib/identity/certificate.ts'
import { inWords } from '../../lib/base/dates.ts'
import { readDate } from '../../lib/identity/dates.ts'
import { readNames } from '../../lib/identity/names.ts'
import { createAuthority, issueServer } from '../../lib/pki.ts'
import { lacks } from '../support/requirements.ts'
import {
  makeCa,
  makeCertificate,
  makeClient,
  makeServer,
  type CertificateOptions,
  type Made,
} from '../support/openssl-certs.ts'
import { refused } from './support/refusals.ts'
import { assertProperty, fc } from '../support/properties.ts'

function armour(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----`
}

/** It may be readable or not; what it throws is ours. */
function readOrRefuse(input: string | Uint8Array): void {
  try {
    readCertificate(input)
    if (typeof input === 'string') splitPem(input)
  } catch (error) {
    assert.ok(error instanceof IdentityError, `not an error of ours: ${String(error)}`)
  }
}

const needs = { skip: lacks('openssl') }

describe('readCertificate', needs, () => {
  let ca: Made
  before(async () => {
    ca = await makeCa({ commonName: 'Facts CA' })
  })

  const keys: [options: CertificateOptions, key: object, signature: string][] = [
    [{ keyType: 'p256' }, { type: 'ec', curve: 'P-256' }, 'ecdsa-with-SHA256'],
    [{ keyType: 'p384' }, { type: 'ec', curve: 'P-384' }, 'ecdsa-with-SHA256'],
    [{ keyType: 'p521', digest: 'sha512' }, { type: 'ec', curve: 'P-521' }, 'ecdsa-with-SHA512'],
    [{ keyType: 'secp256k1' }, { type: 'ec', curve: 'secp256k1' }, 'ecdsa-with-SHA256'],
    [{ keyType: 'explicit' }, { type: 'ec' }, 'ecdsa-with-SHA256'],
    [{ keyType: 'ed25519' }, { type: 'ed25519' }, 'Ed25519'],
    [{ keyType: 'ed448' }, { type: 'ed448' }, 'Ed448'],
    [{ keyType: 'rsa2048' }, { type: 'rsa', bits: 2048 }, 'sha256WithRSAEncryption'],
    [{ keyType: 'rsa2048', digest: 'sha1' }, { type: 'rsa', bits: 2048 }, 'sha1WithRSAEncryption'],
    [{ keyType: 'rsa2048', digest: 'md5' }, { type: 'rsa', bits: 2048 }, 'md5WithRSAEncryption'],
    [{ keyType: 'rsa2048', digest: 'sha384', pss: true }, { type: 'rsa', bits: 2048 }, 'RSASSA-PSS-SHA384'],
    [{ keyType: 'rsa2048', digest: 'sha1', pss: true }, { type: 'rsa', bits: 2048 }, 'RSASSA-PSS-SHA1'],
    [{ keyType: 'rsa-pss' }, { type: 'rsa-pss', bits: 2048 }, 'RSASSA-PSS-SHA256'],
  ]
  for (const [options, key, signature] of keys) {
    test(`key and signature of ${JSON.stringify(options)}`, async () => {
      const facts = readCertificate((await makeCertificate(options)).cert)
      assert.deepEqual(facts.key, key)
      assert.equal(facts.signatureAlgorithm, signature)
    })
  }

  test('every fact of a server certificate, from text, bytes, DER and a certificate of node:crypto', async () => {
    const [from, to] = [new Date('2024-02-29T12:00:05Z'), new Date('2051-12-31T23:59:59Z')]
    const names = ['DNS:build01.example.com', 'DNS:*.example.com', 'IP:10.0.0.5', 'IP:fe80::0:1']
    const { cert } = await makeServer(ca, { commonName: 'build01', names, from, to, serial: 'FF05' })
    const x509 = new X509Certificate(cert)
    const facts = readCertificate(cert)
    assert.deepEqual(facts, {
      commonName: 'build01',
      subject: 'CN=build01',
      issuer: 'CN=Facts CA',
      names: { dns: ['build01.example.com', '*.example.com'], ip: ['10.0.0.5', 'fe80::1'] },
      validFrom: from,
      validTo: to,
      purposes: ['serverAuth'],
      key: { type: 'ec', curve: 'P-256' },
      isCa: false,
      serialNumber: 'FF05',
      fingerprint256: x509.fingerprint256,
      signatureAlgorithm: 'ecdsa-with-SHA256',
    })
    for (const input of [Buffer.from(cert), x509.raw, x509, `text before\r\n\uFEFF${cert.replaceAll('\n', '\r\n')}`]) {
      assert.deepEqual(readCertificate(input), facts)
    }
  })

  test('what is absent is absent: purposes and common name; a CA is one', async () => {
    assert.equal('purposes' in readCertificate(ca.cert), false)
    assert.equal(readCertificate(ca.cert).isCa, true)
    const { cert } = await makeClient(ca, { commonName: '', purposes: ['anyExtendedKeyUsage', '1.2.3.4'] })
    const facts = readCertificate(cert)
    assert.deepEqual([facts.subject, 'commonName' in facts], ['', false])
    assert.deepEqual(facts.purposes, ['anyExtendedKeyUsage', '1.2.3.4'])
  })

  test('the last of several common names counts, as it does for dockerd', async () => {
    const { cert } = await makeClient(ca, { commonName: 'first\n1.CN = zweite ü' })
    assert.equal(readCertificate(cert).commonName, 'zweite ü')
  })

  test('a name that holds a comma stays one name (CVE-2021-44532)', async () => {
    const { cert } = await makeServer(ca, {
      commonName: 'a\\, DNS:evil.example',
      names: ['DNS:x, DNS:evil.example', 'DNS:b'],
    })
    assert.deepEqual(readCertificate(cert).names, { dns: ['x, DNS:evil.example', 'b'], ip: [] })
    assert.equal(readCertificate(cert).commonName, 'a, DNS:evil.example')
    assert.equal(coversName(new X509Certificate(cert), 'evil.example'), false)
  })

  test('what is no certificate is refused by name', async () => {
    const { raw } = new X509Certificate(ca.cert)
    await refused(() => readCertificate('', 'x.pem'), {
      code: 'ERR_IDENTITY_NOT_PEM',
      says: /^reading x\.pem: there is no certificate/,
    })
    await refused(() => readCertificate(ca.key), { code: 'ERR_IDENTITY_NOT_PEM' })
    await refused(() => readCertificate(armour(raw.subarray(0, 200)), 'x.pem'), {
      code: 'ERR_IDENTITY_CERT_INVALID',
      says: /x\.pem: it is not an X\.509/,
    })
    await refused(() => readCertificate(armour(Buffer.concat([raw, Buffer.from([0])]))), {
      code: 'ERR_IDENTITY_CERT_INVALID',
      says: /after the end/,
    })
    await refused(() => readCertificate(raw.subarray(0, 100)), { code: 'ERR_IDENTITY_CERT_INVALID' })
  })
})

describe('splitPem', needs, () => {
  test('gives each certificate alone, whatever stands around it', async () => {
    const [one, two] = [await makeCa(), await makeCa()]
    const crlf = two.cert.replaceAll('\n', '\r\n')
    assert.deepEqual(splitPem(`\uFEFFsubject=a\n${one.cert}${one.key}  \nsubject=b\r\n${crlf}end`), [
      one.cert,
      two.cert,
    ])
    assert.deepEqual(splitPem(''), [])
    assert.deepEqual(splitPem(one.key), [])
  })

  const block = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const rows: [what: string, text: string, says: RegExp][] = [
    ['no END', block.slice(0, 40), /it is cut short: its block CERTIFICATE has no END line/],
    ['no END before the next', block.slice(0, 33) + block, /no END line before the next/],
    ['no BEGIN', block.slice(28), /an END CERTIFICATE line without the BEGIN/],
    ['another END', block.replace('END CERT', 'END X CERT'), /its block CERTIFICATE ends as X CERTIFICATE/],
    ['no base64', block.replace('AAAA', 'AA*A'), /its block CERTIFICATE is garbled/],
    ['a character short', block.replace('AAAA', 'AAA'), /garbled/],
    ['nothing inside', block.replace('AAAA\n', ''), /its block CERTIFICATE is empty/],
  ]
  for (const [what, text, says] of rows) {
    test(`refuses a text with ${what}`, () =>
      refused(() => splitPem(text, 'a.pem'), { code: 'ERR_IDENTITY_NOT_PEM', says: [/^reading a\.pem/, says] }))
  }

  test('property: damaged PEM gives a certificate or an error of ours', async (t) => {
    const { cert } = await makeServer(await makeCa())
    const der = new X509Certificate(cert).raw
    const damage = fc.record({ at: fc.nat(cert.length), cut: fc.nat(30), put: fc.string({ maxLength: 8 }) })
    const flip = fc.record({ at: fc.nat(der.length - 1), bits: fc.integer({ min: 1, max: 255 }) })
    assertProperty(
      t,
      fc.property(fc.array(damage, { maxLength: 3 }), (changes) => {
        readOrRefuse(changes.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), cert))
      }),
      { numRuns: 500 },
    )
    assertProperty(
      t,
      fc.property(flip, ({ at, bits }) => {
        const copy = Buffer.from(der)
        copy[at] = (copy[at] ?? 0) ^ bits
        readOrRefuse(copy)
      }),
      { numRuns: 500 },
    )
    assertProperty(
      t,
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => readOrRefuse(bytes)),
    )
    assertProperty(
      t,
      fc.property(fc.string(), (text) => readOrRefuse(text)),
    )
  })
})

describe('coversName', needs, () => {
  const names = [
    'DNS:build01.example.com',
    'DNS:*.wild.example',
    'DNS:pre*.sub.example.com',
    'DNS:10.9.9.9',
    'IP:10.0.0.5',
    'IP:2001:db8::5',
    'IP:::1',
    'IP:fe80::1',
  ]
  let x509: X509Certificate
  before(async () => {
    x509 = new X509Certificate((await makeServer(await makeCa(), { commonName: 'only-cn.example', names })).cert)
  })

  const covered = [
    'build01.example.com',
    'BUILD01.Example.com',
    'build01.example.com.',
    'a.wild.example',
    '10.0.0.5',
    '10.0.0.5.',
    '2001:db8::5',
    '[2001:db8::5]',
    '2001:0DB8:0:0:0:0:0:5',
    '::1',
    '[::1]',
    'fe80::1%eth0',
    '[fe80::1%25eth0]',
  ]
  const foreign = [
    'only-cn.example',
    'build02.example.com',
    'example.com',
    '.example.com',
    '.wild.example',
    'wild.example',
    'a.b.wild.example',
    'prefix.sub.example.com',
    '',
    '.',
    '..',
    'build01.example.com..',
    'build01.example.com\0.evil',
    'build01.example.com ',
    'x:y',
    '[build01.example.com',
    '10.9.9.9',
    '10.0.0.6',
    '::2',
    '::1\t',
    '::ffff:10.0.0.5',
    '[::1',
    '::1]',
    '0::1::',
    '1.2.3.4.5',
    '999.0.0.1',
  ]
  for (const host of covered) test(`covers ${JSON.stringify(host)}`, () => assert.equal(coversName(x509, host), true))
  for (const host of foreign)
    test(`doesn't cover ${JSON.stringify(host)}`, () => assert.equal(coversName(x509, host), false))

  test('every host as OpenSSL does', () => {
    // OpenSSL reads a leading dot as "any subdomain of", and an empty name as any (X509_check_host(3)).
    const hosts = [...covered, ...foreign].filter((host) => host !== '' && !/^\.|[:[\0]|^\d/.test(host))
    for (const host of [...hosts, 'a_b.wild.example', '-.wild.example', '*.wild.example', 'ä.wild.example']) {
      const byOpenssl = x509.checkHost(host.replace(/\.$/, ''), { subject: 'never', partialWildcards: false })
      assert.equal(coversName(x509, host), byOpenssl !== undefined && !host.includes('*'), host)
    }
  })

  test('a certificate without alternative names covers nothing', async () => {
    const { cert } = await makeServer(await makeCa(), { commonName: 'build01', names: [] })
    assert.equal(coversName(new X509Certificate(cert), 'build01'), false)
  })

  test('property: any host gives an answer, and only a name of the certificate is covered', (t) => {
    const known = new Set(covered)
    assertProperty(
      t,
      fc.property(
        fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()),
        (host) => known.has(host) || !coversName(x509, host),
      ),
    )
  })
})

const bytes = (...texts: string[]): Uint8Array[] => texts.map((text) => Buffer.from(text, 'latin1'))

describe('readNames', () => {
  const rows: [what: string, dns: Uint8Array[], ip: number[][], names: { dns: string[]; ip: string[] }][] = [
    ['none', [], [], { dns: [], ip: [] }],
    ['both kinds', bytes('a', 'B.c'), [[10, 0, 0, 1]], { dns: ['a', 'B.c'], ip: ['10.0.0.1'] }],
    ['what looks like two names', bytes('x, DNS:evil'), [], { dns: ['x, DNS:evil'], ip: [] }],
    ['an address as a name', bytes('10.0.0.1'), [], { dns: ['10.0.0.1'], ip: [] }],
    ['::1', [], [[...Array<number>(15).fill(0), 1]], { dns: [], ip: ['::1'] }],
    [
      'an IPv6 address',
      [],
      [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]],
      { dns: [], ip: ['2001:db8::1:0:0:1'] },
    ],
    ['an address of a wrong length', [], [[1, 2, 3, 4, 5], []], { dns: [], ip: [] }],
  ]
  for (const [what, dns, ip, names] of rows) {
    test(what, () => assert.deepEqual(readNames({ dns, ip: ip.map((each) => Uint8Array.from(each)) }), names))
  }
})

/**
 * What other runtimes get wrong: in Deno 2.9, `keyUsage` has the names of the key usage, `ca` ignores it, and `checkHost`
 * accepts a bare common name.
 */
describe('a runtime with other properties of X509Certificate', needs, () => {
  const WRONG: Record<string, PropertyDescriptor> = {
    keyUsage: { get: () => ['DigitalSignature'] },
    ca: { get: () => true },
    subjectAltName: { get: () => 'DNS:common.example' },
    checkHost: { value: () => 'common.example' },
    checkIP: { value: () => '10.0.0.1' },
  }
  const right = Object.getOwnPropertyDescriptors(X509Certificate.prototype) as Record<string, PropertyDescriptor>
  before(() => {
    for (const [name, wrong] of Object.entries(WRONG))
      Object.defineProperty(X509Certificate.prototype, name, { ...wrong, configurable: true })
  })
  after(() => {
    for (const name of Object.keys(WRONG)) Object.defineProperty(X509Certificate.prototype, name, right[name] ?? {})
  })

  test('changes neither purposes, names nor what is a CA', async () => {
    const ca = await makeCa()
    const options = { commonName: 'common.example', keyUsage: ['digitalSignature'] }
    const x509 = new X509Certificate((await makeServer(ca, options)).cert)
    const { purposes, names, isCa } = readCertificate(x509)
    assert.deepEqual({ purposes, isCa }, { purposes: ['serverAuth'], isCa: false })
    assert.deepEqual(names, { dns: ['localhost'], ip: ['127.0.0.1', '::1'] })
    assert.equal(coversName(x509, 'localhost'), true)
    for (const host of ['common.example', '10.0.0.1']) assert.equal(coversName(x509, host), false, host)
  })

  const rows: [keyUsage: string[], isCa: boolean][] = [
    [[], true],
    [['keyCertSign'], true],
    [['digitalSignature', 'cRLSign'], false],
  ]
  for (const [keyUsage, isCa] of rows) {
    test(`a CA with the key usage ${keyUsage.join(', ') || 'absent'}: ${isCa}`, async () => {
      const { cert } = await makeCertificate({ ca: true, ...(keyUsage.length > 0 && { keyUsage }) })
      assert.equal(readCertificate(cert).isCa, isCa)
    })
  }
})

describe('openCertificate', needs, () => {
  test('reads the same bytes once, and others anew', async () => {
    const [one, other] = [await makeCa({ commonName: 'One' }), await makeCa({ commonName: 'Other' })]
    const first = openCertificate(one.cert)
    assert.equal(openCertificate(first.raw), first)
    assert.equal(openCertificate(other.cert).subject, 'CN=Other')
    assert.equal(openCertificate(one.cert), first)
    assert.throws(() => openCertificate(Buffer.concat([first.raw, Buffer.of(0)])), /after the end/)
  })

  test('remembers few of them', async () => {
    const { cert } = await makeCa({ commonName: 'First' })
    const first = openCertificate(cert)
    const authority = await createAuthority()
    for (let count = 0; count < 64; count++)
      openCertificate((await issueServer(authority, { names: [`h${count}`] })).cert)
    assert.notEqual(openCertificate(cert), first)
  })
})

describe('dates', () => {
  test('are read as OpenSSL prints them', () => {
    const rows = [
      ['Nov 24 22:13:34 2026 GMT', '2026-11-24T22:13:34.000Z'],
      ['Feb  9 00:00:00 2031 GMT', '2031-02-09T00:00:00.000Z'],
      ['Dec 31 23:59:59 9999 GMT', '9999-12-31T23:59:59.000Z'],
      ['Jan  1 00:00:00 0031 GMT', '0031-01-01T00:00:00.000Z'],
      ['Jan  1 00:00:00.25 2030 GMT', '2030-01-01T00:00:00.000Z'],
    ]
    for (const [text = '', iso] of rows) assert.equal(readDate(text).toISOString(), iso)
    for (const bad of ['', 'Bad time value', 'Foo  1 00:00:00 2030 GMT', '2030-01-01'])
      assert.throws(() => readDate(bad), RangeError)
  })

  test('lengths of time are said in one unit', () => {
    const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
    const rows: [number, string][] = [
      [59_000, 'less than a minute'],
      [minute, '1 minute'],
      [-90 * minute, '90 minutes'],
      [2 * hour, '2 hours'],
      [47.4 * hour, '47 hours'],
      [2 * day, '2 days'],
      [-364.6 * day, '365 days'],
    ]
    for (const [length, words] of rows) assert.equal(inWords(length), words)
  })
})
