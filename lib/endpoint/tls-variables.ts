import { EndpointError } from '../base/errors.ts'
import { clientFolder, hasTlsFiles, turnedOff } from './cert-dir.ts'
import type { Environment, Variable, VariableName, Variables } from './environment.ts'
import { absolutePath, configFolder } from './folders.ts'
import type { Found, ResolutionLog } from './resolution-log.ts'
import { command, sentence } from '../base/sentence.ts'
import { showHost } from './text.ts'
import { printable } from '../base/text.ts'

const TLS_VARIABLES = ['DOCKER_TLS_VERIFY', 'DOCKER_TLS', 'DOCKER_CERT_PATH'] as const
/** Values with which users try to turn TLS verification off. The Docker CLI also takes any non-empty value as "on". */
const OFF_VALUES = new Set(['0', 'false', 'no', 'off'])

type CertPath = Required<Pick<Found, 'certPath'>> & Pick<Found, 'certPathFrom'>

/** The TLS variables that are set. */
export function tlsVariables(variables: Variables): VariableName[] {
  return TLS_VARIABLES.filter((name) => variables[name] !== undefined)
}

/** Refuses a TCP host from the environment, unless the environment also requires verified TLS, as DOCKER_TLS_CERTDIR does. */
export function requireTlsVerify(host: Variable, env: Environment, log: ResolutionLog): void {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_TLS: tls, DOCKER_TLS_CERTDIR: certDir } = log.variables
  log.considered = verify === undefined && tls !== undefined ? 'DOCKER_TLS' : 'DOCKER_TLS_VERIFY'
  if (verify === undefined) {
    if (certDir === undefined) throw tlsVerifyRequired(host, tls, env)
    log.record('DOCKER_TLS_VERIFY', 'not set', `${certDir.source} means verified TLS`)
    recordDockerTls('DOCKER_TLS_CERTDIR', tls, log)
    return
  }
  const shown = printable(verify.value)
  if (OFF_VALUES.has(verify.value.trim().toLowerCase())) {
    log.warn('verification-stays-on', `${verify.source}=${shown} has no effect: TLS verification can't be turned off.`)
  }
  log.record('DOCKER_TLS_VERIFY', 'chosen', 'any value that is not empty means verified TLS', shown)
  recordDockerTls('DOCKER_TLS_VERIFY', tls, log)
}

function recordDockerTls(stricter: VariableName, tls: Variable | undefined, log: ResolutionLog): void {
  if (tls !== undefined) log.record('DOCKER_TLS', 'ignored', `${stricter} is stricter`, printable(tls.value))
}

function tlsVerifyRequired(host: Variable, tls: Variable | undefined, env: Environment): EndpointError {
  return new EndpointError('ERR_TLS_VERIFY_REQUIRED', {
    tried: `${host.source}=${showHost(host.value)}`,
    got:
      tls === undefined
        ? 'DOCKER_TLS_VERIFY is not set, so the Docker CLI would use plaintext'
        : `${tls.source} is set and DOCKER_TLS_VERIFY is not, which means TLS without verification`,
    todo: turnedOff(env) ?? sentence`Set DOCKER_TLS_VERIFY:  ${command('export', 'DOCKER_TLS_VERIFY=1')}`,
  })
}

/** The folder of the certificates: DOCKER_CERT_PATH, else `client` in DOCKER_TLS_CERTDIR, else DOCKER_CONFIG, else `~/.docker`. */
export async function certPathOf(env: Environment, log: ResolutionLog): Promise<CertPath> {
  const { DOCKER_CERT_PATH: set, DOCKER_TLS_CERTDIR: certDir } = log.variables
  if (set !== undefined) {
    log.considered = 'DOCKER_CERT_PATH'
    const path = absolutePath({ text: set.value, source: set.source, code: 'ERR_CERT_PATH_INVALID' }, env)
    log.record('DOCKER_CERT_PATH', 'chosen', 'it is the folder of ca.pem, cert.pem and key.pem', path)
    return { certPath: path }
  }
  const found = (certDir && (await fromCertDir(certDir, env, log))) ?? fromConfigFolder(env, log)
  log.record('DOCKER_CERT_PATH', 'not set', `the certificates are in ${found.certPath}`)
  return found
}

function fromConfigFolder(env: Environment, log: ResolutionLog): CertPath {
  log.considered = 'DOCKER_CONFIG'
  const certPath = configFolder(log.variables, env)
  if (log.variables.DOCKER_CONFIG !== undefined) {
    log.record('DOCKER_CONFIG', 'chosen', 'DOCKER_CERT_PATH is not set', certPath)
    return { certPath, certPathFrom: 'DOCKER_CONFIG' }
  }
  return { certPath, certPathFrom: 'default' }
}

/**
 * The folder in which docker:dind writes client certificates. The image docker:cli always sets DOCKER_TLS_CERTDIR, whatever the
 * daemon is. So if DOCKER_TLS_VERIFY is set, too, and only the Docker CLI's own folder has the three files, that folder wins.
 */
async function fromCertDir(certDir: Variable, env: Environment, log: ResolutionLog): Promise<CertPath | undefined> {
  log.considered = 'DOCKER_TLS_CERTDIR'
  const certPath = clientFolder(certDir, env)
  const shown = printable(certDir.value)
  if (log.variables.DOCKER_TLS_VERIFY !== undefined && !(await hasTlsFiles(certPath))) {
    const config = configFolder(log.variables, env)
    if (await hasTlsFiles(config)) {
      const because = `${certPath} lacks ca.pem, cert.pem or key.pem, and ${config} has them`
      log.record('DOCKER_TLS_CERTDIR', 'ignored', because, shown)
      return undefined
    }
  }
  log.record('DOCKER_TLS_CERTDIR', 'chosen', `docker:dind writes the client certificate to ${certPath}`, shown)
  return { certPath, certPathFrom: 'DOCKER_TLS_CERTDIR' }
}

/** Warns of TLS variables that are set and have no effect. The images of Docker always set DOCKER_TLS_CERTDIR: no warning. */
export function recordUnusedTls(why: string, log: ResolutionLog): void {
  const set = tlsVariables(log.variables)
  for (const name of [...set, 'DOCKER_TLS_CERTDIR'] as const) {
    const value = log.variables[name]?.value
    if (value !== undefined) log.record(name, 'ignored', why, printable(value))
  }
  if (set.length > 0)
    log.warn('tls-unused', `${set.join(', ')} ${set.length === 1 ? 'has' : 'have'} no effect: ${why}.`)
}
