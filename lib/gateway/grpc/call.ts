import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from 'node:http2'
import type { Readable } from 'node:stream'
import type { OwnId } from '../../policy/calls/methods.ts'
import { BodyRefused } from '../arriving/body.ts'
import type { Connection } from '../arriving/connections.ts'
import { decideInForce } from '../deciding/in-force.ts'
import { Place } from '../arriving/place.ts'
import { RequestRecord } from '../log/record.ts'
import { headerText, isForCertificate, refusal, undecided, type Refusal } from '../refusal.ts'
import { warningFields } from '../forwarding/warnings.ts'
import { refuseKnownBuild } from './known-build.ts'
import type { CallJudge, CallVerdict, SharedByCalls } from './shared.ts'
import { COMPRESSED, frameOf, readOneMessage } from './message.ts'
import { ownMessages } from './own-messages.ts'

/** What all calls on a connection share. */
export interface CallContext extends SharedByCalls {
  readonly daemon: ClientHttp2Session
  readonly connection: Connection
  /** Cuts the connection when the rule ends that allowed a call. */
  readonly limit: (until: number) => void
}

/** RFC 9113, sections 6.2 and 7. Node:http2 is loaded only for builds. */
const END_STREAM = 1
const ERROR = { none: 0, internal: 2, cancel: 8 } as const

/** What the daemon gets of a call's header, besides what every call has. */
const TO_DAEMON: ReadonlySet<string> = new Set([
  'user-agent',
  'grpc-timeout',
  'grpc-accept-encoding',
  'buildkit-controlapi-buildid',
  'containerd-namespace',
  'traceparent',
  'tracestate',
])
/** Node sends no second value of it. */
const SINGLE = 'user-agent'
const SESSION_FIELD = /^x-docker-expose-session-[a-z-]+$/

/** The status of gRPC for a refusal (grpc/doc/statuscodes.md). */
const RESOURCE_EXHAUSTED = 8
const UNAVAILABLE = 14
const PERMISSION_DENIED = 7
const STATUS: Readonly<Record<number, number>> = {
  413: RESOURCE_EXHAUSTED,
  429: RESOURCE_EXHAUSTED,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
}

