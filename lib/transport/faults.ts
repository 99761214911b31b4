import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { ALERTS } from './alerts.ts'
import type { ConnectionContext, Wording } from './connection-context.ts'
import { serverCertificateFault } from './server-faults.ts'

interface Thrown extends Error {
  code?: string
  /** Of an AggregateError: one for each address that was tried. */
  errors?: Thrown[]
}

const PLAINTEXT: Wording = {
  code: 'ERR_SERVER_PLAINTEXT',
  got: 'what answers there does not speak TLS: it may be an unprotected Docker daemon',
  todo: 'Set the daemon up for TLS on 2376 (docker-mtls init NAME), or correct the port.',
}

const RESET: Wording = {
  code: 'ERR_CONNECTION_RESET',
  got: 'the other side cut the connection',
  todo: 'Look whether the daemon runs (systemctl status docker), and whether a firewall or proxy lies between.',
}

const NOT_HTTP: Wording = {
  code: 'ERR_SERVER_NOT_DOCKER',
  got: 'what answers there breaks the rules of HTTP',
  todo: 'Correct the port, or look at the proxy in between.',
}

const CLOSED: Wording = {
  code: 'ERR_CLIENT_CLOSED',
  got: 'this client was closed',
  todo: 'Make a new one: connect().',
}

const unreachable = (what: string): Wording => ({
  code: 'ERR_HOST_UNREACHABLE',
  got: `there is no way to that ${what}`,
  todo: 'Check the address, the route, the VPN and the firewall.',
})

const timeout = (code: Wording['code'], got: string): Wording => ({
  code,
  got,
  todo: 'Check address, port and firewall (a blocked port is silent), and the load of the daemon.',
})

/** Codes of node:net, node:tls and OpenSSL, llhttp and undici that say all by themselves. */
const CODES: Readonly<Record<string, Wording>> = {
  EHOSTUNREACH: unreachable('host'),
  ENETUNREACH: unreachable('network'),
  EADDRNOTAVAIL: unreachable('address'),
  ETIMEDOUT: timeout('ERR_CONNECT_TIMEOUT', 'no answer in time'),
  HANDSHAKE_TIMEOUT: timeout('ERR_HANDSHAKE_TIMEOUT', 'the connection was accepted, then the other side stayed silent'),
  UND_ERR_HEADERS_TIMEOUT: timeout('ERR_RESPONSE_TIMEOUT', 'connected, but no answer came in time'),
  UND_ERR_BODY_TIMEOUT: timeout('ERR_RESPONSE_TIMEOUT', 'the answer stopped half way'),
  ENOENT: {
    code: 'ERR_SOCKET_NOT_FOUND',
    got: 'there is no such socket',
    todo: 'Start Docker on this machine, or say which daemon is meant: DOCKER_HOST, DOCKER_CONTEXT.',
  },
  EACCES: {
    code: 'ERR_SOCKET_PERMISSION',
    got: 'this user may not open it',
    todo: 'Run as a user that may: root, or a member of the group docker (which is root in all but name).',
  },
  ECONNRESET: RESET,
  ECONNABORTED: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: {
    code: 'ERR_CONNECTION_CLOSED',
    got: 'the other side closed the connection before it had answered in full',
    todo: 'The daemon may have been restarted: try again, and look at its log (journalctl -u docker).',
  },
  // RFC 6066, section 3: the server knows no such name.
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: {
    code: 'ERR_SERVER_NAME_MISMATCH',
    got: 'the server serves no such name (alert "unrecognized name")',
    todo: 'Reach it by one of the names that it has a certificate for.',
  },
  UND_ERR_HEADERS_OVERFLOW: NOT_HTTP,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: NOT_HTTP,
  UND_ERR_DESTROYED: CLOSED,
  UND_ERR_CLOSED: CLOSED,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAINTEXT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAINTEXT,
  ERR_SSL_HTTP_REQUEST: PLAINTEXT,
  ERR_SSL_RECORD_LAYER_FAILURE: PLAINTEXT,
}

/** A server that answers with an older version instead of an alert. */
const TOO_OLD = /^ERR_SSL_(UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION|UNKNOWN_PROTOCOL)$/

