import { MOST_REASONS } from './decided.ts'
import type { Refusal } from './refusal.ts'
import type { Allowed, Decided, FoundReason, SentInstead } from './types.ts'

/** A line of the log has a limit. */
const LONGEST = 200

/** A verdict of `authorize` that is safe to use. */
export interface ReadVerdict {
  /** Undefined: it is allowed. */
  readonly refused: Refusal | undefined
  readonly send: SentInstead | undefined
  readonly filterAnswer: Allowed['filterAnswer']
  /** In seconds. */
  readonly renewFor?: number | undefined
  readonly decided: Decided
  readonly warnings: readonly string[]
}

/** Reads what `authorize` returned, which in JavaScript can be anything. Anything but `allow: true` refuses. */
export function readVerdict(verdict: unknown): ReadVerdict {
  const { decided, warnings } = Object(verdict) as Record<string, unknown>
  const notes = { decided: readDecided(decided), warnings: listOf(warnings).filter(isText) }
  if (isAllowed(verdict))
    return {
      refused: undefined,
      send: verdict.send,
      filterAnswer: verdict.filterAnswer,
      renewFor: verdict.renewFor,
      ...notes,
    }
  const { status, code, message } = Object(verdict) as Record<string, unknown>
  const refused = {
    status: status === 404 ? 404 : 403,
    code: isText(code) && code !== '' ? code : 'REFUSED',
    message: isText(message) ? message : 'docker-mtls gateway: refused',
  }
  return { refused, send: undefined, filterAnswer: undefined, ...notes }
}

function isAllowed(verdict: unknown): verdict is Allowed {
  return typeof verdict === 'object' && verdict !== null && 'allow' in verdict && verdict.allow === true
}

function readDecided(value: unknown): Decided {
  const given = Object(value) as Record<string, unknown>
  const texts = (['operation', 'rule', 'level'] as const).map((name) => [name, given[name]] as const)
  const lists = (['reasons', 'audit', 'warn'] as const).map((name) => [name, readReasons(given[name])] as const)
  return Object.fromEntries([
    ...texts.flatMap(([name, text]) => (isText(text) ? [[name, text.slice(0, LONGEST)]] : [])),
    ...lists.filter(([, list]) => list.length > 0),
  ]) as Decided
}

function readReasons(value: unknown): FoundReason[] {
  return listOf(value)
    .slice(0, MOST_REASONS)
    .flatMap((one) => {
      const { code, where } = Object(one) as Record<string, unknown>
      const place = isText(where) && { where: where.slice(0, LONGEST) }
      return isText(code) ? [{ code: code.slice(0, LONGEST), ...place }] : []
    })
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const isText = (value: unknown): value is string => typeof value === 'string'
