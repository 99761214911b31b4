import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ProvisionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { COMMAND_FAILED } from '../transport/ssh-faults.ts'
import { stderrSummary, type ScriptResult } from './shell.ts'

/** An ssh login that succeeded, but gave no root shell. */
export interface Login {
  readonly endpoint: SshEndpoint
  /** The user that ssh logged in as, if known. */
  readonly user?: string | undefined
}

/** Messages of `sudo -n` (sudo(8)), also of sudo-rs. */
const NEEDS_PASSWORD = /(?:password|terminal|authentication) is required|must have a tty/
const REFUSES = /not allowed to|not in the sudoers|may not run sudo|I'm sorry/
const MISSING = /sudo: .*not found|not found.*sudo/

/**
 * Explains why a login gave no root shell.
 *
 * @param ran - the result of the login; its stdout is the output that arrived instead of the first line of our shell
 */
export function rootLoginFault(ran: ScriptResult, { endpoint, user = endpoint.user }: Login): ProvisionError {
  const { stderr, code } = ran
  const tried = `becoming root on ${formatEndpoint(endpoint)}`
  const who = user ?? 'the user'
  const asRoot = `Log in as root, with the URL ${formatEndpoint({ ...endpoint, user: 'root' })}.`
  if (NEEDS_PASSWORD.test(stderr)) {
    const got = `sudo requires a password from ${who} there, and docker-mtls can't enter one`
    const line = `echo '${user ?? 'USER'} ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/docker-mtls`
    const todo = sentence`${asRoot} Or allow sudo without a password during the setup; as root on the host:  ${line}`
    return new ProvisionError('ERR_HOST_SUDO_PASSWORD', { tried, got, todo })
  }
  if (MISSING.test(stderr) || (COMMAND_FAILED.has(code) && stderr.includes('sudo'))) {
    const got = `${who} is not root there, and can't run sudo`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: asRoot })
  }
  if (REFUSES.test(stderr)) {
    const got = `${who} is not root there, and sudo refuses (${stderrSummary(ran)})`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: asRoot })
  }
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried,
    got: `the login runs no commands there (${stderrSummary({ ...ran, stderr: stderr + ran.stdout })})`,
    todo: sentence`Use a login with a POSIX sh that isn't restricted to one command. Test it:  ${command('ssh', formatEndpoint(endpoint), 'id')}`,
  })
}
