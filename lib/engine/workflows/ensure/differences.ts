import { ConflictError } from '../../../base/errors.ts'
import type { Sentence } from '../../../base/sentence.ts'
import { enumerate } from '../../../base/text.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The names of the requested settings that an object hasn't. Settings that aren't requested don't matter. Values aren't named:
 * options of drivers may hold passwords.
 */
export function differences(requested: unknown, found: unknown, name = ''): string[] {
  if (requested === undefined || requested === null) return []
  if (typeof requested !== 'object') return isSame(requested, found) ? [] : [name]
  if (Array.isArray(requested) && (!Array.isArray(found) || found.length !== requested.length)) {
    return requested.length === 0 && !found ? [] : [name]
  }
  return Object.entries(requested as Fields).flatMap(([key, value]) =>
    differences(value, (found as Fields | null | undefined)?.[key], name === '' ? key : `${name}.${key}`),
  )
}

/** The daemon leaves out what is empty or off. */
function isSame(requested: unknown, found: unknown): boolean {
  return requested === found || (!requested && !found)
}

/** Refuses an object that exists, but differs from the requested one. */
export function refuseDifferent(
  what: string,
  name: string,
  different: readonly string[],
  { path, todo }: { readonly path: string; readonly todo: Sentence },
): void {
  if (different.length === 0) return
  throw new ConflictError('ERR_API_CONFLICT', {
    tried: `ensuring the ${what} ${name}`,
    got: `it exists, but differs in ${enumerate(different)}`,
    todo,
    status: 409,
    method: 'POST',
    path,
  })
}
