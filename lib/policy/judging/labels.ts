import type { Json, JsonObject } from '../request.ts'
import type { LabelUse } from './finding.ts'
import { fieldsIn, isObject, objectOf } from './values.ts'

/** Labels in a body, wherever they are. All fields that have them are called so: a test compares the engine's table. */
export function* labelsIn(body: Json | undefined): Iterable<LabelUse> {
  for (const { name, value, where } of fieldsIn(body))
    if (name === 'Labels' && isObject(value)) yield* labelsOf(value, where)
}

/** Each of a map of labels. */
export const labelsOf = (labels: JsonObject, where: string): LabelUse[] =>
  Object.keys(labels).map((name) => ({ kind: 'label', name, where }))

/** The labels of something that exists, by its inspection. */
export function inspectedLabels(kind: string, inspect: Json): JsonObject {
  const { Config, Labels } = objectOf(inspect)
  return objectOf(kind === 'container' || kind === 'image' ? objectOf(Config)['Labels'] : Labels)
}
