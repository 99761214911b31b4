import { join } from 'node:path'
import { renderArgv, type DaemonOptions } from '../../../lib/daemon.ts'
import { PkiFolder, type KeyType, type LeafPaths } from '../../../lib/pki.ts'
import { startDockerd, type Daemon } from './dockerd.ts'
import { isThroughGateway, putBehindGateway } from './gateway.ts'
import { chooseDaemonPlace, type DaemonPlace } from './place.ts'

export interface SecuredOptions {
  /** For the authority, the server and the client alike. @defaultValue `p256` */
  readonly keyType?: KeyType
  /** What the configuration is rendered with besides listeners, files and executable. */
  readonly config?: Pick<DaemonOptions, 'usernsRemap' | 'debug'>
  /** dockerd's environment besides PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>
  /** The address that it listens on, IPv6 in brackets. @defaultValue `127.0.0.1` */
  readonly host?: string
  /** Further flags of dockerd, which the configuration doesn't render. */
  readonly flags?: readonly string[]
}

/** The files that a server shows, and those of the CA whose clients it takes. */
export type ServerFiles = Pick<LeafPaths, 'ca' | 'cert' | 'key'>

/** A dockerd with our certificates and our configuration. */
export interface SecuredDaemon extends Daemon {
  /** What DOCKER_HOST has to be. */
  readonly host: string
  /** The authority, the server and the client `tester`, below the daemon's folder. */
  readonly pki: PkiFolder
  readonly server: LeafPaths
  readonly client: LeafPaths
  /** The variables that a client needs. */
  readonly clientEnv: Readonly<Record<'DOCKER_HOST' | 'DOCKER_TLS_VERIFY' | 'DOCKER_CERT_PATH', string>>
}

/** Makes the certificates, renders the configuration, and starts dockerd with it. */
export async function startSecuredDaemon(options: SecuredOptions = {}): Promise<SecuredDaemon> {
  const place = await chooseDaemonPlace(options.host)
  const keyType = options.keyType ?? 'p256'
  const pki = new PkiFolder(join(place.folder, 'pki'))
  await pki.ensureAuthority({ keyType })
  const { paths: server } = await pki.ensureServer(['localhost'], { keyType })
  const { paths: client } = await pki.ensureClient('tester', { keyType })
  const daemon = await startTlsDaemon(place, server, options)
  const host = place.listen[1]
  const clientEnv = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: client.folder }
  return { ...daemon, host, pki, server, client, clientEnv }
}

/**
 * Starts a daemon that clients reach over mutual TLS: by dockerd's own listener, or by a gateway in its place, if the tests run
 * through one.
 */
export async function startTlsDaemon(
  place: DaemonPlace,
  tls: ServerFiles,
  { config, env, flags = [] }: Pick<SecuredOptions, 'config' | 'env' | 'flags'> = {},
): Promise<Daemon> {
  const listen = isThroughGateway() ? [place.listen[0]] : place.listen
  const argv = [...renderSecured({ ...place, listen }, tls, config), ...flags]
  const daemon = await startDockerd({ place, argv, ...(env && { env }) })
  return isThroughGateway() ? putBehindGateway(daemon, tls) : daemon
}

/** The command line of a place, rendered as `init` renders an override, with explicit listeners. */
export function renderSecured(
  { dockerd, listen }: Pick<DaemonPlace, 'dockerd'> & { readonly listen: readonly DaemonPlace['listen'][number][] },
  { ca, cert, key }: ServerFiles,
  config: SecuredOptions['config'] = {},
): string[] {
  return renderArgv({ exec: dockerd, listen, tls: { ca, cert, key }, ...config })
}
