import { ConnectionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { readSshConfig, type SshHost } from '../host/ssh-config.ts'
import { sshShell, type SshShell } from '../host/ssh-shell.ts'
import { givenTwice, type SetupTarget } from './target.ts'

/** The host at each name and port to which ssh connects, shared by all hosts: two aliases may stand for one host. */
export type Addresses = Map<string, string>

/** A root shell on a host, which has run nothing yet, and the name by which ssh reaches it. */
export interface OpenHost {
  readonly shell: SshShell
  readonly hostname: string
}

/**
 * Creates the shell of a host.
 *
 * @param danger - what could happen if ssh didn't check the host's key: a sentence without a full stop
 * @throws {@link ConnectionError} ERR_SSH_HOST_KEY_UNKNOWN
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, if another target is the same host
 */
export async function openHost(
  { host, endpoint }: SetupTarget,
  byAddress: Addresses,
  danger: string,
): Promise<OpenHost> {
  const ssh = await readSshConfig(endpoint)
  requireHostKey(endpoint, ssh, danger)
  const { hostname, user, port } = ssh
  const address = `${hostname}:${port}`
  if ((byAddress.get(address) ?? host) !== host) throw givenTwice(`${host}, which is also ${byAddress.get(address)}`)
  byAddress.set(address, host)
  return { shell: sshShell(endpoint, user), hostname }
}

/**
 * Refuses a host whose key ssh is configured not to check. Accepting the key at the first connection is allowed, since the user
 * decides that.
 *
 * @throws {@link ConnectionError} ERR_SSH_HOST_KEY_UNKNOWN
 */
function requireHostKey(endpoint: SshEndpoint, { hostKeyChecking, knownHosts }: SshHost, danger: string): void {
  const forgets = hostKeyChecking === 'accept-new' && knownHosts.length === 0
  if (hostKeyChecking !== 'no' && !forgets) return
  const url = formatEndpoint(endpoint)
  throw new ConnectionError('ERR_SSH_HOST_KEY_UNKNOWN', {
    tried: `setting up ${url}`,
    got: `ssh is configured to accept any key for that host (StrictHostKeyChecking ${hostKeyChecking}${forgets ? ', and UserKnownHostsFile stores none' : ''}), so ${danger}`,
    todo: sentence`Set  StrictHostKeyChecking ask  for it in ~/.ssh/config${forgets ? ', without a UserKnownHostsFile' : ''}, then compare its fingerprint and accept the key once in a terminal:  ${command('ssh', url)}`,
  })
}
