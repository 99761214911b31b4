import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { enumerateListeners } from '../base/ports.ts'
import { shellLine } from '../base/quoting/posix.ts'
import { command, sentence } from '../base/sentence.ts'
import { formatTarget, isListenerOf, isLoopback, targetOf, type Target } from '../daemon-config/listener-target.ts'
import { UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { shellProgram } from '../host/script.ts'
import type { HostShell } from '../host/shell.ts'
import { parseSockets, socketsScript, type TcpSocket } from '../host/sockets.ts'
import { namesOnly } from '../probe/accepted-cas.ts'
import { probeServer, type ServerReport } from '../probe/server.ts'

/** A listener on the network, as it is configured and as it answers. */
export interface ListenerStatus {
  readonly listener: string
  /** The result of a probe from outside; absent: nothing listens. */
  readonly seen?: ServerReport
  /** Does it accept clients with a certificate, and nobody else? */
  readonly isSecure: boolean
  /** Does it accept clients of other CAs than those in its file? */
  readonly takesOthers: boolean
  /** It isn't probed, since a connection would start dockerd. */
  readonly isIdle?: true
}

/** A listener of dockerd, as its process has it. */
export interface DaemonListener extends ListenerStatus {
  /** Does it answer everybody in plaintext? */
  readonly isPlaintext: boolean
  /** Does systemd pass it to dockerd? */
  readonly isPassed: boolean
}

/** The daemon's `--tlscacert`; `hidden`: it can't be read. */
export type Authorities = 'hidden' | { readonly text: string | undefined }

/** In milliseconds. A TLS server on our own host answers faster. */
const PROBE_MS = 3000

/** Probes one listener from outside. */
export async function inspectListener(
  listener: string,
  authorities: Authorities,
  signal?: AbortSignal,
): Promise<ListenerStatus> {
  return statusOf(listener, authorities, await probe(targetOf(listener), PROBE_MS, signal))
}

function statusOf(listener: string, authorities: Authorities, seen: ServerReport | undefined): ListenerStatus {
  if (seen === undefined) return { listener, isSecure: false, takesOthers: false }
  const takesOthers = isNamed(seen) && namesOthers(seen, authorities)
  return { listener, seen, takesOthers, isSecure: hasAny(authorities) && isSecure(seen) && !takesOthers }
}

/** Undefined: it can't be reached. */
async function probe(
  { host, port }: Target,
  timeout: number | undefined,
  signal: AbortSignal | undefined,
): Promise<ServerReport | undefined> {
  try {
    return await probeServer({ host, port, ...(timeout && { timeout }), ...(signal && { signal }) })
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/** From where listeners are looked at. */
export interface Viewpoint {
  readonly shell: HostShell
  /** The address by which the host is reached from here. */
  readonly address?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Which sockets are of interest. */
export interface Expected {
  /** The fingerprints of the certificates that dockerd presents. */
  readonly certificates?: readonly (string | undefined)[]
  /** Listeners that were inspected already. */
  readonly known?: readonly string[]
  /** @defaultValue `hidden` */
  readonly authorities?: Authorities
}

/**
 * Who listens for dockerd on the network: the sockets of its process that serve its API, and those that systemd passes to it.
 * Files are not asked: a drop-in of docker.socket opens a port, and a changed file opens none before a restart. Sockets for
 * other purposes, such as metrics or a swarm, are left out.
 *
 * @param sockets - of the process
 */
export async function daemonListeners(
  sockets: readonly TcpSocket[],
  viewpoint: Viewpoint,
  { certificates = [], known = [], authorities = 'hidden' }: Expected = {},
): Promise<DaemonListener[]> {
  const others = sockets.filter((socket) => !known.some((listener) => isListenerOf(socket, listener)))
  const inspected = await Promise.all(others.map((socket) => inspectSocket(socket, authorities, viewpoint)))
  return inspected.filter(({ isPassed, isPlaintext, seen }) => {
    const shown = seen?.certificate?.fingerprint256
    return isPassed || isPlaintext || (shown !== undefined && certificates.includes(shown))
  })
}

async function inspectSocket(
  socket: TcpSocket,
  authorities: Authorities,
  { shell, address, signal }: Viewpoint,
): Promise<DaemonListener> {
  const listener = formatTarget({ host: socket.address, port: socket.port })
  const isPassed = socket.isPassed === true
  if (socket.isIdle)
    return { ...statusOf(listener, authorities, undefined), isPassed, isPlaintext: false, isIdle: true }
  // The loopback of another host can be reached only there; our own is a different one.
  const isFar = !shell.isHere && (address === undefined || isLoopback(socket.address))
  const target = targetOf(listener, address)
  const seen = isFar ? undefined : await probe(target, shell.isHere ? PROBE_MS : undefined, signal)
  const isPlaintext = seen ? seen.plaintext === 'docker' : !shell.isHere && (await answersThere(listener, shell))
  return { ...statusOf(listener, authorities, seen), isPassed, isPlaintext }
}

/** A socket that can't be reached from here is tested on its host. */
async function answersThere(listener: string, shell: HostShell): Promise<boolean> {
  const at = formatTarget(targetOf(listener))
  return (await shell.run(shellProgram(shellLine('timeout', '10', 'docker', '-H', at, 'version')))).code === 0
}

/** The sockets of dockerd now. */
export async function socketsOf(shell: HostShell): Promise<TcpSocket[]> {
  const { stdout } = await shell.run(socketsScript())
  const sockets = parseSockets(stdout)
  if (sockets !== undefined) return sockets
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `reading the sockets of dockerd on ${shell.name}`,
    got: 'no sockets of its process are visible below /proc',
    todo: sentence`Check whether it is running:  ${command('systemctl', 'status', UNIT_NAME)}`,
  })
}

function isNamed({ acceptedAuthorities: names }: ServerReport): boolean {
  return typeof names !== 'string' && names.length > 0
}

/** A file without a certificate can't be compared. */
function namesOthers(seen: ServerReport, authorities: Authorities): boolean {
  if (authorities === 'hidden' || authorities.text === undefined) return false
  try {
    return !namesOnly(seen, authorities.text)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return true
  }
}

function hasAny(authorities: Authorities): boolean {
  return authorities === 'hidden' || authorities.text !== undefined
}

function isSecure(seen: ServerReport): boolean {
  return seen.plaintext === 'refused' && seen.clientCertificate === 'required' && isNamed(seen)
}

/** The problem of a listener, if it has one. */
export function listenerProblem({ listener, seen, takesOthers, isSecure: ok, isIdle }: ListenerStatus): string[] {
  if (ok) return []
  if (isIdle) return [`docker.socket listens on ${enumerateListeners([listener])}: a connection there starts dockerd.`]
  if (seen === undefined) return [`Nothing answers on ${listener}.`]
  if (seen.plaintext === 'docker')
    return [`${listener} answers everybody in plaintext, so whoever reaches it is root here. Close it now.`]
  if (seen.clientCertificate !== 'required' && seen.clientCertificate !== 'unknown')
    return [`${listener} accepts clients without a certificate (${seen.clientCertificate}).`]
  const { acceptedAuthorities: names } = seen
  if (typeof names !== 'string' && names.length === 0)
    return [`${listener} accepts clients of every CA that this system trusts: it has no --tlscacert.`]
  if (takesOthers && typeof names !== 'string')
    return [
      `${listener} accepts clients of ${names.map(({ name }) => name).join('; ')}, unlike its CA file: dockerd was not restarted since the file changed, or reads another file.`,
    ]
  return [`It is unknown which clients ${listener} accepts.`]
}
