import { NEWEST_API_VERSION } from '../base/api-version.ts'
import type { Duplex, Readable } from 'node:stream'
import { ByteList } from '../base/byte-list.ts'
import type { DockerApiError } from '../base/errors.ts'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { answerTooLarge } from '../transport/answer-limit.ts'
import { encodeBody, type RequestBody } from '../transport/body.ts'
import { isAsyncIterable, watchInput } from '../transport/given-streams.ts'
import type { AnswerHeaders, WireAnswer } from '../transport/collector.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { collect, hijack, open, type Hijacked, type StreamedAnswer, type WireRequest } from '../transport/send.ts'
import { answerTimeout, inTime, limitOf } from '../transport/time-limits.ts'
import { gatewayReason, isPluginRefusal, isWrongVersion, refusalError, type Named, type Refused } from './api-error.ts'
import { allowsUnknown, checkOptions, wireCall, type Call } from './call.ts'
import type { KnownMessage } from './daemon-messages.ts'
import type { Operation } from './operation.ts'
import { parseJson } from './json.ts'
import { describePath } from './path.ts'
import { encodeQuery, type Query } from './query.ts'
import { readTwice } from './read-twice.ts'
import {
  checkPinned,
  chooseVersion,
  isDockerPing,
  notDocker,
  podmanVersion,
  readPing,
  versionHeader,
} from './version.ts'
import type { RequestOptions } from './request-options.ts'
import type { Ping } from './version.ts'

export type { FieldOptions, RequestOptions } from './request-options.ts'

/** A call of the Engine API, without the version in its path. */
export interface RequestDescription extends RequestOptions {
  /** The HTTP method. */
  readonly method: string
  /** The path without a version, e.g. from {@link path}. */
  readonly path: string
  /** Query parameters; objects are sent as JSON, undefined is omitted. */
  readonly query?: Query | undefined
  /** Header fields in addition to those set automatically. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The body. Objects are sent as JSON; text, bytes and streams are sent unchanged. */
  readonly body?: RequestBody | undefined
}

/** An answer whose body is still to be read. Read it to its end, or destroy it. */
export interface OpenAnswer {
  /** The HTTP status. */
  readonly status: number
  /** The header fields, with names in lower case. */
  readonly headers: AnswerHeaders
  /** The body as a stream. */
  readonly body: Readable
  /** Reads the whole body as UTF-8. */
  text(): Promise<string>
  /** Reads the whole body as one JSON value. */
  json<T = unknown>(): Promise<T>
}

/**
 * Sends operations: checks them, adds the version prefix, and turns failures into errors. The calls for streams in
 * `stream/` build on it.
 */
export class Send {
  readonly #dispatcher: DockerDispatcher
  readonly #pinned: string | undefined
  #version: string | undefined
  /** The newest version of the daemon, if another one is pinned. */
  #unpinned: string | undefined
  #podman: string | undefined

  constructor(dispatcher: DockerDispatcher, pinned: string | undefined) {
    this.#dispatcher = dispatcher
    this.#pinned = pinned
    this.#version = pinned
  }

  /** The version in use; the newest one until {@link Send.negotiate} has run. */
  get version(): string {
    return this.#version ?? NEWEST_API_VERSION
  }

  /** The version of Podman, if the daemon is one. */
  get podman(): string | undefined {
    return this.#podman
  }

  get dispatcher(): DockerDispatcher {
    return this.#dispatcher
  }

  /** `/_ping`, which has no version: checks that a daemon answers, and reads what it supports. */
  async ping(operation: Operation, options: RequestOptions): Promise<Ping> {
    const { name, method, path, lane } = operation
    const { signal, timeout, idleTimeout } = checkOptions(operation, options)
    return await this.#ping({ method, path, lane, signal, limit: limitOf(`${name}()`, timeout), idleTimeout })
  }

  async #ping(call: WireRequest): Promise<Ping> {
    const { status, headers, body } = await collect(this.#dispatcher, call)
    // Who refuses for the daemon doesn't say its version.
    if (isPluginRefusal(status, body) || gatewayReason(headers) !== undefined)
      throw await refusalError({ status, headers, body }, call)
    const ping = readPing(headers)
    if (!isDockerPing(status, ping, body)) throw notDocker(`${call.method} /_ping at ${this.#target}`, status, headers)
    if (status >= 400) throw await refusalError({ status, headers, body }, call)
    return ping
  }

