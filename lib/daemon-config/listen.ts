import { PLAINTEXT_PORT, TLS_PORT } from '../base/ports.ts'
import { DaemonError } from '../base/errors.ts'
import { pathFault } from '../base/absolute-path.ts'
import { quoted } from '../base/text.ts'

/** A listener that is reachable only on its own host: sockets that systemd passes, or a socket file. */
export type LocalListener = 'fd://' | `unix://${string}`
/** A listener on the network. It always uses TLS. */
export type TcpListener = `tcp://${string}`
/** The listener if none is requested: every address, and the port for TLS. */
export const DEFAULT_LISTENER: TcpListener = `tcp://0.0.0.0:${TLS_PORT}`
/** The address of systemd's docker.socket. */
export const LOCAL_SOCKET = 'unix:///run/docker.sock'
/** The socket that the docker command uses by default. Without systemd, /var/run need not be a link to /run. */
export const DOCKER_SOCKET = 'unix:///var/run/docker.sock'
/** An address that the daemon listens on. */
export type Listener = LocalListener | TcpListener

/** sun_path has 108 bytes with its NUL (unix(7)). */
const LONGEST_SOCKET = 107
const FORMS = 'Write fd://, unix:///PATH or tcp://ADDRESS:2376.'
/**
 * Labels of letters, digits and hyphens, with no hyphen at an end (RFC 1123 section 2.1). The last label is not a number, since
 * the name would then be an address.
 */
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function refuse(listener: string, got: string, todo: string): never {
  throw new DaemonError('ERR_LISTEN_INVALID', { tried: `using the listener ${quoted(listener)}`, got, todo })
}

function refusePlaintext(listener: string, got: string, todo: string): never {
  throw new DaemonError('ERR_LISTEN_PLAINTEXT', { tried: `using the listener ${quoted(listener)}`, got, todo })
}

/**
 * Checks a listener as dockerd's `-H` accepts it.
 *
 * @param text - `fd://`, `unix:///PATH` or `tcp://ADDRESS:PORT`; an IPv6 address in brackets
 * @returns the same text, checked
 * @throws {@link DaemonError} `ERR_LISTEN_INVALID`; `ERR_LISTEN_PLAINTEXT` for port 2375, and for TCP without a port, since
 *   dockerd then uses 2375
 * @example
 * ```ts
 * parseListener('tcp://[::]:2376')
 * ```
 */
export function parseListener(text: string): Listener {
  if (text === 'fd://') return text
  const { scheme = '', rest = '' } = /^(?<scheme>[a-z]+):\/\/(?<rest>.*)$/is.exec(text)?.groups ?? {}
  switch (scheme) {
    case 'unix':
      return unixListener(text, rest)
    case 'tcp':
      return tcpListener(text, rest)
    case 'http':
    case 'https':
      return refuse(text, `${scheme}:// is not a listener scheme of dockerd`, FORMS)
    case 'fd':
      return refuse(text, "fd:// can't have a name here", 'Write fd:// for all sockets that systemd passes.')
    default:
      return refuse(text, 'it is not a listener of dockerd', FORMS)
  }
}

/**
 * Parses a value of `--listen`: an address and a port, with or without `tcp://`.
 *
 * @param text - such as `0.0.0.0:2376`, `[::]:2376` or `build01.example.com:2376`
 * @returns the TCP listener
 * @throws {@link DaemonError} `ERR_LISTEN_INVALID`, `ERR_LISTEN_PLAINTEXT`
 * @example
 * ```ts
 * parseListen('0.0.0.0:2376') // 'tcp://0.0.0.0:2376'
 * ```
 */
export function parseListen(text: string): TcpListener {
  const rest = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text
  if (rest.includes('://')) refuse(text, 'it is not a network address', 'Write ADDRESS:PORT, such as 0.0.0.0:2376.')
  return tcpListener(text, rest)
}

