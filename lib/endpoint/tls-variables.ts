import { EndpointError } from '../base/errors.ts'
import type { Environment, Variable, VariableName, Variables } from './environment.ts'
import { absolutePath, configFolder } from './folders.ts'
import type { ResolutionLog } from './resolution-log.ts'
import { command, sentence } from '../base/sentence.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

const TLS_VARIABLES = ['DOCKER_TLS_VERIFY', 'DOCKER_TLS', 'DOCKER_CERT_PATH'] as const
/** Values with which users try to turn TLS verification off. The Docker CLI also takes any non-empty value as "on". */
const OFF_VALUES = new Set(['0', 'false', 'no', 'off'])

/** The TLS variables that are set. */
export function tlsVariables(variables: Variables): VariableName[] {
  return TLS_VARIABLES.filter((name) => variables[name] !== undefined)
}

/** Refuses a TCP host from the environment, unless the environment also requires verified TLS. */
export function requireTlsVerify(host: Variable, log: ResolutionLog): void {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_TLS: tls } = log.variables
  log.considered = verify === undefined && tls !== undefined ? 'DOCKER_TLS' : 'DOCKER_TLS_VERIFY'
  if (verify === undefined) throw tlsVerifyRequired(host, tls)
  const shown = printable(verify.value)
  if (OFF_VALUES.has(verify.value.trim().toLowerCase())) {
    log.warn('verification-stays-on', `${verify.source}=${shown} has no effect: TLS verification can't be turned off.`)
  }
  log.record('DOCKER_TLS_VERIFY', 'chosen', 'any value that is not empty means verified TLS', shown)
  if (tls !== undefined) log.record('DOCKER_TLS', 'passed over', 'DOCKER_TLS_VERIFY is stricter', printable(tls.value))
}

function tlsVerifyRequired(host: Variable, tls: Variable | undefined): EndpointError {
  return new EndpointError('ERR_TLS_VERIFY_REQUIRED', {
    tried: `${host.source}=${showHost(host.value)}`,
    got:
      tls === undefined
        ? 'DOCKER_TLS_VERIFY is not set, so the Docker CLI would use plaintext'
        : `${tls.source} is set and DOCKER_TLS_VERIFY is not, which means TLS without verification`,
    todo: sentence`Set DOCKER_TLS_VERIFY:  ${command('export', 'DOCKER_TLS_VERIFY=1')}`,
  })
}

/** Returns the folder of the certificates: DOCKER_CERT_PATH, else DOCKER_CONFIG, else `~/.docker`. */
export function certPathOf(env: Environment, log: ResolutionLog): string {
  const { DOCKER_CERT_PATH: set, DOCKER_CONFIG: config } = log.variables
  log.considered = set === undefined ? 'DOCKER_CONFIG' : 'DOCKER_CERT_PATH'
  if (set !== undefined) {
    const path = absolutePath({ text: set.value, source: set.source, code: 'ERR_CERT_PATH_INVALID' }, env)
    log.record('DOCKER_CERT_PATH', 'chosen', 'it is the folder of ca.pem, cert.pem and key.pem', path)
    return path
  }
  const path = configFolder(log.variables, env)
  log.record('DOCKER_CERT_PATH', 'not set', `the certificates are in ${path}`)
  if (config !== undefined) log.record('DOCKER_CONFIG', 'chosen', 'DOCKER_CERT_PATH is not set', path)
  return path
}

/** Warns of TLS variables that are set and have no effect. */
export function recordUnusedTls(why: string, log: ResolutionLog): void {
  const set = tlsVariables(log.variables)
  for (const name of set) log.record(name, 'passed over', why, printable(log.variables[name]?.value ?? ''))
  if (set.length > 0)
    log.warn('tls-unused', `${set.join(', ')} ${set.length === 1 ? 'has' : 'have'} no effect: ${why}.`)
}
