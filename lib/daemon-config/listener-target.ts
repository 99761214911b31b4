/** An address to connect to. */
export interface Target {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Splits a listener into its host, without brackets, and its port. */
export function readListener(listener: string): Target {
  const [, host = '', port = ''] = /^tcp:\/\/(.*):(\d+)$/.exec(listener) ?? []
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) }
}

/** `127.0.0.1:2376`, `[::1]:2376` */
export function hostAndPort({ host, port }: Target): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Formats a target as a value of dockerd's `-H`: `tcp://[::1]:2376`. */
export function formatTarget(target: Target): string {
  return `tcp://${hostAndPort(target)}`
}

/** The loopback address for each address that stands for all addresses. */
const LOOPBACK_FOR: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/**
 * Chooses the address at which to connect to a listener. A listener on all addresses is reached on loopback, or at the address
 * of a remote host. A listener on a particular address is reached at that address. But if it is the only one on its port
 * and not on loopback, the address of the host is used, since a NAT between here and the host may translate it.
 *
 * @param address - the address of the host, if it is remote
 * @param others - all listeners of the daemon
 */
export function targetOf(listener: string, address?: string, others: readonly string[] = []): Target {
  const { host, port } = readListener(listener)
  const onLoopback = LOOPBACK_FOR.get(host)
  if (onLoopback !== undefined) return { host: address ?? onLoopback, port }
  const isAlone = others.filter((other) => readListener(other).port === port).length <= 1
  return { host: address !== undefined && isAlone && !isLoopback(host) ? address : host, port }
}

/** Whether only the host itself can connect to this address. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(canonicalAddress(host))
}

/** Whether the host itself answers at this address: loopback, or all addresses, which connect(2) takes for loopback. */
export function isOwnAddress(host: string): boolean {
  return isLoopback(host) || LOOPBACK_FOR.has(canonicalAddress(host))
}

/**
 * Whether a socket belongs to a listener. A listener on a name never matches, since its address is unknown. If a listener is on
 * all IPv4 addresses, dockerd also listens on all IPv6 addresses if the host has IPv6 (Go, favoriteAddrFamily in
 * net/ipsock_posix.go).
 */
export function isListenerOf(
  { address, port }: { readonly address: string; readonly port: number },
  listener: string,
): boolean {
  const target = readListener(listener)
  const host = canonicalAddress(target.host)
  return target.port === port && (host === address || (LOOPBACK_FOR.has(host) && LOOPBACK_FOR.has(address)))
}

/** Returns an IPv6 address in its canonical form and without its zone, and anything else unchanged. */
function canonicalAddress(host: string): string {
  const url = `http://[${host.replace(/%.*$/, '')}]`
  return host.includes(':') && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : host
}
