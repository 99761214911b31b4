import type { Named } from './api-error.ts'
import { ArgumentError } from '../base/errors.ts'

/** A stream is not buffered: its data are gone once they were read. */
export function readTwice(request?: Named): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: request === undefined ? 'reading a stream from the daemon' : `reading ${request.method} ${request.path}`,
    got: 'it has already been read, and a stream can be read only once',
    todo: 'Keep the data of the first read, or repeat the call.',
  })
}
