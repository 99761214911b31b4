import net from 'node:net'

/** The name to ask a server for (SNI): none for an address (RFC 6066, section 3). `host` is as in certificates. */
export function sniOf(host: string): string {
  return net.isIP(host) === 0 ? host : ''
}
