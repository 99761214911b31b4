import { domainToASCII } from 'node:url'
import { quoted } from '../base/text.ts'
import { PkiError } from '../base/errors.ts'
import { asciiLookalike, mappedIpv4, withoutLookalikes } from '../base/host-mapping.ts'
import { normaliseAddress } from './address.ts'
import { checkText } from '../base/options.ts'

/** A DNS name or an address of a server. */
export interface ServerName {
  /** `ip` for an address, `dns` for a name; inferred from the text. */
  readonly kind: 'dns' | 'ip'
  /** As in the certificate: lower case, punycode, addresses in their short form. */
  readonly value: string
  /** As you passed it. */
  readonly given: string
}

/** Names for connections from the daemon's own machine; every server certificate has them. */
export const OWN_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** The length of a whole DNS name (RFC 1035 section 2.3.4), as text without the last dot. */
const MAX_NAME = 253
const MAX_LABEL = 63

/** RFC 1123 section 2.1, and underscores: some hosts and Swarm services have them, and Go, OpenSSL and NSS accept them. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** White space, control characters and invisible characters. */
const BLANK = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/u

/**
 * Parses the names for a server certificate: infers the kind of each, adds `localhost`, `127.0.0.1` and `::1`, and removes
 * duplicates.
 *
 * @param names - DNS names (a `*` as the whole first label too; letters of any script), IPv4 and IPv6 addresses
 * @returns the names in the order given, then the added ones
 * @throws {@link PkiError} ERR_NAME_INVALID, with the invalid name and a suggestion
 * @example
 * ```ts
 * parseServerNames(['build01.example.com', '10.0.0.4', '[2001:DB8::1]']).map(({ value }) => value)
 * // ['build01.example.com', '10.0.0.4', '2001:db8::1', 'localhost', '127.0.0.1', '::1']
 * ```
 */
export function parseServerNames(names: readonly string[]): ServerName[] {
  if (!Array.isArray(names) || names.length === 0) {
    throw invalid(
      'the names of a server certificate',
      'there are none',
      'Pass the names and addresses that clients use to connect to the daemon.',
    )
  }
  const unique = new Map<string, ServerName>()
  for (const given of [...(names as readonly string[]), ...OWN_NAMES]) {
    const name = parseServerName(given)
    if (!unique.has(name.value)) unique.set(name.value, name)
  }
  return [...unique.values()]
}

/**
 * Parses one name for a server certificate.
 *
 * @param given - a DNS name, or an IPv4 or IPv6 address
 * @throws {@link PkiError} ERR_NAME_INVALID, with a suggestion if there is one
 * @example
 * ```ts
 * parseServerName('10.0.0.4').kind // 'ip'
 * ```
 */
export function parseServerName(given: string): ServerName {
  checkText(given, 'a name for a server certificate')
  const name = read(given)
  if (typeof name !== 'string') return name
  const meant = guess(given)
  throw invalid(
    `the server name ${quoted(given)}`,
    name,
    meant === undefined
      ? 'Pass a DNS name or an address that clients use to connect to the daemon.'
      : `Use  ${meant}  instead.`,
  )
}

/** The name, or what is wrong with it. */
function read(given: string): ServerName | string {
  const fault = notation(given)
  if (fault !== undefined) return fault
  const address = normaliseAddress(given)
  if (address === '0.0.0.0' || address === '::') return 'it is an address to listen on, and no client can connect to it'
  if (address !== undefined) return mappingFault(address) ?? { kind: 'ip', value: address, given }
  if (given.includes(':')) return 'it is not an IPv6 address, and a certificate name has no port'
  const lookalike = asciiLookalike(given)
  if (lookalike !== undefined)
    return `its character ${lookalike} stands for ${withoutLookalikes(lookalike)} in a DNS name`
  const value = toAscii(given)
  if (value === undefined) return 'it contains characters that a DNS name cannot have'
  return nameFault(value) ?? { kind: 'dns', value, given }
}

