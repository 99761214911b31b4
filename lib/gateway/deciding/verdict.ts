import { boundDetails } from '../../policy/details/bound.ts'
import { MOST_REASONS } from './decided.ts'
import { refusal, type Refusal } from '../refusal.ts'
import type { Allowed, Decided, FoundReason, RefusedPart, SentInstead } from '../types.ts'

/** A line of the log has a limit. */
const LONGEST = 200

/** A verdict of `authorize` that is safe to use. */
export interface ReadVerdict {
  /** Undefined: it is allowed. */
  readonly refused: Refusal | undefined
  /** All that is refused; empty if nobody says so. */
  readonly reasons: readonly RefusedPart[]
  readonly send: SentInstead | undefined
  readonly filterAnswer: Allowed['filterAnswer']
  /** When the permission ends, in milliseconds. */
  readonly until: number
  /** In seconds. */
  readonly renewFor?: number | undefined
  readonly decided: Decided
  /**
   * No other daemon may get it. A policy, which always names a level, knows dockerd only. A function may decide about any daemon, unless it
   * names a limited level.
   */
  readonly onlyDockerd: boolean
  readonly warnings: readonly string[]
}

/**
 * Reads what `authorize` returned, which in JavaScript can be anything. Anything but `allow: true` refuses, and so does a permission
 * that has ended.
 *
 * @throws {TypeError} if nobody can say when the permission ends
 */
export function readVerdict(verdict: unknown): ReadVerdict {
  const { decided, warnings } = Object(verdict) as Record<string, unknown>
  const read = readDecided(decided)
  const onlyDockerd = (read.level ?? 'privileged') !== 'privileged'
  const notes = { decided: read, onlyDockerd, warnings: listOf(warnings).filter(isText) }
  if (isAllowed(verdict)) {
    const until = endOf(verdict)
    if (until <= Date.now()) return { ...NOTHING, refused: ended(until), ...notes }
    return {
      refused: undefined,
      reasons: [],
      send: verdict.send,
      filterAnswer: verdict.filterAnswer,
      until,
      renewFor: Number.isFinite(verdict.renewFor) ? verdict.renewFor : undefined,
      ...notes,
    }
  }
  const { status, code, message, reasons } = Object(verdict) as Record<string, unknown>
  const refused = {
    status: status === 400 || status === 404 ? status : 403,
    code: isText(code) && code !== '' ? code : 'REFUSED',
    message: isText(message) ? message : 'docker-mtls gateway: refused',
  }
  return { ...NOTHING, refused, reasons: readParts(reasons), ...notes }
}

/** The verdict of the gateway itself. */
export function refuseWith(refused: Refusal): ReadVerdict {
  return { ...NOTHING, refused, decided: {}, onlyDockerd: true, warnings: [] }
}

/** Of what is refused, no permission can end. */
const NOTHING = { reasons: [], send: undefined, filterAnswer: undefined, until: Infinity } as const

/** @throws {TypeError} if it isn't a date */
function endOf({ until }: Allowed): number {
  if (until === undefined) return Infinity
  const end = until instanceof Date ? until.getTime() : NaN
  if (Number.isNaN(end)) throw new TypeError('authorize: `until` of its verdict is no date')
  return end
}

function ended(until: number): Refusal {
  return refusal(403, 'RULE_ENDED', `your permission for this ended on ${new Date(until).toISOString()}`)
}

function isAllowed(verdict: unknown): verdict is Allowed {
  return typeof verdict === 'object' && verdict !== null && 'allow' in verdict && verdict.allow === true
}

function readDecided(value: unknown): Decided {
  const given = Object(value) as Record<string, unknown>
  const read: { -readonly [Key in keyof Decided]: Decided[Key] } = {}
  for (const name of ['operation', 'rule', 'level'] as const) {
    const text = given[name]
    if (isText(text)) read[name] = text.slice(0, LONGEST)
  }
  const details = boundDetails(given['details'])
  if (details) read.details = details
  for (const name of ['reasons', 'audit', 'warn'] as const) {
    const list = readReasons(given[name])
    if (list.length > 0) read[name] = list
  }
  return read
}

function readParts(value: unknown): RefusedPart[] {
  return listOf(value)
    .slice(0, MOST_REASONS)
    .flatMap((one) => {
      const { code, message, where } = Object(one) as Record<string, unknown>
      return isText(code) && isText(message) ? [{ code, message, ...(isText(where) && { where }) }] : []
    })
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
