import { ProvisionError } from '../../base/errors.ts'
import type { Context } from '../command.ts'
import type { Io } from './io.ts'
import { askYes, canAsk } from './prompt.ts'

/** Somebody was asked, and did not say yes. That is no error, and exit code 1 all the same: what was asked for is not done. */
export class Declined extends Error {}

/** What `addYes` adds. */
export interface ConfirmFlags {
  readonly yes?: boolean
}

/**
 * Goes on only where that is meant: by --yes, or by a person at a terminal who says so.
 *
 * @param question - ends in `?`, and names what will be gone
 * @param unchanged - what a no leads to, a sentence
 * @throws {@link Declined} where the answer is no; `run` says `unchanged` then
 * @throws {@link ProvisionError} ERR_CONFIRMATION_REQUIRED where nobody can be asked
 */
export async function confirm(
  question: string,
  { yes = false }: ConfirmFlags,
  { io }: Context,
  unchanged = 'Nothing was changed.',
): Promise<void> {
  if (yes) return
  requireSomebody(question, { yes }, io)
  if (!(await askYes(question, io))) throw new Declined(unchanged)
}

/**
 * Refuses what will have to be confirmed where nobody can be asked, before anything is made for it.
 *
 * @throws {@link ProvisionError} ERR_CONFIRMATION_REQUIRED
 */
export function requireSomebody(question: string, { yes = false }: ConfirmFlags, io: Io): void {
  if (yes || canAsk(io)) return
  throw new ProvisionError('ERR_CONFIRMATION_REQUIRED', {
    tried: `the question ${JSON.stringify(question)}`,
    got: 'there is no terminal to ask it on',
    todo: 'Say that you mean it:  --yes',
  })
}
