import type { Duplex } from 'node:stream'
import type { WireAnswer } from '../../transport/collector.ts'
import type { DockerDispatcher } from '../../transport/dispatcher.ts'
import type { LaneDispatchOptions } from '../../transport/lanes.ts'
import type { Hijacked, StreamedAnswer } from '../../transport/send.ts'
import type { Call } from '../call.ts'
import type { Operation } from '../operation.ts'
import type { RequestOptions } from '../request-options.ts'
import { Send } from '../send.ts'
import type { Ping } from '../version.ts'

/** Ends a call in the place where it would be sent. */
class NotSent extends Error {}

/** A dispatcher that has no connections: it keeps the first request, and sends none. */
class Capture {
  captured: LaneDispatchOptions | undefined
  readonly endpoint: DockerDispatcher['endpoint']
  readonly origin: string
  readonly prefix = ''
  readonly maxAnswerBytes: number

  constructor({ endpoint, origin, maxAnswerBytes }: DockerDispatcher) {
    this.endpoint = endpoint
    this.origin = origin
    this.maxAnswerBytes = maxAnswerBytes
  }

  dispatch(options: LaneDispatchOptions): never {
    this.captured ??= options
    throw new NotSent('it is only asked about')
  }

  /** The same with another form of the answer. */
  async request(options: LaneDispatchOptions): Promise<never> {
    return this.dispatch(options)
  }
}

/** Sends nothing, and keeps what it would have sent. */
export class CapturingSend extends Send {
  readonly #capture: Capture
  #operation: Operation | undefined

  /** With the dispatcher and the version of a client. */
  constructor({ dispatcher, version }: Send) {
    const capture = new Capture(dispatcher)
    // It has what calls read of a dispatcher, and nothing that could open a connection.
    super(capture as unknown as DockerDispatcher, version)
    this.#capture = capture
  }

  /** The first request. */
  get request(): LaneDispatchOptions | undefined {
    return this.#capture.captured
  }

  /** The operation of the first request. */
  get operation(): Operation | undefined {
    return this.#operation
  }

  override ping(operation: Operation, options: RequestOptions): Promise<Ping> {
    this.#operation ??= operation
    return super.ping(operation, options)
  }

  override whole(operation: Operation, call: Call): Promise<WireAnswer> {
    this.#operation ??= operation
    return super.whole(operation, call)
  }

  override stream(operation: Operation, call: Call = {}): Promise<StreamedAnswer> {
    this.#operation ??= operation
    return super.stream(operation, call)
  }

  override hijack(operation: Operation, call: Call, protocol: 'tcp' | 'h2c' = 'tcp'): Promise<Hijacked> {
    this.#operation ??= operation
    return super.hijack(operation, call, protocol)
  }

  override webSocket(operation: Operation, call: Call): Promise<Duplex> {
    this.#operation ??= operation
    return super.webSocket(operation, call)
  }
}
