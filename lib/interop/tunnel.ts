import type { Socket } from 'node:net'
import type { Duplex, Transform } from 'node:stream'
import { isDockerMtlsError } from '../base/errors.ts'

/** How long a tool may read the answer if it was still sending its request, in milliseconds. */
const LINGER_MS = 2_000

/**
 * Copies bytes in both directions until both have ended. When one direction ends, it ends the other socket's by
 * shutdown(2) or TLS's close_notify, and the other direction continues. A slow reader slows the sender down.
 *
 * @param change - what the daemon gets of the tool's bytes. Omitted: all of them
 */
export function pipeBothWays(tool: Duplex, daemon: Duplex, change?: Transform): void {
  daemon.allowHalfOpen = true
  if (change) tool.pipe(change).pipe(daemon)
  else tool.pipe(daemon)
  daemon.pipe(tool)
  propagateClose(tool, daemon)
  propagateClose(daemon, tool)
  // A socket that closed before this call emits no more events.
  if (tool.destroyed || daemon.destroyed) {
    tool.destroy()
    daemon.destroy()
  }
}

/**
 * If the closed side had ended properly, the other side first finishes writing. Otherwise it is destroyed immediately.
 */
function propagateClose(one: Duplex, other: Duplex): void {
  one.once('close', () => {
    if (!one.readableEnded || other.writableFinished) other.destroy()
    else other.once('finish', () => other.destroy())
  })
}

/** Answers a tool's first request with an error in the daemon's format, because tools show its message. */
export function answerFailure(tool: Socket, error: unknown): void {
  tool.once('data', (head) => {
    const body = JSON.stringify({ message: describeError(error) })
    const lines = [
      'HTTP/1.1 502 Bad Gateway',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    // RFC 9110, section 9.3.2: an answer to HEAD has the fields of a body, but no body. The docker command begins with
    // HEAD.
    const isHead = head.subarray(0, 5).toString('latin1') === 'HEAD '
    tool.end(`${lines.join('\r\n')}\r\n\r\n${isHead ? '' : body}`)
    // Closing a socket with unread bytes resets the connection, and the tool would lose the answer (unix(7)).
    setTimeout(() => tool.destroy(), LINGER_MS).unref()
  })
  // The tool may already have ended its side.
  if (tool.readableEnded) tool.end()
  else tool.once('end', () => tool.end())
}

function describeError(error: unknown): string {
  if (isDockerMtlsError(error)) return `docker-mtls: ${error.code}: ${error.message}`
  return `docker-mtls: ${error instanceof Error ? error.message : String(error)}`
}
