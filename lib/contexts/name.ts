import { DEFAULT_CONTEXT, isContextName } from '../endpoint/context-layout.ts'
import { EndpointError } from '../base/errors.ts'
import { printable } from '../base/text.ts'

/**
 * Checks the name of a context to create, change or export.
 *
 * @throws {@link EndpointError} ERR_CONTEXT_NAME_INVALID, also for `default`, which is not in the store
 */
export function parseContextName(name: string): string {
  if (name === DEFAULT_CONTEXT) {
    throw refused(name, 'this name is reserved for the daemon of this machine', 'Choose another name.')
  }
  if (isContextName(name)) return name
  const todo = 'Use at least two characters of A-Z a-z 0-9 _ . + - and begin with a letter or a digit.'
  throw refused(name, 'this is not a valid context name', todo)
}

function refused(name: string, got: string, todo: string): EndpointError {
  return new EndpointError('ERR_CONTEXT_NAME_INVALID', { tried: `the context ${printable(name)}`, got, todo })
}