/** One call of a client. */
export class ForwardedCall {
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #raw: readonly string[]
  readonly #context: CallContext
  readonly #record: RequestRecord
  readonly #left = new AbortController()
  readonly #place: Place
  #status = 0
  /** Ends the wait of calls that name what this one would open. */
  #settled: (() => void) | undefined
  /** Once, however often it is decided. */
  #begun: ReturnType<CallContext['begin']> | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[], context: CallContext) {
    this.#stream = stream
    this.#headers = headers
    this.#raw = raw
    this.#context = context
    this.#place = new Place(context, context.connection.key, 'streams')
    this.#record = new RequestRecord(context.connection, { method: 'POST', url: this.#path })
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { connection, quotas, check } = this.#context
    const unwelcome = check(connection)
    // A refused certificate doesn't count against the limits of the client's new certificate.
    const isFree = !isForCertificate(unwelcome?.code) && this.#place.take()
    // A client that resets its stream must not end this process.
    this.#stream.on('error', () => {})
    this.#stream.once('close', () => {
      this.#left.abort()
      this.#place.end()
      this.#context.report(this.#record.ending(this.#status))
    })
    const refused = unwelcome ?? this.#screen() ?? (isFree ? undefined : quotas.refuse('streams'))
    if (refused) return this.#refuse(refused)
    try {
      await this.#ask()
    } catch (error) {
      if (error instanceof BodyRefused) return error.refusal && this.#refuse(error.refusal)
      if (this.#left.signal.aborted) return
      this.#context.report({ event: 'failure', error })
      this.#refuse(undecided(error))
    }
  }

  get #path(): string {
    return this.#headers[':path'] ?? ''
  }

  /** The values of a header field in order: Node joins them. */
  #metadata(name: string): string[] {
    return this.#raw.filter((_, index) => index % 2 === 1 && this.#raw[index - 1]?.toLowerCase() === name)
  }

  #screen(): Refusal | undefined {
    const isGrpc =
      this.#headers[':method'] === 'POST' && /^application\/grpc(?:\+proto)?$/.test(this.#headers['content-type'] ?? '')
    if (!isGrpc) return refusal(400, 'MALFORMED_REQUEST', 'it is no call of gRPC')
    if (this.#metadata('grpc-encoding').some((coding) => coding !== 'identity')) return COMPRESSED
    return undefined
  }

  async #ask(): Promise<void> {
    const { connection, ownIds, limits } = this.#context
    const { hasOneMessage } = this.#context.calls() ?? {}
    // Only a policy judges calls, and a gateway that has one keeps having one.
    if (hasOneMessage === undefined) return this.#refuse(BROKEN)
    const message = hasOneMessage(this.#path)
      ? await readOneMessage(this.#stream, {
          bytes: limits.bodyBytes,
          milliseconds: limits.bodyTimeout,
          reserve: (bytes) => this.#place.hold(bytes),
        })
      : undefined
    const call = { path: this.#path, metadata: (name: string) => this.#metadata(name), ...(message && { message }) }
    try {
      const verdict = await decideInForce(this.#context.calls, () => this.#decide(call))
      if (verdict?.refused && verdict.opens) ownIds.refuse(connection.key, verdict.opens, verdict.refused)
      if (this.#left.signal.aborted) return
      if (!verdict || verdict.refused) this.#refuse(verdict?.refused ?? BROKEN)
      else this.#forward(verdict)
    } finally {
      this.#settled?.()
    }
  }

  /** Judges it, and waits for everything else that has a say. Undefined: nothing may follow. */
  async #decide(call: Parameters<CallJudge['judge']>[1]): Promise<CallVerdict | undefined> {
    const { connection, ownIds, check, begin } = this.#context
    const verdict = await this.#place.inTurn(async () => this.#context.calls()?.judge(connection.identity, call))
    if (verdict === undefined) return undefined
    this.#record.decided(verdict.decided)
    this.#settled ??= verdict.opens && ownIds.pending(connection.key, verdict.opens)
    if (verdict.refused) return verdict
    const foreign =
      (await ownIds.check(connection.key, verdict.uses, this.#left.signal)) ?? (await this.#refuseKnown(verdict.opens))
    if (this.#left.signal.aborted) return undefined
    if (foreign) return { ...verdict, refused: foreign }
    const failed = await (this.#begun ??= begin(this.#record.beginning()))
    return { ...verdict, refused: failed ?? check(connection) }
  }

  /** A build that the gateway doesn't remember may be somebody else's. */
  async #refuseKnown(opens: OwnId | undefined): Promise<Refusal | undefined> {
    const { ownIds, connection, daemon } = this.#context
    if (opens?.kind !== 'build' || ownIds.isOwn(connection.key, opens)) return undefined
    return ownIds.foreign(connection.key, opens) ?? refuseKnownBuild(daemon, opens.id, this.#left.signal)
  }

  #forward({ message, opens, answer, warnings, until }: CallVerdict): void {
    const { daemon, ownIds, connection } = this.#context
    if (daemon.closed || daemon.destroyed) return this.#refuse(BROKEN)
    const foreign = opens && ownIds.foreign(connection.key, opens)
    if (foreign) return this.#refuse(foreign)
    // If Node throws, for a header that it doesn't send, nothing was allowed, and nothing is anybody's.
    const call = daemon.request(this.#fieldsForDaemon())
    call.on('error', () => {})
    this.#record.allowed()
    this.#context.limit(until)
    if (opens) ownIds.add(connection.key, opens)
    if (opens?.kind === 'session') call.once('close', () => ownIds.remove(connection.key, opens))
    else if (opens) call.once('close', () => ownIds.ended(connection.key, opens))
    if (message) call.end(frameOf(message))
    else this.#stream.pipe(call)
    this.#stream.once('close', () => call.close(ERROR.cancel))
    const filter = answer && ownMessages(answer, ownIds, connection.key)
    filter?.once('error', (error) => {
      this.#context.report({ event: 'failure', error })
      this.#stream.close(ERROR.internal)
    })
    this.#answer(call, filter ? call.pipe(filter) : call, warnings)
  }

  #fieldsForDaemon(): OutgoingHttpHeaders {
    const fields: Record<string, string[]> = {}
    for (let index = 0; index < this.#raw.length; index += 2) {
      const name = this.#raw[index]?.toLowerCase() ?? ''
      if (TO_DAEMON.has(name) || SESSION_FIELD.test(name)) (fields[name] ??= []).push(this.#raw[index + 1] ?? '')
    }
    const single = Object.entries(fields).map(([name, values]) => [
      name,
      values.length === 1 || name === SINGLE ? values[0] : values,
    ])
    return {
      ':method': 'POST',
      ':path': this.#path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...Object.fromEntries(single),
    }
  }

  /** @param body - what the client gets of the messages */
  #answer(call: ClientHttp2Stream, body: Readable, warnings: readonly string[]): void {
    const stream = this.#stream
    let trailers: OutgoingHttpHeaders | undefined
    call.on('response', (headers, flags) => {
      if (this.#isClosed || stream.headersSent) return
      this.#status = Number(headers[':status'])
      const endStream = (flags & END_STREAM) !== 0
      const fields = { ...headers, ...warningsOf(warnings) }
      this.#guard(() => stream.respond(fields, endStream ? { endStream } : { waitForTrailers: true }))
      // Not before: data can come first, and would begin an answer without a header.
      body.pipe(stream, { end: false })
    })
    call.on('trailers', (fields) => (trailers = { ...fields }))
    stream.once('wantTrailers', () => this.#guard(() => stream.sendTrailers(trailers ?? {})))
    const finish = (): void => {
      if (this.#isClosed || stream.writableEnded) return
      if (!stream.headersSent) this.#refuse(BROKEN)
      else if (trailers) stream.end()
      // Without trailers, a call has no result.
      else stream.close(call.rstCode || ERROR.internal)
    }
    body.once('end', () => (trailers || call.closed) && finish())
    // What is still being read ends it later.
    call.once('close', () => (call.readableEnded && !body.readableEnded) || finish())
  }

  /** A stream that was reset is closed first, and destroyed a moment later. */
  get #isClosed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  /** Node throws for a stream that is closed, and for a header that it doesn't send: this ends the call, not the process. */
  #guard(send: () => void): void {
    try {
      if (!this.#isClosed) send()
    } catch (error) {
      this.#context.report({ event: 'failure', error })
      this.#stream.close(ERROR.internal)
    }
  }

  #refuse(refused: Refusal): void {
    this.#record.refused(refused)
    const stream = this.#stream
    if (this.#isClosed || stream.headersSent) return
    this.#status = refused.status
    const fields = {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(STATUS[refused.status] ?? PERMISSION_DENIED),
      'grpc-message': encodeURIComponent(Buffer.from(refused.message.slice(0, LONGEST_MESSAGE)).toString()).replaceAll(
        '%20',
        ' ',
      ),
      'x-docker-mtls-reason': headerText(refused.code),
    }
    this.#guard(() => stream.respond(fields, { endStream: true }))
    // What still arrives is read and thrown away for a moment, so that the answer isn't lost.
    stream.resume()
    setTimeout(() => stream.close(ERROR.none), LINGER_MS).unref()
  }
}

/** How long the rest of a refused call may arrive, in milliseconds. */
const LINGER_MS = 1_000
const LONGEST_MESSAGE = 2_000

const BROKEN = refusal(502, 'DAEMON_UNREACHABLE', 'the daemon broke off')

/** As the header fields of other answers. */
function warningsOf(warnings: readonly string[]): OutgoingHttpHeaders {
  const [name, ...rest] = warningFields(warnings)
  return name === undefined ? {} : { [name.toLowerCase()]: rest.filter((_, index) => index % 2 === 0) }
}
