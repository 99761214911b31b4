import { failureInside, unreadable, type Named } from '../api-error.ts'
import { checkOptions, type Call } from '../call.ts'
import { serves } from '../newer.ts'
import type { Operation } from '../operation.ts'
import type { RequestOptions, Send } from '../send.ts'
import { AttachedStream, type AttachedSource } from './attached.ts'
import { JsonStream } from './json-stream.ts'
import { Opening } from './opening.ts'
import { OutputOpening } from './output-opening.ts'
import { OutputStream, type Watch } from './output.ts'
import { Progress } from './progress.ts'
import type { ProgressMessage } from '../types/progress.ts'

/** Since this version the content type says whether a stream is multiplexed (Engine API, version history). */
const CONTENT_TYPE_SINCE = '1.42'
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream'
const RAW = 'application/vnd.docker.raw-stream'

/** Whether the container, exec or service has a terminal. Called only if the headers of the answer don't say it. */
export type IsTty = () => boolean | Promise<boolean>

async function isRaw(send: Send, contentType: string | undefined, isTty: IsTty): Promise<boolean> {
  const declared = serves(send.version, CONTENT_TYPE_SINCE) ? contentType : undefined
  if (declared === MULTIPLEXED) return false
  return declared === RAW || isTty()
}

/** A call that answers with a stream of JSON values. */
export function jsonStream<Item>(send: Send, operation: Operation, call: Call): Opening<Item, JsonStream<Item>> {
  return new Opening(async (closed) => {
    const { body } = await send.stream(operation, { ...call, closed })
    return new JsonStream<Item>(body, send.named(operation, call))
  })
}

/** A call that answers with a container's output. */
export function outputStream(send: Send, operation: Operation, call: Call, isTty: IsTty): OutputOpening {
  return new OutputOpening(async (closed) => {
    const { headers, body } = await send.stream(operation, { ...call, closed })
    try {
      const tty = await isRaw(send, headers['content-type'], isTty)
      return new OutputStream({ body, tty, request: send.named(operation, call) })
    } catch (error) {
      body.destroy()
      throw error
    }
  }, send.dispatcher.maxAnswerBytes)
}

/** A call that takes over its connection for input and output. */
export async function attachedStream(
  send: Send,
  operation: Operation,
  call: Call,
  isTty: IsTty,
  watch?: Watch,
): Promise<AttachedStream> {
  const { headers, socket } = await send.hijack(operation, call)
  try {
    const tty = await isRaw(send, headers['content-type'], isTty)
    return new AttachedStream({ ...attachedSource(send, operation, call), socket, tty, watch })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** A call that becomes a web socket: all output is one raw stream. */
export async function webSocketStream(send: Send, operation: Operation, call: Call): Promise<AttachedStream> {
  const { options: given = {} } = call
  const options = webSocketQuery(checkOptions(operation, given), send)
  const socket = await send.webSocket(operation, { ...call, options })
  const source = attachedSource(send, operation, call)
  return new AttachedStream({ ...source, socket, tty: true, input: source.input || !choosesStreams(send) })
}

/**
 * Before 1.42 a web socket always had all three streams (Engine API, version history), so requesting one of them is no
 * mistake.
 */
function webSocketQuery(options: object, send: Send): object {
  if (choosesStreams(send)) return options
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => !(name.startsWith('std') && value === true)),
  )
}

const choosesStreams = ({ version }: Send): boolean => serves(version, '1.42')

function attachedSource(
  send: Send,
  operation: Operation,
  call: Call,
): Pick<AttachedSource, 'request' | 'explain' | 'signal' | 'idleTimeout' | 'input'> {
  const { signal, idleTimeout, stdin } = (call.options ?? {}) as RequestOptions & { stdin?: boolean }
  // The input of an exec was requested when it was created.
  const input = stdin === true || operation.query?.['stdin'] === undefined
  const request = send.named(operation, call)
  const explain = (error: unknown): unknown => send.dispatcher.explain(error, `${request.method} ${request.path}`)
  return { request, explain, signal, idleTimeout, input }
}

/** Computes the result of a long call from its messages. */
export interface Fold<Message, Result> {
  readonly add: (message: Message) => void
  readonly result: () => Result
}

/** Creates a fold for one call, which its errors name. */
export type MakeFold<Message, Result> = (request: Named) => Fold<Message, Result>

/** The stream ended without an error, but also without a result. */
export function unfinished(request: Named): Error {
  return unreadable('ERR_API_STREAM_TRUNCATED', request, 'the stream ended before the daemon reported a result')
}

/**
 * A call that reports its progress as a stream of JSON values, one of which may be a failure.
 *
 * @param prepare - returns the call when it begins. Only then are credentials read and files opened
 */
export function progress<Message extends ProgressMessage, Result>(
  send: Send,
  operation: Operation,
  prepare: () => Call | Promise<Call>,
  fold: MakeFold<Message, Result>,
): Progress<Message, Result> {
  return new Progress(async function* run(closed): AsyncGenerator<Message, Result, undefined> {
    return yield* messages(send, operation, { ...(await prepare()), closed }, fold)
  })
}

/** The messages of such a call. Returns its result. */
export async function* messages<Message extends ProgressMessage, Result>(
  send: Send,
  operation: Operation,
  call: Call,
  fold: MakeFold<Message, Result>,
): AsyncGenerator<Message, Result, undefined> {
  const request = send.named(operation, call)
  const { body } = await send.stream(operation, call)
  const { add, result } = fold(request)
  for await (const message of new JsonStream<Message>(body, request)) {
    const failure = failureOf(message)
    if (failure !== undefined) {
      const { refusalsOf } = await import('../refusals.ts')
      throw failureInside(request, failure, refusalsOf(operation.name, call.ids))
    }
    add(message)
    yield message
  }
  return result()
}

/** Older daemons set both fields, newer ones only `errorDetail` (Engine API 1.48, version history). */
function failureOf({ errorDetail, error }: ProgressMessage): string | undefined {
  if (!errorDetail && !error) return undefined
  return errorDetail?.message || error || 'the call failed'
}
