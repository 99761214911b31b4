import type { IncomingMessage } from 'node:http'
import { refusal, type Refusal } from '../refusal.ts'

/** The head of a request. */
type Head = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers' | 'rawHeaders'>

/** The protocols that a connection can switch to. */
export type Upgrade = 'tcp' | 'h2c' | 'websocket'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])

/** Fields that a request may have once: readers that take different ones of two would read different requests. */
const ONCE: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'upgrade',
  'expect',
  'x-registry-auth',
  'x-registry-config',
])

/** Without fragment, which no client sends, and without characters that dockerd could read differently. */
const TARGET = /^\/(?!\/)[\x21\x22\x24-\x7e]*$/

/** Paths whose requests switch to HTTP/2 (BuildKit), and to a web socket. */
const H2C_PATH = /^\/(?:v\d+(?:\.\d+)?\/)?(?:session|grpc)(?:\?|$)/
const WEB_SOCKET_PATH = /^\/(?:v\d+(?:\.\d+)?\/)?containers\/[^/?]+\/attach\/ws(?:\?|$)/

/**
 * Refuses what no Docker client sends, although Node's parser accepts it. What remains is one unambiguous request, of which
 * the gateway writes a new one for the daemon.
 */
export function screen(request: Head, isUpgrade: boolean): Refusal | undefined {
  const fault = faultOf(request, isUpgrade)
  return fault === undefined ? undefined : refusal(400, 'MALFORMED_REQUEST', fault)
}

/** The protocol that a request asks for; undefined for a plain request. */
export function upgradeOf({ headers }: Pick<Head, 'headers'>): Upgrade | undefined {
  const protocol = headers.upgrade?.toLowerCase()
  return protocol === 'tcp' || protocol === 'h2c' || protocol === 'websocket' ? protocol : undefined
}

function faultOf(request: Head, isUpgrade: boolean): string | undefined {
  const { method = '', url = '', httpVersion, headers } = request
  if (httpVersion !== '1.1')
    return `HTTP/${httpVersion} is refused, because it can't show that an answer was cut. Use HTTP/1.1`
  if (!METHODS.has(method)) return `the method ${method} is refused. The Engine API doesn't use it`
  if (headers.host === undefined) return 'it has no Host'
  if (!TARGET.test(url)) return 'the request target is not a path of the Engine API'
  return repeatedField(request) ?? bodyFault(request) ?? upgradeFault(request, isUpgrade)
}

function repeatedField({ rawHeaders }: Head): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (seen.has(name) && ONCE.has(name)) return `the header field ${name} occurs twice`
    seen.add(name)
  }
  return undefined
}

function bodyFault({ method, headers }: Head): string | undefined {
  const { 'content-length': length, 'transfer-encoding': coding, expect } = headers
  if (coding !== undefined && length !== undefined) return 'it has both Transfer-Encoding and Content-Length'
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'its Transfer-Encoding is not chunked'
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'its Content-Length is not a number'
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return 'its Expect is not 100-continue'
  if ((method === 'GET' || method === 'HEAD') && Number(length ?? 0) > 0) return `a ${method} request has no body`
  // Go's ParseForm would add it to the query, which is judged without it.
  if (
    /^\s*(?:application\/x-www-form-urlencoded|multipart\/)/i.test(headers['content-type'] ?? '') &&
    Number(length) !== 0
  )
    return 'forms are refused. The Engine API does not use them'
  return undefined
}

function upgradeFault(request: Head, isUpgrade: boolean): string | undefined {
  const { method, url = '', headers } = request
  if (headers['http2-settings'] !== undefined) return 'a change to HTTP/2 by HTTP2-Settings is refused'
  const asked = headers.upgrade
  if (asked === undefined) return isUpgrade ? 'it asks for an upgrade to nothing' : undefined
  // Node reads a request with Upgrade, but without `Connection: upgrade`, as a plain one; another reader might not.
  if (!isUpgrade) return 'it has Upgrade, but its Connection is not Upgrade'
  const upgrade = upgradeOf(request)
  const fits =
    (upgrade === 'tcp' && method === 'POST') ||
    (upgrade === 'h2c' && method === 'POST' && H2C_PATH.test(url)) ||
    (upgrade === 'websocket' && method === 'GET' && WEB_SOCKET_PATH.test(url))
  return fits ? undefined : `an upgrade of this request to ${asked.slice(0, 40)} is refused`
}
