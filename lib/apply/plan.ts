import { parseUnit, type ParsedUnit } from '../daemon-config/unit/parse-unit.ts'
import type { UsernsPlan } from '../daemon-config/userns/subuid-ranges.ts'
import { readDaemonJson } from '../daemon-config/existing-daemon-json.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import type { DaemonSource } from '../daemon-config/source.ts'
import { gatherFacts, gatherMore, type HostFacts } from '../host/facts.ts'
import { STATE_FOLDER, type FactCall, type FurtherFacts } from '../host/facts-script.ts'
import type { HostShell } from '../host/shell.ts'
import { refuseHost } from '../host/preconditions.ts'
import type { FoundUnit } from '../daemon-config/unit/installed-unit.ts'
import { DEFAULT_TLS_DIR, readWishes, tlsFilesIn, type DaemonSettings } from '../daemon-config/requested-settings.ts'
import { DAEMON_JSON, DROP_IN } from '../daemon-config/render-files.ts'
import { changesOf, isWritten, type Change } from './changes.ts'
import { closedFolders, findConflicts, inPlaceOf, type Conflict } from './conflicts.ts'
import { settingsInForce, type ApplyForm, type InForce } from '../daemon-config/settings-in-force.ts'
import type { ApplyWishes } from './options.ts'
import { parentsQuestion } from './parents.ts'
import { openDoorQuestions } from './ports.ts'
import { renderConfiguration, settingsOfInit, settingsThere, type Rendered } from '../daemon-config/render-for-host.ts'
import { hasLiveRestore } from './running.ts'
import type { ServerFiles } from './server-files.ts'
import { unitOf } from './unit.ts'
import { decideUserns, usernsQuestions } from './userns.ts'
import { assignmentsOf, expand, type Expanded, type UnitEnvironment } from '../daemon-config/unit/variables.ts'
import { serverOnHost, wantedFiles } from './wanted.ts'
import { keptListeners, lossesOf, warningsOf } from './warnings.ts'

/** All that an apply will do to a host, decided before anything is done. */
export interface ApplyPlan {
  readonly form: ApplyForm
  readonly settings: DaemonSettings
  readonly tlsDir: string
  readonly server: ServerFiles
  readonly changes: readonly Change[]
  /** What keeps the plan from being carried out. */
  readonly conflicts: readonly Conflict[]
  /** What a person should know: sentences. */
  readonly warnings: readonly string[]
  /** What stops, or is out of sight, once dockerd is restarted: to be agreed to. */
  readonly losses: readonly string[]
  /** What user namespaces come to, where they will be on. */
  readonly userns?: UsernsPlan
  /** Are its user namespaces others than those in force? */
  readonly remaps: boolean
  /** Is live-restore new? Then dockerd reads it before it is restarted, so that containers survive that. */
  readonly reloadsFirst: boolean
  /** Has dockerd to be restarted? If not, what is there has only to be proven. */
  readonly restarts: boolean
  /** How dockerd will be started, for the validation. */
  readonly start: Start
  readonly facts: HostFacts
  /** Is there an apply that did not end? What it has left is to be put back first, and looked at again. */
  readonly isPending: boolean
}

/** The unit as it will be. */
export interface Start {
  /** The unit's own file. */
  readonly path: string
  readonly dropIn: string
  readonly daemonJson: string | undefined
  readonly unit: ParsedUnit
  readonly expanded: Expanded
}

/**
 * Looks at a host, and decides what to change on it. Nothing is changed.
 *
 * @throws {@link ProvisionError} for a host that can't be changed: see {@link refuseHost}
 * @throws {@link DaemonError} {@link PkiError} for what can't be rendered, and files that no daemon could serve with
 */
export async function planApply(wishes: ApplyWishes, shell: HostShell, signal?: AbortSignal): Promise<ApplyPlan> {
  const read = readWishes(wishes)
  const ofInit = settingsOfInit(wishes.override)
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name)
  const found = unitOf(first, shell.name)
  const inForce = settingsInForce(found, first.file(DAEMON_JSON)?.text)
  const there = settingsThere(inForce.settings, ofInit)
  const tlsDir = read.tlsDir ?? there.tlsDir ?? DEFAULT_TLS_DIR
  const remap = read.usernsRemap ?? there.usernsRemap
  const facts = await gatherMore(
    shell,
    first,
    wantedFacts(found, tlsDir, [
      ...usernsQuestions(found.unit, inForce, remap),
      ...openDoorQuestions(first),
      parentsQuestion(tlsDir),
    ]),
    signal,
  )
  const server = wishes.server ?? serverOnHost(facts, tlsDir, wishes.lookedIn)
  return decide({
    wishes,
    read,
    ofInit,
    found,
    inForce,
    there,
    tlsDir,
    facts,
    server,
    isHere: shell.isHere,
  })
}

