import { failureInside } from '../api-error.ts'
import type { Call } from '../call.ts'
import type { Operation } from '../operation.ts'
import type { Send } from '../send.ts'
import { compareVersions } from '../version.ts'
import { AttachedStream } from './attached.ts'
import type { OutputChunk } from './frames.ts'
import { JsonStream } from './json-stream.ts'
import { Opening } from './opening.ts'
import { OutputStream } from './output.ts'
import { Progress } from './progress.ts'
import type { ProgressMessage } from '../types/progress.ts'

/** From this version on the content type says whether a stream is multiplexed (Engine API 1.42, version history). */
const CONTENT_TYPE_SINCE = '1.42'
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream'
const RAW = 'application/vnd.docker.raw-stream'

/** Whether the container, exec or service has a terminal: asked only where the answer's head doesn't say it. */
export type IsTty = () => boolean | Promise<boolean>

async function isRaw(send: Send, contentType: string | undefined, isTty: IsTty): Promise<boolean> {
  const said = compareVersions(send.version, CONTENT_TYPE_SINCE) >= 0 ? contentType : undefined
  if (said === MULTIPLEXED) return false
  return said === RAW || isTty()
}

/** A call that answers with one JSON value after the other, for as long as it is listened to. */
export function jsonStream<Item>(send: Send, operation: Operation, call: Call): Opening<Item, JsonStream<Item>> {
  return new Opening(async () => {
    const { body } = await send.stream(operation, call)
    return new JsonStream<Item>(body, send.named(operation, call))
  })
}

/** A call that answers with a container's output. */
export function outputStream(
  send: Send,
  operation: Operation,
  call: Call,
  isTty: IsTty,
): Opening<OutputChunk, OutputStream> {
  return new Opening(async () => {
    const { headers, body } = await send.stream(operation, call)
    try {
      const tty = await isRaw(send, headers['content-type'], isTty)
      return new OutputStream({ body, tty, request: send.named(operation, call) })
    } catch (error) {
      body.destroy()
      throw error
    }
  })
}

/** A call that takes its connection over for input and output. */
export async function attachedStream(
  send: Send,
  operation: Operation,
  call: Call,
  isTty: IsTty,
): Promise<AttachedStream> {
  const { headers, socket } = await send.hijack(operation, call)
  try {
    const tty = await isRaw(send, headers['content-type'], isTty)
    const { signal } = (call.options ?? {}) as { signal?: AbortSignal }
    return new AttachedStream({ socket, tty, request: send.named(operation, call), explain: send.explain, signal })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Makes the result of a long call out of what the daemon says meanwhile. */
export interface Fold<Message, Result> {
  readonly add: (message: Message) => void
  readonly result: () => Result
}

/**
 * A call that says how far it has come, one JSON value after the other, and may say in one of them that it failed.
 *
 * @param prepare - makes the call when it begins: credentials are read then, and files opened
 */
export function progress<Message extends ProgressMessage, Result>(
  send: Send,
  operation: Operation,
  prepare: () => Call | Promise<Call>,
  fold: () => Fold<Message, Result>,
): Progress<Message, Result> {
  return new Progress(async function* run(): AsyncGenerator<Message, Result, undefined> {
    const call = await prepare()
    const request = send.named(operation, call)
    const { body } = await send.stream(operation, call)
    const { add, result } = fold()
    for await (const message of new JsonStream<Message>(body, request)) {
      const failure = message.errorDetail?.message ?? message.error
      if (failure !== undefined) throw failureInside(request, failure)
      add(message)
      yield message
    }
    return result()
  })
}
