import { readRequest, isRead } from '../../../lib/policy/reading/read.ts'
import type { PolicyRequest, ReadRequest, Reason } from '../../../lib/policy/request.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

/** `POST /containers/create?name=web`, with a body of JSON unless the headers say otherwise. */
export function toRequest(
  line: string,
  body?: string | Uint8Array,
  headers: PolicyRequest['headers'] = body === undefined ? {} : JSON_TYPE,
): PolicyRequest {
  const [method = '', target = ''] = line.split(/ (.*)/s)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return { method, target, headers, ...(bytes !== undefined && { body: bytes }) }
}

export function read(...request: Parameters<typeof toRequest>): ReadRequest {
  const reading = readRequest(toRequest(...request))
  if (!isRead(reading)) throw new Error(`${request[0]} ${String(request[1])}: ${JSON.stringify(reading)}`)
  return reading
}

export function refusal(...request: Parameters<typeof toRequest>): Reason {
  const reading = readRequest(toRequest(...request))
  if (isRead(reading)) throw new Error(`${request[0]} ${String(request[1])} was read`)
  return reading
}

/** Objects without a prototype as plain ones, to compare them with literals. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