function wantedFacts({ unit }: FoundUnit, tlsDir: string, more: readonly FactCall[]): FurtherFacts {
  const { ca, cert, key } = tlsFilesIn(tlsDir)
  return {
    programs: [unit.exec],
    files: [...unit.environmentFiles, ca, cert],
    secrets: [key],
    writable: [tlsDir],
    more,
  }
}

interface Known {
  readonly wishes: ApplyWishes
  readonly read: ReturnType<typeof readWishes>
  readonly ofInit: DaemonSettings | undefined
  readonly found: FoundUnit
  readonly inForce: InForce
  readonly there: DaemonSettings
  readonly tlsDir: string
  readonly facts: HostFacts
  readonly server: ServerFiles
  readonly isHere: boolean
}

function decide(known: Known): ApplyPlan {
  const { wishes, read, ofInit, tlsDir, facts, server, found, inForce } = known
  const form = wishes.form ?? inForce.form
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
  }
  const restarts = changes.some(isWritten) || mustRestart(facts)
  return {
    form,
    settings: rendered.settings,
    tlsDir,
    server,
    changes,
    conflicts: [...findConflicts(situation), ...closedFolders(userns), ...inPlaceOf(changes, facts)],
    warnings: [
      ...rendered.warnings.filter((text) => !isAboutVariables(text)),
      ...warningsOf(situation, server),
      ...(read.listen === undefined ? keptListeners(inForce.settings, ofInit) : []),
      ...(userns.plan?.warnings ?? []),
    ],
    losses: [...lossesOf(situation), ...userns.losses],
    ...(userns.plan && { userns: userns.plan }),
    remaps: inForce.settings.usernsRemap !== rendered.settings.usernsRemap,
    reloadsFirst: asksLiveRestore && inForce.daemonJson['live-restore'] !== true && isRunning(facts),
    restarts,
    start,
    facts,
    isPending: facts.file(`${STATE_FOLDER}/pending`) !== undefined,
  }
}

/** We have read the files that the renderer only warns of. */
function isAboutVariables(warning: string): boolean {
  return warning.includes('of the unit comes from the environment')
}

function isRunning({ property }: HostFacts): boolean {
  return property('service', 'ActiveState') === 'active'
}

function mustRestart(facts: HostFacts): boolean {
  return !isRunning(facts) || facts.property('service', 'NeedDaemonReload') === 'yes'
}

/** A directive in two places is one conflict among others, and told with them. */
function tryToRender(known: Known, form: ApplyForm): { rendered: Rendered } | { conflict: Conflict } {
  const { wishes, read, there, found, facts } = known
  const { liveRestore } = wishes
  const json = facts.file(DAEMON_JSON)?.text
  const source: DaemonSource = {
    found,
    named: false,
    ...(json !== undefined && { daemonJson: { path: DAEMON_JSON, text: json } }),
    warnings: [],
  }
  try {
    return {
      rendered: renderConfiguration({
        form,
        wishes: read,
        there,
        source,
        existingDropIn: facts.file(DROP_IN)?.text,
        hasSocketUnit: facts.property('socket', 'LoadState') === 'loaded',
        liveRestore,
      }),
    }
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_DIRECTIVE_CONFLICT')) throw error
    const todo = error.todo.replace('docker-mtls daemon render --daemon-json', 'docker-mtls daemon apply --daemon-json')
    return { conflict: { code: error.code, what: error.tried, got: error.got, todo } }
  }
}

function refusedPlan(
  { tlsDir, server, facts, there, found, inForce, isHere }: Known,
  form: ApplyForm,
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
    settings: there,
    daemonJson,
    form,
    liveRestore: false,
    isHere,
  })
  return {
    form,
    settings: there,
    tlsDir,
    server,
    changes: [],
    conflicts: [first, ...others],
    warnings: [],
    losses: [],
    remaps: false,
    reloadsFirst: false,
    restarts: false,
    start,
    facts,
    isPending: facts.file(`${STATE_FOLDER}/pending`) !== undefined,
  }
}

function startOf({ dropIn, daemonJson }: Rendered, found: FoundUnit, facts: HostFacts): Start {
  const unit = parseUnit(`${textOf(facts, found.paths[0])}\n${dropIn}`, 'the drop-in that would be written')
  return {
    path: found.paths[0] ?? '',
    dropIn,
    daemonJson: daemonJson ?? facts.file(DAEMON_JSON)?.text,
    unit,
    expanded: expand(unit, assignmentsOf(unit, environmentOf(facts))),
  }
}

function environmentOf({ file, property }: HostFacts): UnitEnvironment {
  return { environment: property('service', 'Environment'), textOf: (path) => file(path)?.text }
}

function textOf(facts: HostFacts, path = ''): string {
  return facts.file(path)?.text ?? ''
}
