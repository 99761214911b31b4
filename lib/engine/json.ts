import { countValues } from '../base/json.ts'
import { answerTooLarge } from '../transport/answer-limit.ts'
import { unreadable, type Named } from './api-error.ts'

/** Below this size, no answer blocks the process for long. In bytes. */
const HARMLESS = 4 * 1024 * 1024
/** An answer may hold one value for each of these bytes of the limit. A container in a list has about 50 bytes a value. */
export const BYTES_PER_VALUE = 16

/**
 * Parses an answer that is one JSON value.
 *
 * @param limit - the longest answer, in bytes
 * @throws DockerApiError ERR_API_RESPONSE_INVALID
 * @throws ConnectionError ERR_ANSWER_TOO_LARGE
 */
export function parseJson<T>(body: Buffer, request: Named, { status, limit }: { status: number; limit: number }): T {
  const most = Math.floor(limit / BYTES_PER_VALUE)
  if (hasMoreValues(body, most)) throw answerTooLarge(`it holds more than ${most} JSON values`)
  try {
    return JSON.parse(body.toString('utf8')) as T
  } catch {
    // Without the cause, which quotes the answer: it may hold a join token or an identity token.
    throw unreadable('ERR_API_RESPONSE_INVALID', request, `the answer (${status}) is not JSON`)
  }
}

/**
 * Whether JSON holds more values than this, as {@link countValues} counts them. JSON.parse() takes 17 s and 1.2 GB for 64 MiB of
 * `[],`.
 */
export function hasMoreValues(body: Buffer, most: number): boolean {
  return body.length >= HARMLESS && countValues(body) > most
}
