import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { DEFAULT_LISTENER, parseListen, type TcpListener } from '../../daemon-config/listen.ts'
import { DEFAULT_TLS_DIR } from '../../daemon-config/options.ts'
import { readDaemonJson } from '../../daemon-config/existing-daemon-json.ts'
import { DAEMON_JSON, DROP_IN } from '../../daemon-config/render-files.ts'
import { renderLocal, type RenderedLocal } from '../../daemon-config/render-local.ts'
import { hasLiveRestore, takesPassed, type SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import type { FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import { gatherFacts, gatherFurtherFacts, isActive, runsOrStarts, type HostFacts } from '../../host/facts.ts'
import type { FurtherFacts } from '../../host/facts-script.ts'
import { refuseHost } from '../../host/preconditions.ts'
import type { HostShell } from '../../host/shell.ts'
import { changesOf, isWritten, keptMode, type WantedFile } from '../changes.ts'
import { inPlaceOf } from '../conflicts.ts'
import type { HostPlan } from '../host-plan.ts'
import { filesBefore, lostClients } from '../lost-clients.ts'
import { parentsQuestions } from '../parents.ts'
import { openDoorQuestions } from '../ports.ts'
import { opensOnRestart, passedConflict, tlsQuestions } from '../plaintext-before.ts'
import { isApplyPending } from '../rollback/pending.ts'
import type { ServerFiles } from '../server-files.ts'
import { startOf, type Start } from '../start.ts'
import { inForceOf } from '../unit.ts'
import { lossesOf } from '../warnings.ts'
import { DROP_INS_QUESTION } from './drop-ins.ts'
import { gatewayConflicts, unitAfter } from './conflicts.ts'
import {
  DAEMON_SOCKET,
  GATEWAY_FILES,
  GATEWAY_FOLDER,
  GATEWAY_USER,
  gatewayFiles,
  gatewayFlags,
  hasGateway,
  SHARED_FOLDER,
  UNIT_PATH,
  WANTS_PATH,
} from './files.ts'
import { settledFacts } from './in-force.ts'
import { issuerFilesIn } from './issuer-files.ts'
import { issuerFolder, issuerRemovals, planIssuer } from './issuer.ts'
import { KNOWN_LIST_QUESTION, lostLists, olderLists, unusedLists } from './lists.ts'
import type { InspectedHost, PlannedIssuer, RequestedGateway } from './requested.ts'
import { serverFor } from './server.ts'
import { SSH_KEYS_QUESTION, sshKeyConflicts, sshKeyWarnings } from './ssh-keys.ts'
import { gatewayQuestion, parseGatewayState, type GatewayState } from './state.ts'
import { gatewayWarnings } from './warnings.ts'

/** A gateway in front of dockerd, planned before anything is done. */
export interface GatewayPlan extends HostPlan {
  readonly listen: TcpListener
  readonly server: ServerFiles
  /** The policy that the gateway will have. */
  readonly policy: string
  /** The revocation lists that the gateway will have. */
  readonly crl: string | undefined
  /** The issuer that the gateway will have. */
  readonly issuer?: PlannedIssuer
  /** Where it will serve metrics: a port, or an address and a port. */
  readonly metrics?: string
  /** The listeners that dockerd has now, and will not have any more. */
  readonly closes: readonly string[]
  /** Does the user of the service have to be created? */
  readonly createsUser: boolean
  /** Does dockerd have to restart? */
  readonly restarts: boolean
  /** Does the gateway have to start, or to restart? */
  readonly starts: boolean
  /** Does a gateway run, and not end again and again? */
  readonly isServing: boolean
  /** Is live-restore new? Then dockerd reads it before it is restarted. */
  readonly reloadsFirst: boolean
  /** Is everything as it has to be? Then the apply only tests the gateway. */
  readonly isDone: boolean
  /** How dockerd will be started, for the validation. Absent if its configuration stays. */
  readonly start?: Start
  readonly usernsRemap?: string
  readonly state: GatewayState
}

/**
 * Inspects a host, and decides what to change so that a gateway stands in front of its dockerd. Changes nothing.
 *
 * @throws {@link ProvisionError} for a host that can't be changed: see {@link refuseHost}
 * @throws {@link DaemonError} {@link PkiError} for settings that can't be rendered, and for unusable files of the server
 */
export async function planGateway(
  requested: RequestedGateway,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<GatewayPlan> {
  const first = await gatherFacts(shell, signal)
  refuseHost(first, shell.name, 'gateway')
  const { found, inForce } = inForceOf(first, shell)
  const gather = (): Promise<HostFacts> => gatherFurtherFacts(shell, first, wantedFacts(first, found, inForce), signal)
  const facts = await withIssuer(await settledFacts(gather, [GATEWAY_FILES.crl], signal), shell, signal)
  const state = parseGatewayState(facts.fact('gateway'))
  const host = { facts, found, inForce, state, isHere: shell.isHere }
  const server = await serverFor(requested, inForce.settings.tlsDir ?? DEFAULT_TLS_DIR)
  return decide(requested, host, server)
}

/** Somebody may have rendered a unit with another folder. */
async function withIssuer(facts: HostFacts, shell: HostShell, signal: AbortSignal | undefined): Promise<HostFacts> {
  const folder = issuerFolder(facts)
  if (folder === undefined || folder === GATEWAY_FOLDER) return facts
  return gatherFurtherFacts(shell, facts, { files: [issuerFilesIn(folder).cert] }, signal)
}

function wantedFacts(first: HostFacts, found: FoundUnit, inForce: SettingsInForce): FurtherFacts {
  const { unit } = found
  const { tlsFiles } = inForce
  const { ca, cert, key, policy, crl, issuerCert, issuerKey } = GATEWAY_FILES
  return {
    programs: [unit.exec],
    files: [...unit.environmentFiles, ...Object.values(tlsFiles), ca, cert, policy, crl, issuerCert, IN_FORCE_PATH],
    secrets: [key, issuerKey],
    writable: [GATEWAY_FOLDER],
    more: [
      ...openDoorQuestions(first),
      ...tlsQuestions(first, found, inForce),
      ...parentsQuestions(GATEWAY_FOLDER),
      gatewayQuestion(),
      DROP_INS_QUESTION,
      KNOWN_LIST_QUESTION,
      SSH_KEYS_QUESTION,
      ['said', 'socket-group', 'stat', '-L', '-c', '%G', DAEMON_SOCKET],
      ['said', 'gateway-folder', 'stat', '-L', '-c', '%a %U:%G', GATEWAY_FOLDER],
      ['said', 'gateway-link', 'readlink', WANTS_PATH],
      ['said', 'gateway-user', 'id', '-u', GATEWAY_USER],
    ],
  }
}

function decide(requested: RequestedGateway, host: InspectedHost, server: ServerFiles & { key: string }): GatewayPlan {
  const { facts, found, inForce, state } = host
  const listen = listenerFor(requested, host)
  const rendered = renderLocal({
    found,
    daemonJson: facts.file(DAEMON_JSON)?.text,
    existingDropIn: facts.file(DROP_IN)?.text,
    hasSocketUnit: facts.property('socket', 'LoadState') === 'loaded',
    liveRestore: requested.liveRestore,
  })
  const changesDocker = rendered.changesCommand || rendered.daemonJson !== undefined
  const crl = requested.crl ?? facts.file(GATEWAY_FILES.crl)?.text
  const issuer = planIssuer(requested, facts)
  const policy = policyFor(requested, facts)
  const own = gatewayFlags(facts)
  const metrics = requested.metrics === false ? undefined : (requested.metrics ?? own.metrics)
  const wanted = gatewayFiles({
    ...requested,
    server,
    policy,
    crl,
    issuer,
    listen: listen.slice('tcp://'.length),
    metrics,
    onLogFailure: requested.onLogFailure ?? own['on-log-failure'],
    group: facts.fact('socket-group'),
  })
  const changes = [
    ...changesOf([...wanted, ...daemonFiles(rendered, facts)], facts),
    ...issuerRemovals(requested, facts),
  ]
  const start = startOf(rendered, found, facts)
  const daemonJson = readDaemonJson(start.daemonJson ?? '')
  const situation = { ...host, rendered, start, daemonJson, listen, metrics, requested }
  const restarts = changesDocker || !runsOrStarts(facts) || facts.property('service', 'NeedDaemonReload') === 'yes'
  // One that ends again and again after its start is active, too, but says of no process of its own which files it uses.
  const isServing = state.active === 'active' && parseInForce(facts.file(IN_FORCE_PATH)?.text)?.pid === state.pid
  const starts = !isServing || changes.some((change) => change.path === UNIT_PATH && isWritten(change))
  const createsUser = facts.fact('gateway-user') === ''
  const isShared = facts.fact('gateway-folder') === SHARED_FOLDER && facts.fact('gateway-link') === `../${GATEWAY_UNIT}`
  const { usernsRemap } = inForce.settings
  return {
    listen,
    server,
    policy,
    crl,
    ...(issuer && { issuer }),
    ...(metrics !== undefined && { metrics }),
    changes,
    conflicts: [
      ...gatewayConflicts(situation),
      ...opensOnRestart(found, inForce, facts),
      // Behind a gateway, dockerd has no TLS.
      ...passedConflict(takesPassed(unitAfter(situation), daemonJson) ? facts.passed : []),
      ...sshKeyConflicts(facts, policy),
      ...olderLists({ before: facts.file(GATEWAY_FILES.crl)?.text, next: requested.crl, ca: server.ca }),
      ...lostLists(facts, requested.crl),
      ...unusedLists(facts),
      ...inPlaceOf(changes, facts),
    ],
    warnings: [...gatewayWarnings(situation, server), ...sshKeyWarnings(facts, policy)],
    losses: [
      ...(restarts ? lossesOf({ facts, liveRestore: hasLiveRestore(start.unit, daemonJson) }) : []),
      // A gateway takes the place of dockerd.
      ...lostClients(filesBefore(hasGateway(facts) ? GATEWAY_FILES : inForce.tlsFiles, facts), server),
    ],
    closes: [...inForce.settings.listen, ...inForce.plaintext],
    createsUser,
    restarts,
    starts,
    isServing,
    reloadsFirst: daemonJson['live-restore'] === true && inForce.daemonJson['live-restore'] !== true && isActive(facts),
    isDone: !restarts && !starts && !createsUser && isShared && !changes.some(isWritten),
    ...(changesDocker && { start }),
    ...(usernsRemap !== undefined && { usernsRemap }),
    state,
    facts,
    isPending: isApplyPending(facts),
  }
}

function policyFor({ policy }: RequestedGateway, { file }: HostFacts): string {
  if (typeof policy === 'string') return policy
  const existing = file(GATEWAY_FILES.policy)
  // One that is too long to be read is no valid policy, but is there.
  return policy(existing && (existing.text ?? ''))
}

/** A gateway takes the place of dockerd. */
function listenerFor({ listen }: RequestedGateway, { facts, inForce }: InspectedHost): TcpListener {
  const own = gatewayFlags(facts).listen
  const [daemons] = inForce.settings.listen
  return parseListen(listen ?? own ?? daemons ?? DEFAULT_LISTENER)
}

function daemonFiles({ dropIn, changesCommand, daemonJson }: RenderedLocal, { file }: HostFacts): WantedFile[] {
  return [
    ...(daemonJson === undefined ? [] : [{ path: DAEMON_JSON, mode: keptMode(file(DAEMON_JSON)), text: daemonJson }]),
    ...(changesCommand ? [{ path: DROP_IN, mode: keptMode(file(DROP_IN)), text: dropIn }] : []),
  ]
}
