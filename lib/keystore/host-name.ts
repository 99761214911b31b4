import { PkiError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'

/** What a folder can be called on every system, one whose file names know no capitals among them. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,126}[a-z0-9_-])?$/

/** Could it be the folder of one of several servers? */
export function isHostName(name: string): boolean {
  return NAME.test(name)
}

/**
 * Reads what one of several servers is called, which becomes a folder.
 *
 * @param name - up to 128 small letters, digits, `.`, `-` and `_`, beginning with a letter, a digit or `_`
 * @throws {@link PkiError} ERR_NAME_INVALID
 */
export function parseHostName(name: string): string {
  checkText(name, 'the name of a host')
  if (isHostName(name)) return name
  throw new PkiError('ERR_NAME_INVALID', {
    tried: `the host ${JSON.stringify(name)}`,
    got: 'it becomes a folder, and is no name for one',
    todo: 'It has up to 128 small letters, digits, ., - and _, and begins with a letter, a digit or _.',
  })
}
