import { DaemonError } from '../../base/errors.ts'
import { lastValue, readFlags, type Flag } from './flags.ts'
import { hasSpecifier, splitWords, wordOptions } from './words.ts'
import type { ParsedUnit } from './parse-unit.ts'

/** A variable that a unit sets. */
export interface Assignment {
  readonly name: string
  readonly value: string
  /** The environment file, or `Environment= of docker.service`. */
  readonly path: string
}

/** Where a unit's variables are set. */
export interface UnitEnvironment {
  /** The property `Environment` of the service, as `systemctl show` prints it. */
  readonly environment: string
  /** The text of an environment file, or undefined if there is none. */
  readonly textOf: (path: string) => string | undefined
}

/** A unit's command line with its variables, such as `$DOCKER_OPTS`, expanded. */
export interface ExpandedCommand {
  /** The flags that come from variables, with the file that sets them. */
  readonly flags: readonly (Flag & { readonly path: string })[]
  /** Words that only systemd can expand: a specifier, or a variable that no file sets. */
  readonly unknown: readonly string[]
  /** All arguments that dockerd gets, without the unknown words. */
  readonly argv: readonly string[]
}

/**
 * Returns the variables that a unit sets with Environment= and with its environment files. The files come last, because they
 * win (systemd.exec(5)). They include optional files, which systemd ignores if they are missing.
 */
export function assignmentsOf(unit: ParsedUnit, { environment, textOf }: UnitEnvironment): Assignment[] {
  const ofFiles = unit.environmentFiles.flatMap((path) =>
    parseAssignments(textOf(path) ?? '').map(([name, value]) => ({ name, value, path })),
  )
  return [...ofUnit(environment), ...ofFiles]
}

/** Parses the property as `systemctl show` prints it: words as in a unit, each NAME=VALUE. */
function ofUnit(environment: string): Assignment[] {
  return splitWords(environment, { variables: false }).flatMap(({ text }) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
    return name === undefined || value === undefined ? [] : [{ name, value, path: 'Environment= of docker.service' }]
  })
}

/**
 * Parses an environment file (systemd.exec(5), EnvironmentFile=): a variable in each line, quotes as in a shell, no
 * expansion.
 */
function parseAssignments(text: string): [string, string][] {
  const joined = text.replace(/\\\n/g, '')
  return joined.split('\n').flatMap((line) => {
    const [, name, raw] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
    return name === undefined || raw === undefined ? [] : [[name, unquoted(raw.trim())] as [string, string]]
  })
}

function unquoted(text: string): string {
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')$/.exec(text) ?? []
  return double?.replace(/\\([\\"$`])/g, '$1') ?? single ?? text
}

/**
 * Expands the words of a unit as systemd does (systemd.service(5), "Command lines"): the value of `$X` is split at blanks, and
 * the value of `${X}` is a single word.
 */
export function expand(unit: ParsedUnit, assignments: readonly Assignment[]): ExpandedCommand {
  const known = new Map(assignments.map((one) => [one.name, one]))
  const flags: ExpandedCommand['flags'][number][] = []
  const unknown: string[] = []
  const argv: string[] = []
  const options = wordOptions(unit.prefix)
  const words = (unit.prefix.includes('@') ? unit.args.slice(1) : unit.args).flatMap((raw) => splitWords(raw, options))
  let size = 0
  for (const { raw, text, literal } of words) {
    const name = literal === undefined ? variableIn(text) : undefined
    const variable = name === undefined ? undefined : known.get(name)
    size += variable?.value.length ?? raw.length
    if (size > LONGEST_COMMAND) throw tooLong()
    if (literal !== undefined) argv.push(literal)
    else if (variable !== undefined) {
      const more = text.startsWith('${') ? [variable.value] : blankSeparated(variable.value)
      const { path } = variable
      for (const flag of readFlags(more.map(quoted), { variables: false })) flags.push({ ...flag, path })
      for (const word of more) argv.push(word)
    }
    // A variable that is not set expands to no word.
    else if (name === undefined || hasSpecifier(text)) unknown.push(raw)
  }
  return { flags, unknown, argv }
}

function variableIn(text: string): string | undefined {
  return /^\$(\w+)$/.exec(text)?.[1] ?? /^\$\{(\w+)\}$/.exec(text)?.[1]
}

function blankSeparated(value: string): string[] {
  return value.split(/[ \t]+/).filter((word) => word !== '')
}

/** Linux starts no program with more (execve(2): a quarter of the stack, 8 MiB by default). In characters. */
const LONGEST_COMMAND = 2 * 1024 * 1024

function tooLong(): DaemonError {
  return new DaemonError('ERR_UNIT_INVALID', {
    tried: 'expanding the variables of the unit',
    got: `its command line is longer than ${LONGEST_COMMAND} characters`,
    todo: 'Correct the variables in ExecStart= and in the environment files.',
  })
}

function quoted(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

/** The flags in a command line. */
export function flagsIn(argv: readonly string[]): Flag[] {
  return readFlags(argv.map(quoted), { variables: false })
}

/** The value of a flag in a command line. If it is repeated, the last one counts. */
export function flagValue(argv: readonly string[], name: string): string | undefined {
  return lastValue(flagsIn(argv), name)
}

/** Removes a flag from a command line. */
export function withoutFlag(argv: readonly string[], name: string): string[] {
  return flagsIn(argv)
    .filter((flag) => flag.name !== name)
    .flatMap(({ words }) => words.map(({ literal, text }) => literal ?? text))
}
