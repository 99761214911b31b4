import { ArgumentError } from '../base/errors.ts'

/** What comes from the daemon is kept by nobody but who reads it. */
export function readTwice(): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading a stream of the daemon',
    got: 'it was read before, and can be read once',
    todo: 'Keep what was read, or make the call again.',
  })
}
