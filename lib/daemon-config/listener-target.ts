/** An address to knock at. */
export interface Target {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** A listener, taken apart; its host is without brackets. */
export function readListener(listener: string): Target {
  const [, host = '', port = ''] = /^tcp:\/\/(.*):(\d+)$/.exec(listener) ?? []
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) }
}

/** As dockerd's `-H` has it: `tcp://[::1]:2376`. */
export function formatTarget({ host, port }: Target): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** What stands for all addresses, and loopback of the same kind. */
const ANY: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/**
 * Where a listener is knocked at: one for all addresses on loopback, or where its host is reached from here. One of
 * another address is reached by that, but for the only one on its port: between here and there it may have been translated.
 *
 * @param address - by which the host is reached, where it is another one
 * @param others - all listeners of the daemon
 */
export function targetOf(listener: string, address?: string, others: readonly string[] = []): Target {
  const { host, port } = readListener(listener)
  const onLoopback = ANY.get(host)
  if (onLoopback !== undefined) return { host: address ?? onLoopback, port }
  const isAlone = others.filter((other) => readListener(other).port === port).length <= 1
  return { host: address !== undefined && isAlone && !isLoopback(host) ? address : host, port }
}

/** Does only the host itself get there? */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(bare(host))
}

/**
 * Is there a listener that this socket belongs to? Of a name it is not known which address it has. For all addresses of
 * IPv4 dockerd takes those of IPv6 as well, where there are any (Go, favoriteAddrFamily in net/ipsock_posix.go).
 */
export function isListenerOf(
  { address, port }: { readonly address: string; readonly port: number },
  listener: string,
): boolean {
  const target = readListener(listener)
  const host = bare(target.host)
  return target.port === port && (host === address || (ANY.has(host) && ANY.has(address)))
}

/** An address in the one way of writing it. */
function bare(host: string): string {
  return host.includes(':') ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host
}
