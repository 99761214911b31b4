import { isOver } from '../../identity/dates.ts'

interface Ends {
  /** In milliseconds. */
  readonly until: number
}

/** A decision, and whether the policy and the rule that have made it are still in force. */
export type InForce<T extends Ends> = T & { readonly holds: () => boolean }

/**
 * Decides by the policy, and the rule, that are in force at the end. What is inspected, others' turns, sessions, and a slow log can take
 * seconds, in which the policy may change: then it is decided again. If anything else is awaited afterwards, such as a connection to the
 * daemon, ask whether the decision still holds.
 *
 * @param policy - the current policy, or what stands for it. Each change creates another one
 * @param decide - decides, and waits for everything that has to be waited for. Undefined: nothing may follow
 */
export function decideInForce<T extends Ends>(policy: () => unknown, decide: () => Promise<T>): Promise<InForce<T>>
export function decideInForce<T extends Ends>(
  policy: () => unknown,
  decide: () => Promise<T | undefined>,
): Promise<InForce<T> | undefined>
export async function decideInForce<T extends Ends>(
  policy: () => unknown,
  decide: () => Promise<T | undefined>,
): Promise<InForce<T> | undefined> {
  for (;;) {
    const before = policy()
    const found = await decide()
    if (found === undefined) return undefined
    const holds = (): boolean => before === policy() && !isOver(found.until, Date.now())
    if (holds()) return { ...found, holds }
  }
}
