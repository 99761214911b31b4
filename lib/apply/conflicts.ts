import { DaemonError, ProvisionError, type ErrorCode } from '../base/errors.ts'
import type { DaemonJson } from '../daemon-config/existing-daemon-json.ts'
import type { ParsedUnit } from '../daemon-config/unit/parse-unit.ts'
import { ALWAYS_OURS } from '../daemon-config/effective-settings.ts'
import type { HostFacts } from '../host/facts.ts'
import type { FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import type { DaemonSettings } from '../daemon-config/settings-in-force.ts'
import { DAEMON_JSON } from '../daemon-config/render-files.ts'
import { oddPlaces, type Change } from './changes.ts'
import type { ConfigurationForm, SettingsInForce } from '../daemon-config/settings-in-force.ts'
import { portTroubles, unseenFromHere } from './ports.ts'
import type { UserNamespaces } from './userns.ts'
import { flagValue, type Expanded } from '../daemon-config/unit/variables.ts'
import { LEFT_BEHIND, runningIn } from './running.ts'
import { renderSentence } from '../base/sentence.ts'
import { shellWord } from '../base/shell-quote.ts'

/** Something on the host that would keep the new configuration from working. */
export interface Conflict {
  /** An error of the library where it is one, else `ERR_APPLY_CONFLICT`. */
  readonly code: ErrorCode
  /** The culprit: a file, a flag, a process. */
  readonly what: string
  /** What would come of it, without a full stop. */
  readonly got: string
  /** The way out. */
  readonly todo: string
}

/** What the conflicts are looked for in. */
export interface Situation {
  readonly facts: HostFacts
  readonly found: FoundUnit
  /** The unit as it will be. */
  readonly unit: ParsedUnit
  readonly expanded: Expanded
  readonly inForce: SettingsInForce
  readonly settings: DaemonSettings
  /** The daemon.json that will be there. */
  readonly daemonJson: DaemonJson
  readonly liveRestore: boolean
  readonly form: ConfigurationForm
  /** Is it proven from the host itself? */
  readonly isHere: boolean
}

type Search = (situation: Situation) => Conflict[]

/** Finds what would bite, all of it at once. */
export function findConflicts(situation: Situation): Conflict[] {
  return [laterDropIns, otherBinary, otherConfig, variables, ports, snapshotter, swarm, orphans].flatMap((search) =>
    search(situation),
  )
}

function conflict(what: string, got: string, todo: string): Conflict {
  return { code: 'ERR_APPLY_CONFLICT', what, got, todo }
}

const laterDropIns: Search = ({ found }) =>
  found.later.map((path) =>
    conflict(
      path,
      'it sets ExecStart= too, and sorts behind override.conf: it would win, and nothing of ours would hold',
      `Take its ExecStart= out, or move it away:  mv ${shellWord(path)} ${shellWord(`${path}.off`)}`,
    ),
  )

const otherBinary: Search = ({ facts, unit, found }) => {
  if (facts.fact(`program:${unit.exec}`) === 'yes') return []
  const there = facts.fact('dockerd')
  const [path = ''] = found.paths
  const todo =
    there === ''
      ? `Install Docker Engine anew: its unit ${path} is there, and its dockerd is not.`
      : `Make ExecStart= in ${found.paths.at(-1) ?? path} begin with ${there}, or remove that drop-in; then run this again.`
  return [conflict(unit.exec, `the unit starts it, and there is no such program on the host`, todo)]
}

/** We write the one that everybody knows, and dockerd would not read it. */
const otherConfig: Search = ({ expanded, form, daemonJson }) => {
  const named = flagValue(expanded.argv, 'config-file')
  if (named === undefined || named === DAEMON_JSON || (form === 'systemd' && daemonJson['live-restore'] !== true))
    return []
  const got = `dockerd reads it in place of ${DAEMON_JSON}, where our settings would go`
  return [conflict(named, got, `Move it to ${DAEMON_JSON}, and take --config-file out of the unit.`)]
}

/** They come behind our flags: with a second `-H` dockerd would listen there as well, without TLS where it is 2375. */
const variables: Search = ({ expanded, settings }) =>
  expanded.flags
    .filter(({ name = '' }) => ALWAYS_OURS.has(name) || (name === 'userns-remap' && settings.usernsRemap !== undefined))
    .map(({ name = '', value = '', path }) =>
      conflict(
        path,
        `its DOCKER_OPTS or another variable of the unit has --${name}${value === '' ? '' : ` ${value}`}, which the drop-in has too`,
        `Take --${name}${name === 'host' ? ' (-H)' : ''} out of ${path}.`,
      ),
    )

const ports: Search = ({ facts, settings: { listen }, isHere }) =>
  [...portTroubles(facts, listen), ...(isHere ? [] : unseenFromHere(listen))].map(({ what, got, todo }) =>
    conflict(what, got, todo),
  )

const snapshotter: Search = ({ daemonJson, settings }) => {
  const { features } = daemonJson
  const isSet =
    typeof features === 'object' && features !== null && Reflect.get(features, 'containerd-snapshotter') === true
  if (settings.usernsRemap === undefined || !isSet) return []
  return [
    conflict(
      DAEMON_JSON,
      'its features have "containerd-snapshotter": true, and user namespaces do not work with the containerd image store',
      'Take "containerd-snapshotter" out of it, or leave user namespaces off:  --no-userns-remap',
    ),
  ]
}

const swarm: Search = ({ facts, liveRestore }) => {
  const state = facts.info?.['Swarm']
  const isActive = typeof state === 'object' && state !== null && Reflect.get(state, 'LocalNodeState') === 'active'
  if (!liveRestore || !isActive) return []
  const got = 'this host is a node of one, and dockerd does not start with live-restore then'
  return [conflict('the swarm', got, 'Leave --live-restore out: a swarm starts its tasks anew elsewhere.')]
}

/**
 * Containers that outlive the daemon stay behind in the other user namespace's folder, and nobody sees them any more. What is
 * new of live-restore counts for this restart already, since dockerd reads it before.
 */
const orphans: Search = ({ facts, inForce, settings, liveRestore }) =>
  orphanConflicts({
    running: runningIn(facts),
    lives: liveRestore || facts.info?.['LiveRestoreEnabled'] === true,
    remaps: inForce.settings.usernsRemap !== settings.usernsRemap,
  })

/** What of a restart decides whether containers are left behind by it. */
interface Orphaning {
  readonly running: number
  /** Do they outlive the daemon? */
  readonly lives: boolean
  /** Will it have other user namespaces? */
  readonly remaps: boolean
}

/** The same for a way back, which is a restart with other settings, too. */
export function orphanConflicts({ running, lives, remaps }: Orphaning): Conflict[] {
  if (!lives || running === 0 || !remaps) return []
  return [
    conflict(`${running} running ${running === 1 ? 'container' : 'containers'}`, LEFT_BEHIND.got, LEFT_BEHIND.todo),
  ]
}

/** Folders above the data that containers with other ids could not get through. */
export function closedFolders({ closed }: UserNamespaces): Conflict[] {
  return closed.map(({ got, todo }) => ({
    code: 'ERR_APPLY_CONFLICT',
    what: 'user namespaces',
    got,
    todo: renderSentence(todo),
  }))
}

/** What stands where a file of ours would go. */
export function inPlaceOf(changes: readonly Change[], facts: HostFacts): Conflict[] {
  return oddPlaces(changes, facts).map((one) => ({ code: 'ERR_APPLY_CONFLICT', ...one }))
}

/**
 * Refuses a plan with conflicts, all of them in one message.
 *
 * @throws {@link DaemonError} ERR_DIRECTIVE_CONFLICT
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT
 */
export function refuseConflicts({ conflicts }: { readonly conflicts: readonly Conflict[] }): void {
  const [first, ...others] = conflicts
  if (first === undefined) return
  const failure = {
    tried: first.what,
    got: first.got,
    todo: [first.todo, ...others.map(({ what, got, todo }) => `${what}: ${got}. ${todo}`)].join('\n'),
  }
  if (first.code === 'ERR_DIRECTIVE_CONFLICT') throw new DaemonError(first.code, failure)
  throw new ProvisionError('ERR_APPLY_CONFLICT', failure)
}
