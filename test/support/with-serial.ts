import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { bitString, children, decode, encode, sequence, signedInteger } from '../../lib/pki/der.ts'

/**
 * The same certificate with another serial number, signed again: some CAs issue numbers that docker-mtls and openssl don't.
 *
 * @param key - of the CA, on P-256
 * @param contents - of its INTEGER, in hexadecimal
 */
export function withSerial(certificate: string, key: string, contents: string): string {
  const [tbs, algorithm] = children(decode(new X509Certificate(certificate).raw))
  const [version, , ...rest] = children(tbs)
  if (version === undefined || algorithm === undefined) throw new TypeError('not a certificate of version 3')
  const changed = sequence(version, signedInteger(Buffer.from(contents, 'hex')), ...rest)
  const signature = sign('sha256', encode(changed), createPrivateKey(key))
  return new X509Certificate(encode(sequence(changed, algorithm, bitString(signature)))).toString()
}
