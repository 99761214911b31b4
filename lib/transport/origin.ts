import type { Endpoint } from '../endpoint/endpoint.ts'

/** The origin of an endpoint for undici and fetch. URLs can't contain a zone (RFC 6874), so it is removed. */
export function originOf(endpoint: Endpoint): string {
  if (endpoint.kind !== 'tls') return 'http://localhost'
  const host = endpoint.host.replace(/%.*$/, '')
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`).origin
}

/** The path before every path of the Engine API, for a daemon behind a proxy that adds one; otherwise `''`. */
export function prefixOf(endpoint: Endpoint): string {
  return endpoint.kind === 'tls' ? endpoint.prefix : ''
}