function mappingFault(address: string): string | undefined {
  const ipv4 = mappedIpv4(address)
  return ipv4 === undefined
    ? undefined
    : `it is the IPv4 address ${ipv4}, and clients that connect to that one reject it`
}

/** Detects URLs, networks, lists and the like. */
function notation(given: string): string | undefined {
  if (given === '') return 'it is empty'
  if (BLANK.test(given)) return 'it contains white space or a control character'
  if (given.includes('://')) return 'it is a URL, not a name'
  if (given.includes('%')) return 'it contains an IPv6 zone or a %, which a certificate cannot hold'
  if (given.includes('/')) return 'it is a network or a path; a certificate names single hosts'
  if (given.includes(',') || given.includes(';')) return 'it is a list of names'
  if (given.includes('@')) return 'it contains a user name'
  if (/^\[.*\]:\d*$|^[^:]+:\d*$|^.*:237[56]$/.test(given))
    return 'it contains a port; a certificate is valid for every port'
  return undefined
}

/** Punycode for letters beyond ASCII (UTS 46), lower case, and without the dot that a full name may end in. */
function toAscii(given: string): string | undefined {
  const name = given.toLowerCase()
  // domainToASCII() also decodes %-escapes, and newer versions than Node 20's accept invalid punycode.
  const ascii = /\P{ASCII}/u.test(name) ? domainToASCII(name) : name
  return ascii === '' ? undefined : ascii.replace(/(?<=[^.])\.$/, '')
}

function nameFault(name: string): string | undefined {
  if (name.startsWith('.')) return 'it begins with a dot'
  if (name.length > MAX_NAME) return `it has ${name.length} characters; a DNS name has at most ${MAX_NAME}`
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  // For every resolver, a name that ends in a number is an address (WHATWG URL, "ends in a number").
  if (/^(?:\d+|0x[\da-f]*)$/.test(last)) return 'it is not an IPv4 address, and a DNS name does not end in a number'
  const wild = labels[0] === '*'
  // OpenSSL and Node match no `*.com` (RFC 6125 section 7.2).
  if (wild && labels.length < 3) return 'a wildcard must be followed by at least two labels, as in *.example.com'
  for (const label of wild ? labels.slice(1) : labels) {
    const fault = labelFault(label)
    if (fault !== undefined) return fault
  }
  return undefined
}

function labelFault(label: string): string | undefined {
  if (label === '') return 'it contains two dots in a row'
  if (label.includes('*')) return 'a * can only be the whole first label, as in *.example.com'
  if (label.length > MAX_LABEL)
    return `its label "${label.slice(0, 12)}..." has ${label.length} characters; the limit is ${MAX_LABEL}`
  if (label.startsWith('-') || label.endsWith('-')) return `its label "${label}" begins or ends with a -`
  if (!LABEL.test(label)) return `its label "${label}" contains characters other than letters, digits, - and _`
  return undefined
}

/** Much longer than a name with the rest of a URL. In characters. */
const LONGEST_URL = 2048

/** A suggestion: the host of a URL, without user, port, path, zone, brackets and outer dots, as it is read. */
function guess(given: string): string | undefined {
  if (given.length > LONGEST_URL) return undefined
  const text = asciiLookalike(given) === undefined ? given : withoutLookalikes(given)
  const host = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/+/i, '')
    .replace(/[/?#].*$/, '')
    .replace(/^.*@/, '')
    .replace(/%[^\]]*/, '')
    .replace(/^\[(.*)\](?::\d*)?$/, '$1')
    .replace(/^([^:]+):\d*$|^(.+):237[56]$/, '$1$2')
    .replace(/^\.+/, '')
  const ipv4 = mappedIpv4(normaliseAddress(host) ?? '')
  if (ipv4 !== undefined) return ipv4
  return host !== given && typeof read(host) !== 'string' ? host : undefined
}

function invalid(what: string, got: string, todo: string): PkiError {
  return new PkiError('ERR_NAME_INVALID', { tried: `reading ${what}`, got, todo })
}
