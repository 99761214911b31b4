import assert from 'node:assert/strict'
import {
  ArgumentError,
  IdentityError,
  type ArgumentErrorCode,
  type IdentityErrorCode,
} from '../../../lib/base/errors.ts'

/** What an error has to be: its code, and words that its message has to have. */
export interface Refusal {
  readonly code: IdentityErrorCode | ArgumentErrorCode
  readonly says?: RegExp | readonly RegExp[]
}

/** Asserts that it fails with one of our errors, of this code and with these words. */
export async function refused(action: () => unknown, { code, says = [] }: Refusal): Promise<void> {
  const error = await failureOf(action)
  assert.ok(error instanceof IdentityError || error instanceof ArgumentError, `not an error of ours: ${String(error)}`)
  assert.equal(error.code, code, error.message)
  for (const pattern of [says].flat()) assert.match(error.message, pattern)
}

/** What it throws or rejects with; undefined where it succeeds. */
export async function failureOf(action: () => unknown): Promise<unknown> {
  try {
    await action()
    return undefined
  } catch (error) {
    return error
  }
}
