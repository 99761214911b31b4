import type { Environment } from '../../endpoint/environment.ts'
import { PLUGIN_VARIABLE } from '../plugin/call.ts'

/** Has the docker command called us? `start` takes the variable away where it has not. */
export function isPlugin(env: Environment): boolean {
  return env[PLUGIN_VARIABLE] !== undefined
}

/** How whoever typed the command calls us: by npx there is no docker-mtls in the PATH. */
export function selfOf(env: Environment): string {
  if (isPlugin(env)) return 'docker mtls'
  return env['npm_command'] === 'exec' ? 'npx docker-mtls' : 'docker-mtls'
}
