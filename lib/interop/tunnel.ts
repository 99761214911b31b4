import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isDockerMtlsError } from '../base/errors.ts'

/** A tool that was answered in the middle of what it sends gets this long to read the answer, in milliseconds. */
const LINGER_MS = 2_000

/**
 * Carries bytes both ways until both have ended. The end of one direction is handed on as that, by shutdown(2) or TLS's
 * close_notify, and the other goes on; a side that is slow to read slows the other down.
 */
export function pipeBothWays(tool: Duplex, daemon: Duplex): void {
  daemon.allowHalfOpen = true
  tool.pipe(daemon)
  daemon.pipe(tool)
  endTogether(tool, daemon)
  endTogether(daemon, tool)
  // One may have gone while the other was being reached, and tells nobody any more.
  if (tool.destroyed || daemon.destroyed) {
    tool.destroy()
    daemon.destroy()
  }
}

/** What was read to its end is still being written on the other side; what was cut is cut there as well. */
function endTogether(one: Duplex, other: Duplex): void {
  one.once('close', () => {
    if (!one.readableEnded || other.writableFinished) other.destroy()
    else other.once('finish', () => other.destroy())
  })
}

/** Answers the first request of a tool, in the form in which a daemon reports a failure: tools show the message. */
export function answerFailure(tool: Socket, error: unknown): void {
  tool.once('data', (head) => {
    const body = JSON.stringify({ message: wordsOf(error) })
    const lines = [
      'HTTP/1.1 502 Bad Gateway',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    // RFC 9110 section 9.3.2: an answer to HEAD has the fields of a body, and none. The docker command begins with one.
    const isHead = head.subarray(0, 5).toString('latin1') === 'HEAD '
    tool.end(`${lines.join('\r\n')}\r\n\r\n${isHead ? '' : body}`)
    // A socket that is closed with bytes unread resets the other side, which loses the answer (unix(7)).
    setTimeout(() => tool.destroy(), LINGER_MS).unref()
  })
  // Its end may have come already, unheard.
  if (tool.readableEnded) tool.end()
  else tool.once('end', () => tool.end())
}

function wordsOf(error: unknown): string {
  if (isDockerMtlsError(error)) return `docker-mtls: ${error.code}: ${error.message}`
  return `docker-mtls: ${error instanceof Error ? error.message : String(error)}`
}
