import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { FairScheduler } from '../base/fair-scheduler.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { codeOf } from '../base/system-error.ts'
import { parseHost } from '../endpoint/host.ts'
import { listenPrivately, type SocketFile } from '../interop/socket-file.ts'
import { dispatcherOf } from '../interop/source.ts'
import { createDispatcher, type DockerDispatcher } from '../transport/dispatcher.ts'
import { callerOf, Connections } from './arriving/connections.ts'
import { failedHandshake, refusedHandshake } from './arriving/handshakes.ts'
import { createLocalServer, createTlsServer, describeMalformed, listenOn } from './arriving/listener.ts'
import type { Policy } from '../policy/file/types.ts'
import { byPolicy, type PolicyJudges } from './deciding/by-policy.ts'
import type { GatewayEvent } from './events.ts'
import { OwnIds } from './grpc/own-ids.ts'
import { checkChange, type GatewayChange, type GatewayLimits, type GatewayOptions } from './options.ts'
import { inspectThing, pingDaemon } from './deciding/inspect.ts'
import { KeptInfo } from './deciding/kept-info.ts'
import type { Gateway, GatewayAddress } from './interface.ts'
import type { MetricsSource } from './metrics/interface.ts'
import { peerOf, type Peer } from './trust/peer.ts'
import { serve } from './pipeline/pipeline.ts'
import { Quotas } from './arriving/quota.ts'
import { RequestRecord } from './log/record.ts'
import { isForCertificate, refusal, renderRawRefusal, TOO_MANY_CONNECTIONS, type Refusal } from './refusal.ts'
import type { Renewals } from './renewal/renewals.ts'
import { renewFor } from './renewal/serve.ts'
import { Reporting } from './log/reporting.ts'
import { Revoked } from './trust/revoked.ts'
import { ServedVersion } from './forwarding/served-version.ts'
import type { Arrived, Shared } from './shared.ts'
import { sweep, SWEEP_MS } from './sweep.ts'
import { Trust } from './trust/trust.ts'

/** For a gateway with a function, which asks no policy. */
const NOTHING: Policy = { version: 1, rules: [] }

/** How long a client may read why its connection ends, in milliseconds. */
const LINGER_MS = 1_000

/** Serves clients, and asks before it forwards. */
export class HttpGateway implements Gateway {
  readonly #options: GatewayOptions
  readonly #server: HttpServer | HttpsServer
  readonly #dispatcher: DockerDispatcher
  readonly #ownsDispatcher: boolean
  readonly #shared: Shared
  readonly #quotas: Quotas
  readonly #reporting: Reporting
  readonly #connections = new Connections()
  readonly #revoked = new Revoked()
  readonly #renewals: Renewals | undefined
  /** Of TCP or of the local socket, also before and after a handshake. */
  readonly #sockets = new Set<Socket>()
  #trust: Trust | undefined
  #policy: Policy
  #judges: PolicyJudges
  #sweeping: NodeJS.Timeout | undefined
  #file: SocketFile | undefined
  #address: GatewayAddress | undefined
  #closed: Promise<void> | undefined
  #uncount: (() => void) | undefined

