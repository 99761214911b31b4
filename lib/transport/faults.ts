import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { command, option, ours, sentence } from '../base/sentence.ts'
import { codeOf as ownCodeOf, systemReason } from '../base/system-error.ts'
import { alertIn, ALERTS } from './alerts.ts'
import type { ConnectionContext, Fault } from './connection-context.ts'
import { silence } from './time-limits.ts'
import { serverCertificateFault } from './server-certificate-faults.ts'

interface Thrown extends Error {
  code?: string
  /** Of undici's parser errors. */
  data?: string
  /** Set for an AggregateError: the error of each address. */
  errors?: Thrown[]
}

const PLAINTEXT: Fault = {
  code: 'ERR_SERVER_PLAINTEXT',
  got: "the server doesn't use TLS on that port: it may be an unprotected Docker daemon",
  todo: sentence`Correct the port, or secure the daemon:  ${ours('setup', 'ssh://root@HOST')}`,
}

const RESET: Fault = {
  code: 'ERR_CONNECTION_RESET',
  got: 'the other side reset the connection',
  todo: sentence`Check that the daemon is running, and the firewalls and proxies in between:  ${command('systemctl', 'status', 'docker')}`,
}

const NOT_HTTP: Fault = {
  code: 'ERR_SERVER_NOT_DOCKER',
  got: 'the answer is not valid HTTP',
  todo: 'Correct the port, or check the proxy in between.',
}

const INCOMPLETE: Fault = {
  code: 'ERR_CONNECTION_CLOSED',
  got: 'the other side closed the connection before the answer was complete',
  todo: sentence`Try again. If it happens again, read the daemon's log:  ${command('journalctl', '-u', 'docker')}`,
}

/** The client was closed by its owner. */
export const CLOSED: Fault = {
  code: 'ERR_CLIENT_CLOSED',
  got: 'the client is closed',
  todo: 'Close the client after its last request, or connect again.',
}

/** For failures with many causes, which only a look at each step of the connection tells apart. */
const ASK_DOCTOR: Fault['todo'] = sentence`Find the step that fails:  ${ours('doctor')}`

const unreachable = (what: string): Fault => ({
  code: 'ERR_HOST_UNREACHABLE',
  got: `there is no route to that ${what}`,
  todo: ASK_DOCTOR,
})

const noAnswer = (got: string): Fault => ({
  code: 'ERR_RESPONSE_TIMEOUT',
  got,
  todo: 'Check the load of the daemon, and the network between you and the daemon.',
})

/** The codes of node:net, node:tls, OpenSSL, llhttp and undici that always mean the same, whatever the connection. */
const FAULTS: Readonly<Record<string, Fault>> = {
  EHOSTUNREACH: unreachable('host'),
  ENETUNREACH: unreachable('network'),
  EHOSTDOWN: unreachable('host'),
  ENETDOWN: unreachable('network'),
  EADDRNOTAVAIL: unreachable('address'),
  ETIMEDOUT: { code: 'ERR_CONNECT_TIMEOUT', got: 'no answer arrived in time', todo: ASK_DOCTOR },
  HANDSHAKE_TIMEOUT: {
    code: 'ERR_HANDSHAKE_TIMEOUT',
    got: 'the server accepted the TCP connection, but the TLS handshake did not finish in time',
    todo: ASK_DOCTOR,
  },
  UND_ERR_HEADERS_TIMEOUT: noAnswer('the connection is open, but the answer did not arrive in time'),
  UND_ERR_BODY_TIMEOUT: noAnswer('the answer stopped halfway'),
  ENOENT: {
    code: 'ERR_SOCKET_NOT_FOUND',
    got: 'the socket does not exist',
    todo: sentence`Start Docker on this machine, or name another daemon with ${option('host')} or DOCKER_HOST.`,
  },
  EACCES: {
    code: 'ERR_SOCKET_PERMISSION',
    got: 'this user may not open the socket',
    todo: 'Run it as root or as a member of the group docker. Membership gives the rights of root.',
  },
  ECONNRESET: RESET,
  ECONNABORTED: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: INCOMPLETE,
  // Of a local socket.
  DAEMON_GONE: {
    code: 'ERR_CONNECTION_CLOSED',
    got: 'the daemon ended, so data may be missing',
    todo: sentence`Start the daemon again, and read its log:  ${command('journalctl', '-u', 'docker')}`,
  },
  // RFC 8446, section 6.1: without close_notify, data may be missing.
  ERR_TLS_TRUNCATED: {
    code: 'ERR_CONNECTION_CLOSED',
    got: 'the connection was cut: it ended without the end of TLS, so data may be missing',
    todo: 'Check the daemon, and the firewalls and proxies in between, then try again.',
  },
  // RFC 6066, section 3: the server doesn't recognize the name in SNI.
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: {
    code: 'ERR_SERVER_NAME_MISMATCH',
    got: 'the server doesn\'t know this host name (alert "unrecognized name")',
    todo: 'Connect to one of the names in its certificate.',
  },
  UND_ERR_HEADERS_OVERFLOW: NOT_HTTP,
  // undici's, if the connection of an answer with "Connection: close" ends or is reset.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: INCOMPLETE,
  UND_ERR_DESTROYED: CLOSED,
  UND_ERR_CLOSED: CLOSED,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAINTEXT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAINTEXT,
  ERR_SSL_HTTP_REQUEST: PLAINTEXT,
  ERR_SSL_RECORD_LAYER_FAILURE: PLAINTEXT,
}

