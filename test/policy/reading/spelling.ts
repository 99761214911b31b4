import { TYPES } from '../../../lib/engine/body-fields/table.ts'
import { renderJson } from '../../../lib/policy/json.ts'
import { foldedFieldsOf } from '../../../lib/policy/reading/fields.ts'
import type { Json } from '../../../lib/policy/request.ts'
import type { Random } from '../../fuzz/random.ts'

/** What is between the quotes of a key, which Go takes for a name of the API. */
export type Spelling = (name: string) => string

const swapCase = (letter: string): string =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
const fold = (letter: string): string =>
  ({ s: '\u017f', S: '\u017f', k: '\u212a', K: '\u212a' })[letter] ?? swapCase(letter)
const escape = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
const byLetter =
  (change: (letter: string, index: number) => string): Spelling =>
  (name) =>
    name.split('').map(change).join('')

/** All that Go takes for the same name, one at a time. */
export const SPELLINGS: Readonly<Record<string, Spelling>> = {
  'lower case': (name) => name.toLowerCase(),
  'upper case': (name) => name.toUpperCase(),
  'the other case': byLetter(swapCase),
  'the long s and the Kelvin sign': byLetter(fold),
  escapes: byLetter(escape),
  'escapes of folded letters, in turns': byLetter((letter, index) => (index % 2 === 0 ? escape(fold(letter)) : letter)),
}

/** What looks like the name, and is another key for Go. Some names have no such letter. */
export const OTHER_KEYS: readonly Spelling[] = [
  (name) => name.replace(/i/i, '\u0131'),
  (name) => name.replace(/i/i, '\u0130'),
  (name) => name.replace(/o/i, '\u043e'),
  (name) => name.replace(/k/i, '\u043a'),
  (name) => name.replace(/s/i, '\u00df'),
  (name) => name.replace(/e/i, 'e\u0301'),
  (name) => `${name} `,
  (name) => `${name}\\u0000`,
]

/** Each letter in one of these ways. */
export function spellLetter(random: Random, letter: string): string {
  const folded = random.chance(0.2) ? fold(letter) : random.chance(0.2) ? swapCase(letter) : letter
  return random.chance(0.05) ? escape(folded) : folded
}

/** JSON of a form of the engine's table, with each name of the API as it is spelled. The keys of maps stay. */
export function respell(value: Json, form: string, spell: Spelling): string {
  if (value === null || typeof value !== 'object') return renderJson(value)
  if (form.startsWith('[')) return `[${(value as Json[]).map((one) => respell(one, form.slice(1), spell)).join(',')}]`
  const fields = form in TYPES ? foldedFieldsOf(form) : undefined
  if (fields === undefined && !form.startsWith('*')) return renderJson(value)
  const entries = Object.entries(value).map(([key, one]: [string, Json]) => {
    const inner = fields ? ([...fields.values()].find(({ name }) => name === key)?.form ?? '') : form.slice(1)
    return `${fields ? `"${spell(key)}"` : JSON.stringify(key)}:${respell(one, inner, spell)}`
  })
  return `{${entries.join(',')}}`
}

/** A part of the way from a body to one of its fields. */
interface Step {
  readonly kind: 'field' | 'item' | 'key'
  readonly name: string
  /** The type of the object of a field. */
  readonly type?: string
}

/** A field of a body, however deep. */
export interface Place {
  readonly steps: readonly Step[]
  readonly form: string
}

/** A key of maps in a place. */
export const KEY = 'key'

/** All fields of a form, at every depth. */
export function placesIn(form: string, steps: readonly Step[] = []): readonly Place[] {
  if (form.startsWith('[')) return placesIn(form.slice(1), [...steps, { kind: 'item', name: '0' }])
  if (form.startsWith('*')) return placesIn(form.slice(1), [...steps, { kind: 'key', name: KEY }])
  if (!(form in TYPES)) return []
  return [...foldedFieldsOf(form).values()].flatMap(({ name, form: inner }) => {
    const here: readonly Step[] = [...steps, { kind: 'field', name, type: form }]
    return [{ steps: here, form: inner }, ...placesIn(inner, here)]
  })
}

/** `HostConfig.Mounts.0.Source`. */
export const pathOf = ({ steps }: Place): string => steps.map(({ name }) => name).join('.')

/**
 * A body with one field.
 *
 * @param spell - told the index of the step, too
 * @param beside - other fields of the object around it that is of a type
 */
export function bodyWith(
  { steps }: Place,
  value: string,
  spell: (name: string, index: number) => string = (name) => name,
  beside?: { readonly type: string; readonly fields: string },
): string {
  return steps.reduceRight((inner, { kind, name, type }, index) => {
    if (kind === 'item') return `[${inner}]`
    const more = beside !== undefined && type === beside.type ? `,${beside.fields}` : ''
    return `{"${kind === 'field' ? spell(name, index) : name}":${inner}${more}}`
  }, value)
}
