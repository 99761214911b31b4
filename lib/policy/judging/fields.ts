import type { Json } from '../request.ts'
import { fromBaseline, type Finding, type Judge, type Judged } from './finding.ts'
import { isEmpty, objectOf, textOf } from './values.ts'

/** How each field of an object is judged. */
export type Judges = Readonly<Record<string, Judge>>

/** Judges an object by its fields. One without a judge is refused: what it means isn't known. */
export function* judgeFields(judges: Judges, value: Json | undefined, where: string): Iterable<Judged> {
  for (const [name, one] of Object.entries(objectOf(value))) {
    const judge = Object.hasOwn(judges, name) ? judges[name] : undefined
    const place = where === '' ? name : `${where}.${name}`
    if (judge) yield* judge(one, place)
    else if (!isEmpty(one)) yield fromBaseline('FIELD_UNKNOWN', place, 'docker-mtls does not know what this field does')
  }
}

/** The judge of an object by its fields. */
export const fieldsOf =
  (judges: Judges): Judge =>
  (value, where) =>
    judgeFields(judges, value, where)

/** Judges each object of a list. */
export const eachOf = (judge: Judge): Judge =>
  function* (value, where) {
    for (const [index, one] of (Array.isArray(value) ? (value as readonly Json[]) : []).entries()) {
      yield* judge(one, `${where}.${index}`)
    }
  }

/** Of an option of a network driver. */
export const OPTION_UNKNOWN = 'docker-mtls does not know that its effect stays in the network'

/** Gives nothing beyond what every container has. */
export const HARMLESS: Judge = () => []

/** Judges that refuse a field as soon as it has a value. */
export const whateverIn = (names: readonly string[], judge: Judge): Judges =>
  Object.fromEntries(names.map((name) => [name, judge]))

/** One of these texts. */
export function oneOf(code: Finding['code'], texts: readonly string[], what: string): Judge {
  return function* (value, where) {
    const text = textOf(value)
    if (!texts.includes(text)) yield fromBaseline(code, where, `${what} ${text}`)
  }
}
