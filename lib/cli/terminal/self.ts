import type { Environment } from '../../endpoint/environment.ts'
import { PLUGIN_VARIABLE } from '../plugin/call.ts'

/** Has the docker command called us? If not, `start` removes the variable. */
export function isPlugin(env: Environment): boolean {
  return env[PLUGIN_VARIABLE] !== undefined
}

/** The command by which the user calls us. With npx, there is no docker-mtls in PATH. */
export function selfOf(env: Environment): string {
  if (isPlugin(env)) return 'docker mtls'
  return env['npm_command'] === 'exec' ? 'npx docker-mtls' : 'docker-mtls'
}
