import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import {
  createAuthority,
  createRequest,
  inspectCertificate,
  issueClient,
  KEY_TYPES,
  readRequest,
  signRequest,
  type Authority,
} from '../../lib/pki.ts'
import {
  booleanTrue,
  children,
  encode,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  utf8String,
} from '../../lib/pki/der.ts'
import { bmpString, decode, type Asn1 } from '../../lib/pki/der.ts'
import { EXTENSION, usageBits } from '../../lib/pki/extensions.ts'
import {
  BROKEN_KEYS,
  goodKey,
  INFINITY,
  UUID_OID,
  UUID_TEXT,
  ZERO_KEY,
  ZERO_KEY_WITH_PUBLIC,
} from '../support/broken-keys.ts'
import { runCommand } from '../support/command.ts'
import { leaksOf, tracesOf } from '../support/leaks.ts'
import { encryptKey, makeCertificate, makeKey, type TestKeyType } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { withCode } from './support/expect.ts'
import {
  certtoolRequest,
  extensionRequest,
  oddRequest,
  opensslRequest,
  partOf,
  primeRequest,
  requestBytes,
  requestPem,
  subjectOf,
  wish,
  withPart,
} from './support/requests.ts'
import { assertProperty, fc } from '../support/properties.ts'

let authority: Authority
let key: string
let good: string
before(async () => {
  authority = await createAuthority()
  const made = await createRequest({ name: 'alice' })
  key = made.key
  good = made.request
})

describe('a request of ours', () => {
  for (const keyType of KEY_TYPES) {
    test(`${keyType}: openssl and certtool take it`, { skip: lacks('openssl', 'certtool') }, async () => {
      const { request } = await createRequest({ name: 'alice', keyType })
      const { code, stdout, stderr } = await runCommand(
        'openssl',
        ['req', '-verify', '-noout', '-subject', '-nameopt', 'RFC2253'],
        { input: request },
      )
      assert.equal(code, 0, stderr)
      assert.match(stdout + stderr, /self-signature verify OK/)
      assert.match(stdout, /^subject=CN=alice$/m)
      const shown = await runCommand('certtool', ['--crq-info'], { input: request })
      assert.equal(shown.code, 0, shown.stderr)
      assert.match(shown.stdout, /Self signature: verified/)
      assert.match(shown.stdout, /Subject: CN=alice/)
    })

    test(`${keyType}: what is signed for it is a client's, as one that was issued`, async () => {
      const made = await createRequest({ name: 'alice', keyType })
      const { cert, ca, facts } = await signRequest(authority, made.request, { days: 30 })
      const issued = await issueClient(authority, { name: 'alice', keyType, days: 30 })
      assert.deepEqual(sayingsOf(cert), sayingsOf(issued.cert))
      const x509 = new X509Certificate(cert)
      assert.ok(x509.checkPrivateKey(createPrivateKey(made.key)))
      assert.ok(x509.checkIssued(new X509Certificate(ca)) && x509.verify(new X509Certificate(ca).publicKey))
      assert.equal(facts.commonName, 'alice')
      assert.ok(Math.abs(facts.validTo.getTime() - issued.facts.validTo.getTime()) < 60_000)
    })
  }

  test('is made again with a key that is there', async () => {
    const again = await createRequest({ name: 'alice', key })
    assert.equal(again.key, key)
    assert.equal(again.keyFingerprint256, readRequest(good).keyFingerprint256)
    await assert.rejects(createRequest({ name: 'alice', key, keyType: 'p256' }), withCode('ERR_ARGUMENT_INVALID'))
  })

  test('names its key as openssl would', { skip: lacks('openssl') }, async () => {
    const { stdout } = await runCommand(
      'sh',
      ['-c', 'openssl req -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum'],
      {
        input: good,
      },
    )
    assert.equal(readRequest(good).keyFingerprint256.replaceAll(':', '').toLowerCase(), stdout.slice(0, 64))
  })

  test('shows its key to nobody who does not ask for it', async () => {
    const made = await createRequest({ name: 'alice' })
    const traces = tracesOf({ key: made.key })
    assert.deepEqual(leaksOf(made, traces), [])
    assert.deepEqual(leaksOf(made.request, traces), [])
    assert.deepEqual(leaksOf(Object.assign({}, made), traces), [])
    assert.deepEqual(leaksOf(await signRequest(authority, made.request), traces), [])
    assert.equal(inspect(made), `CertificateRequest { alice, key ${made.keyFingerprint256} }`)
    assert.notDeepEqual(leaksOf(made.key, traces), [], 'the key itself is found')
  })

  const UNUSABLE: readonly (readonly [string, () => Promise<string>, string])[] = [
    ['an encrypted one', () => encryptKey(key, 'secret', 'pkcs8'), 'encrypted'],
    ['one of a type that dockerd does not take', () => makeKey('secp256k1'), 'secp256k1'],
    ['RSA with 1024 bits', () => makeKey('rsa1024'), '1024 bits'],
    ['a certificate', async () => authority.certificate, 'not a private key'],
    ['garbage', async () => 'garbage', 'not a private key'],
  ]
  for (const [what, make, words] of UNUSABLE) {
    test(`is not made with ${what}`, { skip: lacks('openssl') }, async () => {
      await assert.rejects(createRequest({ name: 'alice', key: await make() }), withCode('ERR_PKI_FILE_INVALID', words))
    })
  }

  test('options are checked', async () => {
    await assert.rejects(createRequest({ name: 'a.b' }), withCode('ERR_NAME_INVALID'))
    await assert.rejects(createRequest({ name: 'a', keyType: 'dsa' as never }), withCode('ERR_KEY_TYPE_INVALID'))
    await assert.rejects(createRequest({ name: 'a', keytype: 'p256' } as never), withCode('ERR_OPTION_UNKNOWN'))
    await assert.rejects(signRequest(authority, good, { day: 1 } as never), withCode('ERR_OPTION_UNKNOWN'))
    await assert.rejects(signRequest(authority, good, { days: 0 }), withCode('ERR_DAYS_INVALID'))
    await assert.rejects(signRequest({} as never, good), withCode('ERR_ARGUMENT_INVALID'))
    await assert.rejects(signRequest(authority, 5 as never), withCode('ERR_ARGUMENT_INVALID'))
    assert.throws(() => readRequest(good, { nam: 'x' } as never), withCode('ERR_OPTION_UNKNOWN'))
    assert.throws(() => readRequest(good, { name: 'a b' }), withCode('ERR_NAME_INVALID'))
  })
})

