import { askForSshKeys } from '../../apply/gateway/ssh-keys.ts'
import type { DockerClient } from '../../engine/client.ts'
import { localShell } from '../../host/local-shell.ts'
import type { Policy } from '../../policy/file/types.ts'
import type { Context } from '../command.ts'

/** Warns of keys of root that builds could use. Only root on the host of the daemon can find them. */
export async function warnOfSshKeys({ endpoint }: DockerClient, policy: Policy, context: Context): Promise<void> {
  if (endpoint.kind !== 'unix' || process.getuid?.() !== 0) return
  for (const { text } of await askForSshKeys(policy, localShell(), context.io.signal)) context.warn(text)
}
