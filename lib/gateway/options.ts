import { ArgumentError } from '../base/errors.ts'
import { checkOptions, typeName } from '../base/options.ts'
import type { ConnectionSource } from '../interop/source.ts'
import type { Policy } from '../policy/file/types.ts'
import { fittingLimits, mostConnections } from './arriving/descriptors.ts'
import type { GatewayEvent } from './events.ts'
import type { AuditLog } from './log/interface.ts'
import type { Metrics } from './metrics/interface.ts'
import type { AskedRequest, Verdict } from './types.ts'

/**
 * Limits for one identity, and for one request. Whoever reaches them is refused, and others notice nothing. If the process can have fewer
 * than about 4,300 descriptors (`ulimit -n`), the defaults of the first three are smaller, and leave half of its connections to others.
 */
export interface GatewayLimits {
  /**
   * How many requests one identity can have open that the daemon answers at once.
   *
   * @defaultValue 128, as many as one client of docker-mtls sends if the daemon is slow
   */
  readonly requests?: number
  /**
   * How many others one identity can have open: events, logs, hijacked connections, archives, builds.
   *
   * @defaultValue 512
   */
  readonly streams?: number
  /**
   * How many TLS connections one identity can have open.
   *
   * @defaultValue 1024
   */
  readonly connections?: number
  /**
   * The size of a request's head, in bytes.
   *
   * @defaultValue 65536
   */
  readonly headBytes?: number
  /**
   * How long a head can take to arrive, in milliseconds.
   *
   * @defaultValue 10000
   */
  readonly headTimeout?: number
  /**
   * The size of a JSON body, in bytes.
   *
   * @defaultValue 4194304 (4 MiB), as dockerd's own authorization plugins
   */
  readonly bodyBytes?: number
  /**
   * How long a JSON body can take to arrive, in milliseconds.
   *
   * @defaultValue 30000
   */
  readonly bodyTimeout?: number
  /**
   * How many bytes are held for one identity at once: JSON bodies, 200 for each value of those that are judged, what is inspected to
   * decide about them, and answers to filter.
   *
   * @defaultValue 33554432 (32 MiB)
   */
  readonly heldBytes?: number
  /**
   * How long a connection without a request stays open, in milliseconds. An open stream isn't idle.
   *
   * @defaultValue 600000
   */
  readonly idleTimeout?: number
}

/** What `reload()` of a gateway replaces. */
export interface GatewayChange {
  /** The certificate, its key, and the CAs of the clients. */
  readonly tls?: GatewayTls
  /** The revocation lists. */
  readonly crl?: string | null
  /** The policy of a gateway that was created with one. */
  readonly policy?: Policy
  /** What renews certificates, of a gateway that was created with one. */
  readonly issuer?: GatewayIssuer
}

/** What `createIssuer()` of `docker-mtls/pki` returns, or `cert issuer` writes, as PEM. */
export interface GatewayIssuer {
  /** Its certificate, which a CA of `tls.ca` has signed. */
  readonly cert: string
  /** Its private key, not encrypted. */
  readonly key: string
}

/** The defaults of {@link GatewayLimits}. */
const DEFAULT_LIMITS: Required<GatewayLimits> = {
  requests: 128,
  streams: 512,
  connections: 1024,
  headBytes: 65_536,
  headTimeout: 10_000,
  bodyBytes: 4 * 1024 * 1024,
  bodyTimeout: 30_000,
  heldBytes: 32 * 1024 * 1024,
  idleTimeout: 600_000,
}

/** The server end of a gateway's TLS, as PEM. */
export interface GatewayTls {
  /** The CAs whose client certificates may connect. Each has to be the one that signed them. */
  readonly ca: string
  /** The certificate of the gateway, with intermediate CAs below it if there are any. */
  readonly cert: string
  /** The private key of the certificate, not encrypted. */
  readonly key: string
}

/** Where a gateway listens. */
export type GatewayListen =
  | {
      /** @defaultValue all addresses of this machine */
      readonly host?: string
      /** 0: any free port. */
      readonly port: number
    }
  | {
      /** The path of a Unix socket. Nobody else may write to its folder, nor to the folders above. */
      readonly socket: string
      /** The identity of everybody who can open the socket. */
      readonly as: string
      /**
       * Who can open it: 0600 for its owner, 0660 for its group as well.
       *
       * @defaultValue 0o600
       */
      readonly mode?: 0o600 | 0o660
    }

