import { domainToASCII } from 'node:url'
import { PkiError } from '../base/errors.ts'
import { normaliseAddress } from './address.ts'
import { checkText } from '../base/options.ts'

/** One name that a server is reached by. */
export interface ServerName {
  /** An address, or a DNS name; the kind was inferred. */
  readonly kind: 'dns' | 'ip'
  /** As the certificate holds it: lower case, punycode, addresses in their short form. */
  readonly value: string
  /** As it was given. */
  readonly given: string
}

/** The daemon's own machine reaches it by these, so every server certificate has them. */
export const OWN_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** A DNS name in all (RFC 1035 section 2.3.4), as text without the last dot. */
const MAX_NAME = 253
const MAX_LABEL = 63

/** RFC 1123 section 2.1, and underscores: hosts and Swarm services do have them, and Go, OpenSSL and NSS take them. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** White space of any script, control characters, and what has no shape at all. */
const BLANK = /[\s\p{C}]/u

/**
 * Reads the names for a server certificate: infers the kind of each, adds `localhost`, `127.0.0.1` and `::1`, and drops
 * what comes twice.
 *
 * @param names - DNS names (a `*` as the whole first label too; letters of any script), IPv4 and IPv6 addresses
 * @returns them in the order given, then those that were added
 * @throws {@link PkiError} ERR_NAME_INVALID, naming the bad one and what was probably meant
 * @example
 * ```ts
 * parseServerNames(['build01.example.com', '10.0.0.4', '[2001:DB8::1]']).map(({ value }) => value)
 * // ['build01.example.com', '10.0.0.4', '2001:db8::1', 'localhost', '127.0.0.1', '::1']
 * ```
 */
export function parseServerNames(names: readonly string[]): ServerName[] {
  if (!Array.isArray(names) || names.length === 0) {
    throw invalid(
      'a server certificate',
      'it has no name',
      'Give the names and addresses that clients reach the daemon by.',
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
 * Reads one name for a server certificate.
 *
 * @throws {@link PkiError} ERR_NAME_INVALID, naming it and what was probably meant
 */
export function parseServerName(given: string): ServerName {
  checkText(given, 'a name for a server certificate')
  const name = read(given)
  if (typeof name !== 'string') return name
  const meant = guess(given)
  throw invalid(
    `the name ${JSON.stringify(given)}`,
    name,
    meant === undefined
      ? 'Give a DNS name or an address that clients reach the daemon by.'
      : `Write  ${meant}  instead.`,
  )
}

/** The name, or what is wrong with it. */
function read(given: string): ServerName | string {
  const fault = notation(given)
  if (fault !== undefined) return fault
  const address = normaliseAddress(given)
  if (address === '0.0.0.0' || address === '::') return 'a daemon listens there, but nobody reaches it by that address'
  if (address !== undefined) return { kind: 'ip', value: address, given }
  if (given.includes(':')) return 'it is no IPv6 address, and a certificate names no port'
  const value = toAscii(given)
  if (value === undefined) return 'it has characters that no DNS name can have'
  return nameFault(value) ?? { kind: 'dns', value, given }
}

/** What shows that it isn't a plain name at all. */
function notation(given: string): string | undefined {
  if (given === '') return 'it is empty'
  if (BLANK.test(given)) return 'it has white space or a control character in it'
  if (given.includes('://')) return 'it is a URL, not a name'
  if (given.includes('%')) return 'it has an IPv6 zone or a % in it, which no certificate can name'
  if (given.includes('/')) return 'it is a network or a path, and a certificate names single hosts'
  if (given.includes(',') || given.includes(';')) return 'it is a list'
  if (given.includes('@')) return 'it has a user in it'
  if (/^\[.*\]:\d*$|^[^:]+:\d*$/.test(given)) return 'it has a port, and a certificate holds for every port'
  return undefined
}

/** Punycode for letters beyond ASCII (UTS 46), lower case, and without the dot that a full name may end in. */
function toAscii(given: string): string | undefined {
  const name = given.toLowerCase()
  // domainToASCII() also undoes %-escapes, and newer ones than Node 20's take punycode that means nothing.
  const ascii = /\P{ASCII}/u.test(name) ? domainToASCII(name) : name
  return ascii === '' ? undefined : ascii.replace(/(?<=[^.])\.$/, '')
}

function nameFault(name: string): string | undefined {
  if (name.startsWith('.')) return 'it begins with a dot'
  if (name.length > MAX_NAME) return `it has ${name.length} characters, and a DNS name at most ${MAX_NAME}`
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  // What ends in a number is an address to every resolver (WHATWG URL, "ends in a number").
  if (/^(?:\d+|0x[\da-f]*)$/.test(last)) return 'it is no IPv4 address, and no DNS name ends in a number'
  const wild = labels[0] === '*'
  // OpenSSL and Node match no `*.com` (RFC 6125 section 7.2).
  if (wild && labels.length < 3) return 'a wildcard needs a name of at least two parts behind it'
  for (const label of wild ? labels.slice(1) : labels) {
    const fault = labelFault(label)
    if (fault !== undefined) return fault
  }
  return undefined
}

function labelFault(label: string): string | undefined {
  if (label === '') return 'it has two dots in a row'
  if (label.includes('*')) return 'a * can only be the whole of its first part, as in *.example.com'
  if (label.length > MAX_LABEL)
    return `its part "${label.slice(0, 12)}..." has ${label.length} characters, over ${MAX_LABEL}`
  if (label.startsWith('-') || label.endsWith('-')) return `its part "${label}" begins or ends with a -`
  if (!LABEL.test(label)) return `its part "${label}" has other characters than letters, digits, - and _`
  return undefined
}

/** What was probably meant: the host in a URL, without user, port, path, zone, brackets and outer dots. */
function guess(given: string): string | undefined {
  const host = given
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/+/i, '')
    .replace(/[/?#].*$/, '')
    .replace(/^.*@/, '')
    .replace(/%[^\]]*/, '')
    .replace(/^\[(.*)\](?::\d*)?$/, '$1')
    .replace(/^([^:]+):\d*$/, '$1')
    .replace(/^\.+/, '')
  return host !== given && typeof read(host) !== 'string' ? host : undefined
}

function invalid(what: string, got: string, todo: string): PkiError {
  return new PkiError('ERR_NAME_INVALID', { tried: `reading ${what}`, got, todo })
}
