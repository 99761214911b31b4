/** No file of Docker's or ours is half as deep. JSON.stringify() overflows the stack at some thousands of levels. */
const DEEPEST = 100

/**
 * Parses a foreign JSON document that will be written again or shown. JSON.parse() accepts any depth, JSON.stringify()
 * doesn't.
 *
 * @throws SyntaxError, also for values that are nested too deeply
 */
export function parseJsonDocument(text: string): unknown {
  const value: unknown = JSON.parse(text)
  let level = nestedIn([value])
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw new SyntaxError(`its values are nested more than ${DEEPEST} levels deep`)
    level = nestedIn(level)
  }
  return value
}

/** The objects and arrays among these values, with what is in them. */
function nestedIn(values: readonly unknown[]): unknown[] {
  return values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
}

const [COMMA, BRACE, BRACKET] = [0x2c, 0x7b, 0x5b]

/** Counts the values inside lists and objects: a comma, `[` or `{` is before each, or before its key. It looks into strings as well. */
export function countValues(json: Uint8Array): number {
  let values = 0
  for (let index = 0; index < json.length; index++) {
    const byte = json[index]
    // An empty list or object has none; `]` and `}` are two behind `[` and `{`.
    if (byte === COMMA || ((byte === BRACKET || byte === BRACE) && json[index + 1] !== byte + 2)) values++
  }
  return values
}
