import type { KeyType } from '../../lib/pki/index.ts'
import { OURS, type Contender } from '../contenders.ts'
import type { Plan } from '../plan.ts'
import { withWorkers, type DaemonEnv } from '../processes.ts'
import { inRounds, summarize, type Line, type Problem } from '../rounds.ts'

export interface Connections {
  readonly keyType: KeyType
  /** In milliseconds for one. */
  readonly lines: readonly Line[]
}

/** A new client, its connection with a whole handshake, and one ping; the keys of all three sides are of one type. */
export async function measureConnections(
  contenders: readonly Contender[],
  daemon: DaemonEnv,
  plan: Plan,
  problems: Problem[],
): Promise<readonly Line[]> {
  return withWorkers(contenders, daemon, async (workers) => {
    const measure = async ({ name }: Contender): Promise<number> => {
      const worker = workers.get(name)
      if (!worker) throw new Error('it has no process')
      const { requests, milliseconds } = await worker.perform({ kind: 'connect', count: plan.connectionsARound })
      return milliseconds / requests
    }
    // The first round loads what is loaded but once; nobody's figure of it counts.
    await inRounds(contenders, 1, measure, problems)
    return summarize(await inRounds(contenders, plan.connectRounds, measure, problems), OURS)
  })
}
