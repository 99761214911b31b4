import { textFile } from '../../base/text-file.ts'
import { quotedWord } from '../../base/quoting/shells.ts'
import { fillIn } from './fill-in.ts'
import type { KnownCommand, ValueKind } from './tree.ts'

const SCRIPT = textFile(new URL('./script.ps1', import.meta.url))

/** A hash table with what can follow each command. */
export function renderPowerShell(commands: readonly KnownCommand[]): string {
  return fillIn(SCRIPT, { COMMANDS: commands.flatMap(rowsOf) })
}

function rowsOf({ words, commands, options, operands }: KnownCommand): string[] {
  const entries = [
    ...commands.map(({ name, summary }) => [name, '', summary]),
    ...options.map(({ flag, value, description }) => [
      flag,
      value?.optional === false ? kindOf(value.kind) : '',
      description,
    ]),
    ...operands.map(({ kind, name }) => ['', kindOf(kind), name]),
  ]
  const rows = entries.map((entry) => `    , @(${entry.map(q).join(', ')})`)
  return [`  ${q(words.join(' '))} = @(`, ...rows, '  )']
}

function kindOf(kind: ValueKind): string {
  return typeof kind === 'string' ? `@${kind}` : kind.join(',')
}

function q(text: string): string {
  return quotedWord('powershell', text)
}
