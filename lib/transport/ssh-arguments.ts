import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { parseHost } from '../endpoint/host.ts'
import { EndpointError } from '../base/errors.ts'

/** A peer that vanished is noticed by ssh itself after three of these, as TCP would for the other kinds. In seconds. */
const ALIVE_SECONDS = 30

/**
 * What our ssh is, whatever ssh_config says. Checking host keys isn't in it: that is ssh's own affair, and stays as it
 * is set there.
 */
const OPTIONS: readonly string[] = [
  // A library must not wait for somebody to type: no password, no passphrase, no "are you sure".
  'BatchMode=yes',
  // A port that is forwarded can't be forwarded by a second ssh.
  'ClearAllForwardings=yes',
  // A master that is there is used. One that we made would outlive its client, or end with the first connection.
  'ControlMaster=no',
  // What is run there is ours, also where an alias has a command of its own, such as tmux.
  'RemoteCommand=none',
  // Why a connection was not made, or has ended, is said at this level.
  'LogLevel=INFO',
]

/**
 * The command line of one connection to a daemon, without the program.
 *
 * @param timeout - in milliseconds; so long ssh itself tries, should nobody be there any more to end it
 * @throws {@link EndpointError} ERR_HOST_INVALID for an endpoint that {@link parseHost} would never give
 */
export function sshArguments(endpoint: SshEndpoint, timeout: number): string[] {
  const { socketPath } = parsedAgain(endpoint)
  const socket = socketPath === undefined ? [] : ['--host', `unix://${socketPath}`]
  return [...sshLogin(endpoint, timeout), 'docker', ...socket, 'system', 'dial-stdio']
}

/**
 * The same up to the host: what follows is the command that is run there. Everything in it was read by the parser of hosts
 * here and now, since an endpoint may be made by hand, and `-oProxyCommand=...` in it would run a program.
 *
 * @param alive - in seconds; after three times as long without a sign of life ssh gives up
 */
export function sshLogin(endpoint: SshEndpoint, timeout: number, alive: number = ALIVE_SECONDS): string[] {
  const { user, port, host } = parsedAgain(endpoint)
  const options = [...OPTIONS, `ServerAliveInterval=${alive}`, `ConnectTimeout=${Math.ceil(timeout / 1000)}`]
  // Neither a terminal, nor our agent, nor X11 for the other side.
  return ['-T', '-a', '-x'].concat(
    options.flatMap((option) => ['-o', option]),
    user === undefined ? [] : ['-l', user],
    port === undefined ? [] : ['-p', String(port)],
    ['--', host],
  )
}

function parsedAgain(endpoint: SshEndpoint): SshEndpoint {
  const text = formatEndpoint(endpoint)
  const parsed = parseHost(text, { source: 'endpoint' })
  const same = (['user', 'port', 'host', 'socketPath'] as const).every(
    (name) => (parsed as Partial<SshEndpoint>)[name] === endpoint[name],
  )
  if (parsed.kind === 'ssh' && same) return parsed
  throw new EndpointError('ERR_HOST_INVALID', {
    tried: 'connecting to an ssh endpoint',
    got: 'its host, user, port or socket path contains characters of another part',
    todo: "Create it with  parseHost('ssh://USER@HOST:PORT/SOCKET').",
  })
}
