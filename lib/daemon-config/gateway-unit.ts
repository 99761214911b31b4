import { isDockerMtlsError } from '../base/errors.ts'
import { execLine, HARDENED, hiddenFolders, type Unit } from './unit/service.ts'
import { isForOwnHost, type OwnDaemon } from './own-host.ts'
import { settingsIn } from './unit/parse-unit.ts'
import { splitWords } from './unit/words.ts'

/** The service of a gateway. All paths are absolute. */
export interface GatewayService {
  /** Node, and the script to run. */
  readonly program: readonly [node: string, script: string]
  readonly policy: string
  /** The folder with ca.pem, server-cert.pem and server-key.pem. */
  readonly folder: string
  /** Undefined: crl.pem in the folder, if there is one. */
  readonly crl?: readonly string[] | undefined
  /** The folder of the issuer. Undefined: nobody can renew a certificate. */
  readonly issuer?: string | undefined
  /** An address and a port. */
  readonly listen: string
  /** A port, or an address and a port. Undefined: no metrics are served. */
  readonly metrics?: string | undefined
  /** What happens while the audit log can't be written: `refuse`, which is the default, or `go-on`. */
  readonly onLogFailure?: string | undefined
  /** The path of the daemon's local socket. */
  readonly socket: string
  readonly user: string
  /** The group of the daemon's socket. */
  readonly group: string
}

/** The name of the unit. */
export const GATEWAY_UNIT = 'docker-mtls-gateway.service'

/** The folder below /run in which the service says which files it uses: see gateway-in-force.ts. */
export const RUNTIME_FOLDER = 'docker-mtls-gateway'

const LOGS = 'docker-mtls'

/** Ports below it need a capability: ip(7). */
export const FIRST_FREE_PORT = 1024

/**
 * Renders the systemd service of a gateway: as a user of its own, without any capability. It can write to
 * the folder of its audit log alone. It may open the daemon's socket, because its group is that of the socket.
 *
 * @throws {@link DaemonError} ERR_PATH_INVALID for a path that a unit can't contain
 */
export function renderGatewayUnit(service: GatewayService): Unit {
  const { program, policy, folder, crl = [], issuer, socket, user, group, listen } = service
  const issuing = issuer === undefined ? [] : [issuer]
  const lines = [
    '[Unit]',
    'Description=docker-mtls: gateway in front of dockerd',
    'After=network-online.target docker.service',
    'Wants=network-online.target',
    // It ends when the daemon can't be reached at the start, and may have to try for long.
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `User=${user}`,
    `SupplementaryGroups=${group}`,
    `ExecStart=${execLine(commandOf(service))}`,
    'Restart=always',
    'RestartSec=1',
    // A process can't end while a read of a dead disk hangs.
    'TimeoutStopSec=15',
    // Each stream of a client needs two descriptors. This is the default of newer versions of systemd; older ones have 4096.
    'LimitNOFILE=524288',
    ...HARDENED,
    `CapabilityBoundingSet=${portOf(listen) < FIRST_FREE_PORT ? 'CAP_NET_BIND_SERVICE' : ''}`,
    ...(portOf(listen) < FIRST_FREE_PORT ? ['AmbientCapabilities=CAP_NET_BIND_SERVICE'] : ['PrivateUsers=yes']),
    'SystemCallFilter=~@privileged @resources',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
    'ProtectProc=invisible',
    'ProcSubset=pid',
    // /var/log/docker-mtls, of this user.
    `LogsDirectory=${LOGS}`,
    'LogsDirectoryMode=0700',
    // It says there which files are in force: gateway-in-force.ts.
    `RuntimeDirectory=${RUNTIME_FOLDER}`,
    'RuntimeDirectoryMode=0700',
    'RemoveIPC=yes',
    ...hiddenFolders([...program, policy, folder, ...crl, ...issuing, socket]),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ]
  return { name: GATEWAY_UNIT, text: `${lines.join('\n')}\n` }
}

function commandOf(service: GatewayService): string[] {
  const { program, policy, folder, crl = [], issuer, listen, socket, metrics, onLogFailure } = service
  const issuing = issuer === undefined ? [] : ['--issuer', issuer]
  const files = ['--policy', policy, '--from', folder, ...crl.flatMap((path) => ['--crl', path])]
  return [
    ...program,
    'gateway',
    'run',
    ...files,
    ...issuing,
    '--listen',
    listen,
    '--host',
    `unix://${socket}`,
    '--log',
    `/var/log/${LOGS}/audit.log`,
    ...(onLogFailure === undefined ? [] : ['--on-log-failure', onLogFailure]),
    ...(metrics === undefined ? [] : ['--metrics', metrics]),
  ]
}

/** The values of the flags in the unit of a gateway. */
export interface GatewayFlags {
  readonly policy?: string
  readonly from?: string
  readonly listen?: string
  /** The path of a socket on which it listens, instead of the network. */
  readonly socket?: string
  readonly host?: string
  /** The folder of an issuer, for renewals. */
  readonly issuer?: string
  /** Where it serves metrics. */
  readonly metrics?: string
  readonly 'on-log-failure'?: string
  readonly crl: readonly string[]
}

/**
 * Reads the flags in the unit of a gateway, also as somebody may have written them: `--listen X` and `--listen=X`. A value that
 * only systemd can expand counts as missing.
 */
export function readGatewayUnit(text: string): GatewayFlags {
  const words = startWords(text)
  const known = NAMES.flatMap((name) => flagValues(words, name).map((value) => [name, value] as const))
  return { ...Object.fromEntries(known), crl: flagValues(words, 'crl') }
}

/**
 * Does a unit start a gateway of docker-mtls in front of the dockerd of its host? Other products have a `gateway run`, too.
 *
 * @param own - see {@link isForOwnHost}
 */
export function startsGateway(text: string, own: OwnDaemon = {}): boolean {
  return settingsIn(text, 'Service', 'ExecStart').some(
    (command) =>
      /[\s"']gateway["']?\s+["']?run\b/.test(command) &&
      /docker-mtls|[\s"']--policy\b/.test(command) &&
      isForOwnHost(flagValues(commandWords(command), 'host').at(-1), own),
  )
}

/** The words with which a service starts. Of several command lines, the last one counts. */
export function startWords(text: string): string[] {
  return commandWords(settingsIn(text, 'Service', 'ExecStart').at(-1) ?? '')
}

/** What systemd would still expand has no known value. A command that it can't read has no words. */
function commandWords(command: string): string[] {
  try {
    return splitWords(command).map(({ literal = '' }) => literal)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}

/** The values of a flag, as `--flag VALUE` and `--flag=VALUE`. */
export function flagValues(words: readonly string[], flag: string): string[] {
  const prefix = `--${flag}=`
  return words
    .flatMap((word, at) => {
      if (word === `--${flag}`) return words[at + 1] ?? []
      return word.startsWith(prefix) ? word.slice(prefix.length) : []
    })
    .filter((value) => value !== '')
}

const NAMES = ['policy', 'from', 'listen', 'socket', 'host', 'issuer', 'metrics', 'on-log-failure'] as const

function portOf(listen: string): number {
  return Number(/:(\d+)$/.exec(listen)?.[1])
}
