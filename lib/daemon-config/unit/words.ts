import { DaemonError } from '../../base/errors.ts'
import { quoted, unusableCharacter } from '../../base/text.ts'

/** How systemd reads the words after `ExecStart=`. */
export interface WordOptions {
  /**
   * Whether `$X` and `${X}` are expanded: they are, unless the executable has the prefix `:` (systemd.service(5)).
   *
   * @defaultValue true
   */
  readonly variables?: boolean
}

/** One word of a command line in a unit. */
export interface Word {
  /** As the unit has it, quotes and escapes included. */
  readonly raw: string
  /** Without quotes and escapes; `%` and `$` are still as the unit has them. */
  readonly text: string
  /** What the command gets, or undefined where only systemd knows: a specifier or a variable is in it. */
  readonly literal: string | undefined
}

/** These mean nothing to systemd anywhere in a word, so the word needs no quotes. */
const PLAIN = /^[A-Za-z0-9_@:/.,=+\-[\]]+$/

/**
 * Quotes one argument for `ExecStart=`, only where it must be: in double quotes, with `\` and `"` escaped, `%`
 * doubled against specifiers and `$` against variables (systemd.service(5) "Command lines", systemd.syntax(7)
 * "Quoting", systemd.unit(5) "Specifiers").
 *
 * @param argument - what the command shall get
 * @param options - see {@link WordOptions}
 * @returns the word to write into the unit
 * @throws {@link DaemonError} `ERR_PATH_INVALID` for a control character other than a tab, a lone surrogate or a
 *   noncharacter: no line of a unit can hold those
 * @example
 * ```ts
 * quoteArgument('/srv/100% safe/ca.pem') // "/srv/100%% safe/ca.pem", in double quotes
 * ```
 */
export function quoteArgument(argument: string, { variables = true }: WordOptions = {}): string {
  checkCharacters(argument)
  if (PLAIN.test(argument)) return argument
  const escaped = argument.replace(/[\\"]/g, '\\$&').replaceAll('\t', '\\t').replaceAll('%', '%%')
  return `"${variables ? escaped.replaceAll('$', '$$$$') : escaped}"`
}

/**
 * Quotes the path of the executable. It is no argument: systemd expands specifiers in it but no variables, and
 * refuses one with quotes or a backslash (systemd, config_parse_exec in src/core/load-fragment.c).
 */
export function quoteExecutable(path: string): string {
  const refused = /["'\\\t]/.exec(path)?.[0]
  if (refused === undefined) return quoteArgument(path, { variables: false })
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: `rendering the executable ${quoted(path)}`,
    got: `systemd refuses an executable with ${refused === '\t' ? 'a tab' : refused} in its path`,
    todo: 'Move dockerd to a path without quotes, backslashes and tabs.',
  })
}

function checkCharacters(argument: string): void {
  const character = unusableCharacter(argument)
  if (character === undefined) return
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: `quoting ${quoted(argument)} for systemd`,
    got: `it contains ${character}, which a unit can't hold`,
    todo: 'Remove that character.',
  })
}

/** A word: quoted pieces, escapes and plain characters without blanks between them. Each begins differently, so matching is linear. */
const WORD = /(?:"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\\[^]|[^ \t\r\n"'\\])+/y
const PIECE = /"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|((?:\\[^]|[^"'\\])+)/g
const BLANKS = /[ \t\r\n]*/y
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/g
const NAMED: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
  ';': ';',
}

/**
 * Splits a command line of a unit into its words: the inverse of {@link quoteArgument}.
 *
 * @param line - what stands after `ExecStart=`, continuation lines joined
 * @param options - see {@link WordOptions}
 * @returns the words; a `;` that stands alone, systemd's separator of commands, is a word with the raw text `;`
 * @throws {@link DaemonError} `ERR_UNIT_INVALID` when a quote isn't closed or the line ends in a backslash
 * @example
 * ```ts
 * splitWords('/usr/sbin/dockerd -H fd:// $DOCKER_OPTS').map((word) => word.literal)
 * // ['/usr/sbin/dockerd', '-H', 'fd://', undefined]
 * ```
 */
export function splitWords(line: string, { variables = true }: WordOptions = {}): Word[] {
  const words: Word[] = []
  let position = matchAt(BLANKS, line, 0).length
  while (position < line.length) {
    const raw = matchAt(WORD, line, position)
    const next = position + raw.length
    const blanks = matchAt(BLANKS, line, next)
    if (raw === '' || (blanks === '' && next < line.length)) throw openQuote(line.slice(position))
    words.push(readWord(raw, variables))
    position = next + blanks.length
  }
  return words
}

function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0] ?? ''
}

function openQuote(rest: string): DaemonError {
  return new DaemonError('ERR_UNIT_INVALID', {
    tried: `splitting a command line at ${quoted(rest)}`,
    got: 'a quote is not closed there, or a backslash ends the line',
    todo: 'Correct the ExecStart= line: systemd would not load the unit either.',
  })
}

function readWord(raw: string, variables: boolean): Word {
  const text = raw.replace(PIECE, (_, double?: string, single?: string, bare?: string) =>
    unescape(double ?? single ?? bare ?? ''),
  )
  return { raw, text, literal: literalOf(text, variables) }
}

/** An escape that systemd doesn't know stays as it is, with a warning in its log. So does a byte that is no ASCII: it only matters where it belongs to us, and nothing of ours has one. */
function unescape(text: string): string {
  return text.replace(
    ESCAPE,
    (whole: string, hex?: string, short?: string, long?: string, octal?: string, one?: string) => {
      if (one !== undefined) return NAMED[one] ?? whole
      const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8)
      const isByte = hex !== undefined || octal !== undefined
      return code === 0 || code > 0x10ffff || (isByte && code > 0x7f) ? whole : String.fromCodePoint(code)
    },
  )
}

/** Specifiers come first, then variables: systemd does them in this order (unit_full_printf, then replace_env_argv). */
function literalOf(text: string, variables: boolean): string | undefined {
  if (text.replaceAll('%%', '').includes('%')) return undefined
  const specified = text.replaceAll('%%', '%')
  if (!variables) return specified
  const isVariable = /^\$(?![${])/.test(specified) || specified.replaceAll('$$', '').includes('${')
  return isVariable ? undefined : specified.replaceAll('$$', '$')
}
