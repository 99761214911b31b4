import { ConnectionError } from '../base/errors.ts'
import { findProgram } from '../base/programs.ts'
import { command, sentence } from '../base/sentence.ts'
import { codeOf } from '../base/system-error.ts'
import { startSsh } from './ssh-stream.ts'

/**
 * Starts the ssh program found in PATH.
 *
 * @param target - for messages
 * @throws {@link ConnectionError} ERR_SSH_NOT_INSTALLED, ERR_SSH_FAILED
 */
export async function startSystemSsh(args: readonly string[], target: string): ReturnType<typeof startSsh> {
  const tried = `connecting to ${target}`
  const program = await findProgram('ssh', process.env['PATH'] ?? '')
  if (program === undefined) {
    throw new ConnectionError('ERR_SSH_NOT_INSTALLED', {
      tried,
      got: 'no folder of PATH has the program ssh',
      todo: sentence`Install the OpenSSH client. On Debian and Ubuntu:  ${command('apt', 'install', 'openssh-client')}`,
    })
  }
  try {
    return await startSsh(program, args)
  } catch (cause) {
    const got = `${program} could not be started (${codeOf(cause)})`
    const todo = sentence`Check the permissions of that file, and your limits on processes and files:  ${command('ulimit', '-a')}`
    throw new ConnectionError('ERR_SSH_FAILED', { tried, got, todo, cause })
  }
}
