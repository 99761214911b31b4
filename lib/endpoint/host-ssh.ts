import type { SshEndpoint } from './endpoint.ts'
import { refuse, type HostText } from './host-text.ts'
import { refuseUnnormalizedPath } from './host-socket.ts'
import { isIpv6, parsePort } from './host-tcp.ts'
import { printable } from '../base/text.ts'

/**
 * A user or host that is safe as an argument of ssh. A leading `-` is refused, because ssh would parse it as an option
 * (`ssh://-oProxyCommand=...` runs a program), and so are all characters that are special to a shell on either side.
 */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
const LONGEST_NAME = 255
/** IANA's ssh. */
const SSH_PORT = 22
/** The path becomes part of the remote command line, which a shell parses. */
const SOCKET_PATH = /^\/[A-Za-z0-9/._-]+$/
const FORM = 'Use ssh://USER@HOST:PORT/SOCKET. Only HOST is required.'

/** Parses the text after `ssh://`. */
export function parseSsh(host: HostText, rest: string): SshEndpoint {
  const { login, authority = '', path = '' } = split(host, rest)
  const { name = '', port = '' } = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>.*))?$/.exec(authority)?.groups ?? {}
  if (path !== '') checkSocketPath(host, path)
  return {
    kind: 'ssh',
    host: parseSshHost(host, name),
    ...(login === undefined ? {} : { user: parseUser(host, login) }),
    ...(port === '' ? {} : { port: parsePort(host, port, SSH_PORT) }),
    ...(path === '' ? {} : { socketPath: path }),
  }
}

/**
 * Refuses a password before any other check, and quotes none of the text: any other invalid part may belong to the password.
 */
function split(host: HostText, rest: string): { login?: string; authority?: string; path?: string } {
  const at = rest.lastIndexOf('@')
  const login = at === -1 ? undefined : rest.slice(0, at)
  if (login !== undefined && /:|%3a/i.test(login)) {
    refuse(host, 'it contains a password', 'Remove the password: ssh logs in with a key.')
  }
  if (/[?#%]/.test(rest)) refuse(host, "an ssh host can't have a query, a fragment or percent-encoding", FORM)
  const { authority, path = '' } = /^(?<authority>[^/]*)(?<path>\/.*)?$/.exec(rest.slice(at + 1))?.groups ?? {}
  return { ...(login === undefined ? {} : { login }), authority: authority ?? '', path: path === '/' ? '' : path }
}

function parseUser(host: HostText, user: string): string {
  if (NAME.test(user) && user.length <= LONGEST_NAME) return user
  return refuse(host, `"${printable(user)}" is not a user name for ssh`, 'It must begin with a letter, a digit or _.')
}

function parseSshHost(host: HostText, name: string): string {
  if (name === '') refuse(host, 'it has no host', FORM)
  const address = /^\[(.*)\]$/.exec(name)?.[1]
  if (address !== undefined && isIpv6(address)) return address
  // Keep upper and lower case: the name may be an alias in the ssh configuration.
  if (NAME.test(name) && name.length <= LONGEST_NAME) return name
  return refuse(host, `"${printable(name)}" is not a host for ssh`, 'It must begin with a letter, a digit or _.')
}

function checkSocketPath(host: HostText, path: string): void {
  if (!SOCKET_PATH.test(path)) {
    refuse(
      host,
      `"${printable(path)}" is not a valid path of a socket for ssh`,
      'Use only letters, digits, /, ., _ and - in it.',
    )
  }
  refuseUnnormalizedPath(host, path, 'ssh://HOST')
}
