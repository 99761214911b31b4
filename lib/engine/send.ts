import type { Readable } from 'node:stream'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { DockerApiError } from '../errors.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { encodeBody, type RequestBody } from '../transport/body.ts'
import type { AnswerHeaders, WireAnswer } from '../transport/collector.ts'
import { collect, open, type WireRequest } from '../transport/send.ts'
import { apiError, isWrongVersion } from './api-error.ts'
import { encodeQuery, type Query } from './query.ts'
import { chooseVersion, isDockerPing, notDocker, readPing, versionHeader, type Ping } from './version.ts'

/** What every call takes besides its own parameters. */
export interface RequestOptions {
  /** Aborts the call, which then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined
}

/** One call of the Engine API, before the version is put before its path. */
export interface RequestDescription extends RequestOptions {
  readonly method: string
  readonly path: string
  readonly query?: Query | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: RequestBody | undefined
}

/** An answer with the body still to be read: to its end, by one of the three ways, or else destroyed. */
export interface OpenAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Readable
  /** Reads the body whole, as UTF-8. */
  text(): Promise<string>
  /** Reads the body whole, as one JSON value. */
  json<T = unknown>(): Promise<T>
}

/**
 * The one way from a description to an answer: version prefix, query, body, and failures as errors. Every
 * resource of the Engine API is a list of sentences spoken through its verbs.
 */
export class Send {
  readonly #dispatcher: DockerDispatcher
  readonly #pinned: string | undefined
  #version: string | undefined

  constructor(dispatcher: DockerDispatcher, pinned: string | undefined) {
    this.#dispatcher = dispatcher
    this.#pinned = pinned
    this.#version = pinned
  }

  /** The version in use; undefined before {@link Send.negotiate}. */
  get version(): string | undefined {
    return this.#version
  }

  /** `GET /_ping`, which has no version and needs no authorization: is it a daemon, and what does it serve? */
  async ping({ signal, deadline }: RequestOptions & { deadline?: number } = {}): Promise<Ping> {
    const call = { method: 'GET', path: '/_ping', signal, deadline }
    const { status, headers, body } = await collect(this.#dispatcher, call)
    if (!isDockerPing(status, headers, body)) throw notDocker(this.#target, status, headers)
    if (status >= 400) throw apiError(status, call, body)
    return readPing(headers)
  }

  /** Agrees on a version with the daemon; a pinned one stays as it is. */
  async negotiate(options: RequestOptions & { deadline?: number } = {}): Promise<void> {
    const { apiVersion } = await this.ping(options)
    this.#version = this.#pinned ?? chooseVersion(apiVersion, this.#target)
  }

  /** A call whose answer is one JSON value. */
  async json<T>(description: RequestDescription): Promise<T> {
    const { status, body } = await this.#short(description)
    return parseJson(body.toString('utf8'), description, status)
  }

  /** A call whose body is handed over as it comes. */
  async open(description: RequestDescription): Promise<OpenAnswer> {
    const { status, headers, body } = await open(this.#dispatcher, this.#wire(description))
    if (status >= 400) throw apiError(status, description, await readWhole(body))
    const text = async (): Promise<string> => (await readWhole(body)).toString('utf8')
    return { status, headers, body, text, json: async () => parseJson(await text(), description, status) }
  }

  async #short(description: RequestDescription): Promise<WireAnswer> {
    const answer = await collect(this.#dispatcher, this.#wire(description))
    if (answer.status < 400) return answer
    if (!this.#adopt(answer)) throw apiError(answer.status, description, answer.body)
    const second = await collect(this.#dispatcher, this.#wire(description))
    if (second.status < 400) return second
    throw apiError(second.status, description, second.body)
  }

  /**
   * A daemon that was downgraded while we talked to it names its own version in the head of the refusal: one retry by
   * that one can help then.
   */
  #adopt({ status, headers, body }: WireAnswer): boolean {
    const served = versionHeader(headers)
    if (this.#pinned !== undefined || served === undefined || served === this.#version) return false
    if (!isWrongVersion(status, body)) return false
    this.#version = chooseVersion(served, this.#target)
    return true
  }

  #wire({ method, path, query, headers, body, signal }: RequestDescription): WireRequest {
    const encoded = encodeBody(body)
    const version = this.#version === undefined ? '' : `/v${this.#version}`
    return {
      method,
      path: version + path + encodeQuery(query),
      ...encoded,
      headers: { ...encoded.headers, ...headers },
      signal,
    }
  }

  get #target(): string {
    return formatEndpoint(this.#dispatcher.endpoint)
  }
}

function parseJson<T>(text: string, { method, path }: RequestDescription, status: number): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new DockerApiError('ERR_API_RESPONSE_INVALID', {
      tried: `${method} ${path}`,
      got: 'the answer is no JSON',
      todo: 'Look whether a proxy changes what the daemon sends.',
      status,
      method,
      path,
      cause,
    })
  }
}

async function readWhole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
