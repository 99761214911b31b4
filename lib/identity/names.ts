import type { AlternativeNames } from './structure.ts'

/** Names that a certificate is for, by kind (RFC 5280 section 4.2.1.6). */
export interface CertificateNames {
  /** DNS names, as they are in the certificate. Upper and lower case mean the same. */
  readonly dns: readonly string[]
  /** IPv4, and IPv6 in its short form. */
  readonly ip: readonly string[]
}

/** Reads the names from their bytes. Addresses of another length than 4 or 16 bytes are left out, as they match no host. */
export function readNames({ dns, ip }: Pick<AlternativeNames, 'dns' | 'ip'>): CertificateNames {
  const latin = new TextDecoder('latin1')
  return {
    dns: dns.map((bytes) => latin.decode(bytes)),
    ip: ip.flatMap((bytes) => formatIp(bytes) ?? []),
  }
}

/**
 * Is one of these names for this host? A `*` stands for one whole label (RFC 9525 section 6.3). As OpenSSL, it accepts a `*`
 * only above two labels (X509_check_host(3)).
 *
 * @param host - as in certificates: {@link bareHost}
 */
export function coversHost({ dns, ip }: CertificateNames, host: string): boolean {
  if (isIp(host)) return ip.includes(normaliseIp(host))
  if (!HOST_NAME.test(host)) return false
  const wanted = host.toLowerCase()
  const [, parent] = FIRST_LABEL.exec(wanted) ?? []
  return dns.some((name) => {
    const offered = name.toLowerCase()
    return offered === wanted || (parent !== undefined && WILDCARD.test(offered) && offered.slice(1) === parent)
  })
}

/** ASCII, without the characters of addresses and patterns. A name in another script has to be in its ASCII form. */
const HOST_NAME = /^(?!\.)[!-)+-9;-~]+$/
/** Captures everything after the label that a `*` may stand for. */
const FIRST_LABEL = /^[a-z0-9-]+(\..+)$/
const WILDCARD = /^\*(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?){2,}$/

function formatIp(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0))
  return normaliseIp(groups.map((group) => group.toString(16)).join(':'))
}

/** IPv6 in the short form of RFC 5952, IPv4 as it is. */
export function normaliseIp(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}

/**
 * Is it an IPv4 or IPv6 address? Anything else is a DNS name, which no entry for an address matches.
 */
export function isIp(host: string): boolean {
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1)
  if (bytes !== undefined) return bytes.every((byte) => Number(byte) < 256)
  // URL ignores tabs and line breaks, so it isn't enough.
  return /^[\dA-Fa-f:.]*:[\dA-Fa-f:.]*$/.test(host) && URL.canParse(`http://[${host}]`)
}

/** A host as in certificates: without the brackets and zone of an IPv6 address, and without the trailing dot of a name. */
export function bareHost(host: string): string {
  const unbracketed = /^\[(.*)\]$/.exec(host)?.[1] ?? host
  if (unbracketed.includes(':')) return unbracketed.replace(/%.*$/, '')
  return unbracketed.replace(/\.$/, '')
}