describe('a request of others', { skip: lacks('openssl', 'certtool') }, () => {
  const TYPES: readonly (readonly [TestKeyType, string])[] = [
    ['rsa2048', 'rsa2048'],
    ['rsa3072', 'rsa3072'],
    ['p256', 'p256'],
    ['p384', 'p384'],
    ['p521', 'p521'],
    ['ed25519', 'ed25519'],
  ]
  for (const [type, keyType] of TYPES) {
    test(`${type} by openssl and by certtool`, async (t) => {
      const pem = await makeKey(type)
      const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' })
      const digest = createHash('sha256').update(spki).digest('hex')
      const byCerttool = ['cn = "alice"', 'tls_www_client', 'signing_key']
      for (const request of [
        await opensslRequest(t, { key: pem }),
        await opensslRequest(t, { key: pem, words: ['-text', '-newhdr'] }),
        await certtoolRequest(t, pem, byCerttool),
      ]) {
        const read = readRequest(request)
        assert.equal(read.name, 'alice')
        assert.equal(read.keyType, keyType)
        assert.equal(read.keyFingerprint256.replaceAll(':', '').toLowerCase(), digest)
        const { cert } = await signRequest(authority, request)
        assert.ok(new X509Certificate(cert).checkPrivateKey(createPrivateKey(pem)))
        const folder = await temporaryFolder(t)
        await writeFile(join(folder, 'ca.pem'), authority.certificate)
        await writeFile(join(folder, 'cert.pem'), cert)
        const judged = await runCommand(
          'openssl',
          ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose', 'sslclient', 'cert.pem'],
          { cwd: folder },
        )
        assert.equal(judged.code, 0, judged.stderr)
      }
    })
  }

  test('other digests that Go verifies', async (t) => {
    for (const [type, words] of [
      ['rsa2048', ['-sha512']],
      ['rsa2048', ['-sha384']],
      ['p256', ['-sha384']],
      ['p521', ['-sha256']],
    ] as const) {
      assert.equal(readRequest(await opensslRequest(t, { key: await makeKey(type), words })).name, 'alice')
    }
  })

  test('what means nothing to us is left out, and told', async (t) => {
    const request = await opensslRequest(t, {
      key,
      subject: '/C=CH/O=Example/CN=alice/emailAddress=alice@example.com',
      attributes: ['challengePassword=secret word', 'unstructuredName=x'],
      extensions: [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=digitalSignature,keyEncipherment',
        'extendedKeyUsage=clientAuth',
        'subjectKeyIdentifier=hash',
        'certificatePolicies=1.2.3.4',
      ],
    })
    const { leftOut, name } = readRequest(request)
    assert.equal(name, 'alice')
    assert.deepEqual([...leftOut].toSorted(), [
      '2.5.29.32',
      'challengePassword',
      'countryName',
      'emailAddress',
      'organizationName',
      'unstructuredName',
    ])
    const { cert, facts } = await signRequest(authority, request)
    assert.equal(facts.subject, 'CN=alice')
    assert.ok(!new X509Certificate(cert).raw.includes('Example'))
  })
})

