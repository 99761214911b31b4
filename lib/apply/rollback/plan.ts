import { isDockerMtlsError } from '../../base/errors.ts'
import type { Warning } from '../../base/warning.ts'
import type { HostFile } from '../../host/fact-records.ts'
import { gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { sumOf } from '../changes.ts'
import { orphanConflicts, type Conflict } from '../conflicts.ts'
import { besideGateway } from '../gateway/beside.ts'
import { GATEWAY_FILES, UNIT_PATH } from '../gateway/files.ts'
import { gatewayQuestion } from '../gateway/state.ts'
import { hasLiveRestore, networkListeners } from '../../daemon-config/settings-in-force.ts'
import { isUndoneWhole, type LastApply } from './last-apply.ts'
import { inForceOf } from '../unit.ts'
import { openListeners } from '../plaintext-before.ts'
import { tlsFilesAfter, type Configured } from './tls-files.ts'
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
  /** The files that the apply has written, and that stay as they are. Absent: none. */
  readonly kept?: readonly string[]
}

/**
 * Determines the effects of a rollback on running containers. Changes nothing.
 *
 * @param facts - of the host, as they are now
 * @param before - as {@link factsBefore} returns them, if they are known already
 */
export async function planRollback(
  shell: HostShell,
  facts: HostFacts,
  last: LastApply,
  { signal, before: known }: { signal?: AbortSignal | undefined; before?: HostFacts } = {},
): Promise<RollbackPlan> {
  const before = known ?? (await factsBefore(shell, facts, last, signal))
  const target = async (): Promise<HostFacts> => before
  const { conflicts, losses, stops } = await findEffects({ shell, facts, target, starts: last.wasActive, signal })
  const [now, then] = [configuredIn(facts, shell), configuredIn(before, shell)]
  const tls = await tlsFilesAfter({ shell, facts, last, now, after: then, signal })
  return {
    last,
    // An unfinished apply is rolled back by the host in any case.
    conflicts: last.isPending ? [] : [...conflicts, ...opensBeside(before, last, then, now), ...tls.conflicts],
    losses: [...losses, ...opens(then), ...tls.losses, ...setAside(await withSums(shell, facts, last, signal), last)],
    stops,
  }
}

/** An apply of dockerd, undone, must not open it further beside a gateway that somebody has installed since. */
function opensBeside(before: HostFacts, { gateway }: LastApply, then?: Configured, now?: Configured): Conflict[] {
  const isMore = listenersOf(then).some((listener) => !listenersOf(now).includes(listener))
  return gateway === undefined && isMore ? besideGateway(before) : []
}

/** The listeners of dockerd on the network. A listener without TLS counts as a different one, so opening an existing address counts as a change. */
export function listenersOf(configured?: Configured): string[] {
  if (configured === undefined) return []
  const { found, inForce } = configured
  const open = openListeners(found, inForce)
  return [...networkListeners(inForce), ...open.map((listener) => `${listener} without TLS`)]
}

/** Warns of listeners that let everybody in, as before the apply. */
function opens(then: Configured | undefined): Warning[] {
  if (then === undefined) return []
  return openListeners(then.found, then.inForce).map((listener) => ({
    code: 'opens-plaintext',
    text: `dockerd will listen on ${listener} again, where everybody gets in without a certificate.`,
  }))
}

/** The sums of the certificates and keys that a rollback changes, and of all copies. */
function withSums(shell: HostShell, facts: HostFacts, last: LastApply, signal?: AbortSignal): Promise<HostFacts> {
  const pems = [...last.restored, ...last.removed].filter((path) => path.endsWith('.pem') && path !== GATEWAY_FILES.crl)
  return gatherFurtherFacts(shell, facts, { secrets: [...pems, ...last.copies.values()] }, signal)
}

/**
 * Warns of files that were changed since the apply: `rollback.sh` keeps them aside, or leaves them if it goes on. An unfinished apply
 * is undone as a whole.
 */
