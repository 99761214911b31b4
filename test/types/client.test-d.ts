/** Judged by tsc alone: there is no way to write down a weaker connection, and a misspelt option doesn't compile. */
import type { TLSSocket } from 'node:tls'
import { request } from 'undici'
import {
  connect,
  createDispatcher,
  explainEndpoint,
  loadIdentity,
  parseHost,
  path,
  resolveEndpoint,
  type DockerClient,
  type EndpointOptions,
  type Identity,
  type Permission,
  type ResolvedEndpoint,
  type TlsEndpoint,
} from '../../lib/index.ts'
import { createAuthority, issueServer } from '../../lib/pki.ts'

const host = 'tcp://build01:2376'

/** All that may be said about where, who and how. */
export const options: EndpointOptions[] = [
  {},
  { host, certPath: '/certs' },
  { host, ca: 'PEM', cert: new Uint8Array(), key: Buffer.from(''), passphrase: 'x', foreignClientCa: true },
  { context: 'prod', tlsOnPort2375: true, apiVersion: '1.44', connectTimeout: 1, signal: AbortSignal.timeout(1) },
  { envFile: '.env', host: undefined },
]

// Verification can't be turned off, by whichever name others have for it.
// @ts-expect-error Node's name
connect({ host, rejectUnauthorized: false })
// @ts-expect-error Node's other way
connect({ host, checkServerIdentity: () => undefined })
// @ts-expect-error the Docker CLI's name
connect({ host, tlsVerify: false })
// @ts-expect-error the name of docker contexts
connect({ host, skipTLSVerify: true })
// @ts-expect-error curl's name
connect({ host, insecure: true })
// @ts-expect-error there is always TLS
connect({ host, tls: false })
// @ts-expect-error plaintext
connect({ host, protocol: 'http' })
// @ts-expect-error an older protocol
connect({ host, minVersion: 'TLSv1' })
// @ts-expect-error weaker suites
connect({ host, ciphers: 'ALL' })
// @ts-expect-error another name for the server
connect({ host, servername: 'other' })

// Misspelt, or of another type.
// @ts-expect-error certPath
connect({ host, certpath: '/certs' })
// @ts-expect-error a string
connect({ host: 2376 })
// @ts-expect-error a number of milliseconds
resolveEndpoint({ connectTimeout: '10s' })
// @ts-expect-error true or false
explainEndpoint({ tlsOnPort2375: 'yes' })
// @ts-expect-error parseHost has few options
parseHost(host, { tlsVerify: false })
// @ts-expect-error null is no value
connect({ host: null })

/** Who makes a dispatcher has no say in how TLS is spoken. */
export function weaken(endpoint: TlsEndpoint, identity: Identity): void {
  createDispatcher(endpoint, identity, { connectTimeout: 1 })
  // @ts-expect-error no TLS options
  createDispatcher(endpoint, identity, { tls: { rejectUnauthorized: false } })
  // @ts-expect-error nor a socket of one's own
  createDispatcher(endpoint, identity, { connect: (): TLSSocket | undefined => undefined })
  // @ts-expect-error an identity is loaded, not written down
  createDispatcher(endpoint, { source: '', client: identity.client, authorities: [], warnings: [], toJSON: () => ({}) })
  // @ts-expect-error an endpoint can't be turned
  endpoint.port = 2375
}

// @ts-expect-error no endpoint is plaintext
export const plaintext: ResolvedEndpoint['kind'] = 'http'
// @ts-expect-error an identity has all three parts
loadIdentity({ ca: '', cert: '' })
// @ts-expect-error nothing turns its checks off
loadIdentity('/certs', { ignoreExpiry: true })

/** The shape of a whole visit. */
export async function visit(): Promise<string> {
  await using docker = await connect()
  const { body } = await docker.request({ method: 'GET', path: path`/containers/${'id'}/json`, query: { size: true } })
  body.destroy()
  // @ts-expect-error the query is an object
  await docker.request({ method: 'GET', path: '/info', query: 'all=1' })
  // @ts-expect-error a header has one value
  await docker.request({ method: 'GET', path: '/info', headers: { a: 1 } })
  await request(`${docker.dispatcher.origin}/info`, { dispatcher: docker.dispatcher })
  await fetch(`${docker.dispatcher.origin}/info`, { dispatcher: docker.dispatcher } as object)
  const { ApiVersion }: { readonly ApiVersion: string } = await docker.version()
  const { kind } = docker.endpoint
  if (kind === 'tls') return docker.endpoint.host + ApiVersion
  // @ts-expect-error only TLS has a host name here
  return docker.endpoint.port
}

/** A certificate can't be for both ends, nor have no names. */
export async function issue(): Promise<void> {
  const authority = await createAuthority({ keyType: 'p256' })
  await issueServer(authority, { names: ['build01'] })
  // @ts-expect-error a server has names
  await issueServer(authority, { days: 1 })
  // @ts-expect-error no purposes to choose
  await issueServer(authority, { names: ['build01'], purposes: ['clientAuth'] })
  // @ts-expect-error no such type of key
  await createAuthority({ keyType: 'rsa1024' })
}

declare const docker: DockerClient
export const permission: Promise<Permission> = docker.may('containers.create', { Image: 'alpine' }, { name: 'x' })
docker.may('containers.archive.put', 'web', '/', Buffer.from(''))
docker.may('system.info')
// @ts-expect-error no such call
docker.may('containers.creat', { Image: 'alpine' })
// @ts-expect-error a body of another form
docker.may('containers.create', { Imag: 'alpine' })
// @ts-expect-error an argument is missing
docker.may('containers.start')
// @ts-expect-error it sends several requests
docker.may('exec.run', 'web', ['sh'])
// @ts-expect-error it sends several requests
docker.may('images.ensure', 'alpine')
