import { ConnectionError } from '../base/errors.ts'
import { option, sentence } from '../base/sentence.ts'

/** In bytes. `GET /containers/json` for 10,000 containers returns 56 MB. */
export const MAX_ANSWER_BYTES: number = 64 * 1024 * 1024

/** The answer to a call would exhaust the memory, or block the process. */
export function answerTooLarge(got: string): ConnectionError {
  return new ConnectionError('ERR_ANSWER_TOO_LARGE', {
    tried: 'reading the complete answer',
    got,
    todo: sentence`Ask for less, for example with filters. If the daemon is that large, increase ${option('maxAnswerBytes')}.`,
  })
}
