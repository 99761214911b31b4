import { domainToASCII } from 'node:url'
import { hasDotSegment } from '../base/dot-segments.ts'
import { mappedIpv4 } from '../base/host-mapping.ts'
import { isPort, TLS_PORT } from '../base/ports.ts'
import { formatEndpoint, type TlsEndpoint } from './endpoint.ts'
import { refuse, type HostText } from './host-text.ts'
import { refusePlaintextPort } from './plaintext-port.ts'
import { printable } from '../base/text.ts'

/** The lengths are those of RFC 1035, 2.3.4. RFC 952 allows no underscore in a host name, but internal networks use it. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const LONGEST_NAME = 253
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
/** The unreserved characters of a zone (RFC 6874). Percent-encoded zones are refused: no known interface needs one. */
const ZONE = /^[A-Za-z0-9._~-]+$/
/** The characters of a path segment (RFC 3986, 3.3). */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+$/

/**
 * Whether the text is an IPv6 address without brackets and zone. The URL parser decides, since only transport/ imports
 * node:net.
 */
export function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]`)
}

/** Parses the text after `tcp://` or `https://`, or `HOST:PORT` without a scheme. */
export function parseTcp(host: HostText, rest: string, defaultPort: number = TLS_PORT): TlsEndpoint {
  refuseUrlParts(host, rest)
  const slash = rest.indexOf('/')
  const authority = slash === -1 ? rest : rest.slice(0, slash)
  const { name, port } = splitAuthority(host, authority)
  const endpoint: TlsEndpoint = {
    kind: 'tls',
    host: name.startsWith('[') ? parseIpv6(host, name.slice(1, -1)) : parseName(host, name),
    port: port === '' ? defaultPort : parsePort(host, port),
    prefix: slash === -1 ? '' : parsePrefix(host, rest.slice(slash)),
  }
  if (host.bare === true && slash !== -1 && port === '') {
    refuse(host, 'it may be a host with a path prefix or a local path', `Did you mean ${formatEndpoint(endpoint)}?`)
  }
  return refusePlaintextPort(host, endpoint)
}

/**
 * Must be the first check: later checks quote parts of the text in messages, and these parts may contain a password or a
 * token.
 */
function refuseUrlParts(host: HostText, rest: string): void {
  if (/@|%40/.test(rest)) {
    const todo = 'Remove everything up to the @: the client certificate identifies you.'
    refuse(host, 'it contains a user name or password', todo)
  }
  if (rest.includes('?')) refuse(host, 'it contains a query', 'Remove the ? and everything after it.')
  if (rest.includes('#')) refuse(host, 'it contains a fragment', 'Remove the # and everything after it.')
}

/** Splits at the port. `name` keeps its brackets, which mark an IPv6 address. */
function splitAuthority(host: HostText, authority: string): { name: string; port: string } {
  const { name, port = '' } = /^(?<name>\[[^[\]]*\]|[^:[\]]*)(?::(?<port>[^:]*))?$/.exec(authority)?.groups ?? {}
  if (name !== undefined) return { name, port }
  if (/[[\]]/.test(authority)) refuse(host, 'its brackets are misplaced', 'Use a form such as tcp://[::1]:2376.')
  // Written like this, the port of Docker is more likely than such an end of an address.
  const shorter = authority.replace(/:237[56]$/, '')
  const likely = isIpv6(addressIn(shorter)) ? shorter : authority
  const address = addressIn(likely)
  if (!isIpv6(address)) refuse(host, 'it has more than one colon', 'Use tcp://HOST:2376.')
  const zone = likely.slice(address.length).replace(/^%(?:25)?/, '%25')
  return refuse(host, 'an IPv6 address in a URL needs brackets', `Did you mean tcp://[${address}${zone}]:2376?`)
}

/** The part before a zone. */
const addressIn = (text: string): string => /^[^%]+/.exec(text)?.[0] ?? ''

/** Returns the address in its canonical form (RFC 5952), with the zone decoded (RFC 6874). */
function parseIpv6(host: HostText, text: string): string {
  const {
    address = '',
    percent,
    zone = '',
  } = /^(?<address>[^%]*)(?:(?<percent>%(?:25)?)(?<zone>.*))?$/.exec(text)?.groups ?? {}
  if (!isIpv6(address)) refuse(host, `[${printable(text)}] is not an IPv6 address`, 'Use an address such as [::1].')
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const ipv4 = mappedIpv4(canonical)
  if (ipv4 !== undefined) refuse(host, `[${printable(text)}] is the IPv4 address ${ipv4}`, `Did you mean ${ipv4}?`)
  if (percent === undefined) return canonical
  if (percent === '%')
    refuse(host, 'the % before a zone must be written %25', `Did you mean tcp://[${address}%25${zone}]:2376?`)
  if (!ZONE.test(zone))
    refuse(host, 'the zone of the IPv6 address is not the name of an interface', 'Use [ADDRESS%25INTERFACE].')
  return `${canonical}%${zone}`
}

function parseName(host: HostText, name: string): string {
  if (name === '') refuse(host, 'it has no host', 'For a daemon on this machine, use tcp://localhost:2376.')
  // If the last label is a number, the name is an IPv4 address (WHATWG URL, "ends in a number"). Forms such as 127.1,
  // 0x7f.0.0.1 and 010.0.0.5 are refused, because resolvers disagree about their meaning.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(name)) {
    if (IPV4.test(name)) return name
    refuse(host, `${printable(name)} is not an IPv4 address`, 'Use four numbers from 0 to 255, such as 10.0.0.5.')
  }
  const ascii = /\P{ASCII}/u.test(name) ? domainToASCII(name) : ''
  if (ascii !== '') refuse(host, 'a DNS name must be written in ASCII', `Did you mean ${ascii}?`)
  const lower = name.toLowerCase()
  const labels = lower.replace(/\.$/, '').split('.')
  if (lower.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label))) return lower
  return refuse(
    host,
    `"${printable(name)}" is not a host name`,
    'Use a DNS name, an IPv4 address or an [IPv6] address.',
  )
}

/** Parses a port; also used for ssh hosts. */
export function parsePort(host: HostText, text: string, usual: number = TLS_PORT): number {
  if (isPort(text)) return Number(text)
  return refuse(host, `"${printable(text)}" is not a port`, `Use a number from 1 to 65535. The usual port is ${usual}.`)
}

/** The prefix comes before every API path, so it must not contain segments that lead elsewhere, such as `..`. */
function parsePrefix(host: HostText, text: string): string {
  const prefix = text.replace(/\/$/, '')
  if (prefix === '') return ''
  for (const segment of prefix.slice(1).split('/')) {
    if (!isNormalizedSegment(segment)) {
      refuse(
        host,
        `the prefix ${printable(text)} is not a normalized path`,
        'Use a form such as /A/B, without empty, . or .. parts.',
      )
    }
  }
  return prefix
}

function isNormalizedSegment(segment: string): boolean {
  if (!SEGMENT.test(segment) || hasDotSegment(segment)) return false
  try {
    return !/[/\\\p{Cc}]/u.test(decodeURIComponent(segment))
  } catch {
    return false
  }
}
