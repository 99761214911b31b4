import { DaemonError } from './errors.ts'
import { show, unusableCharacter } from '../daemon-config/text.ts'

/** Whose syntax the variables are written in. */
export type Shell = 'bash' | 'zsh' | 'sh' | 'fish' | 'powershell' | 'cmd' | 'dotenv'

/** A syntax: what it can't quote, and how it sets one variable. */
interface Syntax {
  /** The characters (or a sequence) that no quoting of it takes as they are, each with the reason. */
  readonly refused: readonly (readonly [RegExp, string])[]
  readonly assign: (name: string, value: string) => string
}

/** In single quotes everything is itself; a quote ends them, stands escaped, and opens them again (POSIX.1-2024, XCU 2.2.2). */
const POSIX: Syntax = {
  refused: [],
  assign: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
}

const SYNTAXES: Readonly<Record<Shell, Syntax>> = {
  bash: POSIX,
  zsh: POSIX,
  sh: POSIX,
  // In fish's single quotes \ and ' are escaped, and nothing else can be (fish manual, "Quotes").
  fish: { refused: [], assign: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'` },
  // PowerShell takes four typographic quotes for ' (about_Quoting_Rules; CharTraits.IsSingleQuote in its tokenizer).
  powershell: { refused: [], assign: (name, value) => `$env:${name} = '${value.replace(/['‘’‚‛]/g, '$&$&')}'` },
  // In set "X=..." the characters & | < > ^ ( ) are themselves, but variables are expanded before anything is parsed.
  cmd: {
    refused: [
      [/%/, 'cmd expands % even in quotes'],
      [/!/, 'cmd expands ! where delayed expansion is on'],
      [/"/, 'a double quote ends the quoting of cmd, which knows no escape for it'],
    ],
    assign: (name, value) => `set "${name}=${value}"`,
  },
  // dotenv and sh agree on single quotes as long as no quote, and no \ before the closing one, is in between:
  // dotenv would read \' as a part of the value.
  dotenv: {
    refused: [
      [/'/, 'a .env file has no way to write a single quote that dotenv and sh both read'],
      [/\\$/, 'dotenv reads a \\ at the end as an escape of the closing quote'],
    ],
    assign: (name, value) => `${name}='${value}'`,
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
    tried: `the shell ${show(typeof shell === 'string' ? shell : typeof shell)}`,
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
  if (because === undefined) return syntax.assign(name, value)
  throw new DaemonError('ERR_SHELL_UNQUOTABLE', {
    tried: `writing ${name}=${show(value)} for ${shell === 'dotenv' ? 'a .env file' : shell}`,
    got: character === undefined ? because : `it holds ${character}`,
    todo: 'Choose a name or a path without that character.',
  })
}
