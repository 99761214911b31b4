import { join } from 'node:path'
import { isDockerMtlsError } from '../../base/errors.ts'
import { PUBLIC_MODE } from '../../base/files.ts'
import {
  GATEWAY_UNIT,
  readGatewayUnit,
  renderGatewayUnit,
  type GatewayFlags,
} from '../../daemon-config/gateway-unit.ts'
import { parseListen, type TcpListener } from '../../daemon-config/listen.ts'
import { tlsFilesIn, type TlsFiles } from '../../daemon-config/options.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { WantedFile } from '../changes.ts'
import type { ServerFiles } from '../server-files.ts'
import { issuerFilesIn } from './issuer-files.ts'
import type { PlannedIssuer } from './requested.ts'

/** The folder of the gateway's files. */
export const GATEWAY_FOLDER = '/etc/docker-mtls'
/** The user of the service, and its group. */
export const GATEWAY_USER = 'docker-mtls'
/** The local socket of dockerd. */
export const DAEMON_SOCKET = '/run/docker.sock'

export const UNIT_PATH: string = join('/etc/systemd/system', GATEWAY_UNIT)
/** The link with which systemd starts the gateway at boot. `transaction.sh` creates it. */
export const WANTS_PATH: string = join('/etc/systemd/system/multi-user.target.wants', GATEWAY_UNIT)

/** Does a host have a gateway, running or not? What else may be left of one, its removal looks for. */
export function hasGateway({ file }: Pick<HostFacts, 'file'>): boolean {
  return file(UNIT_PATH) !== undefined
}

/** The files in the folder. */
export const GATEWAY_FILES = {
  ...tlsFilesIn(GATEWAY_FOLDER),
  policy: join(GATEWAY_FOLDER, 'policy.yaml'),
  crl: join(GATEWAY_FOLDER, 'crl.pem'),
  issuerCert: issuerFilesIn(GATEWAY_FOLDER).cert,
  issuerKey: issuerFilesIn(GATEWAY_FOLDER).key,
} as const

/** Root writes them, and the gateway reads them. */
const SHARED_MODE = 0o640
export const SHARED_OWNER: string = `root:${GATEWAY_USER}`
/** The same for the folder, as stat(1) prints it. */
export const SHARED_FOLDER: string = `750 ${SHARED_OWNER}`

/** The flags of the gateway on a host; none if it has no gateway. */
export function gatewayFlags({ file }: HostFacts): GatewayFlags {
  return readGatewayUnit(file(UNIT_PATH)?.text ?? '')
}

/** Where the gateway on a host listens. Undefined if there is none, or its unit doesn't say it. */
export function ownListener(facts: HostFacts): TcpListener | undefined {
  const { listen } = gatewayFlags(facts)
  try {
    return listen === undefined ? undefined : parseListen(listen)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/** The revocation lists of a gateway, as `gateway run` reads them: those of its unit, or one that may be missing. */
export function listsOf({ crl, from = GATEWAY_FOLDER }: GatewayFlags): string[] {
  return crl.length > 0 ? [...new Set(crl)] : [join(from, 'crl.pem')]
}

/** The files with which a gateway starts. */
export interface StartFiles extends TlsFiles {
  readonly policy: string
  readonly lists: readonly string[]
  /** None: it has no issuer. */
  readonly issuerCert: readonly string[]
  /** All of them but the keys. */
  readonly files: readonly string[]
  readonly secrets: readonly string[]
}

/** The files with which a gateway with these flags starts. */
export function startFiles(flags: GatewayFlags): StartFiles {
  const { from = GATEWAY_FOLDER, policy = GATEWAY_FILES.policy, issuer } = flags
  const paths = { ...tlsFilesIn(from), policy, lists: listsOf(flags) }
  const issuers = issuer === undefined ? [] : [issuerFilesIn(issuer)]
  const issuerCert = issuers.map(({ cert }) => cert)
  return {
    ...paths,
    issuerCert,
    files: [policy, paths.ca, paths.cert, ...issuerCert, ...paths.lists],
    secrets: [paths.key, ...issuers.map(({ key }) => key)],
  }
}

/** What the gateway is made of. */
export interface GatewayContents {
  /** Node, and the script to run. */
  readonly program: readonly [node: string, script: string]
  readonly server: ServerFiles & { readonly key: string }
  readonly policy: string
  /** Revocation lists as PEM; undefined: none. */
  readonly crl: string | undefined
  readonly issuer: PlannedIssuer | undefined
  /** An address and a port. */
  readonly listen: string
  readonly metrics: string | undefined
  readonly onLogFailure: string | undefined
  /** The group of the daemon's socket. */
  readonly group: string
}

/** The files of a gateway on its host. */
export function gatewayFiles(contents: GatewayContents): WantedFile[] {
  const { program, server, policy, crl, issuer, listen, metrics, onLogFailure, group } = contents
  const unit = renderGatewayUnit({
    program,
    policy: GATEWAY_FILES.policy,
    folder: GATEWAY_FOLDER,
    crl: crl === undefined ? [] : [GATEWAY_FILES.crl],
    issuer: issuer?.folder,
    listen,
    metrics,
    onLogFailure,
    socket: DAEMON_SOCKET,
    user: GATEWAY_USER,
    group,
  })
  const shared = { mode: SHARED_MODE, owner: SHARED_OWNER }
  return [
    { path: GATEWAY_FILES.ca, text: server.ca, ...shared },
    { path: GATEWAY_FILES.cert, text: server.cert, ...shared },
    { path: GATEWAY_FILES.key, text: server.key, ...shared, secret: true },
    { path: GATEWAY_FILES.policy, text: policy, ...shared },
    ...(crl === undefined ? [] : [{ path: GATEWAY_FILES.crl, text: crl, ...shared }]),
    ...(issuer?.texts === undefined
      ? []
      : [
          { path: GATEWAY_FILES.issuerCert, text: issuer.texts.cert, ...shared },
          { path: GATEWAY_FILES.issuerKey, text: issuer.texts.key, ...shared, secret: true },
        ]),
    { path: UNIT_PATH, text: unit.text, mode: PUBLIC_MODE },
  ]
}
