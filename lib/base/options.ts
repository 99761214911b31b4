import { ArgumentError, type ArgumentErrorCode } from './errors.ts'
import { quoted } from './text.ts'

/**
 * Refuses options that aren't an object, and an unknown key: a typo would silently leave a default in place, which in a
 * TLS option is a security hole.
 *
 * @param options - what the caller gave
 * @param known - the keys that exist
 * @param of - what takes them: `issueServer()`, `the option tls`
 * @param hint - what was probably meant by an unknown key. Default: a similar key, or the list of all
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  of: string,
  hint: (key: string, known: readonly string[]) => string = similarOption,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const got = `its options are ${typeName(options)}, not an object`
    throw mistake('ERR_ARGUMENT_INVALID', of, got, `Give it an object with any of: ${known.join(', ')}.`)
  }
  refuseUnknown(Object.keys(options), known, of, hint)
}

/** Refuses the first of these keys that isn't known. */
export function refuseUnknown(
  keys: readonly string[],
  known: readonly string[],
  of: string,
  hint: (key: string, known: readonly string[]) => string = similarOption,
): void {
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw mistake('ERR_OPTION_UNKNOWN', of, `it has no option ${quoted(unknown)}`, hint(unknown, known))
}

/** `Did you mean certPath?`, or the list of options where none is like it. */
export function similarOption(key: string, known: readonly string[]): string {
  const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= Math.min(2, name.length / 2))
  if (near !== undefined) return `Did you mean ${near}? ${allOptions(known)}`
  return allOptions(known)
}

function allOptions(known: readonly string[]): string {
  return known.length === 1 ? `The only option is ${known.join('')}.` : `The options are ${known.join(', ')}.`
}

/** What a value is, for a message that must not show it: `null`, `an array`, `a string`, `an object`. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Refuses a value that is no string. `what` names it; the value is left out, since it may be a secret. */
export function checkText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw wrongType(value, what, 'a string')
}

/** Refuses a value that is neither a string nor bytes, likewise. */
export function checkBytes(value: unknown, what: string): asserts value is string | Uint8Array {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw wrongType(value, what, 'a string or Uint8Array')
}

function wrongType(value: unknown, what: string, wanted: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}`,
    got: `it is ${typeName(value)}`,
    todo: `Give it as ${wanted}.`,
  })
}

function mistake(code: ArgumentErrorCode, of: string, got: string, todo: string): ArgumentError {
  return new ArgumentError(code, { tried: `calling ${of}`, got, todo })
}

/** Levenshtein's distance; Infinity for lengths too different to be a slip. */
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return Infinity
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1]
    for (let j = 1; j <= other.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (one[i] === other[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? Infinity
}