function nameFault(code: string, { host }: ConnectionContext): Wording | undefined {
  if (code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return undefined
  return {
    code: 'ERR_NAME_NOT_RESOLVED',
    got: code === 'ENOTFOUND' ? `no address is known for the name ${host}` : `no name server answered for ${host}`,
    todo: "Check the spelling and this machine's DNS, or write the address itself.",
  }
}

function refusedFault(code: string, { kind }: ConnectionContext): Wording | undefined {
  if (code !== 'ECONNREFUSED') return undefined
  return {
    code: 'ERR_CONNECTION_REFUSED',
    got: kind === 'tls' ? 'nothing listens on that port' : 'the socket is there, but nothing listens on it',
    todo: 'Start the daemon or correct the endpoint; on the server:  systemctl status docker',
  }
}

/** Once a connection stands, only TCP itself gives up so (tcp(7), SO_KEEPALIVE): connectors have their own time-out. */
function vanishedFault(code: string, { request }: ConnectionContext): Wording | undefined {
  if (code !== 'ETIMEDOUT' || request === undefined) return undefined
  return {
    code: 'ERR_CONNECTION_CLOSED',
    got: 'the other side has vanished: not even its TCP answers any more',
    todo: 'Look whether its host and the network in between are up, and make the call again.',
  }
}

/** undici's parser errors often come without their code (HPE_...). */
function notHttpFault({ name }: Thrown): Wording | undefined {
  if (name !== 'HTTPParserError') return undefined
  return {
    code: 'ERR_SERVER_NOT_DOCKER',
    got: 'what answers there speaks no HTTP',
    todo: 'Correct the port: it belongs to something other than Docker.',
  }
}

function tlsFault(code: string): Wording | undefined {
  const alert = /^ERR_SSL_.*ALERT_(\w+)$/.exec(code)?.[1]
  if (alert !== undefined) return ALERTS[alert]
  return TOO_OLD.test(code) ? ALERTS['PROTOCOL_VERSION'] : undefined
}

function otherFault(code: string, { message }: Thrown): Wording {
  return {
    code: code.startsWith('ERR_SSL_') ? 'ERR_TLS_FAILED' : 'ERR_CONNECTION_FAILED',
    got: message.trim() || code,
    todo: "Look at the daemon's log for the other half of the story:  journalctl -u docker",
  }
}

/** Codes of undici, OpenSSL, llhttp and sockets. */
const WIRE =
  /^(?:UND_ERR_|ERR_SSL_|ERR_TLS_|HPE_|ECONN(?:RESET|ABORTED)$|EPIPE$|ETIMEDOUT$|E(?:HOST|NET)(?:UNREACH|DOWN)$)/

/**
 * Is it undici's or the socket's, once a connection stands? All else is the caller's own: a body that can't be read, a
 * handler that throws. (Connectors explain what goes wrong before.)
 */
export function isConnectionFault(error: unknown): boolean {
  const { name, code } = error as Partial<Thrown>
  return name === 'HTTPParserError' || (typeof code === 'string' && WIRE.test(code))
}

/** A DOMException's code is a number, and says nothing. */
export function codeOf({ code, errors }: Thrown): string {
  const found = code ?? errors?.[0]?.code
  return typeof found === 'string' ? found : ''
}

/** Our own errors, the caller's abort and mistakes in a call to undici go on as they are. */
function isNoFault(error: unknown): boolean {
  if (!(error instanceof Error) || isDockerMtlsError(error) || error.name === 'AbortError') return true
  const code = codeOf(error)
  return /^UND_ERR_(ABORTED|INVALID|NOT_SUPPORTED|REQ_)/.test(code) || code.startsWith('ERR_INVALID_')
}

/**
 * Says in our words what went wrong on the way to a daemon: the one table of socket, TLS and HTTP faults.
 *
 * @param error - whatever node:net, node:tls or undici threw
 * @param known - what is known about the connection
 * @returns a {@link ConnectionError} with `cause`, or `error` itself where it is no fault of the connection
 */
export function explainFault(error: unknown, known: ConnectionContext): unknown {
  if (isNoFault(error)) return error
  const thrown = error as Thrown
  const code = codeOf(thrown)
  const wording =
    vanishedFault(code, known) ??
    CODES[code] ??
    nameFault(code, known) ??
    refusedFault(code, known) ??
    tlsFault(code) ??
    serverCertificateFault(code, known, thrown.message) ??
    notHttpFault(thrown) ??
    otherFault(code, thrown)
  return new ConnectionError(wording.code, {
    tried: triedOf(known),
    got: wording.got,
    todo: wording.todo,
    cause: error,
  })
}

function triedOf({ request, target, proxy }: ConnectionContext): string {
  const what = request === undefined ? `connecting to ${target}` : `${request} at ${target}`
  return proxy === undefined ? what : `${what} through the proxy ${proxy}`
}
