import type { PolicyRequest } from '../policy/request.ts'

/** What dockerd asks about a request (moby, pkg/authorization: Request). */
export interface Question {
  readonly method: string
  /** As in the request line. */
  readonly target: string
  /** By name in lower case. Of a repeated field, dockerd passes the last value only, and none of registry logins. */
  readonly headers: Readonly<Record<string, string>>
  /** dockerd passes JSON only. */
  readonly body: Uint8Array | undefined
  /** The certificates of the client as PEM, its own first. None: it has used a socket without client certificates. */
  readonly certificates: readonly string[]
  /** Whether dockerd names a user, who has a certificate. */
  readonly hasUser: boolean
}

/**
 * Reads what dockerd asks.
 *
 * @throws {@link SyntaxError}, {@link TypeError} for anything that dockerd doesn't send
 */
export function parseQuestion(text: string): Question {
  const asked = record(JSON.parse(text), 'the question')
  const { RequestBody: body, RequestHeaders, RequestPeerCertificates, User, UserAuthNMethod } = asked
  const headers = Object.entries(record(RequestHeaders ?? {}, 'RequestHeaders'))
  return {
    method: string(asked['RequestMethod'], 'RequestMethod'),
    target: string(asked['RequestUri'], 'RequestUri'),
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), string(value, name)])),
    body: body === undefined || body === null ? undefined : bytes(body, 'RequestBody'),
    certificates: list(RequestPeerCertificates ?? []).map((pem) =>
      Buffer.from(bytes(pem, 'RequestPeerCertificates')).toString('latin1'),
    ),
    hasUser: [User, UserAuthNMethod].some((value) => value !== undefined && value !== ''),
  }
}

/** The request as a policy judges it. */
export function requestOf(question: Question): PolicyRequest {
  const { method, target, headers } = question
  const body = bodyOf(question)
  return { method, target, headers, ...(body !== undefined && { body }) }
}

/** dockerd reads the bodies of these alone. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Engines before 29.3.1 pass no JSON above 1 MiB, so a body that isn't there can be one that isn't shown. A chunked one has no
 * length.
 */
function bodyOf({ method, headers, body }: Question): PolicyRequest['body'] {
  if (body !== undefined && body.length > 0) return body
  const length = headers['content-length']
  if (length === '0') return undefined
  const isChunked = WITH_BODY.has(method) && headers['content-type'] !== undefined
  return length !== undefined || isChunked ? 'unseen' : undefined
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new TypeError(`${what} is not an object`)
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[]
  throw new TypeError('RequestPeerCertificates is not a list')
}

function string(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new TypeError(`${what} is not a string`)
}

/** Go writes bytes as base64. */
const bytes = (value: unknown, what: string): Buffer => Buffer.from(string(value, what), 'base64')
