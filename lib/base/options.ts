import { ArgumentError, type ArgumentErrorCode } from './errors.ts'
import { enumerate, quoted } from './text.ts'

/**
 * Refuses options that aren't an object, and an unknown key: a typo would silently leave a default in place, which in a
 * TLS option is a security hole.
 *
 * @param options - the options of a call
 * @param known - the keys that exist
 * @param of - where they were passed: `issueServer()`, `the option tls`
 * @param hint - a suggestion for an unknown key. Default: a similar key, and the list of all keys
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  of: string,
  hint: (key: string) => string = (key) => similarOption(key, known),
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const got = `its options are ${typeName(options)}, not an object`
    throw mistake('ERR_ARGUMENT_INVALID', of, got, `Pass an object with any of: ${known.join(', ')}.`)
  }
  refuseUnknown(Object.keys(options), known, of, hint)
}

/** Refuses the first of these keys that isn't known. */
export function refuseUnknown(
  keys: readonly string[],
  known: readonly string[],
  of: string,
  hint: (key: string) => string = (key) => similarOption(key, known),
): void {
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw mistake('ERR_OPTION_UNKNOWN', of, `it has no option ${quoted(unknown)}`, hint(unknown))
}

/** `Did you mean certPath?`, if there is a similar option, and the list of all options. */
export function similarOption(key: string, known: readonly string[]): string {
  const near = similarName(key, known)
  if (near !== undefined) return `Did you mean ${near}? ${allOptions(known)}`
  return allOptions(known)
}

/** The known name that a typo may stand for. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((one) => ({ one, far: distance(one.toLowerCase(), name.toLowerCase()) }))
    .filter(({ one, far }) => far <= Math.min(2, one.length / 2))
  return near.toSorted((left, right) => left.far - right.far)[0]?.one
}

/** The list of all options. */
export function allOptions(known: readonly string[]): string {
  return known.length === 1 ? `The only option is ${known.join('')}.` : `The options are ${enumerate(known)}.`
}

/** The type of a value, for a message that must not show the value: `null`, `an array`, `a string`, `an object`. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Refuses a value that isn't a string. The error names it as `what`, and doesn't show it, since it may be a secret. */
export function checkText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw wrongType(value, what, 'a string')
}

/** Refuses a value that is neither a string nor bytes, in the same way. */
export function checkBytes(value: unknown, what: string): asserts value is string | Uint8Array {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw wrongType(value, what, 'a string or Uint8Array')
}

function wrongType(value: unknown, what: string, wanted: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading ${what}`,
    got: `it is ${typeName(value)}`,
    todo: `Pass ${wanted}.`,
  })
}

function mistake(code: ArgumentErrorCode, of: string, got: string, todo: string): ArgumentError {
  return new ArgumentError(code, { tried: `calling ${of}`, got, todo })
}

/** The Levenshtein distance; Infinity if the lengths differ too much for a typo. */
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
