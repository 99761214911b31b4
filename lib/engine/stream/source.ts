import type { Named } from '../api-error.ts'
import type { Readable } from 'node:stream'
import { ConnectionError } from '../../base/errors.ts'

/** The body of an answer, with what its reader has done. Only this tells a reader who closes it from a cut connection. */
export class Source {
  readonly body: Readable
  /** A reader has begun. */
  taken = false
  /** The reader has closed it. Its loops end without an error. */
  closed = false
  /** All of it was read. */
  complete = false

  constructor(body: Readable) {
    this.body = body
  }

  /** Cancels the request. A stream that was cut before stays cut. */
  close(): void {
    const { destroyed, errored, readableEnded } = this.body
    this.closed ||= !errored && (!destroyed || readableEnded)
    this.body.destroy()
  }

  /** A result that looks whole must be whole. @throws ConnectionError if the reader closed it before its end */
  requireComplete(request: Named): void {
    if (!this.complete) throw closedEarly(undefined, request)
  }
}

/**
 * Makes `return()` close a stream at once. A generator that waits would handle it only after the next item.
 *
 * @param items - changed, since a wrapper around them would take additional turns for each item
 */
export function closing<Item, Result>(
  items: AsyncGenerator<Item, Result, undefined>,
  close: () => void,
): AsyncGenerator<Item, Result, undefined> {
  const leave = items.return.bind(items)
  items.return = (value) => {
    close()
    return leave(value)
  }
  return items
}

/** A stream has no result, since it was closed before its end. */
export function closedEarly(cause?: unknown, request?: Named): ConnectionError {
  return new ConnectionError('ERR_CLIENT_CLOSED', {
    tried: request === undefined ? 'reading a stream from the daemon' : `reading ${request.method} ${request.path}`,
    got: 'it was closed before its end',
    todo: 'Read it to its end before you close it, or repeat the call.',
    cause,
  })
}
