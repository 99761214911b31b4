import { ConnectionError } from '../base/errors.ts'
import { findProgram } from '../base/programs.ts'
import { startSsh } from './ssh-stream.ts'

/**
 * Starts the system's ssh.
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
      got: 'there is no ssh in any folder of PATH',
      todo: "Install OpenSSH's client (Debian: openssh-client).",
    })
  }
  try {
    return await startSsh(program, args)
  } catch (cause) {
    const got = `${program} could not be started (${(cause as NodeJS.ErrnoException).code})`
    const todo = 'Look at that file, and at how many files and processes may be open here (ulimit -a).'
    throw new ConnectionError('ERR_SSH_FAILED', { tried, got, todo, cause })
  }
}
