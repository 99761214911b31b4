import { isOver } from '../identity/dates.ts'
import type { SharedByCalls } from './grpc/shared.ts'

/**
 * Decides by the policy, and the rule, that are in force at the end. What is inspected, others' turns, sessions, and a slow log can take
 * seconds, in which the policy may change: then it is decided again.
 *
 * @param decide - decides, and waits for everything that has to be waited for. Undefined: nothing may follow
 */
export async function decideInForce<T extends { readonly until: number }>(
  { calls }: Pick<SharedByCalls, 'calls'>,
  decide: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (;;) {
    const policy = calls()
    const found = await decide()
    const holds = found === undefined || (policy === calls() && !isOver(found.until, Date.now()))
    if (holds) return found
  }
}
