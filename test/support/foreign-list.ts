import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { formatPem } from '../../lib/identity/certificate.ts'
import { bitString, children, decode, encode, integer, sequence, time, type Asn1 } from '../../lib/pki/der.ts'

/**
 * A revocation list as other CAs issue it: docker-mtls signs none that it doesn't read. It begins now and ends tomorrow.
 *
 * @param ca - its certificate
 * @param key - on P-256
 * @param rest - what follows its dates
 */
export function foreignList(ca: string, key: string, ...rest: Asn1[]): string {
  const [certificate, algorithm] = children(decode(new X509Certificate(ca).raw))
  const name = children(certificate)[5]
  if (name === undefined || algorithm === undefined) throw new TypeError('not a certificate of version 3')
  const dates = [Date.now(), Date.now() + 86_400_000].map((at) => time(new Date(at)))
  const list = sequence(integer(1), algorithm, name, ...dates, ...rest)
  const signature = sign('sha256', encode(list), createPrivateKey(key))
  return formatPem('X509 CRL', encode(sequence(list, algorithm, bitString(signature))))
}
