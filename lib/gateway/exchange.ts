import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { laneOf } from '../transport/lanes.ts'
import { answerJson, answerOn, refuse, streamOn } from './answer.ts'
import { BodyRefused, hasBody, isArriving, isJson, readBody, readBytes, tooLarge, tooMany } from './body.ts'
import { headOf } from './fields.ts'
import { forward } from './forward.ts'
import { decideInForce, type InForce } from './in-force.ts'
import { Inspections } from './inspections.ts'
import { join, refuseForeignSession } from './grpc/join.ts'
import { answerOf, askedBy, isQuestion } from './question.ts'
import { isForCertificate, ONLY_POST, refusal, undecided, type Refusal } from './refusal.ts'
import { screen, upgradeOf, type Upgrade } from './screening.ts'
import { asksForVersion, knownVersions } from './served-version.ts'
import { isRenewal, MOST_REQUEST_BYTES } from './renewal/path.ts'
import { Place } from './place.ts'
import { RequestRecord } from './record.ts'
import type { Arrived, Shared } from './shared.ts'
import type { AskedHead, AskedRequest } from './types.ts'
import { readVerdict, refuseWith, type ReadVerdict } from './verdict.ts'
import { whenClosed } from './when-closed.ts'
import { signOn, warningFields, warnOn } from './warnings.ts'

/** One request, from its head to the end of its answer or of its stream. */
export class Exchange {
  readonly #shared: Shared
  readonly #arrived: Arrived
  readonly #upgrade: Upgrade | undefined
  readonly #record: RequestRecord
  readonly #place: Place
  #response: ServerResponse | undefined
  /** Of the latest decision. */
  #inspections: Inspections
  #until = Infinity
  #status = 0
  #hasEnded = false
  #warnings: readonly string[] = []
  #isFiltered = false
  #left: (() => void) | undefined
  #isHeld = false
  /** Undefined: nobody has asked yet whether the body counts. It may be left out only once. */
  #isUnread: boolean | undefined
  #hasContinued = false
  /** Once, however often it is decided. */
  #begun: ReturnType<Shared['begin']> | undefined

  constructor(shared: Shared, arrived: Arrived) {
    const { request, response } = arrived
    this.#shared = shared
    this.#arrived = arrived
    this.#record = new RequestRecord(arrived.connection, request)
    this.#inspections = new Inspections(shared, arrived.connection.key)
    this.#response = response
    // Its next request comes with the certificate that it has by then.
    if (response && arrived.connection.peer?.endsSoon(Date.now())) response.shouldKeepAlive = false
    this.#upgrade = response ? undefined : upgradeOf(request)
    this.#place = new Place(shared, arrived.connection.key, this.#kindOf(request.method, request.url))
  }

  /** As which it counts. */
  get kind(): 'requests' | 'streams' {
    return this.#place.kind
  }

  get isRefused(): boolean {
    return this.#record.isRefused
  }

  get isComplete(): boolean {
    return this.#response?.writableEnded === true
  }

  /** When the permission ends, in milliseconds. */
  get until(): number {
    return this.#until
  }

