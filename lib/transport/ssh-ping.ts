import type { Duplex } from 'node:stream'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'

/**
 * Every daemon answers it immediately and without a body, since API 1.40; older ones answer 404. Only this answer shows
 * that the connection works: ssh, the login, its shell and the docker command print nothing on success.
 */
const PING = 'HEAD /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n'
const STATUS_LINE_START = 'HTTP/1.'
/** In characters. Far more than the head of any daemon's answer. */
const MAX_HEAD_LENGTH = 16_384

/** Sends a ping, and resolves when the daemon has answered. Rejects if the stream ends first. */
export function waitForPing(stream: Duplex, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = ''
    const settle = (error?: Error): void => {
      stream.off('readable', read).off('close', ended).off('error', failed)
      if (error) reject(error)
      else resolve()
    }
    const ended = (): void => settle(endedEarly(target))
    // Other errors are EPIPE, which also means that the stream has ended.
    const failed = (error: Error): void => settle(isDockerMtlsError(error) ? error : endedEarly(target))
    const read = (): void => {
      for (let chunk; (chunk = stream.read() as Buffer | null) !== null;) received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (!isHead(received) || (end !== -1 && end !== received.length - 4)) settle(unexpectedOutput(target, received))
      else if (end !== -1) settle()
    }
    stream.on('readable', read).once('close', ended).once('error', failed)
    stream.write(PING)
  })
}

function isHead(received: string): boolean {
  return received.startsWith(STATUS_LINE_START.slice(0, received.length)) && received.length <= MAX_HEAD_LENGTH
}

function endedEarly(target: string): ConnectionError {
  return new ConnectionError('ERR_CONNECTION_CLOSED', {
    tried: `connecting to ${target}`,
    got: 'docker system dial-stdio ended on the host before the daemon answered',
    todo: sentence`Check the daemon on that host:  ${command('systemctl', 'status', 'docker')}`,
  })
}

/** The shell printed a greeting, or the login runs another program. */
function unexpectedOutput(target: string, received: string): ConnectionError {
  const line = received.trim().split('\n')[0]?.trim().slice(0, 200)
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: `connecting to ${target}`,
    got: `the login printed text of its own before the daemon's answer: "${line}"`,
    todo: "Remove output for logins without a terminal from the user's .bashrc or .zshenv, and from ForceCommand.",
  })
}
