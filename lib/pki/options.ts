import { ArgumentError } from '../base/errors.ts'

/**
 * Refuses an option that doesn't exist: a typo would silently leave a default in place.
 *
 * @param options - what the caller gave
 * @param known - the options that there are
 * @param of - the function that takes them
 */
export function checkOptions(options: unknown, known: readonly string[], of: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `calling ${of}`,
      got: `its options are ${options === null ? 'null' : `a ${typeof options}`}, not an object`,
      todo: `Give it an object with any of: ${known.join(', ')}.`,
    })
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new ArgumentError('ERR_OPTION_UNKNOWN', {
    tried: `calling ${of}`,
    got: `it has no option "${unknown}"`,
    todo: `Its options are: ${known.join(', ')}.`,
  })
}

/** Refuses an argument that isn't text. `what` names it; its value is left out, since it may be a secret. */
export function checkText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw wrongType(value, what, 'a string')
}

/** Refuses an argument that is neither text nor bytes, likewise. */
export function checkBytes(value: unknown, what: string): asserts value is string | Uint8Array {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw wrongType(value, what, 'a string or Uint8Array')
}

function wrongType(value: unknown, what: string, wanted: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}`,
    got: `it is ${value === null ? 'null' : `of type ${typeof value}`}`,
    todo: `Give it as ${wanted}.`,
  })
}
