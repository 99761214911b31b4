import { isIp, normaliseIp } from '../../../identity/names.ts'
import { matching, plainText, refused, type Kind } from './value.ts'

/** The name of a rule or of a socket. It is part of messages and logs. */
export const NAME: Kind<string> = matching(
  /^[A-Za-z0-9][\w.-]{0,63}$/,
  'a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci',
  'is not a name',
)

/** The value of a label, also in a Dockerfile's LABEL without quotes. */
export const OWNER: Kind<string> = matching(
  /^[A-Za-z0-9][\w.-]{0,63}$/,
  'a name of 1 to 64 letters, digits, "-", "_" and ".", such as team-a',
  'is not a name',
)

export const COMMON_NAME: Kind<string> = plainText('a common name, such as ann')

export const ORGANIZATIONAL_UNIT: Kind<string> = plainText('an organizational unit, such as ci')

const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/** Names of certificates have no wildcards here: who has one for `*.example.com` isn't known to be any of its hosts. */
export const DNS: Kind<string> = {
  expected: 'a DNS name, such as build.example.com',
  read: (text) => {
    const name = text.toLowerCase()
    if (isIp(text)) return refused(text, 'is an address', 'Write it as ip.')
    if (HOST.test(name) && !/(?:^|\.)\d+$/.test(name)) return name
    if (text.includes('*')) return refused(text, 'has a wildcard', 'Write each name, or use organizationalUnit.')
    return refused(text, 'is not a DNS name', 'Write it as in the certificate: ASCII, without a dot at the end.')
  },
}

/** RFC 3986 in ASCII. Without what would be another URI after normalising, nothing is normalised. */
export const URI: Kind<string> = matching(
  /^[A-Za-z][A-Za-z0-9+.-]*:[!$&-;=?-Z_a-z~%#@[\]]{1,1000}$/,
  'a URI, such as spiffe://example.com/ci',
  'is not a URI',
)

export const IP: Kind<string> = {
  expected: 'an address, such as 10.0.0.1',
  read: (text) => {
    if (text.includes('/')) return refused(text, 'is a range', 'Write each address of a certificate.')
    if (!isIp(text) || (!text.includes(':') && /(?:^|\.)0\d/.test(text)))
      return refused(text, 'is not an address', 'Write an IPv4 or IPv6 address, such as 10.0.0.1.')
    return normaliseIp(text)
  },
}

/** SHA-256 in hexadecimal. The result is as node:crypto writes it. */
export const FINGERPRINT: Kind<string> = {
  expected: 'a SHA-256 fingerprint in hexadecimal',
  read: (text) => {
    if (/^[0-9a-f]{64}$/i.test(text)) return (text.toUpperCase().match(/../g) ?? []).join(':')
    if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){31}$/i.test(text)) return text.toUpperCase()
    const isSha1 = /^(?:[0-9a-f]{2}:?){20}$/i.test(text)
    const todo = 'Write 64 hexadecimal digits, with or without colons between each two.'
    return refused(text, isSha1 ? 'is a SHA-1 fingerprint' : 'is not a SHA-256 fingerprint', todo)
  },
}
