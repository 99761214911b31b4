import { networkListeners } from '../../daemon-config/settings-in-force.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { openListeners } from '../plaintext-before.ts'
import { configuredIn } from './plan.ts'
import { neededFiles } from './tls-files.ts'

/**
 * What `rollback.sh` has to know of dockerd before an apply if somebody runs it by hand, one item a line:
 *
 * - `needs PATH` - a TLS file
 * - `listens LISTENER` - on the network
 * - `open LISTENER` - on the network, where everybody got in without a certificate
 */
export function daemonBefore(facts: HostFacts, shell: HostShell): string {
  const configured = configuredIn(facts, shell)
  if (configured === undefined) return ''
  const { found, inForce } = configured
  const lines = [
    ...neededFiles(configured).map((path) => `needs ${path}`),
    ...networkListeners(inForce).map((listener) => `listens ${listener}`),
    ...openListeners(found, inForce).map((listener) => `open ${listener}`),
  ]
  return lines.filter((line) => !line.includes('\n')).join('\n')
}
