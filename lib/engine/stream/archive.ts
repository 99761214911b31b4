import { pipeline, Transform, type Readable } from 'node:stream'
import { failureInside, type Named } from '../api-error.ts'

/** Far more than the daemon's words about a failure. In bytes. */
const TAIL = 16 * 1024
/** `errorDetail` of images, `message` of containers; a whole archive ends with zeros (moby, pkg/streamformatter, httputils). */
const FAILURE = /\{"(?:errorDetail|message)":.*\}\s*$/s

/**
 * A tar as the daemon sends it. One that can't go on writes its failure behind what it has sent, and ends as if all were
 * well: here that is an error at the end of the stream. Destroying it ends the request.
 */
export function archiveStream(body: Readable, request: Named): Readable {
  let tail: Buffer = Buffer.alloc(0)
  const archive = new Transform({
    transform: (chunk: Buffer, _encoding, callback) => {
      tail = (chunk.length < TAIL ? Buffer.concat([tail, chunk]) : chunk).subarray(-TAIL)
      callback(null, chunk)
    },
    flush: (callback) => {
      const failure = failureIn(tail)
      callback(failure === undefined ? null : failureInside(request, failure))
    },
  })
  // Whoever has read enough listens no more, and an unheard 'error' would end the process.
  archive.on('error', () => {})
  pipeline(body, archive, () => {})
  return archive
}

function failureIn(tail: Buffer): string | undefined {
  // Nearly always: so that no text is made of it.
  if (tail.at(-1) === 0) return undefined
  const found = FAILURE.exec(tail.toString('utf8').split('\0').at(-1) ?? '')?.[0]
  return found === undefined ? undefined : wordsOf(found)
}

function wordsOf(text: string): string | undefined {
  try {
    const { errorDetail, message } = JSON.parse(text) as { errorDetail?: { message?: unknown }; message?: unknown }
    return String(errorDetail?.message ?? message)
  } catch {
    return undefined
  }
}
