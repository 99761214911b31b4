import { posix } from 'node:path'
import { command, option, sentence, type Sentence } from '../../base/sentence.ts'
import { MANAGED_FLAGS } from '../../daemon-config/effective-settings.ts'
import type { DaemonJson } from '../../daemon-config/existing-daemon-json.ts'
import { networkListener, type TcpListener } from '../../daemon-config/listen.ts'
import type { RenderedLocal } from '../../daemon-config/render-local.ts'
import { hasLiveRestore } from '../../daemon-config/settings-in-force.ts'
import type { ParsedUnit } from '../../daemon-config/unit/parse-unit.ts'
import { findConflicts, type Conflict } from '../conflicts.ts'
import type { Start } from '../start.ts'
import { clash, taken } from '../ports.ts'
import { sharedAccount } from './account.ts'
import { endOther, foreignUnit } from './beside.ts'
import { startingDropIn } from './drop-ins.ts'
import { metricsTarget } from './metrics.ts'
import { DAEMON_SOCKET, GATEWAY_FILES, gatewayFlags, GATEWAY_FOLDER, hasGateway, UNIT_PATH } from './files.ts'
import type { InspectedHost, RequestedGateway } from './requested.ts'

/** A host, and what a gateway would change on it. */
export interface GatewaySituation extends InspectedHost {
  readonly requested: RequestedGateway
  readonly rendered: RenderedLocal
  readonly start: Start
  readonly daemonJson: DaemonJson
  readonly listen: TcpListener
  /** Where it will serve metrics: a port, or an address and a port. */
  readonly metrics: string | undefined
}

/** Finds everything that would keep a gateway from working, or dockerd from listening on its local socket alone. */
export function gatewayConflicts(situation: GatewaySituation): Conflict[] {
  const { facts, found, inForce, state, start, daemonJson, rendered, listen, isHere } = situation
  const { expanded } = start
  const { usernsRemap } = inForce.settings
  return [
    ...unusableProgram(situation),
    ...noGroup(situation),
    ...sharedAccount(facts),
    ...foreignCommand(situation),
    ...unreadableFlags(situation),
    ...foreignDropIn(situation),
    ...takenForMetrics(situation),
    ...findConflicts({
      facts,
      // A drop-in that isn't written can't be overridden.
      found: rendered.changesCommand ? found : { ...found, later: [] },
      unit: unitAfter(situation),
      expanded: { ...expanded, flags: expanded.flags.filter((flag) => rendered.changesCommand || isOfNetwork(flag)) },
      inForce,
      settings: { listen: [listen], ...(usernsRemap !== undefined && { usernsRemap }) },
      daemonJson,
      liveRestore: hasLiveRestore(start.unit, daemonJson),
      // Another file than daemon.json may have listeners, too.
      form: 'daemon-json',
      isHere,
      tlsDir: GATEWAY_FOLDER,
      holders: state.pid > 0 ? [state.pid] : [],
    }),
  ]
}

/** The unit of dockerd as it will be. */
export function unitAfter({
  found,
  rendered,
  start,
}: Pick<GatewaySituation, 'found' | 'rendered' | 'start'>): ParsedUnit {
  return rendered.changesCommand ? start.unit : found.unit
}

function isOfNetwork({
  name = '',
  value = '',
}: {
  readonly name: string | undefined
  readonly value: string | undefined
}) {
  return name === 'host' ? networkListener(value) !== undefined : MANAGED_FLAGS.has(name)
}

function unusableProgram({ requested: { programFaults } }: GatewaySituation): Conflict[] {
  return programFaults.map((fault) => ({ code: 'ERR_APPLY_CONFLICT', kind: 'unusable-program', ...fault }))
}

