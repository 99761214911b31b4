import { DaemonError, EndpointError } from '../base/errors.ts'
import { checkOptions, checkText } from '../base/options.ts'
import { option, sentence } from '../base/sentence.ts'
import { assignment, checkShell, type Shell } from '../base/quoting/shells.ts'
import { isPort, PLAINTEXT_PORT } from '../base/ports.ts'
import { quoted } from '../base/text.ts'

/** The daemon and the certificates that the variables name. */
export interface ClientEnvOptions {
  /** The daemon, `tcp://HOST:PORT`. The port is required: without it the Docker CLI would use 2375, even with TLS. */
  readonly host: string
  /** The absolute path of the folder of ca.pem, cert.pem and key.pem on the client's machine. */
  readonly certPath: string
}

/** A POSIX path, a Windows drive, or a share. A leading `~` is refused, since shells don't expand it in quotes. */
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/
const HOST = /^tcp:\/\/(?<name>\[[0-9A-Za-z:.%_-]+\]|[^\s/\\[\]:@?#'"]+)(?::(?<port>[^/]*))?(?:\/[^\s?#]*)?$/

/** A `.env` file is read by people, too. */
const WHY_TWICE = '# DOCKER_HOST again, for scripts that read this variable.'

/**
 * Renders the variables with which a client connects to the daemon: DOCKER_TLS_VERIFY, DOCKER_HOST, DOCKER_HOST_IP (the
 * same value) and DOCKER_CERT_PATH. Values are quoted, so that none can become a command.
 *
 * @param options - see {@link ClientEnvOptions}
 * @param shell - the syntax; `dotenv` is for a `.env` file, which dotenv and every sh read in the same way
 * @returns one line for each variable, and a comment in `dotenv`
 * @throws {@link DaemonError} `ERR_SHELL_UNKNOWN`; `ERR_SHELL_UNQUOTABLE` for a value that this syntax can't quote;
 *   `ERR_PATH_INVALID` for a relative `certPath`
 * @throws {@link EndpointError} `ERR_PLAINTEXT_PORT`, `ERR_PLAINTEXT_REFUSED`, `ERR_HOST_INVALID`
 * @throws {@link ArgumentError} `ERR_OPTION_UNKNOWN`, `ERR_ARGUMENT_INVALID`
 * @example
 * ```ts
 * renderClientEnv({ host: 'tcp://build01.example.com:2376', certPath: '/home/ann/.docker' }, 'bash')
 * ```
 */
export function renderClientEnv(options: ClientEnvOptions, shell: Shell): string {
  checkShell(shell)
  const lines = Object.entries(clientVariables(options)).flatMap(([name, value]) => [
    ...(shell === 'dotenv' && name === 'DOCKER_HOST_IP' ? [WHY_TWICE] : []),
    assignment(shell, name, value),
  ])
  // cmd accepts \n. Only batch files with labels need \r\n, and this text has no label.
  return `${lines.join('\n')}\n`
}

/** The variables of {@link renderClientEnv} and their values, with the same checks. */
export function clientVariables(options: ClientEnvOptions): Readonly<Record<string, string>> {
  checkOptions(options, ['host', 'certPath'], 'renderClientEnv')
  const { host, certPath } = options
  checkText(host, 'the option host')
  checkText(certPath, 'the option certPath')
  checkCertPath(certPath)
  checkHost(host)
  return { DOCKER_TLS_VERIFY: '1', DOCKER_HOST: host, DOCKER_HOST_IP: host, DOCKER_CERT_PATH: certPath }
}

function checkCertPath(certPath: string): void {
  if (ABSOLUTE.test(certPath)) return
  throw new DaemonError('ERR_PATH_INVALID', {
    tried: sentence`the option ${option('certPath')}, ${quoted(certPath)}`,
    got: 'it is not an absolute path, so clients would look in their working directory',
    todo: 'Pass the absolute path of the folder, without ~.',
  })
}

function checkHost(host: string): void {
  const tried = sentence`the option ${option('host')}, ${quoted(host)}`
  const todo = 'Use tcp://HOST:2376.'
  if (/^http:/i.test(host)) {
    throw new EndpointError('ERR_PLAINTEXT_REFUSED', { tried, got: 'http:// is plaintext', todo })
  }
  const found = HOST.exec(host)?.groups
  if (found === undefined) throw new EndpointError('ERR_HOST_INVALID', { tried, got: "it isn't a tcp:// host", todo })
  const { name = '', port = '' } = found
  if (port === '' || port === String(PLAINTEXT_PORT)) {
    const got =
      port === ''
        ? 'it has no port, so the Docker CLI would use 2375, the plaintext port'
        : 'port 2375 is the plaintext port'
    throw new EndpointError('ERR_PLAINTEXT_PORT', { tried, got, todo: `Use tcp://${name}:2376.` })
  }
  if (!isPort(port)) {
    throw new EndpointError('ERR_HOST_INVALID', { tried, got: `${quoted(port)} is not a port`, todo })
  }
}