function setAside({ file: fileAt }: HostFacts, last: LastApply): Warning[] {
  const { id, written, restored, removed, copies, isRestored } = last
  if (isRestored) {
    const text = 'The files were restored before the interruption, and stay as they are now.'
    return [{ code: 'restored-already', text }]
  }
  if (isUndoneWhole(last) || written.size === 0) return []
  return [...restored, ...removed].flatMap((path) => {
    const [file, old] = [fileAt(path), fileAt(copies.get(path) ?? '')]
    if (file === undefined || sumOf(file) === written.get(path)) return []
    if (old && sumOf(old) === sumOf(file)) return []
    const text = `${path} was changed since the apply. The changed file is kept as ${path}.before-rollback.${id}.`
    return [{ code: 'changed-since', text }]
  })
}

/** How dockerd is configured. With files that can't be read, which may be the reason for the rollback, it doesn't start. */
export function configuredIn(facts: HostFacts, shell: HostShell): Configured | undefined {
  try {
    return inForceOf(facts, shell)
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return undefined
  }
}

/** The host with the files of dockerd, and the unit of the gateway, that it had before an apply. */
export async function factsBefore(
  shell: HostShell,
  facts: HostFacts,
  last: LastApply,
  signal?: AbortSignal,
): Promise<HostFacts> {
  const copies = [DAEMON_JSON, DROP_IN, UNIT_PATH].flatMap((path) => last.copies.get(path) ?? [])
  const further = await gatherFurtherFacts(shell, facts, { files: copies, more: [gatewayQuestion()] }, signal)
  return last.isRestored ? further : asBefore(further, last)
}

/** A change of the files on a host. */
interface FileChange {
  readonly shell: HostShell
  /** The host as it is. */
  readonly facts: HostFacts
  /** The host with the files that it will have. */
  readonly target: () => Promise<HostFacts>
  /** Does dockerd run afterwards? */
  readonly starts: boolean
  readonly signal: AbortSignal | undefined
}

/** The effects of other settings on running containers and stored data. */
export async function findEffects(change: FileChange): Promise<Omit<RollbackPlan, 'last'>> {
  const { facts, starts } = change
  const running = runningIn(facts)
  const lives = facts.info?.['LiveRestoreEnabled'] === true
  const userns = await usernsChange(change).catch((error: unknown) => {
    // A unit that can't be read may be the reason for the rollback.
    if (!isDockerMtlsError(error)) throw error
    return undefined
  })
  // dockerd stops running containers if its own live-restore is off (moby, daemon.restore).
  const isLive = lives && (userns?.liveRestore !== false || !starts)
  const stops = isLive ? 0 : running
  return {
    conflicts: orphanConflicts({ running, lives, remaps: userns?.remaps === true }),
    losses: [
      ...(stops > 0 ? [{ code: 'containers-stop', text: `${stopSentence(stops)}.` }] : []),
      ...(isLive && running > 0
        ? [{ code: 'containers-go-on', text: 'Live-restore keeps containers running during the restart.' }]
        : []),
      ...(userns?.losses ?? []),
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

async function usernsChange({ shell, facts, target, signal }: FileChange): Promise<UsernsChange> {
  const [now, then] = [inForceOf(facts, shell), inForceOf(await target(), shell)]
  const value = then.inForce.settings.usernsRemap
  const remaps = now.inForce.settings.usernsRemap !== value
  const liveRestore = hasLiveRestore(then.found.unit, then.inForce.daemonJson)
  if (!remaps) return { remaps, liveRestore, losses: [] }
  const more = usernsQuestions(now.found.unit, now.inForce, value)
  const { losses } = decideUserns(value, now.inForce, await gatherFurtherFacts(shell, facts, { more }, signal))
  return { remaps, liveRestore, losses }
}

/** The host with the files that it had before the last apply. */
function asBefore(facts: HostFacts, { copies, removed }: LastApply): HostFacts {
  const restored = [...copies].flatMap(([path, copy]): [string, HostFile][] => {
    const file = facts.file(copy)
    return file === undefined ? [] : [[path, { ...file, path }]]
  })
  return withFiles(facts, [...removed.map((path) => [path, undefined] as const), ...restored])
}

/** The host with other files; undefined: without that file. */
export function withFiles(
  facts: HostFacts,
  changed: readonly (readonly [path: string, file: HostFile | undefined])[],
): HostFacts {
  const files = new Map<string, HostFile>(facts.files.map((file) => [file.path, file]))
  for (const [path, file] of changed) {
    if (file === undefined) files.delete(path)
    else files.set(path, file)
  }
  return { ...facts, files: [...files.values()], file: (path) => files.get(path) }
}
