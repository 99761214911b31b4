import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ProvisionError } from '../base/errors.ts'
import { command, ours, sentence } from '../base/sentence.ts'
import { lastWords, type Ran } from './shell.ts'

/** A login that succeeded without giving a root shell. */
export interface Entry {
  readonly endpoint: SshEndpoint
  /** The user that ssh has logged in as, if known. */
  readonly user?: string | undefined
}

/** What sudo(8) says with -n, and its newer namesake in Rust. */
const ASKS = /(?:password|terminal|authentication) is required|must have a tty/
const REFUSES = /not allowed to|not in the sudoers|may not run sudo|I'm sorry/
const MISSING = /sudo: .*not found|not found.*sudo/
/** A shell's for a command that can't be run, or isn't there (POSIX, Shell Command Language, 2.8.2). */
const NO_COMMAND: ReadonlySet<number> = new Set([126, 127])

/**
 * Why the login didn't become root.
 *
 * @param ran - its stdout is what came in place of the first line of our shell
 */
export function entryFault(ran: Ran, { endpoint, user = endpoint.user }: Entry): ProvisionError {
  const { stderr, code } = ran
  const tried = `becoming root on ${formatEndpoint(endpoint)}`
  const who = user ?? 'the user'
  const asRoot = ours('setup', formatEndpoint({ ...endpoint, user: 'root' }))
  if (ASKS.test(stderr)) {
    const got = `sudo asks ${who} for a password there, and docker-mtls can't type it`
    const line = `echo '${user ?? 'USER'} ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/docker-mtls`
    const todo = sentence`Log in as root:  ${asRoot}  Or let sudo ask for no password during the setup; as root on the host:  ${line}`
    return new ProvisionError('ERR_HOST_SUDO_PASSWORD', { tried, got, todo })
  }
  if (MISSING.test(stderr) || (NO_COMMAND.has(code) && stderr.includes('sudo'))) {
    const got = `${who} is not root there, and can't run sudo`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: sentence`Log in as root:  ${asRoot}` })
  }
  if (REFUSES.test(stderr)) {
    const got = `${who} is not root there, and sudo refuses (${lastWords(ran)})`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: sentence`Log in as root:  ${asRoot}` })
  }
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried,
    got: `the login runs no commands there (${lastWords({ ...ran, stderr: stderr + ran.stdout })})`,
    todo: sentence`Use a login with a POSIX sh that isn't restricted to one command. Test it:  ${command('ssh', formatEndpoint(endpoint), 'id')}`,
  })
}
