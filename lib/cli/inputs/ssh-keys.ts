import { stat } from 'node:fs/promises'
import { askForSshKeys } from '../../apply/gateway/ssh-keys.ts'
import type { Endpoint } from '../../endpoint/endpoint.ts'
import { localShell } from '../../host/local-shell.ts'
import type { HostShell } from '../../host/shell.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { Context } from '../command.ts'

/**
 * Warns of keys of the daemon's user that builds could use. Only root on its host can find them. A rootless daemon runs as the
 * owner of its socket.
 */
export async function warnOfSshKeys(
  { endpoint }: { readonly endpoint: Endpoint },
  policy: Policy,
  { warn, io }: Pick<Context, 'warn' | 'io'>,
  shell: HostShell = localShell(),
): Promise<void> {
  if (endpoint.kind !== 'unix' || process.getuid?.() !== 0) return
  const owner = await stat(endpoint.path).catch(() => undefined)
  if (owner === undefined) return
  for (const { text } of await askForSshKeys(policy, owner.uid, shell, io.signal)) warn(text)
}
