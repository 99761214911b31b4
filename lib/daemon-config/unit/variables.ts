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
  const found: ExpandedCommand = { flags: [], unknown: [], argv: [] }
  const options = wordOptions(unit.prefix)
  const words = (unit.prefix.includes('@') ? unit.args.slice(1) : unit.args).flatMap((raw) => splitWords(raw, options))
  return words.reduce<ExpandedCommand>(({ flags, unknown, argv }, { raw, text, literal }) => {
    if (literal !== undefined) return { flags, unknown, argv: [...argv, literal] }
    const name = /^\$(\w+)$/.exec(text)?.[1] ?? /^\$\{(\w+)\}$/.exec(text)?.[1]
    const variable = name === undefined ? undefined : known.get(name)
    // A variable that is not set expands to no word.
    if (name !== undefined && variable === undefined && !hasSpecifier(text)) return { flags, unknown, argv }
    if (variable === undefined) return { flags, unknown: [...unknown, raw], argv }
    const more = text.startsWith('${') ? [variable.value] : variable.value.split(/[ \t]+/).filter((word) => word !== '')
    const { path } = variable
    const read = readFlags(more.map(quoted), { variables: false }).map((flag) => ({ ...flag, path }))
    return { flags: [...flags, ...read], unknown, argv: [...argv, ...more] }
  }, found)
}

function quoted(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

/** The value of a flag in a command line. If it is repeated, the last one counts. */
export function flagValue(argv: readonly string[], name: string): string | undefined {
  return lastValue(readFlags(argv.map(quoted), { variables: false }), name)
}

/** Removes a flag from a command line. */
export function withoutFlag(argv: readonly string[], name: string): string[] {
  const flags = readFlags(argv.map(quoted), { variables: false })
  return flags
    .filter((flag) => flag.name !== name)
    .flatMap(({ words }) => words.map(({ literal, text }) => literal ?? text))
}
