import { Facts, type Need } from './facts.ts'
import type { Level, Policy, PolicyRule } from './file/types.ts'
import { sendForOwner } from './owner/send.ts'
import { pinNames } from './pinning.ts'
import { reasonsAt, refusesOperation } from './reasons.ts'
import { readAsNeeded } from './reading/read.ts'
import type { Json, PolicyRequest, ReadRequest, Reason } from './request.ts'
import type { PolicyIdentity } from './who/identity.ts'
import { endedRule, matchRule } from './who/match.ts'

/** What a policy says about a request. */
export interface Decision {
  /** `needs`: the daemon has to be asked first. Whoever can't ask has to refuse. */
  readonly verdict: 'allow' | 'refuse' | 'needs'
  /** The name of the rule that decided. Omitted: no rule is for this caller. */
  readonly rule?: string
  /** The level that decided. */
  readonly level?: Level
  /** The name of the operation: `containers.create`. Omitted: the API has none for this path. */
  readonly operation?: string
  /** When the rule ends: what is open then has to be cut. Omitted: it never ends. */
  readonly until?: string
  /** Why it is refused. Empty if it is allowed. */
  readonly reasons: readonly Reason[]
  /** What the level in `audit` of the rule would refuse. */
  readonly audit: readonly Reason[]
  /** What the level in `warn` of the rule would refuse. */
  readonly warn: readonly Reason[]
  /** What to inspect, then add to the facts. If the verdict is `allow`, only `audit` and `warn` depend on it. */
  readonly needs: readonly Need[]
  /**
   * The request as it was read: send this, and not what arrived. Omitted: it can't be read with certainty. Without its body if all levels
   * of the rule refuse the operation.
   */
  readonly read?: ReadRequest
  /** Whose things the caller sees. Omitted: everyone's. */
  readonly owner?: string
  /** `read` has a label or filter of the owner, which what arrived may lack. Whoever can't send `read` has to refuse. */
  readonly mustSendRead?: true
  /**
   * What the caller may see of the daemon's answer, parsed as JSON. Whoever can't replace an answer has to refuse. Omitted: all
   * of it.
   */
  readonly filterAnswer?: (answer: Json) => Json
}

/**
 * Decides whether a caller may send a request.
 *
 * @param policy - from `parsePolicy()` or `definePolicy()`
 * @param identity - the caller
 * @param request - as it arrived, and when
 * @param facts - what the daemon says of the things that the request names. Without them, the first decision may have needs
 * @example
 * ```ts
 * const policy = definePolicy({ version: 1, rules: [{ name: 'a', who: { socket: 'agent' }, level: 'baseline' }] })
 * const { verdict, reasons } = decide(policy, { socket: 'agent' }, { method: 'GET', target: '/containers/json' })
 * ```
 */
export function decide(
  policy: Policy,
  identity: PolicyIdentity,
  request: PolicyRequest,
  facts: Facts = new Facts(),
): Decision {
  return deciderOf(policy, identity, request)(facts)
}

/** Reads a request once, and decides about it whenever more is known. */
export function deciderOf(
  policy: Policy,
  identity: PolicyIdentity,
  request: PolicyRequest,
): (facts: Facts) => Decision {
  const rule = matchRule(policy, identity, request.at)
  if (rule === undefined) return () => refused({}, [noRule(policy, identity)])
  const { name, level, until, owner } = rule
  const head = {
    rule: name,
    level: level.enforce,
    ...(until !== undefined && { until }),
    ...(owner !== undefined && { owner }),
  }
  // Bodies take time. Who may not use an operation shall not take that of others.
  const reading = readAsNeeded(asReadAt(level.enforce, request), (read) => mayUse(rule, read))
  if ('code' in reading) return () => unread(head, rule, reading)
  const known = { ...head, operation: reading.operation.name, read: reading }
  return (facts) => decideRead(known, rule, reading, facts)
}

const mayUse = (rule: PolicyRule, { operation }: ReadRequest): boolean => !refusesOperation(rule, operation.name)

/** Whether a decision depends on the body of a request. Otherwise it is refused, whatever is in the body. */
export function dependsOnBody(policy: Policy, identity: PolicyIdentity, request: PolicyRequest): boolean {
  const rule = matchRule(policy, identity, request.at)
  if (rule === undefined) return false
  const reading = readAsNeeded(request, () => false)
  return 'code' in reading || mayUse(rule, reading)
}

/** Who is root anyway may send parameters of a newer daemon. */
function asReadAt(level: Level, request: PolicyRequest): PolicyRequest {
  if (level !== 'privileged') return request
  const { isRewritten: _, ...asItArrived } = request
  return asItArrived
}

type Head = Pick<Decision, 'rule' | 'level' | 'until' | 'owner' | 'operation' | 'read'>

function refused(head: Head, reasons: readonly Reason[]): Decision {
  return { ...head, verdict: 'refuse', reasons, audit: [], warn: [], needs: [] }
}

/** Why a caller has no rule. */
export function noRule(policy: Policy, identity: PolicyIdentity): Reason {
  const ended = endedRule(policy, identity)
  if (ended === undefined) return { code: 'IDENTITY_UNKNOWN', got: 'no rule of the policy is for this caller' }
  const got = `the rule ${ended.name} ended on ${ended.until}, and no other rule is for this caller`
  return { code: 'RULE_ENDED', got }
}

/** Who is root anyway may send what docker-mtls can't read, such as an operation of a newer daemon. */
function unread(head: Head, { level: { enforce, audit, warn } }: PolicyRule, reason: Reason): Decision {
  const at = (level: Level | undefined): readonly Reason[] =>
    level === undefined || level === 'privileged' ? [] : [reason]
  const verdict = enforce === 'privileged' ? 'allow' : 'refuse'
  return { ...refused(head, at(enforce)), verdict, audit: at(audit), warn: at(warn) }
}

export function decideRead(head: Head, rule: PolicyRule, read: ReadRequest, facts: Facts): Decision {
  const at = (level: Level | undefined): Judgement => {
    const needs = new Map<string, Need>()
    const need = (one: Need): void => void needs.set(`${one.kind} ${one.name}`, one)
    return { reasons: level === undefined ? [] : reasonsAt(read, { level, rule, facts, need }), needs }
  }
  const [{ reasons, needs }, audit, warn] = [at(rule.level.enforce), at(rule.level.audit), at(rule.level.warn)]
  if (reasons.length > 0) return { ...refused(head, reasons), audit: audit.reasons, warn: warn.reasons }
  const pinned = pinNames(read, facts)
  const known = { ...head, read: pinned, reasons }
  if (needs.size > 0)
    return { ...known, verdict: 'needs', audit: audit.reasons, warn: warn.reasons, needs: [...needs.values()] }
  return {
    ...known,
    verdict: 'allow',
    audit: withUnknown(audit),
    warn: withUnknown(warn),
    needs: [...new Map([...audit.needs, ...warn.needs]).values()],
    ...(rule.owner !== undefined && sendForOwner(pinned, rule.owner, facts)),
  }
}

/** What one level of a rule says. */
interface Judgement {
  readonly reasons: readonly Reason[]
  readonly needs: ReadonlyMap<string, Need>
}

/** A level that is only tried refuses nothing because something isn't known. */
function withUnknown({ reasons, needs }: Judgement): readonly Reason[] {
  const [first] = needs.values()
  if (first === undefined) return reasons
  const others = needs.size === 1 ? '' : `, and ${needs.size - 1} more`
  return [...reasons, { code: 'TARGET_UNKNOWN', got: `not inspected: the ${first.kind} ${first.name}${others}` }]
}
