import { ArgumentError } from '../base/errors.ts'

/** The variables of a process: `process.env`, or an object like it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables that say which daemon is meant, or who we are to it: they count together or not at all. */
const DAEMON_OR_IDENTITY = [
  'DOCKER_HOST',
  'DOCKER_HOST_IP',
  'DOCKER_CONTEXT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_TLS',
  'DOCKER_CERT_PATH',
] as const

/**
 * All that are ours to read. DOCKER_CONFIG is not among those above: it names the folder to look in, and build
 * servers set it for registry logins, which must not make a named `.env` file ineffective.
 */
export const VARIABLE_NAMES: readonly VariableName[] = [...DAEMON_OR_IDENTITY, 'DOCKER_CONFIG', 'DOCKER_API_VERSION']

/** A variable that is ours to read. */
export type VariableName = (typeof DAEMON_OR_IDENTITY)[number] | 'DOCKER_CONFIG' | 'DOCKER_API_VERSION'

/** A variable that is set, and where. */
export interface Variable {
  readonly value: string
  /** `DOCKER_HOST`, or `DOCKER_HOST in /path/.env`. */
  readonly source: string
}

/** The variables that are set. One that is set to the empty string isn't (the Docker CLI sees it so too). */
export type Variables = { readonly [Name in VariableName]?: Variable }

/** Picks our variables; `file` is where they come from, if not from the process. */
export function pickVariables(env: Environment, file?: string): Variables {
  const picked: { [Name in VariableName]?: Variable } = {}
  for (const name of VARIABLE_NAMES) {
    const value = env[name]
    if (value === undefined || value === '') continue
    picked[name] = { value, source: file === undefined ? name : `${name} in ${file}` }
  }
  return picked
}

/** Which of the variables that say where or who are set? */
export function daemonOrIdentityNames(variables: Variables): VariableName[] {
  return DAEMON_OR_IDENTITY.filter((name) => variables[name] !== undefined)
}

/**
 * Checks what a caller passed as an environment. The values of `process.env` are strings by nature: loading zod
 * for them would cost every start 50 ms and find nothing.
 */
export async function checkEnvironment(env: unknown): Promise<Environment> {
  if (env === process.env) return process.env
  const { z } = await import('zod')
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
