import { ProvisionError } from '../../base/errors.ts'
import { enumerate } from '../../base/text.ts'
import { isListenerOf, readListener } from '../../daemon-config/listener-target.ts'
import type { HostShell } from '../../host/shell.ts'
import { READ_DAEMON_LOG } from '../carry-out.ts'
import { inspectListener, socketsOf } from '../listener-status.ts'

/**
 * Checks that dockerd listens again where it has listened before a gateway took its place.
 *
 * @throws {@link ProvisionError} ERR_APPLY_ROLLBACK_FAILED
 */
export async function verifyListeners(
  listeners: readonly string[],
  shell: HostShell,
  signal?: AbortSignal,
): Promise<void> {
  const { name } = shell
  const silent = shell.isHere ? await silentHere(listeners, signal) : await silentThere(listeners, shell)
  if (silent.length === 0) return
  throw new ProvisionError('ERR_APPLY_ROLLBACK_FAILED', {
    tried: `checking dockerd on ${name} after a complete rollback`,
    got: `nothing answers on ${enumerate(silent)}, where it has listened before`,
    todo: READ_DAEMON_LOG,
  })
}

async function silentHere(listeners: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
  const all = await Promise.all(listeners.map((listener) => inspectListener(listener, 'hidden', signal)))
  return all.filter(({ seen }) => seen === undefined).map(({ listener }) => listener)
}

/** On another host, since a firewall may be on the way from here. The address of a name is unknown here. */
async function silentThere(listeners: readonly string[], shell: HostShell): Promise<string[]> {
  const numeric = listeners.filter((listener) => isAddress(readListener(listener).host))
  if (numeric.length === 0) return []
  const sockets = await socketsOf(shell)
  return numeric.filter((listener) => !sockets.some((socket) => isListenerOf(socket, listener)))
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}
