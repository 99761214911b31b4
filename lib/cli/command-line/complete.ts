import { COMMANDS } from '../commands.ts'
import { GROUPS } from '../groups.ts'

/** The commands that the docker command's completion calls in its plugins, as cobra names them (cobra's site/content/completions). */
export const COMPLETE_WORDS: readonly string[] = ['__complete', '__completeNoDesc']

/** ShellCompDirectiveNoFileComp, where file names would be wrong; ShellCompDirectiveDefault leaves them to the shell. */
const NO_FILES = ':4'
const FILES = ':0'

/** Returns the words that can follow, one on each line with its description, and the directive at the end. */
export function complete([asked, ...words]: readonly string[]): string {
  const before = words.slice(0, -1)
  const begun = words.at(-1) ?? ''
  const next = candidates(before)
  if (next === undefined) return `${FILES}\n`
  const found = [...next].filter(([word]) => word.startsWith(begun))
  const lines = found.map(([word, about]) => (asked === '__complete' ? `${word}\t${about}` : word))
  return `${[...lines, NO_FILES].join('\n')}\n`
}

/** The commands that are possible here; undefined after a complete command. */
function candidates(before: readonly string[]): Map<string, string> | undefined {
  const [group] = before
  if (before.length > 1 || (group !== undefined && !Object.hasOwn(GROUPS, group))) return undefined
  if (group === undefined) {
    return new Map(COMMANDS.map(({ words, summary }) => [words[0], words.length === 1 ? summary : summaryOf(words[0])]))
  }
  const inside = COMMANDS.filter(({ words }) => words.length === 2 && words[0] === group)
  return new Map(inside.map(({ words, summary }) => [words[1] ?? '', summary]))
}

function summaryOf(group: string): string {
  return GROUPS[group]?.summary ?? ''
}
