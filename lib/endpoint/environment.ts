import { ArgumentError } from '../base/errors.ts'

/** The variables of a process: `process.env`, or an object like it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables that name a daemon or a client certificate. They apply together or not at all. */
const DAEMON_OR_IDENTITY = [
  'DOCKER_HOST',
  'DOCKER_HOST_IP',
  'DOCKER_CONTEXT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_TLS',
  'DOCKER_CERT_PATH',
] as const

/**
 * These only name folders and a version, and may be there without a purpose: build servers set DOCKER_CONFIG for registry logins,
 * and the images docker:cli and docker:dind DOCKER_TLS_CERTDIR. That must not make a named `.env` file ineffective.
 */
const OTHERS = ['DOCKER_TLS_CERTDIR', 'DOCKER_CONFIG', 'DOCKER_API_VERSION'] as const

/** All variables that docker-mtls reads. */
export const VARIABLE_NAMES: readonly VariableName[] = [...DAEMON_OR_IDENTITY, ...OTHERS]

/** The name of a variable that docker-mtls reads. */
export type VariableName = (typeof DAEMON_OR_IDENTITY)[number] | (typeof OTHERS)[number]

/** The value of a variable, and where it is set. */
export interface Variable {
  readonly value: string
  /** `DOCKER_HOST`, or `DOCKER_HOST in /path/.env`. */
  readonly source: string
}

/** The variables that are set. An empty string counts as not set, as in the Docker CLI. */
export type Variables = { readonly [Name in VariableName]?: Variable }

/**
 * Picks the variables that docker-mtls reads.
 *
 * @param file - the file that they come from; undefined for the process
 */
export function pickVariables(env: Environment, file?: string): Variables {
  const picked: { [Name in VariableName]?: Variable } = {}
  for (const name of VARIABLE_NAMES) {
    const value = env[name]
    if (value === undefined || value === '') continue
    picked[name] = { value, source: file === undefined ? name : `${name} in ${file}` }
  }
  return picked
}

/** The variables that are set and name a daemon or a client certificate. */
export function daemonOrIdentityNames(variables: Variables): VariableName[] {
  return DAEMON_OR_IDENTITY.filter((name) => variables[name] !== undefined)
}

/**
 * Checks an environment that a caller passed. `process.env` isn't checked: all its values are strings, and loading zod would
 * add 20 ms to every start.
 */
export async function checkEnvironment(env: unknown): Promise<Environment> {
  if (env === process.env) return process.env
  const { z } = await import('zod/v3')
  const names = [...VARIABLE_NAMES, 'HOME', 'USERPROFILE', 'XDG_RUNTIME_DIR']
  const shape = Object.fromEntries(names.map((name) => [name, z.string().optional()]))
  const checked = z.object(shape).safeParse(env)
  if (checked.success) return checked.data
  const name = checked.error.issues[0]?.path[0]
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'reading the environment that was passed in place of process.env',
    got: name === undefined ? "it isn't an object" : `its ${String(name)} is not a string`,
    todo: 'Pass an object of strings, like process.env.',
  })
}