  constructor(options: GatewayOptions, limits: Required<GatewayLimits>, renewals?: Renewals) {
    this.#options = options
    this.#renewals = renewals
    const { daemon, policy, authorize, tls, crl, issuer } = options
    this.#trust = tls && new Trust(tls, crl, issuer && renewals?.load(issuer))
    this.#policy = policy ?? NOTHING
    this.#judges = byPolicy(this.#policy, this.#trust)
    this.#ownsDispatcher = !('dispatcher' in daemon || 'dispatch' in daemon)
    this.#dispatcher =
      'socketPath' in daemon
        ? createDispatcher(parseHost(`unix://${resolve(daemon.socketPath)}`))
        : dispatcherOf(daemon, 'createGateway')
    this.#quotas = new Quotas(limits)
    this.#reporting = new Reporting(options)
    this.#warnOfIssuer(this.#trust)
    const served = new ServedVersion(() => pingDaemon(this.#dispatcher, { method: 'HEAD' }))
    this.#shared = {
      dispatcher: this.#dispatcher,
      info: new KeptInfo(() => inspectThing(this.#shared, 'daemon', 'info')),
      served,
      onlyDockerd: authorize === undefined,
      authorize:
        // The app's own function gets only the request, and doesn't wait for a turn.
        authorize
          ? (asked) => authorize(asked)
          : async (asked, inTurn) => {
              const target = await served.judged(asked.target)
              return inTurn((outside) =>
                this.#judges.authorize({
                  ...asked,
                  target,
                  inspect: (...thing) => outside(() => asked.inspect(...thing)),
                }),
              )
            },
      needsBody: (asked) => authorize !== undefined || this.#judges.needsBody(asked),
      calls: () => (policy ? this.#judges.calls : undefined),
      ownIds: new OwnIds(),
      limits,
      quotas: this.#quotas,
      scheduler: new FairScheduler(),
      check: ({ peer }) => this.#check(peer) ?? this.#reporting.check(),
      report: (event) => this.#report(event),
      begin: (event) => this.#reporting.begin(event),
      renew: (...asked) =>
        renewFor({ renewals, trust: this.#trust, revoked: this.#revoked, report: this.#shared.report }, ...asked),
    }
    this.#server = this.#trust ? createTlsServer(this.#trust.secureContext, limits) : createLocalServer(limits)
    this.#serve()
  }

  get address(): GatewayAddress {
    return this.#address ?? { socket: '' }
  }

  async listen(): Promise<void> {
    const { listen } = this.#options
    if ('socket' in listen) {
      const path = resolve(listen.socket)
      this.#file = await listenPrivately(this.#server, path, listen.mode)
      this.#address = { socket: path }
    } else {
      this.#address = await listenOn(this.#server, listen)
    }
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
    this.#uncount = this.#options.metrics?.add(this.#metricsSource())
    void this.#warnOfDaemon()
    // Emitted when a connection can't be accepted, for example without free file descriptors.
    this.#server.on('error', (error) => this.#report({ event: 'failure', error }))
  }

  /** Says at once what will be refused. A daemon that doesn't answer yet is asked when a request comes. */
  async #warnOfDaemon(): Promise<void> {
    if (!this.#policy.rules.some(({ level }) => level.enforce !== 'privileged')) return
    try {
      await this.#dispatcher.checkDockerd()
    } catch (error) {
      if (isDockerMtlsError(error, 'ERR_SERVER_NOT_DOCKERD')) this.#report({ event: 'failure', error })
    }
  }

  reload(changed: GatewayChange): void {
    checkOptions(changed, ['tls', 'crl', 'policy', 'issuer'], 'reload() of a gateway')
    checkChange(changed, this.#options)
    const trust = this.#trust && this.#changedTrust(this.#trust, changed)
    const policy = changed.policy ?? this.#policy
    this.#judges = byPolicy(policy, trust)
    this.#policy = policy
    this.#report({ event: 'reload', changed: Object.keys(changed) })
    if (changed.policy) void this.#warnOfDaemon()
    if (trust === undefined) return
    this.#use(trust)
    this.#sweep()
  }

  #changedTrust(before: Trust, { tls, crl, issuer }: GatewayChange): Trust {
    const renewing = issuer ? this.#renewals?.load(issuer) : before.issuer
    const trust = new Trust(tls ?? before.tls, crl === undefined ? before.crl : crl, renewing)
    trust.refuseOlder(before)
    if (tls || issuer) this.#warnOfIssuer(trust)
    return trust
  }

  /** After a change of the CA, the issuer may be one of the old CA: it renews nothing, and all else goes on. */
  #warnOfIssuer(trust: Trust | undefined): void {
    const error = trust?.unsignedIssuer()
    if (error) this.#report({ event: 'failure', error })
  }

  revoke(certificate: X509Certificate | string): void {
    this.#revoked.add(certificate, (one) => this.#trust?.renewedFrom(one))
    const changed = [typeof certificate === 'string' ? certificate : certificate.fingerprint256]
    this.#report({ event: 'revoke', changed })
    this.#sweep()
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeping)
    this.#uncount?.()
    try {
      await this.#file?.remove()
    } finally {
      if (this.#server.listening) {
        const ended = once(this.#server, 'close')
        this.#server.close()
        const cut = this.#connections.cut()
        for (const socket of this.#sockets) socket.destroy()
        await Promise.all([ended, cut])
      }
      if (this.#ownsDispatcher) await this.#dispatcher.destroy()
      this.#reporting.close()
    }
  }

  #metricsSource(): MetricsSource {
    return {
      open: () => this.#connections.countOpen(),
      ends: () => this.#trust?.endDates() ?? [],
      isLogFailing: () => this.#reporting.isLogFailing,
      ping: (signal) => pingDaemon(this.#dispatcher, { signal }),
    }
  }

  #serve(): void {
    const server = this.#server
    const arrive = (arrived: Omit<Arrived, 'connection'>): void => {
      const connection = this.#connections.of(arrived.request.socket)
      // Its handshake was refused, or it is closed already.
      if (connection === undefined) return void arrived.request.socket.destroy()
      connection.intake?.begin(arrived.request, arrived.response === undefined)
      serve(this.#shared, { ...arrived, connection }).catch((error: unknown) => {
        this.#report({ event: 'failure', error })
        arrived.request.socket.destroy()
      })
    }
    server.on('request', (request: IncomingMessage, response: ServerResponse) => arrive({ request, response }))
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      arrive({ request, response, expectsContinue: true }),
    )
    // Its Expect is none that a Docker client sends, which screening refuses.
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => arrive({ request, response }))
    server.on('upgrade', (request: IncomingMessage, stream: Duplex) => {
      // In Node 26, the stream behind a body isn't the connection.
      for (const one of [stream, request.socket]) one.on('error', () => {})
      arrive({ request })
    })
    server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      // Node has taken its own listener away, and the client may be gone already.
      socket.on('error', () => {})
      // Nobody would see that the client leaves, before an answer that is open has ended.
      if (this.#connections.of(socket)?.open.size !== 0) return void socket.destroy()
      this.#refuseRaw(socket, refusal(400, 'MALFORMED_REQUEST', 'CONNECT is refused'))
    })
    const malformed = (error: Error, socket: Socket): void => this.#refuseRaw(socket, describeMalformed(codeOf(error)))
    server.on('clientError', malformed)
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('drop', (from) => this.#report(refusedHandshake(TOO_MANY_CONNECTIONS, from)))
    server.on(this.#trust ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#connections.of(socket)?.takeIn(this.#shared.scheduler, (error) => malformed(error, socket))
    })
    if (this.#trust === undefined) this.#serveSocket(server)
    else this.#serveTls(server as HttpsServer)
  }

  #serveSocket(server: HttpServer): void {
    const { listen } = this.#options
    const name = 'as' in listen ? listen.as : ''
    server.prependListener('connection', (socket: Socket) => this.#connections.add(socket, name, `socket ${name}`))
  }

  #serveTls(server: HttpsServer): void {
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#accept(socket))
    server.on('tlsClientError', (...failed: [Error, TLSSocket]) => this.#report(failedHandshake(...failed)))
  }

  #accept(socket: TLSSocket): void {
    let peer: Peer | undefined
    try {
      peer = peerOf(socket)
    } catch (error) {
      this.#report({ event: 'failure', error })
    }
    if (peer === undefined || this.#trust === undefined) return void socket.destroy()
    const key = this.#trust.keyOf(peer)
    // A refused certificate doesn't count against the limits of the client's new certificate.
    const place = isForCertificate(this.#check(peer)?.code) ? `refused ${key}` : key
    if (!this.#quotas.take(place, 'connections')) {
      this.#report({ event: 'cut', ...callerOf(socket, peer), reason: TOO_MANY_CONNECTIONS })
      return void socket.destroy()
    }
    const connection = this.#connections.add(socket, peer, key, () => this.#quotas.give(place, 'connections'))
    connection.isApart = place !== key
  }

  /** Answers on a connection without a request. After the beginning of another answer, it would be part of that. */
  #refuseRaw(socket: Socket, refused: Refusal): void {
    const connection = this.#connections.of(socket)
    connection?.intake?.stop()
    if (!socket.writable || connection === undefined || connection.open.size > 1) return void socket.destroy()
    const [open] = connection.open
    if (open) return open.malformed(refused)
    const sent = this.#check(connection.peer) ?? refused
    this.#report(new RequestRecord(connection).refused(sent).ending(sent.status))
    socket.end(renderRawRefusal(sent, this.#shared.served.fields))
    socket.resume()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  #check(peer: Peer | undefined): Refusal | undefined {
    if (peer === undefined) return undefined
    return this.#revoked.check(peer, this.#trust?.renewedBy(peer)) ?? this.#trust?.check(peer, Date.now())
  }

  #sweep(): void {
    sweep(this.#connections.all, ({ peer }) => this.#check(peer), this.#shared.report)
  }

  /** Sessions of the TLS context before can't be resumed. */
  #use(trust: Trust): void {
    ;(this.#server as HttpsServer).setSecureContext(trust.secureContext)
    this.#trust = trust
  }

  #report(event: GatewayEvent): void {
    this.#reporting.report(event)
  }
}
