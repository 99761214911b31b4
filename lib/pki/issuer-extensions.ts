import type { X509Certificate } from 'node:crypto'
import { RENEWAL_EXTENSION, type Origin } from '../identity/origin.ts'
import { encodeSerial } from '../identity/serial.ts'
import {
  children,
  decode,
  implicit,
  integer,
  isContext,
  nothing,
  octetString,
  oid,
  readOid,
  sequence,
  signedInteger,
  type Asn1,
} from './der.ts'
import { caExtensions, critical, EXTENSION, plain, PURPOSES } from './extensions.ts'
import type { PublicKey } from './key-type.ts'

/** For the CA that renews certificates at a gateway, as the gateway trusts it: for clients only. */
export function issuerExtensions(keys: PublicKey): Asn1[] {
  return [...caExtensions(keys), plain(EXTENSION.extKeyUsage, sequence(oid(PURPOSES.clientAuth)))]
}

/**
 * The same, as a CA signs it. Every other program refuses an unknown critical extension (RFC 5280 section 4.2), so that whoever has
 * its key can't use it at a daemon that trusts the CA: neither as a client, nor as the issuer of clients.
 */
export function signedIssuerExtensions(keys: PublicKey, authorityKeyId: Uint8Array): Asn1[] {
  return [
    ...issuerExtensions(keys),
    plain(EXTENSION.authorityKeyIdentifier, sequence(implicit(0, authorityKeyId))),
    critical(RENEWAL_EXTENSION.issuer, nothing()),
  ]
}

/** What a renewed certificate says about the first one of its line; see `originOf()`. */
export function originExtension({ serial, fingerprint256, issuerFingerprint256, validTo }: Origin): Asn1 {
  return plain(
    RENEWAL_EXTENSION.origin,
    sequence(
      signedInteger(encodeSerial(serial)),
      octetString(bytes(fingerprint256)),
      octetString(bytes(issuerFingerprint256)),
      integer(Math.floor(validTo.getTime() / 1000)),
    ),
  )
}

/** An extension of a certificate as it is encoded, to be copied into another one. */
export function copyOfExtension(certificate: X509Certificate, id: string): Asn1 | undefined {
  const [tbsCertificate] = children(decode(certificate.raw))
  const [list] = children(children(tbsCertificate).find((field) => isContext(field, 3)))
  return children(list).find((extension) => readOid(children(extension)[0]) === id)
}

function bytes(hexadecimal: string): Buffer {
  return Buffer.from(hexadecimal.replaceAll(':', ''), 'hex')
}
