import { ArgumentError } from '../base/errors.ts'
import { formatEndpoint, PLAINTEXT_PORT, TLS_PORT, type Endpoint } from './endpoint.ts'
import { FORMS, refuse, type HostText } from './host-refusal.ts'
import { parseNpipe, parseUnix } from './host-socket.ts'
import { parseSsh } from './host-ssh.ts'
import { isIpv6, parseTcp } from './host-tcp.ts'
import { forbiddenCharacter, showHost } from './text.ts'

/** How {@link parseHost} reads a host. */
export interface ParseHostOptions {
  /**
   * The daemon on port 2375 speaks TLS, as dockerd does for `-H tcp://IP --tlsverify`. Still verified TLS.
   *
   * @defaultValue false
   */
  readonly tlsOnPort2375?: boolean | undefined
  /**
   * Where the text comes from, for error messages: a variable's name, or words.
   *
   * @defaultValue 'host'
   */
  readonly source?: string | undefined
}

/** Far beyond the longest name, path and prefix together. */
const LONGEST = 4096
const HTTP_PORT = 80
const SCHEME = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<rest>.*)$/i
const SCHEME_WITHOUT_SLASHES = /^(?<word>tcp|https?|unix|npipe|ssh|fd):\/*(?<rest>.*)$/i

/**
 * Reads any form of a Docker host. Pure: no name is looked up, no file is touched, no variable is read.
 *
 * @param text - as DOCKER_HOST or `docker -H` has it, or a bare name or address
 * @param options - see {@link ParseHostOptions}
 * @returns where the daemon is
 * @throws {@link EndpointError} `ERR_HOST_INVALID`, `ERR_PLAINTEXT_REFUSED`, `ERR_PLAINTEXT_PORT`
 * @throws {@link ArgumentError} when the text is no string, or an option is unknown or of a wrong type
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
  if (forbidden !== undefined) refuse(host, `it holds ${forbidden}`, 'Take that character out.')
  const { scheme, rest = '' } = SCHEME.exec(host.text)?.groups ?? {}
  return scheme === undefined ? parseBare(host) : parseWithScheme(host, scheme.toLowerCase(), rest)
}

function readArguments(text: unknown, options: ParseHostOptions): HostText {
  if (typeof text !== 'string') throw wrongArgument('the host', 'a string')
  const { tlsOnPort2375 = false, source = 'host', ...others } = options
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) {
    throw new ArgumentError('ERR_OPTION_UNKNOWN', {
      tried: 'parseHost',
      got: `there is no option ${unknown}`,
      todo: 'Its options are tlsOnPort2375 and source.',
    })
  }
  // A string such as 'false' must not count as true: this option lets a port through.
  if (typeof tlsOnPort2375 !== 'boolean') throw wrongArgument('the option tlsOnPort2375', 'true or false')
  if (typeof source !== 'string') throw wrongArgument('the option source', 'a string')
  const shown = showHost(text)
  const tried = /^[A-Z_]+$/.test(source) ? `${source}=${shown}` : `${source} "${shown}"`
  return { text: text.trim(), tried, tlsOnPort2375 }
}

function wrongArgument(what: string, expected: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'parseHost',
    got: `${what} is not ${expected}`,
    todo: `Give ${expected}.`,
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
      return refuse(host, 'http:// is plaintext, and only TLS is spoken here', overTls(rest), 'ERR_PLAINTEXT_REFUSED')
    case 'fd':
      return refuse(
        host,
        'fd:// is a socket that systemd hands to the daemon, none that a client can open',
        'On the same machine a client uses unix:///var/run/docker.sock.',
      )
    default:
      return refuse(host, `${scheme}:// is no scheme of a Docker host`, overTls(rest))
  }
}

/** What was probably meant by a host of another scheme: the same one over TLS, off the plaintext ports. */
function overTls(rest: string): string {
  try {
    const endpoint = parseTcp({ text: rest, tried: rest, tlsOnPort2375: true }, rest)
    const plaintext = endpoint.port === PLAINTEXT_PORT || endpoint.port === HTTP_PORT
    return `Probably meant: ${formatEndpoint(plaintext ? { ...endpoint, port: TLS_PORT } : endpoint)}`
  } catch {
    return FORMS
  }
}

function parseBare(host: HostText): Endpoint {
  const { text } = host
  if (/^\/\/\.\/pipe\//i.test(text)) refuse(host, 'a named pipe needs its scheme', `Probably meant: npipe://${text}`)
  if (text.startsWith('/')) return parseUnix(host, text)
  if (text.includes('\\') || /^[a-z]:\//i.test(text)) {
    refuse(host, 'a Windows path is no Docker host', 'Write a named pipe as npipe:////./pipe/NAME.')
  }
  const { word, rest = '' } = SCHEME_WITHOUT_SLASHES.exec(text)?.groups ?? {}
  if (word !== undefined) refuse(host, `${word}: is written ${word}://`, withSlashes(word.toLowerCase(), rest))
  if (/^[.~]/.test(text) || text.endsWith('.sock')) {
    refuse(host, 'a path that does not begin with / is no socket', 'Write the whole path: unix:///PATH.')
  }
  return isIpv6(text) ? parseBareIpv6(host) : parseTcp({ ...host, bare: true }, text)
}

function withSlashes(scheme: string, rest: string): string {
  if (scheme === 'unix' && /^[\w./-]+$/.test(rest)) return `Probably meant: unix:///${rest}`
  return scheme === 'tcp' || scheme.startsWith('http') ? overTls(rest) : FORMS
}

function parseBareIpv6(host: HostText): Endpoint {
  const { address = '', port } = /^(?<address>.+):(?<port>237[56])$/.exec(host.text)?.groups ?? {}
  if (port !== undefined && isIpv6(address)) {
    refuse(host, `:${port} reads as the end of the IPv6 address`, `Probably meant: tcp://[${address}]:${TLS_PORT}`)
  }
  return parseTcp(host, `[${host.text}]`)
}