/** The local socket of a daemon. */
export interface DaemonSocket {
  /** Its path: `/run/docker.sock`. */
  readonly socketPath: string
}

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** Where it listens: a TCP port with mutual TLS, or a local socket. */
  readonly listen: GatewayListen
  /** Required for a TCP port, and not allowed for a local socket. */
  readonly tls?: GatewayTls | undefined
  /** The daemon: its local socket, a client from `connect()`, a dispatcher, or an endpoint with its identity. */
  readonly daemon: DaemonSocket | ConnectionSource
  /** Decides about each request, as `parsePolicy()` or `definePolicy()` of `docker-mtls/policy` returns it. */
  readonly policy?: Policy | undefined
  /** Decides about each request instead of a policy, before the daemon gets it. If it throws, the request is refused. */
  readonly authorize?: ((asked: AskedRequest) => Verdict | Promise<Verdict>) | undefined
  /**
   * The certificate revocation lists (CRL) of all CAs in `tls.ca`, as PEM. A CA without a current list is a failure: its
   * clients are refused. `null`: there should be a list, but it can't be read, so everybody is refused.
   *
   * @defaultValue no list; only {@link Gateway.revoke} revokes
   */
  readonly crl?: string | null | undefined
  /**
   * Renews certificates of clients, as long as rules of the policy have `renew`, or `authorize` says `renewFor`. The renewed ones
   * count as the certificates at the beginning of their lines: what revokes those revokes them.
   *
   * @defaultValue nobody can renew a certificate here
   */
  readonly issuer?: GatewayIssuer | undefined
  /** Called for each request, connection and failure. Exceptions and rejections of it are ignored. */
  readonly log?: ((event: GatewayEvent) => void) | undefined
  /** The audit log, from `openAuditLog()`. Close it after the gateway. */
  readonly auditLog?: AuditLog | undefined
  /** Where the gateway is counted, from `createMetrics()`. Close them after the gateway. */
  readonly metrics?: Metrics | undefined
  /** Limits for one identity, and for one request. */
  readonly limits?: GatewayLimits | undefined
}

const KEYS = ['listen', 'tls', 'daemon', 'policy', 'authorize', 'crl', 'issuer', 'log', 'auditLog', 'metrics', 'limits']

/** Checks names and types, and what excludes what. */
export function checkGatewayOptions(options: GatewayOptions): Required<GatewayLimits> {
  checkOptions(options, KEYS, 'createGateway()')
  const { listen, tls, daemon, policy, authorize, crl, log, limits = {} } = options
  if (typeof daemon !== 'object' || daemon === null)
    throw wrong('daemon', `it is ${typeName(daemon)}`, 'Pass { socketPath }, or a client from connect().')
  checkLists(crl)
  if ((policy === undefined) === (authorize === undefined))
    throw wrong(
      'authorize',
      policy === undefined ? 'nothing decides' : 'there is a policy, too',
      'Pass policy or authorize.',
    )
  if (policy !== undefined) checkPolicy(policy)
  else if (typeof authorize !== 'function') throw wrong('authorize', `it is ${typeName(authorize)}`, 'Pass a function.')
  if (log !== undefined && typeof log !== 'function') throw wrong('log', `it is ${typeName(log)}`, 'Pass a function.')
  checkParts(options)
  checkListen(listen)
  if ('socket' in listen) {
    if (tls !== undefined || crl !== undefined || options.issuer !== undefined)
      throw wrong('tls', 'a local socket has no certificates', 'Remove tls, crl and issuer, or listen on a port.')
  } else {
    checkTls(tls)
    if (options.issuer !== undefined) checkPem('issuer', options.issuer, ['cert', 'key'])
  }
  return checkLimits(limits)
}

