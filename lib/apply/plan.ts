import type { UsernsPlan } from '../daemon-config/userns/subuid-ranges.ts'
import { readDaemonJson } from '../daemon-config/existing-daemon-json.ts'
import { sentencesOf } from '../base/error.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import type { DaemonSource } from '../daemon-config/source.ts'
import { ours } from '../base/sentence.ts'
import { gatherFacts, gatherFurtherFacts, isActive, runsOrStarts, type HostFacts } from '../host/facts.ts'
import type { FactCall, FurtherFacts } from '../host/facts-script.ts'
import type { HostShell } from '../host/shell.ts'
import { refuseHost, type UnmetPrecondition } from '../host/preconditions.ts'
import type { FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import { DEFAULT_TLS_DIR, tlsFilesIn } from '../daemon-config/options.ts'
import { renderFlags } from '../daemon-config/render-flags.ts'
import { parseRequested } from '../daemon-config/requested-settings.ts'
import { DAEMON_JSON, DROP_IN } from '../daemon-config/render-files.ts'
import { changesOf, isWritten } from './changes.ts'
import { closedFolders, findConflicts, inPlaceOf, type Conflict } from './conflicts.ts'
import {
  currentSettings,
  hasLiveRestore,
  settingsInForce,
  settingsOfInit,
  type ConfigurationForm,
  type DaemonSettings,
  type SettingsInForce,
} from '../daemon-config/settings-in-force.ts'
import type { HostPlan } from './host-plan.ts'
import type { RequestedApply } from './options.ts'
import { besideGateway } from './gateway/beside.ts'
import { UNIT_PATH } from './gateway/files.ts'
import { gatewayQuestion, parseGatewayState } from './gateway/state.ts'
import { parentsQuestions } from './parents.ts'
import { openDoorQuestions } from './ports.ts'
import { opensOnRestart, tlsQuestions } from './plaintext-before.ts'
import { isApplyPending } from './rollback/pending.ts'
import { renderForHost, type RenderedForHost } from '../daemon-config/render-for-host.ts'
import type { ServerFiles } from './server-files.ts'
import { environmentOf, startOf, type Start } from './start.ts'
import { unitOf } from './unit.ts'
import { decideUserns, usernsQuestions } from './userns.ts'
import { assignmentsOf, expand } from '../daemon-config/unit/variables.ts'
import { serverOnHost, wantedFiles } from './wanted.ts'
import { filesBefore, lostClients, type FilesBefore } from './lost-clients.ts'
import { keptListeners, lossesOf, warningsOf } from './warnings.ts'

/** An apply, planned before anything is done. */
export interface ApplyPlan extends HostPlan {
  readonly form: ConfigurationForm
  readonly settings: DaemonSettings
  readonly tlsDir: string
  readonly server: ServerFiles
  /** The CAs of the clients, and the certificate, that dockerd uses now. */
  readonly before: FilesBefore
  /** The user namespaces, if they will be on. */
  readonly userns?: UsernsPlan
  /** Do the user namespaces change? */
  readonly remaps: boolean
  /** Is live-restore new? Then dockerd reads it before it is restarted, so that containers survive that. */
  readonly reloadsFirst: boolean
  /** Does dockerd have to restart? If not, the apply only tests the daemon. */
  readonly restarts: boolean
  /** How dockerd will be started, for the validation. */
  readonly start: Start
  /** Why it can only be shown: the host has no systemd, or no Docker Engine. */
  readonly cantApply?: UnmetPrecondition
}

/**
 * Inspects a host, and decides what to change on it. Changes nothing.
 *
 * @throws {@link ProvisionError} for a host that can't be changed: see {@link refuseHost}
 * @throws {@link DaemonError} {@link PkiError} for settings that can't be rendered, and for unusable files of the server
 */
export async function planApply(requested: RequestedApply, shell: HostShell, signal?: AbortSignal): Promise<ApplyPlan> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'change', renderFlags(requested))
  const hasSocketUnit = first.property('socket', 'LoadState') === 'loaded'
  return planFor(requested, { shell, signal, first, found: unitOf(first, shell.name), hasSocketUnit })
}

