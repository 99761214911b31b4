import type { X509Certificate } from 'node:crypto'
import { readElements, TAG } from './der.ts'
import { readSerial } from './serial.ts'
import { extensionOf } from './structure.ts'

/**
 * The arc of our own extensions: Microsoft's arc for numbers that anybody makes of a UUID, with that of docker-mtls. The numbers of
 * 2.25, whose last one is the whole UUID, are too large for Go, and so for the docker command: crypto/x509 reads 31 bits.
 */
const ARC = '1.2.840.113556.1.8000.2554.31957.19570.52256.17503.47647.13281003.4883848'

/** The extensions of certificates that only a gateway of docker-mtls understands. */
export const RENEWAL_EXTENSION = { issuer: `${ARC}.1`, origin: `${ARC}.2` } as const

/** The certificate from which a renewed one descends: the first of its line, which a CA issued. */
export interface Origin {
  /** As {@link readSerial} writes it. */
  readonly serial: string
  /** SHA-256 of the certificate, in upper case with colons. */
  readonly fingerprint256: string
  /** The same of the CA that issued it. */
  readonly issuerFingerprint256: string
  /** When it ends, and with it all that descend from it. */
  readonly validTo: Date
}

/**
 * What a certificate says about its origin: believe it only if an issuer that you trust has signed it.
 *
 * `SEQUENCE { serial INTEGER, certificate OCTET STRING, issuer OCTET STRING, seconds since 1970 INTEGER }`, in an extension that isn't
 * critical.
 *
 * @returns undefined without such an extension
 * @throws RangeError if it can't be read
 */
export function originOf({ raw }: X509Certificate): Origin | undefined {
  const extension = extensionOf(raw, RENEWAL_EXTENSION.origin)
  if (extension === undefined) return undefined
  const [serial, certificate, issuer, end, ...more] = readElements(extension.contents)
  const isWhole =
    serial?.tag === TAG.integer &&
    certificate?.tag === TAG.octetString &&
    issuer?.tag === TAG.octetString &&
    end?.tag === TAG.integer &&
    more.length === 0
  if (!isWhole) throw new RangeError('its origin is not encoded as docker-mtls does')
  return {
    serial: readSerial(serial.contents),
    fingerprint256: fingerprint(certificate.contents),
    issuerFingerprint256: fingerprint(issuer.contents),
    validTo: new Date(Number.parseInt(hex(end.contents), 16) * 1000),
  }
}

/** Is it an issuer's, which renews certificates at a gateway? The extension is critical, so that nothing else accepts it. */
export function isRenewalIssuer({ raw }: X509Certificate): boolean {
  return extensionOf(raw, RENEWAL_EXTENSION.issuer) !== undefined
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function fingerprint(bytes: Uint8Array): string {
  return (hex(bytes).toUpperCase().match(/../g) ?? []).join(':')
}
