import type { GatewayFlags } from '../../../daemon-config/gateway-unit.ts'
import { IN_FORCE_PATH } from '../../../daemon-config/gateway-in-force.ts'
import { DEFAULT_LISTENER, parseListen, type TcpListener } from '../../../daemon-config/listen.ts'
import { networkListeners } from '../../../daemon-config/settings-in-force.ts'
import type { FoundUnit } from '../../../daemon-config/unit/installed-unit.ts'
import { gatherFacts, gatherFurtherFacts, type HostFacts } from '../../../host/facts.ts'
import type { FurtherFacts } from '../../../host/facts-script.ts'
import { refuseHost } from '../../../host/preconditions.ts'
import type { HostShell } from '../../../host/shell.ts'
import type { Conflict } from '../../conflicts.ts'
import type { HostPlan } from '../../host-plan.ts'
import { openPassed, passedConflict } from '../../plaintext-before.ts'
import { planFor, type ApplyPlan } from '../../plan.ts'
import { readOriginals } from '../../remove/originals.ts'
import { isApplyPending } from '../../rollback/pending.ts'
import type { ServerFiles } from '../../server-files.ts'
import { inForceOf } from '../../unit.ts'
import { endOther, foreignUnit, hasOwnGateway } from '../beside.ts'
import { DROP_INS_QUESTION, startingDropIn } from '../drop-ins.ts'
import {
  GATEWAY_FILES,
  gatewayFlags,
  GATEWAY_FOLDER,
  GATEWAY_USER,
  hasGateway,
  listsOf,
  UNIT_PATH,
  WANTS_PATH,
} from '../files.ts'
import { settledFacts } from '../in-force.ts'
import { unusedLists } from '../lists.ts'
import { gatewayQuestion, parseGatewayState, type GatewayState } from '../state.ts'
import { exposureOf } from './exposure.ts'
import { filesLeft, LOG_FOLDER } from './files.ts'

/** The requested end of a gateway. */
export interface RequestedRemoval {
  /** The files with which dockerd takes the place of the gateway, over TLS. Absent: dockerd keeps its listeners. */
  readonly server?: ServerFiles | undefined
  /** Does dockerd get listeners of its own back afterwards? */
  readonly reopens?: boolean | undefined
}

/** The removal of a gateway from a host, planned before anything is done. */
export interface GatewayRemovePlan extends HostPlan {
  /** Is there a gateway? If not, there is nothing to do. */
  readonly installed: boolean
  /** Where the gateway listens. */
  readonly listen: TcpListener
  /** What stays on the host. */
  readonly stays: readonly string[]
  /** The apply by which dockerd takes the place of the gateway. Absent: dockerd doesn't restart. */
  readonly daemon?: ApplyPlan
  /** Listeners on the network that dockerd has besides the gateway, and keeps. */
  readonly open: readonly string[]
  readonly state: GatewayState
}

/**
 * Determines what the removal of the gateway of a host changes. Changes nothing.
 *
 * @param known - the facts of the host, if they were gathered a moment ago
 * @throws {@link ProvisionError} for a host that can't be changed: see {@link refuseHost}
 * @throws {@link DaemonError} for settings of dockerd that can't be rendered
 */
export async function planGatewayRemove(
  { server, reopens = server !== undefined }: RequestedRemoval,
  shell: HostShell,
  signal?: AbortSignal,
  known?: HostFacts,
): Promise<GatewayRemovePlan> {
  const first = known ?? (await gatherFacts(shell, signal))
  refuseHost(first, shell.name, 'undo')
  const { found, inForce } = inForceOf(first, shell)
  const inspected = await gatherFurtherFacts(shell, first, WANTED, signal)
  const state = parseGatewayState(inspected.fact('gateway'))
  const flags = gatewayFlags(inspected)
  const facts = await settledFacts(() => withLists(inspected, flags, shell, signal), listsOf(flags), signal)
  const listen = parseListen(flags.listen ?? DEFAULT_LISTENER)
  const base = { listen, open: networkListeners(inForce), state, facts, isPending: isApplyPending(facts) }
  if (!isInstalled(facts) && state.pid === 0) return { ...base, ...NOTHING }
  const originals = await readOriginals(shell)
  const left = filesLeft({ facts, flags, originals, tlsDir: inForce.settings.tlsDir })
  const daemon = server && (await daemonPlan(server, { shell, signal, facts, found, listen, state }))
  return {
    ...base,
    installed: true,
    changes: [...left.changes, ...(daemon?.changes ?? [])],
    conflicts: [
      ...oddUnit(facts),
      ...otherUnit(facts),
      // If the removal fails or is undone, the gateway restarts with the lists on the disk.
      ...unusedLists(facts),
      ...(daemon === undefined
        ? passedConflict(openPassed(found, inForce))
        : [...unknownListener(facts, flags, state), ...daemon.conflicts]),
    ],
    warnings: [...(reopens ? exposureOf(facts, flags) : []), ...(daemon?.warnings ?? [])],
    losses: daemon?.losses ?? [],
    stays: left.stays,
    ...(daemon && { daemon }),
  }
}

