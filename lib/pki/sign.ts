import { randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { PkiError } from '../base/errors.ts'
import { isSignedBy, publicKeyOf } from '../identity/certificate.ts'
import { readRevocationList } from '../identity/crl.ts'
import { isSameKey, keyFactsOf } from '../identity/public-key.ts'
import { bitString, encode, explicit, integer, oid, sequence, set, time, utf8String, type Asn1 } from './der.ts'
import { signingWith, type KeyPair, type PublicKey } from './key-type.ts'
import type { Period } from './lifetime.ts'

/** The contents of a certificate. */
export interface Blueprint {
  readonly subject: Asn1
  readonly keys: PublicKey
  readonly period: Pick<Period, 'notBefore' | 'notAfter'>
  readonly extensions: readonly Asn1[]
}

/** The CA that signs. */
export interface Signer {
  /** Its own subject, byte for byte, as Go compares names. */
  readonly name: Asn1
  readonly key: KeyObject
}

const COMMON_NAME = '2.5.4.3'

/** A distinguished name of one common name (RFC 5280 section 4.1.2.4). */
export function distinguishedName(commonName: string): Asn1 {
  return sequence(set(sequence(oid(COMMON_NAME), utf8String(commonName))))
}

/** node-forge encodes the certificate, node:crypto signs it and reads the result. */
export function signCertificate({ subject, keys, period, extensions }: Blueprint, signer: Signer): X509Certificate {
  const signing = signingWith(keyFactsOf(signer.key))
  if (signing === undefined) throw unsigned('dockerd does not accept the key type of the CA')
  const tbsCertificate = sequence(
    explicit(0, integer(2)), // v3
    integer(newSerial()),
    signing.algorithm,
    signer.name,
    sequence(time(period.notBefore), time(period.notAfter)),
    subject,
    keys.info,
    explicit(3, sequence(...extensions)),
  )
  const signature = sign(signing.digest, encode(tbsCertificate), signer.key)
  return new X509Certificate(encode(sequence(tbsCertificate, signing.algorithm, bitString(signature))))
}

/** Renders a revocation list without its signature. */
export type ListRenderer = (signer: { readonly name: Asn1; readonly algorithm: Asn1 }) => Asn1

/** `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }` (RFC 5280 section 5.1). */
export function signRevocationList(render: ListRenderer, { name, key }: Signer): Buffer {
  const signing = signingWith(keyFactsOf(key))
  if (signing === undefined) throw unsigned('dockerd does not accept the key type of the CA')
  const list = render({ name, algorithm: signing.algorithm })
  return encode(sequence(list, signing.algorithm, bitString(sign(signing.digest, encode(list), key))))
}

/** Reads a new list before it is returned, as a gateway will. */
export function verifyList(der: Uint8Array, ca: X509Certificate): void {
  if (!readRevocationList(der).isOf(ca)) throw unsigned('the signature of the new revocation list does not verify')
}

/** Checks a new certificate with OpenSSL before it is returned: its signature, its issuer and its key. */
export function verifySigned(
  certificate: X509Certificate,
  keys: PublicKey & Partial<KeyPair>,
  issuer: X509Certificate,
): void {
  if (!isSignedBy(certificate, issuer)) throw unsigned('the signature of the new certificate does not verify')
  if (!certificate.checkIssued(issuer))
    throw unsigned('OpenSSL does not accept the CA as the issuer of the new certificate')
  const { publicKey, privateKey } = keys
  // When a request is signed, the private key is on another machine.
  const isIts = privateKey ? certificate.checkPrivateKey(privateKey) : isSameKey(publicKeyOf(certificate), publicKey)
  if (!isIts) throw unsigned('the new certificate does not match its key')
}

/** Positive, and at most 20 bytes (RFC 5280 section 4.1.2.2): the top bit clear, and no zero byte in front. */
export function newSerial(): Buffer {
  const serial = randomBytes(20)
  serial[0] = (serial[0] ?? 0) & 0x7f || 1
  return serial
}

function unsigned(got: string): PkiError {
  return new PkiError('ERR_CERTIFICATE_INVALID', {
    tried: 'signing a certificate',
    got,
    todo: 'Nothing was written. Try again; if the error persists, report it with the key type of your CA.',
  })
}
