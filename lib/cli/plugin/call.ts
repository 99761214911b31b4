import { readFlags, type DockerFlag } from '../../base/docker-flags.ts'
import type { Environment } from '../../endpoint/environment.ts'

/** The variable that the docker command sets for its plugins. Programs that these start inherit it. */
export const PLUGIN_VARIABLE = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'

/** A command line of ours that was typed after `docker`. */
export interface PluginCall {
  /** Our arguments, without the docker command's own. */
  readonly argv: readonly string[]
  readonly flags: readonly DockerFlag[]
}

const NAME = 'mtls'

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

/** The options that become variables. The last one counts, as for the docker command. */
export function variablesOf(flags: readonly DockerFlag[]): Record<string, string> {
  const last = new Map(flags)
  const config = last.get('--config')
  return {
    ...(config !== undefined && { DOCKER_CONFIG: config }),
    ...(last.has('--debug') && isOn(last.get('--debug')) && { NODE_DEBUG: 'docker-mtls' }),
  }
}
