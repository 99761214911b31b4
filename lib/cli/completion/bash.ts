import { textFile } from '../../base/text-file.ts'
import { singleQuoted } from '../../base/quoting/posix.ts'
import { fillIn } from './fill-in.ts'
import type { KnownCommand, ValueKind } from './tree.ts'

const SCRIPT = textFile(new URL('./script.bash', import.meta.url))

/** bash shows no descriptions: a command is one line of words, as script.bash explains. */
export function renderBash(commands: readonly KnownCommand[]): string {
  return fillIn(SCRIPT, { COMMANDS: commands.map(rowOf) })
}

function rowOf(command: KnownCommand): string {
  return `    ${singleQuoted(command.words.join(' '))}) spec=${singleQuoted(specOf(command))} ;;`
}

function specOf({ commands, options, operands }: KnownCommand): string {
  return [
    ...commands.map(({ name }) => name),
    ...operands.map(({ kind }) => `=${kindOf(kind)}`),
    // An optional value is written with =, and has no fixed values.
    ...options.map(({ flag, value }) => (value?.optional === false ? `${flag}=${kindOf(value.kind)}` : flag)),
  ].join(' ')
}

function kindOf(kind: ValueKind): string {
  return typeof kind === 'string' ? `@${kind}` : kind.join(',')
}
