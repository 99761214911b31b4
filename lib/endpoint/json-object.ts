/** A JSON object that somebody else wrote. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The value, if it is an object and no array. */
export function asObject(value: unknown): JsonObject | undefined {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value)
  return is ? (value as JsonObject) : undefined
}

/** Reads a text that has to be a JSON object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}
