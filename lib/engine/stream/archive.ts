import { once } from 'node:events'
import { pipeline, Transform, type Readable } from 'node:stream'
import { failureInside, type Named } from '../api-error.ts'
import { closing } from './source.ts'

/** Much longer than the message of a failure. In bytes. */
const TAIL = 8 * 1024
const NEWLINE = 0x0a
/** How failures begin, for images and for containers (moby, pkg/streamformatter; api/server/httpstatus). */
const FAILURES = ['{"errorDetail":', '{"message":'] as const

/**
 * A tar from the daemon. If the daemon fails halfway, it appends a message to the data and ends the answer normally.
 * This stream then ends with an error. Destroying it cancels the request, and ends
 * a loop over it.
 */
export function archiveStream(body: Readable, request: Named): Readable {
  let tail: Buffer = Buffer.alloc(0)
  const archive = new Archive({
    transform: (chunk: Buffer, _encoding, callback) => {
      tail = (chunk.length < TAIL ? Buffer.concat([tail, chunk]) : chunk).subarray(-TAIL)
      callback(null, chunk)
    },
    flush: (callback) => {
      const failure = failureIn(tail)
      callback(failure === undefined ? null : failureInside(request, failure))
    },
  })
  // A reader who has read enough has no listener, and an unhandled 'error' would end the process.
  archive.on('error', () => {})
  pipeline(body, archive, () => {})
  return archive
}

/** A Readable whose loops end without an error when its reader destroys it. All other ends before the end are errors. */
class Archive extends Transform {
  override [Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined, undefined> {
    return closing(this.#chunks(), () => void this.destroy())
  }

  /** Node.js would destroy it with an AbortError, which a loop would throw. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    if (!this.closed) await once(this, 'close')
  }

  async *#chunks(): AsyncGenerator<Buffer, undefined, undefined> {
    try {
      for await (const chunk of super[Symbol.asyncIterator]()) {
        yield chunk as Buffer
        if (this.#isClosed) return
      }
    } catch (error) {
      if (!this.#isClosed) throw error
    }
  }

  /** pipeline() always destroys it with an error. */
  get #isClosed(): boolean {
    return this.destroyed && !this.errored && !this.readableEnded
  }
}

/** A complete archive ends with zeros. An incomplete one ends with a line of JSON. */
function failureIn(tail: Buffer): string | undefined {
  if (tail.at(-1) !== NEWLINE) return undefined
  const text = tail.toString('utf8')
  for (const begin of FAILURES) {
    const message = messageIn(text.slice(text.lastIndexOf(begin)))
    if (message !== undefined) return message
  }
  return undefined
}

function messageIn(text: string): string | undefined {
  try {
    const { errorDetail, message } = JSON.parse(text) as { errorDetail?: { message?: unknown }; message?: unknown }
    const found = errorDetail?.message ?? message
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined
  }
}
