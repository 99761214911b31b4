import type { KeyType } from '../../lib/pki.ts'
import { OURS, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv, type Worker } from '../processes.ts'
import { inRounds, summarize, type Line, type Problem } from '../rounds.ts'

/** In milliseconds for one connection and one ping. CA, server and client have keys of the same type. */
export interface Connections {
  readonly keyType: KeyType
  /** A new client, so a full handshake. */
  readonly whole: readonly Line[]
  /**
   * Another connection of the same client, which may resume its TLS session. Only clients that can open one on request.
   */
  readonly again: readonly Line[]
}

export async function measureConnections(
  contenders: readonly Contender[],
  daemon: { readonly keyType: KeyType; readonly env: DaemonEnv },
  plan: Plan,
  problems: Problem[],
): Promise<Connections> {
  return withWorkers(contenders, daemon.env, async (workers) => {
    const measure = async (kind: 'connect' | 'reconnect'): Promise<readonly Line[]> => {
      const one = ({ name }: Contender): Promise<number> => timeOne(workers.get(name), kind, plan.connectionsARound)
      // The first round loads code and isn't counted.
      await inRounds(contenders, 1, one, problems)
      return summarize(await inRounds(contenders, plan.connectRounds, one, problems), OURS).filter(isFinished)
    }
    return { keyType: daemon.keyType, whole: await measure('connect'), again: await measure('reconnect') }
  })
}

async function timeOne(worker: Worker | undefined, kind: 'connect' | 'reconnect', count: number): Promise<number> {
  if (!worker) throw new Error('it has no process')
  const { requests, milliseconds } = await worker.perform({ kind, count })
  return milliseconds / requests
}

/** A client that can't open another connection has no results. */
function isFinished({ median }: Line): boolean {
  return Number.isFinite(median)
}
