import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import type { Wording } from './connection-context.ts'
import type { SshExit } from './ssh-stream.ts'

/** What ssh itself ends with; every other code is that of the command on the other side (ssh(1), EXIT STATUS). */
const OWN = 255
/** A shell's for a command that isn't there, or can't be run (POSIX, Shell Command Language, 2.8.2). */
const NO_COMMAND: ReadonlySet<number | null> = new Set([126, 127])

interface Row extends Wording {
  readonly pattern: RegExp
}

/** In remedies, for the endpoint as ssh(1) takes it. */
const HOST = '<HOST>'
const TRY = `Try it in a terminal:  ssh ${HOST}`

/** What ssh has to say, by OpenSSH's words, which are English everywhere. */
const SSH_MESSAGES: readonly Row[] = [
  {
    pattern: /IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/,
    code: 'ERR_SSH_HOST_KEY_CHANGED',
    got: 'the host shows another key than the one in known_hosts, or a revoked one',
    todo: `Somebody may be in the middle: do not connect. If the host was set up anew, ssh says in a terminal how to forget the old key:  ssh ${HOST}`,
  },
  {
    pattern: /Host key verification failed/,
    code: 'ERR_SSH_HOST_KEY_UNKNOWN',
    got: 'the key of the host is not in known_hosts',
    todo: `Compare its fingerprint with the one on the host, and accept it once in a terminal:  ssh ${HOST}`,
  },
  {
    pattern: /Permission denied \(|Too many authentication failures/,
    code: 'ERR_SSH_LOGIN_REFUSED',
    got: 'the host takes none of our keys for that user',
    todo: `Put the public key into authorized_keys there. Nothing is asked here: a key with a passphrase has to be in ssh-agent. ${TRY}`,
  },
  {
    pattern: /Could not resolve hostname/,
    code: 'ERR_NAME_NOT_RESOLVED',
    got: 'ssh knows no address for that host',
    todo: `Check the spelling, DNS, and HostName in ~/.ssh/config. ${TRY}`,
  },
  {
    pattern: /Connection refused/,
    code: 'ERR_CONNECTION_REFUSED',
    got: 'no ssh server listens on that port',
    todo: 'Start it, or correct the port; on the host:  systemctl status ssh',
  },
  {
    pattern: /No route to host|Network is unreachable|server .* not responding/,
    code: 'ERR_HOST_UNREACHABLE',
    got: 'there is no way to that host, or none any more',
    todo: 'Check the address, the route, the VPN and the firewall.',
  },
  {
    pattern: /timed out/,
    code: 'ERR_CONNECT_TIMEOUT',
    got: 'the ssh server did not answer in time',
    todo: 'Check address, port and firewall (a blocked port is silent), and the load of the host.',
  },
  {
    pattern: /Connection (?:to .* )?(?:closed|reset|aborted)|Broken pipe/,
    code: 'ERR_CONNECTION_RESET',
    got: 'the ssh server, or what listens there, cut the connection',
    todo: "Look at the server's log (journalctl -u ssh); it drops logins where too many come at once (MaxStartups).",
  },
]

/** What `docker system dial-stdio` has to say, by the Docker CLI's words. */
const DOCKER_MESSAGES: readonly Row[] = [
  {
    pattern: /permission denied/i,
    code: 'ERR_SOCKET_PERMISSION',
    got: "that user may not open the daemon's socket there",
    todo: 'Log in as a member of the group docker (which is root in all but name) or as root.',
  },
  {
    pattern: /no such file or directory/i,
    code: 'ERR_SOCKET_NOT_FOUND',
    got: "the daemon's socket is not there",
    todo: `Start Docker on that host, or name its socket: ${HOST}/PATH/docker.sock`,
  },
  {
    pattern: /connection refused|cannot connect to the docker daemon/i,
    code: 'ERR_CONNECTION_REFUSED',
    got: 'the daemon does not run there',
    todo: 'Start it; on that host:  systemctl status docker',
  },
  {
    pattern: /is not a docker command|is not recognized|unknown command/i,
    code: 'ERR_SSH_DOCKER_MISSING',
    got: 'there is no docker command there that knows "docker system dial-stdio"',
    todo: 'Install the Docker CLI there, 18.09 or later, on the PATH of a login without a terminal.',
  },
]

const NO_DOCKER: Wording = {
  code: 'ERR_SSH_DOCKER_MISSING',
  got: 'the docker command is not on the PATH there, or can not be run',
  todo: 'Install the Docker CLI there, on the PATH of a login without a terminal.',
}

function otherwise(code: number | null, command: string): Wording {
  return {
    code: 'ERR_SSH_FAILED',
    got: code === null ? 'ssh was ended by somebody else' : `it ended with code ${code}`,
    todo: `${TRY}${command}`,
  }
}

function wordingOf({ code, stderr }: SshExit): Wording {
  if (NO_COMMAND.has(code)) return NO_DOCKER
  const rows = code === OWN ? SSH_MESSAGES : DOCKER_MESSAGES
  return rows.find(({ pattern }) => pattern.test(stderr)) ?? otherwise(code, ' docker system dial-stdio')
}

/** What was written last says most; the rest of what ssh writes are frames and hints. */
function lastLines(stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.slice(-2).join(' / ').slice(-300)
}

/** Says what ended an ssh process that was to reach a daemon; a code of 0 is no fault. */
export function sshFault(exit: SshExit, endpoint: SshEndpoint): ConnectionError | undefined {
  return exit.code === 0 ? undefined : faultOf(wordingOf(exit), exit, endpoint)
}

/** The same for one that was to run some other command: what that ends with is no affair of ssh's. */
export function sshLoginFault(exit: SshExit, endpoint: SshEndpoint): ConnectionError | undefined {
  if (exit.code !== null && exit.code !== OWN) return undefined
  const wording = SSH_MESSAGES.find(({ pattern }) => pattern.test(exit.stderr)) ?? otherwise(exit.code, '')
  return faultOf(wording, exit, endpoint)
}

function faultOf({ code, got, todo }: Wording, exit: SshExit, endpoint: SshEndpoint): ConnectionError {
  const said = lastLines(exit.stderr)
  const { socketPath: _, ...host } = endpoint
  return new ConnectionError(code, {
    tried: `connecting to ${formatEndpoint(endpoint)}`,
    got: said === '' ? got : `${got} ("${said}")`,
    todo: todo.replace(HOST, formatEndpoint(host)),
  })
}
