import { DockerMtlsError } from '../../../base/errors.ts'
import { DEFAULT_SOCKET } from '../../../endpoint/endpoint.ts'
import type { DockerClient } from '../../../engine/client.ts'
import { localShell } from '../../../host/local-shell.ts'
import type { RunLimits } from '../../../host/run-limits.ts'
import { stderrSummary, type HostShell } from '../../../host/shell.ts'
import { sshShellOfUser } from '../../../host/ssh-shell.ts'
import type { InfoFacts } from '../daemon-schema.ts'
import type { Part, Snapshot } from '../snapshot.ts'
import { parseHost, type PrintedHost } from './read-host.ts'
import type { HostFacts } from './schema.ts'
import { hostScript, type KnownDaemon } from './script.ts'

/**
 * Which host's files are read. `local`: those of this machine, on which the daemon must run. `remote`: those of an `ssh://`
 * endpoint, through one more login. `none`: none.
 */
export type HostFiles = 'local' | 'remote' | 'none'

/** The script ends within seconds. A host that prints more has no configuration of Docker. */
const LIMITS: RunLimits = { bytes: 8 * 2 ** 20, lines: 20_000, silence: 60_000, total: 120_000 }

/**
 * Reads the files of the daemon's host by one script, which changes nothing.
 *
 * @param info - to know how the daemon runs, and whether these are the files of its host
 * @returns null if there are none to read
 * @throws the reason of the signal
 */
export async function collectHost(
  { endpoint }: DockerClient,
  info: Snapshot['info'],
  {
    hostFiles = 'remote',
    signal,
  }: { readonly hostFiles?: HostFiles | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Snapshot['host']> {
  if (hostFiles === 'none' || (hostFiles === 'remote' && endpoint.kind !== 'ssh')) return null
  if ('unknown' in info) return { unknown: `the daemon did not say on which host it runs: ${info.unknown}` }
  if (info.value.OSType === 'windows') return { unknown: 'the host runs Windows' }
  const shell = hostFiles === 'local' || endpoint.kind !== 'ssh' ? localShell() : sshShellOfUser(endpoint)
  const daemon = knownDaemon(info.value, socketOf(endpoint))
  const printed = await run(shell, hostScript(daemon), signal)
  if ('unknown' in printed) return printed
  const host = parseHost(printed.value, daemon.dataRoot)
  if (host === undefined) return { unknown: 'the script that reads the host printed something unexpected' }
  if (host.hostname === info.value.Name) return { value: await factsOf(host) }
  return {
    unknown: `the daemon runs on ${info.value.Name ?? 'an unnamed host'}, and these are the files of ${host.hostname}`,
  }
}

async function factsOf({ facts, policies }: PrintedHost): Promise<HostFacts> {
  const { access } = facts
  if (policies.size === 0 || 'unknown' in access) return facts
  const { withPolicies } = await import('./read-policies.ts')
  return { ...facts, access: { value: { ...access.value, services: withPolicies(access.value.services, policies) } } }
}

function socketOf(endpoint: DockerClient['endpoint']): string {
  if (endpoint.kind === 'unix') return endpoint.path
  return endpoint.kind === 'ssh' ? (endpoint.socketPath ?? '') : DEFAULT_SOCKET
}

function knownDaemon({ SecurityOptions = [], DockerRootDir = '' }: InfoFacts, socket: string): KnownDaemon {
  const isRootless = SecurityOptions.some((option) => option.split(',').includes('name=rootless'))
  return { isRootless, socket, dataRoot: DockerRootDir.startsWith('/') ? DockerRootDir : '' }
}

/** Only the caller's abort is thrown; every other failure is the reason why the host is unknown. */
async function run(shell: HostShell, script: string, signal: AbortSignal | undefined): Promise<Part<string>> {
  try {
    const ran = await shell.run(script, { signal, limits: LIMITS })
    return ran.code === 0 ? { value: ran.stdout } : { unknown: `its script failed: ${stderrSummary(ran)}` }
  } catch (error) {
    signal?.throwIfAborted()
    return { unknown: error instanceof DockerMtlsError ? error.got : String(error) }
  }
}
