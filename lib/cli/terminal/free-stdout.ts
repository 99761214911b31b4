import type { Sentence } from '../../base/sentence.ts'
import { usageError } from '../errors.ts'
import type { Io } from './io.ts'

/**
 * Refuses to write a file to stdout if that is a terminal, or if --json needs it.
 *
 * @param where - the command, with the option that names stdout
 * @param todo - how to redirect it
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function requireFreeStdout(
  { json }: { readonly json?: true },
  { stdout }: Io,
  where: Sentence,
  todo: Sentence,
): void {
  if (json === true) throw usageError(where, 'the file and --json both need stdout', todo)
  if (stdout.isTTY === true) throw usageError(where, 'stdout is a terminal', todo)
}
