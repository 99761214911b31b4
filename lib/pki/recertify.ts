import type { X509Certificate } from 'node:crypto'
import { mappedIpv4 } from '../base/host-mapping.ts'
import { publicKeyOf, readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import type { Authority } from './ca.ts'
import { leafExtensions } from './extensions.ts'
import { checkIssuer } from './issue.ts'
import { publicPart } from './key-type.ts'
import { periodOf } from './lifetime.ts'
import { OWN_NAMES, parseServerNames, type ServerName } from './server-name.ts'
import { distinguishedName } from './sign.ts'

/**
 * Issues a certificate for the key and names of another one, as a CA rotation does. The key stays where it is: on every
 * machine one file replaces one file.
 *
 * @param authority - the CA that signs
 * @param old - a server or client certificate that the caller has checked
 * @param days - the lifetime of the new one
 */
export function recertify(
  authority: Authority,
  old: X509Certificate,
  { kind, days }: { readonly kind: 'server' | 'client'; readonly days: number },
): { readonly cert: string; readonly facts: CertificateFacts } {
  const purpose = kind === 'server' ? 'serverAuth' : 'clientAuth'
  checkIssuer(authority, purpose)
  const { commonName = 'localhost', names } = readCertificate(old)
  const keys = publicPart(publicKeyOf(old))
  const sans = kind === 'server' ? serverNames(commonName, [...names.dns, ...names.ip]) : []
  const x509 = authority.sign({
    subject: distinguishedName(commonName),
    keys,
    period: periodOf(days, authority.facts),
    extensions: leafExtensions(keys, authority.keyId, purpose, sans),
  })
  return { cert: x509.toString(), facts: readCertificate(x509) }
}

function serverNames(commonName: string, sans: readonly string[]): ServerName[] {
  return parseServerNames(requestedNames(commonName, sans))
}

/**
 * The names that a server certificate was requested for: without those that every server has, the common name first. An
 * IPv4-mapped address, which can no longer be requested, becomes its IPv4 address.
 */
export function requestedNames(commonName: string, sans: readonly string[]): string[] {
  const first = sans.includes(commonName) ? [commonName] : []
  const others = sans.filter((san) => san !== commonName && !OWN_NAMES.includes(san))
  const all = [...first, ...others].map((name) => mappedIpv4(name) ?? name)
  return all.length === 0 ? [...sans] : all
}
