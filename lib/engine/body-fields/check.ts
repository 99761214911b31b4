import { ArgumentError } from '../../base/errors.ts'
import { similarName } from '../../base/options.ts'
import type { Operation } from '../operation.ts'
import { fieldFor } from '../option-hints.ts'
import { fieldsOf, findFault, type Fault } from './find.ts'
import { BODIES } from './table.ts'
import { wrongForm } from './wrong-form.ts'

/**
 * Refuses a body with a field that the API doesn't have in that place. The daemon would ignore it: a container would run
 * without the requested limit. Also refuses a value that the daemon can't read, such as text for a number.
 */
export function checkFields({ name: of }: Operation, body: unknown): void {
  // Whether the body itself is a list is left to the daemon, unless it is one of texts.
  const form = Array.isArray(body) || BODIES[of] === '[s' ? BODIES[of] : BODIES[of]?.replace('[', '')
  if (form === undefined || body instanceof Uint8Array) return
  const fault = findFault(body, form)
  if (fault) throw fault.kind === 'unknown' ? unknownField(of, fault, form) : wrongForm(of, fault)
}

type Unknown = Fault & { readonly kind: 'unknown' }

function unknownField(of: string, unknown: Unknown, form: string): ArgumentError {
  return new ArgumentError('ERR_API_FIELD_UNKNOWN', {
    tried: `the body of ${of}()`,
    got: `the API has no field ${[...unknown.where, unknown.name].join('.')}, and the daemon would ignore it`,
    todo: `${hint(of, unknown, form)}To send a field that docker-mtls doesn't know, set { allowUnknown: true } in the options.`,
  })
}

/** Fields that became something else in these calls. */
const ADVICE: Readonly<Record<string, string>> = {
  'exec.create stdin': 'To send input, set AttachStdin: true, or call docker.exec.run() with { stdin }. ',
  'exec.start stdin':
    'To send input, set AttachStdin: true in exec.create() and write to stdin of the stream, or call docker.exec.run() with { stdin }. ',
}

/** The field that was meant: the same name elsewhere in the body, or a similar one in the same place. */
function hint(of: string, { name: given, type, where }: Unknown, body: string): string {
  const advice = ADVICE[`${of} ${given.toLowerCase()}`]
  if (advice !== undefined) return advice
  const name = fieldFor(given) ?? given
  const similar = similarName(name, [...fieldsOf(type).keys()])
  const here = similar === undefined ? undefined : [...where, similar].join('.')
  const meant = similar?.toLowerCase() === name.toLowerCase() ? here : (pathTo(name, body) ?? here)
  return meant === undefined ? 'Correct the name, or omit it. ' : `Did you mean ${meant}? `
}

/** The shortest path to a field of this name. */
function pathTo(name: string, body: string): string | undefined {
  const places: { form: string; path: string }[] = [{ form: body, path: '' }]
  const seen = new Set<string>()
  for (const { form, path } of places) {
    const type = form.replace(/^[*[]+/, '')
    if (seen.has(type)) continue
    seen.add(type)
    for (const [field, inner] of fieldsOf(type)) {
      if (field.toLowerCase() === name.toLowerCase()) return path + field
      places.push({ form: inner, path: `${path}${field}.${inner.startsWith('*') ? '*.' : ''}` })
    }
  }
  return undefined
}
