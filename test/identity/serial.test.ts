import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { encodeSerial, readSerial, serialOf, serialOfCertificate } from '../../lib/identity/serial.ts'
import { createAuthority, issueClient } from '../../lib/pki.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { withSerial } from '../support/with-serial.ts'

const bytes = (hexadecimal: string): Buffer => Buffer.from(hexadecimal, 'hex')

describe('a serial number', () => {
  const rows: readonly (readonly [contents: string, serial: string])[] = [
    ['00', '0'],
    ['7b', '7b'],
    ['0a7b', 'a7b'],
    ['0080', '80'],
    ['80', '-80'],
    ['ff', '-1'],
    ['ff7f', '-81'],
    ['f112', '-eee'],
    ['9f112233445566778899aabbccddeeff00112233', '-60eeddccbbaa99887766554433221100ffeeddcd'],
    ['009f112233445566778899aabbccddeeff00112233', '9f112233445566778899aabbccddeeff00112233'],
  ]

  test('is read with its sign, however many bytes there are before it, and encoded in as few as possible', () => {
    for (const [contents, serial] of rows) {
      const lead = serial.startsWith('-') ? 'ff' : '00'
      for (const more of ['', lead, lead.repeat(30)]) assert.equal(readSerial(bytes(more + contents)), serial)
      assert.equal(Buffer.from(encodeSerial(serial)).toString('hex'), contents)
    }
    assert.throws(() => readSerial(bytes('')), RangeError)
    for (const wrong of ['', '-', '1-', 'xy', '0x7b']) assert.throws(() => encodeSerial(wrong), RangeError)
  })

  test('is the same, however somebody has written it', () => {
    for (const [one, same] of [
      ['00:0A:FF', 'aff'],
      ['-00:0A:FF', '-aff'],
      ['-0aff', '-AFF'],
    ] as const)
      assert.equal(serialOf(one), serialOf(same))
    assert.notEqual(serialOf('aff'), serialOf('-aff'))
  })

  test('of a certificate is the number that node:crypto shows', async () => {
    const authority = await createAuthority({ keyType: 'p256' })
    const [{ cert }, key] = [await issueClient(authority, { name: 'ann' }), await authority.exportKey()]
    for (const [contents, serial] of rows) {
      const x509 = new X509Certificate(withSerial(cert, key, contents))
      assert.equal(serialOfCertificate(x509), serial)
      assert.equal(serialOf(x509.serialNumber), serial)
      const { serialNumber } = readCertificate(x509)
      if (serial !== '0') assert.equal(serialNumber, x509.serialNumber)
      assert.match(serialNumber, /^-?(?:[0-9A-F]{2})+$/)
    }
  })

  test('survives encoding', (t) => {
    assertProperty(
      t,
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 24 }), (contents) => {
        const serial = readSerial(contents)
        assert.equal(readSerial(encodeSerial(serial)), serial)
        assert.equal(serialOf(serial), serial)
      }),
    )
  })
})
