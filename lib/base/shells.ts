import { DaemonError } from './errors.ts'
import { shellWord, singleQuoted } from './shell-quote.ts'
import { quoted, unusableCharacter } from './text.ts'

/** Whose syntax the variables are written in. */
export type Shell = 'bash' | 'zsh' | 'sh' | 'fish' | 'powershell' | 'cmd' | 'dotenv'

/** A syntax: what it can't quote, how it quotes a word, and how it sets one variable. */
interface Syntax {
  /** The characters (or a sequence) that no quoting of it takes as they are, each with the reason. */
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
      [/!/, 'cmd expands ! where delayed expansion is on'],
      [/"/, 'a double quote ends the quoting of cmd, which knows no escape for it'],
    ],
    quote: (value) => `"${value}"`,
    assign: (name, value) => `set "${name}=${value.slice(1, -1)}"`,
  },
  // dotenv and sh agree on single quotes as long as no quote, and no \ before the closing one, is in between:
  // dotenv would read \' as a part of the value.
  dotenv: {
    refused: [
      [/'/, 'a .env file has no way to write a single quote that dotenv and sh both read'],
      [/\\$/, 'dotenv reads a \\ at the end as an escape of the closing quote'],
    ],
    quote: (value) => `'${value}'`,
    assign: (name, value) => `${name}=${value}`,
  },
}

/** The shells that {@link renderClientEnv} knows; `dotenv` stands for a `.env` file. */
export const SHELLS: readonly Shell[] = Object.keys(SYNTAXES) as Shell[]

/**
 * Lets a known shell through.
 *
 * @throws {@link DaemonError} `ERR_SHELL_UNKNOWN`
 */
export function checkShell(shell: unknown): asserts shell is Shell {
  if (typeof shell === 'string' && Object.hasOwn(SYNTAXES, shell)) return
  throw new DaemonError('ERR_SHELL_UNKNOWN', {
    tried: `the shell ${quoted(typeof shell === 'string' ? shell : typeof shell)}`,
    got: 'its syntax is not known here',
    todo: `Known are ${SHELLS.join(', ')}.`,
  })
}

/**
 * One line that sets a variable to exactly this value, whatever is in it.
 *
 * @param shell - whose syntax
 * @param name - the variable; one of ours, and not checked
 * @param value - what it shall be
 * @throws {@link DaemonError} `ERR_SHELL_UNQUOTABLE`
 */
export function assignment(shell: Shell, name: string, value: string): string {
  const syntax = SYNTAXES[shell]
  const character = unusableCharacter(value)
  const because = character ?? syntax.refused.find(([pattern]) => pattern.test(value))?.[1]
  if (because === undefined) return syntax.assign(name, syntax.quote(value))
  throw new DaemonError('ERR_SHELL_UNQUOTABLE', {
    tried: `writing ${name}=${quoted(value)} for ${shell === 'dotenv' ? 'a .env file' : shell}`,
    got: character === undefined ? because : `it holds ${character}`,
    todo: 'Choose a name or a path without that character.',
  })
}

/** Nothing in these means anything to PowerShell, cmd or fish: a bare `,`, `@`, `%` or `=` does to one of them. */
const PLAIN_EVERYWHERE = /^[\w+:./-]+$/

/**
 * A command line for a person to paste into this shell. A word that the shell can't quote is shown as cmd and dotenv would
 * write it: whoever reads it sees what is meant.
 */
export function commandLine(shell: Shell, words: readonly string[]): string {
  const { quote } = SYNTAXES[shell]
  const word = quote === singleQuoted ? shellWord : (text: string) => (PLAIN_EVERYWHERE.test(text) ? text : quote(text))
  return words.map(word).join(' ')
}
