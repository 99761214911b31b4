import type { Warning } from '../../base/warning.ts'
import { DEFAULT_TLS_DIR } from '../../daemon-config/options.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { renderForHost } from '../../daemon-config/render-for-host.ts'
import { parseRequested } from '../../daemon-config/requested-settings.ts'
import { networkListeners, type SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import { flagsOf } from '../../daemon-config/unit/flags.ts'
import type { FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import { isDockerMtlsError } from '../../base/errors.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import type { HostFile } from '../../host/fact-records.ts'
import { gatherFacts, gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { FurtherFacts } from '../../host/facts-script.ts'
import { refuseHost } from '../../host/preconditions.ts'
import type { HostShell } from '../../host/shell.ts'
import { isWritten, OWNER, type Change } from '../changes.ts'
import type { Conflict } from '../conflicts.ts'
import type { HostPlan } from '../host-plan.ts'
import { MANAGED_FLAGS } from '../../daemon-config/effective-settings.ts'
import { besideGateway, hasOwnGateway } from '../gateway/beside.ts'
import { gatewayQuestion } from '../gateway/state.ts'
import { isApplyPending } from '../rollback/pending.ts'
import { findEffects, withFiles } from '../rollback/plan.ts'
import { conflictOf, goneFiles, neededFiles } from '../rollback/tls-files.ts'
import { inForceOf } from '../unit.ts'
import { plaintextBefore } from '../plaintext-before.ts'
import { onlyCopies, readOriginals, type Originals } from './originals.ts'
import { foldersOf, isGatewayAlone, renderLeft, takenOver, type Rendered } from './taken-over.ts'
import { settingsTargets, tlsTargets, type Secured, type Target } from './targets.ts'

/** The removal of docker-mtls from a host, planned before anything is done. */
export interface RemovePlan extends HostPlan {
  /** What stays on the host. */
  readonly stays: readonly string[]
  /** The listeners that dockerd will no longer have. */
  readonly closes: readonly string[]
  /** The listeners on the network that dockerd will have. */
  readonly listens: readonly string[]
  /** The folder of the server's files. */
  readonly tlsDir: string
  /** The same, and those of earlier applies. */
  readonly tlsFolders: readonly string[]
  readonly remaps: boolean
  readonly reloadsFirst: false
  /** Does the host keep data for rollbacks, which will be removed? */
  readonly hasBackups: boolean
  /** Copies in it of files that docker-mtls has replaced, which don't come back, and the paths that they get. */
  readonly asides: readonly { readonly copy: string; readonly path: string }[]
}

/**
 * Determines what `daemon apply` has changed on a host, and what would be removed. Changes nothing.
 *
 * @throws {@link ProvisionError} for a host that can't be changed
 * @throws {@link DaemonError} ERR_UNIT_INVALID, ERR_DAEMON_JSON_INVALID
 */
export async function planRemove(shell: HostShell, signal?: AbortSignal): Promise<RemovePlan> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'undo')
  const { found, inForce } = inForceOf(first, shell)
  const originals = await readOriginals(shell)
  const ownDirs = foldersOf(originals)
  const { tlsDir } = inForce.settings
  const tlsFolders = [...new Set([tlsDir ?? ownDirs[0] ?? DEFAULT_TLS_DIR, ...ownDirs])]
  const facts = await gatherFurtherFacts(shell, first, wantedFacts(tlsFolders, originals), signal)
  const base = {
    tlsDir: tlsFolders[0] ?? DEFAULT_TLS_DIR,
    tlsFolders,
    facts,
    isPending: isApplyPending(facts),
    reloadsFirst: false,
    hasBackups: originals.isAny,
  } as const
  const gateway = gatewayConflict(hasOwnGateway(facts))
  // Without TLS files of ours in its settings, dockerd isn't configured by docker-mtls; or a gateway has taken its place.
  const isLocal = tlsDir === undefined
  const known = { facts, originals, tlsDir, ownDirs }
  const rendered = isLocal
    ? renderLeft(known, found)
    : renderCurrent(facts, found, inForce, facts.file(DAEMON_JSON)?.text)
  const now = networkListeners(inForce)
  const other = takenOver(known, found, inForce, rendered)
  if (other !== undefined)
    return { ...base, ...NOTHING, asides: [], stays: [], listens: now, conflicts: [...gateway, other] }
  const isOfGateway = isLocal && isGatewayAlone(originals)
  const leftWith = (then: HostFacts): Pick<RemovePlan, 'asides' | 'stays'> => {
    const asides = asidesOf(originals, then)
    return {
      asides,
      stays: [
        ...asides.map(({ path }) => `${path}: a file that docker-mtls has replaced, and that does not come back`),
        ...(isOfGateway ? unknownFiles(base.tlsDir, originals, then) : []),
      ],
    }
  }
  if (rendered === undefined || typeof rendered === 'string')
    return { ...base, ...NOTHING, ...leftWith(facts), listens: now, conflicts: gateway }
  const secured = { ...known, rendered }
  const isOurs = ({ path }: Target): boolean => !isOfGateway || originals.written.has(path)
  const ofSettings = settingsTargets(secured).filter(isOurs)
  const target = withFiles(
    facts,
    changesIn(ofSettings).map((change) => [change.path, fileOf(change, facts)] as const),
  )
  const after = inForceOf(target, shell)
  const then = after.inForce
  const isInDoubt = ofSettings.some(({ changed }) => changed !== undefined)
  const targets = [...tlsTargets(secured, isInDoubt ? undefined : after).filter(isOurs), ...ofSettings]
  const changes = changesIn(targets)
  const effects = await findEffects({ shell, facts, target: async () => target, starts: true, signal })
  const listeners = networkListeners(then)
  const opens = listeners.some((listener) => !now.includes(listener))
  const left = leftWith(
    withFiles(
      facts,
      changes.map((change) => [change.path, fileOf(change, facts)] as const),
    ),
  )
  const decided = new Set(targets.map(({ path }) => path))
  const needed = neededFiles(after).filter((path) => !decided.has(path))
  const conflicts = [
    ...(await goneFiles(shell, facts, needed, signal)).map(conflictOf),
    ...gateway,
    ...(opens ? besideGateway(facts, true) : []),
    ...targets.flatMap(changedConflict),
    ...effects.conflicts,
    ...lostFlags(found, after.found, originals),
    ...plaintextBefore(after.found, then, 'docker-mtls', [], restoredCopies(ofSettings, secured)),
  ]
  return {
    ...base,
    ...left,
    changes,
    conflicts,
    warnings: [],
    losses: [...(conflicts.length > 0 || changes.length === 0 ? [] : reopened(listeners)), ...effects.losses],
    stays: [
      ...targets.flatMap(({ path, stays }) => (stays === undefined ? [] : [`${path}: ${stays}`])),
      ...left.stays,
      ...idsStay(inForce, then),
    ],
    listens: listeners,
    closes: inForce.settings.listen.filter((listener) => !listeners.includes(listener)),
    remaps: inForce.settings.usernsRemap !== then.settings.usernsRemap,
  }
}

/** The kept copies of settings that would come back as they are. */
function restoredCopies(
  targets: readonly Target[],
  { facts, originals }: Pick<Secured, 'facts' | 'originals'>,
): HostFile[] {
  return targets.flatMap(({ path, change }) => {
    const copy = facts.file(originals.copies.get(path) ?? '')
    return copy !== undefined && copy.text === change?.text ? [copy] : []
  })
}

/** dockerd reads no revocation list. A listener without TLS is a conflict. */
function reopened(listeners: readonly string[]): Warning[] {
  if (listeners.length === 0) return []
  const text = `dockerd will listen on ${enumerate(listeners)} again, as before docker-mtls. Every client with a certificate of its CA will be root on this host, even a revoked one.`
  return [{ code: 'daemon-exposed', text }]
}

/** It would go on, and its rollback needs the data that would be removed. */
function gatewayConflict(hasOwn: boolean): Conflict[] {
  if (!hasOwn) return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'gateway',
      what: GATEWAY_UNIT,
      got: 'the gateway stands in front of dockerd, and would be left without a rollback',
      todo: sentence`Remove it first:  ${ours('gateway', 'remove')}`,
    },
  ]
}