  /** Nothing may follow: the client has left, or has got a refusal while something was awaited. */
  get #isOver(): boolean {
    return this.#hasEnded || this.isRefused
  }

  async run(): Promise<void> {
    const { request, connection, response } = this.#arrived
    const { quotas, check } = this.#shared
    const unexpected = connection.unexpected()
    if (unexpected !== undefined) return this.#drop(unexpected)
    if (response?.shouldKeepAlive === false) connection.isEnding = true
    if (response === undefined && !(await connection.becomesIdle()))
      return this.#drop('it came before the end of the answer before')
    const unwelcome = check(connection)
    // A refused certificate doesn't count against the limits of the client's new certificate.
    const isFree = !isForCertificate(unwelcome?.code) && this.#place.take()
    connection.open.add(this)
    whenClosed([request.socket, ...(response ? [response] : [])], () => {
      this.#hasEnded = true
      connection.ended(this)
      this.#place.end()
      this.#inspections.end()
      this.#left?.()
      this.#reportEnd()
    })
    const refused =
      unwelcome ?? screen(request, response === undefined) ?? (isFree ? undefined : quotas.refuse(this.kind))
    if (refused) return this.#refuse(refused)
    try {
      await this.#ask()
    } catch (error) {
      this.#failed(error)
    }
  }

  /**
   * Not carried out, and not answered: it came behind the last request of a connection, so that nobody would learn what became of it
   * (RFC 9112, section 9.6), or behind too many. Or it is an upgrade that came before the end of an answer, from which it would take the
   * connection over. No Docker client sends any of these.
   */
  #drop(why: string): void {
    this.#record.refused(this.#shared.check(this.#arrived.connection) ?? refusal(400, 'MALFORMED_REQUEST', why))
    if (this.#arrived.response === undefined) this.#arrived.request.socket.destroy()
    this.#reportEnd()
  }

  /** The body isn't one. If the answer hasn't begun, it says so. */
  malformed(refused: Refusal): void {
    if (this.#response === undefined || (this.#response.headersSent && !this.isRefused))
      return void this.#arrived.request.socket.destroy()
    this.#left?.()
    this.#refuse(refused)
    // The rest of the body can't be read any more.
    this.#response.end()
  }

  async #ask(): Promise<void> {
    const { request } = this.#arrived
    const head: AskedHead = {
      ...headOf(this.#arrived),
      upgrade: this.#upgrade,
      inspect: (kind, name) => this.#inspections.inspect(kind, name),
    }
    const read = await this.#readBody(head)
    const body = read?.length === 0 ? undefined : (read ?? (this.#hasStream() ? 'unseen' : undefined))
    await this.#carryOut({ ...head, body, ...(isQuestion(request) && askedBy(request, body)) })
  }

  async #carryOut(asked: AskedRequest): Promise<void> {
    const verdict = await decideInForce(this.#shared.calls, () => this.#decide(asked))
    if (verdict === undefined || this.#isOver) return
    // The policy has changed since. What nobody has read goes to no daemon.
    if (this.#isUnread && (!verdict.refused || this.#shared.needsBody(asked))) await this.#ask()
    else if (asked.isQuestion) answerJson(this.#answer(), answerOf(verdict))
    else if (verdict.refused) this.#refuse(verdict.refused)
    else if (isRenewal(asked.target) && asked.method !== 'POST') this.#refuse(ONLY_POST)
    else if (isRenewal(asked.target)) await this.#renew(asked, verdict)
    else this.#forward(asked, verdict)
  }

  /** Asks, and waits for everything else that has a say. Undefined: nothing may follow. */
  async #decide(asked: AskedRequest): Promise<ReadVerdict | undefined> {
    const { connection, request } = this.#arrived
    const tooNew = await this.#shared.served.refuseNewer(asked.target)
    const verdict = tooNew ? refuseWith(tooNew) : await this.#authorize(asked)
    if (verdict === undefined || this.#isOver) return undefined
    if (verdict.refused || isQuestion(request)) return verdict
    // The path of a short request can be written as that of none.
    const { method = asked.method, target = asked.target } = verdict.send ?? {}
    if (!this.#countAs(this.#kindOf(method, target))) return undefined
    const foreign = await refuseForeignSession(verdict.decided, target, this.#arrived, this.#shared)
    if (this.#isOver) return undefined
    if (foreign) return { ...verdict, refused: foreign }
    const failed = this.#isRead(method)
      ? undefined
      : await (this.#begun ??= this.#shared.begin(this.#record.beginning()))
    // It may have been revoked in the meantime.
    return { ...verdict, refused: failed ?? this.#shared.check(connection) }
  }

  async #authorize(asked: AskedRequest): Promise<ReadVerdict | undefined> {
    const inspections = (this.#inspections = new Inspections(this.#shared, this.#arrived.connection.key))
    try {
      const verdict = readVerdict(
        await this.#shared.authorize(asked, (decide) =>
          this.#place.inTurn((outside) => this.#hold(asked, () => decide(outside))),
        ),
      )
      this.#record.decided(verdict.decided)
      this.#warnings = verdict.warnings
      return verdict
    } catch (error) {
      if (error instanceof BodyRefused && !this.#hasEnded) this.#failed(error)
      if (error instanceof BodyRefused) return undefined
      this.#shared.report({ event: 'failure', error })
      this.#refuse(undecided(error))
    } finally {
      inspections.end()
    }
    return undefined
  }

  /** In its turn, so that a flood of refused bodies takes no more time than others. */
  #hold<T>({ body }: AskedRequest, decide: () => Promise<T>): Promise<T> {
    if (body === undefined || body === 'unseen' || this.#isHeld) return decide()
    if (!this.#place.hold(readBytes(body))) throw tooMany()
    this.#isHeld = true
    return decide()
  }

  #kindOf(method = '', target = ''): 'requests' | 'streams' {
    return this.#arrived.response !== undefined && laneOf(method, target.slice(1)) === 'short' ? 'requests' : 'streams'
  }

  /** Counts what is sent, and not what arrived. False: it is refused. */
  #countAs(kind: 'requests' | 'streams'): boolean {
    const isFree = this.#place.change(kind)
    if (!isFree) this.#refuse(this.#shared.quotas.refuse(kind))
    return isFree
  }

  /** It changes nothing, and the daemon answers at once. */
  #isRead(method: string): boolean {
    return this.kind === 'requests' && (method === 'GET' || method === 'HEAD')
  }

  #hasStream(): boolean {
    // docker-modem announces a chunked body for an attach, and sends none before the connection is switched.
    return this.#upgrade === undefined && hasBody(this.#arrived.request)
  }

  /** Lets a client that waits for it send its body, once. */
  #continue(): void {
    if (this.#arrived.expectsContinue && !this.#hasContinued) this.#response?.writeContinue()
    this.#hasContinued = true
  }

  /** Reads a JSON body. Undefined: there is none, or it is a stream, or nobody has to know it. */
  async #readBody(head: AskedHead): Promise<Buffer | undefined> {
    const { request } = this.#arrived
    const announced = request.headers['content-length']
    const isRenewing = isRenewal(request.url)
    const isRead = hasBody(request) && (isRenewing || isJson(request))
    if (this.#upgrade === undefined ? !isRead : Number(announced ?? 0) === 0) return undefined
    this.#isUnread = this.#isUnread === undefined && !isQuestion(request) && !this.#shared.needsBody(head)
    if (this.#isUnread) return undefined
    this.#continue()
    const { bodyTimeout } = this.#shared.limits
    const bodyBytes = isRenewing ? MOST_REQUEST_BYTES : this.#shared.limits.bodyBytes
    if (Number(announced ?? 0) > bodyBytes) throw tooLarge(bodyBytes)
    const limits = { bytes: bodyBytes, milliseconds: bodyTimeout, reserve: (bytes: number) => this.#place.hold(bytes) }
    // Node leaves the body of a request for an upgrade on the connection.
    return this.#upgrade === undefined
      ? readBody(request, undefined, limits)
      : readBody(request.socket, Number(announced), limits)
  }

  #forward(asked: AskedRequest, { send, filterAnswer, until, holds, onlyDockerd }: InForce<ReadVerdict>): void {
    const { request, connection } = this.#arrived
    this.#record.allowed()
    const { method = asked.method, target = asked.target } = send ?? {}
    const body = send?.body ?? asked.body
    const apply = asksForVersion(method, target) ? knownVersions(filterAnswer) : filterAnswer
    const answer = forward(
      this.#shared.dispatcher,
      request,
      {
        caller: connection.key,
        onlyDockerd,
        method,
        target,
        body,
        upgrade: this.#upgrade,
        filter: apply && { apply, reserve: (bytes) => this.#place.hold(bytes), inTurn: this.#place.inTurn },
        served: this.#shared.served,
      },
      {
        connected: () => {
          // For a connection, it can have waited as long as for anything else.
          if (!holds() || this.#shared.check(connection)) return false
          this.#until = until
          this.#isFiltered = filterAnswer !== undefined
          if (body === 'unseen') this.#continue()
          return true
        },
        stopped: () => {
          this.#record.undecided()
          void this.#carryOut(asked).catch((error: unknown) => this.#failed(error))
        },
        upgraded: (fields, socket) => this.#upgraded(fields, socket),
        response: () => this.#answer(),
        failed: (refused, error) => {
          this.#shared.report({ event: 'failure', error })
          this.#refuse(refused)
        },
      },
    )
    this.#left = () => answer.leave()
    if (request.socket.destroyed) answer.leave()
  }

  async #renew({ body }: AskedRequest, { renewFor }: ReadVerdict): Promise<void> {
    const asked = { request: body === 'unseen' ? undefined : body, seconds: renewFor }
    const renewed = await this.#shared.renew(this.#arrived.connection, asked)
    if (this.#isOver) return
    if ('status' in renewed) return this.#refuse(renewed)
    this.#record.allowed()
    answerJson(this.#answer(), renewed)
  }

  #upgraded(answered: string[], daemon: Duplex): void {
    const { request, response, connection } = this.#arrived
    daemon.on('error', () => {})
    const fields = [...answered, ...Object.entries(this.#shared.served.fields).flat(), ...warningFields(this.#warnings)]
    // A stream that the client cut isn't complete, nor is one that the daemon cut.
    this.#left = () => daemon.destroy()
    if (response) {
      connection.isEnding = true
      return streamOn(request, response, fields, daemon)
    }
    const client = request.socket
    this.#status = 101
    const lines = fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1]}`] : []))
    const head = ['HTTP/1.1 101 UPGRADED', ...lines, 'Connection: Upgrade', `Upgrade: ${this.#upgrade}`, '', '']
    client.write(head.join('\r\n'), 'latin1')
    join(client, daemon, this.#arrived, this.#shared, (until) => (this.#until = Math.min(this.#until, until)))
  }

  #answer(): ServerResponse {
    const { request, connection } = this.#arrived
    const response = (this.#response ??= answerOn(request.socket, request))
    // The rest of the body may not be one: nothing behind it counts.
    if (isArriving(request)) response.shouldKeepAlive = false
    if (!response.shouldKeepAlive) connection.isEnding = true
    warnOn(response, this.#warnings)
    signOn(response, this.#isFiltered, this.#shared.served.fields)
    return response
  }

  #refuse(refused: Refusal): void {
    if (this.isRefused) return
    this.#record.refused(refused)
    const { request } = this.#arrived
    // By now the client may have another certificate, as after a rotation of the CA, and shows it when it connects again.
    if (this.#response && isForCertificate(refused.code)) this.#response.shouldKeepAlive = false
    if (!request.socket.destroyed && !this.#response?.destroyed) refuse(request, this.#answer(), refused)
  }

  #failed(error: unknown): void {
    if (error instanceof BodyRefused) {
      if (error.refusal) return this.#refuse(error.refusal)
      // Nobody reads the connection of an upgrade any more, so nobody would see its end.
      return void this.#arrived.request.socket.destroy()
    }
    this.#shared.report({ event: 'failure', error })
    this.#refuse(refusal(502, 'DAEMON_UNREACHABLE', 'the request could not be sent to the daemon'))
  }

  #reportEnd(): void {
    const answered = this.#response?.headersSent === true ? this.#response.statusCode : 0
    this.#shared.report(this.#record.ending(this.#status || answered))
  }
}
