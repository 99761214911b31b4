import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import type { SshHost } from '../host/ssh-config.ts'

/**
 * Refuses a host whose key ssh is configured not to check: a man in the middle would get a certificate for its name, and
 * could impersonate it from then on. Accepting a key at first sight is the user's own choice.
 *
 * @throws {@link ConnectionError} ERR_SSH_HOST_KEY_UNKNOWN
 */
export function requireHostKey(endpoint: SshEndpoint, { hostKeyChecking, knownHosts }: SshHost): void {
  const forgets = hostKeyChecking === 'accept-new' && knownHosts.length === 0
  if (hostKeyChecking !== 'no' && !forgets) return
  const word = formatEndpoint(endpoint)
  throw new ConnectionError('ERR_SSH_HOST_KEY_UNKNOWN', {
    tried: `setting up ${word}`,
    got: `ssh is configured to accept any key for that host (StrictHostKeyChecking ${hostKeyChecking}${forgets ? ', and UserKnownHostsFile stores none' : ''})`,
    todo: sentence`Set  StrictHostKeyChecking ask  for it in ~/.ssh/config${forgets ? ', without a UserKnownHostsFile' : ''}, then compare its fingerprint and accept the key once in a terminal:  ${command('ssh', word)}`,
  })
}
