import type { HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { openListeners } from '../plaintext-before.ts'
import { configuredIn } from './plan.ts'
import { neededFiles } from './tls-files.ts'

/**
 * What `rollback.sh` has to know of dockerd before an apply if somebody runs it by hand, one item a line:
 *
 * - `open LISTENER` - on the network, where everybody got in without a certificate
 * - `listens LISTENER` - on the network
 * - `needs PATH` - a TLS file
 */
export function daemonBefore(facts: HostFacts, shell: HostShell): string {
  const configured = configuredIn(facts, shell)
  if (configured === undefined) return ''
  const { found, inForce } = configured
  const lines = [
    ...openListeners(found, inForce).map((listener) => `open ${listener}`),
    ...[...inForce.settings.listen, ...inForce.plaintext].map((listener) => `listens ${listener}`),
    ...neededFiles(configured).map((path) => `needs ${path}`),
  ]
  return lines.filter((line) => !line.includes('\n')).join('\n')
}
