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