describe('a request that is refused', { skip: lacks('openssl') }, () => {
  const WISHES: readonly (readonly [string, readonly string[], string])[] = [
    ['CA:TRUE', ['basicConstraints=critical,CA:TRUE'], 'it asks to be a CA (basicConstraints)'],
    ['CA:TRUE with a path length', ['basicConstraints=CA:TRUE,pathlen:0'], 'it asks to be a CA'],
    ['keyCertSign', ['keyUsage=digitalSignature,keyCertSign'], 'it asks to be a CA (keyUsage keyCertSign)'],
    ['cRLSign', ['keyUsage=cRLSign'], 'it asks to be a CA (keyUsage cRLSign)'],
    ['name constraints', ['nameConstraints=permitted;DNS:example.com'], 'it asks to be a CA (nameConstraints)'],
    ['serverAuth', ['extendedKeyUsage=serverAuth'], 'it asks to be a server (extKeyUsage serverAuth)'],
    ['serverAuth beside clientAuth', ['extendedKeyUsage=clientAuth,serverAuth'], 'it asks to be a server'],
    ['code signing', ['extendedKeyUsage=codeSigning'], 'a purpose other than clientAuth'],
    ['any purpose', ['extendedKeyUsage=anyExtendedKeyUsage'], 'a purpose other than clientAuth'],
    ['a DNS name', ['subjectAltName=DNS:build01.example.com'], 'server names'],
    ['an address', ['subjectAltName=IP:10.0.0.4'], 'server names'],
  ]
  for (const [what, extensions, words] of WISHES) {
    test(`asks for ${what}`, async (t) => {
      const request = await opensslRequest(t, { key, extensions })
      await assert.rejects(
        signRequest(authority, request, { file: 'a.csr' }),
        withCode('ERR_REQUEST_REFUSED', words, 'reading a.csr'),
      )
    })
  }

  test('asks for it where Microsoft does, or in a second attribute', () => {
    const ca = wish(EXTENSION.basicConstraints, sequence(booleanTrue()))
    const plain = wish(EXTENSION.keyUsage, usageBits('digitalSignature'))
    for (const attributes of [
      [extensionRequest([ca], '1.3.6.1.4.1.311.2.1.14')],
      [extensionRequest([plain]), extensionRequest([ca])],
      [extensionRequest([plain, ca])],
      [sequence(oid('1.2.840.113549.1.9.14'), set(sequence(plain), sequence(ca)))],
    ]) {
      assert.throws(() => readRequest(oddRequest(key, { attributes })), withCode('ERR_REQUEST_REFUSED', 'to be a CA'))
    }
    assert.equal(readRequest(oddRequest(key, { attributes: [extensionRequest([plain])] })).name, 'alice')
  })

  const KEYS: readonly (readonly [TestKeyType, string])[] = [
    ['rsa1024', 'its RSA key has 1024 bits'],
    ['secp256k1', 'secp256k1'],
    ['brainpool', 'brainpoolP256r1'],
    ['p224', 'not accept secp224r1 keys'],
    ['explicit', 'Go reads only named curves'],
    ['ed448', 'not accept ed448 keys'],
    ['rsa-pss', 'not accept rsa-pss keys'],
  ]
  for (const [type, words] of KEYS) {
    test(`has a key that dockerd does not take: ${type}`, async (t) => {
      const request = await opensslRequest(t, { key: await makeKey(type) })
      assert.throws(() => readRequest(request), withCode('ERR_REQUEST_REFUSED', words))
    })
  }

  test('has a compressed point, or an exponent with which everybody could sign', async (t) => {
    const made = await runCommand('openssl', ['pkey', '-ec_conv_form', 'compressed'], { input: await makeKey('p256') })
    assert.equal(made.code, 0, made.stderr)
    const request = await opensslRequest(t, { key: made.stdout })
    assert.throws(() => readRequest(request), withCode('ERR_REQUEST_REFUSED', 'not an uncompressed point of P-256'))
    const rsa = createPublicKey(await makeKey('rsa2048')).export({ format: 'jwk' })
    for (const e of ['AQ', 'Ag', 'AQAAAAE']) {
      const odd = createPublicKey({ key: { ...rsa, e }, format: 'jwk' })
      const keyInfo = decode(odd.export({ type: 'spki', format: 'der' }))
      assert.throws(() => readRequest(oddRequest(key, { keyInfo })), withCode('ERR_REQUEST_REFUSED', 'exponent'), e)
    }
  })

  test('uses numbers made of UUIDs', () => {
    const attributes = [
      sequence(UUID_OID, set(utf8String('x'))),
      extensionRequest([sequence(UUID_OID, octetString(encode(nothing())))]),
    ]
    const subject = subjectOf('alice')
    const more = sequence(...children(subject), set(sequence(UUID_OID, utf8String('x'))))
    const { name, leftOut } = readRequest(oddRequest(key, { attributes, subject: more }))
    assert.deepEqual([name, leftOut], ['alice', [UUID_TEXT]])
    const usage = extensionRequest([wish(EXTENSION.extKeyUsage, sequence(UUID_OID))])
    const forPurpose = (): unknown => readRequest(oddRequest(key, { attributes: [usage] }))
    assert.throws(forPurpose, withCode('ERR_REQUEST_REFUSED', UUID_TEXT))
    const signedWith = (): unknown => readRequest(oddRequest(key, { algorithm: sequence(UUID_OID) }))
    assert.throws(signedWith, withCode('ERR_REQUEST_INVALID', UUID_TEXT))
  })

  test('has an object identifier that is too long, or elements nested too deeply', () => {
    const long = { ...UUID_OID, value: `${'\u00ff'.repeat(600)}\u0001` }
    const deep = Array.from({ length: 100 }).reduce<Asn1>((inside) => sequence(inside), nothing())
    for (const attributes of [[sequence(long, set())], [sequence(oid('1.2.3'), set(deep))]])
      assert.throws(() => readRequest(oddRequest(key, { attributes })), withCode('ERR_REQUEST_INVALID', 'not DER'))
  })

  for (const [what, info] of Object.entries(BROKEN_KEYS)) {
    test(`has a public key that is none: ${what}`, () => {
      assert.throws(() => readRequest(oddRequest(key, { keyInfo: decode(info) })), withCode('ERR_REQUEST_REFUSED'))
    })
  }

  test('has an RSA modulus that is a prime', async () => {
    const request = primeRequest(key)
    await assert.rejects(signRequest(authority, request), withCode('ERR_REQUEST_REFUSED', 'a prime'))
    const rsaKey = goodKey('rsa').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    assert.ok(await signRequest(authority, oddRequest(rsaKey)))
  })

  test('has the point at infinity, or the private key 0', async () => {
    const request = oddRequest(key, { keyInfo: decode(INFINITY) })
    assert.throws(() => readRequest(request), withCode('ERR_REQUEST_REFUSED', 'point at infinity'))
    for (const zero of [ZERO_KEY, ZERO_KEY_WITH_PUBLIC])
      await assert.rejects(createRequest({ name: 'alice', key: zero }), withCode('ERR_PKI_FILE_INVALID'))
  })

  const NAMES: readonly (readonly [string, readonly (string | Asn1)[], string])[] = [
    ['none', [], 'it has no common name'],
    ['two', ['alice', 'bob'], 'it has 2 common names'],
    ['twice the same', ['alice', 'alice'], 'it has 2 common names'],
    ['a host name', ['build01.example.com'], 'it contains a dot'],
    ['an empty one', [''], 'it is empty'],
    ['a zero byte', ['alice\0'], 'characters other than'],
    ['a path', ['../alice'], 'dot'],
    ['a space', ['alice smith'], 'characters other than'],
    ['a long one', ['a'.repeat(65)], 'it has 65 characters'.replace('it has', 'its common name has')],
    ['a device of Windows', ['con'], 'Windows'],
    ['UTF-16', [bmpString('alice')], 'encoding'],
    ['letters that look alike', ['аlice'], 'characters other than'],
  ]
  for (const [what, names, words] of NAMES) {
    test(`has a name that can not be: ${what}`, () => {
      const request = oddRequest(key, { subject: subjectOf(...names) })
      assert.throws(() => readRequest(request), withCode('ERR_REQUEST_REFUSED', words, '--name NAME'))
      assert.equal(readRequest(request, { name: 'bob' }).name, 'bob')
    })
  }

  test('two common names in one part', () => {
    const names = ['alice', 'bob'].map((name) => sequence(oid('2.5.4.3'), utf8String(name)))
    const subject = sequence(set(...names))
    assert.throws(() => readRequest(oddRequest(key, { subject })), withCode('ERR_REQUEST_REFUSED', '2 common names'))
  })
})

