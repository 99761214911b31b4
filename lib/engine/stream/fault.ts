import { failureInside, unreadable, type Named } from '../api-error.ts'

/** What is wrong with a stream: it is invalid, truncated, or reports that the daemon failed. */
export class StreamFault extends Error {
  readonly kind: 'invalid' | 'truncated' | 'failed'

  constructor(kind: StreamFault['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** The fault as an error of its call. */
export function errorOf(request: Named, { kind, message, cause }: StreamFault): Error {
  if (kind === 'failed') return failureInside(request, message)
  const code = kind === 'truncated' ? 'ERR_API_STREAM_TRUNCATED' : 'ERR_API_STREAM_INVALID'
  return unreadable(code, request, `the stream can't be read: ${message}`, cause)
}