const { key: KEY, issuerKey: ISSUER_KEY, ...TEXTS } = GATEWAY_FILES

const WANTED: FurtherFacts = {
  files: Object.values(TEXTS),
  secrets: [KEY, ISSUER_KEY],
  more: [
    gatewayQuestion(),
    ['said', 'gateway-link', 'readlink', WANTS_PATH],
    ['said', 'gateway-user', 'id', '-u', GATEWAY_USER],
    ['said', 'gateway-entries', 'ls', '-A', `${GATEWAY_FOLDER}/`],
    ['said', 'gateway-log', 'ls', '-d', LOG_FOLDER],
    DROP_INS_QUESTION,
  ],
}

/** The unit may name other lists than those that `gateway apply` writes. The gateway says which ones it uses. */
function withLists(
  facts: HostFacts,
  flags: GatewayFlags,
  shell: HostShell,
  signal: AbortSignal | undefined,
): Promise<HostFacts> {
  return gatherFurtherFacts(shell, facts, { files: [...listsOf(flags), IN_FORCE_PATH] }, signal)
}

const NOTHING = { installed: false, changes: [], conflicts: [], warnings: [], losses: [], stays: [] } as const

/** Is there a gateway, or something of one? */
function isInstalled(facts: HostFacts): boolean {
  return hasOwnGateway(facts) || facts.fact('gateway-link') !== ''
}

interface Successor {
  readonly shell: HostShell
  readonly signal: AbortSignal | undefined
  readonly facts: HostFacts
  readonly found: FoundUnit
  readonly listen: TcpListener
  readonly state: GatewayState
}

/** As `daemon apply` with the files of the gateway, whose port is free by then. */
function daemonPlan(server: ServerFiles, { facts, state, listen, ...host }: Successor): Promise<ApplyPlan> {
  const hasSocketUnit = facts.property('socket', 'LoadState') === 'loaded'
  const holders = state.pid > 0 ? [state.pid] : []
  return planFor({ server, listen: listen.slice('tcp://'.length) }, { ...host, first: facts, hasSocketUnit, holders })
}

/** Such as one that somebody has masked, or linked from another folder. */
function oddUnit({ fact }: HostFacts): Conflict[] {
  if (fact(`odd:${UNIT_PATH}`) === '') return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'not-a-file',
      what: UNIT_PATH,
      got: "it isn't a regular file, so docker-mtls has not written it",
      todo: 'Move it away, then run this again.',
    },
  ]
}

/** It runs, and would start again at boot. */
function otherUnit(facts: HostFacts): Conflict[] {
  const what = foreignUnit(facts)
  if (what === undefined) return []
  const got = 'the gateway runs from this unit, which  gateway apply  has not written'
  return [{ code: 'ERR_APPLY_CONFLICT', kind: 'other-gateway', what, got, todo: endOther(what) }]
}

/** dockerd must not listen anywhere else than the gateway, such as on all addresses. */
function unknownListener(
  facts: HostFacts,
  { listen, socket }: GatewayFlags,
  { pid }: Pick<GatewayState, 'pid'>,
): Conflict[] {
  const shared = { code: 'ERR_APPLY_CONFLICT', kind: 'unknown-listener' } as const
  const without = 'Leave out  --daemon-listens .'
  if (!hasGateway(facts) && pid === 0) return []
  if (!hasGateway(facts)) {
    const got = "it is gone, so docker-mtls doesn't know where the gateway listens"
    return [{ ...shared, what: UNIT_PATH, got, todo: without }]
  }
  const dropIn = startingDropIn(facts)
  if (dropIn !== undefined) {
    const got = "it sets ExecStart=, so docker-mtls doesn't know where the gateway listens"
    return [{ ...shared, what: dropIn, got, todo: `Move that line into ${UNIT_PATH}, then run this again.` }]
  }
  if (socket !== undefined) {
    const got = `the gateway listens on the socket ${socket} and not on the network, so dockerd has no place to take there`
    return [{ ...shared, what: UNIT_PATH, got, todo: without }]
  }
  if (listen !== undefined) return []
  const todo = 'Add  --listen ADDRESS:PORT  to its ExecStart=, as the gateway listens, then run this again.'
  return [{ ...shared, what: UNIT_PATH, got: "it doesn't say where the gateway listens", todo }]
}
