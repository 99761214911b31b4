import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ProvisionError } from '../base/errors.ts'
import { lastWords, type Ran } from './shell.ts'

/** A login that came about, and where no shell of root's spoke. */
export interface Entry {
  readonly endpoint: SshEndpoint
  /** As whom ssh has logged in, where that is known. */
  readonly user?: string | undefined
}

/** What sudo(8) says with -n, and its newer namesake in Rust. */
const ASKS = /(?:password|terminal|authentication) is required|must have a tty/
const REFUSES = /not allowed to|not in the sudoers|may not run sudo|I'm sorry/
const MISSING = /sudo: .*not found|not found.*sudo/
/** A shell's for a command that can't be run, or isn't there (POSIX, Shell Command Language, 2.8.2). */
const NO_COMMAND: ReadonlySet<number> = new Set([126, 127])

/**
 * Why we did not get to be root there.
 *
 * @param ran - its stdout is whatever came in place of our shell's first word
 */
export function entryFault(ran: Ran, { endpoint, user = endpoint.user }: Entry): ProvisionError {
  const { stderr, code } = ran
  const tried = `becoming root on ${formatEndpoint(endpoint)}`
  const who = user ?? 'the user'
  const asRoot = `docker-mtls setup ${formatEndpoint({ ...endpoint, user: 'root' })}`
  if (ASKS.test(stderr)) {
    const got = `sudo there asks ${who} for a password, and nobody can type it here`
    const line = `echo '${user ?? 'USER'} ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/docker-mtls`
    const todo = `Log in as root:  ${asRoot} ; or let sudo ask nothing for as long as this takes, by root on the host:  ${line}`
    return new ProvisionError('ERR_HOST_SUDO_PASSWORD', { tried, got, todo })
  }
  if (MISSING.test(stderr) || (NO_COMMAND.has(code) && stderr.includes('sudo'))) {
    const got = `${who} is not root there, and there is no sudo that may be run`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: `Log in as root:  ${asRoot}` })
  }
  if (REFUSES.test(stderr)) {
    const got = `${who} is not root there, and sudo refuses (${lastWords(ran)})`
    return new ProvisionError('ERR_HOST_NOT_ROOT', { tried, got, todo: `Log in as root:  ${asRoot}` })
  }
  return new ProvisionError('ERR_HOST_UNREADABLE', {
    tried,
    got: `the login there runs no commands (${lastWords({ ...ran, stderr: stderr + ran.stdout })})`,
    todo: `It takes a POSIX sh, and a login that is not restricted to one command. Try it:  ssh ${formatEndpoint(endpoint)} id`,
  })
}
