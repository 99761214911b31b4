/** A daemon reached over mutually authenticated TLS. */
export interface TlsEndpoint {
  /** TLS over TCP. */
  readonly kind: 'tls'
  /** A DNS name, an IPv4 address, or an IPv6 address without brackets (`fe80::1%eth0` with its zone decoded). */
  readonly host: string
  /** The TCP port. */
  readonly port: number
  /** What a gateway puts before every API path: `''`, or `/a/b` without a slash at its end. */
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

/** A daemon reached by the system's `ssh`, which runs `docker system dial-stdio` there. */
export interface SshEndpoint {
  /** ssh. */
  readonly kind: 'ssh'
  /** A name of DNS or of the ssh configuration, or an address; IPv6 without brackets. */
  readonly host: string
  /** The login name; undefined for ssh's own configuration. */
  readonly user?: string
  /** The port of the ssh server; undefined for ssh's own configuration. */
  readonly port?: number
  /** The socket on the other machine, where it isn't the usual one. */
  readonly socketPath?: string
}

/** Where a daemon is: one of four kinds, and none of them is plaintext over a network. */
export type Endpoint = TlsEndpoint | UnixEndpoint | NpipeEndpoint | SshEndpoint

/** The daemon's socket where nobody says otherwise (moby: opts.DefaultUnixSocket). */
export const DEFAULT_SOCKET = '/var/run/docker.sock'
/** The same on Windows (moby: opts.DefaultNamedPipe). */
export const DEFAULT_PIPE = '//./pipe/docker_engine'

/** RFC 3986, 3.2.2: an IPv6 address stands in brackets; RFC 6874: the `%` before its zone is written `%25`. */
function formatHost(host: string): string {
  return host.includes(':') ? `[${host.replace('%', '%25')}]` : host
}

function formatPort(port: number | undefined): string {
  return port === undefined ? '' : `:${port}`
}

/**
 * Writes an endpoint the way DOCKER_HOST has it; {@link parseHost} reads it back.
 *
 * @param endpoint - what {@link parseHost} or {@link resolveEndpoint} returned
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
