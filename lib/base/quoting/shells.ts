import { DaemonError } from '../errors.ts'
import { shellWord, singleQuoted } from './posix.ts'
import { enumerate, quoted, unusableCharacter } from '../text.ts'

/** The shell, or file, in whose syntax variables are written. */
export type Shell = 'bash' | 'zsh' | 'sh' | 'fish' | 'powershell' | 'cmd' | 'dotenv'

/** A syntax: what it can't quote, how it quotes a word, and how it sets a variable. */
interface Syntax {
  /** Characters or sequences that it can't quote, each with the reason. */
  readonly refused: readonly (readonly [RegExp, string])[]
  readonly quote: (value: string) => string
  readonly assign: (name: string, quotedValue: string) => string
}

const POSIX: Syntax = {
  refused: [],
  quote: singleQuoted,
  assign: (name, value) => `export ${name}=${value}`,
}

const SYNTAXES: Readonly<Record<Shell, Syntax>> = {
  bash: POSIX,
  zsh: POSIX,
  sh: POSIX,
  fish: {
    refused: [],
    // In fish's single quotes \ and ' are escaped, and nothing else can be (fish manual, "Quotes").
    quote: (value) => `'${value.replace(/[\\']/g, '\\$&')}'`,
    assign: (name, value) => `set -gx ${name} ${value}`,
  },
  powershell: {
    refused: [],
    // PowerShell takes four typographic quotes for ' (about_Quoting_Rules; CharTraits.IsSingleQuote in its tokenizer).
    quote: (value) => `'${value.replace(/['‘’‚‛]/g, '$&$&')}'`,
    assign: (name, value) => `$env:${name} = ${value}`,
  },
  // In double quotes the characters & | < > ^ ( ) are themselves, but variables are expanded before anything is parsed.
  cmd: {
    refused: [
      [/%/, 'cmd expands % even in quotes'],
      [/!/, 'cmd expands ! if delayed expansion is on'],
      [/"/, 'cmd has no escape for a double quote'],
    ],
    quote: (value) => `"${value}"`,
    assign: (name, value) => `set "${name}=${value.slice(1, -1)}"`,
  },
  // dotenv and sh agree on single quotes as long as no quote, and no \ before the closing one, is in between:
  // dotenv would read \' as a part of the value.
  dotenv: {
    refused: [
      [/'/, 'dotenv and sh have no common way to quote a single quote'],
      [/\\$/, 'dotenv reads a \\ at the end as an escape of the closing quote'],
    ],
    quote: (value) => `'${value}'`,
    assign: (name, value) => `${name}=${value}`,
  },
}

/** The shells that {@link renderClientEnv} knows; `dotenv` stands for a `.env` file. */
export const SHELLS: readonly Shell[] = Object.keys(SYNTAXES) as Shell[]

/**
 * Refuses an unknown shell.
 *
 * @throws {@link DaemonError} `ERR_SHELL_UNKNOWN`
 */
export function checkShell(shell: unknown): asserts shell is Shell {
  if (typeof shell === 'string' && Object.hasOwn(SYNTAXES, shell)) return
  throw new DaemonError('ERR_SHELL_UNKNOWN', {
    tried: `the shell ${quoted(typeof shell === 'string' ? shell : typeof shell)}`,
    got: 'docker-mtls does not know its syntax',
    todo: `Use ${enumerate(SHELLS, 'or')}.`,
  })
}

/**
 * A line that sets a variable to exactly this value.
 *
 * @param shell - the syntax
 * @param name - the variable, which isn't checked
 * @param value - any text
 * @throws {@link DaemonError} `ERR_SHELL_UNQUOTABLE`
 */
export function assignment(shell: Shell, name: string, value: string): string {
  const syntax = SYNTAXES[shell]
  const character = unusableCharacter(value)
  const because = character ?? syntax.refused.find(([pattern]) => pattern.test(value))?.[1]
  if (because === undefined) return syntax.assign(name, syntax.quote(value))
  throw new DaemonError('ERR_SHELL_UNQUOTABLE', {
    tried: `writing ${name}=${quoted(value)} for ${shell === 'dotenv' ? 'a .env file' : shell}`,
    got: character === undefined ? because : `it contains ${character}`,
    todo: 'Choose a name or a path without that character.',
  })
}

/** Any text as one quoted word of this shell, for shells that can quote every text. */
export function quotedWord(shell: 'bash' | 'zsh' | 'fish' | 'powershell', text: string): string {
  return SYNTAXES[shell].quote(text)
}

/** Words that need no quotes in any shell. A bare `,`, `@`, `%` or `=` has a meaning for PowerShell, cmd or fish. */
const PLAIN_EVERYWHERE = /^[\w+:./-]+$/

/**
 * A command line to paste into this shell. A word that the shell can't quote is quoted as well as possible, for the reader.
 */
export function commandLine(shell: Shell, words: readonly string[]): string {
  const { quote } = SYNTAXES[shell]
  const word = quote === singleQuoted ? shellWord : (text: string) => (PLAIN_EVERYWHERE.test(text) ? text : quote(text))
  return words.map(word).join(' ')
}
