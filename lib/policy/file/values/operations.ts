import { similarName } from '../../../base/options.ts'
import { enumerate, quoted } from '../../../base/text.ts'
import { OPERATION_NAMES } from '../../operations.ts'
import type { Complaint } from '../fault.ts'
import { refused, Refused, unknown, type Kind } from './value.ts'

const KNOWN: ReadonlySet<string> = new Set(OPERATION_NAMES)
const RESOURCES: readonly string[] = [...new Set(OPERATION_NAMES.map((name) => name.replace(/\..*$/, '')))]

/** One operation, or all of a resource. */
export const OPERATIONS: Kind<readonly string[]> = {
  expected: 'an operation, such as images.push or containers.*',
  read: (text) => {
    if (KNOWN.has(text)) return [text]
    if (text === '*') return refused(text, 'is every operation', 'Write each resource, such as containers.*.')
    const resource = /^(\w+)\.\*$/.exec(text)?.[1]
    if (resource !== undefined && RESOURCES.includes(resource))
      return OPERATION_NAMES.filter((name) => name.startsWith(`${resource}.`))
    return new Refused(() => unknownOperation(text, resource))
  },
}

function unknownOperation(text: string, resource: string | undefined): Complaint {
  if (resource !== undefined) {
    const near = similarName(resource, RESOURCES)
    const todo = near === undefined ? `The resources are ${enumerate(RESOURCES)}.` : `Did you mean ${near}.*?`
    return { got: `${quoted(resource)} is not a resource`, todo }
  }
  if (text.includes('*'))
    return { got: `${quoted(text)} is a pattern`, todo: 'Write each operation, or RESOURCE.*, such as containers.*.' }
  const own = OPERATION_NAMES.filter((name) => name.startsWith(`${text.replace(/\..*$/, '')}.`))
  const list = own.length > 0 ? `The operations are ${enumerate(own)}.` : `The resources are ${enumerate(RESOURCES)}.`
  return unknown(text, OPERATION_NAMES, 'an operation', list)
}
