import { parseJsonDocument } from '../base/json.ts'

/** A JSON object of another program, with unchecked values. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Returns the value if it is an object, and not an array. */
export function asObject(value: unknown): JsonObject | undefined {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value)
  return is ? (value as JsonObject) : undefined
}

/** Parses a JSON object. Returns undefined for any other text. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(parseJsonDocument(text))
  } catch {
    return undefined
  }
}
