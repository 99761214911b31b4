import { DaemonError } from '../../base/errors.ts'
import { quoted, unusableCharacter, withoutEnd } from '../../base/text.ts'

/** How systemd parses the words after `ExecStart=`. */
export interface WordOptions {
  /**
   * Whether systemd expands `$X` and `${X}`. It does, unless the executable has the prefix `:` (systemd.service(5)).
   *
   * @defaultValue true
   */
  readonly variables?: boolean
}

/** How systemd parses the words of a command line whose executable has this prefix. */
export function wordOptions(prefix: string): WordOptions {
  return { variables: !prefix.includes(':') }
}

/** One word of a command line in a unit. */
export interface Word {
  /** The word as in the unit, with quotes and escapes. */
  readonly raw: string
  /** The word without quotes and escapes. `%` and `$` are not expanded. */
  readonly text: string
  /**
   * The argument that the command gets. Undefined if the word contains a specifier or a variable, which only systemd can
   * expand.
   */
  readonly literal: string | undefined
}

/** Characters that are never special to systemd. A word of only these needs no quotes. */
const PLAIN = /^[A-Za-z0-9_@:/.,=+\-[\]]+$/

/**
 * Quotes one argument for `ExecStart=`, if necessary. It uses double quotes, escapes `\` and `"`, and doubles `%` and `$`, so
 * that systemd expands no specifiers and no variables (systemd.service(5) "Command lines", systemd.syntax(7) "Quoting",
 * systemd.unit(5) "Specifiers").
 *
 * @param argument - the argument that the command must get
 * @param options - see {@link WordOptions}
 * @returns the word to write into the unit
 * @throws {@link DaemonError} `ERR_PATH_INVALID` for a control character other than a tab, a lone surrogate or a
 *   noncharacter, which a unit can't contain
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
 * Quotes the path of the executable. Its rules differ from those of arguments: systemd expands specifiers in it but no
 * variables, and refuses quotes and backslashes (systemd, config_parse_exec in src/core/load-fragment.c).
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

/**
 * A word: quoted pieces, escapes and plain characters without blanks between them. Each alternative begins with another
 * character, so matching takes linear time.
 */
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
 * Splits a command line of a unit into its words. It is the inverse of {@link quoteArgument}.
 *
 * @param line - the text after `ExecStart=`, with continuation lines joined
 * @param options - see {@link WordOptions}
 * @returns the words. A single `;`, which separates commands for systemd, is a word with the raw text `;`
 * @throws {@link DaemonError} `ERR_UNIT_INVALID` if a quote isn't closed or the line ends with a backslash
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

/** Does a line continue in the next one? It does if it ends with a backslash that no other one escapes. */
export function isContinued(line: string): boolean {
  return (line.length - withoutEnd(line, '\\').length) % 2 === 1
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

/**
 * Replaces escapes. An unknown escape stays unchanged, as in systemd, which logs a warning. So does an escaped byte that isn't
 * ASCII: it would only matter in a flag that docker-mtls reads, and none of those contains one.
 */
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

/** Does a text contain a specifier such as `%t`? `%%` is a plain percent sign. */
export function hasSpecifier(text: string): boolean {
  return text.replaceAll('%%', '').includes('%')
}

/** Evaluates specifiers first and then variables, in systemd's order (unit_full_printf, then replace_env_argv). */
function literalOf(text: string, variables: boolean): string | undefined {
  if (hasSpecifier(text)) return undefined
  const specified = text.replaceAll('%%', '%')
  if (!variables) return specified
  const isVariable = /^\$(?![${])/.test(specified) || specified.replaceAll('$$', '').includes('${')
  return isVariable ? undefined : specified.replaceAll('$$', '$')
}
