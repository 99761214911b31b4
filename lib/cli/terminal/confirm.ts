import { ProvisionError } from '../../base/errors.ts'
import type { Context } from '../command.ts'
import type { Io } from './io.ts'
import { askYes, canAsk } from './prompt.ts'

/** The user didn't answer yes. That is no error, but the exit code is 1, since the command was not carried out. */
export class Declined extends Error {}

/** What `addYes` adds. */
export interface ConfirmFlags {
  readonly yes?: boolean
}

/**
 * Continues only after --yes, or after a yes at the terminal.
 *
 * @param question - ends in `?`, and names what will be lost
 * @param unchanged - a sentence about the result of a no
 * @throws {@link Declined} if the answer is no; `run` then prints `unchanged`
 * @throws {@link ProvisionError} ERR_CONFIRMATION_REQUIRED if nobody can be asked
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
 * Refuses early, before anything is created, if confirmation will be needed and nobody can be asked.
 *
 * @throws {@link ProvisionError} ERR_CONFIRMATION_REQUIRED
 */
export function requireSomebody(question: string, { yes = false }: ConfirmFlags, io: Io): void {
  if (yes || canAsk(io)) return
  throw new ProvisionError('ERR_CONFIRMATION_REQUIRED', {
    tried: `the question ${JSON.stringify(question)}`,
    got: "docker-mtls isn't running in a terminal, so it can't ask you",
    todo: 'Confirm it in advance:  --yes',
  })
}
