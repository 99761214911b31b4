import { ArgumentError } from '../base/errors.ts'
import { PLAINTEXT_PORT, TLS_PORT } from '../base/ports.ts'
import { formatEndpoint, type Endpoint } from './endpoint.ts'
import { brokenScheme, FORMS, refuse, type HostText } from './host-text.ts'
import { parseNpipe, parseUnix } from './host-socket.ts'
import { parseSsh } from './host-ssh.ts'
import { checkOptions } from '../base/options.ts'
import { sentence } from '../base/sentence.ts'
import { nameSource } from './resolution-log.ts'
import { isIpv6, parseTcp } from './host-tcp.ts'
import { forbiddenCharacter, showHost } from './text.ts'

/** How {@link parseHost} reads a host. */
export interface ParseHostOptions {
  /**
   * Allows port 2375 for a daemon that uses TLS on it, as dockerd does with `-H tcp://IP --tlsverify`. The connection still
   * uses verified TLS.
   *
   * @defaultValue false
   */
  readonly tlsOnPort2375?: boolean | undefined
  /**
   * Where the text comes from, for error messages: the name of a variable or a description.
   *
   * @defaultValue 'host'
   */
  readonly source?: string | undefined
}

/** Far longer than the longest name, path and prefix together. In characters. */
const LONGEST = 4096
const HTTP_PORT = 80
const SCHEME = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<rest>.*)$/i

/**
 * Parses any form of a Docker host. It only parses the text: it resolves no name, and reads no file and no variable.
 *
 * @param text - a value for DOCKER_HOST or `docker -H`, or a name or address alone
 * @param options - see {@link ParseHostOptions}
 * @returns where the daemon is
 * @throws {@link EndpointError} `ERR_HOST_INVALID`, `ERR_PLAINTEXT_REFUSED`, `ERR_PLAINTEXT_PORT`
 * @throws {@link ArgumentError} if the text isn't a string, or an option is unknown or has the wrong type
 * @example
 * ```ts
 * parseHost('build01.example.com') // { kind: 'tls', host: 'build01.example.com', port: 2376, prefix: '' }
 * ```
 */
export function parseHost(text: string, options: ParseHostOptions = {}): Endpoint {
  const host = readArguments(text, options)
  if (host.text === '') refuse(host, 'it is empty', FORMS)
  if (host.text.length > LONGEST) refuse(host, `it is longer than ${LONGEST} characters`, FORMS)
  const forbidden = forbiddenCharacter(host.text)
  if (forbidden !== undefined) refuse(host, `it contains ${forbidden}`, 'Remove that character.')
  const { scheme, rest = '' } = SCHEME.exec(host.text)?.groups ?? {}
  return scheme === undefined ? parseBare(host) : parseWithScheme(host, scheme.toLowerCase(), rest)
}

function readArguments(text: unknown, options: ParseHostOptions): HostText {
  if (typeof text !== 'string') throw wrongArgument('the host', 'a string')
  checkOptions(options, ['tlsOnPort2375', 'source'], 'parseHost()')
  const { tlsOnPort2375 = false, source = 'host' } = options
  // A string such as 'false' must not count as true: this option lets a port through.
  if (typeof tlsOnPort2375 !== 'boolean') throw wrongArgument('the option tlsOnPort2375', 'true or false')
  if (typeof source !== 'string') throw wrongArgument('the option source', 'a string')
  const shown = showHost(text)
  const tried = /^[A-Z_]+$/.test(source) ? `${source}=${shown}` : sentence`${nameSource(source)} "${shown}"`
  return { text: text.trim(), tried, tlsOnPort2375 }
}

function wrongArgument(what: string, expected: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'calling parseHost()',
    got: `${what} is not ${expected}`,
    todo: `Pass ${expected}.`,
  })
}

function parseWithScheme(host: HostText, scheme: string, rest: string): Endpoint {
  switch (scheme) {
    case 'tcp':
      return parseTcp(host, rest)
    case 'https':
      return parseTcp(host, rest, 443)
    case 'unix':
      return parseUnix(host, rest)
    case 'npipe':
      return parseNpipe(host, rest)
    case 'ssh':
      return parseSsh(host, rest)
    case 'http':
      return refuse(host, 'http:// is plaintext, and docker-mtls uses only TLS', overTls(rest), 'ERR_PLAINTEXT_REFUSED')
    case 'fd':
      return refuse(
        host,
        "fd:// is a socket that systemd passes to dockerd; clients can't open it",
        'On the same machine, use unix:///var/run/docker.sock.',
      )
    default:
      return refuse(host, `${scheme}:// is not a scheme of a Docker host`, overTls(rest))
  }
}

/** Suggests the same host with TLS for a host with another scheme. A plaintext port becomes the TLS port. */
function overTls(rest: string): string {
  try {
    const endpoint = parseTcp({ text: rest, tried: rest, tlsOnPort2375: true }, rest)
    const plaintext = endpoint.port === PLAINTEXT_PORT || endpoint.port === HTTP_PORT
    return `Did you mean ${formatEndpoint(plaintext ? { ...endpoint, port: TLS_PORT } : endpoint)}?`
  } catch {
    return FORMS
  }
}

function parseBare(host: HostText): Endpoint {
  const { text } = host
  if (/^\/\/\.\/pipe\//i.test(text)) refuse(host, 'a named pipe needs its scheme', `Did you mean npipe://${text}?`)
  if (text.startsWith('/')) return parseUnix(host, text)
  if (text.includes('\\') || /^[a-z]:\//i.test(text)) {
    refuse(host, 'a Windows path is not a Docker host', 'Use npipe:////./pipe/NAME for a named pipe.')
  }
  const broken = brokenScheme(text)
  if (broken !== undefined) refuse(host, broken.fault, whole(host, broken.scheme, broken.rest))
  if (/^[.~]/.test(text) || text.endsWith('.sock')) {
    refuse(host, 'the path of a socket must begin with /', 'Use the absolute path: unix:///PATH.')
  }
  return isIpv6(text) ? parseBareIpv6(host) : parseTcp({ ...host, bare: true }, text)
}

/** The same host with a whole scheme. The parsers refuse secrets, which a message must not show. */
function whole(host: HostText, scheme: string, rest: string): string {
  if (scheme === 'unix' && /^[\w./-]+$/.test(rest)) return `Did you mean unix:///${rest}?`
  if (scheme === 'tcp' || scheme === 'http') return overTls(rest)
  if (scheme !== 'ssh' && scheme !== 'https') return FORMS
  try {
    parseWithScheme(host, scheme, rest)
    return `Did you mean ${scheme}://${rest}?`
  } catch {
    return scheme === 'https' ? overTls(rest) : FORMS
  }
}

function parseBareIpv6(host: HostText): Endpoint {
  const { address = '', port } = /^(?<address>.+):(?<port>237[56])$/.exec(host.text)?.groups ?? {}
  if (port !== undefined && isIpv6(address)) {
    refuse(host, `:${port} could be the end of the IPv6 address`, `Did you mean tcp://[${address}]:${TLS_PORT}?`)
  }
  return parseTcp(host, `[${host.text}]`)
}