/**
 * Parses a host in a command line or in daemon.json as dockerd does (moby, ParseDaemonHost in opts/hosts.go): the default
 * scheme is TCP, the default address localhost, the default port 2375.
 *
 * @param host - any text
 * @returns the listener on the network, valid or not; undefined if it isn't one
 */
export function networkListener(host: string): TcpListener | undefined {
  const { scheme = 'tcp', rest = '' } = /^(?:(?<scheme>\w+):\/\/)?(?<rest>.*)$/s.exec(host.trim())?.groups ?? {}
  if (scheme !== 'tcp' || host.trim() === '') return undefined
  const found = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>\d*))?$/.exec(rest)?.groups
  if (found === undefined) return `tcp://${rest}`
  return `tcp://${found['name'] || 'localhost'}:${found['port'] || PLAINTEXT_PORT}`
}

function unixListener(text: string, path: string): LocalListener {
  const fault = pathFault(path)
  if (fault !== undefined)
    return refuse(text, `as a path ${fault}`, 'Write unix:///PATH with the absolute path of the socket.')
  if (Buffer.byteLength(path) > LONGEST_SOCKET) {
    refuse(text, `the path of a socket has at most ${LONGEST_SOCKET} bytes`, 'Choose a shorter path.')
  }
  // moby trims the values of -H (opts/hosts.go), so dockerd would listen on another path than requested.
  if (path !== path.trim()) refuse(text, 'dockerd removes blanks at the end of a path', 'Choose a path without them.')
  return `unix://${path}`
}

function tcpListener(text: string, rest: string): TcpListener {
  const found = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>[^:]*))?$/.exec(rest)?.groups
  if (found === undefined) {
    return refuse(text, 'it has more than one colon', withBrackets(rest) ?? FORMS)
  }
  const { host = '', port } = found
  if (port === undefined || port === '') return refuseNoPort(text, host)
  checkPort(text, host, port)
  checkHost(text, host)
  return `tcp://${host}:${port}`
}

/** The same IPv6 address in brackets. What could be a port is one: nobody means a group of four digits by `:2376`. */
function withBrackets(rest: string): string | undefined {
  const bare = rest.replaceAll(/[[\]]/g, '')
  const { address = bare, port = '2376' } = /^(?<address>.+):(?<port>\d{4,5})$/.exec(bare)?.groups ?? {}
  const [own, whole] = [`[${address}]`, `[${bare}]`]
  if (isBracketedIpv6(own)) return `Put the IPv6 address in brackets: ${own}:${port === '2375' ? '2376' : port}.`
  return isBracketedIpv6(whole) ? `Put the IPv6 address in brackets: ${whole}:2376.` : undefined
}

function refuseNoPort(text: string, host: string): never {
  if (/^\d+$/.test(host)) return refuse(text, 'it is a port without an address', `Add the address: 0.0.0.0:${host}.`)
  checkHost(text, host)
  return refusePlaintext(
    text,
    'it has no port, and dockerd then uses the plaintext port 2375, even with TLS',
    `Write ${host}:2376.`,
  )
}

function checkPort(text: string, host: string, port: string): void {
  if (port === String(PLAINTEXT_PORT)) {
    refusePlaintext(text, "2375 is Docker's plaintext port", `Use the TLS port: ${host || '0.0.0.0'}:2376.`)
  }
  const known = /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
  if (!known)
    refuse(text, `${quoted(port)} is not a port`, 'Use a number from 1 to 65535; the port for Docker with TLS is 2376.')
}

function checkHost(text: string, host: string): void {
  if (host === '')
    refuse(text, 'it has no address', 'Write 0.0.0.0 for all addresses, including IPv6, or a single address.')
  const valid = host.startsWith('[') ? isBracketedIpv6(host) : IPV4.test(host) || HOST_NAME.test(host)
  if (!valid) refuse(text, `${quoted(host)} is neither an address nor a host name`, FORMS)
}

/** The URL parser accepts every form of an IPv6 address without a zone (WHATWG URL section 3.5). So does dockerd's parser. */
function isBracketedIpv6(host: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(host) && URL.canParse(`http://${host}`)
}
