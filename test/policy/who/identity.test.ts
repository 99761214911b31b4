import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { readElement, readExactText } from '../../../lib/identity/der.ts'
import { EXTENSION } from '../../../lib/pki/extensions.ts'
import { createAuthority, issueClient, issueServer } from '../../../lib/pki.ts'
import { bmpString, implicit, oid, sequence, set, utf8String, type Asn1 } from '../../../lib/pki/der.ts'
import { generateKeys, type KeyPair } from '../../../lib/pki/key-type.ts'
import { identityOfCertificate, type CertificateIdentity } from '../../../lib/policy.ts'
import { extension, odd } from '../../pki/support/odd.ts'

const ATTRIBUTE = { CN: '2.5.4.3', OU: '2.5.4.11', O: '2.5.4.10' } as const
const TYPE = { printable: 19, teletex: 20, ia5: 22, universal: 28 } as const

type Value = string | Asn1

const attribute = (name: keyof typeof ATTRIBUTE, value: Value): Asn1 =>
  sequence(oid(ATTRIBUTE[name]), typeof value === 'string' ? utf8String(value) : value)

/** A subject with one attribute in each RDN. */
const subject = (...pairs: readonly [keyof typeof ATTRIBUTE, Value][]): Asn1 =>
  sequence(...pairs.map(([name, value]) => set(attribute(name, value))))

const names = (...pairs: readonly [tag: number, bytes: string | readonly number[]][]): Asn1 =>
  extension(
    EXTENSION.subjectAltName,
    sequence(...pairs.map(([tag, bytes]) => implicit(tag, Buffer.from(bytes as string, 'latin1')))),
  )

/** An element of this universal type, one character for each byte. */
function primitive(type: number, value: string): Asn1 {
  return { tagClass: 0, type, constructed: false, value }
}

const DNS = 2
const URI = 6
const IP = 7

let keys: KeyPair
before(async () => {
  keys = await generateKeys('p256')
})

async function identityOf(oddity: Parameters<typeof odd>[0]): Promise<CertificateIdentity> {
  const identity = identityOfCertificate((await odd({ keys, ...oddity })).pem)
  assert.ok('certificate' in identity)
  return identity.certificate
}

describe('the subject of a certificate, read from its bytes', () => {
  const rows: Record<string, [Asn1, commonName: string | undefined, units: string[]]> = {
    'a name and units': [subject(['OU', 'ci'], ['CN', 'ann'], ['OU', 'admins']), 'ann', ['ci', 'admins']],
    'a unit beside the name in one RDN': [sequence(set(attribute('CN', 'ann'), attribute('OU', 'ci'))), 'ann', ['ci']],
    'no name': [subject(['O', 'Example']), undefined, []],
    'an empty subject': [sequence(), undefined, []],
    'two names': [subject(['CN', 'ann'], ['CN', 'root']), undefined, []],
    'the same name twice': [subject(['CN', 'ann'], ['CN', 'ann']), undefined, []],
    'two names in one RDN': [sequence(set(attribute('CN', 'ann'), attribute('CN', 'root'))), undefined, []],
    'a line break and a unit in the name': [subject(['CN', 'a\nOU=admins']), undefined, []],
    'a comma and a unit in the name': [subject(['CN', 'a, OU=admins']), 'a, OU=admins', []],
    'a plus sign and a unit in the name': [subject(['CN', 'a+OU=admins']), 'a+OU=admins', []],
    'a slash and a unit in the name': [subject(['CN', 'a/OU=admins']), 'a/OU=admins', []],
    'a name and a comma in a unit': [subject(['OU', 'x, CN=root'], ['CN', 'ann']), 'ann', ['x, CN=root']],
    'a unit in the organization': [subject(['O', 'Example\nOU=admins'], ['CN', 'ann']), 'ann', []],
    'NUL in the name': [subject(['CN', 'root\0.example']), undefined, []],
    'NUL in a unit': [subject(['CN', 'ann'], ['OU', 'admins\0'], ['OU', 'ci']), 'ann', ['ci']],
    'an escape sequence': [subject(['CN', 'ann\u001b[2K']), undefined, []],
    'a change of direction': [subject(['CN', 'ann\u202etoor']), undefined, []],
    'an invisible character': [subject(['CN', 'an\u200bn']), undefined, []],
    'an empty name': [subject(['CN', '']), undefined, []],
    'a replacement character': [subject(['CN', 'ann\ufffd']), undefined, []],
    'letters beyond ASCII': [subject(['CN', 'Zo\u00eb']), 'Zo\u00eb', []],
    PrintableString: [subject(['CN', primitive(TYPE.printable, 'ann')]), 'ann', []],
    'PrintableString beyond ASCII': [subject(['CN', primitive(TYPE.printable, '\u00c3\u00ab')]), undefined, []],
    IA5String: [subject(['OU', primitive(TYPE.ia5, 'ci')]), undefined, ['ci']],
    TeletexString: [subject(['CN', primitive(TYPE.teletex, 'ann')]), 'ann', []],
    'TeletexString beyond ASCII': [subject(['CN', primitive(TYPE.teletex, 'Zo\u00eb')]), undefined, []],
    BMPString: [subject(['CN', bmpString('ann')]), 'ann', []],
    UniversalString: [subject(['OU', primitive(TYPE.universal, '\0\0\0a')]), undefined, []],
  }
  for (const [what, [name, commonName, organizationalUnits]] of Object.entries(rows)) {
    test(what, async () => {
      const found = await identityOf({ subject: name })
      assert.deepEqual(found.organizationalUnits, organizationalUnits)
      assert.equal(found.commonName, commonName)
      assert.equal('commonName' in found, commonName !== undefined)
    })
  }
})

