import type { ReadingCode, Reason } from '../request.ts'

/** Thrown inside this folder where a request can't be read with certainty. {@link readRequest} returns its reason. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly reason: Reason & { readonly code: ReadingCode }

  constructor(code: ReadingCode, where: string, got: string) {
    super(`${where}: ${got}`)
    this.reason = { code, where, got }
  }
}
