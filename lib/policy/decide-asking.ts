import { isDockerMtlsError } from '../base/errors.ts'
import { deciderOf, type Decision } from './decide.ts'
import { Facts, type Need } from './facts.ts'
import type { Policy } from './file/types.ts'
import type { Json, PolicyRequest } from './request.ts'
import type { PolicyIdentity } from './who/identity.ts'

/** Chains of things that refer to each other are shorter. */
const MOST_ROUNDS = 20
/** No request names more things. */
const MOST_NEEDS = 100

/**
 * Decides like `decide()`, and asks the daemon whatever the decision needs.
 *
 * @param policy - from `parsePolicy()` or `definePolicy()`
 * @param identity - the caller
 * @param request - as it arrived
 * @param inspect - asks the daemon; null if there is no such thing
 * @returns the decision: `allow` or `refuse`
 * @throws whatever `inspect` throws, if the verdict depends on it. Refuse the request then. ERR_PATH_SEGMENT_INVALID counts as null:
 * nothing can have such a name.
 * @example
 * ```ts
 * const policy = definePolicy({ version: 1, rules: [{ name: 'a', who: { socket: 'agent' }, level: 'baseline' }] })
 * const request = { method: 'POST', target: '/containers/web/start' }
 * const { verdict } = await decideAsking(policy, { socket: 'agent' }, request, async () => null)
 * ```
 */
export async function decideAsking(
  policy: Policy,
  identity: PolicyIdentity,
  request: PolicyRequest,
  inspect: (need: Need) => Promise<Json>,
): Promise<Decision> {
  const facts = new Facts()
  const decideBy = deciderOf(policy, identity, request)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const decision = decideBy(facts)
    const { verdict, needs } = decision
    if (needs.length === 0 || needs.length > MOST_NEEDS) return settled(decision)
    try {
      for (const need of needs) facts.add(need, await inspect(need).catch(nullIfNameless))
    } catch (error) {
      if (verdict === 'needs') throw error
      return settled(decideBy(facts))
    }
  }
  return settled(decideBy(facts))
}

/** Nothing can have such a name. Those of volumes, which may be created, are judged before. */
function nullIfNameless(error: unknown): null {
  if (isDockerMtlsError(error, 'ERR_PATH_SEGMENT_INVALID')) return null
  throw error
}

/** What the verdict depends on and still isn't known is refused. */
function settled(decision: Decision): Decision {
  if (decision.verdict !== 'needs') return { ...decision, needs: [] }
  const got = 'the things that it names, or that these refer to, are too many'
  return { ...decision, verdict: 'refuse', reasons: [{ code: 'TARGET_UNKNOWN', got }], needs: [] }
}