function checkParts({ auditLog, metrics }: GatewayOptions): void {
  if (auditLog !== undefined && typeof Object(auditLog).record !== 'function')
    throw wrong('auditLog', `it is ${typeName(auditLog)}`, 'Pass what openAuditLog() returns.')
  if (metrics !== undefined && typeof Object(metrics).add !== 'function')
    throw wrong('metrics', `it is ${typeName(metrics)}`, 'Pass what createMetrics() returns.')
}

function checkLists(crl: unknown): void {
  if (crl === undefined || crl === null || typeof crl === 'string') return
  throw wrong('crl', `it is ${typeName(crl)}`, 'Pass the PEM text, not a path.')
}

/** Checks what `reload()` gets. */
export function checkChange(
  { tls, crl, policy, issuer }: GatewayChange,
  { authorize, ...before }: GatewayOptions,
): void {
  checkLists(crl)
  if (tls !== undefined) checkTls(tls)
  if (issuer !== undefined) {
    if (before.issuer === undefined)
      throw wrong('issuer', 'the gateway was created without one', 'Create another gateway.')
    checkPem('issuer', issuer, ['cert', 'key'])
  }
  if (policy === undefined) return
  if (authorize !== undefined) throw wrong('policy', 'the gateway was created with authorize', 'Pass no policy.')
  checkPolicy(policy)
}

/** @throws {@link ArgumentError} if it isn't a whole set of PEM texts */
function checkTls(tls: unknown): asserts tls is GatewayTls {
  checkPem('tls', tls, ['ca', 'cert', 'key'])
}

function checkPem(option: string, value: unknown, names: readonly string[]): void {
  checkOptions(value, names, `the option ${option} of a gateway`)
  for (const name of names) {
    const text = (value as Record<string, unknown>)[name]
    if (typeof text !== 'string')
      throw wrong(`${option}.${name}`, `it is ${typeName(text)}`, 'Pass the PEM text, not a path.')
  }
}

/** Only a checked policy is frozen. */
function checkPolicy(policy: unknown): asserts policy is Policy {
  const isChecked = typeof policy === 'object' && policy !== null && 'rules' in policy && Object.isFrozen(policy)
  if (!isChecked)
    throw wrong(
      'policy',
      `it is ${typeName(policy)} that is not checked`,
      'Pass what parsePolicy() or definePolicy() returns.',
    )
}

function checkListen(listen: GatewayListen): void {
  checkOptions(listen, ['host', 'port', 'socket', 'as', 'mode'], 'the option listen of createGateway()')
  if ('socket' in listen) {
    const { socket, as, mode = 0o600 } = listen
    if (typeof socket !== 'string' || socket === '') throw wrong('listen.socket', 'it is not a path', 'Pass a path.')
    if (typeof as !== 'string' || as === '') throw wrong('listen.as', 'it is not a name', 'Name who uses the socket.')
    if (mode !== 0o600 && mode !== 0o660)
      throw wrong('listen.mode', 'it is neither 0600 nor 0660', 'Pass 0o600 or 0o660.')
    return
  }
  const { host, port } = listen
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535
  if (!isPort) throw wrong('listen.port', 'it is not a port', 'Pass a number from 0 to 65535. Docker uses 2376.')
  if (host !== undefined && typeof host !== 'string')
    throw wrong('listen.host', 'it is not a string', 'Pass an address.')
}

function checkLimits(limits: GatewayLimits): Required<GatewayLimits> {
  checkOptions(limits, Object.keys(DEFAULT_LIMITS), 'the option limits of createGateway()')
  for (const [name, value] of Object.entries(limits)) {
    const isValid = value === undefined || (Number.isInteger(value) && value >= 1 && value < 2 ** 31)
    if (!isValid) throw wrong(`limits.${name}`, 'it is not a whole number above 0', 'Pass a whole number above 0.')
  }
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  const most = mostConnections()
  for (const name of ['requests', 'streams', 'connections'] as const) {
    if ((given[name] ?? 0) > most)
      throw wrong(
        `limits.${name}`,
        `this process has descriptors for ${most} of them`,
        'Raise its hard limit: LimitNOFILE= of its systemd unit, or ulimit -n.',
      )
  }
  return { ...fittingLimits(DEFAULT_LIMITS, most), ...given }
}

function wrong(option: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of createGateway()`, got, todo })
}
