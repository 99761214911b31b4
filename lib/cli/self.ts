import type { Environment } from '../endpoint/environment.ts'

/** How whoever typed the command calls us: by npx there is no docker-mtls in the PATH. */
export function selfOf({ npm_command: command }: Environment): string {
  return command === 'exec' ? 'npx docker-mtls' : 'docker-mtls'
}

const COMMAND =
  /(?<!npx |[\w/.-])docker-mtls (?=(?:init|bridge|cert|client|context|daemon|explain|ping|--help)(?![\w-]))/g

/** A sentence with commands of ours in it, as they can be typed here. */
export function asTyped(text: string, env: Environment): string {
  return text.replaceAll(COMMAND, `${selfOf(env)} `)
}
