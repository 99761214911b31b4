import {
  ROTATION_PHASES,
  type PhaseRecord,
  type RotationPhase,
  type RotationState,
  type ServerConfirmation,
} from './state.ts'

/** The confirmations that a phase waits for. */
interface Needs {
  /** All clients have their new files. */
  readonly clients: boolean
  /** All daemons have their new files and were restarted. */
  readonly servers: boolean
}

/**
 * Clients trust the new CA before the daemon presents a certificate from it; the daemon trusts it before clients present
 * theirs; and nobody needs the old CA any more when it is dropped. So a client that has its files is never refused.
 */
const NEEDS: Readonly<Record<RotationPhase, Needs>> = {
  trust: { clients: true, servers: true },
  server: { clients: false, servers: true },
  clients: { clients: true, servers: false },
  finish: { clients: false, servers: true },
  abort: { clients: false, servers: false },
}

/** The clients and servers of a rotation, by their names. */
export interface Participants {
  readonly clients: readonly string[]
  /** By their folders. */
  readonly servers: readonly string[]
}

/** Does this phase wait for clients, or for servers? */
export function waitsFor(phase: RotationPhase): Needs {
  return NEEDS[phase]
}

/**
 * The clients and servers that a phase still waits for.
 *
 * @param all - the clients and servers whose certificates are in use
 */
export function waitingFor({ phase, confirmed, servers }: PhaseRecord, all: Participants): Participants {
  const needs = NEEDS[phase]
  return {
    clients: needs.clients ? all.clients.filter((name) => !confirmed.includes(name)) : [],
    servers: needs.servers ? all.servers.filter((name) => !Object.hasOwn(servers, name)) : [],
  }
}

export function isComplete({ clients, servers }: Participants): boolean {
  return clients.length === 0 && servers.length === 0
}

/** The next phase; undefined after the last one. */
export function phaseAfter(phase: RotationPhase): RotationPhase | undefined {
  const index = ROTATION_PHASES.indexOf(phase as (typeof ROTATION_PHASES)[number])
  return index === -1 ? undefined : ROTATION_PHASES[index + 1]
}

/** The state with these clients confirmed. */
export function withConfirmed(state: RotationState, names: readonly string[]): RotationState {
  return { ...state, confirmed: [...new Set([...state.confirmed, ...names])] }
}

/** The state with these servers confirmed. */
export function withServers(state: RotationState, names: readonly string[], how: ServerConfirmation): RotationState {
  return { ...state, servers: { ...state.servers, ...Object.fromEntries(names.map((name) => [name, how])) } }
}

/** The state without the confirmations of these servers. */
export function withoutServers(state: RotationState, names: ReadonlySet<string>): RotationState {
  const kept = Object.entries(state.servers).filter(([name]) => !names.has(name))
  return { ...state, servers: Object.fromEntries(kept) }
}

/** The state at the start of another phase. Confirmations of the previous phase don't count in it. */
export function enter(state: RotationState, phase: RotationPhase, now: Date): RotationState {
  const { phase: last, since, confirmed, servers, history } = state
  const record: PhaseRecord = { phase: last, since, confirmed, servers }
  return { ...state, phase, since: now.toISOString(), confirmed: [], servers: {}, history: [...history, record] }
}

/** Can the rotation still be aborted? Not once a daemon presents a certificate from the new CA. */
export function canAbort({ phase, servers }: PhaseRecord): boolean {
  return phase === 'trust' || phase === 'abort' || (phase === 'server' && Object.keys(servers).length === 0)
}
