import { command as commandPart, ours, renderSentence, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { codeOf } from '../../base/system-error.ts'
import type { Command, CommanderError } from 'commander'
import type { ArgumentError } from '../../base/errors.ts'
import type { CommandSpec } from '../command.ts'
import { usageError } from '../errors.ts'
import { explainedWord, otherNames } from './other-names.ts'
import { shellWord } from '../../base/quoting/posix.ts'

/** Did commander throw because it showed help or the version? */
export function isHelp(error: unknown): error is CommanderError {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(codeOf(error))
}

export function isCommanderError(error: unknown): error is CommanderError {
  return codeOf(error).startsWith('commander.')
}

/** The place of a mistake in the command line. */
export interface Place {
  /** The words of the command, after our own name. */
  readonly words: readonly string[]
  /** The whole command line. */
  readonly argv: readonly string[]
  /** The command, if it is known. */
  readonly spec?: CommandSpec
  readonly command?: Command
}

/**
 * Turns commander's error into one of ours: what was tried, what is wrong, what to do. Commander hands over the word, the
 * option or the suggestion only inside its message (lib/command.js of commander), so this file is the one place that reads
 * messages; nothing reads those of docker-mtls.
 */
export function usageErrorFrom(error: CommanderError, { words, argv, spec, command }: Place): ArgumentError {
  const where = [commandPart('docker-mtls', ...words)]
  const [what = '', hint = ''] = error.message.replace(/^error: /, '').split('\n')
  const help = sentence`See:  ${where} --help`
  const example = spec === undefined ? help : sentence`For example:  ${exampleFor(spec, command)}`
  const similar = (/\(Did you mean (?:one of )?(.*)\?\)/.exec(hint)?.[1] ?? '').split(', ').filter(isHarmless(words))
  switch (error.code) {
    case 'commander.unknownCommand': {
      const word = quoted(what)
      const todo =
        explainedWord(words, word, argv[argv.indexOf(word) + 1]) ?? didYouMean(commandMeant(words, word, similar), help)
      return usageError(where, `there is no command ${word}`, todo)
    }
    case 'commander.unknownOption': {
      // Without its value, which may be a secret.
      const flag = quoted(what)
        .replace(/^(-[^-]).*$/s, '$1')
        .replace(/=.*$/s, '')
      if (NODES_OWN.has(flag)) return nodesOwn(where, flag)
      if (hasFlag(command, flag)) return usageError(where, `${flag} takes no value`, `Write ${flag} alone.`)
      return usageError(where, `there is no option ${flag}`, didYouMean(optionMeant(flag, similar, command), help))
    }
    case 'commander.missingArgument':
      return usageError(where, `the argument ${quoted(what)} is missing`, example)
    case 'commander.optionMissingArgument': {
      const flag = quoted(what).replace(/ .*$/s, '')
      const shown = spec?.examples.find(([line]) => renderSentence(line).includes(`${flag} `))
      return usageError(
        where,
        `the option ${quoted(what)} has no value`,
        shown ? sentence`For example:  ${shown[0]}` : help,
      )
    }
    case 'commander.missingMandatoryOptionValue':
      return usageError(where, `the option ${quoted(what)} is missing`, example)
    case 'commander.conflictingOption': {
      const [first = '', second = ''] = Array.from(what.matchAll(/'(--[^\s']+).*?'/g), ([, flag = '']) => flag)
      return usageError(where, `${first} and ${second} can't be combined`, 'Give one of them.')
    }
    case 'commander.excessArguments': {
      const extra = command?.args[command.registeredArguments.length] ?? ''
      const todo = spec?.stray?.(shellWord(extra), command?.opts() ?? {}) ?? example
      return usageError(where, `the argument ${JSON.stringify(extra)} is unexpected`, todo)
    }
    default:
      return usageError(where, what, help)
  }
}

/** The example with most of the options that were given: for `setup --undo`, one that undoes. */
function exampleFor({ examples }: CommandSpec, command: Command | undefined): Sentence {
  const given = (command?.options ?? []).filter(
    (option) => command?.getOptionValueSource(option.attributeName()) === 'cli',
  )
  const shared = ([line]: CommandSpec['examples'][number]): number => {
    const words = renderSentence(line).split(' ')
    return given.filter(({ long }) => words.includes(long ?? '')).length
  }
  const [best = examples[0]] = examples.toSorted((one, other) => shared(other) - shared(one))
  return best[0]
}

/** A known option is unknown to commander with a value that it doesn't take. */
function hasFlag(command: Command | undefined, flag: string): boolean {
  return [...(command?.options ?? []).map(({ long }) => long), '--help', '--version'].includes(flag)
}

/** A command that has another name or another group, else the correction of a typo. */
function commandMeant(group: readonly string[], word: string, similar: readonly string[]): Sentence | undefined {
  const others = otherNames(group, word).filter(isHarmless([]))
  if (others.length > 0) return sentence`${SELF} ${others.join(', ')}`
  return similar.length === 0 ? undefined : sentence`${ours(...group)} ${similar.join(', ')}`
}

/** Options that Node up to 24 handles itself, even after the name of the script (Node's documentation, `--env-file=file`). */
const NODES_OWN = new Set(['--env-file', '--env-file-if-exists'])

function nodesOwn(where: Sentence, flag: string): ArgumentError {
  const got = `${flag} is an option of Node itself, which reads the file first and applies any NODE_OPTIONS in it`
  return usageError(where, got, 'Name the file with  --dotenv FILE , which reads only DOCKER_* variables.')
}

/**
 * Commands that create keys or certificates. Somebody who mistyped another command must not be sent to them. `cert sign` isn't
 * among them: without a request, which somebody has to make first, it does nothing.
 */
const ISSUING = new Set([
  'init',
  'setup',
  'cert ca',
  'cert server',
  'cert client',
  'cert rotate-ca',
  'client request',
  'grant',
])
/** Options that issue again, or replace what exists. */
const REPLACING = new Set(['--renew', '--force', '--replace-ca', '--abort', '--accept-changes', '--all'])

/** The one rule for suggestions: none of them issues or replaces anything. `words` is the group of a command. */
function isHarmless(words: readonly string[]): (suggestion: string) => boolean {
  return (suggestion) =>
    suggestion !== '' && !ISSUING.has([...words, suggestion].join(' ')) && !REPLACING.has(suggestion)
}

/** The docker command's own short options, which people type from habit. */
const DOCKERS_SHORT: Readonly<Record<string, string>> = { '-H': '--host', '-c': '--context', '-v': '--version' }

/** The folder of keys has two names: where it is created, and where it is used. */
const FOLDERS: Readonly<Record<string, string>> = { '--dir': '--out', '--out': '--dir' }

/** What was probably meant: the long form of docker's own option, a correction of a typo, or a longer flag. */
function optionMeant(flag: string, similar: readonly string[], command: Command | undefined): Sentence | undefined {
  const long = flag.startsWith('--') ? undefined : DOCKERS_SHORT[flag.slice(0, 2)]
  if (long === '--version') return sentence`${SELF} --version`
  // Without a known command it was written before the command, where docker has it.
  if (long !== undefined && command === undefined) return sentence`${SELF} COMMAND ${long}`
  if (long !== undefined) return command?.options.find((option) => option.long === long)?.long
  const folder = FOLDERS[flag]
  if (folder !== undefined && command?.options.some((option) => option.long === folder) === true) return folder
  return similar.length > 0 ? similar.join(', ') : longerFlag(flag, command)
}

/** An option that starts with this flag, such as `--ca-passphrase`. Commander suggests only corrections of small typos. */
function longerFlag(flag: string, command: Command | undefined): string | undefined {
  return command?.options
    .map(({ long }) => long ?? '')
    .find((long) => flag.length > 3 && long.startsWith(flag) && !REPLACING.has(long))
}

/** The word that commander quotes in its message, which may contain quotes itself. */
function quoted(message: string): string {
  return /'(.*)'/.exec(message)?.[1] ?? message
}

function didYouMean(meant: Sentence | undefined, otherwise: Sentence): Sentence {
  if (meant === undefined) return otherwise
  return sentence`Did you mean  ${meant} ? ${otherwise}`
}
