import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { isSignedBy, publicKeyOf, readCertificate, readOwnerNames } from '../../lib/identity/certificate.ts'
import { keyFactsOf, openPublicKey, publicHalf, readPublicKey, readSigningKey } from '../../lib/identity/public-key.ts'
import { inspectCertificate } from '../../lib/pki.ts'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { formatPem } from '../../lib/identity/pem.ts'
import { distinguishedName } from '../../lib/pki/sign.ts'
import {
  BROKEN_KEYS,
  certificateFor,
  der,
  goodKey,
  hex,
  SMALL_ORDER,
  ZERO_KEY,
  ZERO_KEY_WITH_PUBLIC,
} from '../support/broken-keys.ts'

// Where such a key gets past the door, Node 20 and 22 abort, and so does this file.

/** What is said of the keys whose names have a word. */
const FAULTS: readonly (readonly [name: RegExp, fault: RegExp])[] = [
  [/infinity|no bytes/, /is the point at infinity$/],
  [/P-256 point (?:off|with|0)/, /is not a point on P-256$/],
  [/P-256 point/, /is not an uncompressed point of P-256$/],
  [/a short Ed25519/, /has 31 bytes, not 32$/],
  [/Ed/, /has a small order: anybody can sign with it$|is not encoded as RFC 8032 requires$/],
  [/negative/, /has a negative number$/],
  [/exponent/, /Go refuses the exponent/],
  [/modulus/, /modulus has a small factor/],
  [/no key/, /is not encoded as RFC 5280 requires$/],
]

describe('a public key that is none', () => {
  for (const [name, info] of Object.entries(BROKEN_KEYS)) {
    test(name, () => {
      const message = FAULTS.find(([names]) => names.test(name))?.[1] ?? /^$/
      assert.throws(() => readPublicKey(info), { name: 'RangeError', message })
      assert.throws(() => openPublicKey(info), { name: 'RangeError', message })
    })
  }

  for (const [name, info] of Object.entries(BROKEN_KEYS).filter(([one]) =>
    /infinity|off|Ed25519 0|exponent 1/.test(one),
  )) {
    test(`is refused in every reader of certificates: ${name}`, () => {
      const pem = certificateFor(info)
      const x509 = new X509Certificate(pem)
      for (const read of [readCertificate, inspectCertificate, publicKeyOf, readOwnerNames]) {
        assert.throws(() => read(x509), isDockerMtlsError)
      }
      assert.throws(() => new Peer(x509), RangeError)
    })
  }

  test('of a CA has signed nothing, although OpenSSL verifies what anybody signs for it', () => {
    // The signature of everything: R is the neutral point, and S is 0.
    const forged = hex(`01${'00'.repeat(63)}`)
    const name = distinguishedName('forged')
    const signer = { name, key: goodKey('ed25519').privateKey }
    const { raw } = new X509Certificate(certificateFor(SMALL_ORDER, { signer, commonName: 'forged' }))
    const x509 = new X509Certificate(formatPem('CERTIFICATE', Buffer.concat([raw.subarray(0, -64), forged])))
    assert.equal(x509.verify(x509.publicKey), true)
    assert.equal(isSignedBy(x509, x509), false)
  })

  for (const [name, pem] of Object.entries({ ZERO_KEY, ZERO_KEY_WITH_PUBLIC })) {
    test(`is the half of no private key: ${name}`, () => {
      const key = createPrivateKey(pem)
      assert.throws(() => publicHalf(key))
      assert.throws(() => keyFactsOf(key))
    })
  }
})

describe('a public key', () => {
  const CURVES = [
    'P-224',
    'P-256',
    'P-384',
    'P-521',
    'secp256k1',
    'brainpoolP256r1',
    'brainpoolP384r1',
    'brainpoolP512r1',
  ]
  for (const namedCurve of CURVES) {
    test(`on ${namedCurve} is opened`, () => {
      for (let count = 0; count < 20; count++) {
        const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
        const info = publicKey.export({ type: 'spki', format: 'der' })
        assert.deepEqual(readPublicKey(info), { type: 'ec', curve: namedCurve.replace('P-224', 'secp224r1') })
        assert.ok(openPublicKey(info).equals(publicKey))
        assert.ok(publicHalf(privateKey).equals(publicKey))
        assert.deepEqual(keyFactsOf(privateKey), readPublicKey(info))
      }
    })
  }

  const OTHERS = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    'rsa-pss': generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    ed25519: generateKeyPairSync('ed25519'),
    ed448: generateKeyPairSync('ed448'),
  }
  for (const [type, { publicKey, privateKey }] of Object.entries(OTHERS)) {
    test(`of the type ${type} is opened`, () => {
      const info = publicKey.export({ type: 'spki', format: 'der' })
      assert.deepEqual(readPublicKey(info), { type, ...(type.startsWith('rsa') && { bits: 2048 }) })
      assert.ok(openPublicKey(info).equals(publicKey))
      assert.ok(publicHalf(privateKey).equals(publicKey))
    })
  }

  test('of another type, or on another curve, is read and not opened', () => {
    const { publicKey } = generateKeyPairSync('x25519')
    const sect = generateKeyPairSync('ec', { namedCurve: 'sect163k1' }).publicKey
    for (const [key, facts] of [
      [publicKey, { type: 'x25519' }],
      [sect, { type: 'ec', curve: '1.3.132.0.1' }],
    ] as const) {
      const info = key.export({ type: 'spki', format: 'der' })
      assert.deepEqual(readPublicKey(info), facts)
      assert.throws(() => openPublicKey(info), /does not use/)
      assert.throws(() => readSigningKey(info), /does not use/)
    }
    const unknown = der(0x30, der(0x30, hex('06032a0304')), hex('03020000'))
    assert.deepEqual(readPublicKey(unknown), { type: '1.2.3.4' })
  })
})

test('the facts of a certificate show a byte order mark in its name', () => {
  const { info } = goodKey('P-256')
  assert.equal(readCertificate(certificateFor(info, { commonName: '\ufeffalice' })).commonName, '\ufeffalice')
  assert.equal(readCertificate(certificateFor(info, { commonName: 'alice' })).commonName, 'alice')
})
