import { DaemonError } from '../base/errors.ts'
import { pathFault } from '../base/absolute-path.ts'
import { quoted } from '../base/text.ts'

/** A listener that only this machine reaches: what systemd hands over, or a socket file. */
export type LocalListener = 'fd://' | `unix://${string}`
/** A listener on the network. It never comes without TLS. */
export type TcpListener = `tcp://${string}`
/** Where systemd's docker.socket listens for its own host. */
export const LOCAL_SOCKET = 'unix:///run/docker.sock'
/** Where the daemon listens. */
export type Listener = LocalListener | TcpListener

/** sun_path has 108 bytes with its NUL (unix(7)). */
const LONGEST_SOCKET = 107
const FORMS = 'Write fd://, unix:///PATH or tcp://ADDRESS:2376.'
/** Letters, digits and hyphens, none at an end (RFC 1123 section 2.1); the last label is no number, or it would be an address. */
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function refuse(listener: string, got: string, todo: string): never {
  throw new DaemonError('ERR_LISTEN_INVALID', { tried: `the listener ${quoted(listener)}`, got, todo })
}

function refusePlaintext(listener: string, got: string, todo: string): never {
  throw new DaemonError('ERR_LISTEN_PLAINTEXT', { tried: `the listener ${quoted(listener)}`, got, todo })
}

/**
 * Reads a listener in the form that dockerd's `-H` takes.
 *
 * @param text - `fd://`, `unix:///PATH` or `tcp://ADDRESS:PORT`; an IPv6 address in brackets
 * @returns the same text, checked
 * @throws {@link DaemonError} `ERR_LISTEN_INVALID`; `ERR_LISTEN_PLAINTEXT` for port 2375, and for TCP without a port,
 *   where dockerd would take 2375
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
      return refuse(text, `${scheme}:// is no scheme of a listener`, FORMS)
    case 'fd':
      return refuse(text, 'fd:// takes no name here', 'Write fd:// for all sockets that systemd hands over.')
    default:
      return refuse(text, 'it is no listener of dockerd', FORMS)
  }
}

/**
 * Reads what `--listen` takes: an address and a port, with or without `tcp://`.
 *
 * @param text - as `0.0.0.0:2376`, `[::]:2376` or `build01.example.com:2376`
 * @returns the TCP listener
 * @throws {@link DaemonError} `ERR_LISTEN_INVALID`, `ERR_LISTEN_PLAINTEXT`
 * @example
 * ```ts
 * parseListen('0.0.0.0:2376') // 'tcp://0.0.0.0:2376'
 * ```
 */
export function parseListen(text: string): TcpListener {
  const rest = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text
  if (rest.includes('://')) refuse(text, 'it is no address on the network', 'Write ADDRESS:PORT, such as 0.0.0.0:2376.')
  return tcpListener(text, rest)
}

/**
 * What dockerd makes of a host of its command line or of daemon.json (moby, ParseDaemonHost in opts/hosts.go): without a
 * scheme it is TCP, without an address that of this machine alone, without a port 2375.
 *
 * @param host - whatever stands there
 * @returns the listener on the network, fit or not; undefined where it is none
 */
export function networkListener(host: string): TcpListener | undefined {
  const { scheme = 'tcp', rest = '' } = /^(?:(?<scheme>\w+):\/\/)?(?<rest>.*)$/s.exec(host.trim())?.groups ?? {}
  if (scheme !== 'tcp' || host.trim() === '') return undefined
  const found = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>\d*))?$/.exec(rest)?.groups
  if (found === undefined) return `tcp://${rest}`
  return `tcp://${found['name'] || 'localhost'}:${found['port'] || '2375'}`
}

function unixListener(text: string, path: string): LocalListener {
  const fault = pathFault(path)
  if (fault !== undefined)
    return refuse(text, `as a path ${fault}`, 'Write unix:///PATH, the whole path of the socket.')
  if (Buffer.byteLength(path) > LONGEST_SOCKET) {
    refuse(text, `a socket's path has at most ${LONGEST_SOCKET} bytes`, 'Choose a shorter path.')
  }
  // moby trims the values of -H (opts/hosts.go), so dockerd would listen beside the path that was asked for.
  if (path !== path.trim()) refuse(text, 'dockerd drops the blanks at its end', 'Choose a path without them.')
  return `unix://${path}`
}

function tcpListener(text: string, rest: string): TcpListener {
  const found = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>[^:]*))?$/.exec(rest)?.groups
  if (found === undefined) {
    return refuse(text, 'it has more than one colon', 'An IPv6 address stands in brackets: [::]:2376.')
  }
  const { host = '', port } = found
  if (port === undefined || port === '') return refuseNoPort(text, host)
  checkPort(text, host, port)
  checkHost(text, host)
  return `tcp://${host}:${port}`
}

function refuseNoPort(text: string, host: string): never {
  if (/^\d+$/.test(host))
    return refuse(text, 'it is a port without an address', `Write the address too: 0.0.0.0:${host}.`)
  checkHost(text, host)
  return refusePlaintext(
    text,
    'it has no port, and dockerd takes 2375, the plaintext port, even with TLS',
    `Write ${host}:2376.`,
  )
}

function checkPort(text: string, host: string, port: string): void {
  if (port === '2375') {
    refusePlaintext(text, "2375 is Docker's plaintext port", `Use the TLS port: ${host || '0.0.0.0'}:2376.`)
  }
  const known = /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
  if (!known)
    refuse(text, `${quoted(port)} is no port`, 'A port is a number from 1 to 65535; Docker with TLS has 2376.')
}

function checkHost(text: string, host: string): void {
  if (host === '')
    refuse(text, 'it names no address', 'Write 0.0.0.0 for all addresses, also those of IPv6, or one alone.')
  const valid = host.startsWith('[') ? isBracketedIpv6(host) : IPV4.test(host) || HOST_NAME.test(host)
  if (!valid) refuse(text, `${quoted(host)} is no address and no host name`, FORMS)
}

/** The URL parser knows every form of an IPv6 address and takes no zone (WHATWG URL section 3.5), nor does dockerd's. */
function isBracketedIpv6(host: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(host) && URL.canParse(`http://${host}`)
}
