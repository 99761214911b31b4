import { ArgumentError } from '../../base/errors.ts'
import { similarName } from '../../base/options.ts'
import type { Operation } from '../operation.ts'
import { BODIES, TYPES } from './table.ts'

/** The type of the values of a field. */
interface Field {
  readonly type: string | undefined
  /** The field is a map, whose keys anybody may choose. */
  readonly isMap: boolean
}

/** A field that the API doesn't have. */
interface Unknown {
  /** Where it is: `HostConfig.Mounts.0`; empty for the body itself. */
  readonly where: readonly string[]
  readonly name: string
  /** The type of the object that it is in. */
  readonly type: string
}

/**
 * Refuses a body with a field that the API doesn't have in that place. The daemon would ignore it: a container would run
 * without the requested limit.
 */
export function refuseUnknownFields({ name: of }: Operation, body: unknown): void {
  const type = BODIES[of]
  const unknown = type === undefined ? undefined : find(body, type, [])
  if (type === undefined || !unknown) return
  throw new ArgumentError('ERR_API_FIELD_UNKNOWN', {
    tried: `the body of ${of}()`,
    got: `the API has no field ${[...unknown.where, unknown.name].join('.')}, and the daemon would ignore it`,
    todo: `${hint(unknown, type)}To send a field that docker-mtls doesn't know, set { allowUnknown: true } in the options.`,
  })
}

function find(value: unknown, type: string, where: readonly string[]): Unknown | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if (Array.isArray(value)) return first(value.entries(), ([index, one]) => find(one, type, [...where, String(index)]))
  const fields = fieldsOf(type)
  return first(Object.entries(value), ([name, one]: [string, unknown]) => {
    const field = fields.get(name)
    if (!field) return one === undefined ? undefined : { where, name, type }
    return findIn(one, field, [...where, name])
  })
}

function findIn(value: unknown, { type, isMap }: Field, where: readonly string[]): Unknown | undefined {
  if (type === undefined) return undefined
  if (!isMap) return find(value, type, where)
  if (typeof value !== 'object' || value === null) return undefined
  return first(Object.entries(value), ([key, one]: [string, unknown]) => find(one, type, [...where, key]))
}

function first<Item, Found>(items: Iterable<Item>, look: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}

const FIELDS = new Map<string, ReadonlyMap<string, Field>>()

function fieldsOf(type: string): ReadonlyMap<string, Field> {
  const known = FIELDS.get(type)
  if (known) return known
  const fields = new Map((TYPES[type] ?? '').split(' ').map(parseField))
  FIELDS.set(type, fields)
  return fields
}

function parseField(text: string): [string, Field] {
  const [name = '', type] = text.split(':')
  return [name, { type: type?.replace('*', ''), isMap: type?.startsWith('*') ?? false }]
}

/** The field that was meant: the same name elsewhere in the body, or a similar one in the same place. */
function hint({ name, type, where }: Unknown, body: string): string {
  const similar = similarName(name, [...fieldsOf(type).keys()])
  const here = similar === undefined ? undefined : [...where, similar].join('.')
  const meant = similar?.toLowerCase() === name.toLowerCase() ? here : (pathTo(name, body) ?? here)
  return meant === undefined ? 'Correct the name, or omit it. ' : `Did you mean ${meant}? `
}

/** The shortest path to a field of this name. */
function pathTo(name: string, body: string): string | undefined {
  const places: { type: string; path: string }[] = [{ type: body, path: '' }]
  const seen = new Set<string>()
  for (const { type, path } of places) {
    if (seen.has(type)) continue
    seen.add(type)
    for (const [field, { type: inner, isMap }] of fieldsOf(type)) {
      if (field.toLowerCase() === name.toLowerCase()) return path + field
      if (inner !== undefined) places.push({ type: inner, path: `${path}${field}.${isMap ? '*.' : ''}` })
    }
  }
  return undefined
}
