import { LEVELS, type ImagePattern, type PolicyRule, type Who } from './types.ts'

/** A rule that ends, and the one that then applies to some of its callers and gives them more. */
export interface WiderRule {
  readonly ended: PolicyRule
  readonly next: PolicyRule
}

/** Rules after whose end a later rule gives the same callers more than they had. */
export function widerAfterEnd(rules: readonly PolicyRule[]): WiderRule[] {
  return rules.flatMap((ended, index) => {
    if (ended.until === undefined) return []
    const next = rules.slice(index + 1).find((rule) => isThere(rule, ended) && shares(rule.who, ended.who))
    return next !== undefined && givesMore(next, ended) ? [{ ended, next }] : []
  })
}

/** Does a rule go on after the end of the other one? */
function isThere({ until }: PolicyRule, ended: PolicyRule): boolean {
  return until === undefined || Date.parse(until) > Date.parse(ended.until ?? '')
}

/** Do these conditions surely hold for some callers for whom those of the other hold? Names and groups can't be compared. */
function shares(who: Who, other: Who): boolean {
  if (who.any === true) return true
  return (Object.keys(who) as (keyof Who)[]).every((key) => {
    const [own, others] = [who[key], other[key]]
    return Array.isArray(own) && Array.isArray(others) && own.some((value) => others.includes(value))
  })
}

/** Could the callers of a rule do something that those of the other can't? */
function givesMore(rule: PolicyRule, other: PolicyRule): boolean {
  if (other.level.enforce === 'privileged') return false
  return (
    LEVELS.indexOf(rule.level.enforce) > LEVELS.indexOf(other.level.enforce) ||
    (other.owner !== undefined && rule.owner !== other.owner) ||
    !areAmong(listsOf(rule.allow), listsOf(other.allow)) ||
    !areAmong(listsOf(other.deny), listsOf(rule.deny)) ||
    ONLY.some((key) => isWider(rule.only[key], other.only[key]))
  )
}

const ONLY = ['images', 'labels', 'networks', 'operations'] as const

type Entries = readonly (string | object)[]

function listsOf(lists: object): ReadonlyMap<string, Entries> {
  return new Map(Object.entries(lists) as [string, Entries][])
}

function areAmong(lists: ReadonlyMap<string, Entries>, others: ReadonlyMap<string, Entries>): boolean {
  return [...lists].every(([name, entries]) => !isWider(entries, others.get(name)))
}

/** Has a list something that the other one hasn't? Without a list, everything is in it. */
function isWider(list: Entries | readonly ImagePattern[] | undefined, other: Entries | undefined): boolean {
  if (other === undefined) return false
  const known = new Set(other.map((one) => JSON.stringify(one)))
  return list === undefined || list.some((one) => !known.has(JSON.stringify(one)))
}
