import type { Option } from 'commander'
import type { Sentence } from '../../base/sentence.ts'
import { usageError } from '../errors.ts'

/**
 * Makes a command line unambiguous before commander reads it:
 *
 * - an optional value is accepted only with `=`. Commander would take the next word, so that
 *   `init --userns-remap build01` would silently create no certificate for build01;
 * - a required value that looks like an option is refused: `--out --json` has lost its value.
 *
 * @param words - the words behind the command's name
 * @param options - the options that the command has
 * @param where - the command's name, for messages
 * @param note - is called with a note about a word that may be a value
 */
export function normaliseArgv(
  words: readonly string[],
  options: readonly Option[],
  where: Sentence,
  note: (text: string) => void,
): string[] {
  const byFlag = new Map(options.map((option) => [option.long ?? option.short ?? '', option]))
  const normal: string[] = []
  refuseBothWays(words, options, where)
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') return [...normal, ...words.slice(index)]
    const option = byFlag.get(word)
    normal.push(option?.optional === true ? `${word}=${String(option.presetArg)}` : word)
    const value = words[index + 1]
    if (option?.optional === true && value !== undefined && isDoubtful(value)) note(usedAsName(word, value))
    if (option?.required !== true || value === undefined) continue
    refuseOption(where, word, value)
    normal.push(value)
    index++
  }
  return normal
}

/** A server's name mostly has a dot, an address a dot or a colon, and a user has neither. */
function isDoubtful(word: string): boolean {
  return /^[^-.:][^.:]*$/.test(word)
}

function usedAsName(flag: string, word: string): string {
  return `Note: ${JSON.stringify(word)} is used as a name of the server. To give ${flag} a value, write  ${flag}=${word}`
}

/** `--x` with `--no-x`: commander would let the last one win. */
function refuseBothWays(words: readonly string[], options: readonly Option[], where: Sentence): void {
  const end = words.indexOf('--')
  const flags = new Set((end === -1 ? words : words.slice(0, end)).map((word) => word.replace(/=.*$/s, '')))
  for (const { long = '', negate } of options) {
    const opposite = long.replace(/^--no-/, '--')
    if (!negate || !flags.has(long) || !flags.has(opposite)) continue
    throw usageError(where, `${opposite} and ${long} can't be combined`, 'Give one of them.')
  }
}

function refuseOption(where: Sentence, flag: string, value: string): void {
  if (!/^-./.test(value)) return
  const todo = `Give it a value. If ${value} is the value, write ${flag}=${value}`
  throw usageError(where, `the option ${flag} has no value: ${value} looks like another option`, todo)
}

/** Does the command line ask for --json? For command lines that can't be parsed. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}
