import { ProvisionError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { HostShell } from '../../host/shell.ts'
import { inspectListener } from '../listener-status.ts'

/**
 * Checks that dockerd listens again where it has listened before a gateway took its place.
 *
 * @throws {@link ProvisionError} ERR_APPLY_ROLLBACK_FAILED
 */
export async function verifyListeners(
  listeners: readonly string[],
  { name }: HostShell,
  signal?: AbortSignal,
): Promise<void> {
  const all = await Promise.all(listeners.map((listener) => inspectListener(listener, 'hidden', signal)))
  const silent = all.filter(({ seen }) => seen === undefined).map(({ listener }) => listener)
  if (silent.length === 0) return
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `checking dockerd on ${name} after a complete rollback`,
    got: `nothing answers on ${enumerate(silent)}, where it has listened before`,
    todo: sentence`Read the daemon's log:  ${command('journalctl', '-u', 'docker.service')}`,
  })
}