/** The server answered with an older version instead of an alert. */
const TOO_OLD = /^ERR_SSL_(UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION|UNKNOWN_PROTOCOL)$/

function nameFault(code: string, { host }: ConnectionContext): Fault | undefined {
  if (code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return undefined
  return {
    code: 'ERR_NAME_NOT_RESOLVED',
    got: code === 'ENOTFOUND' ? `DNS has no address for ${host}` : `no DNS server answered for ${host}`,
    todo: 'Check the spelling and the DNS settings of this machine.',
  }
}

/** The request was silent for longer than its own limit. */
function silentFault(code: string, { idleTimeout }: ConnectionContext): Fault | undefined {
  if (idleTimeout === undefined || !/^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/.test(code)) return undefined
  return { code: 'ERR_RESPONSE_TIMEOUT', ...silence(idleTimeout) }
}

/** A packet filter of this machine refuses the packets, such as iptables in the chain OUTPUT (connect(2)). */
function forbiddenFault(code: string, { kind }: ConnectionContext): Fault | undefined {
  if (kind !== 'tls' || (code !== 'EPERM' && code !== 'EACCES')) return undefined
  return {
    code: 'ERR_CONNECTION_FAILED',
    got: 'this machine forbids the connection',
    todo: 'Check the firewall and the sandbox of this machine.',
  }
}

/** Docker contexts and variables may come from a machine with Windows. */
function pipeFault(code: string, { kind }: ConnectionContext): Fault | undefined {
  if (kind !== 'npipe' || code !== 'ENOENT' || process.platform === 'win32') return undefined
  return {
    code: 'ERR_SOCKET_NOT_FOUND',
    got: 'named pipes exist only on Windows',
    todo: sentence`Set ${option('host')} or DOCKER_HOST to unix:///PATH for a daemon of this machine, or to tcp://HOST:2376 or ssh://USER@HOST.`,
  }
}

function refusedFault(code: string, { kind }: ConnectionContext): Fault | undefined {
  if (code !== 'ECONNREFUSED') return undefined
  return {
    code: 'ERR_CONNECTION_REFUSED',
    got: kind === 'tls' ? 'nothing listens on that port' : 'the socket exists, but nothing listens on it',
    todo: sentence`Start the daemon, or correct the port. On the server:  ${command('systemctl', 'status', 'docker')}`,
  }
}

/**
 * On an established connection, ETIMEDOUT comes only from TCP itself (tcp(7), SO_KEEPALIVE): connectors have their own
 * time-out.
 */
function keepAliveFault(code: string, { request }: ConnectionContext): Fault | undefined {
  if (code !== 'ETIMEDOUT' || request === undefined) return undefined
  return {
    code: 'ERR_CONNECTION_CLOSED',
    got: 'the other side no longer answers, not even at the TCP level',
    todo: 'Check that the host and the network in between are up, then try again.',
  }
}

/**
 * undici asserts what it expects of an answer, such as the header Connection beside status 101. An assertion of the caller, in
 * a body or a handler, comes from another file.
 */
function isParserAssertion(error: unknown): boolean {
  const { code, stack = '' } = error as Partial<Thrown>
  return code === 'ERR_ASSERTION' && /^ *at .*\bclient-h1\.js:/.test(stack.slice(stack.indexOf('\n    at ') + 1))
}

/**
 * undici's parser errors lack their code (HPE_...). They have the bytes that aren't HTTP, and none if the connection of an answer
 * with "Connection: close" ends or is reset before the last chunk.
 */
function notHttpFault(thrown: Thrown): Fault | undefined {
  if (isParserAssertion(thrown)) return NOT_HTTP
  const { name, data } = thrown
  if (name !== 'HTTPParserError') return undefined
  if (data === '') return INCOMPLETE
  return {
    code: 'ERR_SERVER_NOT_DOCKER',
    got: "the server doesn't speak HTTP",
    todo: 'Correct the port: another program listens on this one.',
  }
}

function tlsFault(code: string): Fault | undefined {
  const alert = alertIn(code)
  if (alert !== undefined) return ALERTS[alert]
  return TOO_OLD.test(code) ? ALERTS['PROTOCOL_VERSION'] : undefined
}

function otherFault(code: string, thrown: Thrown): Fault {
  const reason = systemReason(thrown).trim()
  return {
    code: code.startsWith('ERR_SSL_') ? 'ERR_TLS_FAILED' : 'ERR_CONNECTION_FAILED',
    got: reason === '' || reason.includes(code) ? reason || code : `${reason} (${code})`,
    todo: ASK_DOCTOR,
  }
}

/** The codes that undici, OpenSSL, llhttp and sockets use for failures of a connection. */
const CONNECTION_CODES =
  /^(?:UND_ERR_|ERR_SSL_|ERR_TLS_|HPE_|DAEMON_GONE$|ECONN(?:RESET|ABORTED)$|EPIPE$|ETIMEDOUT$|E(?:HOST|NET)(?:UNREACH|DOWN)$)/

/**
 * True for failures of an established connection, from undici or the socket. Other errors belong to the caller: an
 * unreadable body, a handler that throws. (Connectors explain the failures before that.)
 */
export function isConnectionFault(error: unknown): boolean {
  const { name, code } = error as Partial<Thrown>
  return (
    name === 'HTTPParserError' || isParserAssertion(error) || (typeof code === 'string' && CONNECTION_CODES.test(code))
  )
}

/** The code of an error. If an AggregateError has none, the code of its first address. */
export function codeOf(error: Thrown): string {
  return ownCodeOf(error) || ownCodeOf(error.errors?.[0])
}

/** True for errors to pass on unchanged: our own, the caller's abort, and mistakes in a call to undici. */
function isOtherError(error: unknown): boolean {
  if (!(error instanceof Error) || isDockerMtlsError(error) || error.name === 'AbortError') return true
  const code = codeOf(error)
  return /^UND_ERR_(ABORTED|INVALID|NOT_SUPPORTED|REQ_)/.test(code) || code.startsWith('ERR_INVALID_')
}

/**
 * Turns a failure of a socket, of TLS or of HTTP into an error of this package.
 *
 * @param error - thrown by node:net, node:tls or undici
 * @param context - facts about the connection
 * @returns a {@link ConnectionError} with `cause`, or `error` itself if it isn't a failure of the connection
 */
export function explainFault(error: unknown, context: ConnectionContext): unknown {
  if (isOtherError(error)) return error
  const thrown = error as Thrown
  const code = codeOf(thrown)
  const fault =
    silentFault(code, context) ??
    keepAliveFault(code, context) ??
    forbiddenFault(code, context) ??
    pipeFault(code, context) ??
    FAULTS[code] ??
    nameFault(code, context) ??
    refusedFault(code, context) ??
    tlsFault(code) ??
    serverCertificateFault(code, context, thrown.message) ??
    notHttpFault(thrown) ??
    otherFault(code, thrown)
  return new ConnectionError(fault.code, {
    tried: triedOf(context),
    got: fault.got,
    todo: fault.todo,
    cause: error,
  })
}

function triedOf({ request, target, proxy }: ConnectionContext): string {
  const what = request === undefined ? `connecting to ${target}` : `${request} at ${target}`
  return proxy === undefined ? what : `${what} through the proxy ${proxy}`
}