function changesIn(targets: readonly Target[]): Change[] {
  return targets.flatMap(({ change }) => (change !== undefined && isWritten(change) ? [change] : []))
}

const NOTHING = { changes: [], conflicts: [], warnings: [], losses: [], closes: [], remaps: false } as const

function fileOf({ path, action, text, mode, copy }: Change, { file }: HostFacts): HostFile | undefined {
  if (action === 'remove') return undefined
  const original = copy === undefined ? undefined : file(copy)
  return original ? { ...original, path } : { path, text, mode, owner: OWNER }
}

/** Has the host nothing of docker-mtls? */
export function isNothingToRemove({ changes, hasBackups }: Pick<RemovePlan, 'changes' | 'hasBackups'>): boolean {
  return changes.length === 0 && !hasBackups
}

const isSettings = ({ path }: { readonly path: string }): boolean => path === DAEMON_JSON || path === DROP_IN

/** Only the sums of keys and of other copies leave the host. */
function wantedFacts([tlsDir = DEFAULT_TLS_DIR, ...others]: readonly string[], { all }: Originals): FurtherFacts {
  const { ca, cert, key } = tlsFilesIn(tlsDir)
  const texts = [ca, cert, ...all.filter(isSettings).map(({ copy }) => copy)]
  const rest = all.filter((one) => !isSettings(one)).flatMap(({ path, copy }) => [path, copy])
  const sums = new Set([key, ...others.flatMap((folder) => Object.values(tlsFilesIn(folder))), ...rest])
  return { files: texts, secrets: [...sums].filter((path) => !texts.includes(path)), more: [gatewayQuestion()] }
}