/** A host whose state is known. */
export interface Inspected {
  readonly shell: HostShell
  readonly signal: AbortSignal | undefined
  readonly first: HostFacts
  readonly found: FoundUnit
  readonly hasSocketUnit: boolean
  /** If dockerd takes the place of a gateway: the processes of that, which have the ports already. */
  readonly holders?: readonly number[]
}

/** Plans an apply for a host with this unit. */
export async function planFor(requested: RequestedApply, inspected: Inspected): Promise<ApplyPlan> {
  const { shell, signal, first, found, hasSocketUnit, holders } = inspected
  const read = parseRequested(requested)
  const ofInit = settingsOfInit(requested.override)
  const inForce = settingsInForce(found, first.file(DAEMON_JSON)?.text, first.passed)
  const current = currentSettings(inForce.settings, ofInit)
  const tlsDir = read.tlsDir ?? current.tlsDir ?? DEFAULT_TLS_DIR
  const remap = read.usernsRemap ?? current.usernsRemap
  const facts = await gatherFurtherFacts(
    shell,
    first,
    wantedFacts(found, { tlsDir, tlsFiles: inForce.tlsFiles }, [
      ...usernsQuestions(found.unit, inForce, remap),
      ...openDoorQuestions(first),
      ...tlsQuestions(first, found, inForce),
      ...parentsQuestions(tlsDir),
      gatewayQuestion(),
    ]),
    signal,
  )
  const server = requested.server ?? serverOnHost(facts, tlsDir, requested.lookedIn)
  return decide({
    requested,
    read,
    ofInit,
    found,
    inForce,
    current,
    tlsDir,
    facts,
    server,
    isHere: shell.isHere,
    hasSocketUnit,
    holders,
  })
}

function wantedFacts(
  { unit }: FoundUnit,
  { tlsDir, tlsFiles }: Pick<SettingsInForce, 'tlsFiles'> & { readonly tlsDir: string },
  more: readonly FactCall[],
): FurtherFacts {
  const { ca, cert, key } = tlsFilesIn(tlsDir)
  return {
    programs: [unit.exec],
    files: [...new Set([...unit.environmentFiles, ca, cert, UNIT_PATH, ...Object.values(tlsFiles)])],
    secrets: [key],
    writable: [tlsDir],
    more,
  }
}

interface Known {
  readonly requested: RequestedApply
  readonly read: ReturnType<typeof parseRequested>
  readonly ofInit: DaemonSettings | undefined
  readonly found: FoundUnit
  readonly inForce: SettingsInForce
  readonly current: DaemonSettings
  readonly tlsDir: string
  readonly facts: HostFacts
  readonly server: ServerFiles
  readonly isHere: boolean
  readonly hasSocketUnit: boolean
  readonly holders: readonly number[] | undefined
}

