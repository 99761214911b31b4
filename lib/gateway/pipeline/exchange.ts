import type { ServerResponse } from 'node:http'
import { laneOf } from '../../transport/lanes.ts'
import { answerOn, refuse } from '../forwarding/answer.ts'
import { BodyRefused, isArriving } from '../arriving/body.ts'
import { Inspections } from '../deciding/inspections.ts'
import { Place } from '../arriving/place.ts'
import { RequestRecord } from '../log/record.ts'
import { isForCertificate, refusal, type Refusal } from '../refusal.ts'
import { upgradeOf, type Upgrade } from '../arriving/screening.ts'
import type { Arrived, Shared } from '../shared.ts'
import { signOn, warnOn } from '../forwarding/warnings.ts'

/** What is known of one request, from its head to the end of its answer or of its stream, and how it is answered. */
export class Exchange {
  readonly shared: Shared
  readonly arrived: Arrived
  readonly upgrade: Upgrade | undefined
  readonly record: RequestRecord
  readonly place: Place
  /** Of the latest decision. */
  inspections: Inspections
  warnings: readonly string[] = []
  /** When the permission ends, in milliseconds. */
  until = Infinity
  isFiltered = false
  /** Tells the daemon that the client has left. */
  leave: (() => void) | undefined
  /** Of an upgrade, whose answer isn't a response. */
  status = 0
  /** Undefined: nobody has asked yet whether the body counts. It may be left out only once. */
  isUnread: boolean | undefined
  /** A body counts as held once, however often it is decided. */
  isHeld = false
  begun: ReturnType<Shared['begin']> | undefined
  #response: ServerResponse | undefined
  #hasContinued = false
  #hasEnded = false

  constructor(shared: Shared, arrived: Arrived) {
    const { request, response, connection } = arrived
    this.shared = shared
    this.arrived = arrived
    this.record = new RequestRecord(connection, request)
    this.inspections = new Inspections(shared, connection.key)
    this.#response = response
    this.upgrade = response ? undefined : upgradeOf(request)
    this.place = new Place(shared, connection.key, this.kindOf(request.method, request.url))
  }

  /** As which it counts. */
  get kind(): 'requests' | 'streams' {
    return this.place.kind
  }

  kindOf(method = '', target = ''): 'requests' | 'streams' {
    return this.arrived.response !== undefined && laneOf(method, target.slice(1)) === 'short' ? 'requests' : 'streams'
  }

  get isRefused(): boolean {
    return this.record.isRefused
  }

  get isComplete(): boolean {
    return this.#response?.writableEnded === true
  }

  /** The answer or the stream has ended, or the client has left. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Nothing may follow: the client has left, or has got a refusal while something was awaited. */
  get isOver(): boolean {
    return this.#hasEnded || this.isRefused
  }

  /** Lets a client that waits for it send its body, once. */
  continue(): void {
    if (this.arrived.expectsContinue && !this.#hasContinued) this.#response?.writeContinue()
    this.#hasContinued = true
  }

  /** The answer, whose head isn't sent yet. */
  answer(): ServerResponse {
    const { request, connection } = this.arrived
    const response = (this.#response ??= answerOn(request.socket, request))
    // The rest of the body may not be one: nothing behind it counts.
    if (isArriving(request)) response.shouldKeepAlive = false
    if (!response.shouldKeepAlive) connection.isEnding = true
    warnOn(response, this.warnings)
    signOn(response, this.isFiltered, this.shared.served.fields)
    return response
  }

  refuse(refused: Refusal): void {
    if (this.isRefused) return
    this.record.refused(refused)
    const { request } = this.arrived
    // By now the client may have another certificate, as after a rotation of the CA, and shows it when it connects again.
    if (this.#response && isForCertificate(refused.code)) this.#response.shouldKeepAlive = false
    if (!request.socket.destroyed && !this.#response?.destroyed) refuse(request, this.answer(), refused)
  }

  /** The body isn't one. If the answer hasn't begun, it says so. */
  malformed(refused: Refusal): void {
    if (this.#response === undefined || (this.#response.headersSent && !this.isRefused))
      return void this.arrived.request.socket.destroy()
    this.leave?.()
    this.refuse(refused)
    // The rest of the body can't be read any more.
    this.#response.end()
  }

  failed(error: unknown): void {
    if (error instanceof BodyRefused) {
      if (error.refusal) return this.refuse(error.refusal)
      // Nobody reads the connection of an upgrade any more, so nobody would see its end.
      return void this.arrived.request.socket.destroy()
    }
    this.shared.report({ event: 'failure', error })
    this.refuse(refusal(502, 'DAEMON_UNREACHABLE', 'the request could not be sent to the daemon'))
  }

  end(): void {
    this.#hasEnded = true
    this.arrived.connection.ended(this)
    this.place.end()
    this.inspections.end()
    this.leave?.()
    this.reportEnd()
  }

  reportEnd(): void {
    const answered = this.#response?.headersSent === true ? this.#response.statusCode : 0
    this.shared.report(this.record.ending(this.status || answered))
  }
}
