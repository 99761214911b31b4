import type { Endpoint } from '../endpoint/endpoint.ts'

/** What undici and fetch call this endpoint. A zone (RFC 6874) has no place in a URL and is left out. */
export function originOf(endpoint: Endpoint): string {
  if (endpoint.kind !== 'tls') return 'http://localhost'
  const host = endpoint.host.replace(/%.*$/, '')
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`).origin
}

/** The path before every path of the Engine API: a proxy's, where the endpoint has one. */
export function prefixOf(endpoint: Endpoint): string {
  return endpoint.kind === 'tls' ? endpoint.prefix : ''
}
