import { pipeline, Transform, type Readable } from 'node:stream'
import { failureInside, type Named } from '../api-error.ts'

/** Far more than the daemon's words about a failure. In bytes. */
const TAIL = 8 * 1024
const NEWLINE = 0x0a
/** How they begin, of images and of containers (moby, pkg/streamformatter; api/server/httpstatus). */
const FAILURES = ['{"errorDetail":', '{"message":'] as const

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

/** A whole archive ends with zeros; half of one with anything, and then with a line of JSON. */
function failureIn(tail: Buffer): string | undefined {
  if (tail.at(-1) !== NEWLINE) return undefined
  const text = tail.toString('utf8')
  for (const begin of FAILURES) {
    const words = wordsOf(text.slice(text.lastIndexOf(begin)))
    if (words !== undefined) return words
  }
  return undefined
}

function wordsOf(text: string): string | undefined {
  try {
    const { errorDetail, message } = JSON.parse(text) as { errorDetail?: { message?: unknown }; message?: unknown }
    const words = errorDetail?.message ?? message
    return typeof words === 'string' ? words : undefined
  } catch {
    return undefined
  }
}
