import { promises as fs } from 'node:fs'
import { configFile, readConfigFile } from '../endpoint/config-file.ts'
import { DEFAULT_CONTEXT } from '../endpoint/context-layout.ts'
import { readCurrentContext } from '../endpoint/context.ts'
import { pickVariables, type Environment } from '../endpoint/environment.ts'
import { writeFileAtomically } from '../base/files.ts'

/** The source of a current context that no variable and no config.json names. */
export const NO_SOURCE = 'nothing names one'

/** The context that the `docker` command uses, and why. */
export interface CurrentContext {
  readonly name: string
  /** `DOCKER_HOST`, `DOCKER_CONTEXT`, the path of config.json, or {@link NO_SOURCE}. */
  readonly source: string
}

/**
 * Determines the current context as the Docker CLI does. DOCKER_HOST takes precedence over every context, although the
 * CLI's manual says otherwise.
 *
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 */
export async function findCurrent(config: string, env: Environment): Promise<CurrentContext> {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = pickVariables(env)
  if (host !== undefined) return { name: DEFAULT_CONTEXT, source: host.source }
  if (context !== undefined) return { name: context.value, source: context.source }
  const used = await readCurrentContext(config)
  if (used !== undefined) return { name: used, source: configFile(config) }
  return { name: DEFAULT_CONTEXT, source: NO_SOURCE }
}

/**
 * Removes `currentContext` from config.json if it names this context, as `docker context rm --force` does. Otherwise every
 * command of the CLI would fail, because the context is gone. Everything else in the file stays.
 *
 * @throws {@link EndpointError} ERR_CONFIG_INVALID
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function clearCurrentContext(config: string, name: string): Promise<void> {
  const { currentContext, ...others } = await readConfigFile(config)
  if (currentContext !== name) return
  // If config.json is a symbolic link, write to its target, so that the link stays.
  const path = await fs.realpath(configFile(config))
  const { mode } = await fs.stat(path)
  await writeFileAtomically(path, JSON.stringify(others, undefined, '\t'), { mode: mode & 0o777 })
}
