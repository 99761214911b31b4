import { pickVariables, type Environment } from '../../endpoint/environment.ts'
import { configFolder } from '../../endpoint/folders.ts'

/** The Docker CLI's own folder: DOCKER_CONFIG, or `~/.docker`. */
export function dockerConfig(env: Environment): string {
  return configFolder(pickVariables(env), env)
}
