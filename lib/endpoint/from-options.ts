import { EndpointError } from '../base/errors.ts'
import { formatEndpoint } from './endpoint.ts'
import type { Environment } from './environment.ts'
import { absolutePath, configFolder } from './folders.ts'
import { fromContext } from './from-context.ts'
import { parseHost } from './host.ts'
import type { Found, Notes } from './notes.ts'
import type { EndpointOptions } from './options.ts'
import { showHost } from './text.ts'

/** The endpoint that the options name. Of the environment only the folder of the contexts counts. */
export async function fromOptions(options: EndpointOptions, env: Environment, notes: Notes): Promise<Found> {
  const certPath = ownCertPath(options, env, notes)
  const ownIdentity = certPath !== undefined || options.ca !== undefined
  const found = await named(options, ownIdentity, env, notes)
  if (found.endpoint.kind !== 'tls') {
    if (ownIdentity) warnOfUselessIdentity(formatEndpoint(found.endpoint), options, notes)
    return found
  }
  if (found.certPath === undefined && !ownIdentity) {
    throw new EndpointError('ERR_IDENTITY_REQUIRED', {
      tried: `option host "${showHost(options.host ?? '')}"`,
      got: 'nothing says with which certificates, and options are not mixed with the environment',
      todo: 'Give certPath, a folder with ca.pem, cert.pem and key.pem, or ca, cert and key.',
    })
  }
  sayIdentity(certPath, options, notes)
  return certPath === undefined ? found : { ...found, certPath }
}

function ownCertPath({ certPath }: EndpointOptions, env: Environment, notes: Notes): string | undefined {
  if (certPath === undefined) return undefined
  notes.trying = 'option certPath'
  return absolutePath({ text: certPath, source: 'option certPath', code: 'ERR_CERT_PATH_INVALID' }, env)
}

async function named(options: EndpointOptions, ownIdentity: boolean, env: Environment, notes: Notes): Promise<Found> {
  const { host, context, tlsOnPort2375 } = options
  if (host !== undefined) {
    notes.trying = 'option host'
    const endpoint = parseHost(host, { tlsOnPort2375, source: 'option host' })
    notes.say('option host', 'chosen', 'options come first', showHost(host))
    return { endpoint, source: 'option host' }
  }
  if (context !== undefined) {
    const config = usedConfigFolder(env, notes)
    const request = { name: context, source: 'option context', config, tlsOnPort2375, ownIdentity }
    return fromContext('option context', request, env, notes)
  }
  notes.trying = options.certPath === undefined ? 'options ca, cert, key' : 'option certPath'
  throw new EndpointError('ERR_HOST_REQUIRED', {
    tried: notes.trying,
    got: 'certificates are given, but no daemon to show them to',
    todo: 'Give host or context too: options are not mixed with the environment.',
  })
}

function usedConfigFolder(env: Environment, notes: Notes): string {
  notes.trying = 'DOCKER_CONFIG'
  const config = configFolder(notes.variables, env)
  const set = notes.variables.DOCKER_CONFIG !== undefined
  if (set) notes.say('DOCKER_CONFIG', 'chosen', 'the context is kept there', config)
  return config
}

function sayIdentity(certPath: string | undefined, { ca }: EndpointOptions, notes: Notes): void {
  if (certPath !== undefined) notes.say('option certPath', 'chosen', 'options come first', certPath)
  if (ca !== undefined) notes.say('options ca, cert, key', 'chosen', 'options come first')
}

function warnOfUselessIdentity(endpoint: string, { certPath }: EndpointOptions, notes: Notes): void {
  const step = certPath === undefined ? 'options ca, cert, key' : 'option certPath'
  notes.say(step, 'passed over', `certificates have no use for ${endpoint}`, certPath)
  notes.warnings.add(`${step}: without effect, since ${endpoint} has no TLS.`)
}
