import { TYPES } from '../../engine/body-fields/table.ts'
import type { CallDecision } from '../../policy/calls/decide.ts'
import { ATTRIBUTE_NAMES } from '../../policy/calls/judge-solve.ts'
import { FIELD_NAMES } from '../../policy/calls/messages.ts'
import { OPERATIONS } from '../../policy/operations.ts'
import { parametersOf } from '../../policy/reading/query-parameters.ts'
import type { Reason } from '../../policy/request.ts'
import type { Decided, FoundReason } from '../types.ts'

/** A body may have thousands of faults. */
export const MOST_REASONS = 10

/** What a decision says for the log. Texts of reasons quote the request, which may contain secrets, so they aren't in it. */
export function decidedBy(decision: Omit<CallDecision, 'verdict' | 'uses'>): Decided {
  const { operation, rule, level, reasons, audit, warn, details } = decision
  const found = (list: readonly Reason[]): FoundReason[] => list.slice(0, MOST_REASONS).map(foundReason)
  return {
    ...(operation !== undefined && { operation }),
    ...(rule !== undefined && { rule }),
    ...(level !== undefined && { level }),
    ...(details && { details }),
    ...(reasons.length > 0 && { reasons: found(reasons) }),
    ...(audit.length > 0 && { audit: found(audit) }),
    ...(warn.length > 0 && { warn: found(warn) }),
  }

  function foundReason({ code, where }: Reason): FoundReason {
    if (where === undefined || where === '') return { code }
    return { code, where: where === operation ? where : knownPlace(where) }
  }
}

/** Longer than any place that has only names of the API. */
const LONGEST_PLACE = 300
const PREFIX = /^the (?:query parameter |header [\w-]+|path|query|body|message)/

/**
 * A place with names of the API alone. What a client writes as the name of a field, a label or a query parameter may be a secret.
 */
function knownPlace(whole: string): string {
  const where = whole.slice(0, LONGEST_PLACE)
  const [before = ''] = PREFIX.exec(where) ?? []
  const names = where.slice(before.length).split(/([.:] ?)/)
  return before + names.map((name, index) => (index % 2 === 1 || isKnown(name) ? name : '*')).join('')
}

const isKnown = (name: string): boolean => /^\d{0,6}$/.test(name) || knownNames().has(name.toLowerCase())

let known: ReadonlySet<string> | undefined

/** All names of fields and query parameters of the API, and of BuildKit's calls, in lower case. */
function knownNames(): ReadonlySet<string> {
  return (known ??= new Set([
    ...Object.values(TYPES).flatMap((fields) => fields.split(' ').map((field) => lowerName(field))),
    ...OPERATIONS.flatMap((operation) => [...parametersOf(operation).keys()].map((name) => name.toLowerCase())),
    ...[...FIELD_NAMES, ...ATTRIBUTE_NAMES].map((name) => name.toLowerCase()),
  ]))
}

const lowerName = (field: string): string => (field.split(':')[0] ?? '').toLowerCase()
