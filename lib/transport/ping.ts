import type { Duplex } from 'node:stream'
import { isDockerMtlsError } from '../base/errors.ts'

const STATUS_LINE_START = 'HTTP/1.'
/** In characters. Far more than the head of any daemon's answer. */
const MAX_HEAD_LENGTH = 16_384

/** Why there is no answer. */
interface PingFaults {
  /** The stream has ended first. */
  readonly ended: () => Error
  /** What came is no answer, or more than one. */
  readonly unexpected: (received: string) => Error
}

/**
 * Sends a ping on a new connection, and resolves with the head of the answer. Every daemon answers it immediately and without a body,
 * since API 1.40; older ones answer 404.
 *
 * @param prefix - of the endpoint's path
 */
export function ping(stream: Duplex, prefix: string, faults: PingFaults): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const settle = (error?: Error): void => {
      stream.off('readable', read).off('close', ended).off('error', failed)
      if (error) reject(error)
      else resolve(received)
    }
    const ended = (): void => settle(faults.ended())
    // Other errors are EPIPE, which also means that the stream has ended.
    const failed = (error: Error): void => settle(isDockerMtlsError(error) ? error : faults.ended())
    const read = (): void => {
      for (let chunk; (chunk = stream.read() as Buffer | null) !== null;) received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (!isHead(received) || (end !== -1 && end !== received.length - 4)) settle(faults.unexpected(received))
      else if (end !== -1) settle()
    }
    stream.on('readable', read).once('close', ended).once('error', failed)
    stream.write(`HEAD ${prefix}/_ping HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  })
}

function isHead(received: string): boolean {
  return received.startsWith(STATUS_LINE_START.slice(0, received.length)) && received.length <= MAX_HEAD_LENGTH
}
