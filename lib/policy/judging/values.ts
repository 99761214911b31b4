import type { Json, JsonObject } from '../request.ts'

/** Is it an object, and no list? */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object, or an empty one for everything else. */
export const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

/** A list, or an empty one for everything else. */
export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])

/** The strings of a list. */
export const stringsOf = (value: Json | undefined): string[] =>
  listOf(value).filter((one): one is string => typeof one === 'string')

/** A string, or an empty one for everything else. */
export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** The container that a link or a value of `VolumesFrom` names. dockerd takes the slash of its inspection, too. */
export const containerIn = (text: string): string => text.replace(/^\//, '').split(':')[0] ?? ''

/** A field of a body, and where it is. */
export interface PlacedField {
  readonly name: string
  readonly value: Json
  readonly where: string
}

/** All fields of a body, at any depth. Nested generators would take time for each level. */
export function* fieldsIn(body: Json | undefined): Iterable<PlacedField> {
  const left = [{ value: body ?? null, where: '' }]
  for (const { value: holder, where } of left) {
    if (typeof holder !== 'object' || holder === null) continue
    for (const [name, value] of Object.entries<Json>(holder as JsonObject)) {
      const field = { name, value, where: where === '' ? name : `${where}.${name}` }
      if (typeof value === 'object') left.push(field)
      yield field
    }
  }
}

/** A field that has nothing is the same as none for dockerd: null, false, 0, '', [] and {}. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