/** The copies that are put beside their old places, each under a name of its own. */
function asidesOf(originals: Originals, then: HostFacts): RemovePlan['asides'] {
  const seen = new Map<string, number>()
  return onlyCopies(originals, then).map(({ path, copy }) => {
    const count = (seen.get(path) ?? 0) + 1
    seen.set(path, count)
    return { copy, path: `${path}.before-docker-mtls${count === 1 ? '' : `.${count}`}` }
  })
}

/** Files that an apply may have written of which nothing is kept any more. */
function unknownFiles(tlsDir: string, { isComplete }: Originals, then: HostFacts): string[] {
  if (isComplete) return []
  const paths = [...Object.values(tlsFilesIn(tlsDir)), DAEMON_JSON, DROP_IN]
  const why = "it is unknown whether docker-mtls has written it, because the host doesn't keep the first apply any more"
  return paths.flatMap((path) => (then.file(path) === undefined ? [] : [`${path}: ${why}`]))
}

/**
 * What an apply without options would write now: the same as there is, unless somebody has changed it.
 *
 * @param json - the text of daemon.json
 */
function renderCurrent(
  facts: HostFacts,
  found: FoundUnit,
  inForce: SettingsInForce,
  json: string | undefined,
): Rendered {
  const { form, settings } = inForce
  const moveAll = ours('daemon', 'apply', '--daemon-json')
  try {
    return renderForHost({
      form,
      requested: parseRequested({}),
      current: settings,
      source: {
        found,
        warnings: [],
        ...(json !== undefined && { daemonJson: { path: DAEMON_JSON, text: json, moveAll } }),
      },
      existingDropIn: facts.file(DROP_IN)?.text,
      hasSocketUnit: facts.property('socket', 'LoadState') === 'loaded',
      liveRestore: undefined,
    })
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    // A key that somebody has put into daemon.json since says nothing about the drop-in.
    if (error.code === 'ERR_DIRECTIVE_CONFLICT' && json !== undefined)
      return renderCurrent(facts, found, inForce, undefined)
    return { dropIn: '' }
  }
}

function changedConflict({ path, changed }: Target): Conflict[] {
  if (changed === undefined) return []
  return [{ code: 'ERR_APPLY_CONFLICT', kind: 'changed-since', what: path, ...changed }]
}

/** The drop-in has a whole command line, so flags of an earlier drop-in are only in there. */
function lostFlags({ unit }: FoundUnit, { unit: then }: FoundUnit, { isComplete }: Originals): Conflict[] {
  if (isComplete) return []
  const left = new Set(flagsOf(then).map(({ words }) => words.map(({ raw }) => raw).join(' ')))
  const lost = flagsOf(unit).filter(
    ({ name = '', words }) =>
      !MANAGED_FLAGS.has(name) && name !== 'userns-remap' && !left.has(words.map(({ raw }) => raw).join(' ')),
  )
  if (lost.length === 0) return []
  const flags = lost.map(({ words }) => words.map(({ raw }) => raw).join(' ')).join(' ')
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'changed-since',
      what: DROP_IN,
      got: `dockerd would start without ${flags}, which only this file sets, and the file from before docker-mtls is no longer kept`,
      todo: 'Put these flags into a drop-in or the unit of your own first, or edit the file by hand.',
    },
  ]
}

/** Files in the data folder belong to these ids, so nobody else may get them. */
function idsStay({ settings: { usernsRemap: now } }: SettingsInForce, then: SettingsInForce): string[] {
  if (now === undefined || now === then.settings.usernsRemap) return []
  return [
    'the ranges in /etc/subuid and /etc/subgid: the images and containers of the user namespaces belong to these ids, and stay in the data folder, hidden',
    'images and containers from before the user namespaces appear again',
  ]
}
