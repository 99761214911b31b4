import type { Environment } from '../../endpoint/environment.ts'

/** The variable that the docker command sets for its plugins. Programs that these start inherit it. */
export const PLUGIN_VARIABLE = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'

/** An option of the docker command itself, in its long form: `--host` for `-H`. */
export type DockerFlag = readonly [flag: string, value: string | undefined]

/** A command line of ours that was typed after `docker`. */
export interface PluginCall {
  /** Our arguments, without the docker command's own. */
  readonly argv: readonly string[]
  readonly flags: readonly DockerFlag[]
}

const NAME = 'mtls'
const LONG: Readonly<Record<string, string>> = {
  c: '--context',
  D: '--debug',
  H: '--host',
  l: '--log-level',
  v: '--version',
}
const WITH_VALUE = new Set(['--config', '--context', '--host', '--log-level', '--tlscacert', '--tlscert', '--tlskey'])

/**
 * Recognizes a call by the docker command: `docker-mtls [its options] mtls ARGUMENTS`, or `help mtls` instead of `mtls`, as
 * docker 26.1 makes it.
 *
 * @returns undefined if we were called by our own name, even by a program that a plugin has started
 */
export function parsePluginCall(argv: readonly string[], env: Environment): PluginCall | undefined {
  if (env[PLUGIN_VARIABLE] === undefined) return undefined
  const { flags, rest } = readFlags(argv)
  const [first, second] = rest
  if (first === NAME) return { flags, argv: hasVersion(flags) ? ['--version'] : rest.slice(1) }
  // `docker help mtls ping`; `docker __complete mtls pi`
  if (second === NAME && first !== undefined) return { flags, argv: [first, ...rest.slice(2)] }
  return undefined
}

function hasVersion(flags: readonly DockerFlag[]): boolean {
  return flags.some(([flag, value]) => flag === '--version' && isOn(value))
}

/** Is a switch of the docker command on? It accepts the same words (Go, strconv.ParseBool). */
export function isOn(value = 'true'): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
}

/** As pflag reads them: `--host X`, `--host=X`, `-H X`, `-HX`, `-H=X` and `-DH X`. */
function readFlags(argv: readonly string[]): { flags: DockerFlag[]; rest: readonly string[] } {
  const flags: DockerFlag[] = []
  const words = [...argv]
  while (words[0]?.startsWith('-') === true) {
    const word = words.shift() ?? ''
    const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    if (!word.startsWith('--')) flags.push(...readShort(word.slice(1), words))
    else flags.push([flag, value ?? (WITH_VALUE.has(flag) ? words.shift() : undefined)])
  }
  return { flags, rest: words }
}

function readShort(letters: string, words: string[]): DockerFlag[] {
  const [letter = '', ...others] = Array.from(letters)
  const flag = LONG[letter] ?? `-${letter}`
  const rest = others.join('')
  if (WITH_VALUE.has(flag)) return [[flag, rest === '' ? words.shift() : rest.replace(/^=/, '')]]
  if (rest.startsWith('=')) return [[flag, rest.slice(1)]]
  return [[flag, undefined], ...(rest === '' ? [] : readShort(rest, words))]
}

/** The options that become variables. The last one counts, as for the docker command. */
export function variablesOf(flags: readonly DockerFlag[]): Record<string, string> {
  const last = new Map(flags)
  const config = last.get('--config')
  return {
    ...(config !== undefined && { DOCKER_CONFIG: config }),
    ...(last.has('--debug') && isOn(last.get('--debug')) && { NODE_DEBUG: 'docker-mtls' }),
  }
}
