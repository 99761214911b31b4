import { ConnectionError } from '../base/errors.ts'
import type { Target } from './target.ts'

/** The beginning of an answer. */
export interface AnswerHead {
  /** Of the request. */
  readonly method: string
  readonly status: number
  /** Names and values in turns, as undici reads them. */
  readonly headers: readonly Buffer[]
}

/** The fields that tell where an answer ends (RFC 9112, section 6.3), by the length of their names. */
const FIELDS: ReadonlyMap<number, string> = new Map(
  ['content-length', 'transfer-encoding'].map((name) => [name.length, name]),
)

/**
 * Refuses an answer that only the end of its connection ends: if the connection is cut, it would look complete. Daemons never
 * send one. An error has no data that could be missing.
 */
export function refuseEndless({ name }: Target, head: AnswerHead): ConnectionError | undefined {
  if (head.status >= 400 || !mayHaveBody(head) || hasEnd(head.headers)) return undefined
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: `a request to ${name}`,
    got: "the answer has neither a length nor an end, so nobody could tell whether it's complete",
    todo: 'Configure the proxy in between to use HTTP/1.1, or connect without it.',
  })
}

/** RFC 9110, section 6.4.1. */
function mayHaveBody({ method, status }: AnswerHead): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304
}

function hasEnd(headers: readonly Buffer[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]
    const field = name && FIELDS.get(name.length)
    if (field !== undefined && name?.toString('latin1').toLowerCase() === field) return true
  }
  return false
}
