import type { Argument, Command, Option } from 'commander'
import { FAMILIES } from '../../audit/names.ts'

/** What completes a value: names that the shell finds itself, or a choice of words. `text` can't be completed. */
export type ValueKind = 'file' | 'folder' | 'client' | 'server' | 'context' | 'text' | readonly string[]

/** An option of a command. */
export interface KnownOption {
  /** `--host`. */
  readonly flag: string
  readonly description: string
  /** The value; undefined for a switch. */
  readonly value?: { readonly name: string; readonly kind: ValueKind; readonly optional: boolean }
}

/** A command, or a group of commands. */
export interface KnownCommand {
  /** Nothing for docker-mtls itself, else `['ping']`, `['cert']` or `['cert', 'ca']`. */
  readonly words: readonly string[]
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly options: readonly KnownOption[]
  readonly operands: readonly { readonly name: string; readonly kind: ValueKind }[]
}

/** What the name of a value in --help says about its kind. */
const BY_NAME: Readonly<Record<string, ValueKind>> = {
  dir: 'folder',
  file: 'file',
  path: 'file',
  client: 'client',
}

/** Options whose value is called a name. */
const BY_FLAG: Readonly<Record<string, ValueKind>> = { '--client': 'client', '--context': 'context' }

/** Options of one command. Not the ids of checks: loading all checks takes longer than all commands. */
const BY_COMMAND_AND_FLAG: Readonly<Record<string, ValueKind>> = {
  'cert renew --host': 'server',
  'cert revoke --host': 'server',
  'audit --only': Object.keys(FAMILIES),
  'audit --skip': Object.keys(FAMILIES),
}

/** Commands whose argument is the name of something that exists. */
const BY_COMMAND: Readonly<Record<string, ValueKind>> = {
  'client env': 'client',
  'client export': 'client',
  'client rm': 'client',
  'cert retire': 'server',
  'cert revoke': 'client',
  'context export': 'context',
  'context rm': 'context',
}

/** All commands below this one, and itself, as commander knows them. */
export function knownCommands(command: Command, words: readonly string[] = []): KnownCommand[] {
  const help = command.createHelp()
  const own: KnownCommand = {
    words,
    commands: command.commands.map((below) => ({ name: below.name(), summary: below.summary() })),
    options: help.visibleOptions(command).map((option) => optionOf(option, words)),
    operands: command.registeredArguments.map((argument) => operandOf(argument, words)),
  }
  const below = command.commands.flatMap((one) => knownCommands(one, [...words, one.name()]))
  return words.length > 0 ? [own, ...below] : [own, ...below, ...helpCommands([own, ...below])]
}

/** `help` has the commands behind it. It isn't among the commands itself, since each of them has --help. */
function helpCommands(all: readonly KnownCommand[]): KnownCommand[] {
  const groups = all.filter(({ commands }) => commands.length > 0)
  return groups.map(({ words, commands }) => ({ words: ['help', ...words], commands, options: [], operands: [] }))
}

function optionOf(
  { long, flags, description, required, optional, argChoices }: Option,
  words: readonly string[],
): KnownOption {
  const flag = long ?? flags
  if (!required && !optional) return { flag, description }
  const name = nameOf(flags)
  const ofCommand = BY_COMMAND_AND_FLAG[[...words, flag].join(' ')]
  const kind = argChoices ?? ofCommand ?? BY_FLAG[flag] ?? BY_NAME[name] ?? 'text'
  return { flag, description, value: { name, kind, optional } }
}

function operandOf(argument: Argument, words: readonly string[]): KnownCommand['operands'][number] {
  const name = argument.name()
  const byCommand = name === 'name' ? BY_COMMAND[words.join(' ')] : undefined
  return { name, kind: argument.argChoices ?? byCommand ?? BY_NAME[name] ?? 'text' }
}

/** `dir` of `--cert-path <dir>`. */
function nameOf(flags: string): string {
  return /[<[]([^\]>]*)[\]>]/.exec(flags)?.[1] ?? ''
}
