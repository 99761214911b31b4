import { textFile } from '../../base/text-file.ts'
import { quotedWord } from '../../base/quoting/shells.ts'
import { fillIn } from './fill-in.ts'
import type { KnownCommand, KnownOption, ValueKind } from './tree.ts'

const SCRIPT = textFile(new URL('./script.fish', import.meta.url))

/** One `complete` for each command, option and argument (fish's manual, complete(1)). */
export function renderFish(commands: readonly KnownCommand[]): string {
  return fillIn(SCRIPT, { COMMANDS: commands.flatMap(linesOf) })
}

function linesOf({ words, commands, options, operands }: KnownCommand): string[] {
  const exactly = condition('is', words)
  const below = condition(commands.length > 0 ? 'is' : 'begins', words)
  return [
    ...commands.map(({ name, summary }) => line(exactly, '-f', '-a', q(name), '-d', q(summary))),
    ...options.map((option) => line(below, ...optionWords(option))),
    ...operands.map(({ kind }) => line(condition('operand', words), ...valueWords(kind))),
  ]
}

function optionWords({ flag, description, value }: KnownOption): string[] {
  const name = ['-l', flag.replace(/^--/, ''), '-d', q(description)]
  return value === undefined || value.optional ? ['-f', ...name] : ['-r', ...name, ...valueWords(value.kind)]
}

const VALUES = {
  file: ['-F'],
  folder: ['-f', '-a', q('(__fish_complete_directories)')],
  client: ['-f', '-a', q('(__docker_mtls_clients)')],
  server: ['-f', '-a', q('(__docker_mtls_servers)')],
  context: ['-f', '-a', q('(docker context ls -q 2>/dev/null | __docker_mtls_untyped)')],
  text: ['-f'],
} as const

function valueWords(kind: ValueKind): readonly string[] {
  return typeof kind === 'string' ? VALUES[kind] : ['-f', '-a', q(kind.join(' '))]
}

function condition(test: 'is' | 'begins' | 'operand', words: readonly string[]): string {
  return q([`__docker_mtls_${test}`, ...words].join(' '))
}

function line(when: string, ...words: readonly string[]): string {
  return ['complete -c docker-mtls -n', when, ...words].join(' ')
}

function q(text: string): string {
  return quotedWord('fish', text)
}
