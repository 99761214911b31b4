import { TYPES } from './table.ts'

/** Where something is in a body: `HostConfig`, `Mounts`, `0`; empty for the body itself. */
type Place = readonly string[]

/** What the API doesn't have, or has in another form. */
export type Fault =
  | {
      readonly kind: 'unknown'
      readonly where: Place
      readonly name: string
      /** The type of the object that it is in. */
      readonly type: string
    }
  | {
      readonly kind: 'form'
      readonly where: Place
      /** The field of the API in which it is. */
      readonly field: string
      readonly value: unknown
      readonly form: string
    }

const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  s: (value) => typeof value === 'string',
  i: (value) => Number.isInteger(value),
  n: (value) => Number.isFinite(value),
  b: (value) => typeof value === 'boolean',
}

/**
 * Finds the first fault of a value.
 *
 * @param form - the form of the value, as in table.ts
 * @param field - the last field of the API on the way to it; maps have keys of their own
 */
export function findFault(given: unknown, form: string, where: Place = [], field = ''): Fault | undefined {
  const value = asWritten(given)
  if (form === '' || value === undefined || value === null) return undefined
  if (form === 'c') return isWord(value) ? undefined : findFault(value, '[s', where, field)
  const wrong: Fault = { kind: 'form', where, field, value, form }
  if (form.startsWith('s=')) return isOneOf(form, value) ? undefined : wrong
  if (form in FITS) return FITS[form]?.(value) === true ? undefined : wrong
  const isList = form.startsWith('[')
  if (typeof value !== 'object' || Array.isArray(value) !== isList) return wrong
  const inner = form.slice(1)
  if (isList || form.startsWith('*'))
    return first(Object.entries(value), ([key, one]: [string, unknown]) =>
      findFault(one, inner, [...where, key], field),
    )
  const fields = fieldsOf(form)
  return first(Object.entries(value), ([name, one]: [string, unknown]) => {
    const known = fields.get(name)
    if (known !== undefined) return findFault(one, known, [...where, name], name)
    return one === undefined ? undefined : { kind: 'unknown', where, name, type: form }
  })
}

/** dockerd takes a string for a command, but as one word: it would look for a program named `ls -l`. */
const isWord = (value: unknown): boolean => typeof value === 'string' && !/\s/.test(value)

/** The values of a choice: `s=no|always`. */
export const valuesOf = (form: string): readonly string[] => form.slice(2).split('|')

/** Empty means the default. The case is left to the daemon, which ignores it in the bodies for a swarm. */
function isOneOf(form: string, value: unknown): boolean {
  return typeof value === 'string' && (value === '' || valuesOf(form).includes(value.toLowerCase()))
}

/** JSON asks a Date, for example, what to write. */
function asWritten(value: unknown): unknown {
  const itself = value as { readonly toJSON?: unknown } | null | undefined
  return typeof itself?.toJSON === 'function' ? (itself.toJSON() as unknown) : value
}

function first<Item, Found>(items: Iterable<Item>, look: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}

const FIELDS = new Map<string, ReadonlyMap<string, string>>()

/** The fields of a type, with the form of each. */
export function fieldsOf(type: string): ReadonlyMap<string, string> {
  const known = FIELDS.get(type)
  if (known) return known
  const fields = new Map((TYPES[type] ?? '').split(' ').map(parseField))
  FIELDS.set(type, fields)
  return fields
}

function parseField(text: string): [name: string, form: string] {
  const [name = '', form = ''] = text.split(':')
  return [name, form]
}
