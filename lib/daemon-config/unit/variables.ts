import { lastValue, readFlags, type Flag } from './flags.ts'
import { splitWords } from './words.ts'
import type { ParsedUnit } from './parse-unit.ts'

/** A variable of an environment file, and the file. */
export interface Assignment {
  readonly name: string
  readonly value: string
  readonly path: string
}

/** Where a unit's variables are set. */
export interface UnitEnvironment {
  /** The property `Environment` of the service, as `systemctl show` prints it. */
  readonly environment: string
  /** The text of an environment file, or undefined if there is none. */
  readonly textOf: (path: string) => string | undefined
}

/** What a unit's `$DOCKER_OPTS` stands for on its host. */
export interface Expanded {
  /** The flags that come from variables, with the file that sets them. */
  readonly flags: readonly (Flag & { readonly path: string })[]
  /** Words that only systemd can expand: a specifier, or a variable that no file sets. */
  readonly unknown: readonly string[]
  /** The whole command line behind the executable, as dockerd gets it, without what is unknown. */
  readonly argv: readonly string[]
}

/**
 * What a unit's variables are set to: by its own Environment=, and by its files, which win (systemd.exec(5)); those that
 * systemd may miss without a word are among them.
 */
export function assignmentsOf(unit: ParsedUnit, { environment, textOf }: UnitEnvironment): Assignment[] {
  const ofFiles = unit.environmentFiles.flatMap((path) =>
    parseAssignments(textOf(path) ?? '').map(([name, value]) => ({ name, value, path })),
  )
  return [...ofUnit(environment), ...ofFiles]
}

/** As `systemctl show` has them: words as in a unit, each NAME=VALUE. */
function ofUnit(environment: string): Assignment[] {
  return splitWords(environment, { variables: false }).flatMap(({ text }) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
    return name === undefined || value === undefined ? [] : [{ name, value, path: 'Environment= of docker.service' }]
  })
}

/** systemd.exec(5), EnvironmentFile=: a variable a line, comments, quotes as in a shell, nothing expanded. */
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
 * Expands the words of a unit as systemd does (systemd.service(5), "Command lines"): `$X` alone is split at its blanks,
 * `${X}` is put in as it is.
 */
export function expand(unit: ParsedUnit, assignments: readonly Assignment[]): Expanded {
  const known = new Map(assignments.map((one) => [one.name, one]))
  const found: Expanded = { flags: [], unknown: [], argv: [] }
  const variables = !unit.prefix.includes(':')
  const words = (unit.prefix.includes('@') ? unit.args.slice(1) : unit.args).flatMap((raw) =>
    splitWords(raw, { variables }),
  )
  return words.reduce<Expanded>(({ flags, unknown, argv }, { raw, text, literal }) => {
    if (literal !== undefined) return { flags, unknown, argv: [...argv, literal] }
    const name = /^\$(\w+)$/.exec(text)?.[1] ?? /^\$\{(\w+)\}$/.exec(text)?.[1]
    const variable = name === undefined ? undefined : known.get(name)
    // One that is set nowhere is nothing.
    if (name !== undefined && variable === undefined && !isSpecifier(text)) return { flags, unknown, argv }
    if (variable === undefined) return { flags, unknown: [...unknown, raw], argv }
    const more = text.startsWith('${') ? [variable.value] : variable.value.split(/[ \t]+/).filter((word) => word !== '')
    const { path } = variable
    const read = readFlags(more.map(quoted), { variables: false }).map((flag) => ({ ...flag, path }))
    return { flags: [...flags, ...read], unknown, argv: [...argv, ...more] }
  }, found)
}

function isSpecifier(text: string): boolean {
  return text.replaceAll('%%', '').includes('%')
}

function quoted(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

/** What a flag is set to in a command line; the last one counts. */
export function flagValue(argv: readonly string[], name: string): string | undefined {
  return lastValue(readFlags(argv.map(quoted), { variables: false }), name)
}

/** A command line without one of its flags. */
export function withoutFlag(argv: readonly string[], name: string): string[] {
  const flags = readFlags(argv.map(quoted), { variables: false })
  return flags
    .filter((flag) => flag.name !== name)
    .flatMap(({ words }) => words.map(({ literal, text }) => literal ?? text))
}
