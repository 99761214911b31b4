import { resolve } from 'node:path'
import { PkiError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'
import { escapeText } from '../../base/text.ts'
import type { Context } from '../command.ts'
import { DEFAULT_FOLDER } from '../command-line/options.ts'
import { confirm, type ConfirmFlags } from '../terminal/confirm.ts'
import { canAsk } from '../terminal/prompt.ts'
import { refuseUntrusted } from './found.ts'
import type { Placed } from './key-folder.ts'
import { describeCa, folderOption } from './missing-ca.ts'
import { hasCa } from './has-ca.ts'
import { nearbyCas } from './nearby-cas.ts'

/** What decides whether a second CA is created. */
interface NewCa extends Placed, ConfirmFlags {
  /** Does the command only show what it would do? */
  readonly dryRun?: true
}

/**
 * Makes sure that nobody else could create the folder of a new CA first, and that a second CA is no accident. A folder that the command
 * line names is a decision, of which only a warning is left to say. Otherwise it asks. `--yes` is no answer: it is about the
 * changes that a command makes as usual.
 *
 * @param words - the words of the command
 * @throws {@link Declined} if the answer is no
 * @throws {@link PkiError} ERR_CA_NEARBY if nobody can be asked
 * @throws {@link FileError} ERR_FOUND_UNTRUSTED
 */
export async function agreeToNewCa(words: readonly string[], flags: NewCa, context: Context): Promise<void> {
  const { dir, isNamed, yes = false, dryRun = false } = flags
  if (await hasCa(dir)) return
  const isFound = !isNamed && dir === DEFAULT_FOLDER
  if (isFound && !dryRun) await refuseUntrusted({ path: dir, option: folderOption(words) }, context.io.env)
  const [first] = await nearbyCas(dir, context.io.env)
  if (first === undefined) return
  const folder = resolve(dir)
  const there = describeCa(first)
  if (isNamed || dryRun) return context.warn(`${folder} has no CA and gets a new one, beside the CA ${there}.`)
  if (!yes && canAsk(context.io))
    return confirm(escapeText(`Create a new CA in ${folder}, beside the CA ${there}?`), {}, context)
  throw new PkiError('ERR_CA_NEARBY', {
    tried: `creating a CA in ${folder}`,
    got: `there is a CA nearby, ${there}`,
    todo: sentence`If you want a second CA, name its folder:  ${command(folderOption(words), dir)}`,
  })
}
