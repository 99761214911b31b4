import { DaemonError, ProvisionError, type ErrorCode } from '../base/errors.ts'
import { command, option, partsOf, sentence, type Sentence } from '../base/sentence.ts'
import type { DaemonJson } from '../daemon-config/existing-daemon-json.ts'
import type { ParsedUnit } from '../daemon-config/unit/parse-unit.ts'
import { MANAGED_FLAGS } from '../daemon-config/effective-settings.ts'
import type { HostFacts } from '../host/facts.ts'
import { hidesOverride, type FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import { DAEMON_JSON, DROP_IN } from '../daemon-config/render-files.ts'
import { oddPlaces, type Change } from './changes.ts'
import {
  takesPassed,
  type ConfigurationForm,
  type DaemonSettings,
  type SettingsInForce,
} from '../daemon-config/settings-in-force.ts'
import { openFolders } from './parents.ts'
import { portConflicts, unprovableListeners, unusedPassed } from './ports.ts'
import type { UserNamespaces } from './userns.ts'
import { flagValue, type ExpandedCommand } from '../daemon-config/unit/variables.ts'
import { LEFT_BEHIND, runningIn } from './running.ts'

/** The subject of a conflict. Stable, for programs. */
export type ConflictKind =
  | 'directive-in-two-places'
  | 'later-drop-in'
  | 'missing-program'
  | 'other-config-file'
  | 'flag-in-variable'
  | 'port-taken'
  | 'unprovable-listener'
  | 'open-plaintext-port'
  | 'containerd-image-store'
  | 'swarm'
  | 'containers-left-behind'
  | 'closed-data-folder'
  | 'not-a-file'
  | 'open-folder'
  | 'foreign-unit'
  | 'changed-since'
  | 'plaintext-before'
  | 'unusable-program'
  | 'no-socket-group'
  | 'shared-account'
  | 'older-list'
  | 'lost-list'
  | 'unknown-listener'
  | 'ssh-key'
  | 'gateway'
  | 'other-gateway'

/** Something on the host that would prevent the new configuration from working. */
export interface Conflict {
  /** The code of a specific error, or else `ERR_APPLY_CONFLICT`. */
  readonly code: ErrorCode
  readonly kind: ConflictKind
  /** The cause: a file, a flag, a process. */
  readonly what: string
  /** The effect that it would have, without a full stop. */
  readonly got: Sentence
  /** The remedy. */
  readonly todo: Sentence
}

/** Where conflicts are searched for. */
export interface Situation {
  readonly facts: HostFacts
  readonly found: FoundUnit
  /** The unit as it will be. */
  readonly unit: ParsedUnit
  readonly expanded: ExpandedCommand
  readonly inForce: SettingsInForce
  readonly settings: DaemonSettings
  /** The daemon.json that will be there. */
  readonly daemonJson: DaemonJson
  readonly liveRestore: boolean
  readonly form: ConfigurationForm
  /** Does the verification run on the host itself? */
  readonly isHere: boolean
  readonly tlsDir: string
  /** Processes besides dockerd that may have the ports already: the running gateway. */
  readonly holders?: readonly number[]
}

type Search = (situation: Situation) => Conflict[]

/** Finds all conflicts at once. */
export function findConflicts(situation: Situation): Conflict[] {
  return SEARCHES.flatMap((search) => search(situation))
}

function conflict(kind: ConflictKind, what: string, got: Sentence, todo: Sentence): Conflict {
  return { code: 'ERR_APPLY_CONFLICT', kind, what, got, todo }
}

const laterDropIns: Search = ({ found }) =>
  found.later.map((path) =>
    conflict(
      'later-drop-in',
      path,
      hidesOverride(path)
        ? 'systemd reads it instead of the drop-in of docker-mtls, so that the new settings would have no effect'
        : 'it sets ExecStart=, too, and sorts after override.conf, so that it would override the new settings',
      hidesOverride(path)
        ? sentence`Move it away:  ${command('mv', path, `${path}.off`)}`
        : sentence`Remove its ExecStart=, or move it away:  ${command('mv', path, `${path}.off`)}`,
    ),
  )

const otherBinary: Search = ({ facts, unit, found }) => {
  if (facts.fact(`program:${unit.exec}`) === 'yes') return []
  const there = facts.fact('dockerd')
  const [path = ''] = found.paths
  const todo =
    there === ''
      ? `Reinstall Docker Engine: its unit ${path} exists, but its dockerd doesn't.`
      : `Change ExecStart= in ${found.paths.at(-1) ?? path} so that it begins with ${there}, then run this again.`
  return [
    conflict('missing-program', unit.exec, "the unit starts it, but this program doesn't exist on the host", todo),
  ]
}

/** We write the default file, and dockerd would not read it. */
const otherConfig: Search = ({ expanded, form, daemonJson }) => {
  const named = flagValue(expanded.argv, 'config-file')
  if (named === undefined || named === DAEMON_JSON || (form === 'systemd' && daemonJson['live-restore'] !== true))
    return []
  const got = `dockerd reads it instead of ${DAEMON_JSON}, which would have the new settings`
  const todo = `Move it to ${DAEMON_JSON}, and remove --config-file from the unit.`
  return [conflict('other-config-file', named, got, todo)]
}

/** These flags come after ours: with a second `-H` dockerd would listen there as well, without TLS if it is port 2375. */
const variables: Search = ({ expanded, settings }) =>
  expanded.flags
    .filter(
      ({ name = '' }) => MANAGED_FLAGS.has(name) || (name === 'userns-remap' && settings.usernsRemap !== undefined),
    )
    .map(({ name = '', value = '', path }) =>
      conflict(
        'flag-in-variable',
        path,
        `DOCKER_OPTS or another variable of the unit sets --${name}${value === '' ? '' : ` ${value}`}, and so does the drop-in`,
        // Without its TLS flags, dockerd would let everybody in if the apply fails and is rolled back.
        name.startsWith('tls')
          ? `Move --${name} from ${path} to the ExecStart= of ${DROP_IN}, then run this again.`
          : `Remove --${name}${name === 'host' ? ' (-H)' : ''} from ${path}.`,
      ),
    )

const ports: Search = ({ facts, unit, daemonJson, settings: { listen }, isHere, holders }) =>
  [
    ...portConflicts(facts, listen, holders),
    ...unusedPassed(facts, takesPassed(unit, daemonJson)),
    ...(isHere ? [] : unprovableListeners(listen)),
  ].map(({ kind, what, got, todo }) => conflict(kind, what, got, todo))

const snapshotter: Search = ({ daemonJson, settings }) => {
  const { features } = daemonJson
  const isSet =
    typeof features === 'object' && features !== null && Reflect.get(features, 'containerd-snapshotter') === true
  if (settings.usernsRemap === undefined || !isSet) return []
  return [
    conflict(
      'containerd-image-store',
      DAEMON_JSON,
      'it enables the feature "containerd-snapshotter", and user namespaces do not work with the containerd image store',
      sentence`Remove "containerd-snapshotter" from it, or leave user namespaces off:  ${option('usernsRemap', 'false')}`,
    ),
  ]
}

const swarm: Search = ({ facts, liveRestore }) => {
  const state = facts.info?.['Swarm']
  const isActive = typeof state === 'object' && state !== null && Reflect.get(state, 'LocalNodeState') === 'active'
  if (!liveRestore || !isActive) return []
  const got = "this host is a node of a swarm, and dockerd doesn't start with live-restore then"
  const todo = sentence`Leave out ${option('liveRestore')}. A swarm restarts its tasks on other nodes.`
  return [conflict('swarm', 'the swarm', got, todo)]
}

/** A new live-restore counts for this restart already, since dockerd reads it before. */
const orphans: Search = ({ facts, inForce, settings, liveRestore }) =>
  orphanConflicts({
    running: runningIn(facts),
    lives: liveRestore || facts.info?.['LiveRestoreEnabled'] === true,
    remaps: inForce.settings.usernsRemap !== settings.usernsRemap,
  })

/** Decides whether a restart leaves containers behind. */
interface Orphaning {
  readonly running: number
  /** Do they outlive the daemon? */
  readonly lives: boolean
  /** Will it have other user namespaces? */
  readonly remaps: boolean
}

/** The same for a rollback, which is a restart with other settings, too. */
export function orphanConflicts({ running, lives, remaps }: Orphaning): Conflict[] {
  if (!lives || running === 0 || !remaps) return []
  const what = `${running} running ${running === 1 ? 'container' : 'containers'}`
  return [conflict('containers-left-behind', what, LEFT_BEHIND.got, LEFT_BEHIND.todo)]
}

const folders: Search = ({ facts, tlsDir }) =>
  openFolders(facts, tlsDir).map(({ path, got, todo }) => conflict('open-folder', path, got, todo))

const SEARCHES: readonly Search[] = [
  laterDropIns,
  otherBinary,
  otherConfig,
  variables,
  ports,
  snapshotter,
  swarm,
  orphans,
  folders,
]

/** Folders above dockerd's data that the root of containers can't enter. */
export function closedFolders({ closed }: UserNamespaces): Conflict[] {
  return closed.map(({ got, todo }) => conflict('closed-data-folder', 'user namespaces', got, todo))
}

/** Paths of our files that are something else than a file. */
export function inPlaceOf(changes: readonly Change[], facts: HostFacts): Conflict[] {
  return oddPlaces(changes, facts).map(({ what, got, todo }) => conflict('not-a-file', what, got, todo))
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
  // One remedy a line: newlines in a message are escaped, and so the others follow as sentences.
  const more = others.flatMap(({ what, got, todo }) => [' ', ...partsOf(sentence`${what}: ${got}. ${todo}`)])
  const failure = { tried: first.what, got: first.got, todo: [...partsOf(first.todo), ...more] }
  if (first.code === 'ERR_DIRECTIVE_CONFLICT') throw new DaemonError(first.code, failure)
  throw new ProvisionError('ERR_APPLY_CONFLICT', failure)
}
