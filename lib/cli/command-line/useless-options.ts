import type { Command } from 'commander'
import type { Sentence } from '../../base/sentence.ts'
import { usageError } from '../errors.ts'

/**
 * Refuses options that mean nothing beside another one.
 *
 * @param isUseless - by the name of the attribute
 * @param beside - the command for the message, and the other option
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function refuseOptions(
  command: Command,
  isUseless: (name: string) => boolean,
  { where, flag }: { readonly where: Sentence; readonly flag: string },
): void {
  const given = command.options.find((option) => {
    const name = option.attributeName()
    const isGiven = command.getOptionValueSource(name) === 'cli' && isUseless(name)
    return isGiven && option.negate === (command.getOptionValue(name) === false)
  })
  if (given === undefined) return
  throw usageError(where, `${given.long} has no meaning with ${flag}`, 'Leave it out.')
}
