import {
  ROTATION_PHASES,
  type PhaseRecord,
  type RotationPhase,
  type RotationState,
  type ServerConfirmation,
} from './state.ts'

/** Whose word a phase waits for. */
interface Needs {
  /** Each client: that it has what was made for it. */
  readonly clients: boolean
  /** Each daemon: that it was given it, and restarted. */
  readonly servers: boolean
}

/**
 * Clients trust the new authority before the daemon shows its certificate; the daemon trusts it before clients show theirs;
 * and nobody needs the old one any more when it goes. That is why no client is ever refused that has what it was given.
 */
const NEEDS: Readonly<Record<RotationPhase, Needs>> = {
  trust: { clients: true, servers: true },
  server: { clients: false, servers: true },
  clients: { clients: true, servers: false },
  finish: { clients: false, servers: true },
  abort: { clients: false, servers: false },
}

/** Who is concerned by a rotation, by their names. */
export interface Participants {
  readonly clients: readonly string[]
  /** By their folders. */
  readonly servers: readonly string[]
}

/** Does this phase wait for clients, or for the server, at all? */
export function waitsFor(phase: RotationPhase): Needs {
  return NEEDS[phase]
}

/**
 * Whom a phase still waits for.
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

/** The phase that follows; after the last one there is none. */
export function phaseAfter(phase: RotationPhase): RotationPhase | undefined {
  const index = ROTATION_PHASES.indexOf(phase as (typeof ROTATION_PHASES)[number])
  return index === -1 ? undefined : ROTATION_PHASES[index + 1]
}

/** The state with these clients' words in it. */
export function withConfirmed(state: RotationState, names: readonly string[]): RotationState {
  return { ...state, confirmed: [...new Set([...state.confirmed, ...names])] }
}

/** The state with these servers'. */
export function withServers(state: RotationState, names: readonly string[], word: ServerConfirmation): RotationState {
  return { ...state, servers: { ...state.servers, ...Object.fromEntries(names.map((name) => [name, word])) } }
}

/** The state without these servers'. */
export function withoutServers(state: RotationState, names: ReadonlySet<string>): RotationState {
  const kept = Object.entries(state.servers).filter(([name]) => !names.has(name))
  return { ...state, servers: Object.fromEntries(kept) }
}

/** The state at the beginning of another phase: what was said in the last one counts for nothing in this. */
export function enter(state: RotationState, phase: RotationPhase, now: Date): RotationState {
  const { phase: last, since, confirmed, servers, history } = state
  const record: PhaseRecord = { phase: last, since, confirmed, servers }
  return { ...state, phase, since: now.toISOString(), confirmed: [], servers: {}, history: [...history, record] }
}

/** Can it still be stopped? Not once a daemon shows a certificate of the new authority. */
export function canAbort({ phase, servers }: PhaseRecord): boolean {
  return phase === 'trust' || phase === 'abort' || (phase === 'server' && Object.keys(servers).length === 0)
}
