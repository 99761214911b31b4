import type { Duplex } from 'node:stream'
import { ConnectionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { ping } from './ping.ts'

/**
 * Resolves when the daemon has answered a ping. Only this shows that the connection works: ssh, the login, its shell and the docker
 * command print nothing on success.
 */
export async function waitForPing(stream: Duplex, target: string): Promise<void> {
  await ping(stream, '', {
    ended: () => endedEarly(target),
    unexpected: (received) => unexpectedOutput(target, received),
  })
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
