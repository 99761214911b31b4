import { EndpointError } from '../base/errors.ts'
import { formatEndpoint } from './endpoint.ts'
import type { Environment } from './environment.ts'
import { absolutePath, contextsFolder } from './folders.ts'
import { fromContext } from './from-context.ts'
import { parseHost } from './host.ts'
import { option, sentence } from '../base/sentence.ts'
import { nameSource, type Found, type ResolutionLog } from './resolution-log.ts'
import type { EndpointOptions } from './options.ts'
import { showHost } from './text.ts'

/** Finds the endpoint that the options name. The environment only determines the folder of the contexts. */
export async function fromOptions(options: EndpointOptions, env: Environment, log: ResolutionLog): Promise<Found> {
  const certPath = ownCertPath(options, env, log)
  const ownIdentity = certPath !== undefined || options.ca !== undefined
  const found = await findNamed(options, ownIdentity, env, log)
  if (found.endpoint.kind !== 'tls') {
    if (ownIdentity) warnOfUnusedIdentity(formatEndpoint(found.endpoint), options, log)
    return found
  }
  if (found.certPath === undefined && !ownIdentity) {
    throw new EndpointError('ERR_IDENTITY_REQUIRED', {
      tried: sentence`option ${option('host')} "${showHost(options.host ?? '')}"`,
      got: 'no option names the client certificate, and if any is set, the environment is ignored',
      todo: sentence`Set ${option('certPath')} to a folder with ca.pem, cert.pem and key.pem.`,
    })
  }
  recordCertificates(certPath, options, log)
  return certPath === undefined ? found : { ...found, certPath }
}

function ownCertPath({ certPath }: EndpointOptions, env: Environment, log: ResolutionLog): string | undefined {
  if (certPath === undefined) return undefined
  log.considered = 'option certPath'
  return absolutePath({ text: certPath, source: 'option certPath', code: 'ERR_CERT_PATH_INVALID' }, env)
}

async function findNamed(
  options: EndpointOptions,
  ownIdentity: boolean,
  env: Environment,
  log: ResolutionLog,
): Promise<Found> {
  const { host, context, tlsOnPort2375 } = options
  if (host !== undefined) {
    log.considered = 'option host'
    const endpoint = parseHost(host, { tlsOnPort2375, source: 'option host' })
    log.record('option host', 'chosen', 'options take precedence', showHost(host))
    return { endpoint, source: 'option host' }
  }
  if (context !== undefined) {
    const config = contextsFolder(env, log)
    const request = { name: context, source: 'option context', config, tlsOnPort2375, ownIdentity }
    return fromContext('option context', request, env, log)
  }
  log.considered = options.certPath === undefined ? 'options ca, cert, key' : 'option certPath'
  throw new EndpointError('ERR_HOST_REQUIRED', {
    tried: nameSource(log.considered),
    got: 'it names certificates, but no option names a daemon, and if any is set, the environment is ignored',
    todo: sentence`Set ${option('host')} as well.`,
  })
}

function recordCertificates(certPath: string | undefined, { ca }: EndpointOptions, log: ResolutionLog): void {
  if (certPath !== undefined) log.record('option certPath', 'chosen', 'options take precedence', certPath)
  if (ca !== undefined) log.record('options ca, cert, key', 'chosen', 'options take precedence')
}

function warnOfUnusedIdentity(endpoint: string, { certPath }: EndpointOptions, log: ResolutionLog): void {
  const step = certPath === undefined ? 'options ca, cert, key' : 'option certPath'
  log.record(step, 'ignored', `${endpoint} needs no certificates`, certPath)
  log.warn('tls-unused', `The certificates in the options have no effect: ${endpoint} doesn't use TLS.`)
}
