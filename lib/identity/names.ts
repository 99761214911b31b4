/** Names that a certificate is for, by kind (RFC 5280 section 4.2.1.6). */
export interface CertificateNames {
  /** DNS names, as they are in the certificate. Upper and lower case mean the same. */
  readonly dns: readonly string[]
  /** IPv4, and IPv6 in its short form. */
  readonly ip: readonly string[]
}

/**
 * Node writes the names in one line, `DNS:a, IP Address:10.0.0.1`, and an entry with a comma, a quote or the like as a JSON
 * string (since CVE-2021-44532). Splitting at commas would turn such an entry into several.
 */
const ENTRY = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y

/** Reads the names from Node's `X509Certificate.subjectAltName`. */
export function readNames(subjectAltName: string | undefined): CertificateNames {
  const names = { dns: [] as string[], ip: [] as string[] }
  const text = subjectAltName ?? ''
  ENTRY.lastIndex = 0
  while (ENTRY.lastIndex < text.length) {
    const match = ENTRY.exec(text)
    if (match === null) break
    const [, kind, value = ''] = match
    if (kind === 'DNS') names.dns.push(unquote(value))
    if (kind === 'IP Address' && isIp(value)) names.ip.push(normaliseIp(value))
  }
  return names
}

/** IPv6 in the short form of RFC 5952, IPv4 as it is. */
function normaliseIp(address: string): string {
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

function unquote(value: string): string {
  if (!value.startsWith('"')) return value
  try {
    return JSON.parse(value) as string
  } catch {
    return value
  }
}
