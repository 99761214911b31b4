import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import { command, option, sentence, type CommandPart, type Sentence } from '../base/sentence.ts'
import * as said from '../base/wordings/dial-stdio.ts'
import type { Fault } from './connection-context.ts'
import type { SshExit } from './ssh-stream.ts'

/** The exit code for failures of ssh itself. All other codes come from the remote command (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255
/** A shell's exit codes for a command that is missing or can't be run (POSIX, Shell Command Language, 2.8.2). */
export const COMMAND_FAILED: ReadonlySet<number | null> = new Set([126, 127])

/** Creates the remedy for one host, given `ssh HOST` as a command. */
type Remedy = (login: CommandPart, host: string) => Sentence

interface FaultRow extends Pick<Fault, 'code' | 'got'> {
  readonly todo: Remedy
}

interface MessageFaultRow extends FaultRow {
  readonly pattern: RegExp
}

const tryLogin: Remedy = (login) => sentence`Try the login in a terminal:  ${login}`

/** Messages of OpenSSH, which aren't localized. */
const SSH_MESSAGES: readonly MessageFaultRow[] = [
  {
    pattern: /IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/,
    code: 'ERR_SSH_HOST_KEY_CHANGED',
    got: "the host's key differs from the one in known_hosts, or is revoked",
    todo: (login) =>
      sentence`Don't connect: this may be an attack. If the host was reinstalled, ssh shows how to remove the old key:  ${login}`,
  },
  {
    pattern: /Host key verification failed/,
    code: 'ERR_SSH_HOST_KEY_UNKNOWN',
    got: "the host's key is not in known_hosts",
    todo: (login) =>
      sentence`Log in once in a terminal, and accept the key after you compared its fingerprint:  ${login}`,
  },
  {
    pattern: /Permission denied \(|Too many authentication failures/,
    code: 'ERR_SSH_LOGIN_REFUSED',
    got: 'the host accepts none of your keys for that user',
    todo: (login) =>
      sentence`Add your public key to authorized_keys on the host. A key with a passphrase must be in ssh-agent. To test it:  ${login}`,
  },
  {
    pattern: /Could not resolve hostname/,
    code: 'ERR_NAME_NOT_RESOLVED',
    got: 'ssh found no address for that host',
    todo: (login) => sentence`Check the spelling, DNS and HostName in ~/.ssh/config. To test it:  ${login}`,
  },
  {
    pattern: /Connection refused/,
    code: 'ERR_CONNECTION_REFUSED',
    got: 'no ssh server listens on that port',
    todo: () =>
      sentence`Start the ssh server, or correct the port. On the host:  ${command('systemctl', 'status', 'ssh')}`,
  },
  {
    pattern: /No route to host|Network is unreachable|server .* not responding/,
    code: 'ERR_HOST_UNREACHABLE',
    got: 'there is no route to that host, or the connection was lost',
    todo: () => 'Check the address, the route, the VPN and the firewall.',
  },
  {
    pattern: /timed out/,
    code: 'ERR_CONNECT_TIMEOUT',
    got: 'the ssh server did not answer in time',
    todo: () => 'Check the address, the port, the firewall and the load of the host.',
  },
  {
    pattern: /Connection (?:to .* )?(?:closed|reset|aborted)|Broken pipe/,
    code: 'ERR_CONNECTION_RESET',
    got: 'the ssh server closed the connection',
    todo: () =>
      sentence`Read the ssh server's log. It drops logins if too many arrive at once (MaxStartups):  ${command('journalctl', '-u', 'ssh')}`,
  },
]

/** Messages of `docker system dial-stdio`. */
const DOCKER_MESSAGES: readonly MessageFaultRow[] = [
  {
    pattern: said.NOT_ALLOWED.pattern,
    code: 'ERR_SOCKET_PERMISSION',
    got: "that user may not open the daemon's socket on the host",
    todo: () => 'Log in as root or as a member of the group docker. Membership gives the rights of root.',
  },
  {
    pattern: said.NO_SOCKET.pattern,
    code: 'ERR_SOCKET_NOT_FOUND',
    got: "the daemon's socket does not exist on the host",
    todo: (_, host) =>
      sentence`Start Docker on the host, or add the path of its socket:  ${option('host', `'${host}/PATH/docker.sock'`)}`,
  },
  {
    pattern: said.NO_DAEMON.pattern,
    code: 'ERR_CONNECTION_REFUSED',
    got: 'no daemon is running on the host',
    todo: () => sentence`Start it. On the host:  ${command('systemctl', 'status', 'docker')}`,
  },
  {
    pattern: said.NO_SUCH_COMMAND.pattern,
    code: 'ERR_SSH_DOCKER_MISSING',
    got: 'the docker command on the host has no "docker system dial-stdio"',
    todo: () => 'Install the Docker CLI 18.09 or later on the host, in the PATH of logins without a terminal.',
  },
]

const tryDialStdio: Remedy = (login) =>
  sentence`Try it in a terminal:  ${command(...login.command, 'docker', 'system', 'dial-stdio')}`

const NO_DOCKER: FaultRow = {
  code: 'ERR_SSH_DOCKER_MISSING',
  got: "the docker command isn't in the PATH on the host, or can't be run",
  todo: () => 'Install the Docker CLI on the host, in the PATH of logins without a terminal.',
}

function otherFault(code: number | null, todo: Remedy): FaultRow {
  return {
    code: 'ERR_SSH_FAILED',
    got: code === null ? 'a signal ended ssh' : `ssh ended with exit code ${code}`,
    todo,
  }
}

function rowOf({ code, stderr }: SshExit): FaultRow {
  if (COMMAND_FAILED.has(code)) return NO_DOCKER
  const rows = code === SSH_FAILED ? SSH_MESSAGES : DOCKER_MESSAGES
  return rows.find(({ pattern }) => pattern.test(stderr)) ?? otherFault(code, tryDialStdio)
}

/** The last two lines contain the reason. The lines before are banners and hints. */
function lastLines(stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.slice(-2).join(' / ').slice(-300)
}

/** Returns the error for an ssh process that ran `docker system dial-stdio`; undefined for exit code 0. */
export function sshFault(exit: SshExit, endpoint: SshEndpoint): ConnectionError | undefined {
  return exit.code === 0 ? undefined : faultOf(rowOf(exit), exit, endpoint)
}

/** Returns the error for an ssh process that ran another command, whose own exit codes aren't failures of ssh. */
export function sshLoginFault(exit: SshExit, endpoint: SshEndpoint): ConnectionError | undefined {
  if (exit.code !== null && exit.code !== SSH_FAILED) return undefined
  const row = SSH_MESSAGES.find(({ pattern }) => pattern.test(exit.stderr)) ?? otherFault(exit.code, tryLogin)
  return faultOf(row, exit, endpoint)
}

function faultOf({ code, got, todo }: FaultRow, exit: SshExit, endpoint: SshEndpoint): ConnectionError {
  const output = lastLines(exit.stderr)
  const { socketPath: _, ...host } = endpoint
  return new ConnectionError(code, {
    tried: `connecting to ${formatEndpoint(endpoint)}`,
    got: output === '' ? got : sentence`${got} ("${output}")`,
    todo: todo(command('ssh', formatEndpoint(host)), formatEndpoint(host)),
  })
}
