import type { X509Certificate } from 'node:crypto'
import { serialContents } from './structure.ts'

// Serial numbers are compared as texts: hexadecimal in lower case without leading zeros, and with a minus if negative. RFC 5280 forbids
// negative ones (section 4.1.2.2), but a CA that takes 20 random bytes issues them, and TLS accepts them.

/** The serial number of a certificate. Not `serialNumber` of node:crypto, which each runtime writes in a way of its own. */
export function serialOfCertificate({ raw }: X509Certificate): string {
  return readSerial(serialContents(raw))
}

/** The serial number in the contents of an INTEGER (X.690 section 8.3), which may begin with more bytes than it needs. */
export function readSerial(contents: Uint8Array): string {
  if (contents.length === 0) throw new RangeError('not DER: a number has no digits')
  const unsigned = BigInt(`0x${Buffer.from(contents).toString('hex')}`)
  return BigInt.asIntN(contents.length * 8, unsigned).toString(16)
}

/** The contents of the INTEGER of a serial number, in as few bytes as possible. */
export function encodeSerial(serial: string): Uint8Array {
  const [, minus, digits] = /^(-?)([0-9a-f]+)$/.exec(serialOf(serial)) ?? []
  if (digits === undefined) throw new RangeError('a serial number is not hexadecimal')
  const number = BigInt(`0x${digits}`) * (minus === '' ? 1n : -1n)
  let size = Math.max(1, digits.length >> 1)
  while (BigInt.asIntN(size * 8, number) !== number) size++
  const unsigned = BigInt.asUintN(size * 8, number).toString(16)
  return Buffer.from(unsigned.padStart(size * 2, '0'), 'hex')
}

/** A serial number that somebody has written, to be compared with others. */
export function serialOf(hexadecimal: string): string {
  return hexadecimal
    .toLowerCase()
    .replaceAll(':', '')
    .replace(/^(-?)0+(?=.)/, '$1')
}

/** A serial number as node:crypto writes it, for people and files: in upper case, with an even number of digits. */
export function printSerial(certificate: X509Certificate): string {
  const serial = serialOfCertificate(certificate).toUpperCase()
  return serial.replace(/[^-]+/, (digits) => digits.padStart(digits.length + (digits.length % 2), '0'))
}
