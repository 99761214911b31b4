import assert from 'node:assert/strict'
import { isDockerMtlsError, type ErrorCode } from '../../../lib/base/errors.ts'

/** Holds that a call is refused with this code and, where given, with these words, and that the message is whole. */
export function refuses(call: () => unknown, code: ErrorCode, words?: RegExp): void {
  assert.throws(call, (error: unknown) => {
    assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
    assert.equal(error.code, code, error.message)
    if (words !== undefined) assert.match(error.message, words)
    assert.match(error.todo, /\S/)
    assert.doesNotMatch(error.got, /\.$/)
    assert.doesNotMatch(error.message, /(?!\n)\p{Cc}/u, 'a control character would reach the terminal')
    return true
  })
}
