import { fieldsOf } from '../../engine/body-fields/find.ts'
import { foldKey } from './fold.ts'

/** A field of a type: the name in the API, and the form of its value, as in the engine's table. */
export interface Field {
  readonly name: string
  readonly form: string
}

const FIELDS = new Map<string, ReadonlyMap<string, Field>>()

/**
 * The fields of a type by their folded names. The specification and older daemons write a few names in two ways, such as
 * `HealthCheck` and `Healthcheck`, which are one field for Go: its name is the last with a known form.
 */
export function foldedFieldsOf(type: string): ReadonlyMap<string, Field> {
  const known = FIELDS.get(type)
  if (known) return known
  const fields = new Map<string, Field>()
  for (const [name, form] of fieldsOf(type)) {
    const folded = foldKey(name)
    if (form !== '' || !fields.has(folded)) fields.set(folded, { name, form })
  }
  FIELDS.set(type, fields)
  return fields
}
