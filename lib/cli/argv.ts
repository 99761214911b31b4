import type { Option } from 'commander'
import { usageError } from './errors.ts'

/**
 * Makes a command line unmistakable before commander reads it:
 *
 * - an optional value is taken with `=` alone. Commander would take the next word, so that
 *   `init --userns-remap build01` would make no certificate for build01, and say nothing;
 * - a required value that looks like an option is refused: `--out --json` has lost its value.
 *
 * @param words - what follows the command's name
 * @param options - the options that the command has
 * @param where - the command's name, for messages
 */
export function normaliseArgv(words: readonly string[], options: readonly Option[], where: string): string[] {
  const byFlag = new Map(options.map((option) => [option.long ?? option.short ?? '', option]))
  const normal: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') return [...normal, ...words.slice(index)]
    const option = byFlag.get(word)
    normal.push(option?.optional === true ? `${word}=${String(option.presetArg)}` : word)
    const value = words[index + 1]
    if (option?.required !== true || value === undefined) continue
    refuseOption(where, word, value)
    normal.push(value)
    index++
  }
  return normal
}

function refuseOption(where: string, flag: string, value: string): void {
  if (!/^-./.test(value)) return
  const todo = `Give it one; if ${value} is what it shall be, write ${flag}=${value}`
  throw usageError(where, `the option ${flag} has no value, and ${value} follows`, todo)
}

/** Is --json asked for? Needed where the command line is too wrong to be read. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}