describe('a text in a certificate that OpenSSL refuses, or that readers decode differently, is none', () => {
  const rows: Record<string, [tag: number, bytes: readonly number[], text: string | undefined]> = {
    UTF8String: [0x0c, [0xc3, 0xab], '\u00eb'],
    'invalid UTF-8': [0x0c, [0x61, 0xff], undefined],
    'an overlong character': [0x0c, [0xc0, 0xaf], undefined],
    BMPString: [0x1e, [0, 0x61], 'a'],
    'BMPString of an odd length': [0x1e, [0, 0x61, 0], undefined],
    'half of a surrogate pair': [0x1e, [0xd8, 0], undefined],
    'OCTET STRING': [0x04, [0x61], undefined],
    SEQUENCE: [0x30, [0x61], undefined],
    NumericString: [0x12, [0x31], undefined],
    GeneralString: [0x1b, [0x61], undefined],
    VisibleString: [0x1a, [0x61], undefined],
  }
  for (const [what, [tag, bytes, text]] of Object.entries(rows)) {
    test(what, () => assert.equal(readExactText(readElement(Uint8Array.of(tag, bytes.length, ...bytes))), text))
  }
})

describe('the alternative names of a certificate', () => {
  const rows: Record<string, [Asn1, { dns?: string[]; uris?: string[]; ips?: string[] }]> = {
    'each kind': [
      names([DNS, 'Build.Example.com'], [URI, 'spiffe://example.com/CI'], [IP, [10, 0, 0, 1]]),
      { dns: ['build.example.com'], uris: ['spiffe://example.com/CI'], ips: ['10.0.0.1'] },
    ],
    IPv6: [names([IP, [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 1]]), { ips: ['2001:db8::1'] }],
    'IPv4 in IPv6': [names([IP, [...Array<number>(10).fill(0), 255, 255, 10, 0, 0, 1]]), { ips: ['::ffff:a00:1'] }],
    'an address with its mask': [names([IP, [10, 0, 0, 1, 255, 255, 255, 0]]), {}],
    'an address as a DNS name': [names([DNS, '10.0.0.1']), { dns: ['10.0.0.1'] }],
    NUL: [names([DNS, 'build.example.com\0.evil'], [URI, 'spiffe://example.com/ci\0'], [DNS, 'ok']), { dns: ['ok'] }],
    'a list in one name': [names([DNS, 'a.example, DNS:b.example'], [URI, 'spiffe://a, URI:spiffe://b']), {}],
    'beyond ASCII': [names([DNS, 'b\u00fccher.example'], [URI, 'spiffe://b\u00fccher/ci']), {}],
    'an empty name': [names([DNS, ''], [URI, '']), {}],
  }
  for (const [what, [san, expected]] of Object.entries(rows)) {
    test(what, async () => {
      const { dns, uris, ips } = await identityOf({ extensions: [san] })
      assert.deepEqual({ dns, uris, ips }, { dns: [], uris: [], ips: [], ...expected })
    })
  }

  test('twice in a certificate are refused', async () => {
    await assert.rejects(identityOf({ extensions: [names([DNS, 'a']), names([DNS, 'b'])] }), {
      code: 'ERR_IDENTITY_CERT_INVALID',
      message: /it has an extension twice/,
    })
  })
})

describe('the issuer', () => {
  test('is each given CA whose key signed the certificate', async () => {
    const [ca, other] = await Promise.all([createAuthority(), createAuthority()])
    const { cert } = await issueClient(ca, { name: 'ann' })
    const identity = identityOfCertificate(cert, [other.certificate, ca.certificate])
    assert.ok('certificate' in identity)
    assert.equal(identity.certificate.commonName, 'ann')
    const { certificate } = identityOfCertificate(ca.certificate) as { certificate: CertificateIdentity }
    assert.deepEqual(identity.certificate.issuerFingerprints256, [certificate.fingerprint256])
    assert.match(certificate.fingerprint256, /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/)
    assert.deepEqual(certificate.issuerFingerprints256, [])
  })

  test('is nobody if no CA is known', async () => {
    const ca = await createAuthority()
    const { cert } = await issueServer(ca, { names: ['build.example.com'] })
    const { certificate } = identityOfCertificate(Buffer.from(cert)) as { certificate: CertificateIdentity }
    assert.deepEqual(certificate.issuerFingerprints256, [])
    assert.deepEqual(certificate.dns.toSorted(), ['build.example.com', 'localhost'])
  })
})

test('a text that holds no certificate has no identity', () => {
  assert.throws(() => identityOfCertificate('nothing'), { code: 'ERR_IDENTITY_NOT_PEM' })
})
