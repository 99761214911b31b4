import { ours, sentence } from '../../base/sentence.ts'
import type { Warning } from '../../base/warning.ts'
import { networkListeners, type SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import { flagsOf, lastValue } from '../../daemon-config/unit/flags.ts'
import type { FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import { gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { FactCall } from '../../host/facts-script.ts'
import type { HostShell } from '../../host/shell.ts'
import type { Conflict } from '../conflicts.ts'
import { casOnlyIn, refusedClients } from '../lost-clients.ts'
import { hasSwitch } from '../plaintext-before.ts'
import { isUndoneWhole, type LastApply } from './last-apply.ts'

/** How dockerd is configured. */
export interface Configured {
  readonly found: FoundUnit
  readonly inForce: SettingsInForce
}

/** A rollback of dockerd's settings. */
export interface SettingsRollback {
  readonly shell: HostShell
  readonly facts: HostFacts
  readonly last: LastApply
  /** Undefined: dockerd's files can't be read. */
  readonly now: Configured | undefined
  readonly after: Configured | undefined
  readonly signal: AbortSignal | undefined
}

/** Finds TLS files without which dockerd would not start after a rollback, and clients of CAs that go and come. */
export async function tlsFilesAfter({
  shell,
  facts,
  last,
  now,
  after,
  signal,
}: SettingsRollback): Promise<{ readonly conflicts: Conflict[]; readonly losses: Warning[] }> {
  const needed = after === undefined ? [] : neededFiles(after)
  if (isUndoneWhole(last) || !last.wasActive || last.gateway?.restarted === false || needed.length === 0)
    return { conflicts: [], losses: [] }
  const [current, ca] = [caOf(now), caOf(after)]
  const copy = ca === undefined ? undefined : (last.copies.get(ca) ?? ca)
  const { file, fact } = await gatherFurtherFacts(
    shell,
    facts,
    {
      files: last.gateway === undefined ? [current, copy].filter((path) => path !== undefined) : [],
      more: needed.map(goneQuestion),
    },
    signal,
  )
  const isRemoved = (path: string): boolean => last.removed.includes(path)
  const isGone = (path: string): boolean =>
    isRemoved(path) || (fact(`gone:${path}`) === 'yes' && !last.copies.has(path))
  const instead = ours(last.gateway === undefined ? 'daemon' : 'gateway', 'remove')
  const text = (path: string | undefined): string | undefined => (path === undefined ? undefined : file(path)?.text)
  return {
    conflicts: needed.filter(isGone).map((path) => ({
      ...conflictOf(path),
      // The apply has put the file there, so the rollback would remove it again.
      ...(isRemoved(path) && { todo: sentence`Remove docker-mtls instead:  ${instead}` }),
    })),
    losses: last.gateway === undefined ? exchangedCas(text(current), text(copy), 'dockerd') : [],
  }
}

/** Warns of clients that will be refused, and of clients that get in again. Undefined: nobody can connect now, or could before. */
export function exchangedCas(now: string | undefined, then: string | undefined, server: string): Warning[] {
  if (now === undefined || then === undefined) return []
  return [
    ...casOnlyIn(now, then).map(refusedClients),
    ...casOnlyIn(then, now).map(({ subject }) => ({
      code: 'ca-returns',
      text: `Clients of the CA ${subject}, which ${server} refuses now, can connect again.`,
    })),
  ]
}

/** The TLS files without which dockerd would not start, and which are gone. */
export async function goneFiles(
  shell: HostShell,
  facts: HostFacts,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (paths.length === 0) return []
  const { fact } = await gatherFurtherFacts(shell, facts, { more: paths.map(goneQuestion) }, signal)
  return paths.filter((path) => fact(`gone:${path}`) === 'yes')
}

const goneQuestion = (path: string): FactCall => [
  'said',
  `gone:${path}`,
  'sh',
  '-c',
  'test -e "$1" || echo yes',
  'sh',
  path,
]

export function conflictOf(path: string): Conflict {
  return {
    code: 'ERR_APPLY_CONFLICT',
    kind: 'changed-since',
    what: path,
    got: 'dockerd used this file before the apply, and would not start without it',
    todo: 'Put it there again.',
  }
}

/** The file with the CAs of clients, if dockerd listens on the network and requires their certificates. */
function caOf(configured: Configured | undefined): string | undefined {
  if (configured === undefined) return undefined
  const { found, inForce } = configured
  return networkListeners(inForce).length > 0 && hasSwitch('tlsverify', found, inForce)
    ? inForce.tlsFiles.ca
    : undefined
}

/** The TLS files that dockerd reads when it starts. */
export function neededFiles({ found, inForce }: Configured): string[] {
  const flags = flagsOf(found.unit)
  const isVerified = hasSwitch('tlsverify', found, inForce)
  if (!isVerified && !hasSwitch('tls', found, inForce)) return []
  return [...(isVerified ? ['tlscacert'] : []), 'tlscert', 'tlskey'].flatMap((name) => {
    const path = lastValue(flags, name) ?? inForce.daemonJson[name]
    return typeof path === 'string' && path !== '' ? [path] : []
  })
}
