import { decideRead, type Decision } from '../decide.ts'
import { Facts } from '../facts.ts'
import type { Policy, PolicyRule } from '../file/types.ts'
import { parseTarget } from '../reading/target.ts'
import { Unreadable } from '../reading/unreadable.ts'
import { splitVersion } from '../reading/version.ts'
import type { PolicyRequest, ReadRequest } from '../request.ts'
import type { PolicyIdentity } from '../who/identity.ts'
import { matchRule } from '../who/match.ts'

/** Whether each call of a caller has to be judged. Who is root, and whom no other level is tried for, has a plain connection. */
export function judgesCalls(policy: Policy, identity: PolicyIdentity, at: Date): boolean {
  const rule = matchRule(policy, identity, at)
  return rule === undefined || isJudged(rule)
}

function isJudged({ level: { enforce, audit, warn } }: PolicyRule): boolean {
  return enforce !== 'privileged' || audit !== undefined || warn !== undefined
}

/**
 * Decides about `POST /grpc`, on whose connection BuildKit's calls travel. By itself it gives what `POST /session` gives, a
 * connection to BuildKit, so it is allowed and denied with it. Whoever can't judge the calls by {@link decideCall} has to refuse
 * it, which is what `decide()` does.
 *
 * @returns undefined for another request, and for a caller whose calls needn't be judged
 */
export function decideOpening(policy: Policy, identity: PolicyIdentity, request: PolicyRequest): Decision | undefined {
  const rule = matchRule(policy, identity, request.at)
  const read = readOpening(request)
  if (rule === undefined || read === undefined || !isJudged(rule)) return undefined
  const { name, level, until, owner } = rule
  const end = until !== undefined && { until }
  const head = { rule: name, level: level.enforce, ...end, operation: read.operation.name, read }
  return decideRead({ ...head, ...(owner !== undefined && { owner }) }, rule, read, new Facts())
}

function readOpening({ method, target, body, headers = {} }: PolicyRequest): ReadRequest | undefined {
  if (method !== 'POST' || body !== undefined || String(headers['upgrade']).toLowerCase() !== 'h2c') return undefined
  try {
    const { segments, search } = parseTarget(target)
    const { version, rest } = splitVersion(segments)
    if (rest.length !== 1 || rest[0] !== 'grpc' || search !== '') return undefined
    const operation = { name: 'session.open', method, path: '/grpc' }
    return { operation, ...(version !== undefined && { version }), parameters: {}, query: new Map() }
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}
