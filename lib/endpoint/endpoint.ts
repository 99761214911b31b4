/** A daemon reached over mutually authenticated TLS. */
export interface TlsEndpoint {
  /** TLS over TCP. */
  readonly kind: 'tls'
  /** A DNS name, an IPv4 address, or an IPv6 address without brackets (`fe80::1%eth0` with its zone decoded). */
  readonly host: string
  /** The TCP port. */
  readonly port: number
  /** The path prefix that a gateway expects before every API path: `''`, or `/a/b` without a trailing slash. */
  readonly prefix: string
}

/** A daemon behind a Unix socket of this machine. */
export interface UnixEndpoint {
  /** A Unix socket. */
  readonly kind: 'unix'
  /** The absolute path of the socket. */
  readonly path: string
}

/** A daemon behind a named pipe of this machine (Windows). */
export interface NpipeEndpoint {
  /** A named pipe (Windows). */
  readonly kind: 'npipe'
  /** Written with slashes: `//./pipe/docker_engine`. */
  readonly path: string
}

/** A daemon reached through the system's `ssh`, which runs `docker system dial-stdio` on its host. */
export interface SshEndpoint {
  /** ssh. */
  readonly kind: 'ssh'
  /** A DNS name, a name in the ssh configuration, or an address. IPv6 is without brackets. */
  readonly host: string
  /** The login name. Undefined: ssh's configuration decides. */
  readonly user?: string
  /** The port of the ssh server. Undefined: ssh's configuration decides. */
  readonly port?: number
  /** The socket of the daemon on its host, if it isn't the default socket. */
  readonly socketPath?: string
}

/** Where a daemon is. None of the four kinds uses plaintext over a network. */
export type Endpoint = TlsEndpoint | UnixEndpoint | NpipeEndpoint | SshEndpoint

/** The default socket of the daemon (moby: opts.DefaultUnixSocket). */
export const DEFAULT_SOCKET = '/var/run/docker.sock'
/** The default named pipe of the daemon on Windows (moby: opts.DefaultNamedPipe). */
export const DEFAULT_PIPE = '//./pipe/docker_engine'

/** RFC 3986, 3.2.2 requires brackets around an IPv6 address; RFC 6874 requires `%25` for the `%` before its zone. */
function formatHost(host: string): string {
  return host.includes(':') ? `[${host.replace('%', '%25')}]` : host
}

function formatPort(port: number | undefined): string {
  return port === undefined ? '' : `:${port}`
}

/**
 * Formats an endpoint as a DOCKER_HOST value. {@link parseHost} parses it again.
 *
 * @param endpoint - the result of {@link parseHost} or {@link resolveEndpoint}
 * @returns `tcp://HOST:PORT/PREFIX`, `unix://PATH`, `npipe://PATH` or `ssh://USER@HOST:PORT/SOCKET`
 * @example
 * ```ts
 * formatEndpoint({ kind: 'tls', host: '::1', port: 2376, prefix: '' }) // 'tcp://[::1]:2376'
 * ```
 */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'tls':
      return `tcp://${formatHost(endpoint.host)}${formatPort(endpoint.port)}${endpoint.prefix}`
    case 'unix':
    case 'npipe':
      return `${endpoint.kind}://${endpoint.path}`
    case 'ssh': {
      const user = endpoint.user === undefined ? '' : `${endpoint.user}@`
      return `ssh://${user}${formatHost(endpoint.host)}${formatPort(endpoint.port)}${endpoint.socketPath ?? ''}`
    }
  }
}
