import { ArgumentError } from '../base/errors.ts'
import { asciiLookalike } from '../base/host-mapping.ts'
import { option, sentence, type Sentence } from '../base/sentence.ts'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import { brokenScheme } from './host-text.ts'
import { forbiddenCharacter, showHost } from './text.ts'

const FORM = sentence`Use http://PROXY:PORT. For a proxy with a password, set ${option('proxy', "'http://USER:PASSWORD@PROXY:PORT'")}.`
const DEFAULT_PORT = 80
/** A text that contains this many consecutive characters of a secret counts as repeating it. */
const FRAGMENT_LENGTH = 4

/** An HTTP proxy that opens tunnels. Only {@link HttpProxy.authorization} returns its credentials. */
export class HttpProxy {
  /** The name or address. An IPv6 address is without brackets. */
  readonly host: string
  readonly port: number
  /** `http://proxy:3128`, for messages. */
  readonly name: string
  readonly #credentials: string | undefined

  constructor({ hostname, port }: URL, credentials: string | undefined) {
    this.host = hostname.replace(/^\[(.*)\]$/, '$1')
    this.port = port === '' ? DEFAULT_PORT : Number(port)
    this.name = `http://${hostname}:${this.port}`
    this.#credentials = credentials
  }

  /** The value of the header Proxy-Authorization (RFC 7617). Undefined without credentials. */
  authorization(): string | undefined {
    const credentials = this.#credentials
    return credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`
  }

  /**
   * Whether a text contains the user name, the password or a part of them. Such an answer of the proxy must not be shown.
   *
   * @param text - an answer of the proxy, decoded as latin1
   */
  isRepeatedIn(text: string): boolean {
    const credentials = this.#credentials ?? ''
    const [user, ...password] = credentials.split(':')
    const parts = [user ?? '', password.join(':')]
    const secrets = [...parts, ...parts.map(encodeURIComponent), Buffer.from(credentials).toString('base64')]
    const received = text.toLowerCase()
    return secrets.flatMap(fragmentsOf).some((fragment) => received.includes(fragment))
  }
}

/** All substrings of a secret that have the length of a fragment, or the whole secret if it is shorter. */
function fragmentsOf(secret: string): string[] {
  const bytes = Buffer.from(secret).toString('latin1').toLowerCase()
  if (bytes === '') return []
  const count = Math.max(bytes.length - FRAGMENT_LENGTH, 0) + 1
  return Array.from({ length: count }, (_, at) => bytes.slice(at, at + FRAGMENT_LENGTH))
}

function refuse(text: string, got: string, todo: Sentence = FORM): never {
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: sentence`the option ${option('proxy')} "${showHost(text)}"`,
    got,
    todo,
  })
}

/**
 * Parses the option `proxy`. No message quotes the unescaped text, since a password may be anywhere in it.
 *
 * @throws {@link ArgumentError} for a text that isn't the URL of an HTTP proxy
 */
export function parseProxy(text: string): HttpProxy {
  if (forbiddenCharacter(text) !== undefined) refuse(text, 'it contains a control character')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) refuse(text, brokenScheme(text)?.fault ?? 'it has no scheme')
  if (scheme === 'https') {
    const todo = 'Use http://. The connection to the daemon through the proxy is encrypted in any case.'
    refuse(text, 'TLS to the proxy itself is not supported', todo)
  }
  if (scheme !== 'http') refuse(text, `${scheme}:// is not a scheme of an HTTP proxy`)
  if (!URL.canParse(text)) refuse(text, 'it is not a URL')
  const url = new URL(text)
  if (url.port === '0') refuse(text, '0 is not a port')
  if (isRewritten(url, text)) refuse(text, `its host would be ${url.hostname}`, `Did you mean http://${url.host}?`)
  if (url.pathname !== '/' || /[?#]/.test(text))
    refuse(text, "the URL of a proxy can't have a path, a query or a fragment")
  return new HttpProxy(url, credentialsOf(url, text))
}

/**
 * Whether the parser read another host than the text shows: `127.1` is 127.0.0.1, `%41` is `a`, and `①②.com` is
 * `12.com`. Letters beyond ASCII become punycode, and an IPv6 address gets its short form.
 */
function isRewritten({ hostname }: URL, text: string): boolean {
  const authority = /^[a-z]+:[/\\]*([^/\\?#]*)/i.exec(text.trim())?.[1] ?? ''
  const typed = authority.replace(/^.*@/s, '').replace(/:\d*$/, '')
  if (typed.startsWith('[')) return false
  if (/^\p{ASCII}*$/u.test(typed)) return typed.toLowerCase() !== hostname
  return asciiLookalike(typed) !== undefined || /\p{Default_Ignorable_Code_Point}/u.test(typed)
}

function credentialsOf({ username, password }: URL, text: string): string | undefined {
  if (username === '' && password === '') return undefined
  const [user, secret] = [username, password].map((part) => decoded(part, text))
  // RFC 7617, section 2: the first colon ends the user name.
  if (user?.includes(':') === true) refuse(text, "a user name can't contain a colon")
  return `${user}:${secret}`
}

function decoded(part: string, text: string): string {
  try {
    const found = decodeURIComponent(part)
    if (forbiddenCharacter(found) === undefined) return found
  } catch {
    // Refused below.
  }
  return refuse(text, "its user name or password can't be decoded", 'Write special characters in them as %XX.')
}

/**
 * Refuses a proxy for an endpoint that can't use one. Ignoring it would mislead users who rely on the proxy.
 *
 * @throws {@link ArgumentError} for an endpoint without TLS
 */
export function refuseUnusedProxy(endpoint: Endpoint): void {
  if (endpoint.kind === 'tls') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: sentence`the option ${option('proxy')} for ${formatEndpoint(endpoint)}`,
    got:
      endpoint.kind === 'ssh'
        ? 'ssh uses the proxies in its own configuration'
        : 'a local socket is reached without a proxy',
    todo: endpoint.kind === 'ssh' ? 'Set ProxyJump or ProxyCommand in ~/.ssh/config.' : 'Remove this option.',
  })
}