/** The gateway may open the socket by its group alone. */
function noGroup({ facts }: GatewaySituation): Conflict[] {
  const group = facts.fact('socket-group')
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(group) && group !== 'root') return []
  const got =
    group === '' ? 'there is no such socket' : `its group is ${group}, and the gateway needs one that may open it`
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'no-socket-group',
      what: DAEMON_SOCKET,
      got,
      todo: sentence`Create the group that the packages of Docker use for it, and restart docker:  ${command('groupadd', '--system', 'docker')}  Then:  ${command('systemctl', 'restart', 'docker.socket', 'docker.service')}`,
    },
  ]
}

/** Somebody may have written the unit by hand, with other files. An apply would lose its policy, its CA, and who was revoked. */
function foreignCommand({ facts }: GatewaySituation): Conflict[] {
  const other = foreignUnit(facts)
  if (other !== undefined)
    return [
      foreign(other, 'systemd reads the gateway from it, and  gateway apply  has not written it', endOther(other)),
    ]
  if (!hasGateway(facts)) return []
  const { policy, from, crl } = gatewayFlags(facts)
  if (policy === undefined || from === undefined)
    return [
      foreign(
        UNIT_PATH,
        'its command names no --policy or no --from, so nobody knows which files the gateway uses',
        `Name both in its ExecStart=, with their files in ${GATEWAY_FOLDER}.`,
      ),
    ]
  return [
    ...[[policy, GATEWAY_FILES.policy] as const, [from, GATEWAY_FOLDER] as const]
      .filter(([named, own]) => elsewhere(named, own))
      .map(([named, own]) => foreign(named, insteadOf(own), `Move it to ${own}, and name that in ${UNIT_PATH}.`)),
    ...crl
      .filter((named) => elsewhere(named, GATEWAY_FILES.crl))
      .map((named) =>
        foreign(
          named,
          insteadOf(GATEWAY_FILES.crl),
          `Add its lists to ${GATEWAY_FILES.crl}, and name only that in ${UNIT_PATH}.`,
        ),
      ),
  ]
}

/** What only systemd can expand would be lost. */
function unreadableFlags({ facts }: GatewaySituation): Conflict[] {
  const text = facts.file(UNIT_PATH)?.text ?? ''
  const flags = gatewayFlags(facts)
  return KEPT.filter((name) => flags[name] === undefined && new RegExp(`\\s--${name}[\\s=]`).test(text)).map((name) =>
    foreign(UNIT_PATH, `the value of --${name} in its command can't be read`, 'Write it there without variables.'),
  )
}

const KEPT = ['listen', 'issuer', 'metrics', 'on-log-failure'] as const

/** systemd would start the gateway as the drop-in says, whatever the unit says. */
function foreignDropIn({ facts }: GatewaySituation): Conflict[] {
  const dropIn = startingDropIn(facts)
  if (dropIn === undefined) return []
  const got = `it sets ExecStart=, so the gateway would not start as ${UNIT_PATH} says`
  return [foreign(dropIn, got, `Move its options to ${UNIT_PATH}, and remove that line.`)]
}

/** dockerd may serve its own metrics there, and keeps that port. */
function takenForMetrics({ facts, state, listen, metrics }: GatewaySituation): Conflict[] {
  if (metrics === undefined) return []
  const listener = metricsTarget(metrics)
  const shared = { code: 'ERR_APPLY_CONFLICT', kind: 'port-taken', what: listener } as const
  if (clash(listener, listen))
    return [{ ...shared, got: `the gateway listens for clients on ${listen}`, todo: sentence`Choose ${OTHER_PORT}` }]
  const holders = state.pid > 0 ? [state.pid] : []
  return taken(listener, { facts, own: holders, other: OTHER_PORT }).map((one) => ({ ...shared, ...one }))
}

const OTHER_PORT: Sentence = sentence`another port:  ${option('metrics', 'PORT')}`

function elsewhere(named: string, own: string): boolean {
  return posix.resolve('/', named) !== own
}

function insteadOf(own: string): string {
  return `the gateway uses it, and afterwards would use ${own}, which may differ`
}

function foreign(what: string, got: string, todo: Sentence): Conflict {
  return { code: 'ERR_APPLY_CONFLICT', kind: 'foreign-unit', what, got, todo }
}
