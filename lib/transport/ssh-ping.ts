import type { Duplex } from 'node:stream'
import { ConnectionError, isDockerMtlsError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'

/**
 * Any daemon answers it at once and without a body, since API 1.40; an older one answers 404. By that answer alone a
 * connection is known to be there: until then ssh, the login there, its shell and the docker command are silent.
 */
const PING = 'HEAD /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n'
const ANSWER = 'HTTP/1.'
/** Far more than the head of any answer of a daemon. In characters. */
const LONGEST_HEAD = 16_384

/** Sends a ping, and resolves when the daemon has answered. Rejects if the stream ends before. */
export function waitForPing(stream: Duplex, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const settle = (error?: Error): void => {
      stream.off('readable', read).off('close', ended).off('error', failed)
      if (error) reject(error)
      else resolve()
    }
    const ended = (): void => settle(endedEarly(target))
    // All but EPIPE, which is the same in other words.
    const failed = (error: Error): void => settle(isDockerMtlsError(error) ? error : endedEarly(target))
    const read = (): void => {
      for (let chunk; (chunk = stream.read() as Buffer | null) !== null;) heard += chunk.toString('latin1')
      const end = heard.indexOf('\r\n\r\n')
      if (!isHead(heard) || (end !== -1 && end !== heard.length - 4)) settle(noise(target, heard))
      else if (end !== -1) settle()
    }
    stream.on('readable', read).once('close', ended).once('error', failed)
    stream.write(PING)
  })
}

function isHead(heard: string): boolean {
  return heard.startsWith(ANSWER.slice(0, heard.length)) && heard.length <= LONGEST_HEAD
}

function endedEarly(target: string): ConnectionError {
  return new ConnectionError('ERR_CONNECTION_CLOSED', {
    tried: `connecting to ${target}`,
    got: 'docker system dial-stdio ended on the host before the daemon answered',
    todo: sentence`Check the daemon on that host:  ${command('systemctl', 'status', 'docker')}`,
  })
}

/** A shell that greets, or a login that is none. */
function noise(target: string, heard: string): ConnectionError {
  const line = heard.trim().split('\n')[0]?.trim().slice(0, 200)
  return new ConnectionError('ERR_SERVER_NOT_DOCKER', {
    tried: `connecting to ${target}`,
    got: `the login printed text of its own before the daemon's answer: "${line}"`,
    todo: "Remove output for logins without a terminal from the user's .bashrc or .zshenv, and from ForceCommand.",
  })
}
