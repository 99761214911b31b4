import { formatEndpoint, type SshEndpoint } from '../endpoint/endpoint.ts'
import { ConnectionError } from '../base/errors.ts'
import type { SshHost } from '../host/ssh-config.ts'

/**
 * Refuses a host whose key ssh is configured not to check: whoever is in the middle would get a certificate of ours for its
 * name, and could stand in for it from then on. A key that is accepted when it is seen first is somebody's own choice.
 *
 * @throws {@link ConnectionError} ERR_SSH_HOST_KEY_UNKNOWN
 */
export function requireHostKey(endpoint: SshEndpoint, { hostKeyChecking, knownHosts }: SshHost): void {
  const forgets = hostKeyChecking === 'accept-new' && knownHosts.length === 0
  if (hostKeyChecking !== 'no' && !forgets) return
  const word = formatEndpoint(endpoint)
  throw new ConnectionError('ERR_SSH_HOST_KEY_UNKNOWN', {
    tried: `setting up ${word}`,
    got: `ssh is configured to take any key for that host (StrictHostKeyChecking ${hostKeyChecking}${forgets ? ', and UserKnownHostsFile keeps none' : ''})`,
    todo: `Whoever is in the middle would get a certificate for its name. Let ~/.ssh/config say  StrictHostKeyChecking ask  for it${forgets ? ', without a UserKnownHostsFile' : ''}; then compare its fingerprint, and accept it once in a terminal:  ssh ${word}`,
  })
}
