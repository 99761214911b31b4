import { failureInside, unreadable, type Named } from '../api-error.ts'

/** What is wrong with what came, in words: it can't be read, it ended too early, or it says that the daemon failed. */
export class StreamFault extends Error {
  readonly kind: 'invalid' | 'truncated' | 'failed'

  constructor(kind: StreamFault['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** The same as an error of a call. */
export function errorOf(request: Named, { kind, message, cause }: StreamFault): Error {
  if (kind === 'failed') return failureInside(request, message)
  const code = kind === 'truncated' ? 'ERR_API_STREAM_TRUNCATED' : 'ERR_API_STREAM_INVALID'
  return unreadable(code, request, `the stream can't be read: ${message}`, cause)
}
