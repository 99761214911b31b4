import type { ErrorCode } from '../../../lib/base/errors.ts'

/** For assert.throws and assert.rejects: an error with this code, whose message has these words. */
export function withCode(code: ErrorCode, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    const { code: got, message } = error as { code?: string; message: string }
    const missing = words.filter((word) => !message.includes(word))
    if (got === code && missing.length === 0) return true
    throw new Error(`expected ${code}${missing.map((word) => ` with "${word}"`).join('')}, got ${got}: ${message}`)
  }
}
