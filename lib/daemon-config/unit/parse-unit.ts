import { ArgumentError, DaemonError } from '../../base/errors.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { hasSpecifier, isContinued, splitWords, wordOptions, type Word } from './words.ts'
import { quoted } from '../../base/text.ts'

/** How a unit starts dockerd, as {@link parseUnit} reads it. */
export interface ParsedUnit {
  /** The executable's absolute path. */
  readonly exec: string
  /** The characters before the executable, such as `-` or `:` (systemd.service(5), "Command lines"). Usually none. */
  readonly prefix: string
  /** The words after the executable, exactly as in the unit, with quotes and variables such as `$DOCKER_OPTS`. */
  readonly args: readonly string[]
  /** Its environment files. */
  readonly environmentFiles: readonly string[]
}

/** The command with which the docker-ce package starts the daemon. It is used if no unit is installed. */
export const DOCKER_CE_UNIT_LINE = 'ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock'

/** The parsed {@link DOCKER_CE_UNIT_LINE}. */
export const DOCKER_CE_UNIT: ParsedUnit = {
  exec: '/usr/bin/dockerd',
  prefix: '',
  args: ['-H', 'fd://', '--containerd=/run/containerd/containerd.sock'],
  environmentFiles: [],
}

const PREFIXES = /^[-@:+!|]*/
/** The remedy for most faults in the text of a unit that the caller passed. */
export const GIVE_INSTALLED_UNIT: Sentence = sentence`Give the text of the installed docker.service:  ${command('systemctl', 'cat', 'docker.service')}`

function invalid(source: string, got: string, todo: Sentence = GIVE_INSTALLED_UNIT, cause?: unknown): DaemonError {
  return new DaemonError('ERR_UNIT_INVALID', { tried: `reading ${source}`, got, todo, cause })
}

/**
 * Parses how an installed unit starts dockerd. It follows systemd's rules for comments, continuation lines, following drop-ins
 * (as `systemctl cat` prints them) and the empty `ExecStart=` that resets the list.
 *
 * @param text - the text of the unit file, or of several files in the order in which systemd reads them
 * @param source - the name of the unit in error messages
 * @returns the executable and its words
 * @throws {@link DaemonError} `ERR_UNIT_INVALID` if the unit doesn't start dockerd, or systemd wouldn't load it
 * @example
 * ```ts
 * parseUnit('[Service]\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n').args // ['-H', 'fd://', '$DOCKER_OPTS']
 * ```
 */
export function parseUnit(text: string, source = 'the unit'): ParsedUnit {
  if (typeof text !== 'string') {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: 'calling parseUnit()',
      got: 'the unit is not a string',
      todo: 'Pass the text of the unit.',
    })
  }
  if (text.includes('\0')) throw invalid(source, 'it contains a NUL, so it is not text')
  if (text.trim() === '') throw invalid(source, 'it is empty')
  const [first, second] = settingsIn(text, 'Service', 'ExecStart')
  if (first === undefined) throw invalid(source, 'it has no ExecStart= in its [Service] section')
  if (second !== undefined) {
    throw invalid(
      source,
      'it has more than one ExecStart=, and systemd refuses such a service',
      'Put an empty ExecStart= line before the one that should apply.',
    )
  }
  const environmentFiles = settingsIn(text, 'Service', 'EnvironmentFile').map((file) => file.replace(/^-/, ''))
  return { ...parseCommand(first, source), environmentFiles }
}

/** The values of a setting that is a list: an empty value resets it (systemd.syntax(7)). */
export function settingsIn(text: string, section: string, key: string): string[] {
  const values: string[] = []
  let current = ''
  for (const line of logicalLines(text)) {
    current = /^\[(.*)\]$/.exec(line)?.[1] ?? current
    const [, name, value = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/s.exec(line) ?? []
    if (current !== section || name !== key) continue
    if (value === '') values.length = 0
    else values.push(value)
  }
  return values
}

/**
 * Joins continued lines as systemd does (config_parse in src/shared/conf-parser.c): it first removes comments, also those
 * between continued lines, and then replaces the backslash by a blank.
 */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let open: string[] = []
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    if (/^\s*[#;]/.test(line)) continue
    if (isContinued(line)) {
      open.push(line.slice(0, -1))
      continue
    }
    lines.push([...open, line].join(' ').trim())
    open = []
  }
  return open.length === 0 ? lines : [...lines, open.join(' ').trim()]
}

function parseCommand(line: string, source: string): Omit<ParsedUnit, 'environmentFiles'> {
  if (line.includes('\uFFFD')) throw invalid(source, `its ExecStart= is not UTF-8: ${quoted(line)}`)
  const prefix = PREFIXES.exec(line)?.[0] ?? ''
  const [executable, ...args] = wordsOf(line.slice(prefix.length), prefix, source)
  // systemd expands specifiers in the executable, but no variables (config_parse_exec in src/core/load-fragment.c).
  const text = executable?.text ?? ''
  const exec = text.replaceAll('%%', '%')
  const fault = hasSpecifier(text) ? 'has a specifier in the path of its executable' : commandFault(exec, prefix, args)
  if (fault !== undefined) throw invalid(source, `its ExecStart= ${fault}: ${quoted(line)}`)
  return { prefix, exec, args: args.map((word) => word.raw) }
}

function wordsOf(line: string, prefix: string, source: string): Word[] {
  try {
    return splitWords(line, wordOptions(prefix))
  } catch (cause) {
    throw invalid(
      source,
      `its ExecStart= has an open quote or ends in a backslash: ${quoted(line)}`,
      GIVE_INSTALLED_UNIT,
      cause,
    )
  }
}

function commandFault(exec: string, prefix: string, args: readonly Word[]): string | undefined {
  if (!exec.startsWith('/')) return 'has no absolute path to an executable'
  if (!exec.endsWith('/dockerd')) return 'starts a program other than dockerd'
  if (prefix.includes('|')) return 'runs through a shell'
  if (prefix.includes('@') && args.length === 0) return 'has the prefix @ but no second word'
  if (args.some((word) => word.raw === ';')) return 'has more than one command'
  // Words after `--` aren't flags, and docker-mtls adds its flags after those of the unit.
  if (args.some((word) => word.raw === '--')) return 'contains --, and dockerd takes no arguments after flags'
  return undefined
}

/**
 * Checks a unit that may not come from {@link parseUnit}. Its words are written to a file unchanged, so each must be a single
 * word.
 *
 * @param unit - the unit that the caller passed
 * @throws {@link DaemonError} `ERR_UNIT_INVALID`
 */
export function checkUnit(unit: ParsedUnit): void {
  const { exec, prefix, args, environmentFiles } = unit
  const isShaped =
    typeof exec === 'string' && typeof prefix === 'string' && isStringArray(args) && isStringArray(environmentFiles)
  if (!isShaped || !/^[-@:+!|]*$/.test(prefix)) throw invalidOption('it is not a parsed unit')
  const words = args.map((raw) => oneWord(raw, prefix))
  const fault = commandFault(exec, prefix, words)
  if (fault !== undefined) throw invalidOption(`it ${fault}`)
}

function oneWord(raw: string, prefix: string): Word {
  const [word, ...more] = wordsOf(raw, prefix, 'the option unit')
  if (word?.raw !== raw || more.length > 0 || /[\n\r\0]/.test(raw))
    throw invalidOption(`${quoted(raw)} is not one word of a unit`)
  return word
}

function invalidOption(got: string): DaemonError {
  return invalid('the option unit', got, 'Pass the result of parseUnit().')
}

function isStringArray(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
