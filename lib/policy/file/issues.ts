import type { z } from 'zod'
import { similarName } from '../../base/options.ts'
import { enumerate, quoted } from '../../base/text.ts'
import { describe } from './describe.ts'
import type { Complaint, Fault, Path } from './fault.ts'
import { KEYS } from './schema.ts'

type Issue = z.core.$ZodIssue

/** The faults that issues of the schema are about. */
export function faultsOf(issues: readonly Issue[], value: unknown): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const { parent, missing } = follow(value, issue.path)
    if (missing !== undefined) return [{ path: parent, says: () => missingKey(missing, parent) }]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...parent, key], atKey: true, says: () => unknownKey(key, parent) }))
    return [{ path: parent, says: saysOf(issue, parent, valueAt(value, parent)) }]
  })
}

/** The part of a path that exists, and the first key that is missing. A level may be a text where the schema has an object. */
function follow(value: unknown, path: readonly PropertyKey[]): { parent: Path; missing?: string } {
  const parent: (string | number)[] = []
  let at = value
  for (const part of path as Path) {
    if (typeof at !== 'object' || at === null || (Array.isArray(at) && typeof part === 'string')) return { parent }
    if (!Object.hasOwn(at, part) || (at as Record<string, unknown>)[part] === undefined)
      return typeof part === 'string' ? { parent, missing: part } : { parent }
    at = (at as Record<string, unknown>)[part]
    parent.push(part)
  }
  return { parent }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((at, part) => (at as Record<string, unknown>)[part], value)
}

function saysOf(issue: Issue, path: Path, value: unknown): () => Complaint {
  if (issue.code === 'custom') {
    const says: unknown = issue.params?.['says']
    if (typeof says === 'function') return says as () => Complaint
  }
  const expected = issue.code === 'invalid_type' && issue.expected === 'array' ? 'a list of objects' : 'an object'
  return () => ({ got: `it is ${describe(value)}`, todo: `Write ${expected}. ${keysText(path)}` })
}

function missingKey(key: string, parent: Path): Complaint {
  return { got: `it has no ${key}`, todo: `Add ${key}. ${keysText(parent)}` }
}

function unknownKey(key: string, parent: Path): Complaint {
  const known = keysFor(parent)
  const near = similarName(key, known)
  const todo = near === undefined ? keysText(parent) : `Did you mean ${near}?`
  return { got: `the key ${quoted(key)} is unknown`, todo }
}

function keysText(path: Path): string {
  return `${path.at(-1) === 'hostPaths' || path.at(-1) === 'rules' ? 'The keys of each' : 'The keys'} are ${enumerate(keysFor(path))}.`
}

function keysFor(path: Path): readonly string[] {
  return KEYS[path.findLast((part) => typeof part === 'string') ?? ''] ?? []
}
