import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { parseHost } from '../endpoint/host.ts'
import { EndpointError } from '../base/errors.ts'

/**
 * In seconds. ssh closes the connection after three of these without a reply, as TCP keep-alive does for other
 * endpoints.
 */
const ALIVE_SECONDS = 30

/** Options that override ssh_config. Host key checking isn't among them: ssh does it as configured there. */
const OPTIONS: readonly string[] = [
  // A library must never wait for a user's input: no passwords, passphrases or confirmations.
  'BatchMode=yes',
  // A second ssh process can't forward a port that is already forwarded.
  'ClearAllForwardings=yes',
  // Uses an existing master connection, but creates none: a new master would outlive its client, or end with the first
  // connection.
  'ControlMaster=no',
  // We choose the remote command, even if an alias has a RemoteCommand of its own, such as tmux.
  'RemoteCommand=none',
  // At this level, ssh says why a connection failed or ended.
  'LogLevel=INFO',
]

/**
 * The arguments of ssh for one connection to a daemon.
 *
 * @param timeout - in milliseconds. ssh applies it too, in case our process dies
 * @throws {@link EndpointError} ERR_HOST_INVALID for an endpoint that {@link parseHost} can't return
 */
export function sshArguments(endpoint: SshEndpoint, timeout: number): string[] {
  const { socketPath } = reparse(endpoint)
  const socket = socketPath === undefined ? [] : ['--host', `unix://${socketPath}`]
  return [...sshLogin(endpoint, timeout), 'docker', ...socket, 'system', 'dial-stdio']
}

/**
 * The arguments up to the host, for any command: append it. All values are parsed again here: callers may build an
 * endpoint by hand, and `-oProxyCommand=...` in it would run a program.
 *
 * @param alive - in seconds. ssh closes the connection after three times as long without a reply
 */
export function sshLogin(endpoint: SshEndpoint, timeout: number, alive: number = ALIVE_SECONDS): string[] {
  const { user, port, host } = reparse(endpoint)
  const options = [...OPTIONS, `ServerAliveInterval=${alive}`, `ConnectTimeout=${Math.ceil(timeout / 1000)}`]
  // No terminal, no agent forwarding, no X11 forwarding.
  return ['-T', '-a', '-x'].concat(
    options.flatMap((option) => ['-o', option]),
    user === undefined ? [] : ['-l', user],
    port === undefined ? [] : ['-p', String(port)],
    ['--', host],
  )
}

function reparse(endpoint: SshEndpoint): SshEndpoint {
  const text = formatEndpoint(endpoint)
  const parsed = parseHost(text, { source: 'endpoint' })
  const isSame = (['user', 'port', 'host', 'socketPath'] as const).every(
    (name) => (parsed as Partial<SshEndpoint>)[name] === endpoint[name],
  )
  if (parsed.kind === 'ssh' && isSame) return parsed
  throw new EndpointError('ERR_HOST_INVALID', {
    tried: 'connecting to an ssh endpoint',
    got: 'its host, user, port or socket path contains characters of another part',
    todo: "Create it with  parseHost('ssh://USER@HOST:PORT/SOCKET').",
  })
}