  /**
   * Negotiates the version with the daemon, unless it is pinned.
   *
   * @param timeout - the longest time for it, in milliseconds
   */
  async negotiate(timeout: number, signal?: AbortSignal): Promise<void> {
    const limit = { timeout, late: () => answerTimeout(this.#target) }
    const ping = await this.#ping({ method: 'GET', path: '/_ping', lane: 'short', signal, limit })
    const { apiVersion } = ping
    this.#podman = podmanVersion(ping)
    if (this.#pinned !== undefined) this.#unpinned = apiVersion
    this.#version =
      this.#pinned === undefined
        ? chooseVersion(apiVersion, this.#target)
        : checkPinned(this.#pinned, apiVersion, this.#target)
  }

  /** A call whose answer is one JSON value. */
  async json<T>(operation: Operation, call: Call = {}): Promise<T> {
    return this.parse(operation, await this.whole(operation, call))
  }

  /** The JSON value of an answer that was read completely. */
  parse<T>(operation: Operation, { status, body }: WireAnswer): T {
    return parseJson(body, operation, { status, limit: this.#dispatcher.maxAnswerBytes })
  }

  /** A call whose answer has no body. */
  async none(operation: Operation, call: Call = {}): Promise<void> {
    await this.whole(operation, call)
  }

  /** A call whose answer is read completely, with its headers. */
  async whole(operation: Operation, call: Call): Promise<WireAnswer> {
    const attempt = (): Promise<WireAnswer> => collect(this.#dispatcher, this.#wire(operation, call))
    const answer = await collect(this.#dispatcher, await this.#checked(operation, call))
    if (succeeded(answer.status)) return answer
    // A streamed body was consumed by the first attempt.
    const second = this.#adopt(answer) && !isAsyncIterable(call.body) ? await attempt() : answer
    if (succeeded(second.status)) return second
    throw await this.#failure(operation, call, second)
  }

  /** A call whose answer is streamed. */
  async stream(operation: Operation, call: Call = {}): Promise<StreamedAnswer> {
    return this.#succeeding(await this.#checked(operation, call), (refused) => this.#failure(operation, call, refused))
  }

  /** A call that takes over its connection. */
  async hijack(operation: Operation, call: Call, protocol: 'tcp' | 'h2c' = 'tcp'): Promise<Hijacked> {
    const answer = await hijack(this.#dispatcher, await this.#checked(operation, call), protocol)
    if ('socket' in answer) return answer
    throw await this.#failure(operation, call, answer)
  }

  /** A call that becomes a web socket: bytes in both directions, without half-close. */
  async webSocket(operation: Operation, call: Call): Promise<Duplex> {
    const { openWebSocket } = await import('../transport/web-socket.ts')
    const answer = await inTime(
      this.#wire(operation, call),
      (wire) => openWebSocket(this.#dispatcher, wire),
      (opened) => ('status' in opened ? undefined : opened),
    )
    if (!('status' in answer)) return answer
    throw await this.#failure(operation, call, answer)
  }

  /** A call that the caller describes, without an {@link Operation}. */
  async open(description: RequestDescription): Promise<OpenAnswer> {
    const { method, path, query, headers, body: given, signal, timeout, idleTimeout } = description
    const encoded = encodeBody(given)
    const limit = limitOf(`request(${method} ${path})`, timeout)
    const wire = { method, path: path + encodeQuery(query), ...encoded, signal, limit, idleTimeout }
    const what = `the body of request(${method} ${path})`
    const versioned = await withInput(this.#versioned({ ...wire, headers: { ...encoded.headers, ...headers } }), what)
    const failure = (refused: Refused): Promise<DockerApiError> => this.#refusal(refused, description)
    const { status, headers: head, body } = await this.#succeeding(versioned, failure)
    const most = this.#dispatcher.maxAnswerBytes
    const bytes = async (): Promise<Buffer> => {
      if (body.readableDidRead) throw readTwice()
      return readWhole(body, most)
    }
    const text = async (): Promise<string> => (await bytes()).toString('utf8')
    const json = async <T>(): Promise<T> => parseJson<T>(await bytes(), description, { status, limit: most })
    return { status, headers: head, body, text, json }
  }

  /** The parts of a call that errors name. */
  named({ method, path }: Operation, { ids = [] }: Call): Named {
    return { method, path: describePath(path, ids) }
  }

  async #succeeding(
    wire: WireRequest,
    failure: (refused: Refused) => Promise<DockerApiError>,
  ): Promise<StreamedAnswer> {
    const answer = await open(this.#dispatcher, wire)
    if (succeeded(answer.status)) return answer
    const { status, headers } = answer
    throw await failure({ status, headers, body: await readBeginning(answer.body, LONGEST_ERROR) })
  }

  /** The error of a refused call. The remedies for each operation are loaded only then. */
  async #failure(operation: Operation, call: Call, refused: Refused): Promise<DockerApiError> {
    const { refusalsOf } = await import('./refusals.ts')
    return this.#refusal(refused, this.named(operation, call), refusalsOf(operation.name, call.ids))
  }

  async #refusal(refused: Refused, request: Named, refusals?: readonly KnownMessage[]): Promise<DockerApiError> {
    const { lackedCall } = this.#podman === undefined ? {} : await import('./podman.ts')
    return lackedCall?.(this.#podman ?? '', refused, request) ?? refusalError(refused, request, refusals)
  }

  /**
   * Adopts the version of a daemon that was downgraded since the negotiation: its refusal names the version it serves
   * in a header. Then one retry helps.
   */
  #adopt({ status, headers, body }: WireAnswer): boolean {
    const served = versionHeader(headers)
    if (this.#pinned !== undefined || served === undefined || served === this.#version) return false
    if (!isWrongVersion(status, body)) return false
    this.#version = chooseVersion(served, this.#target)
    return true
  }

  /** Checks a call as if it were sent. */
  async check(operation: Operation, call: Call): Promise<void> {
    await this.#checked(operation, call)
  }

  /** The table of all fields is loaded only when a body is sent. */
  async #checked(operation: Operation, call: Call): Promise<WireRequest> {
    watchInput(call.body)
    const wire = this.#wire(operation, call)
    if (isAsyncIterable(wire.body)) return withInput(wire, `the body of ${operation.name}()`)
    if (operation.body !== 'json' || allowsUnknown(call.options)) return wire
    const { checkFields } = await import('./body-fields/check.ts')
    checkFields(operation, call.body)
    return wire
  }

  #wire(operation: Operation, call: Call): WireRequest {
    return this.#versioned(wireCall(operation, call, { version: this.version, unpinned: this.#unpinned }))
  }

  #versioned(wire: WireRequest): WireRequest {
    return this.#version === undefined ? wire : { ...wire, path: `/v${this.#version}${wire.path}` }
  }

  get #target(): string {
    return formatEndpoint(this.#dispatcher.endpoint)
  }
}

/** The request with its stream as an input, whose failure names it. */
async function withInput(wire: WireRequest, what: string): Promise<WireRequest> {
  const { body } = wire
  if (!isAsyncIterable(body)) return wire
  const { openInput } = await import('./stream/input.ts')
  return { ...wire, body: openInput(body, what) }
}

/** 304 is an error, too: the daemon did nothing. */
function succeeded(status: number): boolean {
  return status < 300
}

/** Error pages are short. A peer that sends more is cut off. In bytes. */
const LONGEST_ERROR = 1024 * 1024

async function readBeginning(body: Readable, most: number): Promise<Buffer> {
  const read = new ByteList()
  for await (const chunk of body) {
    read.push(chunk as Buffer)
    if (read.size > most) break
  }
  return read.take()
}

async function readWhole(body: Readable, limit: number): Promise<Buffer> {
  const read = await readBeginning(body, limit)
  if (read.length > limit) throw answerTooLarge(`it has more than ${limit} bytes`)
  return read
}
