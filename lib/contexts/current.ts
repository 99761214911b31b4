import { promises as fs } from 'node:fs'
import { configFile, readConfigFile } from '../endpoint/config-file.ts'
import { DEFAULT_CONTEXT } from '../endpoint/context-layout.ts'
import { readCurrentContext } from '../endpoint/context.ts'
import { pickVariables, type Environment } from '../endpoint/environment.ts'
import { writeFileAtomically } from '../base/files.ts'

/** Which context the `docker` command takes, and why. */
export interface CurrentContext {
  readonly name: string
  /** `DOCKER_HOST`, `DOCKER_CONTEXT`, the path of config.json, or `nothing names one`. */
  readonly source: string
}

/**
 * Finds out which context is current, as the Docker CLI does: DOCKER_HOST beats every context, whatever its manual says.
 *
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export async function findCurrent(config: string, env: Environment): Promise<CurrentContext> {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = pickVariables(env)
  if (host !== undefined) return { name: DEFAULT_CONTEXT, source: host.source }
  if (context !== undefined) return { name: context.value, source: context.source }
  const used = await readCurrentContext(config)
  if (used !== undefined) return { name: used, source: configFile(config) }
  return { name: DEFAULT_CONTEXT, source: 'nothing names one' }
}

/**
 * Takes the word of a context out of config.json, as `docker context rm --force` does: the CLI would fail on each command
 * with one that isn't there. Everything else in the file stays.
 *
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function forgetCurrent(config: string, name: string): Promise<void> {
  const { currentContext, ...others } = await readConfigFile(config)
  if (currentContext !== name) return
  // A link to a file elsewhere stays a link.
  const path = await fs.realpath(configFile(config))
  const { mode } = await fs.stat(path)
  await writeFileAtomically(path, JSON.stringify(others, undefined, '\t'), { mode: mode & 0o777 })
}
