import { isDockerMtlsError } from '../../base/errors.ts'
import type { Warning } from '../../base/warning.ts'
import type { HostFile } from '../../host/fact-records.ts'
import { gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import type { FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { orphanConflicts, type Conflict } from '../conflicts.ts'
import { hasLiveRestore, settingsInForce, type SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import type { LastApply } from './last-apply.ts'
import { unitOf } from '../unit.ts'
import { decideUserns, usernsQuestions } from '../userns.ts'
import { runningIn, stopSentence } from '../running.ts'

/** A rollback, planned before anything is done. */
export interface RollbackPlan {
  readonly last: LastApply
  /** The reasons against the rollback; empty if there are none. */
  readonly conflicts: readonly Conflict[]
  /** Containers that stop or keep running, and data that will be hidden. */
  readonly losses: readonly Warning[]
  /** How many containers the rollback stops. */
  readonly stops: number
}

/**
 * Determines the effects of a rollback on running containers. Changes nothing.
 *
 * @param facts - of the host, as they are now
 */
export async function planRollback(
  shell: HostShell,
  facts: HostFacts,
  last: LastApply,
  signal?: AbortSignal,
): Promise<RollbackPlan> {
  const running = runningIn(facts)
  const lives = facts.info?.['LiveRestoreEnabled'] === true
  const change = await usernsChange(shell, facts, last, signal).catch((error: unknown) => {
    // A unit that can't be read may be the reason for the rollback.
    if (!isDockerMtlsError(error)) throw error
    return undefined
  })
  // dockerd stops running containers if its own live-restore is off (moby, daemon.restore).
  const isLive = lives && (change?.liveRestore !== false || !last.wasActive)
  const stops = isLive ? 0 : running
  return {
    last,
    // An unfinished apply is rolled back by the host in any case.
    conflicts: last.isPending ? [] : orphanConflicts({ running, lives, remaps: change?.remaps === true }),
    losses: [
      ...(stops > 0 ? [{ code: 'containers-stop', text: `${stopSentence(stops)}.` }] : []),
      ...(isLive && running > 0
        ? [{ code: 'containers-go-on', text: 'Live-restore keeps containers running during the restart.' }]
        : []),
      ...(change?.losses ?? []),
    ],
    stops,
  }
}

interface UsernsChange {
  readonly remaps: boolean
  /** After the rollback. */
  readonly liveRestore: boolean
  readonly losses: readonly Warning[]
}

async function usernsChange(
  shell: HostShell,
  known: HostFacts,
  last: LastApply,
  signal: AbortSignal | undefined,
): Promise<UsernsChange> {
  const copies = [DAEMON_JSON, DROP_IN].flatMap((path) => last.copies.get(path) ?? [])
  const facts = await gatherFurtherFacts(shell, known, { files: copies }, signal)
  const [now, then] = [inForceOf(facts, shell), inForceOf(asBefore(facts, last), shell)]
  const value = then.inForce.settings.usernsRemap
  const remaps = now.inForce.settings.usernsRemap !== value
  const liveRestore = hasLiveRestore(then.found.unit, then.inForce.daemonJson)
  if (!remaps) return { remaps, liveRestore, losses: [] }
  const more = usernsQuestions(now.found.unit, now.inForce, value)
  const { losses } = decideUserns(value, now.inForce, await gatherFurtherFacts(shell, facts, { more }, signal))
  return { remaps, liveRestore, losses }
}

interface Configured {
  readonly found: FoundUnit
  readonly inForce: SettingsInForce
}

function inForceOf(facts: HostFacts, { name }: HostShell): Configured {
  const found = unitOf(facts, name)
  return { found, inForce: settingsInForce(found, facts.file(DAEMON_JSON)?.text) }
}

/** The host with the files that it had before the last apply. */
function asBefore(facts: HostFacts, { copies, removed }: LastApply): HostFacts {
  const files = new Map<string, HostFile>(facts.files.map((file) => [file.path, file]))
  for (const path of removed) files.delete(path)
  for (const [path, copy] of copies) {
    const file = facts.file(copy)
    if (file !== undefined) files.set(path, { ...file, path })
  }
  return { ...facts, files: [...files.values()], file: (path) => files.get(path) }
}