describe('a request that is forged or none', () => {
  test('with a byte flipped, wherever it is', () => {
    const der = requestBytes(good)
    for (let index = 0; index < der.length; index++) {
      const flipped = Buffer.from(der)
      flipped[index] = (flipped[index] ?? 0) ^ 0x01
      assert.throws(
        () => readRequest(requestPem(flipped)),
        (error) => /^ERR_REQUEST_(?:INVALID|REFUSED)$/.test((error as { code: string }).code),
        `byte ${index}`,
      )
    }
  })

  test('with the signature of another key, or for another request', async () => {
    const other = await createRequest({ name: 'alice' })
    const forged = withCode('ERR_REQUEST_INVALID', 'it is forged or damaged')
    assert.throws(() => readRequest(oddRequest(key, { signer: other.key })), forged)
    assert.throws(() => readRequest(withPart(good, 2, partOf(other.request, 2))), forged)
    const bob = await createRequest({ name: 'bob', key })
    assert.throws(() => readRequest(withPart(good, 0, partOf(bob.request, 0))), forged)
    await assert.rejects(signRequest(authority, oddRequest(key, { signer: other.key })), forged)
    const rsa = await createRequest({ name: 'alice', keyType: 'rsa2048' })
    assert.throws(
      () => readRequest(withPart(rsa.request, 0, partOf(good, 0))),
      withCode('ERR_REQUEST_INVALID', 'does not fit its ec key'),
    )
  })

  test('signed by SHA-1 or with PSS', { skip: lacks('openssl') }, async (t) => {
    const rsa = await makeKey('rsa2048')
    for (const words of [['-sha1'], ['-sigopt', 'rsa_padding_mode:pss']]) {
      const request = await opensslRequest(t, { key: rsa, words })
      assert.throws(
        () => readRequest(request),
        withCode('ERR_REQUEST_INVALID', 'which Go or docker-mtls does not accept'),
      )
    }
  })

  const PARTS: readonly (readonly [string, () => string, string])[] = [
    ['another version', () => oddRequest(key, { version: integer(1) }), 'its version is unknown'],
    ['no attributes', () => oddRequest(key, { attributeField: [] }), 'RFC 2986'],
    ['one field more', () => oddRequest(key, { attributeField: [nothing(), nothing()] }), 'RFC 2986'],
    ['a version that is none', () => oddRequest(key, { version: nothing() }), 'RFC 2986'],
    ['a subject that is none', () => oddRequest(key, { subject: nothing() }), 'RFC 2986'],
    ['a subject of numbers', () => oddRequest(key, { subject: sequence(set(integer(1))) }), 'its subject'],
    ['unused bits', () => oddRequest(key, { unusedBits: 3 }), 'whole bytes'],
    ['no signature', () => withPart(good, 2, nothing()), 'its signature is not a string'],
    [
      'an algorithm with parameters',
      () => oddRequest(key, { algorithm: sequence(oid('1.2.840.10045.4.3.2'), nothing()) }),
      'parameters',
    ],
    ['an algorithm without a name', () => oddRequest(key, { algorithm: sequence() }), 'algorithm'],
    ['an attribute that is none', () => oddRequest(key, { attributes: [integer(1)] }), 'attribute'],
    ['an extension that is none', () => oddRequest(key, { attributes: [extensionRequest([integer(1)])] }), 'extension'],
    [
      'an extension that is no DER',
      () =>
        oddRequest(key, {
          attributes: [extensionRequest([wish(EXTENSION.basicConstraints, Buffer.of(0x30, 0x80, 0, 0))])],
        }),
      'is not DER',
    ],
    ['bytes behind it', () => requestPem(Buffer.concat([requestBytes(good), Buffer.of(0)])), 'not DER'],
    ['an indefinite length', () => requestPem(berOf(requestBytes(good))), 'not DER'],
    ['nothing in it', () => requestPem(Buffer.of(0x30, 0)), 'RFC 2986'],
    ['a number', () => requestPem(Buffer.of(2, 1, 0)), 'RFC 2986'],
  ]
  for (const [what, make, words] of PARTS) {
    test(`with ${what}`, () => {
      assert.throws(() => readRequest(make()), withCode('ERR_REQUEST_INVALID', words))
    })
  }

  test('something else', async () => {
    const certificate = await makeCertificate({ commonName: 'alice' })
    const rows: readonly (readonly [string | Uint8Array, string])[] = [
      ['', 'it is not PEM'],
      ['hello', 'it is not PEM'],
      ['x'.repeat(70_000), 'it has 70000 bytes'],
      [Buffer.alloc(1_000_000), 'it has 1000000 bytes'],
      [requestBytes(good), 'it is binary (DER)'],
      [certificate.cert, 'it is a certificate'],
      [createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(), 'it is only a public key'],
      [good + good, 'it contains 2 requests'],
      [good.slice(0, 200), 'cut short'],
      [good.replace('\nM', '\n*'), 'garbled'],
      [good.replaceAll('CERTIFICATE REQUEST', 'PKCS7'), 'a PEM block PKCS7'],
    ]
    for (const [input, words] of rows) {
      assert.throws(
        () => readRequest(input, { file: 'x.csr' }),
        withCode('ERR_REQUEST_INVALID', 'reading x.csr', words),
      )
    }
  })

  test('a private key, which is never repeated', async () => {
    const traces = tracesOf({ key })
    for (const input of [key, `${good}${key}`, Buffer.from(key), key.slice(0, 150)]) {
      const error = await signRequest(authority, input).catch((thrown: unknown) => thrown)
      assert.ok(withCode('ERR_REQUEST_INVALID', 'it contains a private key')(error))
      assert.deepEqual(leaksOf(error, traces), [])
    }
  })

  test('no bytes whatever do more than an error of ours', (t) => {
    const der = requestBytes(good)
    assertProperty(
      t,
      fc.property(
        fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(der.length),
        (changes, length) => {
          const bytes = Buffer.from(der.subarray(0, length === 0 ? der.length : length))
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          if (bytes.equals(der) || bytes.length === 0) return
          assert.throws(
            () => readRequest(requestPem(bytes)),
            (error) => (error as { code: string }).code.startsWith('ERR_REQUEST_'),
          )
        },
      ),
      { numRuns: 2000 },
    )
  })
})

/** All that a certificate says but its key, number and dates. */
function sayingsOf(pem: string): object {
  const { verdicts, purposes, keyUsage, isCa, criticalExtensions, names, subject, issuer } = inspectCertificate(pem)
  return { verdicts, purposes, keyUsage, isCa, criticalExtensions, names, subject, issuer }
}

/** The outermost length as BER may have it. */
function berOf(der: Buffer): Buffer {
  const head = (der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f)
  return Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(head), Buffer.of(0, 0)])
}