function decide(known: Known): ApplyPlan {
  const { requested, read, ofInit, tlsDir, facts, server, found, inForce } = known
  const form = requested.form ?? inForce.form
  const outcome = tryToRender(known, form)
  if (!('rendered' in outcome)) return refusedPlan(known, form, outcome.conflict)
  const { rendered } = outcome
  const start = startOf(rendered, found, facts)
  const userns = decideUserns(rendered.settings.usernsRemap, inForce, facts)
  const changes = changesOf([...userns.files, ...wantedFiles(rendered, server, tlsDir, facts)], facts)
  const daemonJson = readDaemonJson(start.daemonJson ?? '')
  const asksLiveRestore = daemonJson['live-restore'] === true
  const situation = {
    facts,
    found,
    unit: start.unit,
    expanded: start.expanded,
    inForce,
    settings: rendered.settings,
    daemonJson,
    liveRestore: hasLiveRestore(start.unit, daemonJson),
    form,
    isHere: known.isHere,
    tlsDir,
    holders: [...(known.holders ?? []), parseGatewayState(facts.fact('gateway')).pid],
  }
  const restarts = changes.some(isWritten) || mustRestart(facts)
  const before = filesBefore(inForce.tlsFiles, facts)
  return {
    form,
    settings: rendered.settings,
    tlsDir,
    server,
    changes,
    conflicts: [
      ...besideGateway(facts, known.holders !== undefined),
      ...findConflicts(situation),
      ...opensOnRestart(found, inForce, facts, known.holders === undefined),
      ...closedFolders(userns),
      ...inPlaceOf(changes, facts),
    ],
    warnings: [
      // The apply has read the environment files itself.
      ...rendered.warnings.filter(({ code }) => code !== 'unknown-words'),
      ...warningsOf(situation, server),
      ...(read.listen === undefined ? keptListeners(inForce.settings, ofInit) : []),
      ...(userns.plan?.warnings ?? []).map((text) => ({ code: 'userns', text })),
    ],
    losses: [...lossesOf(situation), ...userns.losses, ...lostClients(before, server)],
    ...(userns.plan && { userns: userns.plan }),
    before,
    remaps: inForce.settings.usernsRemap !== rendered.settings.usernsRemap,
    reloadsFirst: asksLiveRestore && inForce.daemonJson['live-restore'] !== true && isActive(facts),
    restarts,
    start,
    facts,
    isPending: isApplyPending(facts),
  }
}

function mustRestart(facts: HostFacts): boolean {
  return !runsOrStarts(facts) || facts.property('service', 'NeedDaemonReload') === 'yes'
}

/** A directive in two places is reported together with the other conflicts. */
function tryToRender(known: Known, form: ConfigurationForm): { rendered: RenderedForHost } | { conflict: Conflict } {
  const { requested, read, current, found, facts } = known
  const { liveRestore, daemonSettings } = requested
  const json = facts.file(DAEMON_JSON)?.text
  const source: DaemonSource = {
    found,
    ...(json !== undefined && {
      daemonJson: { path: DAEMON_JSON, text: json, moveAll: ours('daemon', 'apply', '--daemon-json') },
    }),
    warnings: [],
  }
  try {
    return {
      rendered: renderForHost({
        form,
        requested: read,
        current,
        source,
        existingDropIn: facts.file(DROP_IN)?.text,
        hasSocketUnit: known.hasSocketUnit,
        liveRestore,
        daemonSettings,
      }),
    }
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_DIRECTIVE_CONFLICT')) throw error
    const { got, todo } = sentencesOf(error)
    return { conflict: { code: error.code, kind: 'directive-in-two-places', what: error.tried, got, todo } }
  }
}

function refusedPlan(
  { tlsDir, server, facts, current, found, inForce, isHere, holders = [] }: Known,
  form: ConfigurationForm,
  first: Conflict,
): ApplyPlan {
  const start = {
    path: found.paths[0] ?? '',
    dropIn: '',
    daemonJson: facts.file(DAEMON_JSON)?.text,
    unit: found.unit,
    expanded: expand(found.unit, assignmentsOf(found.unit, environmentOf(facts))),
  }
  const { unit, expanded } = start
  const { daemonJson } = inForce
  const others = findConflicts({
    facts,
    found,
    unit,
    expanded,
    inForce,
    settings: current,
    daemonJson,
    form,
    liveRestore: false,
    isHere,
    tlsDir,
    holders,
  })
  return {
    form,
    settings: current,
    tlsDir,
    server,
    changes: [],
    conflicts: [first, ...others],
    warnings: [],
    losses: [],
    before: filesBefore(inForce.tlsFiles, facts),
    remaps: false,
    reloadsFirst: false,
    restarts: false,
    start,
    facts,
    isPending: isApplyPending(facts),
  }
}
